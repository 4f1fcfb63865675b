//! Two mutable token accounts in one instruction. Anchor refuses one account passed as both, which it finds with a
//! `HashSet` of the standard library; that set's random seed must not become a writable static.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::TokenAccount;

declare_id!("9Z8yvBxUxpqqzn8sMRAR8sGh2rhZdmQKJaxwA3uNLX7J");

#[program]
pub mod two_token_accounts {
    use super::*;

    /// Returns the sum of both balances.
    pub fn add_balances(context: Context<AddBalances>) -> Result<u64> {
        let (one, other) = (context.accounts.one.amount, context.accounts.other.amount);
        msg!("balances {} and {}", one, other);
        Ok(one + other)
    }
}

#[derive(Accounts)]
pub struct AddBalances<'info> {
    #[account(mut)]
    pub one: InterfaceAccount<'info, TokenAccount>,
    #[account(mut)]
    pub other: InterfaceAccount<'info, TokenAccount>,
}

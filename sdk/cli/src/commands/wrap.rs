//! Wrapping lamports, so that SOL can be deposited.

use plimsoll_sdk::ix::Token;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;
use spl_token_interface::instruction::sync_native;
use spl_token_interface::native_mint;

use crate::context::{create_token_account, Context};
use crate::fault::{Fault, Result};
use crate::usage::usage;

/// A token account that lacks something, with the offer to wrap it where the bank is of wrapped SOL.
pub fn offered(token: &Token, fault: Fault) -> Fault {
    if token.mint == native_mint::ID {
        return fault.with_hint("add --wrap: it wraps so much of your SOL first as the token account lacks");
    }
    fault
}

/// What wraps so many lamports of the signer as a token account lacks of an amount; the account is made where it is the
/// signer's `own` and missing.
///
/// # Errors
/// Where the bank is of another token; `Rpc`.
pub async fn missing(
    context: &Context,
    token: &Token,
    (signer, outside, own): (Pubkey, Pubkey, bool),
    amount_atoms: u64,
) -> Result<Vec<Instruction>> {
    if token.mint != native_mint::ID {
        return Err(usage(format!("--wrap is for the bank of wrapped SOL; this one is of the mint {}", token.mint)));
    }
    let held = context.atoms_in(token, &outside).await?;
    if held.is_none() && !own {
        return Err(usage(format!("there is no token account {outside}")));
    }
    let lacks = amount_atoms.saturating_sub(held.unwrap_or(0));
    let mut instructions = Vec::new();
    if held.is_none() {
        instructions.push(create_token_account(&signer, &signer, token));
    }
    if lacks > 0 {
        instructions.push(solana_system_interface::instruction::transfer(&signer, &outside, lacks));
        let sync = sync_native(&token.token_program, &outside);
        instructions.push(sync.map_err(|error| usage(format!("{outside} cannot be wrapped into: {error}")))?);
    }
    Ok(instructions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_deposits_sol_without_a_wrapped_account_is_offered_to_wrap() {
        let of = |mint| Token { bank: 1, mint, token_program: spl_token_interface::ID };
        let lacking = || usage("there is no token account");
        let hint = |mint| offered(&of(mint), lacking()).hint(None);
        assert!(hint(native_mint::ID).is_some_and(|hint| hint.contains("--wrap")));
        assert_eq!(hint(Pubkey::new_unique()), None);
    }
}

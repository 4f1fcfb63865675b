//! `plimsoll insurance`.

use clap::Subcommand;
use plimsoll_migrations::Result;
use plimsoll_risk::bank::deposit_atoms_down;
use plimsoll_sdk::ix::args::{FundInsuranceArgs, WithdrawInsuranceArgs};
use plimsoll_sdk::{ix, pda};
use solana_pubkey::Pubkey;

use super::change::act_or_propose;
use super::limits::shown;
use crate::amount::{show, Amount};
use crate::context::Context;
use crate::names::name_of;
use crate::output::Report;
use crate::usage::usage;

/// Commands on insurance.
#[derive(Subcommand, Debug)]
pub enum InsuranceCommand {
    /// Show every bank's insurance
    Show,
    /// Give tokens to a bank's insurance: a gift that cannot be taken back
    Fund {
        /// The bank
        bank: String,
        /// How much
        amount: Amount,
    },
    /// Take insurance above its target out: a change that waits, to be executed by anyone when it is due
    Withdraw {
        /// The bank
        bank: String,
        /// At most so much; never more than is above the target when it happens
        amount: Amount,
        /// Token account that gets it [default: the signer's own]
        #[arg(long, value_name = "ADDRESS")]
        to: Option<Pubkey>,
    },
    /// Turn waiting deposits into insurance where there is liquidity
    Sweep {
        /// The bank
        bank: String,
    },
}

/// Runs one.
///
/// # Errors
/// Whatever stops it.
pub async fn run(context: &Context, command: InsuranceCommand) -> Result<()> {
    let loaded = context.load().await?;
    let keys = &loaded.accounts.keys;
    match command {
        InsuranceCommand::Show => {
            let rows = loaded.accounts.banks.iter().map(|bank| {
                let units = |atoms: u64| show(atoms as i128, bank.decimals as u32);
                vec![
                    name_of(&loaded.names.banks, bank.index),
                    units(bank.insurance_atoms),
                    units(bank.reserved_atoms),
                    units(deposit_atoms_down(bank.waiting_shares, bank.deposit_index).get()),
                    units(bank.insurance_in_atoms),
                    units(bank.insurance_out_atoms),
                    units(bank.insurance_withdrawn_atoms),
                    shown(bank.insurance_target(), bank.decimals),
                    units(bank.uncovered_atoms),
                    units(bank.socialized_atoms),
                ]
            });
            let columns = [
                "bank",
                "insurance",
                "reserved",
                "waiting",
                "paid in",
                "paid out",
                "taken out",
                "target",
                "uncovered",
                "socialized",
            ];
            Report::table("insurance", &columns, rows.collect()).print(context.json);
            Ok(())
        }
        InsuranceCommand::Fund { bank, amount } => {
            let bank = loaded.names.bank(&bank)?;
            let amount_atoms = amount.atoms(loaded.decimals(bank))?;
            let (token, funder) = (loaded.token(bank), context.session.address()?);
            let source = pda::associated_token(&funder, &token.mint, &token.token_program);
            context.require_tokens(&loaded, bank, &source, amount_atoms).await?;
            let fund = ix::fund_insurance(keys, &token, funder, source, FundInsuranceArgs { amount_atoms });
            let units = show(amount_atoms as i128, loaded.decimals(bank) as u32);
            let what = format!("give {units} {} to its insurance", loaded.names.banks[bank as usize]);
            context.act(&what, Some(&format!("{what}? It is a gift and cannot be taken back")), &[], &[fund]).await
        }
        InsuranceCommand::Withdraw { bank, amount, to } => {
            let bank = loaded.names.bank(&bank)?;
            let most_atoms = amount.atoms(loaded.decimals(bank))?;
            let (token, keys) = (loaded.token(bank), *keys);
            let own = pda::associated_token(&context.session.address()?, &token.mint, &token.token_program);
            let (destination, args) = (to.unwrap_or(own), WithdrawInsuranceArgs { most_atoms });
            // It has to be there when the change is executed, days later and by anybody.
            context.require_tokens(&loaded, bank, &destination, 0).await?;
            let units = show(most_atoms as i128, loaded.decimals(bank) as u32);
            let name = &loaded.names.banks[bank as usize];
            let what = format!("take at most {units} of the insurance of {name} to {destination}");
            let of = |signer| ix::withdraw_insurance(&keys, &token, signer, destination, args);
            act_or_propose(context, &what, of).await
        }
        InsuranceCommand::Sweep { bank } => {
            let bank = loaded.names.bank(&bank)?;
            if loaded.accounts.banks[bank as usize].waiting_shares == 0 {
                return Err(usage("nothing is waiting to become insurance there"));
            }
            let what = format!("sweep waiting deposits of {} to insurance", loaded.names.banks[bank as usize]);
            context.act(&what, None, &[], &[ix::sweep_insurance(keys, bank)]).await
        }
    }
}

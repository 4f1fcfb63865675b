//! `plimsoll insurance`.

use clap::Subcommand;
use plimsoll_risk::bank::deposit_atoms_down;
use plimsoll_sdk::ix::args::{FundInsuranceArgs, WithdrawInsuranceArgs};
use plimsoll_sdk::{ix, pda};
use schemars::JsonSchema;
use serde::Serialize;
use solana_pubkey::Pubkey;

use super::change::act_or_propose;
use crate::amount;
use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::Result;
use crate::names::name_of;
use crate::quantity::Amount;
use crate::row;
use crate::text::Text;
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
        amount: amount::Amount,
    },
    /// Take insurance above its target out: a change that waits, to be executed by anyone when it is due
    Withdraw {
        /// The bank
        bank: String,
        /// At most so much; never more than is above the target when it happens
        amount: amount::Amount,
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

/// Insurance of every bank.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Insurance {
    /// By slot.
    pub banks: Vec<OfBank>,
}

/// Insurance of a bank.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OfBank {
    /// The bank.
    pub bank: String,
    /// What is there.
    pub insurance: Amount,
    /// Of it, what is promised to bankrupt debts.
    pub reserved: Amount,
    /// Deposits that wait to become insurance.
    pub waiting: Amount,
    /// What was ever paid in.
    pub paid_in: Amount,
    /// What losses have ever drawn.
    pub paid_out: Amount,
    /// What was ever taken out.
    pub taken_out: Amount,
    /// What is above this may be taken out.
    pub target: Amount,
    /// Losses that nothing has covered yet.
    pub uncovered: Amount,
    /// Losses that depositors have borne.
    pub socialized: Amount,
}

impl Answer for Insurance {
    fn text(&self) -> Text {
        let rows = self.banks.iter().map(|of| {
            let (now, history) = ([of.insurance, of.reserved, of.waiting], [of.paid_in, of.paid_out, of.taken_out]);
            let [insurance, reserved, waiting] = now.map(|amount| amount.text());
            let [paid_in, paid_out, taken_out] = history.map(|amount| amount.text());
            let [target, uncovered, socialized] = [of.target, of.uncovered, of.socialized].map(|amount| amount.text());
            row![of.bank, insurance, reserved, waiting, paid_in, paid_out, taken_out, target, uncovered, socialized]
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
        Text::table(&columns, rows.collect())
    }
}

fn insurance(loaded: &Loaded) -> Insurance {
    let banks = loaded.accounts.banks.iter().map(|bank| {
        let units = |atoms: u64| Amount::of(atoms, bank.decimals);
        OfBank {
            bank: name_of(&loaded.names.banks, bank.index),
            insurance: units(bank.insurance_atoms),
            reserved: units(bank.reserved_atoms),
            waiting: units(deposit_atoms_down(bank.waiting_shares, bank.deposit_index).get()),
            paid_in: units(bank.insurance_in_atoms),
            paid_out: units(bank.insurance_out_atoms),
            taken_out: units(bank.insurance_withdrawn_atoms),
            target: Amount::limit(bank.insurance_target(), bank.decimals),
            uncovered: units(bank.uncovered_atoms),
            socialized: units(bank.socialized_atoms),
        }
    });
    Insurance { banks: banks.collect() }
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
            insurance(&loaded).print(context.json);
            Ok(())
        }
        InsuranceCommand::Fund { bank, amount } => {
            let bank = loaded.names.bank(&bank)?;
            let amount_atoms = amount.atoms(loaded.decimals(bank))?;
            let (token, funder) = (loaded.token(bank), context.session.address()?);
            let source = pda::associated_token(&funder, &token.mint, &token.token_program);
            context.require_tokens(&loaded, bank, &source, amount_atoms).await?;
            let fund = ix::fund_insurance(keys, &token, funder, source, FundInsuranceArgs { amount_atoms });
            let units = Amount::of(amount_atoms, loaded.decimals(bank)).text();
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
            let units = Amount::of(most_atoms, loaded.decimals(bank)).text();
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

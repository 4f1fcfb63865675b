//! `plimsoll bank`.

use clap::Subcommand;
use plimsoll_migrations::Result;
use plimsoll_risk::bank::{debt_atoms_up, deposit_atoms_down};
use plimsoll_risk::num::PPM;
use plimsoll_risk::params::SECS_PER_YEAR;
use plimsoll_risk::units::{Ppm, UnixSecs};
use plimsoll_sdk::ix::args::CollectFeesArgs;
use plimsoll_sdk::{ix, pda};
use plimsoll_state::SlotStatus;
use solana_pubkey::Pubkey;

use crate::amount::{percent, show, Amount};
use crate::context::{create_token_account, Context, Loaded};
use crate::names::name_of;
use crate::output::Report;

/// Commands on banks.
#[derive(Subcommand, Debug)]
pub enum BankCommand {
    /// List every bank
    List,
    /// Show a bank
    Show {
        /// The bank
        bank: String,
    },
    /// Take protocol fees out; signed by the authority
    CollectFees {
        /// The bank
        bank: String,
        /// How much, or all
        amount: Amount,
        /// Token account that gets them [default: the signer's own, made where it is missing]
        #[arg(long, value_name = "ADDRESS")]
        to: Option<Pubkey>,
    },
}

/// Runs one.
///
/// # Errors
/// Whatever stops it.
pub async fn run(context: &Context, command: BankCommand) -> Result<()> {
    let loaded = context.load().await?;
    match command {
        BankCommand::List => {
            let rows = (0..loaded.accounts.banks.len()).map(|bank| row(&loaded, bank as u8)).collect();
            let columns = ["slot", "bank", "status", "deposits", "borrows", "used", "borrow rate", "insurance"];
            Report::table("banks", &columns, rows).print(context.json);
            Ok(())
        }
        BankCommand::Show { bank } => {
            let bank = loaded.names.bank(&bank)?;
            Report::default().with_facts("bank", facts(&loaded, bank)).print(context.json);
            Ok(())
        }
        BankCommand::CollectFees { bank, amount, to } => {
            let bank = loaded.names.bank(&bank)?;
            let (amount_atoms, all) = amount.atoms_or_all(loaded.decimals(bank))?;
            let (token, signer) = (loaded.token(bank), context.session.address()?);
            let destination = to.unwrap_or_else(|| pda::associated_token(&signer, &token.mint, &token.token_program));
            let args = CollectFeesArgs { amount_atoms, all };
            let collect = ix::collect_fees(&loaded.accounts.keys, &token, signer, destination, args);
            let mut instructions = vec![collect];
            if to.is_none() {
                instructions.insert(0, create_token_account(&signer, &signer, &token));
            }
            let what = format!("collect fees of {} to {destination}", loaded.names.banks[bank as usize]);
            context.act(&what, Some(&format!("{what}?")), &[], &instructions).await
        }
    }
}

/// Deposits and borrows in all, atoms, projected to the slot's clock.
fn totals(loaded: &Loaded, bank: u8) -> (u64, u64) {
    let (account, slot) = (&loaded.accounts.banks[bank as usize], &loaded.accounts.registry.banks[bank as usize]);
    let deposits = deposit_atoms_down(account.deposit_shares, account.deposit_index);
    let borrows = debt_atoms_up(account.borrow_shares, slot.borrow_index_at(UnixSecs::new(loaded.accounts.now)));
    (deposits.get(), borrows.get())
}

fn status(status: u8) -> &'static str {
    match SlotStatus::try_from(status) {
        Ok(SlotStatus::Active) => "active",
        Ok(SlotStatus::ReduceOnly) => "reduce only",
        Ok(SlotStatus::Terminal) => "terminal",
        Ok(SlotStatus::Empty) => "empty",
        Err(_) => "unknown",
    }
}

/// The annual rate of a rate per second in units of 2^-64, ppm, rounded down.
fn annual_ppm(per_sec: u64) -> u32 {
    let ppm = (per_sec as u128 * SECS_PER_YEAR as u128 * PPM as u128) >> 64;
    u32::try_from(ppm).unwrap_or(u32::MAX)
}

fn used_ppm(deposits: u64, borrows: u64) -> u32 {
    if deposits == 0 {
        return 0;
    }
    u32::try_from(borrows as u128 * PPM as u128 / deposits as u128).unwrap_or(u32::MAX)
}

fn row(loaded: &Loaded, bank: u8) -> Vec<String> {
    let (deposits, borrows) = totals(loaded, bank);
    let (account, slot) = (&loaded.accounts.banks[bank as usize], &loaded.accounts.registry.banks[bank as usize]);
    let units = |atoms: u64| show(atoms as i128, slot.decimals as u32);
    vec![
        bank.to_string(),
        name_of(&loaded.names.banks, bank),
        status(slot.status).to_owned(),
        units(deposits),
        units(borrows),
        percent(used_ppm(deposits, borrows)),
        percent(annual_ppm(slot.borrow_rate_per_sec)),
        units(account.insurance_atoms),
    ]
}

fn facts(loaded: &Loaded, bank: u8) -> Vec<(&'static str, String)> {
    let (account, slot) = (&loaded.accounts.banks[bank as usize], &loaded.accounts.registry.banks[bank as usize]);
    let (deposits, borrows) = totals(loaded, bank);
    let units = |atoms: u64| show(atoms as i128, slot.decimals as u32);
    let cap = |atoms: u64| if atoms == u64::MAX { "unlimited".to_owned() } else { units(atoms) };
    let weights = &slot.weights.0;
    let three = |levels: [Ppm; 3]| {
        let [maint, target, init] = levels.map(|weight| percent(weight.get()));
        format!("{maint} / {target} / {init} (maintenance / target / initial)")
    };
    let curve =
        [account.lending.rate_zero_ppm, account.lending.rate_kink_ppm, account.lending.rate_full_ppm].map(percent);
    let outflows = account.outflows(UnixSecs::new(loaded.accounts.now));
    let leaves = |window: usize| match outflows[window].map(|outflow| outflow.room(account.deposits())) {
        Some(room) => format!("{} more of {}, net", units(room.atoms.get()), units(room.most.get())),
        None => "unlimited".to_owned(),
    };
    let waiting = deposit_atoms_down(account.waiting_shares, account.deposit_index);
    vec![
        ("bank", format!("{} (slot {bank})", name_of(&loaded.names.banks, bank))),
        ("address", loaded.accounts.keys.bank(bank).bank.to_string()),
        ("vault", Pubkey::new_from_array(account.vault).to_string()),
        ("mint", Pubkey::new_from_array(account.mint).to_string()),
        ("token program", Pubkey::new_from_array(account.token_program).to_string()),
        ("decimals", slot.decimals.to_string()),
        ("price", name_of(&loaded.names.prices, slot.price_slot)),
        ("status", status(slot.status).to_owned()),
        ("asset weight", three([weights.asset_maint_ppm, weights.asset_target_ppm, weights.asset_init_ppm])),
        (
            "liability weight",
            three([weights.liability_maint_ppm, weights.liability_target_ppm, weights.liability_init_ppm]),
        ),
        ("deposits", format!("{} of at most {}", units(deposits), units(account.caps.deposit_cap_atoms))),
        ("borrows", format!("{} of at most {}", units(borrows), units(account.caps.borrow_cap_atoms))),
        ("used", percent(used_ppm(deposits, borrows))),
        ("borrow rate a year", percent(annual_ppm(slot.borrow_rate_per_sec))),
        (
            "rate curve",
            format!("{} to {} at {} to {}", curve[0], curve[1], percent(account.lending.kink_ppm), curve[2]),
        ),
        ("fee on interest", percent(account.lending.interest_fee_ppm)),
        ("fees to collect", units(account.fees_atoms)),
        ("insurance", units(account.insurance_atoms)),
        ("insurance reserved", units(account.reserved_atoms)),
        ("insurance waiting", units(waiting.get())),
        ("draw cap an event", cap(account.caps.draw_cap_event_atoms)),
        ("draw cap an hour", cap(account.caps.draw_cap_hour_atoms)),
        ("insurance floor", units(account.caps.insurance_floor_atoms)),
        ("insurance target", cap(account.caps.insurance_target_atoms)),
        ("may leave within an hour", leaves(0)),
        ("may leave within a day", leaves(1)),
        ("uncovered", units(account.uncovered_atoms)),
        ("socialized so far", units(account.socialized_atoms)),
    ]
}

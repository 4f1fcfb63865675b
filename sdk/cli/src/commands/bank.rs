//! `plimsoll bank`.

use clap::Subcommand;
use plimsoll_risk::bank::{debt_atoms_up, deposit_atoms_down};
use plimsoll_risk::num::PPM;
use plimsoll_risk::params::SECS_PER_YEAR;
use plimsoll_risk::units::{Atoms, Ppm, UnixSecs};
use plimsoll_sdk::ix::args::CollectFeesArgs;
use plimsoll_sdk::{ix, pda};
use plimsoll_state::SlotStatus;
use schemars::JsonSchema;
use serde::Serialize;
use solana_pubkey::Pubkey;

use crate::amount::{self, percent};
use crate::answer::Answer;
use crate::context::{create_token_account, Context, Loaded};
use crate::fault::Result;
use crate::names::name_of;
use crate::quantity::Amount;
use crate::row;
use crate::text::{Cell, Text};

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
        amount: amount::Amount,
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
            let banks = (0..loaded.accounts.banks.len()).map(|bank| summary(&loaded, bank as u8)).collect();
            BankList { banks }.print(context.json);
            Ok(())
        }
        BankCommand::Show { bank } => {
            let bank = loaded.names.bank(&bank)?;
            shown(&loaded, bank).print(context.json);
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

/// Whether something that is listed may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Active,
    /// Nothing grows any more.
    ReduceOnly,
    /// Its deposits are worth nothing.
    Terminal,
    /// Of another version than this client.
    Unknown,
}

impl Status {
    /// Of a slot.
    pub fn of(status: u8) -> Self {
        match SlotStatus::try_from(status) {
            Ok(SlotStatus::Active) => Self::Active,
            Ok(SlotStatus::ReduceOnly) => Self::ReduceOnly,
            Ok(SlotStatus::Terminal) => Self::Terminal,
            Ok(SlotStatus::Empty) | Err(_) => Self::Unknown,
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::ReduceOnly => "reduce only",
            Self::Terminal => "terminal",
            Self::Unknown => "unknown",
        }
    }
}

/// Every bank.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BankList {
    /// By slot.
    pub banks: Vec<Summary>,
}

/// A bank in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Its slot.
    pub slot: u8,
    /// What people call it.
    pub bank: String,
    /// Whether it may be used.
    pub status: Status,
    /// What is deposited.
    pub deposits: Amount,
    /// What is borrowed.
    pub borrows: Amount,
    /// Borrows by deposits.
    pub used_ppm: u32,
    /// What a borrow costs a year.
    pub borrow_rate_ppm_a_year: u32,
    /// Its insurance.
    pub insurance: Amount,
}

/// A share at each level of margin.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Levels {
    /// Maintenance.
    pub maintenance_ppm: u32,
    /// Target.
    pub target_ppm: u32,
    /// Initial.
    pub initial_ppm: u32,
}

impl Levels {
    /// Of three shares.
    pub fn of([maintenance, target, initial]: [Ppm; 3]) -> Self {
        let [maintenance_ppm, target_ppm, initial_ppm] = [maintenance, target, initial].map(Ppm::get);
        Self { maintenance_ppm, target_ppm, initial_ppm }
    }

    /// In words.
    pub fn text(&self) -> String {
        let [maintenance, target, initial] = [self.maintenance_ppm, self.target_ppm, self.initial_ppm].map(percent);
        format!("{maintenance} / {target} / {initial} (maintenance / target / initial)")
    }
}

/// What may leave within a time.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Leaves {
    /// So much more.
    pub left: Amount,
    /// So much in all, where nothing has left yet.
    pub most: Amount,
}

impl Leaves {
    /// In words. What has come in within the window may leave again, beyond the share of what there was before.
    pub fn text(&self) -> String {
        match self.most.text() {
            most if most == "unlimited" => most,
            _ if self.left.atoms() >= self.most.atoms() => self.left.text(),
            most => format!("{} more of {most}, net", self.left.text()),
        }
    }
}

/// A bank whole.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Bank {
    /// In short.
    pub summary: Summary,
    /// The bank's address.
    pub address: String,
    /// Its vault.
    pub vault: String,
    /// Its mint.
    pub mint: String,
    /// The mint's program.
    pub token_program: String,
    /// The token's decimals.
    pub decimals: u8,
    /// The price that it is valued by.
    pub price: String,
    /// What an asset counts.
    pub asset_weight: Levels,
    /// What a debt counts.
    pub liability_weight: Levels,
    /// Most that may be deposited.
    pub deposit_cap: Amount,
    /// Most that may be borrowed.
    pub borrow_cap: Amount,
    /// The rate a year where nothing is borrowed.
    pub rate_zero_ppm: u32,
    /// The rate a year at the kink.
    pub rate_kink_ppm: u32,
    /// The rate a year where all is borrowed.
    pub rate_full_ppm: u32,
    /// The share that is borrowed at the kink.
    pub kink_ppm: u32,
    /// The protocol's share of interest.
    pub interest_fee_ppm: u32,
    /// Fees to be collected.
    pub fees: Amount,
    /// Of the insurance, promised to bankrupt debts.
    pub insurance_reserved: Amount,
    /// Deposits that wait to become insurance.
    pub insurance_waiting: Amount,
    /// Most that one bankruptcy draws.
    pub draw_cap_event: Amount,
    /// Most that is drawn within an hour.
    pub draw_cap_hour: Amount,
    /// Insurance that no bankruptcy draws.
    pub insurance_floor: Amount,
    /// Insurance above this may be taken out.
    pub insurance_target: Amount,
    /// Within an hour.
    pub leaves_an_hour: Leaves,
    /// Within a day.
    pub leaves_a_day: Leaves,
    /// Losses that nothing has covered yet.
    pub uncovered: Amount,
    /// Losses that depositors have borne.
    pub socialized: Amount,
}

impl Answer for BankList {
    fn text(&self) -> Text {
        let rows = self.banks.iter().map(|bank| {
            let (used, rate) = (percent(bank.used_ppm), percent(bank.borrow_rate_ppm_a_year));
            let (deposits, borrows) = (bank.deposits.text(), bank.borrows.text());
            row![bank.bank, bank.status.words(), deposits, borrows, used, rate, bank.insurance.text()]
        });
        Text::table(&["bank", "status", "deposits", "borrows", "used", "rate", "insurance"], rows.collect())
    }
}

impl Answer for Bank {
    fn text(&self) -> Text {
        let of = &self.summary;
        let of_most = |now: &Amount, cap: &Amount| format!("{} of at most {}", now.text(), cap.text());
        let [zero, kink_rate, full] = [self.rate_zero_ppm, self.rate_kink_ppm, self.rate_full_ppm].map(percent);
        let curve = format!("{zero} to {kink_rate} at {} to {full}", percent(self.kink_ppm));
        let facts: Vec<(&str, Cell)> = vec![
            ("bank", format!("{} (slot {})", of.bank, of.slot).into()),
            ("address", self.address.as_str().into()),
            ("vault", self.vault.as_str().into()),
            ("mint", self.mint.as_str().into()),
            ("token program", self.token_program.as_str().into()),
            ("decimals", self.decimals.into()),
            ("price", self.price.as_str().into()),
            ("status", of.status.words().into()),
            ("asset weight", self.asset_weight.text().into()),
            ("liability weight", self.liability_weight.text().into()),
            ("deposits", of_most(&of.deposits, &self.deposit_cap).into()),
            ("borrows", of_most(&of.borrows, &self.borrow_cap).into()),
            ("used", percent(of.used_ppm).into()),
            ("borrow rate a year", percent(of.borrow_rate_ppm_a_year).into()),
            ("rate curve", curve.into()),
            ("fee on interest", percent(self.interest_fee_ppm).into()),
            ("fees to collect", self.fees.text().into()),
            ("insurance", of.insurance.text().into()),
            ("insurance reserved", self.insurance_reserved.text().into()),
            ("insurance waiting", self.insurance_waiting.text().into()),
            ("draw cap an event", self.draw_cap_event.text().into()),
            ("draw cap an hour", self.draw_cap_hour.text().into()),
            ("insurance floor", self.insurance_floor.text().into()),
            ("insurance target", self.insurance_target.text().into()),
            ("may leave within an hour", self.leaves_an_hour.text().into()),
            ("may leave within a day", self.leaves_a_day.text().into()),
            ("uncovered", self.uncovered.text().into()),
            ("socialized so far", self.socialized.text().into()),
        ];
        Text::default().facts(facts)
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

fn summary(loaded: &Loaded, bank: u8) -> Summary {
    let (deposits, borrows) = totals(loaded, bank);
    let (account, slot) = (&loaded.accounts.banks[bank as usize], &loaded.accounts.registry.banks[bank as usize]);
    Summary {
        slot: bank,
        bank: name_of(&loaded.names.banks, bank),
        status: Status::of(slot.status),
        deposits: Amount::of(deposits, slot.decimals),
        borrows: Amount::of(borrows, slot.decimals),
        used_ppm: used_ppm(deposits, borrows),
        borrow_rate_ppm_a_year: annual_ppm(slot.borrow_rate_per_sec),
        insurance: Amount::of(account.insurance_atoms, slot.decimals),
    }
}

fn shown(loaded: &Loaded, bank: u8) -> Bank {
    let (account, slot) = (&loaded.accounts.banks[bank as usize], &loaded.accounts.registry.banks[bank as usize]);
    let (caps, lending, weights) = (&account.caps, &account.lending, &slot.weights.0);
    let (atoms, limit) =
        (|atoms: u64| Amount::of(atoms, slot.decimals), |atoms: u64| Amount::limit(Atoms::new(atoms), slot.decimals));
    let outflows = account.outflows(UnixSecs::new(loaded.accounts.now));
    let leaves = |window: usize| match outflows[window].map(|outflow| outflow.room(account.deposits())) {
        Some(room) => Leaves { left: atoms(room.atoms.get()), most: atoms(room.most.get()) },
        None => Leaves { left: limit(u64::MAX), most: limit(u64::MAX) },
    };
    Bank {
        summary: summary(loaded, bank),
        address: loaded.accounts.keys.bank(bank).bank.to_string(),
        vault: Pubkey::new_from_array(account.vault).to_string(),
        mint: Pubkey::new_from_array(account.mint).to_string(),
        token_program: Pubkey::new_from_array(account.token_program).to_string(),
        decimals: slot.decimals,
        price: name_of(&loaded.names.prices, slot.price_slot),
        asset_weight: Levels::of([weights.asset_maint_ppm, weights.asset_target_ppm, weights.asset_init_ppm]),
        liability_weight: Levels::of([
            weights.liability_maint_ppm,
            weights.liability_target_ppm,
            weights.liability_init_ppm,
        ]),
        deposit_cap: limit(caps.deposit_cap_atoms),
        borrow_cap: limit(caps.borrow_cap_atoms),
        rate_zero_ppm: lending.rate_zero_ppm,
        rate_kink_ppm: lending.rate_kink_ppm,
        rate_full_ppm: lending.rate_full_ppm,
        kink_ppm: lending.kink_ppm,
        interest_fee_ppm: lending.interest_fee_ppm,
        fees: atoms(account.fees_atoms),
        insurance_reserved: atoms(account.reserved_atoms),
        insurance_waiting: atoms(deposit_atoms_down(account.waiting_shares, account.deposit_index).get()),
        draw_cap_event: limit(caps.draw_cap_event_atoms),
        draw_cap_hour: limit(caps.draw_cap_hour_atoms),
        insurance_floor: atoms(caps.insurance_floor_atoms),
        insurance_target: limit(caps.insurance_target_atoms),
        leaves_an_hour: leaves(0),
        leaves_a_day: leaves(1),
        uncovered: atoms(account.uncovered_atoms),
        socialized: atoms(account.socialized_atoms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_leave_is_a_part_of_something_only_where_less_than_that_is_left() {
        let leaves = |left: u64, most: u64| Leaves { left: Amount::of(left, 0), most: Amount::of(most, 0) };
        assert_eq!(leaves(1_200, 2_000).text(), "1,200 more of 2,000, net");
        assert_eq!(leaves(2_000, 2_000).text(), "2,000");
        // Of a new bank everything came in within the window.
        assert_eq!(leaves(1_500, 0).text(), "1,500");
        let unlimited = Amount::limit(Atoms::MAX, 6);
        assert_eq!(Leaves { left: unlimited, most: unlimited }.text(), "unlimited");
    }
}

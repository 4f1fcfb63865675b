//! Conservation: every atom of every vault belongs to somebody, every share to an account, every gain to a loss.

use plimsoll_risk::bank::{debt_atoms_up, deposit_atoms_down};
use plimsoll_risk::lazy::Side;
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::{BaseUnits, SignedBaseUnits, UnixSecs};
use plimsoll_state::{Bank, MarginAccount, Market, PositionKind, PriceBoard, Registry};

use crate::result::Conservation;

/// Everything that holds money, decoded.
pub struct Ledger<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// Prices.
    pub board: &'a PriceBoard,
    /// Banks with the atoms in their vaults.
    pub banks: &'a [(Bank, u64)],
    /// Markets.
    pub markets: &'a [Market],
    /// Every margin account of the engine.
    pub accounts: &'a [MarginAccount],
    /// Unix seconds.
    pub now: i64,
    /// Transactions so far: each may leave atoms to a vault by rounding.
    pub transactions: u64,
    /// Bases closed against the opposite side so far: each rounds every position of that side down by up to a unit.
    pub closings: u64,
}

impl Ledger<'_> {
    /// Base units that closings may have rounded away.
    fn units_rounded_away(&self) -> u64 {
        self.closings * self.accounts.len() as u64
    }
}

/// Atoms that one transaction's roundings may leave in one vault or pool: one for each of its legs, at most this many.
const ROUNDED_LEGS: u64 = 3;
const FAILURES_KEPT: usize = 10;

/// Checks everything and adds what it finds to `found`.
pub fn check(ledger: &Ledger<'_>, found: &mut Conservation) {
    for (bank, vault_atoms) in ledger.banks {
        check_shares(ledger, bank, found);
        check_vault(ledger, bank, *vault_atoms, found);
    }
    for market in ledger.markets {
        check_sides(ledger, market, found);
        check_pnl(ledger, market, found);
    }
    found.ok = found.failures.is_empty() && found.max_error_atoms == 0;
}

/// Notes a comparison; `error` is what no rounding rule explains, atoms.
fn note(found: &mut Conservation, error: u128, what: impl FnOnce() -> String) {
    found.checks += 1;
    if error != 0 {
        found.max_error_atoms = found.max_error_atoms.max(error.min(u64::MAX as u128) as u64);
        if found.failures.len() < FAILURES_KEPT {
            found.failures.push(what());
        }
    }
}

/// The accounts' shares add up to the bank's totals, exactly; so does what insurance has promised to their legs.
fn check_shares(ledger: &Ledger<'_>, bank: &Bank, found: &mut Conservation) {
    let (mut deposits, mut borrows, mut reserved) = (bank.waiting_shares as u128, 0u128, 0u128);
    for account in ledger.accounts {
        for token in account.tokens.iter().filter(|t| t.used == 1 && t.bank == bank.index) {
            let side = if token.shares >= 0 { &mut deposits } else { &mut borrows };
            *side += token.shares.unsigned_abs() as u128;
            reserved += token.reserved_atoms as u128;
        }
        if bank.index as usize == Registry::QUOTE_BANK {
            reserved += account.derivatives.iter().map(|d| d.reserved_atoms as u128).sum::<u128>();
        }
    }
    if bank.index as usize == Registry::QUOTE_BANK {
        deposits += ledger.markets.iter().map(|m| m.pool_shares as u128).sum::<u128>();
    }
    for (name, accounts, total) in [
        ("deposit shares", deposits, bank.deposit_shares),
        ("borrow shares", borrows, bank.borrow_shares),
        ("reserved atoms", reserved, bank.reserved_atoms),
    ] {
        note(found, accounts.abs_diff(total as u128), || {
            format!("bank {}: {name} of the accounts are {accounts}, of the bank {total}", bank.index)
        });
    }
}

/// The vault holds what it owes, and of what roundings left to it at most an atom per rounded leg.
///
/// `deposits - borrows - uncovered + insurance + reserved + fees`, by the indices up to which interest is booked.
fn check_vault(ledger: &Ledger<'_>, bank: &Bank, vault_atoms: u64, found: &mut Conservation) {
    let deposits = deposit_atoms_down(bank.deposit_shares, bank.deposit_index).get() as i128;
    let borrows = debt_atoms_up(bank.borrow_shares, bank.booked_borrow_index).get() as i128;
    let held = [bank.insurance_atoms, bank.reserved_atoms, bank.fees_atoms].map(|a| a as i128).iter().sum::<i128>();
    let owed = deposits - borrows - bank.uncovered_atoms as i128 + held;
    let kept = vault_atoms as i128 - owed;
    let bound = (ROUNDED_LEGS * ledger.transactions) as i128;
    let error = if kept < 0 { -kept } else { (kept - bound).max(0) };
    note(found, error as u128, || {
        format!("bank {}: the vault holds {vault_atoms} atoms, the ledger owes {owed}", bank.index)
    });
    found.max_rounding_kept_atoms = found.max_rounding_kept_atoms.max(kept.clamp(0, bound) as u64);
}

/// Positions add up to each side's totals, and both sides hold the same base.
fn check_sides(ledger: &Ledger<'_>, market: &Market, found: &mut Conservation) {
    let Some(slot) = ledger.registry.market(market.index as usize) else { return };
    let mut sizes = [0u128; 2];
    for side in [Side::Long, Side::Short] {
        let (totals, index) = (&market.sides[side as usize], &slot.sides[side as usize]);
        let (mut shares, mut count, mut older) = (0u128, 0u64, 0u64);
        for position in positions(ledger, market).filter(|p| Side::of(p.shares) == Some(side)) {
            if position.epoch == index.epoch {
                shares += position.shares.unsigned_abs() as u128;
                count += 1;
            } else {
                older += 1;
            }
            let units = slot.project(position, ledger.registry.funding_at(UnixSecs::new(ledger.now)));
            sizes[side as usize] += units.map_or(0, |(units, _)| units.unsigned_abs().get() as u128);
        }
        // Positions of ended epochs come over with rounded-down shares of what the new epoch counts for them.
        let missing = if older == 0 { shares.abs_diff(totals.shares as u128) } else { 0 };
        let slack = if index.epoch == 0 { 0 } else { ledger.accounts.len() as u128 };
        note(found, missing.saturating_sub(slack), || {
            format!("market {}: shares of {side:?} positions are {shares}, of the side {}", market.index, totals.shares)
        });
        let counted = totals.all_positions();
        note(found, (counted as u128).abs_diff((count + older) as u128), || {
            format!("market {}: {} {side:?} positions, the side counts {counted}", market.index, count + older)
        });
    }
    let slack = ledger.units_rounded_away() as u128;
    note(found, sizes[0].abs_diff(sizes[1]).saturating_sub(slack), || {
        format!("market {}: longs hold {} units, shorts {}", market.index, sizes[0], sizes[1])
    });
}

fn positions<'a>(
    ledger: &'a Ledger<'_>,
    market: &'a Market,
) -> impl Iterator<Item = &'a plimsoll_state::DerivativePosition> {
    let legs = ledger.accounts.iter().flat_map(|a| a.derivatives.iter());
    legs.filter(|d| d.kind == PositionKind::Perp as u8 && d.market == market.index)
}

/// Nobody is owed more than others owe and the pool holds: `sum of PnL + own claim <= pool + deficit`, and of what
/// roundings left to the pool at most an atom per rounded leg.
fn check_pnl(ledger: &Ledger<'_>, market: &Market, found: &mut Conservation) {
    let Some(slot) = ledger.registry.market(market.index as usize) else { return };
    let Some(price) = ledger.board.slot(slot.price_slot as usize) else { return };
    let unit = BasePrice::new_down(price.spot.get(), slot.scale.get());
    let mut claims = market.own_claim_atoms as i128;
    for position in positions(ledger, market) {
        let projected = slot.project(position, ledger.registry.funding_at(UnixSecs::new(ledger.now)));
        let Ok((units, cash)) = projected else {
            note(found, 1, || format!("market {}: a position cannot be carried over", market.index));
            continue;
        };
        let value = if units >= SignedBaseUnits::ZERO {
            (unit.value_down(BaseUnits::new(units.get() as u64))).get() as i128
        } else {
            -(unit.value_up(units.unsigned_abs()).get() as i128)
        };
        claims += cash.get() as i128 + value;
    }
    let covered = market.pool_atoms as i128 + market.deficit_atoms as i128;
    let kept = covered - claims;
    let units_slack = unit.value_up(BaseUnits::new(ledger.units_rounded_away())).get() as i128;
    let bound = (ROUNDED_LEGS * ledger.transactions) as i128 + units_slack;
    let error = if kept < 0 { (-kept - units_slack).max(0) } else { (kept - bound).max(0) };
    note(found, error as u128, || {
        format!("market {}: claims are {claims} atoms, pool and deficit {covered}", market.index)
    });
    found.max_rounding_kept_atoms = found.max_rounding_kept_atoms.max(kept.clamp(0, bound) as u64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use plimsoll_risk::params::INDEX_ONE;

    struct Fixture {
        registry: Box<Registry>,
        board: Box<PriceBoard>,
        banks: Vec<(Bank, u64)>,
        accounts: Vec<MarginAccount>,
    }

    /// A lender of 1,000 atoms and a borrower of 400, 50 of insurance: 650 in the vault.
    fn fixture() -> Fixture {
        let mut bank = Bank { deposit_index: INDEX_ONE, booked_borrow_index: INDEX_ONE, ..Bank::zeroed() };
        (bank.deposit_shares, bank.borrow_shares, bank.insurance_atoms) = (1_000, 400, 50);
        let holder = |shares: i64| {
            let mut account = MarginAccount::zeroed();
            account.tokens[0].used = 1;
            account.tokens[0].shares = shares;
            account
        };
        Fixture {
            registry: bytemuck::zeroed_box(),
            board: bytemuck::zeroed_box(),
            banks: vec![(bank, 650)],
            accounts: vec![holder(1_000), holder(-400)],
        }
    }

    fn checked(fixture: &Fixture) -> Conservation {
        let mut found = Conservation::default();
        let ledger = Ledger {
            registry: &fixture.registry,
            board: &fixture.board,
            banks: &fixture.banks,
            markets: &[],
            accounts: &fixture.accounts,
            now: 0,
            transactions: 1,
            closings: 0,
        };
        check(&ledger, &mut found);
        found
    }

    #[test]
    fn a_ledger_that_adds_up_is_conserved() {
        let found = checked(&fixture());
        assert!(found.ok, "{:?}", found.failures);
        assert_eq!((found.max_error_atoms, found.checks), (0, 4));
    }

    #[test]
    fn one_missing_atom_in_a_vault_is_found() {
        let mut short = fixture();
        short.banks[0].1 -= 1;
        let found = checked(&short);
        assert_eq!((found.ok, found.max_error_atoms), (false, 1));
        assert!(found.failures[0].contains("the vault holds 649 atoms, the ledger owes 650"));
    }

    #[test]
    fn an_atom_that_a_rounding_left_is_no_error_but_a_windfall_is() {
        let mut rounded = fixture();
        rounded.banks[0].1 += 1;
        let found = checked(&rounded);
        assert!(found.ok && found.max_rounding_kept_atoms == 1);
        rounded.banks[0].1 += 1_000;
        assert!(!checked(&rounded).ok);
    }

    #[test]
    fn a_share_that_no_account_holds_is_found() {
        let mut lost = fixture();
        lost.accounts[0].tokens[0].shares -= 1;
        assert!(checked(&lost).failures[0].contains("deposit shares of the accounts are 999"));
    }
}

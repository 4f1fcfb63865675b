//! Debt repaid with collateral: a borrow, or negative PnL of a market.

use plimsoll_risk::bank::{deposit_atoms_down, shares_passing_down, Indices};
use plimsoll_risk::liquidate::{Liability, Plan};
use plimsoll_risk::num::to_i64;
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{Bank, BankSlot, Books, FundingClock, MarginAccount, Market, MarketSlot, Registry};

use super::Totals;
use crate::token::{
    apply_delta, apply_totals, close_if_zero, give_deposit_shares, position_or_open, require_lending_allowed,
    shares_of, ShareDelta,
};
use crate::{breakers, insurance, interest, perp, pool};

/// What a liquidation against collateral writes beside the two accounts.
#[derive(Debug)]
pub struct PairAccounts<'a> {
    /// Slot of the collateral's bank.
    pub asset: u8,
    /// The collateral's bank: needed where the liquidator owes its token, and where it is there shares are counted at its
    /// own index.
    pub asset_bank: Option<&'a mut Bank>,
    /// Bank of the debt; of negative PnL the quote bank.
    pub liability_bank: &'a mut Bank,
    /// The market whose negative PnL is repaid; none where a borrow is.
    pub market: Option<&'a mut Market>,
}

/// Moves what a plan for a pair says: collateral to the liquidator, his payment to the debt, the insurance share to the
/// debt's bank. Returns the deposit shares of the collateral, rounded down (LIQ-2).
///
/// # Errors
/// `FillTooSmall` where no share moves, `TotalsRequired` where the liquidator owes the collateral's token and its bank is
/// not there, `SlotEmpty`, `TokenTableFull`, `AmountZero`, `NumberOutOfRange`; for negative PnL also `BankMismatch`,
/// `PositionMissing`, and where he pays with quote that he does not have `Paused`, `ReduceOnly`, `BankTerminal`,
/// `BorrowCapReached`.
#[inline(never)]
pub fn apply_pair(
    plan: &Plan,
    books: &Books<'_>,
    accounts: PairAccounts<'_>,
    liquidator: &mut MarginAccount,
    liquidatee: &mut MarginAccount,
) -> RiskResult<u64> {
    let PairAccounts { asset, asset_bank, liability_bank, market } = accounts;
    let (registry, now) = (books.registry, books.now);
    let asset_slot = registry.bank(asset as usize).ok_or(RiskError::SlotEmpty)?;
    let seized_shares =
        collateral_shares_down(liquidatee, asset, plan.received_atoms, asset_slot, asset_bank.as_deref(), now)?;
    pass_collateral(liquidatee, liquidator, asset, seized_shares, asset_slot, asset_bank, now)?;
    let slot = registry.bank(liability_bank.index as usize).ok_or(RiskError::SlotEmpty)?;
    let payment = Payment { debt_atoms: plan.size.debt(), fee_atoms: plan.fee_atoms };
    let breakers = &registry.params().breakers;
    let Some(market) = market else {
        repay_borrow(liquidator, liquidatee, liability_bank, slot, payment, now)?;
        breakers::count_debt(liability_bank, payment.debt_atoms, breakers, now);
        return Ok(seized_shares);
    };
    let market_slot = registry.market(market.index as usize).ok_or(RiskError::SlotEmpty)?;
    let debited =
        repay_pnl(liquidator, liquidatee, liability_bank, slot, market, market_slot, payment, books.funding())?;
    if debited.borrow_shares > 0 {
        // Here no debt changes hands: he takes a new one, and its quote ends with a winner who may withdraw it.
        require_lending_allowed(registry, slot, liability_bank, now)?;
    }
    breakers::count_debt(liability_bank, payment.debt_atoms, breakers, now);
    Ok(seized_shares)
}

/// [`apply_pair`] on copies.
#[expect(clippy::cast_possible_truncation, reason = "the quote bank is slot zero")]
pub(super) fn apply_to_copies(
    (asset, liability): (u8, Liability),
    plan: &Plan,
    books: &Books<'_>,
    with_asset_bank: bool,
    totals: &mut impl Totals,
    liquidator: &mut MarginAccount,
    liquidatee: &mut MarginAccount,
) -> RiskResult<()> {
    let mut asset_bank = with_asset_bank.then(|| totals.bank(asset)).transpose()?;
    let mut liability_bank = totals.bank(liability.bank(Registry::QUOTE_BANK as u8))?;
    let mut market = match liability {
        Liability::Borrow(_) => None,
        Liability::NegativePnl(market) => Some(totals.market(market)?),
    };
    let accounts = PairAccounts {
        asset,
        asset_bank: asset_bank.as_mut(),
        liability_bank: &mut liability_bank,
        market: market.as_mut(),
    };
    apply_pair(plan, books, accounts, liquidator, liquidatee)?;
    asset_bank.into_iter().chain([liability_bank]).for_each(|bank| totals.keep_bank(bank));
    market.into_iter().for_each(|market| totals.keep_market(market));
    Ok(())
}

/// What a liquidator pays.
#[derive(Clone, Copy, Debug)]
pub struct Payment {
    /// Reduces the liquidatee's debt.
    pub debt_atoms: Atoms,
    /// Waits to become insurance of the debt's bank (CURE-6).
    pub fee_atoms: Atoms,
}

impl Payment {
    fn total(&self) -> RiskResult<Atoms> {
        self.debt_atoms.try_add(self.fee_atoms)
    }
}

/// The shares of collateral that a seizure of `atoms` passes, rounded down.
///
/// The liquidatee's margin counts the registry's copy of the deposit index, and interest that the copy does not show is
/// his: shares are counted at the bank's own index where the bank is there, else at the most it can be, and what stays
/// of a deposit that passes whole is that interest. After an `accrue` of the same second nothing stays (LIQ-5).
///
/// # Errors
/// `FillTooSmall` where no share moves, `NumberOutOfRange`.
#[inline(never)]
#[expect(clippy::cast_sign_loss, reason = "a debt counts as zero")]
pub fn collateral_shares_down(
    from: &MarginAccount,
    index: u8,
    atoms: Atoms,
    slot: &BankSlot,
    bank: Option<&Bank>,
    now: UnixSecs,
) -> RiskResult<u64> {
    let held = shares_of(from, index).max(0) as u64;
    let own = bank.map_or_else(|| slot.deposit_index_at_most(now), |bank| bank.deposit_index_at(slot, now));
    let shares = shares_passing_down(held, atoms, slot.deposit_index, own)?;
    if shares == 0 {
        return Err(RiskError::FillTooSmall);
    }
    Ok(shares)
}

/// Passes `shares` of collateral. Totals stay, unless the receiver owes the same token, which is then repaid (LIQ-2).
///
/// # Errors
/// `TotalsRequired` where the receiver's debt needs the bank, `BalanceInsufficient`, `TokenTableFull`,
/// `NumberOutOfRange`.
#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn pass_collateral(
    from: &mut MarginAccount,
    to: &mut MarginAccount,
    index: u8,
    shares: u64,
    slot: &BankSlot,
    bank: Option<&mut Bank>,
    now: UnixSecs,
) -> RiskResult<()> {
    let place = position_or_open(from, index)?;
    from.tokens[place].shares =
        from.tokens[place].shares.checked_sub_unsigned(shares).ok_or(RiskError::NumberOutOfRange)?;
    close_if_zero(from, place);
    if shares_of(to, index) >= 0 {
        return give_deposit_shares(to, index, shares);
    }
    let bank = bank.ok_or(RiskError::TotalsRequired)?;
    interest::book_now(bank, slot, now);
    // The liquidatee's shares end and their worth repays the receiver's debt; both are changes of totals.
    let worth = deposit_atoms_down(shares, bank.deposit_index).signed()?;
    let mut delta = apply_delta(to, index, worth, &bank.indices())?;
    delta.deposit_shares = delta.deposit_shares.checked_sub_unsigned(shares).ok_or(RiskError::NumberOutOfRange)?;
    apply_totals(bank, delta)
}

/// The liquidator pays a borrow of the liquidatee and the insurance share out of his balance of the same bank, going
/// into debt where it does not suffice (LIQ-4).
///
/// # Errors
/// `AmountZero`, `TokenTableFull`, `NumberOutOfRange`.
#[inline(never)]
pub fn repay_borrow(
    liquidator: &mut MarginAccount,
    liquidatee: &mut MarginAccount,
    bank: &mut Bank,
    slot: &BankSlot,
    payment: Payment,
    now: UnixSecs,
) -> RiskResult<()> {
    let (_, view) = take_payment(liquidator, bank, slot, payment, now)?;
    let repaid = payment.debt_atoms.signed()?;
    let credited = apply_delta(liquidatee, bank.index, repaid, &view)?;
    apply_totals(bank, credited)
}

/// The liquidator pays quote into a market's pool for negative PnL of the liquidatee, going into debt where his balance
/// does not suffice. Returns what became of his balance: unlike that for a borrow, such a debt is newly lent (LIQ-4).
///
/// # Errors
/// `PositionMissing`, `AmountZero`, `TokenTableFull`, `NumberOutOfRange`.
#[inline(never)]
#[allow(clippy::too_many_arguments, reason = "the accounts of the instruction")]
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn repay_pnl(
    liquidator: &mut MarginAccount,
    liquidatee: &mut MarginAccount,
    bank: &mut Bank,
    slot: &BankSlot,
    market: &mut Market,
    market_slot: &MarketSlot,
    payment: Payment,
    clock: FundingClock,
) -> RiskResult<ShareDelta> {
    if bank.index as usize != Registry::QUOTE_BANK {
        return Err(RiskError::BankMismatch);
    }
    interest::book_now(bank, slot, clock.now);
    let deposit_index = bank.indices().deposit_index;
    pool::touch_pool(market, deposit_index)?;
    // Whole shares of the pool's deposit: the liquidator pays the rounding, so that the leg is paid exactly.
    let paid = pool::pay_in_up(market, payment.debt_atoms, deposit_index)?;
    let (debited, _) =
        take_payment(liquidator, bank, slot, Payment { debt_atoms: paid.moved_atoms, ..payment }, clock.now)?;
    let place = liquidatee.perp_index(market.index).ok_or(RiskError::PositionMissing)?;
    let leg = &mut liquidatee.derivatives[place];
    perp::touch(leg, market_slot, Some(market), clock)?;
    leg.cash_atoms = leg.cash().try_add(payment.debt_atoms.signed()?)?.get();
    let shares = to_i64(paid.shares)?;
    apply_totals(bank, ShareDelta { deposit_shares: shares, borrow_shares: 0 })?;
    perp::close_leg_if_zero(liquidatee, place, market)?;
    Ok(debited)
}

/// Takes the whole payment off the liquidator and books the insurance share.
fn take_payment(
    liquidator: &mut MarginAccount,
    bank: &mut Bank,
    slot: &BankSlot,
    payment: Payment,
    now: UnixSecs,
) -> RiskResult<(ShareDelta, Indices)> {
    interest::book_now(bank, slot, now);
    let view = bank.indices();
    let debited = apply_delta(liquidator, bank.index, payment.total()?.negative()?, &view)?;
    apply_totals(bank, debited)?;
    if !payment.fee_atoms.is_zero() {
        let waiting = insurance::add_waiting(bank, payment.fee_atoms)?;
        apply_totals(bank, waiting)?;
    }
    Ok((debited, view))
}

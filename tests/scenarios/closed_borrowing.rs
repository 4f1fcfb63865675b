//! Closed borrowing: while quote may not be borrowed, nothing lends it by another name.

use plimsoll_sim::listing::BANKS;
use plimsoll_state::{pause, Bank, SlotStatus};
use plimsoll_tests::*;

/// What stops quote from being borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closed {
    Paused,
    Cap,
    ReduceOnly,
    Terminal,
}

const EVERY_WAY: [Closed; 4] = [Closed::Paused, Closed::Cap, Closed::ReduceOnly, Closed::Terminal];

impl Closed {
    fn error(self) -> EngineError {
        match self {
            Self::Paused => EngineError::Paused,
            Self::Cap => EngineError::BorrowCapReached,
            Self::ReduceOnly => EngineError::ReduceOnly,
            Self::Terminal => EngineError::BankTerminal,
        }
    }

    fn close(self, stage: &mut Stage) {
        match self {
            Self::Paused => set_pause(stage, pause::BORROW),
            Self::Cap => update(stage, 0, false),
            Self::ReduceOnly => update(stage, u64::MAX >> 13, true),
            Self::Terminal => {
                let (mut registry, keys) = (stage.registry(), stage.keys);
                registry.banks[USDC as usize].status = SlotStatus::Terminal as u8;
                stage.write(&keys.registry, &*registry);
            }
        }
    }
}

fn set_pause(stage: &mut Stage, bits: u32) {
    let (keys, authority) = (stage.keys, stage.authority);
    assert_sent(stage.send_as_authority(ix::pause(&keys, authority, bits)));
}

/// Sets quote's borrow cap and status.
fn update(stage: &mut Stage, borrow_cap_atoms: u64, reduce_only: bool) {
    let (keys, authority) = (stage.keys, stage.authority);
    let config = args::BankConfigArgs { borrow_cap_atoms, ..BankConfig::of(&BANKS[USDC as usize], USDC).args() };
    let update = ix::update_bank(&keys, authority, USDC, args::UpdateBankArgs { reduce_only, config });
    assert_sent(stage.send_as_authority(update));
}

fn quote_bank(stage: &Stage) -> Bank {
    stage.read(&stage.keys.bank(USDC).bank)
}

fn vault(stage: &Stage) -> u64 {
    stage.token_balance(&stage.keys.bank(USDC).vault)
}

/// Two accounts of one owner, as far as anybody can tell: a buys 7,440 SOL of b a per cent above the board's price and
/// sells them back at it, which leaves 14,880 dollars of loss here and as much of gain there.
fn at_the_bands_edge(stage: &mut Stage) -> (Trader, Trader) {
    let loser = stage.funded_trader("loser", SOL, 800 * ONE_SOL);
    let winner = stage.funded_trader("winner", USDC, 100_000 * USD);
    let sent = stage.fill(SOL_PERP, &loser, &winner, 7_440 * SOL_UNITS, Some(202 * E8));
    stage.done(sent);
    let sent = stage.fill(SOL_PERP, &winner, &loser, 7_440 * SOL_UNITS, None);
    stage.done(sent);
    (loser, winner)
}

/// On the code before, the loser's loss became a borrow whatever was closed, the winner took it out of the pool, and
/// 14,880 USDC left the vault at a borrow cap of 0 (PNL-3).
#[test]
fn while_borrowing_is_closed_two_own_accounts_take_no_more_out_of_a_vault_than_they_paid_in() {
    for closed in EVERY_WAY {
        let mut stage = Stage::new();
        let before = vault(&stage);
        let (loser, winner) = at_the_bands_edge(&mut stage);
        closed.close(&mut stage);
        assert_code(stage.settle(SOL_PERP, Some(&loser)), EngineError::NothingToSettle);
        assert_code(stage.settle(SOL_PERP, Some(&winner)), EngineError::NothingToSettle);
        let sent = stage.withdraw(&winner, USDC, None);
        stage.done(sent);
        assert_eq!(vault(&stage), before, "{closed:?}");
        assert_eq!(quote_bank(&stage).borrow_shares, 0, "{closed:?}");
        // What the loser has of quote he pays, whatever is closed; the rest of his loss stays PnL and the winner waits.
        if matches!(closed, Closed::Paused | Closed::Cap) {
            let sent = stage.deposit(&loser, USDC, 1_000 * USD);
            stage.done(sent);
            let sent = stage.settle(SOL_PERP, Some(&loser));
            stage.done(sent);
            assert_code(stage.settle(SOL_PERP, Some(&loser)), EngineError::NothingToSettle);
            let sent = stage.settle(SOL_PERP, Some(&winner));
            stage.done(sent);
            let sent = stage.withdraw(&winner, USDC, None);
            stage.done(sent);
            let out = before + 1_000 * USD - vault(&stage);
            assert!(out <= 1_000 * USD, "{closed:?}: {out}");
        }
    }
}

#[test]
fn a_settled_loss_borrows_exactly_what_the_cap_leaves_and_goes_on_once_it_is_raised() {
    let mut stage = Stage::new();
    let (loser, winner) = at_the_bands_edge(&mut stage);
    // Somebody owes already, and a share of debt is worth more than an atom.
    let alice = stage.funded_trader("alice", SOL, 10_000 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 1_000_000 * USD);
    stage.done(sent);
    for _ in 0..20 {
        stage.advance(86_400);
        let sent = stage.accrue(USDC);
        stage.done(sent);
    }
    stage.repeat_prices();
    let sent = stage.accrue(USDC);
    stage.done(sent);
    let owed = quote_bank(&stage).totals().borrows_up().get();
    let cap = owed + 5_000 * USD;
    update(&mut stage, cap, false);
    let sent = stage.settle(SOL_PERP, Some(&loser));
    stage.done(sent);
    let borrows = quote_bank(&stage).totals().borrows_up().get();
    assert!(borrows <= cap && cap - borrows <= 4, "{borrows} of {cap}");
    assert_code(stage.settle(SOL_PERP, Some(&loser)), EngineError::NothingToSettle);
    let sent = stage.settle(SOL_PERP, Some(&winner));
    stage.done(sent);
    update(&mut stage, cap + 100_000 * USD, false);
    let sent = stage.settle(SOL_PERP, Some(&loser));
    stage.done(sent);
    assert!(stage.margin_account(&loser).perp_index(SOL_PERP).is_none(), "all of the loss is paid");
}

/// Long 45 SOL with 20 SOL of collateral: at 147 dollars the loss is more than the margin bears.
fn loser_under_water(stage: &mut Stage) -> Trader {
    let maker = stage.maker;
    let carol = stage.funded_trader("carol", SOL, 20 * ONE_SOL);
    let sent = stage.fill(SOL_PERP, &carol, &maker, 45 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 147, &carol, 60);
    carol
}

/// LIQ-4
#[test]
fn negative_pnl_is_not_liquidated_with_quote_that_may_not_be_borrowed() {
    for closed in EVERY_WAY {
        let mut stage = Stage::new();
        let carol = loser_under_water(&mut stage);
        let penniless = stage.funded_trader("penniless", BTC, ONE_BTC);
        let leg = pnl_pair(SOL, SOL_PERP);
        // Open, he pays with credit.
        let mut open = stage.clone();
        let sent = open.liquidate(&penniless, &carol, leg, ANY);
        open.done(sent);
        assert!(open.margin_account(&penniless).quote_shares() < 0);
        closed.close(&mut stage);
        assert_code(stage.liquidate(&penniless, &carol, leg, ANY), closed.error());
        // Who has the quote is stopped by nothing.
        let liquidator = stage.liquidator;
        let sent = stage.liquidate(&liquidator, &carol, leg, ANY);
        stage.done(sent);
        assert_eq!(quote_bank(&stage).borrow_shares, 0, "{closed:?}");
    }
}

/// LIQ-4
#[test]
fn a_borrow_is_liquidated_with_credit_whatever_is_closed_since_it_only_changes_hands() {
    for closed in EVERY_WAY {
        let mut stage = Stage::new();
        let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
        let sent = stage.borrow(&alice, USDC, 13_900 * USD);
        stage.done(sent);
        let penniless = stage.funded_trader("penniless", BTC, ONE_BTC);
        stage.falls_to(SOL, 150, &alice, 60);
        closed.close(&mut stage);
        let before = quote_bank(&stage).totals().borrows_up().get();
        let sent = stage.liquidate(&penniless, &alice, pair(SOL, USDC), ANY);
        let done = outcome(&stage.done(sent));
        let grown = quote_bank(&stage).totals().borrows_up().get() - before;
        assert!(grown <= done.fee_atoms + 2, "{closed:?}: {grown} more for a fee of {}", done.fee_atoms);
    }
}

/// A loss without a base needs no price, but its owner's health decides whether it may become a borrow (PNL-3).
#[test]
fn an_account_under_water_borrows_nothing_for_a_loss_whose_base_is_closed() {
    let mut stage = Stage::new();
    let (loser, winner) = at_the_bands_edge(&mut stage);
    // 110 of 800 SOL stay: 22,000 dollars against 14,880 of loss.
    let sent = stage.withdraw(&loser, SOL, Some(690 * ONE_SOL));
    stage.done(sent);
    stage.falls_to(SOL, 150, &winner, 400);
    let view = stage.view(&loser);
    assert!(view.spot.nav_usd_pico.get() > 0 && view.spot.nav_usd_pico.get() < view.spot.mmr_usd_pico.get());
    assert_code(stage.settle(SOL_PERP, Some(&loser)), EngineError::NothingToSettle);
    assert_eq!(quote_bank(&stage).borrow_shares, 0);
    // What it has of quote it pays at any health.
    let sent = stage.deposit(&loser, USDC, 100 * USD);
    stage.done(sent);
    let sent = stage.settle(SOL_PERP, Some(&loser));
    stage.done(sent);
    assert_eq!(quote_bank(&stage).borrow_shares, 0);
}

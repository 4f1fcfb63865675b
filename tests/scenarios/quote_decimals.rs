//! The settlement token may have any decimals: the same accounts in the same fall lose the same dollars.

use plimsoll::event::{CollateralLiquidated, FillSettled, PositionLiquidated};
use plimsoll_tests::*;

/// Until the fast average is the price to the last bit that matters.
const SETTLED_SECS: i64 = 450;

/// What a liquidation closed and cost, micro-dollars.
#[derive(Debug)]
struct Closed {
    notional_usd_micro: u64,
    lost_usd_micro: i128,
}

impl Closed {
    /// Within what an atom of quote is worth, with which a cure is sized and a balance rounded.
    #[track_caller]
    fn assert_like(&self, other: &Self, atoms: u64, atom_usd_micro: u64) {
        let near = |a: i128, b: i128| (a - b).unsigned_abs() <= atoms as u128 * atom_usd_micro as u128 + 1_000_000;
        let notional = near(self.notional_usd_micro as i128, other.notional_usd_micro as i128);
        assert!(notional && near(self.lost_usd_micro, other.lost_usd_micro), "{self:?} instead of {other:?}");
    }
}

/// What an atom is worth, at least a micro-dollar.
fn atom_usd_micro(decimals: u8) -> u64 {
    10u64.pow((QUOTE_DECIMALS as u32).saturating_sub(decimals as u32))
}

/// 100 SOL against 13,900 dollars of quote, at $160.
fn borrower(decimals: u8) -> Closed {
    let mut stage = Stage::with_quote(decimals);
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let borrowed = stage.usd(13_900);
    let sent = stage.borrow(&alice, USDC, borrowed);
    stage.done(sent);
    stage.falls_to(SOL, 160, &alice, SETTLED_SECS);
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    let done: CollateralLiquidated = event(&stage.done(sent));
    Closed {
        notional_usd_micro: done.notional_usd_micro,
        lost_usd_micro: (done.nav_before_usd_pico - done.nav_after_usd_pico) / 1_000_000,
    }
}

/// A position of 100 SOL at $200 with 1,500 dollars behind it, at $190 (a long) or $210 (a short).
fn trader(decimals: u8, long: bool) -> Closed {
    let mut stage = Stage::with_quote(decimals);
    let margin = stage.usd(1_500);
    let alice = stage.funded_trader("alice", USDC, margin);
    let maker = stage.maker;
    let (buyer, seller) = if long { (alice, maker) } else { (maker, alice) };
    let units = 100 * stage.whole_units(SOL_PERP);
    let sent = stage.fill(SOL_PERP, &buyer, &seller, units, None);
    stage.done(sent);
    stage.falls_to(SOL, if long { 190 } else { 210 }, &alice, SETTLED_SECS);
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &alice, perp(SOL_PERP), ANY);
    let done: PositionLiquidated = event(&stage.done(sent));
    Closed {
        notional_usd_micro: done.notional_usd_micro,
        lost_usd_micro: (done.nav_before_usd_pico - done.nav_after_usd_pico) / 1_000_000,
    }
}

#[test]
fn a_borrower_loses_the_same_whatever_the_decimals_of_the_quote() {
    let expected = borrower(QUOTE_DECIMALS);
    assert!(expected.notional_usd_micro < 13_900_000_000, "partial");
    for decimals in EVERY_QUOTE_DECIMALS {
        // A shortfall of an atom takes 1 / (m_T - p), below 4, of debt.
        borrower(decimals).assert_like(&expected, 8, atom_usd_micro(decimals));
    }
}

#[test]
fn a_position_is_closed_alike_whatever_the_decimals_of_the_quote() {
    for long in [true, false] {
        let expected = trader(QUOTE_DECIMALS, long);
        assert!(expected.notional_usd_micro < 19_000_000_000, "partial");
        for decimals in EVERY_QUOTE_DECIMALS {
            // A shortfall of an atom takes 1 / (m_T - p) = 33 of notional; the fee and the fill are rounded too.
            trader(decimals, long).assert_like(&expected, 150, atom_usd_micro(decimals));
        }
    }
}

/// What is won is paid to the atom, and a loss that nobody has the quote for is borne the same.
#[test]
fn wins_are_paid_and_losses_borne_whatever_the_decimals_of_the_quote() {
    for decimals in EVERY_QUOTE_DECIMALS {
        let mut stage = Stage::with_quote(decimals);
        let margin = stage.usd(2_000);
        let [alice, bob] = ["alice", "bob"].map(|name| stage.funded_trader(name, USDC, margin));
        let units = 100 * stage.whole_units(SOL_PERP);
        let sent = stage.fill(SOL_PERP, &alice, &bob, units, None);
        stage.done(sent);
        stage.falls_to(SOL, 195, &alice, SETTLED_SECS);
        for who in [&alice, &bob] {
            let sent = stage.settle(SOL_PERP, Some(who));
            stage.done(sent);
        }
        let quote = |who: &Trader| stage.margin_account(who).quote_shares() / stage.usd(1) as i64;
        // 500 dollars less and more, but for what the averages lack of it, and a fee of two dollars each.
        assert!((1_495..=1_510).contains(&quote(&alice)), "{decimals} decimals: {}", quote(&alice));
        assert!((2_485..=2_500).contains(&quote(&bob)), "{decimals} decimals: {}", quote(&bob));
    }
}

/// A base unit of SOL is worth $0.0002, of a settlement token without decimals two ten-thousandths of an atom. Rounded to
/// the nearest atom its price would be nothing, which a fill refuses; the band admits the next atom, so whoever holds
/// nothing else closes it for an atom and the fee of one. Beside another requirement that costs more of the ratio than
/// the unit releases (FILL-4), and it is closed together with a whole SOL that is bought first.
#[test]
fn a_unit_worth_less_than_half_an_atom_is_closed_alone_for_one_atom_or_with_a_larger_trade() {
    let mut stage = Stage::with_quote(0);
    let (maker, [alice, bob]) = (stage.maker, ["alice", "bob"].map(|name| stage.funded_trader(name, USDC, 10_000)));
    let (sol, btc) = (stage.whole_units(SOL_PERP), stage.whole_units(BTC_PERP) / 5);
    assert_eq!(stage.quote_atoms(SOL_PERP, 1, None), 0);
    let trade = |stage: &mut Stage, market: u8, buyer: &Trader, seller: &Trader, units: u64| {
        let sent = stage.fill(market, buyer, seller, units, None);
        stage.done(sent)
    };
    let sell_one_unit = |stage: &mut Stage| {
        let sides = ix::FillAuthority::Sides { buyer: bob.owner, seller: alice.owner };
        let args = args::SettleFillArgs { base_units: 1, quote_atoms: 1 };
        let fill = ix::settle_fill(&stage.keys, SOL_PERP, bob.account, alice.account, sides, args);
        stage.send(&bob.owner, &[fill])
    };
    let leg = |stage: &Stage, who: &Trader| stage.margin_account(who).derivatives[0];

    trade(&mut stage, SOL_PERP, &alice, &bob, sol + 1);
    trade(&mut stage, SOL_PERP, &bob, &alice, sol);
    let sent = stage.fill(SOL_PERP, &bob, &alice, 1, None);
    assert_code(sent, EngineError::AmountZero);
    let before = [&alice, &bob].map(|who| leg(&stage, who).cash_atoms);
    let sent = sell_one_unit(&mut stage);
    let done: FillSettled = event(&stage.done(sent));
    assert_eq!((done.netted_units, done.fee_atoms), (1, 1));
    let after = [&alice, &bob].map(|who| (leg(&stage, who).shares, leg(&stage, who).cash_atoms));
    assert_eq!(after, [(0, before[0]), (0, before[1] - 2)]);

    trade(&mut stage, SOL_PERP, &alice, &bob, sol + 1);
    trade(&mut stage, SOL_PERP, &bob, &alice, sol);
    trade(&mut stage, BTC_PERP, &bob, &maker, btc);
    let sent = sell_one_unit(&mut stage);
    assert_code(sent, EngineError::MarginRatioFalls);
    trade(&mut stage, SOL_PERP, &alice, &bob, sol);
    trade(&mut stage, SOL_PERP, &bob, &alice, sol + 1);
    assert_eq!([&alice, &bob].map(|who| leg(&stage, who).shares), [0, 0]);
}

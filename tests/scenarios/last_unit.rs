//! A side whose A is below one: whole units pass from one to another, and the last of them can be ended.

use plimsoll::event::{PnlResolved, PositionTouched};
use plimsoll::instructions::ResolveStep::{Freeze, PayPnl, SeizePnl};
use plimsoll_tests::*;

fn units(stage: &Stage, of: &Trader) -> i64 {
    let books = Books::read(stage);
    let account = &books.accounts[&of.account];
    account.perp_index(SOL_PERP).map_or(0, |leg| books.units(&books.markets[0], &account.derivatives[leg]))
}

/// Longs of 100 and 7.000001 SOL, shorts of 60 and 47.000001. The short of 60 is bankrupt, and its base is closed against
/// both longs, who are left 47 in whole units.
fn after_a_closing(stage: &mut Stage) -> [Trader; 3] {
    let [long, other, short] =
        ["long", "other long", "short"].map(|name| stage.funded_trader(name, USDC, 20_000 * USD));
    let broke = stage.funded_trader("broke", USDC, 800 * USD);
    for (buyer, seller, size) in
        [(long, broke, 60 * SOL_UNITS), (long, short, 40 * SOL_UNITS), (other, short, 7 * SOL_UNITS + 1)]
    {
        let sent = stage.fill(SOL_PERP, &buyer, &seller, size, None);
        stage.done(sent);
    }
    stage.falls_to(SOL, 216, &broke, 60);
    stage.watch(&broke, 245);
    for step in [Freeze, SeizePnl { market: SOL_PERP }] {
        let sent = stage.resolve(&broke, step);
        stage.done(sent);
    }
    let sent = stage.resolve(&broke, PayPnl { market: SOL_PERP });
    let paid: PnlResolved = event(&stage.done(sent));
    assert_eq!(paid.matched_units, 60 * SOL_UNITS);
    assert_eq!(units(stage, &long) + units(stage, &other), 47 * SOL_UNITS as i64);
    assert_eq!(units(stage, &short), -(47 * SOL_UNITS as i64 + 1));
    [long, other, short]
}

/// Nobody holds the other side of the short's last unit: no fill can close it, what is left can be neither withdrawn nor
/// closed, and its rent is locked (INDEX-6).
#[test]
fn the_last_unit_of_a_market_is_written_off_by_anyone_and_its_account_closes() {
    let mut stage = Stage::new();
    let [long, other, short] = after_a_closing(&mut stage);
    for seller in [long, other] {
        let size = units(&stage, &seller).unsigned_abs();
        let sent = stage.fill(SOL_PERP, &short, &seller, size, None);
        stage.done(sent);
    }
    assert_eq!([long, other, short].map(|who| units(&stage, &who)), [0, 0, -1]);
    let sent = stage.touch(&short, SOL_PERP);
    let touched: PositionTouched = event(&stage.done(sent));
    assert_eq!((touched.written_off_units, touched.position.shares), (-1, 0));
    // The loser pays, the winners and the market's own claim are paid, and everybody goes.
    for _ in 0..3 {
        for who in [short, long, other] {
            let settled = match stage.settle(SOL_PERP, Some(&who)) {
                Err(failure) if failure.code == Some(EngineError::MarketInDeficit.into()) => {
                    stage.take_win(SOL_PERP, &who, None)
                }
                settled => settled,
            };
            if settled.is_ok() {
                stage.audit();
            }
        }
    }
    for who in [long, other, short] {
        if stage.margin_account(&who).perp_index(SOL_PERP).is_some() {
            let sent = stage.touch(&who, SOL_PERP);
            stage.done(sent);
        }
        assert!(stage.margin_account(&who).perp_index(SOL_PERP).is_none());
        let sent = stage.withdraw(&who, USDC, None);
        stage.done(sent);
        let close = ix::close_account(who.owner, who.account, who.owner);
        let sent = stage.send(&who.owner, &[close]);
        stage.done(sent);
    }
    let left = Books::read(&stage).markets[SOL_PERP as usize];
    assert_eq!((left.leg_count, left.rounding_units), (0, 0));
}

/// A transfer passed shares as they are, and an opening mints `ceil(1/A)` of them: 200 cycles between own accounts gained
/// 224.85 atoms a cycle after fees, the pool and the other side paid, and the books saw nothing (INDEX-5).
#[test]
fn cycles_between_own_accounts_gain_no_unit_where_a_is_below_one() {
    const CYCLES: i64 = 200;
    let mut stage = Stage::new();
    after_a_closing(&mut stage);
    assert!(stage.registry().markets[0].sides[0].a < 1 << 63);
    let own = ["first", "second", "third", "fourth"].map(|name| stage.funded_trader(name, USDC, 1_000 * USD));
    let [first, second, third, fourth] = own;
    for cycle in 1..=CYCLES {
        stage.hold_prices(1, 1);
        // The first opens a long against the second's short and passes it on to the third, the second to the fourth.
        for (buyer, seller) in [(first, second), (third, first), (second, fourth)] {
            let sent = stage.fill(SOL_PERP, &buyer, &seller, 1, None);
            stage.done(sent);
        }
        assert_eq!(own.map(|who| units(&stage, &who)), [0, 0, cycle, -cycle]);
    }
    let sent = stage.fill(SOL_PERP, &fourth, &third, CYCLES as u64, None);
    stage.done(sent);
    assert_eq!(own.map(|who| units(&stage, &who)), [0; 4]);
    // Together they have lost their fees and whatever atoms were rounded.
    let books = Books::read(&stage);
    let cash: i64 = own
        .iter()
        .filter_map(|who| {
            let account = &books.accounts[&who.account];
            Some(account.derivatives[account.perp_index(SOL_PERP)?].cash_atoms)
        })
        .sum();
    assert!(cash <= -2 * (3 * CYCLES + 1), "a gain of {cash} atoms");
}

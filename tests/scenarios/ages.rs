//! How old a price may be for what: adding risk asks for a younger one than anything else.

use plimsoll_sdk::ix::FillAuthority;
use plimsoll_state::MarginView;
use plimsoll_tests::*;
use solana_instruction::Instruction;

/// What one side of 100 SOL at 200 dollars needs: six percent at the high price, fees and the weight of quote.
const MARGIN: u64 = 1_260 * USD;
const SIZE: u64 = 100 * SOL_UNITS;

fn fill_ix(stage: &Stage, buyer: &Trader, seller: &Trader, base_units: u64) -> Instruction {
    let quote_atoms = stage.quote_atoms(SOL_PERP, base_units, None);
    let sides = FillAuthority::Sides { buyer: buyer.owner, seller: seller.owner };
    let args = args::SettleFillArgs { base_units, quote_atoms };
    ix::settle_fill(&stage.keys, SOL_PERP, buyer.account, seller.account, sides, args)
}

fn flags(stage: &Stage, of: &Trader) -> u32 {
    stage.view(of).flags
}

/// Two accounts of one owner that opened at a board price of 15 s, while the market had fallen by 15 % already, lost
/// 3,000 dollars on one side of which insurance bore 1,866, and won them on the other (RISK-2).
#[test]
fn nobody_opens_both_sides_at_a_price_that_is_known_to_be_old() {
    let mut stage = Stage::new();
    let long = stage.funded_trader("long", USDC, MARGIN);
    let short = stage.funded_trader("short", USDC, MARGIN);
    let fill = fill_ix(&stage, &long, &short, SIZE);
    for age_secs in [15, 6] {
        let mut later = stage.clone();
        later.advance(age_secs);
        assert_code(later.send(&long.owner, std::slice::from_ref(&fill)), EngineError::PriceStale);
    }
    stage.advance(5);
    assert_sent(stage.send(&long.owner, &[fill]));
    stage.audit();
}

/// RISK-2
#[test]
fn whoever_adds_risk_needs_every_price_younger_than_whoever_holds_it() {
    let mut stage = Stage::new();
    let trader = stage.funded_trader("trader", SOL, 100 * ONE_SOL);
    let destination = stage.funded(&trader.owner, USDC, 0);
    let (token, keys) = (stage.token(USDC), stage.keys);
    let borrow = |amount_atoms| {
        ix::borrow(&keys, &token, trader.owner, trader.account, destination, args::BorrowArgs { amount_atoms })
    };
    assert_sent(stage.send(&trader.owner, &[borrow(1_000 * USD)]));
    stage.advance(6);
    // One old price among fresh ones is enough.
    stage.price(USDC, 1);
    assert_code(stage.send(&trader.owner, &[borrow(USD)]), EngineError::PriceStale);
    let sol = stage.funded(&trader.owner, SOL, 0);
    let withdraw = args::WithdrawArgs { amount_atoms: ONE_SOL, all: false };
    let withdraw = ix::withdraw(&keys, &stage.token(SOL), trader.owner, trader.account, sol, withdraw);
    assert_code(stage.send(&trader.owner, std::slice::from_ref(&withdraw)), EngineError::PriceStale);
    // The answer to venues says so, in the view that matters to them.
    assert_eq!(flags(&stage, &trader), MarginView::OLD);
    stage.price(SOL, 200);
    assert_eq!(flags(&stage, &trader), 0);
    assert_sent(stage.send(&trader.owner, &[withdraw]));
    assert_sent(stage.send(&trader.owner, &[borrow(USD)]));
    stage.audit();
}

/// A liquidator adds no risk to the engine: what he takes over was there. Crashes are when prices come late (RISK-3).
#[test]
fn a_liquidator_takes_over_at_a_price_of_the_read_age() {
    let mut stage = Stage::new();
    let trader = stage.funded_trader("trader", USDC, 1_400 * USD);
    let maker = stage.maker;
    assert_sent(stage.fill(SOL_PERP, &trader, &maker, SIZE, None));
    stage.falls_to(SOL, 190, &trader, 30);
    let liquidator = stage.liquidator;
    stage.advance(15);
    let sent = stage.liquidate(&liquidator, &trader, perp(SOL_PERP), ANY);
    stage.done(sent);
    assert_eq!(flags(&stage, &liquidator), MarginView::OLD);
}

//! The dearest liquidation of a fixed set of random accounts of the largest size: what no friendly example shows.

use plimsoll_tests::{args, ix, Trader};
use solana_instruction::Instruction;

use super::liquidation::{bounds, liquidator, LEGACY};
use super::measure::measure as run;
use super::row::Row;
use super::stage::{Stage, QUOTE};

/// How many accounts.
const ACCOUNTS: u64 = 24;
/// Positions of each kind.
const LEGS: u8 = 16;
/// What any liquidation may cost.
const GOAL: u64 = 60_000;
/// By how much every price moves at a time until an account is under water.
const STEP_PPM: i64 = 2_500;
const MOST_STEPS: usize = 600;

/// Adds a row for each kind of liquidation: of every leg of every account that the program accepts, the dearest.
///
/// # Panics
/// Where an account cannot be built or never comes under water.
pub fn measure(stage: &Stage, rows: &mut Vec<Row>) {
    let mut dearest: [Option<Row>; 2] = [None, None];
    for seed in 1..=ACCOUNTS {
        let mut stage = stage.clone();
        let liquidatee = account(&mut stage, seed);
        let liquidator = liquidator(&mut stage);
        stage.drown(&liquidatee);
        for (kind, instruction) in legs(&stage, &liquidator, &liquidatee) {
            let Ok(units) = stage.world.compute_units(&liquidator.owner, &instruction) else { continue };
            if dearest[kind].as_ref().and_then(|row| row.compute_units).is_none_or(|most| most < units) {
                let operation = ["liquidate_collateral", "liquidate_position"][kind];
                let case = format!("dearest leg of {ACCOUNTS} random accounts");
                let row = Row::new(operation, &case, &run(&stage.world, &liquidator.owner, &instruction, &case));
                dearest[kind] = Some(Row { envelope: Some(LEGACY), ..row.sized(LEGS, LEGS).at_most(GOAL) });
            }
        }
    }
    rows.extend(dearest.map(|row| row.expect("a leg of each kind is liquidated")));
}

/// Every leg that there may be, with the kind's number.
fn legs(stage: &Stage, liquidator: &Trader, liquidatee: &Trader) -> Vec<(usize, Instruction)> {
    let parties =
        ix::Parties { signer: liquidator.owner, liquidator: liquidator.account, liquidatee: liquidatee.account };
    let keys = &stage.world.keys;
    let liabilities = (0..LEGS).flat_map(|i| [args::LiabilityArg::Borrow(i), args::LiabilityArg::NegativePnl(i)]);
    let pairs = liabilities.flat_map(|liability| (0..LEGS).map(move |asset| (asset, liability)));
    let collateral = pairs.map(|(asset_bank, liability)| {
        let args = args::LiquidateCollateralArgs { asset_bank, liability, bounds: bounds() };
        (0, ix::liquidate_collateral(keys, parties, args, false))
    });
    let positions = (0..LEGS).map(|market| {
        let args = args::LiquidatePositionArgs { market, bounds: bounds() };
        (1, ix::liquidate_position(keys, parties, args))
    });
    collateral.chain(positions).collect()
}

/// Sixteen balances, some of them debts, and sixteen perps both ways, near the edge of initial margin. Every second one
/// holds next to nothing but the settlement token, so that its perps are what is taken.
fn account(stage: &mut Stage, seed: u64) -> Trader {
    let mut draw = Draw(seed);
    let trades = seed.is_multiple_of(2);
    let trader = stage.world.trader("random");
    let debts = 1 + draw.below(5) as u8;
    let owes = |bank: u8| bank > LEGS - 1 - debts;
    let (quote, first, doublings) = if trades { (40_000, 20, 2) } else { (0, 20_000, 10) };
    stage.deposit_usd(&trader, QUOTE, quote + (10 << draw.below(10)));
    stage.deposit_usd(&trader, 1, first + draw.below(first));
    for bank in (2..LEGS).filter(|bank| !owes(*bank)) {
        stage.deposit_usd(&trader, bank, 20 << draw.below(doublings));
    }
    for bank in (2..LEGS).filter(|bank| owes(*bank)) {
        let most = stage.free_usd(&trader) as u64 / 10;
        stage.borrow_usd(&trader, bank, (20 << draw.below(doublings)).min(most));
    }
    let notional = stage.free_usd(&trader) as u64 * (if trades { 90 } else { 20 + draw.below(60) }) / 6;
    let parts: Vec<u64> = (0..LEGS).map(|_| 1 + draw.below(100)).collect();
    for (market, part) in (0..LEGS).zip(&parts) {
        let usd = (notional * part / parts.iter().sum::<u64>()).max(20);
        stage.trade_usd(&trader, market, usd, draw.below(if trades { 8 } else { 3 }) != 0);
    }
    if !trades {
        // Beyond what there is of it.
        let usd = stage.free_usd(&trader) as u64 * 95 / 100;
        stage.borrow_usd(&trader, QUOTE, usd);
    }
    stage.wait();
    let account = stage.world.margin_account(&trader);
    let tokens = account.tokens.iter().filter(|token| token.used == 1).count();
    let perps = account.derivatives.iter().filter(|leg| leg.kind != 0).count();
    assert_eq!((tokens, perps), (LEGS as usize, LEGS as usize), "account {seed}");
    trader
}

impl Stage {
    /// Moves all prices against the account until somebody may liquidate it.
    fn drown(&mut self, trader: &Trader) {
        let excess = |stage: &Self| {
            let view = stage.view(trader).spot;
            view.nav_usd_pico.get() - view.mmr_usd_pico.get()
        };
        let before = excess(self);
        self.move_prices(-STEP_PPM);
        let step = if excess(self) < before { -STEP_PPM } else { STEP_PPM };
        for _ in 0..MOST_STEPS {
            self.move_prices(step);
            if self.assessment(trader).regime.is_some() {
                return;
            }
        }
        panic!("the account is still above water: {:?}", self.assessment(trader));
    }
}

/// Deterministic numbers.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

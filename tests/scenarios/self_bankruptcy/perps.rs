//! A long and a short of one owner.

use plimsoll::instructions::ResolveStep::{Freeze, PayPnl, SeizePnl};
use plimsoll_sim::world::E8;
use plimsoll_state::AccountStatus;
use plimsoll_tests::*;

use super::owner::{Outcome, Owner};
use super::path::Path;
use super::{Attack, Draw, FUND};

/// The long or the short loses more than it has, so that insurance pays what the other takes out.
#[derive(Clone, Copy, Debug)]
pub(super) struct TwoSides {
    /// The long is to lose, else the short.
    falls: bool,
    units: u64,
    /// What the loser puts in, ppm of notional.
    margin_ppm: u64,
    /// How much worse than spot the loser fills, ppm; up to the band.
    edge_ppm: i64,
    path: Path,
    /// The winner is settled and withdraws as he goes.
    withdraws: bool,
    /// A third account of the owner liquidates the loser as soon as it can.
    own_liquidator: bool,
}

impl Attack for TwoSides {
    fn drawn(draw: &mut Draw) -> Self {
        Self {
            falls: draw.below(2) == 0,
            units: (50 + draw.below(950)) * SOL_UNITS,
            margin_ppm: 60_100 + draw.below(12_000),
            edge_ppm: [0, draw.below(10_000) as i64, 9_990][draw.below(3) as usize],
            path: Path::drawn(draw, 60),
            withdraws: draw.below(2) == 0,
            own_liquidator: draw.below(3) == 0,
        }
    }

    fn run(&self, reaction_secs: Option<i64>) -> Option<Outcome> {
        let mut stage = Stage::new();
        let liquidator = stage.liquidator;
        assert_sent(stage.fund_insurance(USDC, FUND * USD));
        let notional = self.units / SOL_UNITS * 200 * USD;
        let [loser, winner, third] =
            [("loser", notional * self.margin_ppm / 1_000_000), ("winner", notional * 2), ("third", notional)]
                .map(|(name, atoms)| stage.funded_trader(name, USDC, atoms));
        let mut owner = Owner::of(&stage, &[loser, winner, third]);
        let (buyer, seller, edge) =
            if self.falls { (loser, winner, self.edge_ppm) } else { (winner, loser, -self.edge_ppm) };
        let fill_e8 = 200 * E8 * (1_000_000 + edge) / 1_000_000;
        stage.fill(SOL_PERP, &buyer, &seller, self.units, Some(fill_e8)).ok()?;
        let (mut price_e8, mut looked) = (200 * E8, 0);
        for tick in self.path.ticks() {
            stage.advance(tick.secs);
            price_e8 = tick.moved(price_e8, self.falls);
            owner.publish(&mut stage, [price_e8, 100_000 * E8]);
            owner.is_under_water(&stage, &loser);
            if stage.margin_account(&loser).status == AccountStatus::Active as u8 {
                assert_sent(stage.observe(&loser));
            }
            if self.own_liquidator {
                let _ = stage.liquidate(&third, &loser, perp(SOL_PERP), ANY);
            }
            looked += tick.secs;
            if reaction_secs.map_or(!tick.moves, |reaction| looked >= reaction) {
                looked = 0;
                let _ = stage.liquidate(&liquidator, &loser, perp(SOL_PERP), ANY);
            }
            if self.withdraws {
                let _ = stage.settle(SOL_PERP, Some(&loser));
                let _ = stage.settle(SOL_PERP, Some(&winner));
                let _ = stage.withdraw(&winner, USDC, Some(notional / 50));
            }
            for step in [Freeze, SeizePnl { market: SOL_PERP }, PayPnl { market: SOL_PERP }] {
                let _ = stage.resolve(&loser, step);
            }
            if !tick.moves && stage.margin_account(&loser).perp_index(SOL_PERP).is_none() {
                break;
            }
        }
        Some(owner.outcome(&stage))
    }

    /// Both sides of 1,000 SOL.
    fn jump(percent: i64) -> Outcome {
        let mut stage = Stage::new();
        assert_sent(stage.fund_insurance(USDC, FUND * USD));
        let [loser, winner] = ["loser", "winner"].map(|name| stage.funded_trader(name, USDC, 13_500 * USD));
        let mut owner = Owner::of(&stage, &[loser, winner]);
        assert_sent(stage.fill(SOL_PERP, &loser, &winner, 1_000 * SOL_UNITS, None));
        stage.advance(2);
        owner.publish(&mut stage, [(200 - 2 * percent) * E8, 100_000 * E8]);
        stage.watch(&loser, 310);
        for step in [Freeze, SeizePnl { market: SOL_PERP }, PayPnl { market: SOL_PERP }] {
            let _ = stage.resolve(&loser, step);
        }
        owner.outcome(&stage)
    }
}

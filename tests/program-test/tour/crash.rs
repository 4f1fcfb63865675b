//! Prices fall: liquidations, settlements, bankruptcies.

use plimsoll::instructions::{LiabilityArg, ResolveStep};
use plimsoll::liquidation::LiquidationBounds;
use plimsoll::EngineError;
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_sdk::ix::{self, args};
use plimsoll_sim::world::{Trader, BTC, BTC_PERP, E8, SOL, SOL_PERP, USDC};

use super::{went_through, Cast, Story, ONE_BTC_PERP, ONE_SOL, ONE_SOL_PERP, USD};

/// As much as the plan allows, at any price.
const ANY: LiquidationBounds = LiquidationBounds {
    max_size: 0,
    as_much_as_allowed: true,
    min_size: 0,
    limit_numerator: 0,
    limit_denominator: 0,
    no_op_if_refused: false,
};

/// How deep SOL falls, dollars: from 200 until a 10x long is under water, until a loan is, until both are insolvent.
const SOL_USD: [i64; 3] = [189, 155, 95];
/// Where BTC ends, dollars: a short gains.
const BTC_USD: i64 = 60_000;
/// Time for the fast average to arrive at a new price.
const ARRIVAL_SECS: i64 = 90;

impl Story {
    /// A 10x long and two loans do not survive it.
    pub(super) fn crash(&mut self, cast: &Cast) {
        let liquidator = self.funded_trader("liquidator", USDC, 1_000_000 * USD);
        let dave = self.funded_trader("dave", USDC, 2_000 * USD);
        went_through(self.world.fill(SOL_PERP, &dave, &cast.maker, 150 * ONE_SOL_PERP, None));
        let (erin, frank) = (self.erin(cast), self.funded_trader("frank", SOL, 100 * ONE_SOL));
        went_through(self.world.borrow(&frank, USDC, 13_500 * USD));

        self.fall(SOL_USD[0]);
        self.perp(&liquidator, &dave);
        self.settlements(cast, &dave);
        self.fall(SOL_USD[1]);
        self.collateral(&liquidator, &frank);
        went_through(self.world.set_price(BTC, BTC_USD * E8));
        self.fall(SOL_USD[2]);
        self.repaid_bankruptcy(&liquidator, &frank, &cast.lender);
        self.bankruptcy(&liquidator, &erin);
        self.exit(cast, &liquidator);
    }

    /// Collateral and a crumb of another, a loan, a perp that will lose and one that will gain.
    fn erin(&mut self, cast: &Cast) -> Trader {
        let erin = self.funded_trader("erin", SOL, 80 * ONE_SOL);
        went_through(self.world.deposit(&erin, BTC, 5_000));
        went_through(self.world.fill(SOL_PERP, &erin, &cast.maker, 50 * ONE_SOL_PERP, None));
        went_through(self.world.fill(BTC_PERP, &cast.maker, &erin, ONE_BTC_PERP / 50, None));
        went_through(self.world.borrow(&erin, USDC, 9_000 * USD));
        erin
    }

    /// SOL falls and stays until the fast average has arrived.
    fn fall(&mut self, sol_usd: i64) {
        self.world.advance(5);
        self.world.repeat_prices();
        self.world.advance(5);
        went_through(self.world.set_price(SOL, sol_usd * E8));
        self.world.hold_prices(ARRIVAL_SECS, 5);
    }

    fn liquidate_perp(&mut self, market: u8, liquidator: &Trader, of: &Trader) -> solana_instruction::Instruction {
        let args = args::LiquidatePositionArgs { market, bounds: ANY };
        ix::liquidate_position(&self.world.keys, parties(liquidator, of), args)
    }

    fn liquidate_loan(&mut self, liquidator: &Trader, of: &Trader) -> solana_instruction::Instruction {
        let liability = LiabilityArg::Borrow(USDC);
        let args = args::LiquidateCollateralArgs { asset_bank: SOL, liability, bounds: ANY };
        ix::liquidate_collateral(&self.world.keys, parties(liquidator, of), args, true)
    }

    fn perp(&mut self, liquidator: &Trader, dave: &Trader) {
        let keys = self.world.keys;
        self.sent(&liquidator.owner, ix::check_margin(&keys, dave.account, 3));
        went_through(self.world.observe(dave));
        self.world.hold_prices(10, 5);
        let healthy = self.liquidate_perp(SOL_PERP, dave, liquidator);
        self.refused(&dave.owner, healthy, EngineError::AccountHealthy);
        let liquidate = self.liquidate_perp(SOL_PERP, liquidator, dave);
        self.sent(&liquidator.owner, liquidate.clone());
        self.refused(&liquidator.owner, liquidate, EngineError::AccountAlreadyCured);
    }

    /// The loser pays what insurance and the winner take.
    fn settlements(&mut self, cast: &Cast, dave: &Trader) {
        self.settle_pnl(SOL_PERP, Some(dave));
        self.settle_pnl(SOL_PERP, None);
        self.settle_pnl(SOL_PERP, Some(&cast.maker));
    }

    fn collateral(&mut self, liquidator: &Trader, frank: &Trader) {
        went_through(self.world.observe(frank));
        self.world.hold_prices(10, 5);
        let liquidate = self.liquidate_loan(liquidator, frank);
        self.sent(&liquidator.owner, liquidate);
        let sweep = ix::sweep_insurance(&self.world.keys, USDC);
        self.sent_by_authority(sweep);
    }

    fn resolve(&mut self, of: &Trader, step: ResolveStep) {
        let resolve = ix::resolve_bankruptcy(&self.world.keys, of.account, step);
        self.sent_by_authority(resolve);
    }

    /// Somebody else repays what a frozen account owes; nothing is left to resolve.
    fn repaid_bankruptcy(&mut self, liquidator: &Trader, frank: &Trader, lender: &Trader) {
        let keys = self.world.keys;
        let freeze = ix::resolve_bankruptcy(&keys, frank.account, ResolveStep::Freeze);
        self.refused(&liquidator.owner, freeze, EngineError::AssetsRemain);
        let liquidate = self.liquidate_loan(liquidator, frank);
        self.sent(&liquidator.owner, liquidate);
        self.resolve(frank, ResolveStep::Freeze);
        let purse = self.world.funded(&lender.owner, USDC, MAX_ATOMS);
        let all = args::RepayArgs { amount_atoms: 0, all: true };
        let repay = ix::repay(&keys, &self.world.token(USDC), lender.owner, frank.account, purse, all);
        self.sent(&lender.owner, repay);
        self.resolve(frank, ResolveStep::Finish);
    }

    /// The estate pays first, then insurance, then depositors and the opposite side; a deficit stays.
    fn bankruptcy(&mut self, liquidator: &Trader, erin: &Trader) {
        let liquidate = self.liquidate_loan(liquidator, erin);
        self.sent(&liquidator.owner, liquidate);
        for market in [SOL_PERP, BTC_PERP] {
            let liquidate = self.liquidate_perp(market, liquidator, erin);
            self.sent(&liquidator.owner, liquidate);
        }
        for step in [
            ResolveStep::Freeze,
            ResolveStep::SeizePnl { market: BTC_PERP },
            ResolveStep::SeizeToken { bank: BTC },
            ResolveStep::PayBorrow { bank: USDC },
            ResolveStep::PayPnl { market: SOL_PERP },
        ] {
            self.resolve(erin, step);
        }
    }

    /// A winner leaves the market with the deficit, after a loser has paid into its pool.
    fn exit(&mut self, cast: &Cast, liquidator: &Trader) {
        self.settle_pnl(SOL_PERP, Some(liquidator));
        let keys = self.world.keys;
        let settle = ix::settle_pnl(&keys, SOL_PERP, Some(cast.maker.account));
        self.refused(&liquidator.owner, settle, EngineError::MarketInDeficit);
        let args = args::TakeWinArgs { claim_atoms: 100 * USD, all: false, min_paid_atoms: 0 };
        let take = ix::take_win(&keys, SOL_PERP, cast.maker.owner, cast.maker.account, args);
        self.sent(&cast.maker.owner, take);
    }
}

fn parties(liquidator: &Trader, of: &Trader) -> ix::Parties {
    ix::Parties { signer: liquidator.owner, liquidator: liquidator.account, liquidatee: of.account }
}

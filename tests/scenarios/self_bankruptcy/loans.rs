//! A loan that its owner takes out and lets go bankrupt.

use plimsoll::instructions::ResolveStep::{Finish, Freeze, PayBorrow, SeizeToken};
use plimsoll_sdk::ix;
use plimsoll_sim::world::E8;
use plimsoll_state::AccountStatus;
use plimsoll_tests::*;

use super::owner::{Outcome, Owner};
use super::path::Path;
use super::{Attack, Draw, FUND};

/// Starting prices of SOL and BTC.
const START_E8: [i64; 2] = [200 * E8, 100_000 * E8];

/// What the price moves against the loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Against {
    /// SOL is the collateral of dollars and falls.
    Collateral,
    /// SOL is owed against dollars and rises.
    Debt,
    /// SOL is the collateral of BTC; the one falls while the other rises.
    Both,
}

impl Against {
    /// Bank of the collateral and of the debt.
    const fn banks(self) -> (u8, u8) {
        match self {
            Self::Collateral => (SOL, USDC),
            Self::Debt => (USDC, SOL),
            Self::Both => (SOL, BTC),
        }
    }

    /// The largest loan at initial weights, ppm of the collateral's value.
    const fn limit_ppm(self) -> u64 {
        match self {
            Self::Collateral => 742_500,
            Self::Debt => 825_000,
            Self::Both => 652_000,
        }
    }
}

/// A loan at the edge of what may be borrowed, whose borrower keeps what he got.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loan {
    against: Against,
    /// Value of the collateral, dollars.
    usd: u64,
    /// Of the largest loan, ppm.
    loan_ppm: u64,
    path: Path,
    /// A second account lends what was borrowed, and withdraws it bit by bit; else it stays in the wallet.
    lends: bool,
    /// Wherever the price turns, collateral is withdrawn and more is borrowed.
    extends: bool,
    /// A third account of the owner liquidates the loan as soon as it can.
    own_liquidator: bool,
    /// In which order everybody acts after each price.
    order: u64,
}

/// What is tried after a price.
#[derive(Clone, Copy, Debug)]
enum Call {
    Others,
    OwnLiquidator,
    Extend,
    Withdraw,
    Resolve,
}

/// The accounts, all of one owner but the liquidator's.
struct Cast {
    stage: Stage,
    loan: Trader,
    second: Trader,
    third: Trader,
    liquidator: Trader,
    owner: Owner,
}

/// Atoms that some dollars are at the starting price.
const fn atoms(bank: u8, usd: u64) -> u64 {
    match bank {
        SOL => usd * ONE_SOL / 200,
        BTC => usd * ONE_BTC / 100_000,
        _ => usd * USD,
    }
}

impl Cast {
    fn new(against: Against, usd: u64) -> Self {
        let mut stage = Stage::new();
        let (asset, debt) = against.banks();
        assert_sent(stage.fund_insurance(debt, atoms(debt, FUND)));
        let loan = stage.funded_trader("owner", asset, atoms(asset, usd));
        let [second, third] = [1, 2].map(|id| stage.open_account(loan.owner, id, None).expect("an account"));
        assert_sent(stage.deposit(&third, USDC, usd * USD));
        let (liquidator, owner) = (stage.liquidator, Owner::of(&stage, &[loan, second, third]));
        Self { stage, loan, second, third, liquidator, owner }
    }

    fn is_under_water(&mut self) -> bool {
        self.owner.is_under_water(&self.stage, &self.loan)
    }

    fn is_active(&self) -> bool {
        self.stage.margin_account(&self.loan).status == AccountStatus::Active as u8
    }

    /// The second account lends what the wallet has of a token.
    fn lend(&mut self, bank: u8) {
        let (token, source) = (self.stage.token(bank), wallet(&self.stage, &self.second.owner, bank));
        let args = args::DepositArgs { amount_atoms: self.stage.token_balance(&source) };
        let (keys, second) = (self.stage.keys, self.second);
        let deposit = ix::deposit(&keys, &token, second.owner, second.account, source, args);
        assert_sent(self.stage.send(&second.owner, &[deposit]));
    }

    fn resolve(&mut self, (asset, debt): (u8, u8)) {
        for step in [Freeze, SeizeToken { bank: asset }, PayBorrow { bank: debt }, Finish] {
            let _ = self.stage.resolve(&self.loan, step);
        }
    }
}

impl Loan {
    fn act(&self, cast: &mut Cast, call: Call, others_look: bool, turned: bool) {
        let ((asset, debt), under_water) = (self.against.banks(), cast.is_under_water());
        let (loan, second, third, liquidator) = (cast.loan, cast.second, cast.third, cast.liquidator);
        match call {
            Call::Others if others_look && under_water => {
                let _ = cast.stage.liquidate(&liquidator, &loan, pair(asset, debt), ANY);
            }
            Call::OwnLiquidator if self.own_liquidator && under_water => {
                let _ = cast.stage.liquidate(&third, &loan, pair(asset, debt), ANY);
            }
            Call::Extend if self.extends && turned => {
                let _ = cast.stage.withdraw(&loan, asset, Some(atoms(asset, self.usd / 500)));
                let _ = cast.stage.borrow(&loan, debt, atoms(debt, self.usd / 1_000));
            }
            Call::Withdraw if self.lends => {
                let _ = cast.stage.withdraw(&second, debt, Some(atoms(debt, self.usd / 50)));
            }
            Call::Resolve if under_water => cast.resolve((asset, debt)),
            _ => {}
        }
    }

    /// Prices of SOL and BTC after a tick.
    fn moved(&self, [sol, btc]: [i64; 2], tick: &super::path::PathTick) -> [i64; 2] {
        let btc = if self.against == Against::Both { tick.moved(btc, false) } else { btc };
        [tick.moved(sol, self.against != Against::Debt), btc]
    }
}

impl Attack for Loan {
    fn drawn(draw: &mut Draw) -> Self {
        Self {
            against: [Against::Collateral, Against::Debt, Against::Both][draw.below(3) as usize],
            usd: 10_000 + draw.below(190_000),
            loan_ppm: 900_000 + draw.below(100_000),
            path: Path::drawn(draw, 135),
            lends: draw.below(2) == 0,
            extends: draw.below(2) == 0,
            own_liquidator: draw.below(3) == 0,
            order: draw.below(1 << 31),
        }
    }

    fn run(&self, reaction_secs: Option<i64>) -> Option<Outcome> {
        let ((_, debt), mut cast) = (self.against.banks(), Cast::new(self.against, self.usd));
        let loan = cast.loan;
        let borrowed_ppm = self.against.limit_ppm() * self.loan_ppm / 1_000_000;
        cast.stage.borrow(&loan, debt, atoms(debt, self.usd * borrowed_ppm / 1_000_000)).ok()?;
        if self.lends {
            cast.lend(debt);
        }
        let (mut prices_e8, mut looked, mut order) = (START_E8, 0, Draw::new(self.order));
        for tick in self.path.ticks() {
            cast.stage.advance(tick.secs);
            prices_e8 = self.moved(prices_e8, &tick);
            cast.owner.publish(&mut cast.stage, prices_e8);
            if cast.is_under_water() && cast.is_active() {
                assert_sent(cast.stage.observe(&loan));
            }
            looked += tick.secs;
            let others_look = reaction_secs.map_or(!tick.moves, |reaction| looked >= reaction);
            looked = if others_look { 0 } else { looked };
            let mut acts = [Call::Others, Call::OwnLiquidator, Call::Extend, Call::Withdraw, Call::Resolve];
            order.shuffle(&mut acts);
            for act in acts {
                self.act(&mut cast, act, others_look, tick.turns);
            }
            cast.owner.count(&cast.stage);
            if !tick.moves && !cast.is_under_water() {
                break;
            }
        }
        Some(cast.owner.outcome(&cast.stage))
    }

    /// 147,000 dollars against 1,000 SOL, which the owner's own account liquidates where it can.
    fn jump(percent: i64) -> Outcome {
        let mut cast = Cast::new(Against::Collateral, 200_000);
        let loan = cast.loan;
        assert_sent(cast.stage.borrow(&loan, USDC, 147_000 * USD));
        cast.stage.advance(2);
        cast.owner.publish(&mut cast.stage, [START_E8[0] * (100 - percent) / 100, START_E8[1]]);
        cast.stage.watch(&loan, 310);
        // Collateral has to be sold before the rest is anybody's loss.
        let third = cast.third;
        while cast.stage.liquidate(&third, &loan, pair(SOL, USDC), ANY).is_ok() {}
        cast.resolve((SOL, USDC));
        cast.owner.outcome(&cast.stage)
    }
}

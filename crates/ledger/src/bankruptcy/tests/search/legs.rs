//! The legs of the account, and what a fill of each kind does to it and to everybody else.

use std::vec::Vec;

use plimsoll_risk::bank::ShareDelta;
use plimsoll_risk::liquidate::{Leg, Liability, Plan};
use plimsoll_risk::params::INDEX_ONE;
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::{SignedAtoms, UnixSecs};
use plimsoll_state::Books;

use super::stand::Stand;
use crate::liquidation::apply_position;
use crate::{account, perp, pool, token};

impl Stand {
    /// Every leg that a liquidator could name.
    pub fn legs(portfolio: &Portfolio) -> Vec<Leg> {
        let assets: Vec<u8> = portfolio.tokens().iter().map(|leg| leg.bank).chain([0]).collect();
        let mut legs = Vec::new();
        for &asset in &assets {
            legs.extend(assets.iter().map(|debt| Leg::Pair { asset, liability: Liability::Borrow(*debt) }));
            let losing = portfolio.perps().iter().filter(|leg| leg.pnl_at(leg.prices.spot) < SignedAtoms::ZERO);
            legs.extend(losing.map(|leg| Leg::Pair { asset, liability: Liability::NegativePnl(leg.market) }));
        }
        legs.extend(portfolio.perps().iter().map(|leg| Leg::Perp { market: leg.market }));
        legs
    }

    /// Fills: everybody else pays and takes, as the program's ledger does it at indices of one.
    pub fn fill(&mut self, leg: Leg, plan: &Plan) {
        let (size, now) = (plan.size.get() as i64, self.now);
        match leg {
            Leg::Pair { asset, liability } => {
                self.move_shares(asset, -(plan.received_atoms.get() as i64));
                match liability {
                    Liability::Borrow(bank) => {
                        self.move_shares(bank, size);
                        let delta = ShareDelta { deposit_shares: -size, borrow_shares: -size };
                        token::apply_totals(&mut self.banks[bank as usize], delta).unwrap();
                        self.banks[bank as usize].waiting_shares += plan.fee_atoms.get();
                    }
                    Liability::NegativePnl(market) => {
                        let place = self.account.perp_index(market).unwrap();
                        let totals = &mut self.markets[market as usize];
                        pool::pay_in_up(totals, plan.size.debt(), INDEX_ONE).unwrap();
                        self.account.derivatives[place].cash_atoms += size;
                        perp::close_leg_if_zero(&mut self.account, place, totals).unwrap();
                        self.copy_deficit(market as usize);
                        self.banks[0].waiting_shares += plan.fee_atoms.get();
                    }
                }
            }
            Leg::Perp { market } => {
                let totals = &mut self.markets[market as usize];
                let books = Books { registry: &self.registry, board: &self.board, now: UnixSecs::new(now) };
                apply_position(plan, &books, totals, &mut self.others, &mut self.account).unwrap();
                self.copy_deficit(market as usize);
            }
        }
        account::set_clocks(&mut self.account, &plan.clocks);
    }
}

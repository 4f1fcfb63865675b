//! Accounts that cannot pay: when they are resolved, and who bore what.

use std::collections::BTreeMap;

use plimsoll_state::{Bank, Market};

use crate::data::E8;
use crate::engine::Engine;
use crate::listing::{BANKS, MARKETS};
use crate::result::Bankruptcy;
use crate::standing::{is_bankrupt, Standing};

/// Calls after which a resolution that does not end is left for the next step.
pub const MOST_CALLS: u32 = 64;

/// What banks and markets have paid and charged so far; dollars at the price of the moment are taken of differences.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paid {
    insurance: [u64; BANKS.len()],
    depositors: [u64; BANKS.len()],
    uncovered: [u64; BANKS.len()],
    positions: [u64; MARKETS.len()],
    deficits: [u64; MARKETS.len()],
}

impl Paid {
    /// By banks and markets in the order of their slots.
    pub fn of(banks: &[Bank], markets: &[Market]) -> Self {
        let mut paid = Self::default();
        for (i, bank) in banks.iter().enumerate().take(BANKS.len()) {
            paid.insurance[i] = bank.insurance_out_atoms;
            paid.depositors[i] = bank.socialized_atoms;
            paid.uncovered[i] = bank.uncovered_atoms;
        }
        for (i, market) in markets.iter().enumerate().take(MARKETS.len()) {
            paid.positions[i] = market.socialized_atoms;
            paid.deficits[i] = market.deficit_atoms;
        }
        paid
    }
}

/// Losses that bankruptcies made others bear, dollars: depositors and the opposite side of perps.
pub fn socialized_usd(bankruptcies: &[Bankruptcy]) -> f64 {
    bankruptcies.iter().map(|b| b.socialized as f64 / 1e6).sum()
}

/// Resolves bankrupt accounts as soon as the program's own verdict allows it.
#[derive(Clone, Debug, Default)]
pub struct Resolver {
    /// Every bankruptcy so far.
    pub bankruptcies: Vec<Bankruptcy>,
}

impl Resolver {
    /// Begins what may begin and goes on with what is open.
    pub fn turn(&mut self, engine: &mut Engine, standings: &BTreeMap<usize, Standing>, prices: &[i64; 2]) {
        for (&account, standing) in standings {
            let open = self.bankruptcies.iter().rposition(|b| b.account == account && b.resolved_at.is_none());
            if let Some(index) = open {
                self.go_on(engine, index, prices);
            } else if standing.nav_usd < 0.0 && bankrupt(engine, account) {
                self.bankruptcies.push(Bankruptcy {
                    time: engine.host.now(),
                    account,
                    nav: (standing.nav_usd * 1e6) as i64,
                    ..Bankruptcy::default()
                });
                self.go_on(engine, self.bankruptcies.len() - 1, prices);
            }
        }
    }

    /// Sends the calls that are due, and books what they made others bear.
    fn go_on(&mut self, engine: &mut Engine, index: usize, prices: &[i64; 2]) {
        let before = Paid::of(&engine.banks(), &engine.markets());
        let record = &mut self.bankruptcies[index];
        let began = record.calls;
        while record.calls - began < MOST_CALLS {
            match engine.resolve_next(record.account, record.calls > 0) {
                Some(true) => record.calls += 1,
                Some(false) => break,
                None => {
                    record.resolved_at = Some(engine.host.now());
                    break;
                }
            }
        }
        book(record, &before, &Paid::of(&engine.banks(), &engine.markets()), prices);
    }
}

fn bankrupt(engine: &Engine, account: usize) -> bool {
    is_bankrupt(&engine.snapshot().with(&engine.account(account)))
}

/// Adds what calls of a resolution made others bear, at these prices, to its record.
pub fn book(record: &mut Bankruptcy, before: &Paid, after: &Paid, prices: &[i64; 2]) {
    let micro = |bank: usize, atoms: u64| {
        let price = BANKS[bank].underlying.map_or(1.0, |u| prices[u.index()] as f64 / E8 as f64);
        (atoms as f64 / 10f64.powi(BANKS[bank].decimals as i32) * price * 1e6).round() as u64
    };
    for bank in 0..BANKS.len() {
        record.insurance_paid += micro(bank, after.insurance[bank].saturating_sub(before.insurance[bank]));
        record.socialized_by_depositors += micro(bank, after.depositors[bank].saturating_sub(before.depositors[bank]));
        record.deficit += micro(bank, after.uncovered[bank].saturating_sub(before.uncovered[bank]));
    }
    for market in 0..MARKETS.len() {
        record.socialized_by_positions += after.positions[market].saturating_sub(before.positions[market]);
        record.deficit += after.deficits[market].saturating_sub(before.deficits[market]);
    }
    record.socialized = record.socialized_by_depositors + record.socialized_by_positions;
}

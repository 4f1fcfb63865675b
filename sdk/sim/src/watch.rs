//! What is written down while a replay runs: time under water, samples for the charts, figures of the table, insurance.

use std::collections::BTreeMap;

use plimsoll_state::{Bank, PriceBoard};

use crate::data::E8;
use crate::dues::dollars;
use crate::listing::{BankListing, BANKS};
use crate::result::{ratio_class, BankInsurance, Bankruptcy, Figures, Insurance, Liquidation, Sample, Spread};
use crate::standing::Standing;

/// One account's way through the crash.
#[derive(Clone, Debug, Default)]
pub struct Track {
    /// Had a debt or a position when the crash began.
    pub at_risk: bool,
    /// Seconds seen below maintenance at spot.
    pub under_water_secs: u64,
    /// Debts and notional just before its first liquidation, dollars.
    pub exposure_before_usd: f64,
    /// Closed by liquidations, dollars.
    pub closed_usd: f64,
    /// Liquidations.
    pub liquidations: u32,
}

/// Every account's way.
#[derive(Clone, Debug)]
pub struct Watch {
    /// By number of the account.
    pub tracks: Vec<Track>,
}

impl Watch {
    /// Starts to watch so many accounts that stand like this.
    pub fn new(accounts: usize, standings: &BTreeMap<usize, Standing>) -> Self {
        let at_risk = |i: usize| standings.get(&i).is_some_and(|standing| standing.exposure_usd > 0.0);
        Self { tracks: (0..accounts).map(|i| Track { at_risk: at_risk(i), ..Track::default() }).collect() }
    }

    /// Notes that `secs` have passed in which the accounts stood like this.
    pub fn passed(&mut self, secs: u64, standings: &BTreeMap<usize, Standing>) {
        for (&i, _) in standings.iter().filter(|(_, standing)| standing.under_water) {
            self.tracks[i].under_water_secs += secs;
        }
    }

    /// Notes a liquidation.
    pub fn liquidated(&mut self, account: usize, before: &Standing, closed_usd: f64) {
        let track = &mut self.tracks[account];
        if track.liquidations == 0 {
            track.exposure_before_usd = before.exposure_usd;
        }
        track.liquidations += 1;
        track.closed_usd += closed_usd;
    }

    /// The figures of the table; `standings` are those at the end.
    pub fn figures(
        &self,
        standings: &BTreeMap<usize, Standing>,
        liquidations: &[Liquidation],
        bankruptcies: &[Bankruptcy],
    ) -> Figures {
        let liquidated: Vec<usize> = (0..self.tracks.len()).filter(|&i| self.tracks[i].liquidations > 0).collect();
        let fully = |i: &&usize| {
            let standing = standings.get(i).copied().unwrap_or_default();
            standing.exposure_usd <= 0.0 || bankruptcies.iter().any(|b| b.account == **i)
        };
        let accounts_fully = liquidated.iter().filter(fully).count();
        let closed: u64 = liquidations.iter().map(|l| l.notional_closed).sum();
        let penalties: u64 = liquidations.iter().map(|l| l.penalty).sum();
        let share = |i: &usize| {
            let track = &self.tracks[*i];
            // Prices move between its liquidations, so their sum may exceed what there was before the first.
            (1e6 * track.closed_usd / track.exposure_before_usd.max(1e-9)).min(1e6) as u64
        };
        let cures = liquidations.iter().filter(|l| l.regime == "cure").count();
        Figures {
            accounts_at_risk: self.tracks.iter().filter(|t| t.at_risk).count(),
            accounts_under_water: self.tracks.iter().filter(|t| t.under_water_secs > 0).count(),
            accounts_liquidated: liquidated.len(),
            accounts_partially: liquidated.len() - accounts_fully,
            accounts_fully,
            accounts_bankrupt: bankruptcies.len(),
            cures,
            wind_downs: liquidations.len() - cures,
            closed_usd: closed as f64 / 1e6,
            penalties_usd: penalties as f64 / 1e6,
            penalty_per_dollar_ppm: 1e6 * penalties as f64 / closed.max(1) as f64,
            share_closed_ppm: Spread::of(liquidated.iter().map(share).collect()),
            under_water_secs: Spread::of(
                self.tracks.iter().map(|t| t.under_water_secs).filter(|secs| *secs > 0).collect(),
            ),
            as_planned: liquidations.iter().map(|l| l.as_planned.map(usize::from)).sum(),
        }
    }
}

/// The charts' view of one instant, `secs` into the recording.
pub fn sample(
    board: &PriceBoard,
    banks: &[Bank],
    standings: &BTreeMap<usize, Standing>,
    secs: i64,
    prices: &[i64; 2],
    socialized_usd: f64,
) -> Sample {
    let mut sample = Sample { secs, socialized_usd, ..Sample::default() };
    for (i, &price) in prices.iter().enumerate() {
        // Slot 0 is the settlement token's.
        let Some(slot) = board.slot(i + 1) else { continue };
        sample.venue[i] = price as f64 / E8 as f64;
        sample.oracle[i] = dollars(slot.spot);
        sample.fast[i] = dollars(slot.fast);
        sample.sigma[i] = sample.oracle[i] * slot.sigma_ppm as f64 / 1e6;
        sample.secondary[i] = slot.source == 1;
    }
    for standing in standings.values().filter(|s| s.mmr_usd > 0.0) {
        sample.ratios[ratio_class(standing.ratio())] += 1;
        sample.under_water += standing.under_water as u32;
    }
    for (i, (listing, bank)) in BANKS.iter().zip(banks).enumerate() {
        let atoms = held(bank);
        let price = listing.underlying.map_or(1.0, |u| sample.oracle[u.index()]);
        sample.insurance_usd += atoms as f64 / 10f64.powi(listing.decimals as i32) * price;
        if i == 0 {
            sample.insurance = atoms;
        }
    }
    sample
}

/// Insurance of a bank, what is reserved included, atoms.
fn held(bank: &Bank) -> u64 {
    bank.insurance_atoms + bank.reserved_atoms
}

/// Insurance of every bank; fees and debits are the bank's own counters.
pub fn insurance(before: &[Bank], after: &[Bank], samples: &[Sample]) -> Insurance {
    let of_bank = |((listing, was), is): ((&BankListing, &Bank), &Bank)| BankInsurance {
        bank: listing.name.to_owned(),
        before: held(was),
        fees: is.insurance_in_atoms - was.insurance_in_atoms,
        debits: is.insurance_out_atoms - was.insurance_out_atoms,
        after: held(is),
        socialized: is.socialized_atoms - was.socialized_atoms,
        uncovered: is.uncovered_atoms,
    };
    let banks: Vec<BankInsurance> = BANKS.iter().zip(before).zip(after).map(of_bank).collect();
    let quote = banks.first().cloned().unwrap_or_default();
    let lowest = samples.iter().map(|s| s.insurance).min().unwrap_or(quote.after).min(quote.after);
    Insurance { before: quote.before, fees: quote.fees, debits: quote.debits, after: quote.after, lowest, banks }
}

//! What is written down while the replay runs: time under water, samples for the charts, figures of the table.

use std::collections::BTreeMap;

use crate::data::E8;
use crate::engine::{Engine, Snapshot, Standing};
use crate::listing::BANKS;
use crate::result::{ratio_class, Bankruptcy, Figures, Liquidation, Sample, Spread};

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
    /// Starts to watch.
    pub fn new(engine: &Engine) -> Self {
        let snapshot = engine.snapshot();
        let track = |i: usize| {
            let standing = snapshot.standing(&engine.account(i)).unwrap_or_default();
            Track { at_risk: standing.exposure_usd > 0.0, ..Track::default() }
        };
        Self { tracks: (0..engine.accounts.len()).map(track).collect() }
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

    /// The figures of the table.
    pub fn figures(&self, engine: &Engine, liquidations: &[Liquidation], bankruptcies: &[Bankruptcy]) -> Figures {
        let snapshot = engine.snapshot();
        let liquidated: Vec<usize> = (0..self.tracks.len()).filter(|&i| self.tracks[i].liquidations > 0).collect();
        let fully = |i: &&usize| {
            let standing = snapshot.standing(&engine.account(**i)).unwrap_or_default();
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
            as_planned: liquidations.iter().filter(|l| l.as_planned).count(),
        }
    }
}

/// The charts' view of one instant.
pub fn sample(
    engine: &Engine,
    snapshot: &Snapshot,
    standings: &BTreeMap<usize, Standing>,
    secs: i64,
    prices: &[i64; 2],
    socialized_usd: f64,
) -> Sample {
    let mut sample = Sample { secs, socialized_usd, ..Sample::default() };
    for (i, &price) in prices.iter().enumerate() {
        // Slot 0 is the settlement token's.
        let Some(slot) = snapshot.board.slot(i + 1) else { continue };
        let usd = |price: plimsoll_state::StoredPrice| price.mantissa as f64 * 2f64.powi(price.exponent as i32);
        sample.venue[i] = price as f64 / E8 as f64;
        sample.oracle[i] = usd(slot.spot);
        sample.fast[i] = usd(slot.fast);
        sample.sigma[i] = sample.oracle[i] * slot.sigma_ppm as f64 / 1e6;
        sample.secondary[i] = slot.source == 1;
    }
    for standing in standings.values().filter(|s| s.mmr_usd > 0.0) {
        sample.ratios[ratio_class(standing.ratio())] += 1;
        sample.under_water += standing.under_water as u32;
    }
    for (i, listing) in BANKS.iter().enumerate() {
        let bank = engine.bank(i);
        let atoms = bank.insurance_atoms + bank.reserved_atoms;
        let price = listing.underlying.map_or(1.0, |u| sample.oracle[u.index()]);
        sample.insurance_usd += atoms as f64 / 10f64.powi(listing.decimals as i32) * price;
        if i == 0 {
            sample.insurance = atoms;
        }
    }
    sample
}

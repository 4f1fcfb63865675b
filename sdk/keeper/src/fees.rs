//! What the keeper bids for being served first: recent fees, more with every signature, never more than it is worth.

use plimsoll_risk::num::PPM;
use plimsoll_risk::units::SignedUsdMicro;

use crate::config::SendConfig;
use crate::outbox::Cost;

/// What a signature costs, lamports.
pub const SIGNATURE_LAMPORTS: u64 = 5_000;
/// Micro-lamports of a lamport.
const MICRO: u128 = 1_000_000;

/// The bids for one transaction, which may have to be signed several times.
#[derive(Clone, Copy, Debug)]
pub struct Bids {
    least: u64,
    most: u64,
    raise_percent: u32,
    last: Option<u64>,
}

impl Bids {
    /// For a transaction that may use so many compute units and costs `other_lamports` besides: signatures and a tip.
    /// `stake_lamports` is the most that it may cost in all; none leaves the configuration's bound.
    pub fn new(config: &SendConfig, units: u32, other_lamports: u64, stake_lamports: Option<u64>) -> Self {
        let by_stake = |stake: u64| {
            let micro = u128::from(stake.saturating_sub(other_lamports)) * MICRO / u128::from(units.max(1));
            u64::try_from(micro).unwrap_or(u64::MAX)
        };
        let most = stake_lamports.map_or(config.fee_most_micro_lamports, by_stake);
        // What it is worth goes before what is usual.
        let least = config.fee_least_micro_lamports.min(most);
        Self { least, most, raise_percent: config.fee_raise_percent, last: None }
    }

    /// The next bid, micro-lamports a compute unit: what was recently paid, and more than the bid before, within bounds.
    pub fn next(&mut self, recent: u64) -> u64 {
        let raised = self.last.map_or(0, |last| {
            let more = u128::from(last) * (100 + u128::from(self.raise_percent)) / 100;
            u64::try_from(more).unwrap_or(u64::MAX).max(last.saturating_add(1))
        });
        let bid = recent.max(raised).clamp(self.least, self.most);
        self.last = Some(bid);
        bid
    }
}

/// What so many units at this price cost, lamports, rounded up as the chain does.
pub fn priority_lamports_up(price_micro_lamports: u64, units: u32) -> u64 {
    let micro = u128::from(price_micro_lamports) * u128::from(units);
    u64::try_from(micro.div_ceil(MICRO)).unwrap_or(u64::MAX)
}

/// The most that may be paid for a gain, lamports: its share of it at a price of SOL in dollars. Nothing of a loss.
pub fn stake_lamports_down(gain: SignedUsdMicro, share_ppm: u32, sol_usd: f64) -> Option<u64> {
    let usd = gain.get().max(0) as f64 / 1e6 * f64::from(share_ppm) / PPM as f64;
    (sol_usd > 0.0).then(|| (usd / sol_usd * 1e9) as u64)
}

/// What a gain leaves of it after its cost, micro-dollars; the cost counts nothing where the price of SOL is not known.
pub fn net_gain_usd_micro(gain: SignedUsdMicro, cost: &Cost, sol_usd: Option<f64>) -> i64 {
    let lamports = cost.fee_lamports.saturating_add(cost.tip_lamports) as f64;
    let cost = sol_usd.map_or(0.0, |usd| lamports * usd / 1e3);
    i64::try_from(gain.get()).unwrap_or(i64::MAX).saturating_sub(cost.ceil() as i64)
}

#[cfg(test)]
mod tests {
    use plimsoll_risk::units::UsdMicro;

    use super::*;

    fn config() -> SendConfig {
        SendConfig {
            fee_least_micro_lamports: 1_000,
            fee_most_micro_lamports: 50_000,
            fee_raise_percent: 50,
            ..SendConfig::default()
        }
    }

    #[test]
    fn every_bid_is_above_the_one_before_follows_what_others_pay_and_ends_at_the_bound() {
        let mut bids = Bids::new(&config(), 200_000, 5_000, None);
        let bid = [0, 0, 9_000, 8_000, 49_000, 0].map(|recent| bids.next(recent));
        assert_eq!(bid, [1_000, 1_500, 9_000, 13_500, 49_000, 50_000]);
        let mut from_nothing = Bids::new(&SendConfig { fee_least_micro_lamports: 0, ..config() }, 1, 0, None);
        assert_eq!([0, 0, 0, 0].map(|recent| from_nothing.next(recent)), [0, 1, 2, 3]);
    }

    #[test]
    fn no_bid_makes_a_transaction_cost_more_than_what_is_at_stake() {
        for (stake, units, other) in
            [(20_000u64, 300_000u32, 6_000u64), (1_000_000, 300_000, 5_000), (5_000, 10, 5_000)]
        {
            let mut bids = Bids::new(&config(), units, other, Some(stake));
            for recent in [0, 1_000_000, u64::MAX] {
                let cost = other + priority_lamports_up(bids.next(recent), units);
                assert!(cost <= stake, "{cost} of {stake}");
            }
        }
        let mut large = Bids::new(&config(), 300_000, 5_000, Some(10_000_000));
        assert_eq!(large.next(u64::MAX), 9_995_000 * 1_000_000 / 300_000, "a large gain goes above what cranks pay");
        assert_eq!(
            Bids::new(&config(), 300_000, 6_000, Some(5_000)).next(700),
            0,
            "less is at stake than the signature costs"
        );
    }

    #[test]
    fn what_a_liquidation_costs_is_taken_off_its_gain() {
        let gain = UsdMicro::new(50_000).less(UsdMicro::ZERO);
        let cost = Cost { fee_lamports: 5_060, tip_lamports: 1_000 };
        // 6,060 lamports at 200 dollars a SOL are 1,212 micro-dollars.
        assert_eq!(net_gain_usd_micro(gain, &cost, Some(200.0)), 48_788);
        assert_eq!(net_gain_usd_micro(gain, &cost, None), 50_000);
        assert_eq!(net_gain_usd_micro(UsdMicro::ZERO.less(UsdMicro::ZERO), &cost, Some(200.0)), -1_212);
    }

    #[test]
    fn a_share_of_a_gain_is_counted_in_lamports_and_a_loss_has_none() {
        let gain = |micro: u64| UsdMicro::new(micro).less(UsdMicro::ZERO);
        assert_eq!(stake_lamports_down(gain(2_000_000), 250_000, 200.0), Some(2_500_000));
        assert_eq!(stake_lamports_down(UsdMicro::ZERO.less(UsdMicro::new(5)), 250_000, 200.0), Some(0));
        assert_eq!(stake_lamports_down(gain(2_000_000), 250_000, 0.0), None, "the price of SOL is not known");
    }
}

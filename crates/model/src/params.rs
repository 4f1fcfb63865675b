//! The parameters that the formulas need, with their defaults (docs/math.md, Parameters).

use crate::rational::{int, ppm, ratio, Q};

/// Defaults of docs/math.md. Times in seconds, everything else a ratio of one or dollars.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// p0: penalty at the start of the auction.
    pub p0: Q,
    /// pcap: penalty at the ceiling of the auction.
    pub pcap: Q,
    /// T_a: seconds from p0 to pcap.
    pub auction_secs: Q,
    /// s: slope of the depth term.
    pub depth_slope: Q,
    /// k: factor kept below the improvement bound.
    pub k: Q,
    /// c: insurance share of a penalty.
    pub insurance_share: Q,
    /// p_floor: what the cheapest liquidation costs a liquidator.
    pub p_floor: Q,
    /// p_wd and the seconds its own clock takes to reach it.
    pub p_wd: Q,
    /// Seconds in which the wind-down penalty rises to its ceiling.
    pub wind_down_secs: Q,
    /// Largest h that enters p_max.
    pub h_ceiling: Q,
    /// Share of the best leg's m that an admissible leg must have; smallest leg as a share of G.
    pub best_leg_share: Q,
    /// Legs below this share of G set no best leg, unless all are.
    pub best_leg_min_of_gross: Q,
    /// Dust value in dollars.
    pub dust: Q,
    /// z, z': widths in sigmas.
    pub z: Q,
    /// Width of the age term of an edge, sigmas.
    pub z_age: Q,
    /// Largest edge of a leg.
    pub b_max: Q,
    /// w_pnl at maintenance and target; at initial it is zero and not a parameter.
    pub w_pnl: Q,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            p0: ppm(1_000),
            pcap: ppm(50_000),
            auction_secs: int(40),
            depth_slope: ppm(250_000),
            k: ppm(800_000),
            insurance_share: ppm(250_000),
            p_floor: ppm(1_000),
            p_wd: ppm(10_000),
            wind_down_secs: int(120),
            h_ceiling: ratio(1, 2),
            best_leg_share: ppm(900_000),
            best_leg_min_of_gross: ppm(10_000),
            dust: int(10),
            z: int(2),
            z_age: int(3),
            b_max: ppm(200_000),
            w_pnl: int(1),
        }
    }
}

impl Params {
    /// `e = p_floor / (k·(1-c))`: the regime boundary (WINDDOWN-2).
    pub fn regime_boundary(&self) -> Q {
        &self.p_floor / (&self.k * (int(1) - &self.insurance_share))
    }
}

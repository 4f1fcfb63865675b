//! Before the crash: listing, two hours of calm prices, deposits, positions, borrows.

use plimsoll_risk::params::GlobalParams;

use crate::data::E8;
use crate::engine::Engine;
use crate::feed_plan::Quote;
use crate::listing::{atoms_of_usd_down, units_of_usd_down, BANKS, MARKETS};
use crate::measure::Meter;
use crate::population::Population;
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::strategy::LIQUIDATORS;
use crate::world::{Trader, World};

/// Slow averages are ready after twice their time constant, two hours.
const WARM_UP_SECS: i64 = 7_320;
const WARM_UP_STEP_SECS: i64 = 60;
/// Noise of the calm price, one sigma as a fraction per step.
const CALM_NOISE: f64 = 0.0004;
/// Capital of the account that takes the other side of closing liquidators, dollars.
const MAKER_USD: u64 = 20_000_000;
/// Deposits of the lenders' kind that keep the settlement token liquid, dollars.
const LEAST_LIQUIDITY_USD: u64 = 2_000_000;

//! The engine's parameters, their defaults (docs/math.md), bounds and the conditions between them.
//!
//! Every writer of a parameter, a weight, a rate or a calibration calls `Registry::check_listings` of `plimsoll-state`,
//! which walks what is listed and asks the functions here; nothing else decides what may be listed.

mod auction;
mod breakers;
mod changes;
mod contradiction;
mod draws;
mod field;
mod legs;
mod lending;
mod observation;
mod perps;
mod prices;
mod rates;
mod targets;
#[cfg(test)]
mod tests;
mod weights;
mod wind_down;

pub use auction::AuctionParams;
pub use breakers::BreakerParams;
pub use changes::{ChangeParams, SHORTEST_CHANGE_DELAY};
pub use contradiction::Contradiction;
pub use draws::DrawParams;
pub use field::{Bound, Field, Group};
pub use legs::LegParams;
pub use lending::LendingParams;
pub use observation::ObservationParams;
pub use perps::PerpParams;
pub use prices::PriceParams;
pub use rates::MarketRates;
pub use targets::TargetParams;
pub use weights::{pair_rate_ppm, TokenWeights};
pub use wind_down::WindDownParams;

use crate::ratchet::{Change, Ratcheted};
use crate::units::{Ppm, UsdMicro};

/// Seconds in a year of 365 days, the year of every annual rate.
pub const SECS_PER_YEAR: u64 = 31_536_000;
/// Bank slots of an engine.
pub const MAX_BANKS: usize = 64;
/// Market slots of an engine.
pub const MAX_MARKETS: usize = 32;
/// Price slots of an engine.
pub const MAX_PRICES: usize = 64;
/// Token positions of a margin account.
pub const MAX_TOKEN_POSITIONS: usize = 16;
/// Derivative positions of a margin account.
pub const MAX_DERIVATIVE_POSITIONS: usize = 16;
/// Venues a margin account can approve.
pub const MAX_ACCOUNT_VENUES: usize = 4;
/// The largest position of a market, in base units (FILL-3).
pub const MAX_BASE_UNITS: u64 = 1 << 43;
/// The largest amount a ledger balance, cap or fill may name, in atoms: `cap / index floor` stays below 2^62.
pub const MAX_ATOMS: u64 = 1 << 52;
/// A deposit index is at least 2^-10 (48 fraction bits); at the floor the bank is terminal.
pub const DEPOSIT_INDEX_FLOOR: u64 = 1 << 38;
/// One, as an index: 48 fraction bits.
pub const INDEX_ONE: u64 = 1 << 48;
/// Highest annual borrow rate a curve may reach, ppm: 300 %.
pub const MAX_ANNUAL_RATE_PPM: u32 = 3_000_000;
/// The largest value a single position may reach at its caps: a tenth of what a value can hold.
pub const MAX_POSITION_VALUE: UsdMicro = UsdMicro::new(u64::MAX / 10);

/// Hands the list of the groups to the macro `$with`: name, struct, program's argument.
#[macro_export]
macro_rules! params_groups {
    ($with:ident) => {
        $with! {
            /// The auction.
            auction: AuctionParams, AuctionArgs;
            /// Wind-down.
            wind_down: WindDownParams, WindDownArgs;
            /// Legs.
            legs: LegParams, LegArgs;
            /// Targets.
            targets: TargetParams, TargetArgs;
            /// Who is under water.
            observation: ObservationParams, ObservationArgs;
            /// Prices.
            prices: PriceParams, PriceArgs;
            /// Perps.
            perps: PerpParams, PerpArgs;
            /// Banks.
            lending: LendingParams, LendingArgs;
            /// Changes.
            changes: ChangeParams, ChangeArgs;
            /// Insurance.
            draws: DrawParams, DrawArgs;
            /// Breakers.
            breakers: BreakerParams, BreakerArgs;
        }
    };
}

macro_rules! global {
    ($($(#[doc = $doc:literal])+ $group:ident: $Group:ident, $Args:ident;)+) => {
        /// Parameters of the whole engine, stored in the registry's header. `ppm` are parts per million of one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(C)]
        pub struct GlobalParams {
            $($(#[doc = $doc])+ pub $group: $Group,)+
        }

        impl GlobalParams {
            /// The defaults, as docs/math.md lists them.
            pub const DEFAULT: Self = Self { $($group: $Group::DEFAULT,)+ };

            /// Every group with its parameters, in order.
            pub const GROUPS: &'static [Group] = &[$($Group::TABLE),+];

            /// Whether the room of every group is zero.
            pub fn room_is_zero(&self) -> bool {
                $(self.$group._reserved.iter().all(|word| *word == 0))&&+
            }

            /// The same with each that ramps as it is in force: what may be written now.
            #[must_use]
            pub fn landing(self, in_force: &Self) -> Self {
                Self { $($group: self.$group.landing(&in_force.$group),)+ }
            }

            /// Checks every bound.
            ///
            /// # Errors
            /// [`Contradiction::BOUNDS`].
            #[inline(never)]
            pub fn validate(&self) -> Result<(), Contradiction> {
                Contradiction::BOUNDS.unless($(self.$group.is_within_bounds(self))&&+)
            }
        }

        impl Ratcheted for GlobalParams {
            fn changes(&self, asked: &Self, each: &mut dyn FnMut(Change)) {
                $(self.$group.changes(&asked.$group, each);)+
            }
        }
    };
}
params_groups!(global);

impl GlobalParams {
    /// Every parameter, in order.
    pub fn fields() -> impl Iterator<Item = &'static Field> {
        Self::GROUPS.iter().flat_map(|group| group.fields)
    }

    /// The parameter of this name.
    pub fn field(name: &str) -> Option<&'static Field> {
        Self::fields().find(|field| field.name == name)
    }

    /// These parameters with a change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// e: below `NAV = e * G` an account is wound down, rounded up.
    ///
    /// `e = p_floor / (k * (1 - c))`, so whoever can be cured pays a liquidator for it (WINDDOWN-2).
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "within the bounds: at most 2e5 times 10^12, divided by at least 1e5 times 1e5, is at most 2e7"
    )]
    pub const fn wind_down_boundary_ppm_up(&self) -> Ppm {
        let denominator = self.auction.improvement_factor().times(self.auction.insurance_share().rest());
        let floor = self.auction.penalty_floor().times(Ppm::WHOLE) * Ppm::WHOLE.get() as u64;
        Ppm::new(floor.div_ceil(denominator) as u32)
    }
}

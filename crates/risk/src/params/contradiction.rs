//! The conditions that a listing or a parameter can break.

use crate::error::RiskError;

/// A condition of a listing or between parameters that does not hold, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction(pub &'static str);

macro_rules! contradictions {
    ($($name:ident = $text:literal,)+) => {
        /// Each condition, as the log names it.
        #[expect(missing_docs, reason = "the text says what the condition is")]
        impl Contradiction {
            $(pub const $name: Self = Self($text);)+
        }
    };
}

contradictions! {
    BOUNDS = "a parameter leaves its bounds",
    PNL_WEIGHT = "w_pnl exceeds the asset weight of quote",
    WEIGHTS_ORDER = "weights are out of order",
    WEIGHTS_GAP = "target weights are too near to maintenance",
    RATES_ORDER = "rates are out of order",
    RATES_GAP = "a target rate is too near to maintenance",
    WIND_DOWN_WEIGHT = "a wind-down costs more than a rate releases",
    UNCALIBRATED = "a price lacks its calibration",
    RATE_FALLS = "a rate does not survive the fastest fall",
    RATE_INITIAL = "an initial rate does not survive a fall over risk age and cool-off",
    RATE_CEILING = "a market's highest penalty does not pay a liquidator",
    FEE_RANGE = "a fee is below the floor to insurance or too high",
    FEE_LOWERS = "a fee lowers the ratio of who reduces",
    PAIR_FALLS = "a pair's weights do not survive the fastest falls",
    PAIR_INITIAL = "a pair's initial weights do not survive falls over risk age and cool-off",
    PAIR_CEILING = "a pair's highest penalty does not pay a liquidator",
    ATOM_VALUE = "an atom is worth more than a hundredth of dust",
    FUNDING_RANGE = "the largest funding rate cannot be stored",
    PRICE_MISSING = "something is listed without a price",
    DELAY = "changes wait less than a day on an engine that is not for a test cluster",
    FIRST_WEIGHT = "a new bank begins with an initial asset weight of zero",
}

impl Contradiction {
    /// This contradiction where the condition does not hold.
    ///
    /// # Errors
    /// Itself.
    #[inline(always)]
    pub const fn unless(self, holds: bool) -> Result<(), Self> {
        if holds {
            Ok(())
        } else {
            Err(self)
        }
    }
}

impl From<Contradiction> for RiskError {
    fn from(_: Contradiction) -> Self {
        Self::ParameterOutOfBounds
    }
}

//! Numbers for what can go wrong: the program's own error codes, and a few for bytes that are not accounts.

use plimsoll_risk::RiskError;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Refused {
    /// The first account's bytes are not a margin account.
    NotAMarginAccount = 1,
    /// The second account's bytes are not a registry.
    NotARegistry = 2,
    /// The third account's bytes are not a price board.
    NotABoard = 3,
    /// The request names no leg, or a price slot that is not listed.
    NotARequest = 4,
    /// The bytes are not a bank.
    NotABank = 5,
    /// The bytes are not a market.
    NotAMarket = 6,
    /// Liquidations are paused: `Paused` of the program.
    Paused = 6004,
    /// The accounts belong to different engines: `EngineMismatch` of the program.
    EngineMismatch = 6005,
    /// Only resolving and repaying work: `AccountBankrupt` of the program.
    AccountBankrupt = 6006,
    /// An account's layout is of another version: `VersionUnknown` of the program.
    VersionUnknown = 6013,
    /// At most nothing may be taken: `AmountZero` of the program.
    AmountZero = 6400,
}

impl From<Refused> for u32 {
    fn from(refused: Refused) -> Self {
        refused as u32
    }
}

/// The program's error code for a reason of the risk crate.
pub const fn engine_code(reason: RiskError) -> u32 {
    match reason {
        RiskError::NumberOutOfRange => 6203,
        RiskError::ParameterOutOfBounds => 6700,
        RiskError::PriceNotPositive => 6105,
        RiskError::PriceExponentOutOfRange => 6106,
        RiskError::PriceStale => 6107,
        RiskError::PriceFromFuture => 6108,
        RiskError::PriceNotFirstOfSecond => 6109,
        RiskError::PriceNotVerified => 6104,
        RiskError::PriceNotReady => 6110,
        RiskError::AccountHealthy => 6300,
        RiskError::AccountAlreadyCured => 6301,
        RiskError::CoolOff => 6302,
        RiskError::LegPriceInvalid => 6303,
        RiskError::NotBestLeg => 6304,
        RiskError::BelowLimit => 6305,
        RiskError::FillTooSmall => 6306,
        RiskError::LeavesDust => 6307,
        RiskError::LegEmpty => 6308,
        RiskError::AssetIsLiability => 6310,
        RiskError::AfterCheckFailed => 6311,
        RiskError::MarginInsufficient => 6200,
        RiskError::PositionTooLarge => 6502,
        RiskError::EpochRingFull => 6504,
        RiskError::EpochMissing => 6014,
        RiskError::TotalsRequired => 6312,
        RiskError::PositionTableFull => 6501,
        RiskError::NotBankrupt => 6600,
        RiskError::AssetsRemain => 6601,
        RiskError::PerpsRemain => 6602,
        RiskError::WrongStage => 6603,
        RiskError::QuoteBorrowFirst => 6604,
        RiskError::LossKnown => 6606,
        RiskError::InsuranceDrawn => 6205,
        RiskError::InsuranceWithinTarget => 6607,
        RiskError::NothingOwed => 6411,
        RiskError::BankTerminal => 6408,
        RiskError::BorrowCapReached => 6405,
        RiskError::OutflowLimited => 6414,
        RiskError::CapGrowthLimited => 6806,
        RiskError::AmountZero => 6400,
        RiskError::BalanceInsufficient => 6402,
        RiskError::TokenTableFull => 6406,
        RiskError::NothingToSettle => 6507,
        RiskError::MarketInDeficit => 6511,
        RiskError::Paused => 6004,
        RiskError::ReduceOnly => 6407,
        RiskError::SlotEmpty => 6706,
        RiskError::StatusUnknown => 6014,
        RiskError::BankMismatch => 6413,
        RiskError::PositionMissing => 6509,
    }
}

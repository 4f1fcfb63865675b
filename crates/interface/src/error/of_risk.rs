//! What the engine answers where a pure decision refuses.

use plimsoll_risk::params::Contradiction;
use plimsoll_risk::RiskError;

use super::EngineError;

/// Of a condition that does not hold.
impl From<Contradiction> for EngineError {
    fn from(_: Contradiction) -> Self {
        Self::ParameterOutOfBounds
    }
}

/// Of a pure decision: the error of the same name.
impl From<RiskError> for EngineError {
    #[cold]
    #[inline(never)]
    fn from(error: RiskError) -> Self {
        match error {
            RiskError::NumberOutOfRange => Self::NumberOutOfRange,
            RiskError::ParameterOutOfBounds => Self::ParameterOutOfBounds,
            RiskError::PriceNotPositive => Self::PriceNotPositive,
            RiskError::PriceExponentOutOfRange => Self::PriceExponentOutOfRange,
            RiskError::PriceStale => Self::PriceStale,
            RiskError::PriceFromFuture => Self::PriceFromFuture,
            RiskError::PriceNotFirstOfSecond => Self::PriceNotFirstOfSecond,
            RiskError::PriceNotVerified => Self::PriceNotVerified,
            RiskError::PriceNotReady => Self::PriceNotReady,
            RiskError::AccountHealthy => Self::AccountHealthy,
            RiskError::AccountAlreadyCured => Self::AccountAlreadyCured,
            RiskError::CoolOff => Self::CoolOff,
            RiskError::LegPriceInvalid => Self::LegPriceInvalid,
            RiskError::NotBestLeg => Self::NotBestLeg,
            RiskError::BelowLimit => Self::BelowLimit,
            RiskError::FillTooSmall => Self::FillTooSmall,
            RiskError::LeavesDust => Self::LeavesDust,
            RiskError::LegEmpty => Self::LegEmpty,
            RiskError::AssetIsLiability => Self::AssetIsLiability,
            RiskError::AfterCheckFailed => Self::AfterCheckFailed,
            RiskError::MarginInsufficient => Self::InitialMarginInsufficient,
            RiskError::PositionTooLarge => Self::PositionTooLarge,
            RiskError::EpochRingFull => Self::EpochRingFull,
            RiskError::EpochMissing => Self::InvariantBroken,
            RiskError::TotalsRequired => Self::TotalsRequired,
            RiskError::PositionTableFull => Self::PositionTableFull,
            RiskError::NotBankrupt => Self::NotBankrupt,
            RiskError::AssetsRemain => Self::AssetsRemain,
            RiskError::PerpsRemain => Self::PerpsRemain,
            RiskError::WrongStage => Self::WrongStage,
            RiskError::QuoteBorrowFirst => Self::QuoteBorrowFirst,
            RiskError::LossKnown => Self::LossKnown,
            RiskError::InsuranceDrawn => Self::DrawdownBreakerTripped,
            RiskError::InsuranceWithinTarget => Self::InsuranceWithinTarget,
            RiskError::NothingOwed => Self::NothingOwed,
            RiskError::BankTerminal => Self::BankTerminal,
            RiskError::BorrowCapReached => Self::BorrowCapReached,
            RiskError::OutflowLimited => Self::OutflowLimited,
            RiskError::CapGrowthLimited => Self::CapGrowthLimited,
            RiskError::AmountZero => Self::AmountZero,
            RiskError::BalanceInsufficient => Self::BalanceInsufficient,
            RiskError::TokenTableFull => Self::TokenTableFull,
            RiskError::NothingToSettle => Self::NothingToSettle,
            RiskError::MarketInDeficit => Self::MarketInDeficit,
            RiskError::Paused => Self::Paused,
            RiskError::ReduceOnly => Self::ReduceOnly,
            RiskError::SlotEmpty => Self::SlotEmpty,
            RiskError::StatusUnknown => Self::InvariantBroken,
            RiskError::BankMismatch => Self::BankMismatch,
            RiskError::PositionMissing => Self::PositionMissing,
        }
    }
}

//! The module's error codes are the program's.

use plimsoll::EngineError;
use plimsoll_risk::RiskError;
use plimsoll_wasm::{engine_code, Refused};

/// Every reason; one that is missing here does not compile.
fn reasons() -> Vec<RiskError> {
    macro_rules! all {
        ($($name:ident),+ $(,)?) => {{
            #[allow(dead_code, reason = "only has to compile")]
            fn complete(reason: RiskError) {
                match reason { $(RiskError::$name => {}),+ }
            }
            vec![$(RiskError::$name),+]
        }};
    }
    all![
        NumberOutOfRange,
        ParameterOutOfBounds,
        PriceNotPositive,
        PriceExponentOutOfRange,
        PriceStale,
        PriceFromFuture,
        PriceNotFirstOfSecond,
        PriceNotVerified,
        PriceNotReady,
        AccountHealthy,
        AccountAlreadyCured,
        CoolOff,
        LegPriceInvalid,
        NotBestLeg,
        BelowLimit,
        FillTooSmall,
        LeavesDust,
        LegEmpty,
        AssetIsLiability,
        AfterCheckFailed,
        MarginInsufficient,
        PositionTooLarge,
        EpochRingFull,
        EpochMissing,
        TotalsRequired,
        PositionTableFull,
        NotBankrupt,
        AssetsRemain,
        PerpsRemain,
        WrongStage,
        QuoteBorrowFirst,
        LossKnown,
        InsuranceDrawn,
        InsuranceWithinTarget,
        NothingOwed,
        BankTerminal,
        BorrowCapReached,
        OutflowLimited,
        CapGrowthLimited,
        AmountZero,
        BalanceInsufficient,
        TokenTableFull,
        NothingToSettle,
        MarketInDeficit,
        Paused,
        ReduceOnly,
        SlotEmpty,
        StatusUnknown,
        BankMismatch,
        PositionMissing,
    ]
}

#[test]
fn every_reason_has_the_code_that_the_program_answers_with() {
    for reason in reasons() {
        assert_eq!(engine_code(reason), EngineError::from(reason) as u32, "{reason:?}");
    }
}

#[test]
fn what_is_refused_before_the_plan_has_the_programs_codes_too() {
    let pairs = [
        (Refused::Paused, EngineError::Paused),
        (Refused::EngineMismatch, EngineError::EngineMismatch),
        (Refused::AccountBankrupt, EngineError::AccountBankrupt),
        (Refused::VersionUnknown, EngineError::VersionUnknown),
        (Refused::AmountZero, EngineError::AmountZero),
    ];
    for (ours, programs) in pairs {
        assert_eq!(ours as u32, programs as u32, "{ours:?}");
    }
}

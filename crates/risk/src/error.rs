//! Why a pure decision could not be made. The program maps each variant to one of its fixed codes.

/// The fact that stopped a computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RiskError {
    /// A number left the range that its representation can hold.
    NumberOutOfRange,
    /// A parameter violates its own bound or a condition between parameters.
    ParameterOutOfBounds,
    /// The price is not strictly positive.
    PriceNotPositive,
    /// The price's exponent is outside what the engine can represent.
    PriceExponentOutOfRange,
    /// The update is older than the write age allows.
    PriceStale,
    /// The update is published further ahead of the clock than allowed.
    PriceFromFuture,
    /// The update is not the first of its second although the caller chose the account.
    PriceNotFirstOfSecond,
    /// The price is only partially verified and must be verified fully.
    PriceNotVerified,
    /// The moving averages have not seen enough updates for adding risk.
    PriceNotReady,
    /// The account is at or above its maintenance requirement.
    AccountHealthy,
    /// The account was under water but has been restored since (below target, at or above maintenance).
    AccountAlreadyCured,
    /// The account passed an initial check too recently.
    CoolOff,
    /// A leg that the request needs has no valid price.
    LegPriceInvalid,
    /// Another leg must be liquidated first.
    NotBestLeg,
    /// The liquidator's limit price is not reached.
    BelowLimit,
    /// The fill is smaller than the caller's minimum, or rounds to nothing.
    FillTooSmall,
    /// The caller's maximum would leave dust behind.
    LeavesDust,
    /// The leg holds nothing that can be taken or repaid.
    LegEmpty,
    /// The asset and the liability are the same leg.
    AssetIsLiability,
    /// The state after the fill fails the check of its regime.
    AfterCheckFailed,
    /// The account would end below the margin it needs.
    MarginInsufficient,
    /// A position would exceed the largest size the numbers can hold.
    PositionTooLarge,
    /// The side has no free ring entry for a new epoch.
    EpochRingFull,
    /// A position names an epoch that its side no longer knows; no instruction leaves that behind.
    EpochMissing,
    /// Totals change and were not passed.
    TotalsRequired,
    /// The account has no free place for another position.
    PositionTableFull,
    /// The account is not bankrupt.
    NotBankrupt,
    /// The account still holds assets that must go first.
    AssetsRemain,
    /// The account still holds perps that can be liquidated.
    PerpsRemain,
    /// The call belongs to another stage of the resolution.
    WrongStage,
    /// The quote borrow must be paid first.
    QuoteBorrowFirst,
    /// A known loss is not covered by insurance, and not booked yet.
    LossKnown,
    /// So much insurance was drawn lately that none may be taken out.
    InsuranceDrawn,
    /// The insurance is not above its target or its floor.
    InsuranceWithinTarget,
    /// The account owes nothing in this bank.
    NothingOwed,
    /// The index has reached its floor; the bank is terminal.
    BankTerminal,
    /// More would be lent than the bank's cap, its status or a pause allows.
    BorrowCapReached,
    /// More would leave the bank than it lets out within an hour or a day.
    OutflowLimited,
    /// A cap would rise sooner after the last time, or to more, than caps may.
    CapGrowthLimited,
    /// No share moves by this amount.
    AmountZero,
    /// The balance is smaller than what is taken of it.
    BalanceInsufficient,
    /// The account has no free place for another balance.
    TokenTableFull,
    /// Nothing can be paid or cancelled.
    NothingToSettle,
    /// The market has a deficit, which its own claim is set off against first.
    MarketInDeficit,
    /// What the call needs is paused.
    Paused,
    /// The bank accepts nothing that grows a position.
    ReduceOnly,
    /// Nothing is listed in the slot.
    SlotEmpty,
    /// A stored status has no meaning; no instruction leaves that behind.
    StatusUnknown,
    /// The bank is not the one that the call needs.
    BankMismatch,
    /// The account holds no position in this market.
    PositionMissing,
}

/// Result of a pure decision.
pub type RiskResult<T> = Result<T, RiskError>;

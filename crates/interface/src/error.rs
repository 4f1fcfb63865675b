//! Codes with which the engine refuses, by name. Anchor's own (2000 to 4999) are those of failed account checks.

macro_rules! errors {
    ($($(#[doc = $text:literal])+ $name:ident = $code:literal,)+) => {
        /// Why the engine refused: the code of a custom program error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum EngineError {
            $($(#[doc = $text])+ $name = $code,)+
        }

        impl EngineError {
            /// Every error, in the order of codes.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The error with this code; none where it is not one of the engine's.
            pub const fn from_code(code: u32) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// Name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
}

impl EngineError {
    /// The code.
    pub const fn code(self) -> u32 {
        self as u32
    }
}

errors! {
    /// The signer is not the engine's authority.
    NotAuthority = 6000,
    /// The signer is not the account's owner.
    NotOwner = 6001,
    /// The signer is neither the account's owner nor its delegate.
    NotOwnerOrDelegate = 6002,
    /// The signer is not the proposed authority.
    NotPendingAuthority = 6003,
    /// This action is paused.
    Paused = 6004,
    /// The account belongs to another engine.
    EngineMismatch = 6005,
    /// The account is bankrupt: only resolve and repay work.
    AccountBankrupt = 6006,
    /// The margin account still holds balances or positions.
    AccountNotEmpty = 6007,
    /// The venue is not approved by the account's owner.
    VenueNotApproved = 6008,
    /// The venue is not registered, not active or may not do this.
    VenueInactive = 6009,
    /// The account's list of venues is full.
    VenuesFull = 6010,
    /// The two margin accounts are the same.
    SameAccount = 6011,
    /// The signer may set pause bits but not clear them.
    PauseOnly = 6012,
    /// The layout version is unknown to this program.
    VersionUnknown = 6013,
    /// The account's data is not what an instruction leaves behind.
    InvariantBroken = 6014,
    /// The account is already complete.
    AlreadyComplete = 6015,
    /// The account is not the one this engine names.
    AccountMismatch = 6016,
    /// The account receiving the rent is not the one that paid it.
    RentReceiverMismatch = 6017,
    /// The account has this program's layout version already.
    LayoutCurrent = 6018,
    /// The delegate has no right to liquidate.
    DelegateMayNotLiquidate = 6019,
    /// The delegate has no right to deposit.
    DelegateMayNotDeposit = 6020,
    /// The delegate has no right to trade.
    DelegateMayNotTrade = 6021,
    /// The rights name one that this program does not know.
    DelegateRightUnknown = 6022,
    /// A delegate needs at least one right.
    DelegateRightsEmpty = 6023,
    /// A right to trade needs a limit a day, and only it has one.
    DelegateLimitMismatch = 6024,
    /// An approval names markets, and none that the venue does not settle now.
    ApprovalMarketsInvalid = 6025,
    /// An approval ends in the future, at most 366 days ahead.
    ApprovalExpiryInvalid = 6026,
    /// The owner's approval of the venue has expired.
    VenueApprovalExpired = 6027,
    /// The price account's owner is not the pinned program.
    OracleOwnerMismatch = 6100,
    /// The price account's address is not the pinned one.
    OracleAddressMismatch = 6101,
    /// The price account's type is not a price of this source.
    OracleTypeMismatch = 6102,
    /// The feed is not the pinned one.
    OracleFeedMismatch = 6103,
    /// The update is only partially verified.
    PriceNotVerified = 6104,
    /// The price is not strictly positive.
    PriceNotPositive = 6105,
    /// The price's exponent is out of range.
    PriceExponentOutOfRange = 6106,
    /// The price is stale.
    PriceStale = 6107,
    /// The update is published in the future.
    PriceFromFuture = 6108,
    /// The update is not the first of its second.
    PriceNotFirstOfSecond = 6109,
    /// The averages have not seen enough updates.
    PriceNotReady = 6110,
    /// The Switchboard queue is not the pinned one.
    OracleQueueMismatch = 6111,
    /// The Switchboard result has too few samples.
    OracleTooFewSamples = 6112,
    /// The secondary source needs the pinned primary in the same instruction.
    PrimaryMissing = 6113,
    /// The primary source is not stale, so the secondary does not count.
    PrimaryNotStale = 6114,
    /// No price is listed in this slot.
    PriceSlotEmpty = 6115,
    /// The account would end below its initial margin.
    InitialMarginInsufficient = 6200,
    /// The account would end below its maintenance margin.
    MaintenanceMarginInsufficient = 6201,
    /// The account's margin ratio would fall.
    MarginRatioFalls = 6202,
    /// A number leaves the range the engine can represent.
    NumberOutOfRange = 6203,
    /// The account is healthy.
    AccountHealthy = 6300,
    /// The account is already cured.
    AccountAlreadyCured = 6301,
    /// The account has just passed an initial check.
    CoolOff = 6302,
    /// A leg of the request has no valid price.
    LegPriceInvalid = 6303,
    /// Another leg must be liquidated first.
    NotBestLeg = 6304,
    /// The limit price is not reached.
    BelowLimit = 6305,
    /// The fill is smaller than asked for, or rounds to nothing.
    FillTooSmall = 6306,
    /// The caller's maximum would leave dust behind.
    LeavesDust = 6307,
    /// The leg holds nothing to take or repay.
    LegEmpty = 6308,
    /// Liquidator and liquidatee are the same account.
    SelfLiquidation = 6309,
    /// Asset and liability are the same.
    AssetIsLiability = 6310,
    /// The fill would not leave the account better.
    AfterCheckFailed = 6311,
    /// A bank or market whose totals change was not passed.
    TotalsRequired = 6312,
    /// The liquidator would end below its initial margin.
    LiquidatorMarginInsufficient = 6313,
    /// The amount is zero or rounds to nothing.
    AmountZero = 6400,
    /// The amount exceeds what the ledger can hold.
    AmountTooLarge = 6401,
    /// The balance is smaller than the amount.
    BalanceInsufficient = 6402,
    /// The bank has too little free liquidity.
    LiquidityInsufficient = 6403,
    /// The bank's deposit cap is reached.
    DepositCapReached = 6404,
    /// The bank's borrow cap is reached.
    BorrowCapReached = 6405,
    /// The account's table of balances is full.
    TokenTableFull = 6406,
    /// The bank accepts nothing that grows a position.
    ReduceOnly = 6407,
    /// The bank is terminal: repay and withdraw only.
    BankTerminal = 6408,
    /// The token account is not the bank's vault.
    VaultMismatch = 6409,
    /// The mint is not the bank's.
    MintMismatch = 6410,
    /// The account owes nothing in this bank.
    NothingOwed = 6411,
    /// The vault moved by another amount than was booked.
    VaultDeltaMismatch = 6412,
    /// The bank is not the one the position names.
    BankMismatch = 6413,
    /// The fill's price lies outside the band around the board's price.
    PriceOutsideBand = 6500,
    /// The account's table of positions is full.
    PositionTableFull = 6501,
    /// The position would exceed the largest size.
    PositionTooLarge = 6502,
    /// The market's open-interest cap is reached.
    OpenInterestCapReached = 6503,
    /// The side has ended too many epochs that positions still refer to.
    EpochRingFull = 6504,
    /// The reported premium exceeds its bound.
    PremiumOutOfBounds = 6505,
    /// The venue's approved notional is used up.
    VenueNotionalExceeded = 6506,
    /// There is no PnL to settle at these prices.
    NothingToSettle = 6507,
    /// The market is not the one the position names.
    MarketMismatch = 6508,
    /// The account holds no position in this market.
    PositionMissing = 6509,
    /// A side that reduces would be filled worse than spot while below maintenance.
    FillWorseThanSpot = 6510,
    /// The market has a deficit: only the owner can take a win.
    MarketInDeficit = 6511,
    /// The delegate's notional of this day is used up.
    DelegateLimitExceeded = 6512,
    /// A delegate's fill would be worse for the account than spot.
    DelegateWorseThanSpot = 6513,
    /// The account is not bankrupt.
    NotBankrupt = 6600,
    /// The account still holds assets above dust.
    AssetsRemain = 6601,
    /// The account still holds perps that can be liquidated.
    PerpsRemain = 6602,
    /// This call belongs to another stage of the resolution.
    WrongStage = 6603,
    /// The quote borrow must be paid first.
    QuoteBorrowFirst = 6604,
    /// Nothing waits to become insurance, or there is no liquidity for it.
    NothingToSweep = 6605,
    /// A parameter is out of bounds or contradicts another.
    ParameterOutOfBounds = 6700,
    /// The mint has an extension that is not on the list of allowed ones.
    MintExtensionNotAllowed = 6701,
    /// The mint's decimals or the value of its atom cannot be represented.
    MintNotRepresentable = 6702,
    /// The engine has no free slot of this kind.
    SlotsFull = 6703,
    /// The slot is not empty, or is not the next one.
    SlotTaken = 6704,
    /// A shorter average needs an engine created for a test cluster.
    TestClusterOnly = 6705,
    /// No bank or market is listed in this slot.
    SlotEmpty = 6706,
    /// A stored or passed enum value is unknown.
    UnknownValue = 6707,
}

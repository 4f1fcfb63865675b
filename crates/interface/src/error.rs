//! Errors with fixed codes, each naming the fact. Codes are grouped by subsystem and never reused; Anchor's own (2000 to 4999)
//! are those of failed account checks.

mod of_risk;

/// Bytes of a name or text; more than 255 do not compile.
#[expect(clippy::cast_possible_truncation, reason = "what is longer does not compile")]
const fn length(text: &str) -> u8 {
    assert!(text.len() <= u8::MAX as usize, "too long");
    text.len() as u8
}

/// Hands every error to a macro: text, name and code, in the order of codes. The program's IDL build makes Anchor's own
/// description of them.
#[macro_export]
macro_rules! with_engine_errors {
    ($given:ident) => {
        $given! {
            // Access: 6000
            #[msg("The signer is not the engine's authority")]
            NotAuthority = 6000,
            #[msg("The signer is not the account's owner")]
            NotOwner = 6001,
            #[msg("The signer is neither the account's owner nor its delegate")]
            NotOwnerOrDelegate = 6002,
            #[msg("The signer is not the proposed authority")]
            NotPendingAuthority = 6003,
            #[msg("This action is paused")]
            Paused = 6004,
            #[msg("The account belongs to another engine")]
            EngineMismatch = 6005,
            #[msg("The account is bankrupt: only resolve and repay work")]
            AccountBankrupt = 6006,
            #[msg("The margin account still holds balances or positions")]
            AccountNotEmpty = 6007,
            #[msg("The venue is not approved by the account's owner")]
            VenueNotApproved = 6008,
            #[msg("The venue is not registered, not active or may not do this")]
            VenueInactive = 6009,
            #[msg("The account's list of venues is full")]
            VenuesFull = 6010,
            #[msg("The two margin accounts are the same")]
            SameAccount = 6011,
            #[msg("The guardian may stop something but not start it again")]
            PauseOnly = 6012,
            #[msg("The layout version is unknown to this program")]
            VersionUnknown = 6013,
            #[msg("The account's data is not what an instruction leaves behind")]
            InvariantBroken = 6014,
            #[msg("The account is already complete")]
            AlreadyComplete = 6015,
            #[msg("The account is not the one this engine names")]
            AccountMismatch = 6016,
            #[msg("The account receiving the rent is not the one that paid it")]
            RentReceiverMismatch = 6017,
            #[msg("The account has this program's layout version already")]
            LayoutCurrent = 6018,
            #[msg("The delegate has no right to liquidate")]
            DelegateMayNotLiquidate = 6019,
            #[msg("The delegate has no right to deposit")]
            DelegateMayNotDeposit = 6020,
            #[msg("The delegate has no right to trade")]
            DelegateMayNotTrade = 6021,
            #[msg("The rights name one that this program does not know")]
            DelegateRightUnknown = 6022,
            #[msg("A delegate needs at least one right")]
            DelegateRightsEmpty = 6023,
            #[msg("A right to trade needs a limit a day, and only it has one")]
            DelegateLimitMismatch = 6024,
            #[msg("An approval names markets, and none that the venue does not settle now")]
            ApprovalMarketsInvalid = 6025,
            #[msg("An approval ends in the future, at most 366 days ahead")]
            ApprovalExpiryInvalid = 6026,
            #[msg("The owner's approval of the venue has expired")]
            VenueApprovalExpired = 6027,
            #[msg("The guardian has asked for this four times in a row and may not again for a day")]
            PauseSpent = 6028,

            // Oracle: 6100
            #[msg("The price account's owner is not the pinned program")]
            OracleOwnerMismatch = 6100,
            #[msg("The price account's address is not the pinned one")]
            OracleAddressMismatch = 6101,
            #[msg("The price account's type is not a price of this source")]
            OracleTypeMismatch = 6102,
            #[msg("The feed is not the pinned one")]
            OracleFeedMismatch = 6103,
            #[msg("The update is only partially verified")]
            PriceNotVerified = 6104,
            #[msg("The price is not strictly positive")]
            PriceNotPositive = 6105,
            #[msg("The price's exponent is out of range")]
            PriceExponentOutOfRange = 6106,
            #[msg("The price is stale")]
            PriceStale = 6107,
            #[msg("The update is published in the future")]
            PriceFromFuture = 6108,
            #[msg("The update is not the first of its second")]
            PriceNotFirstOfSecond = 6109,
            #[msg("The averages have not seen enough updates")]
            PriceNotReady = 6110,
            #[msg("The Switchboard queue is not the pinned one")]
            OracleQueueMismatch = 6111,
            #[msg("The Switchboard result has too few samples")]
            OracleTooFewSamples = 6112,
            #[msg("The secondary source needs the pinned primary in the same instruction")]
            PrimaryMissing = 6113,
            #[msg("The primary source is not stale, so the secondary does not count")]
            PrimaryNotStale = 6114,
            #[msg("No price is listed in this slot")]
            PriceSlotEmpty = 6115,
            #[msg("The price is halted")]
            PriceHalted = 6116,
            #[msg("The price's breaker has tripped: no risk is added beside it")]
            PriceBreakerTripped = 6117,
            #[msg("The price has no standby source")]
            StandbyMissing = 6118,
            #[msg("The price comes from this source already")]
            SourceInUse = 6119,
            #[msg("This key has switched the price twice in a row and may not again for 24 slow time constants")]
            SwitchSpent = 6120,
            #[msg("The price is switched to its standby source, which counts alone")]
            OnStandby = 6121,

            // Margin: 6200
            #[msg("The account would end below its initial margin")]
            InitialMarginInsufficient = 6200,
            #[msg("The account would end below its maintenance margin")]
            MaintenanceMarginInsufficient = 6201,
            #[msg("The account's margin ratio would fall")]
            MarginRatioFalls = 6202,
            #[msg("A number leaves the range the engine can represent")]
            NumberOutOfRange = 6203,
            #[msg("So much was liquidated of this bank or market that nobody adds risk through it for a while")]
            ThroughputBreakerTripped = 6204,
            #[msg("So much insurance was drawn that nobody who owes there adds risk for a while, and none is taken out")]
            DrawdownBreakerTripped = 6205,

            // Liquidation: 6300
            #[msg("The account is not under water at spot and at the average")]
            AccountHealthy = 6300,
            #[msg("The account is already cured")]
            AccountAlreadyCured = 6301,
            #[msg("The account has just passed an initial check")]
            CoolOff = 6302,
            #[msg("A leg of the request has no valid price")]
            LegPriceInvalid = 6303,
            #[msg("Another leg must be liquidated first")]
            NotBestLeg = 6304,
            #[msg("The limit price is not reached")]
            BelowLimit = 6305,
            #[msg("The fill is smaller than asked for, or rounds to nothing")]
            FillTooSmall = 6306,
            #[msg("The caller's maximum would leave dust behind")]
            LeavesDust = 6307,
            #[msg("The leg holds nothing to take or repay")]
            LegEmpty = 6308,
            #[msg("Liquidator and liquidatee are the same account")]
            SelfLiquidation = 6309,
            #[msg("Asset and liability are the same")]
            AssetIsLiability = 6310,
            #[msg("The fill would not leave the account better")]
            AfterCheckFailed = 6311,
            #[msg("A bank or market whose totals change was not passed")]
            TotalsRequired = 6312,
            #[msg("The liquidator would end below its initial margin")]
            LiquidatorMarginInsufficient = 6313,

            // Funds: 6400
            #[msg("The amount is zero or rounds to nothing")]
            AmountZero = 6400,
            #[msg("The amount exceeds what the ledger can hold")]
            AmountTooLarge = 6401,
            #[msg("The balance is smaller than the amount")]
            BalanceInsufficient = 6402,
            #[msg("The bank has too little free liquidity")]
            LiquidityInsufficient = 6403,
            #[msg("The bank's deposit cap is reached")]
            DepositCapReached = 6404,
            #[msg("The bank's borrow cap is reached")]
            BorrowCapReached = 6405,
            #[msg("The account's table of balances is full")]
            TokenTableFull = 6406,
            #[msg("The bank accepts nothing that grows a position")]
            ReduceOnly = 6407,
            #[msg("The bank is terminal: repay and withdraw only")]
            BankTerminal = 6408,
            #[msg("The token account is not the bank's vault")]
            VaultMismatch = 6409,
            #[msg("The mint is not the bank's")]
            MintMismatch = 6410,
            #[msg("The account owes nothing in this bank")]
            NothingOwed = 6411,
            #[msg("The vault moved by another amount than was booked")]
            VaultDeltaMismatch = 6412,
            #[msg("The bank is not the one the position names")]
            BankMismatch = 6413,
            #[msg("More would leave the bank than it lets out within an hour or a day")]
            OutflowLimited = 6414,

            // Perps: 6500
            #[msg("The fill's price lies outside the band around the board's price")]
            PriceOutsideBand = 6500,
            #[msg("The account's table of positions is full")]
            PositionTableFull = 6501,
            #[msg("The position would exceed the largest size")]
            PositionTooLarge = 6502,
            #[msg("The market's open-interest cap is reached")]
            OpenInterestCapReached = 6503,
            #[msg("The side has ended too many epochs that positions still refer to")]
            EpochRingFull = 6504,
            #[msg("The reported premium exceeds its bound")]
            PremiumOutOfBounds = 6505,
            #[msg("The venue's approved notional is used up")]
            VenueNotionalExceeded = 6506,
            #[msg("There is no PnL to settle at these prices")]
            NothingToSettle = 6507,
            #[msg("The market is not the one the position names")]
            MarketMismatch = 6508,
            #[msg("The account holds no position in this market")]
            PositionMissing = 6509,
            #[msg("A side that reduces would be filled worse than spot while below maintenance")]
            FillWorseThanSpot = 6510,
            #[msg("The market has a deficit: only the owner can take a win")]
            MarketInDeficit = 6511,
            #[msg("The delegate's notional of this day is used up")]
            DelegateLimitExceeded = 6512,
            #[msg("A delegate's fill would be worse for the account than spot")]
            DelegateWorseThanSpot = 6513,

            // Bankruptcy: 6600
            #[msg("The account is not bankrupt")]
            NotBankrupt = 6600,
            #[msg("The account still holds assets above dust")]
            AssetsRemain = 6601,
            #[msg("The account still holds perps that can be liquidated")]
            PerpsRemain = 6602,
            #[msg("This call belongs to another stage of the resolution")]
            WrongStage = 6603,
            #[msg("The quote borrow must be paid first")]
            QuoteBorrowFirst = 6604,
            #[msg("Nothing waits to become insurance, or there is no liquidity for it")]
            NothingToSweep = 6605,
            #[msg("A known loss exceeds what insurance may pay: this waits until the resolution has booked it")]
            LossKnown = 6606,
            #[msg("The insurance is not above its target and its floor")]
            InsuranceWithinTarget = 6607,

            // Configuration: 6700
            #[msg("A parameter is out of bounds or contradicts another")]
            ParameterOutOfBounds = 6700,
            #[msg("The mint has an extension that is not on the list of allowed ones")]
            MintExtensionNotAllowed = 6701,
            #[msg("The mint's decimals or the value of its atom cannot be represented")]
            MintNotRepresentable = 6702,
            #[msg("The engine has no free slot of this kind")]
            SlotsFull = 6703,
            #[msg("The slot is not empty, or is not the next one")]
            SlotTaken = 6704,
            #[msg("A shorter average needs an engine created for a test cluster")]
            TestClusterOnly = 6705,
            #[msg("No bank or market is listed in this slot")]
            SlotEmpty = 6706,
            #[msg("A stored or passed enum value is unknown")]
            UnknownValue = 6707,

            // Changes: 6800
            #[msg("The change has to be proposed and to wait")]
            ChangeWaits = 6800,
            #[msg("The change is not due yet")]
            ChangeNotDue = 6801,
            #[msg("The change has expired")]
            ChangeExpired = 6802,
            #[msg("An account is not the one that the change names")]
            ChangeMismatch = 6803,
            #[msg("No change can execute this instruction")]
            NotChangeable = 6804,
            #[msg("The instruction has more data or accounts than a change holds")]
            ChangeTooLarge = 6805,
            #[msg("A cap would rise sooner after the last time, or to more, than caps may")]
            CapGrowthLimited = 6806,
            #[msg("The engine is not launched")]
            NotLaunched = 6807,
            #[msg("Nothing of this moves by a ramp")]
            NothingRamps = 6808,
            #[msg("The risk authority has proposed to replace this key, which cannot cancel that")]
            ReplacesCanceller = 6809,
        }
    };
}

/// Defines the errors.
///
/// Names and texts are one string and their lengths, which is what the program is built with: Anchor's `error_code` compiles
/// to a string allocation per variant, twice, some 40 KB of program; the tables here take a tenth.
macro_rules! define {
    ($(#[msg($text:tt)] $name:ident = $code:tt,)+) => {
        /// Why the engine refused: the code of a custom program error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum EngineError { $(#[doc = $text] $name = $code),+ }

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
        }

        /// All names and texts, one after the other: a reference to each would take more room than most of them.
        const WORDS: &str = concat!($(stringify!($name), $text),+);
        /// Code and the lengths of name and text, in the order of codes.
        static LENGTHS: [(u32, u8, u8); EngineError::ALL.len()] =
            [$(($code, length(stringify!($name)), length($text))),+];
    };
}

with_engine_errors!(define);

impl EngineError {
    /// The code.
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// Name and text.
    pub fn text(self) -> (&'static str, &'static str) {
        let mut rest = WORDS;
        for (code, name, text) in &LENGTHS {
            let words = rest.split_at_checked(*name as usize).unwrap_or_default();
            let (said, after) = words.1.split_at_checked(*text as usize).unwrap_or_default();
            if *code == self as u32 {
                return (words.0, said);
            }
            rest = after;
        }
        ("", "")
    }

    /// Name.
    pub fn name(self) -> &'static str {
        self.text().0
    }
}

impl From<EngineError> for u32 {
    fn from(error: EngineError) -> Self {
        error as u32
    }
}

impl core::fmt::Display for EngineError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text().1)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn every_error_has_its_own_name_and_a_sentence() {
        for error in EngineError::ALL {
            let (name, text) = error.text();
            assert_eq!((name, Some(*error)), (&*format!("{error:?}"), EngineError::from_code(error.code())));
            assert!(text.starts_with(char::is_uppercase) && text.len() > 10, "{text}");
        }
        let (first, last) = (EngineError::ALL[0], EngineError::ALL[EngineError::ALL.len() - 1]);
        assert_eq!(first.text(), ("NotAuthority", "The signer is not the engine's authority"));
        assert_ne!(last.text(), first.text());
    }
}

//! Liquidations and what follows where they come too late.

use super::wire;

wire! {
    /// Bounds that a liquidator sets.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LiquidationBounds {
        /// Most debt atoms or base units to take; ignored where `as_much_as_allowed`.
        pub max_size: u64,
        /// Take as much as the plan allows.
        pub as_much_as_allowed: bool,
        /// Fewest debt atoms or base units to take.
        pub min_size: u64,
        /// Limit price as a fraction; a zero denominator asks for none. Collateral: at least `limit_numerator` atoms of it
        /// for every `limit_denominator` atoms paid. Position: at most (long taken over) or at least (short)
        /// `limit_numerator` quote atoms for every `limit_denominator` base units.
        pub limit_numerator: u64,
        /// See `limit_numerator`.
        pub limit_denominator: u64,
        /// Succeed without any change where nothing can be done; the reason is in the return data.
        pub no_op_if_refused: bool,
    }
}

wire! {
    /// What is repaid.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum LiabilityArg {
        /// A borrow of this bank.
        Borrow(u8),
        /// Negative PnL of this market, in quote.
        NegativePnl(u8),
    }
}

wire! {
    /// Which pair, and within which bounds.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LiquidateCollateralArgs {
        /// Bank of the collateral.
        pub asset_bank: u8,
        /// What is repaid.
        pub liability: LiabilityArg,
        /// Sizes in debt atoms.
        pub bounds: LiquidationBounds,
    }
}

wire! {
    /// Which position, and within which bounds.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LiquidatePositionArgs {
        /// Slot of the market.
        pub market: u8,
        /// Sizes in base units.
        pub bounds: LiquidationBounds,
    }
}

wire! {
    /// One call of a resolution. The stages are in the documentation of `plimsoll_ledger::bankruptcy`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum ResolveStep {
        /// Freezes a bankrupt account.
        Freeze,
        /// Stage (a): moves a whole asset to its bank's insurance.
        SeizeToken {
            /// Slot of the bank.
            bank: u8,
        },
        /// Stage (a): collects a gain and closes its base, or lets the quote balance pay its share of a loss.
        SeizePnl {
            /// Slot of the market.
            market: u8,
        },
        /// Stages (b) and (c): pays a borrow and socializes the remainder.
        PayBorrow {
            /// Slot of the bank.
            bank: u8,
        },
        /// Stages (b) and (c): pays negative PnL, socializes the remainder, closes the base.
        PayPnl {
            /// Slot of the market.
            market: u8,
        },
        /// Ends a resolution whose last leg somebody repaid.
        Finish,
    }
}

wire! {
    /// Which step.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ResolveBankruptcyArgs {
        /// The step.
        pub step: ResolveStep,
    }
}

impl LiquidationBounds {
    /// As much as the engine allows, at any price, failing where nothing can be done.
    pub const ANY: Self = Self {
        max_size: 0,
        as_much_as_allowed: true,
        min_size: 0,
        limit_numerator: 0,
        limit_denominator: 0,
        no_op_if_refused: false,
    };
}

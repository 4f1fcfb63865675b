//! Liquidations and what follows where they come too late.

use super::{call, event_metas, instructions, role_meta, role_type, role_words};
use crate::args::{LiabilityArg, LiquidationBounds, ResolveStep};

instructions! {
    LiquidateCollateral, LiquidatePosition, ResolveBankruptcy,
}

call! {
    /// Repays a borrow or negative PnL of an account under water and takes collateral of `asset_bank` for it.
    ///
    /// Answers with a [`crate::answer::LiquidationOutcome`]. Sizes in `bounds` are debt atoms.
    ///
    /// # Errors
    /// `SelfLiquidation`, `Paused`, `EngineMismatch`, `NotOwnerOrDelegate`, `DelegateMayNotLiquidate`, `AccountBankrupt`, `BankMismatch`,
    /// `MarketMismatch`, `AmountZero`, `AccountHealthy`, `AccountAlreadyCured`, `CoolOff`, `LegPriceInvalid`, `NotBestLeg`,
    /// `BelowLimit`, `FillTooSmall`, `LeavesDust`, `LegEmpty`, `AssetIsLiability`, `AfterCheckFailed`, `TotalsRequired`,
    /// `LiquidatorMarginInsufficient`, `TokenTableFull`; where negative PnL is paid with quote that the liquidator does
    /// not have: `ReduceOnly`, `BankTerminal`, `BorrowCapReached`.
    liquidate_collateral, LiquidateCollateral, events, [160, 199, 78, 141, 140, 146, 166, 212];
    /// Owner of the liquidator's account, or its delegate with the right to liquidate.
    signer: sign,
    /// The liquidator's margin account.
    liquidator: write,
    /// The margin account under water.
    liquidatee: write,
    /// Registry of the engine.
    registry: read,
    /// Prices of the engine.
    board: read,
    /// Bank of the debt; the settlement token's for negative PnL.
    liability_bank: write,
    /// Bank of the collateral, needed where the liquidator owes the same token.
    asset_bank: maybe_write,
    /// Market of the negative PnL.
    market: maybe_write,
    ; asset_bank: u8, liability: LiabilityArg, bounds: LiquidationBounds
}

call! {
    /// Takes over a perp of an account under water, against a penalty out of its PnL.
    ///
    /// Answers with a [`crate::answer::LiquidationOutcome`]. Sizes in `bounds` are base units.
    ///
    /// # Errors
    /// As [`liquidate_collateral`], and `PositionTableFull`.
    liquidate_position, LiquidatePosition, events, [187, 74, 229, 149, 102, 81, 221, 68];
    /// Owner of the liquidator's account, or its delegate with the right to liquidate.
    signer: sign,
    /// The liquidator's margin account.
    liquidator: write,
    /// The margin account under water.
    liquidatee: write,
    /// Registry of the engine.
    registry: read,
    /// Prices of the engine.
    board: read,
    /// The market.
    market: write,
    ; market: u8, bounds: LiquidationBounds
}

call! {
    /// Runs one step of the resolution of a bankrupt account; anyone may. Passes the banks and the market that the step
    /// writes: the quote bank with every step but `Freeze` and the seizure of another token, `bank` where the step names
    /// another one, `market` where it names one.
    ///
    /// # Errors
    /// `NotBankrupt`, `AssetsRemain`, `PerpsRemain`, `WrongStage`, `QuoteBorrowFirst`, `LegEmpty`, `NothingOwed`, `PriceStale`,
    /// `Paused`, `EngineMismatch`, `TotalsRequired`, `BankMismatch`, `MarketMismatch`, `NumberOutOfRange`.
    resolve_bankruptcy, ResolveBankruptcy, events, [82, 253, 187, 29, 102, 19, 35, 248];
    /// The margin account.
    margin_account: write,
    /// Registry of the engine.
    registry: write,
    /// Prices of the engine.
    board: read,
    /// Bank of the settlement token.
    quote_bank: maybe_write,
    /// The step's bank, where it is another.
    bank: maybe_write,
    /// The step's market.
    market: maybe_write,
    ; step: ResolveStep
}

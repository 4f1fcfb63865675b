//! Fills, premiums and PnL.

use super::{call, event_metas, instructions, role_meta, role_type, role_words};

instructions! {
    SettleFill, ReportPremium, SettlePnl, TakeWin, TouchPosition,
}

call! {
    /// Moves `base_units` of a position from the seller to the buyer for `quote_atoms` in all.
    ///
    /// Either a venue that both owners approved for the market signs, or each side's owner or delegate with the right to
    /// trade; the price of a delegate's side is no worse for it than spot.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `SameAccount`, `EngineMismatch`, `Paused`, `AccountBankrupt`, `VenueInactive`,
    /// `VenueNotApproved`, `VenueApprovalExpired`, `VenueNotionalExceeded`, `NotOwnerOrDelegate`, `DelegateMayNotTrade`,
    /// `DelegateWorseThanSpot`, `DelegateLimitExceeded`, `PriceStale`, `PriceOutsideBand`, `ReduceOnly`, `FillWorseThanSpot`, `PositionTableFull`, `PositionTooLarge`, `EpochRingFull`, `OpenInterestCapReached`,
    /// `InitialMarginInsufficient`, `MarginRatioFalls`.
    settle_fill, SettleFill, events, [197, 81, 135, 50, 191, 3, 171, 75];
    /// Margin account that gains base.
    buyer: write,
    /// Margin account that loses base.
    seller: write,
    /// Registry of the engine.
    registry: read,
    /// Prices of the engine.
    board: read,
    /// The market.
    market: write,
    /// The venue, where one settles.
    venue: maybe_read,
    /// The address that the venue is registered with.
    venue_signer: maybe_sign,
    /// Without a venue: the buyer's owner, or its delegate with the right to trade.
    buyer_authority: maybe_sign,
    /// Without a venue: the seller's owner, or its delegate with the right to trade.
    seller_authority: maybe_sign,
    ; base_units: u64, quote_atoms: u64
}

call! {
    /// Reports by how much the venue's mark price is above the index price, ppm; sets what funding is charged.
    ///
    /// # Errors
    /// `EngineMismatch`, `VenueInactive`, `PremiumOutOfBounds`.
    report_premium, ReportPremium, events, [180, 133, 150, 107, 12, 196, 186, 158];
    /// The address that the venue is registered with.
    venue_signer: sign,
    /// The venue.
    venue: read,
    /// Registry of the engine.
    registry: read,
    /// The market.
    market: write,
    ; premium_ppm: i32
}

call! {
    /// Turns an account's PnL into quote; without an account, pays the market's own claim to insurance. Anyone may.
    ///
    /// # Errors
    /// `Paused`, `EngineMismatch`, `BankMismatch`, `AccountBankrupt`, `PositionMissing`, `PriceStale`, `NothingToSettle`,
    /// `MarketInDeficit`.
    settle_pnl, SettlePnl, events, [43, 61, 234, 45, 15, 95, 152, 153];
    /// The margin account.
    margin_account: maybe_write,
    /// Registry of the engine.
    registry: read,
    /// Prices of the engine.
    board: read,
    /// The market.
    market: write,
    /// Bank of the settlement token.
    quote_bank: write,
}

call! {
    /// The owner leaves a market with a deficit for his share of its pool: gives up at most `claim_atoms`, or all that can be
    /// settled where `all`, for at least `min_paid_atoms`, quote atoms. Of an account under water anyone takes all.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `Paused`, `EngineMismatch`, `BankMismatch`, `NotOwner`, `AccountBankrupt`,
    /// `PositionMissing`, `PriceStale`, `NothingToSettle`, `BelowLimit`, `MaintenanceMarginInsufficient`.
    take_win, TakeWin, events, [13, 86, 29, 1, 180, 208, 189, 30];
    /// Owner of the margin account; anyone where it is under water.
    signer: sign,
    /// The margin account.
    margin_account: write,
    /// Registry of the engine.
    registry: read,
    /// Prices of the engine.
    board: read,
    /// The market.
    market: write,
    /// Bank of the settlement token.
    quote_bank: write,
    ; claim_atoms: u64, all: bool, min_paid_atoms: u64
}

call! {
    /// Applies the market's indices to a position, so that its epoch can be forgotten, and ends what rounding left of it;
    /// anyone may.
    ///
    /// # Errors
    /// `EngineMismatch`, `SlotEmpty`, `PositionMissing`, `NumberOutOfRange`.
    touch_position, TouchPosition, events, [90, 171, 60, 189, 3, 126, 51, 6];
    /// The margin account.
    margin_account: write,
    /// Registry of the engine.
    registry: read,
    /// Prices of the engine.
    board: read,
    /// The market.
    market: write,
}

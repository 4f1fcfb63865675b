//! Listing prices, banks and markets, changing them, and collecting fees.

use super::{call, event_metas, instructions, role_meta, role_type, role_words};
use crate::args::{
    CollectFeesArgs, ListBankArgs, ListMarketArgs, ListPriceArgs, UpdateBankArgs, UpdateMarketArgs, UpdatePriceArgs,
};

instructions! {
    ListPrice, UpdatePrice, ListBank, UpdateBank, CollectFees, ListMarket, UpdateMarket,
}

call! {
    /// Lists an underlying: its price sources, averages and calibration.
    ///
    /// # Errors
    /// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `SlotsFull`, `SlotTaken`, `UnknownValue`, `ParameterOutOfBounds`,
    /// `TestClusterOnly`.
    list_price, ListPrice, events, [166, 125, 23, 174, 210, 144, 205, 203];
    /// The engine's authority.
    authority: sign,
    /// The engine.
    engine: read,
    /// Its registry.
    registry: read,
    /// Its prices.
    board: write,
    /// Where its prices come from.
    feeds: write,
    ; args: ListPriceArgs
}

call! {
    /// Changes the sources, averages or calibration of a listed price.
    ///
    /// # Errors
    /// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `PriceSlotEmpty`; `UnknownValue`, `TestClusterOnly`;
    /// `ParameterOutOfBounds` where something that is listed would no longer survive the calibration.
    update_price, UpdatePrice, events, [61, 34, 117, 155, 75, 34, 123, 208];
    /// The engine's authority.
    authority: sign,
    /// The engine.
    engine: read,
    /// Its registry.
    registry: read,
    /// Its prices.
    board: write,
    /// Where its prices come from.
    feeds: write,
    ; args: UpdatePriceArgs
}

call! {
    /// Lists a token: its bank, vault and slot in the registry.
    ///
    /// # Errors
    /// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `SlotsFull`, `SlotTaken`, `MintExtensionNotAllowed`,
    /// `PriceSlotEmpty`, `PriceNotReady`, `MintNotRepresentable`, `ParameterOutOfBounds`.
    list_bank, ListBank, events, [170, 183, 149, 12, 69, 223, 29, 150];
    /// The engine's authority.
    authority: sign,
    /// Pays the rent.
    payer: sign_write,
    /// The engine.
    engine: read,
    /// Its registry.
    registry: write,
    /// Its prices.
    board: read,
    /// The token.
    mint: read,
    /// `["bank", engine, index]`.
    bank: write,
    /// `["vault", bank]`; belongs to the bank's address.
    vault: write,
    /// SPL Token or Token-2022.
    token_program: read,
    /// Creates the accounts.
    system_program: read,
    ; args: ListBankArgs
}

call! {
    /// Replaces a bank's configuration, and stops or allows what grows positions in it.
    ///
    /// # Errors
    /// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `SlotEmpty`, `PriceSlotEmpty`, `PriceNotReady`,
    /// `MintNotRepresentable`, `ParameterOutOfBounds`.
    update_bank, UpdateBank, events, [92, 13, 8, 83, 4, 94, 46, 136];
    /// The engine's authority.
    authority: sign,
    /// The engine.
    engine: read,
    /// Its registry.
    registry: write,
    /// Its prices.
    board: read,
    /// The bank.
    bank: write,
    ; args: UpdateBankArgs
}

call! {
    /// Pays protocol fees out of a vault.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `VaultMismatch`, `MintMismatch`,
    /// `AccountMismatch`, `SlotEmpty`, `BalanceInsufficient`, `LiquidityInsufficient`, `VaultDeltaMismatch`; the token
    /// program's.
    collect_fees, CollectFees, events, [164, 152, 207, 99, 30, 186, 19, 182];
    /// The engine's fee collector.
    fee_collector: sign,
    /// The engine.
    engine: read,
    /// Its registry.
    registry: read,
    /// The bank.
    bank: write,
    /// The bank's vault.
    vault: write,
    /// Token account that receives; any of this mint.
    destination: write,
    /// The bank's mint.
    mint: read,
    /// Token program of the mint.
    token_program: read,
    ; args: CollectFeesArgs
}

call! {
    /// Lists a perp.
    ///
    /// # Errors
    /// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `SlotsFull`, `SlotTaken`, `PriceSlotEmpty`, `PriceStale`, `SlotEmpty`,
    /// `ParameterOutOfBounds`.
    list_market, ListMarket, events, [161, 93, 3, 53, 190, 113, 67, 32];
    /// The engine's authority.
    authority: sign,
    /// Pays the rent.
    payer: sign_write,
    /// The engine.
    engine: read,
    /// Its registry, which gets the slot.
    registry: write,
    /// Its prices.
    board: read,
    /// `["market", engine, index]`.
    market: write,
    /// Creates the account.
    system_program: read,
    ; args: ListMarketArgs
}

call! {
    /// Changes a market's terms.
    ///
    /// # Errors
    /// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `UnknownValue`, `SlotEmpty`, `PriceSlotEmpty`, `ParameterOutOfBounds`.
    update_market, UpdateMarket, events, [153, 39, 2, 197, 179, 50, 199, 217];
    /// The engine's authority.
    authority: sign,
    /// The engine.
    engine: read,
    /// Its registry.
    registry: write,
    /// Its prices.
    board: read,
    /// The market.
    market: write,
    ; args: UpdateMarketArgs
}

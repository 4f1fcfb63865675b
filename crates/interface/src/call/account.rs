//! Margin accounts: opening, closing, who may act on them, and how they stand.

use solana_pubkey::Pubkey;

use crate::args::DelegateArgs;

use super::{call, event_metas, instructions, role_meta, role_type, role_words};

instructions! {
    OpenAccount, CloseAccount, SetDelegate, ApproveVenue, RevokeVenue, CheckMargin, ObserveMargin,
}

call! {
    /// Opens a margin account of `owner` at [`crate::pda::margin_account`]; its payer need not be its owner.
    ///
    /// # Errors
    /// `EngineMismatch`, `Paused`; of the delegate those of [`set_delegate`].
    open_account, OpenAccount, events, [101, 152, 91, 243, 176, 36, 189, 101];
    /// Will own it; may be an address of the calling program.
    owner: sign,
    /// Pays the rent, and gets it back.
    payer: sign_write,
    /// The engine.
    engine: read,
    /// Registry of the engine.
    registry: read,
    /// Created here.
    margin_account: write,
    /// The system program.
    system_program: read,
    ; id: u16, delegate: Option<DelegateArgs>
}

call! {
    /// Closes an empty margin account.
    ///
    /// # Errors
    /// `NotOwner`, `AccountBankrupt`, `AccountNotEmpty`, `RentReceiverMismatch`.
    close_account, CloseAccount, events, [125, 255, 149, 14, 110, 34, 72, 24];
    /// Owner of the margin account.
    owner: sign,
    /// The margin account.
    margin_account: write,
    /// Who paid the rent; gets it back.
    rent_payer: write,
}

call! {
    /// Names or replaces the delegate and all of its rights or, with none, removes it.
    ///
    /// # Errors
    /// `NotOwner`, `AccountBankrupt`, `ParameterOutOfBounds` for the default address, `DelegateRightUnknown`,
    /// `DelegateRightsEmpty`, `DelegateLimitMismatch`, `AmountTooLarge`.
    set_delegate, SetDelegate, events, [242, 30, 46, 76, 108, 235, 128, 181];
    /// Owner of the margin account.
    owner: sign,
    /// The margin account.
    margin_account: write,
    ; delegate: Option<DelegateArgs>
}

call! {
    /// Lets a venue settle fills on the account: in `markets`, a bit each and all of them settled by the venue now, up to a
    /// notional, quote atoms, and before `expires_at`, Unix seconds and at most 366 days ahead. Replaces an earlier approval.
    ///
    /// # Errors
    /// `NotOwner`, `AccountBankrupt`, `EngineMismatch`, `VenueInactive`, `AmountZero`, `AmountTooLarge`,
    /// `ApprovalMarketsInvalid`, `ApprovalExpiryInvalid`, `VenuesFull`.
    approve_venue, ApproveVenue, events, [254, 60, 62, 30, 179, 64, 176, 184];
    /// Owner of the margin account.
    owner: sign,
    /// The margin account.
    margin_account: write,
    /// The venue.
    venue: read,
    ; markets: u32, notional_limit_atoms: u64, expires_at: i64
}

call! {
    /// Takes a venue's approval away.
    ///
    /// # Errors
    /// `NotOwner`, `VenueNotApproved`.
    revoke_venue, RevokeVenue, events, [243, 23, 152, 25, 19, 194, 71, 3];
    /// Owner of the margin account.
    owner: sign,
    /// The margin account.
    margin_account: write,
    ; venue: Pubkey
}

call! {
    /// Answers with a [`plimsoll_state::MarginView`] ([`crate::answer::margin_view`]); changes nothing.
    ///
    /// `views` is 1 for maintenance at spot only, 3 for maintenance at spot and at the fast average and initial margin.
    ///
    /// # Errors
    /// `EngineMismatch`, `UnknownValue` for other views, `LegPriceInvalid`, `NumberOutOfRange`.
    check_margin, CheckMargin, quiet, [115, 219, 87, 60, 233, 46, 128, 184];
    /// The margin account, whatever it holds.
    margin_account: read,
    /// Registry of the engine.
    registry: read,
    /// Prices of the engine.
    board: read,
    ; views: u8
}

call! {
    /// Records whether the account is under water, which is what the auction's clock counts; anyone may.
    ///
    /// # Errors
    /// `EngineMismatch`, `AccountBankrupt`, `LegPriceInvalid`, `NumberOutOfRange`.
    observe_margin, ObserveMargin, quiet, [240, 155, 253, 248, 3, 164, 60, 239];
    /// The margin account.
    margin_account: write,
    /// Registry of the engine.
    registry: read,
    /// Prices of the engine.
    board: read,
}

//! Creating an engine, its parameters, what is paused, who decides, which venues there are.

use super::{call, event_metas, instructions, role_meta, role_type, role_words};
use crate::args::{
    AcceptRoleArgs, CreateEngineArgs, GrowRegistryArgs, HaltPriceArgs, ProposeRoleArgs, RegisterVenueArgs,
    SetPauseArgs, UpdateParamsArgs, UpdateVenueArgs,
};

instructions! {
    CreateEngine, GrowRegistry, GrowBoard, GrowFeeds, UpdateParams, SetPause, HaltPrice, LaunchEngine, ProposeRole,
    AcceptRole, RegisterVenue, UpdateVenue, MigrateAccount,
}

call! {
    /// Creates an engine: its authorities and the addresses of its registry and board.
    ///
    /// # Errors
    /// `ParameterOutOfBounds` without a guardian; `AlreadyComplete`.
    create_engine, CreateEngine, events, [35, 16, 173, 183, 230, 73, 40, 149];
    /// A seed of the engine's address, so nobody can take that address first, and its first authority.
    creator: sign,
    /// Pays the rent.
    payer: sign_write,
    /// Created here.
    engine: write,
    /// Creates the account.
    system_program: read,
    ; args: CreateEngineArgs
}

call! {
    /// Creates an engine's registry, 10,240 bytes a call; the last call writes the parameters.
    ///
    /// # Errors
    /// `NotAuthority`, `ParameterOutOfBounds`, `AlreadyComplete`.
    grow_registry, GrowRegistry, events, [109, 151, 169, 222, 54, 209, 147, 240];
    /// The engine's authority, who chooses the parameters.
    authority: sign,
    /// Pays what rent is missing.
    payer: sign_write,
    /// The engine.
    engine: read,
    /// Created here, in steps.
    registry: write,
    /// Creates the account.
    system_program: read,
    ; args: GrowRegistryArgs
}

call! {
    /// Creates an engine's price board, 10,240 bytes a call.
    ///
    /// # Errors
    /// `VersionUnknown`, `AlreadyComplete`.
    grow_board, GrowBoard, events, [179, 159, 34, 44, 126, 212, 86, 3];
    /// Pays what rent is missing.
    payer: sign_write,
    /// The engine.
    engine: read,
    /// Created here, in steps.
    board: write,
    /// Creates the account.
    system_program: read,
}

call! {
    /// Creates an engine's feed book, 10,240 bytes a call.
    ///
    /// # Errors
    /// `VersionUnknown`, `AlreadyComplete`.
    grow_feeds, GrowFeeds, events, [49, 3, 165, 253, 9, 243, 248, 85];
    /// Pays what rent is missing.
    payer: sign_write,
    /// The engine.
    engine: read,
    /// Created here, in steps.
    feeds: write,
    /// Creates the account.
    system_program: read,
}

call! {
    /// Replaces the engine's parameters and derives every listed target from them.
    ///
    /// # Errors
    /// `NotAuthority`, `VersionUnknown`, `EngineMismatch`; `ParameterOutOfBounds` where a parameter would be out of bounds, or
    /// anything that is listed would not be accepted under the new parameters.
    update_params, UpdateParams, events, [108, 178, 190, 95, 94, 203, 116, 20];
    /// The engine's authority.
    authority: sign,
    /// The engine.
    engine: read,
    /// Its registry.
    registry: write,
    /// Its prices.
    board: read,
    ; args: UpdateParamsArgs
}

call! {
    /// Pauses, and ends pauses; the guardian may only add some of hours, and each ends by itself.
    ///
    /// # Errors
    /// `VersionUnknown`, `EngineMismatch`, `UnknownValue`, `NotAuthority`, `PauseOnly`; `ParameterOutOfBounds` for a time that the
    /// signer may not ask for; `PauseSpent` where the guardian has asked four times in a row.
    set_pause, SetPause, events, [63, 32, 154, 2, 56, 103, 79, 45];
    /// The engine's authority or its guardian.
    signer: sign,
    /// The engine.
    engine: read,
    /// Its registry.
    registry: write,
    ; args: SetPauseArgs
}

call! {
    /// Halts a price that is not to be trusted, so that its legs count as stale, or ends its halt.
    ///
    /// # Errors
    /// `VersionUnknown`, `EngineMismatch`, `NotAuthority`, `PriceSlotEmpty`, `PauseOnly`; `ParameterOutOfBounds` for a time that the
    /// signer may not ask for; `PauseSpent` where the guardian has asked four times in a row.
    halt_price, HaltPrice, events, [177, 18, 185, 25, 185, 178, 183, 253];
    /// The engine's authority or its guardian.
    signer: sign,
    /// The engine.
    engine: read,
    /// Its prices.
    board: write,
    ; args: HaltPriceArgs
}

call! {
    /// Launches an engine: from now on accounts can be opened, and changes wait. Cannot be taken back.
    ///
    /// # Errors
    /// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `AlreadyComplete`.
    launch_engine, LaunchEngine, events, [32, 44, 45, 5, 161, 54, 117, 203];
    /// The engine's authority.
    authority: sign,
    /// The engine.
    engine: read,
    /// Its registry.
    registry: write,
}

call! {
    /// Names who may accept a role of the engine, or withdraws that.
    ///
    /// # Errors
    /// `NotAuthority`; `ChangeWaits` once the engine is launched; `VersionUnknown`, `EngineMismatch`; `ParameterOutOfBounds`
    /// for the default address.
    propose_role, ProposeRole, events, [79, 5, 160, 90, 21, 127, 195, 5];
    /// The engine's authority, or its executor.
    authority: sign,
    /// The engine.
    engine: write,
    /// Its registry.
    registry: read,
    ; args: ProposeRoleArgs
}

call! {
    /// The proposed key takes over a role.
    ///
    /// # Errors
    /// `NotPendingAuthority`.
    accept_role, AcceptRole, events, [52, 25, 7, 231, 196, 235, 119, 253];
    /// The proposed key.
    signer: sign,
    /// The engine.
    engine: write,
    ; args: AcceptRoleArgs
}

call! {
    /// Registers a program that may settle fills by CPI.
    ///
    /// # Errors
    /// `NotAuthority`, `ParameterOutOfBounds`, `AlreadyComplete`.
    register_venue, RegisterVenue, events, [116, 155, 199, 243, 228, 180, 176, 173];
    /// The engine's authority.
    authority: sign,
    /// Pays the rent.
    payer: sign_write,
    /// The engine.
    engine: read,
    /// Its registry.
    registry: read,
    /// Created here.
    venue: write,
    /// Creates the account.
    system_program: read,
    ; args: RegisterVenueArgs
}

call! {
    /// Changes what a venue may do, or stops it.
    ///
    /// # Errors
    /// `NotAuthority`, `VersionUnknown`, `EngineMismatch`.
    update_venue, UpdateVenue, events, [148, 1, 158, 184, 188, 145, 146, 39];
    /// The engine's authority.
    authority: sign,
    /// The engine.
    engine: read,
    /// Its registry.
    registry: read,
    /// The venue.
    venue: write,
    ; args: UpdateVenueArgs
}

call! {
    /// Brings an account of the previous layout version to this program's; anyone may.
    ///
    /// # Errors
    /// `LayoutCurrent` where there is nothing to do, as always in the first layout; `VersionUnknown` where the account is of
    /// another version than the one before; `AccountDiscriminatorMismatch` where it is none of the engine's types or not
    /// complete; `InvariantBroken`.
    migrate_account, MigrateAccount, events, [177, 228, 60, 125, 13, 116, 44, 84];
    /// Any account of the engine.
    account: write,
}

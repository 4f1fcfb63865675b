//! Changes that wait in public: proposed, executed, cancelled.

use super::{call, event_metas, instructions, role_meta, role_type, role_words};
use crate::args::{AdvanceRampArgs, ProposeChangeArgs};

instructions! {
    ProposeChange, ExecuteChange, CancelChange, AdvanceRamp,
}

call! {
    /// Proposes a change: an instruction that the engine's executor will sign for once it has waited. The accounts that it takes
    /// follow; one that signs stands for whoever executes it, and the executor takes the authority's place.
    ///
    /// # Errors
    /// `NotAuthority`, `VersionUnknown`, `EngineMismatch`; `SlotTaken` where the number is not the next; `NotChangeable` where the data begin like no instruction that a
    /// change can execute; `ChangeTooLarge`.
    propose_change, ProposeChange, events, [167, 211, 18, 222, 93, 215, 74, 159];
    /// The engine's authority or its risk authority.
    proposer: sign,
    /// Pays the rent and gets it back.
    payer: sign_write,
    /// The engine, which counts its changes.
    engine: write,
    /// Its registry.
    registry: read,
    /// `["change", engine, number]`, created here.
    change: write,
    /// Creates the account.
    system_program: read,
    ; args: ProposeChangeArgs
}

call! {
    /// Executes a change that is due; anyone may. The accounts of its instruction follow, in order.
    ///
    /// # Errors
    /// `VersionUnknown`, `EngineMismatch`, `ChangeNotDue`, `ChangeExpired`, `ChangeMismatch` where an account is another than
    /// the proposed one or the rent would go to somebody else; those of the instruction.
    execute_change, ExecuteChange, events, [104, 53, 136, 238, 82, 222, 200, 42];
    /// Pays what the instruction creates.
    payer: sign_write,
    /// The engine.
    engine: read,
    /// `["executor", engine]`.
    executor: read,
    /// The change, which ends.
    change: write,
    /// Gets the change's rent.
    rent_payer: write,
}

call! {
    /// Ends a change: its proposer, the engine's authority or its guardian at any time, anyone once it has expired.
    ///
    /// # Errors
    /// `VersionUnknown`, `EngineMismatch`, `NotAuthority`; `ReplacesCanceller` where the risk authority has proposed to replace
    /// whoever cancels; `ChangeMismatch` where the rent would go to somebody else.
    cancel_change, CancelChange, events, [100, 30, 4, 148, 3, 244, 243, 168];
    /// Who ends it.
    signer: sign,
    /// The engine.
    engine: read,
    /// The change, which ends.
    change: write,
    /// Gets the change's rent.
    rent_payer: write,
}

call! {
    /// Moves numbers that ramp to now; anyone may, as often as they like.
    ///
    /// # Errors
    /// `VersionUnknown`, `EngineMismatch`; `SlotEmpty`, `NothingRamps`; `ParameterOutOfBounds` where another ramp has to move
    /// first.
    advance_ramp, AdvanceRamp, events, [193, 198, 180, 191, 107, 100, 33, 91];
    /// The registry.
    registry: write,
    /// Its prices.
    board: read,
    ; args: AdvanceRampArgs
}

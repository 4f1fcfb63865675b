//! Changes that wait in public: launching, proposing, executing, cancelling, ramps, roles.

use plimsoll_interface as interface;
use plimsoll_interface::args::{
    AcceptRoleArgs, AdvanceRampArgs, ChangeData, ProposeChangeArgs, ProposeRoleArgs, RampArg, RoleArg,
};
use plimsoll_state::{change_flag, PendingChange};
use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;

use super::SYSTEM_PROGRAM;
use crate::pda::EngineKeys;

/// Launches the engine: accounts can be opened, and changes wait. Cannot be taken back.
pub fn launch_engine(keys: &EngineKeys, authority: Pubkey) -> Instruction {
    let accounts = interface::LaunchEngine { authority, engine: keys.engine, registry: keys.registry };
    interface::launch_engine(&accounts)
}

/// Names who may accept a role, or nobody. Once the engine is launched, a change of which the executor is the authority.
pub fn propose_role(keys: &EngineKeys, authority: Pubkey, role: RoleArg, key: Option<Pubkey>) -> Instruction {
    let accounts = interface::ProposeRole { authority, engine: keys.engine, registry: keys.registry };
    interface::propose_role(&accounts, ProposeRoleArgs { role, key })
}

/// Takes a role over.
pub fn accept_role(keys: &EngineKeys, signer: Pubkey, role: RoleArg) -> Instruction {
    interface::accept_role(&interface::AcceptRole { signer, engine: keys.engine }, AcceptRoleArgs { role })
}

/// Proposes an instruction as the engine's change of number `id`. The instruction is one of those that an authority sends,
/// with [`EngineKeys::executor`] in the authority's place; whoever pays in it stands for whoever will execute it, and has
/// to be `payer`.
pub fn propose_change(
    keys: &EngineKeys,
    (proposer, payer): (Pubkey, Pubkey),
    id: u64,
    instruction: &Instruction,
) -> Instruction {
    let accounts = interface::ProposeChange {
        proposer,
        payer,
        engine: keys.engine,
        registry: keys.registry,
        change: keys.change(id),
        system_program: SYSTEM_PROGRAM,
    };
    let mut propose = interface::propose_change(
        &accounts,
        ProposeChangeArgs { id, data: ChangeData { bytes: instruction.data.clone() } },
    );
    let executor = keys.executor();
    propose.accounts.extend(
        instruction
            .accounts
            .iter()
            .map(|meta| AccountMeta { is_signer: meta.is_signer && meta.pubkey != executor, ..meta.clone() }),
    );
    propose
}

/// Executes a change that is due; anyone may.
pub fn execute_change(keys: &EngineKeys, payer: Pubkey, change: &PendingChange) -> Instruction {
    let accounts = interface::ExecuteChange {
        payer,
        engine: keys.engine,
        executor: keys.executor(),
        change: keys.change(change.id),
        rent_payer: Pubkey::new_from_array(change.rent_payer),
    };
    let mut execute = interface::execute_change(&accounts);
    execute.accounts.extend(change.accounts().iter().map(|account| {
        let pays = account.flags & change_flag::PAYER != 0;
        AccountMeta {
            pubkey: if pays { payer } else { Pubkey::new_from_array(account.key) },
            is_signer: pays,
            is_writable: account.flags & change_flag::WRITABLE != 0,
        }
    }));
    execute
}

/// Ends a change: its proposer, the authority or the guardian; anyone once it has expired.
pub fn cancel_change(keys: &EngineKeys, signer: Pubkey, change: &PendingChange) -> Instruction {
    let accounts = interface::CancelChange {
        signer,
        engine: keys.engine,
        change: keys.change(change.id),
        rent_payer: Pubkey::new_from_array(change.rent_payer),
    };
    interface::cancel_change(&accounts)
}

/// Moves numbers that ramp to now; anyone may.
pub fn advance_ramp(keys: &EngineKeys, of: RampArg) -> Instruction {
    let accounts = interface::AdvanceRamp { registry: keys.registry, board: keys.board };
    interface::advance_ramp(&accounts, AdvanceRampArgs { of })
}

//! Instructions as a replay asks for them, and what a liquidation reports.

use plimsoll_risk::liquidate::Request;
use plimsoll_sdk::ix::args::{RepayArgs, TakeWinArgs, WithdrawArgs};
use plimsoll_sdk::ix::{self, Parties};
use plimsoll_sdk::offer::INSTRUCTIONS;
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_sdk::LiquidationOutcome;
use plimsoll_state::MarginAccount;
use solana_instruction::Instruction;

/// All of a win, for at least an atom.
pub const WHOLE_WIN: TakeWinArgs = TakeWinArgs { claim_atoms: 0, all: true, min_paid_atoms: 1 };

/// So many atoms of a deposit; none for everything.
pub fn withdrawal(amount_atoms: Option<u64>) -> WithdrawArgs {
    WithdrawArgs { amount_atoms: amount_atoms.unwrap_or_default(), all: amount_atoms.is_none() }
}

/// At most so many atoms of a debt; none for all of it.
pub fn repayment(amount_atoms: Option<u64>) -> RepayArgs {
    RepayArgs { amount_atoms: amount_atoms.unwrap_or_default(), all: amount_atoms.is_none() }
}

/// Its name in the measurements: a liquidation that found nothing to do is measured apart.
pub fn measured_name(name: &str, outcome: Option<&LiquidationOutcome>) -> String {
    let did_nothing = outcome.is_some_and(|outcome| outcome.reason != 0);
    let is_no_op = did_nothing && INSTRUCTIONS.contains(&name);
    if is_no_op {
        format!("{name} (no-op)")
    } else {
        name.to_owned()
    }
}

/// The instruction, which changes nothing rather than fail where somebody else was faster. `own` is the liquidator's
/// margin account.
pub fn instruction(keys: &EngineKeys, parties: Parties, own: &MarginAccount, request: &Request) -> Instruction {
    ix::liquidate(keys, parties, request, ix::owes_collateral(own, &request.leg), true)
}

/// What return data reports; none where there is none, or it is of another length.
pub fn outcome(data: &[u8]) -> Option<LiquidationOutcome> {
    // The runtime strips trailing zeros of return data.
    let mut bytes = [0u8; core::mem::size_of::<LiquidationOutcome>()];
    bytes.get_mut(..data.len())?.copy_from_slice(data);
    (!data.is_empty()).then(|| bytemuck::pod_read_unaligned(&bytes))
}

/// Why a liquidation changed nothing, by the name of the program's error.
pub fn reason(outcome: &LiquidationOutcome) -> String {
    outcome.refusal().map_or_else(|| format!("code {}", outcome.reason), |error| error.name().to_owned())
}

#[cfg(test)]
mod tests {
    use plimsoll_sdk::EngineError;

    use super::*;

    #[test]
    fn trailing_zeros_that_the_runtime_strips_come_back() {
        let sent = LiquidationOutcome { reason: EngineError::AccountHealthy as u32, ..Default::default() };
        let read = outcome(&bytemuck::bytes_of(&sent)[..2]).unwrap();
        assert_eq!((read, reason(&read).as_str()), (sent, "AccountHealthy"));
        assert_eq!(measured_name("liquidate_position", Some(&read)), "liquidate_position (no-op)");
        assert_eq!(measured_name("accrue", Some(&read)), "accrue");
        assert!(outcome(&[]).is_none() && outcome(&[0; 1_000]).is_none());
    }
}

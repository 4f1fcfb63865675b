//! What a key of the engine can do to its users: nothing at once that costs them, and nothing unseen (POWER-1 to POWER-3).

mod attacks;
mod cast;
mod changes;
mod horizons;
mod hostile;
mod insurance;
mod measure;
mod ramps;
mod record;
mod standby;
mod thefts;
mod variants;

use plimsoll_risk::params::GlobalParams;
use plimsoll_sim::listing::BANKS;
use plimsoll_state::PendingChange;
use plimsoll_tests::*;
use solana_instruction::Instruction;

/// Seconds of the default delay.
pub const DELAY: i64 = 172_800;

/// The default listing with lenders, launched, where changes wait as long as they do by default.
pub fn launched() -> Stage {
    Stage::waiting()
}

/// What a bank is asked to be: as it is listed, changed.
pub fn bank_args(bank: u8, change: impl FnOnce(&mut args::BankConfigArgs)) -> args::UpdateBankArgs {
    let mut config = BankConfig::of(&BANKS[bank as usize], bank).args();
    change(&mut config);
    args::UpdateBankArgs { reduce_only: false, config }
}

/// The authority asks for another bank.
pub fn update_bank(
    stage: &Stage,
    signer: &str,
    bank: u8,
    change: impl FnOnce(&mut args::BankConfigArgs),
) -> Instruction {
    let signer = if signer == "authority" { stage.authority } else { address(signer) };
    ix::update_bank(&stage.keys, signer, bank, bank_args(bank, change))
}

/// The parameters of now, changed.
pub fn params(stage: &Stage, change: impl FnOnce(&mut GlobalParams)) -> GlobalParams {
    stage.registry().params().with(change)
}

/// Proposes an instruction of the executor's; returns its number.
///
/// # Panics
/// Where the proposal is refused.
#[track_caller]
pub fn propose(stage: &mut Stage, instruction: &Instruction) -> u64 {
    let (keys, authority) = (stage.keys, stage.authority);
    let id = stage.read::<plimsoll_state::Engine>(&keys.engine).changes_proposed;
    assert_sent(stage.send_as_authority(ix::propose_change(&keys, (authority, authority), id, instruction)));
    id
}

/// Anybody executes a change.
pub fn execute(stage: &mut Stage, id: u64) -> Sent {
    let (keys, anybody) = (stage.keys, stage.party("anybody"));
    let change: PendingChange = stage.read(&keys.change(id));
    stage.send(&anybody, &[ix::execute_change(&keys, anybody, &change)])
}

/// Time passes and every feed repeats its price.
pub fn wait(stage: &mut Stage, secs: i64) {
    stage.advance(secs);
    stage.repeat_prices();
}

/// An hour passes in which prices come as they do, so that averages are those of it.
pub fn settle_prices(stage: &mut Stage) {
    stage.hold_prices(120, 5);
}

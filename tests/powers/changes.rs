//! A change from its proposal to its end.

use plimsoll_state::{Engine, PendingChange};
use plimsoll_tests::*;

use super::{bank_args, execute, launched, params, propose, update_bank, wait, DELAY};

/// A weight that rises, which loosens.
fn looser(stage: &Stage) -> solana_instruction::Instruction {
    ix::update_bank(&stage.keys, stage.keys.executor(), SOL, bank_args(SOL, |config| config.asset_init_ppm += 1_000))
}

fn weight(stage: &Stage) -> u32 {
    stage.registry().banks[SOL as usize].weights.0.asset_init_ppm.get()
}

/// POWER-1
#[test]
fn a_change_can_be_executed_from_its_delay_on_for_a_week_by_anybody_and_once() {
    let mut stage = launched();
    let (held, started) = (weight(&stage), stage.now());
    let raise = looser(&stage);
    let id = propose(&mut stage, &raise);
    let change: PendingChange = stage.read(&stage.keys.change(id));
    assert_eq!(
        (change.proposed_at, change.due_at, change.expires_at),
        (started, started + DELAY, started + DELAY + 604_800)
    );
    assert_eq!((change.data(), change.accounts().len()), (&raise.data[..], raise.accounts.len()));
    let failure = execute(&mut stage, id).expect_err("it has to wait");
    assert_eq!(failure.code, Some(EngineError::ChangeNotDue as u32));
    let due = format!("the change is due at {}", started + DELAY);
    assert!(failure.logs.iter().any(|line| line.contains(&due)), "{failure}");
    wait(&mut stage, DELAY - 1);
    assert_code(execute(&mut stage, id), EngineError::ChangeNotDue);
    wait(&mut stage, 1);
    let rent_payer = stage.authority;
    let (rent, lamports) = (stage.lamports(&stage.keys.change(id)), stage.lamports(&rent_payer));
    let change: PendingChange = stage.read(&stage.keys.change(id));
    assert_sent(execute(&mut stage, id));
    assert_eq!(weight(&stage), held + 1_000);
    assert_eq!((stage.lamports(&stage.keys.change(id)), stage.lamports(&rent_payer)), (0, lamports + rent));
    // Its account is gone, whatever is said of it.
    let (keys, anybody) = (stage.keys, stage.party("anybody"));
    assert!(stage.send(&anybody, &[ix::execute_change(&keys, anybody, &change)]).is_err());
}

/// POWER-1
#[test]
fn a_change_that_was_forgotten_has_to_be_proposed_again() {
    let mut stage = launched();
    let raise = looser(&stage);
    let id = propose(&mut stage, &raise);
    let (keys, anybody) = (stage.keys, stage.party("anybody"));
    let change: PendingChange = stage.read(&keys.change(id));
    let clear = ix::cancel_change(&keys, anybody, &change);
    wait(&mut stage, DELAY + 604_800 - 1);
    assert_refused(&mut stage, &anybody, std::slice::from_ref(&clear), EngineError::NotAuthority);
    assert_sent(execute(&mut stage.clone(), id));
    wait(&mut stage, 1);
    assert_code(execute(&mut stage, id), EngineError::ChangeExpired);
    // Anybody clears it away, for nobody but whoever paid its rent.
    let to_me = ix::cancel_change(&keys, anybody, &PendingChange { rent_payer: anybody.to_bytes(), ..change });
    assert_refused(&mut stage, &anybody, &[to_me], EngineError::ChangeMismatch);
    let payer = stage.authority;
    assert_eq!(change.rent_payer, payer.to_bytes());
    let (held, rent) = (stage.lamports(&payer), stage.lamports(&keys.change(id)));
    assert_sent(stage.send(&anybody, &[clear]));
    assert_eq!((stage.lamports(&keys.change(id)), stage.lamports(&payer)), (0, held + rent));
    assert!(payer != anybody && rent > 0);
}

/// POWER-1
#[test]
fn authority_guardian_and_proposer_cancel_and_nobody_else_does() {
    let mut stage = launched();
    let keys = stage.keys;
    let (guardian, risk, mallory) = (stage.party("guardian"), stage.party("risk"), stage.party("mallory"));
    let mut engine: Engine = stage.read(&keys.engine);
    (engine.guardian, engine.risk_authority) = (guardian.to_bytes(), risk.to_bytes());
    stage.write(&keys.engine, &engine);
    let raise = looser(&stage);
    for (id, canceller) in [stage.authority, guardian, risk].into_iter().enumerate() {
        let propose = ix::propose_change(&keys, (risk, risk), id as u64, &raise);
        assert_sent(stage.send(&risk, &[propose]));
        let change: PendingChange = stage.read(&keys.change(id as u64));
        let by_mallory = ix::cancel_change(&keys, mallory, &change);
        assert_refused(&mut stage, &mallory, &[by_mallory], EngineError::NotAuthority);
        assert_sent(stage.send(&canceller, &[ix::cancel_change(&keys, canceller, &change)]));
    }
    for nobody in [guardian, mallory] {
        let propose = ix::propose_change(&keys, (nobody, nobody), 3, &raise);
        assert_refused(&mut stage, &nobody, &[propose], EngineError::NotAuthority);
    }
}

/// An engine of three keys: authority, risk authority, guardian.
fn of_three_keys() -> (Stage, [anchor_lang::prelude::Pubkey; 3]) {
    let mut stage = launched();
    let (keys, risk, guardian) = (stage.keys, stage.party("risk"), stage.party("guardian"));
    let mut engine: Engine = stage.read(&keys.engine);
    (engine.guardian, engine.risk_authority) = (guardian.to_bytes(), risk.to_bytes());
    stage.write(&keys.engine, &engine);
    let authority = stage.authority;
    (stage, [authority, risk, guardian])
}

/// POWER-4. A guardian that cancelled whatever would replace it froze the engine's configuration for ever, and so did an
/// authority that cancelled what would replace it while the guardian cancelled the rest.
#[test]
fn of_authority_risk_authority_and_guardian_two_replace_the_third_and_one_alone_replaces_nobody() {
    use args::RoleArg::{Authority, FeeCollector, Guardian, RiskAuthority};
    let (stage, [authority, risk, guardian]) = of_three_keys();
    let refusal = |proposer, role, canceller| {
        let mut stage = stage.clone();
        let (keys, heir) = (stage.keys, stage.party("heir"));
        let hand_over = ix::propose_role(&keys, keys.executor(), role, Some(heir));
        assert_sent(stage.send(&proposer, &[ix::propose_change(&keys, (proposer, proposer), 0, &hand_over)]));
        let change: PendingChange = stage.read(&keys.change(0));
        let cancel = stage.send(&canceller, &[ix::cancel_change(&keys, canceller, &change)]);
        let code = cancel.err().map(|failure| failure.code.expect("the engine's own"));
        if code.is_some() {
            // It goes on, and ends like any other.
            wait(&mut stage, DELAY);
            assert_sent(execute(&mut stage.clone(), 0));
            wait(&mut stage, 604_800);
            assert_sent(stage.send(&canceller, &[ix::cancel_change(&keys, canceller, &change)]));
        }
        code
    };
    let (outvoted, not_his) = (Some(EngineError::ReplacesCanceller as u32), Some(EngineError::NotAuthority as u32));
    for (proposer, role, by_authority, by_risk, by_guardian) in [
        // A lost or stolen guardian, and a stolen authority: the risk authority begins, the third key lets it be.
        (risk, Guardian, None, None, outvoted),
        (risk, Authority, outvoted, None, None),
        // A stolen authority alone, which replaces nobody; a stolen risk authority, which cancels nothing of others'.
        (authority, Guardian, None, not_his, None),
        (authority, RiskAuthority, None, not_his, None),
        (authority, Authority, None, not_his, None),
        (risk, RiskAuthority, None, None, None),
        (risk, FeeCollector, None, None, None),
    ] {
        for (canceller, expected) in [(authority, by_authority), (risk, by_risk), (guardian, by_guardian)] {
            assert_eq!(refusal(proposer, role, canceller), expected, "{role:?} {canceller}");
        }
    }
}

/// POWER-4: where a key holds two roles it would be two votes.
#[test]
fn who_holds_two_roles_outvotes_nobody() {
    for (same, role) in [(0, args::RoleArg::Guardian), (1, args::RoleArg::Authority), (2, args::RoleArg::Authority)] {
        let (mut stage, [authority, risk, guardian]) = of_three_keys();
        let keys = stage.keys;
        let mut engine: Engine = stage.read(&keys.engine);
        // The risk authority is the authority, or the guardian; or the guardian is the authority.
        (engine.risk_authority, engine.guardian) = match same {
            0 => (authority.to_bytes(), guardian.to_bytes()),
            1 => (guardian.to_bytes(), guardian.to_bytes()),
            _ => (risk.to_bytes(), authority.to_bytes()),
        };
        stage.write(&keys.engine, &engine);
        let proposer = anchor_lang::prelude::Pubkey::from(engine.risk_authority);
        let holder = if role == args::RoleArg::Guardian { guardian } else { authority };
        let hand_over = ix::propose_role(&keys, keys.executor(), role, Some(proposer));
        assert_sent(stage.send(&proposer, &[ix::propose_change(&keys, (proposer, proposer), 0, &hand_over)]));
        let change: PendingChange = stage.read(&keys.change(0));
        assert_sent(stage.send(&holder, &[ix::cancel_change(&keys, holder, &change)]));
    }
}

/// POWER-1
#[test]
fn no_account_of_a_change_can_be_exchanged() {
    let mut stage = launched();
    let raise = looser(&stage);
    let id = propose(&mut stage, &raise);
    wait(&mut stage, DELAY);
    let (keys, anybody) = (stage.keys, stage.party("anybody"));
    let change: PendingChange = stage.read(&keys.change(id));
    let honest = ix::execute_change(&keys, anybody, &change);
    // After the payer, the engine, the executor, the change, the receiver of its rent and what events take.
    for place in 2..honest.accounts.len() {
        if (5..7).contains(&place) || place == 3 {
            continue;
        }
        let mut exchanged = honest.clone();
        exchanged.accounts[place].pubkey = keys.bank(BTC).bank;
        assert_code(stage.simulate(&anybody, &[exchanged]), EngineError::ChangeMismatch);
    }
    for cut in [honest.accounts.len() - 1, 7] {
        let mut short = honest.clone();
        short.accounts.truncate(cut);
        assert_code(stage.simulate(&anybody, &[short]), EngineError::ChangeMismatch);
    }
    let mut long = honest.clone();
    long.accounts.push(solana_instruction::AccountMeta::new(keys.bank(BTC).bank, false));
    assert_code(stage.simulate(&anybody, &[long]), EngineError::ChangeMismatch);
    assert_sent(stage.send(&anybody, &[honest]));
}

/// POWER-1. Half of a coupled pair that was clamped cost Aave's users their positions.
#[test]
fn a_change_is_checked_as_a_whole_against_what_is_in_force_when_it_is_executed() {
    let mut stage = launched();
    let keys = stage.keys;
    let low = bank_args(SOL, |config| config.asset_init_ppm -= 200_000);
    let raise =
        ix::update_bank(&keys, keys.executor(), SOL, bank_args(SOL, |config| config.liability_init_ppm = 4_000_001));
    let id = propose(&mut stage, &raise);
    let raise = looser(&stage);
    let both = propose(&mut stage, &raise);
    wait(&mut stage, DELAY);
    // Bounds are not clamped: it is refused whole.
    assert_code(execute(&mut stage, id), EngineError::ParameterOutOfBounds);
    // What was tightened meanwhile is in force, and the change still is what was published.
    let lower = ix::update_bank(&keys, stage.authority, SOL, low);
    assert_sent(stage.send_as_authority(lower));
    assert_sent(execute(&mut stage, both));
    assert_eq!(weight(&stage), bank_args(SOL, |_| ()).config.asset_init_ppm + 1_000);
}

/// POWER-1
#[test]
fn a_shorter_delay_shortens_nothing_that_is_waiting() {
    let mut stage = launched();
    let keys = stage.keys;
    let shorter = params(&stage, |new| new.changes.change_delay_secs = 86_400);
    let first = propose(&mut stage, &ix::update_params(&keys, keys.executor(), &shorter));
    wait(&mut stage, DELAY - 1);
    let raise = looser(&stage);
    let second = propose(&mut stage, &raise);
    wait(&mut stage, 1);
    assert_sent(execute(&mut stage, first));
    wait(&mut stage, 86_400);
    assert_code(execute(&mut stage, second), EngineError::ChangeNotDue);
    let third = propose(&mut stage, &raise);
    wait(&mut stage, 86_400);
    assert_sent(execute(&mut stage, third));
}

/// POWER-1
#[test]
fn what_waits_is_named_with_its_values() {
    let mut stage = launched();
    let update = update_bank(&stage, "authority", BTC, |config| config.kink_ppm += 1);
    let failure = stage.send_as_authority(update).expect_err("it has to wait");
    let held = bank_args(BTC, |_| ()).config.kink_ppm;
    let line = format!("waits: kink_ppm from {held} to {}", held + 1);
    assert!(failure.logs.iter().any(|log| log.contains(&line)), "{failure}");
}

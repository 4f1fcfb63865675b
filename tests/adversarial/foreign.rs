//! Answers of the program that are honest and about an engine of the attacker's own.

use anchor_lang::prelude::Pubkey;
use example_venue::VenueError;
use plimsoll_tests::*;
use solana_instruction::Instruction;

use super::stage::{Stage, UNITS};

/// MARGIN-10
#[test]
fn a_caller_that_is_shown_a_foreign_engines_answer_refuses_it() {
    // Anybody may create an engine and be rich in it. Its answer is the program's own, honest and about another engine:
    // the venue took it, and a quote of somebody who has nothing in the venue's engine was firm.
    let mut stage = Stage::new();
    deploy_example_venue(&mut stage.world);
    let (keys, other, alice) = (stage.world.keys, stage.other, stage.alice);
    let operator = stage.world.party("operator");
    let venue = example_venue::client::Venue::of(operator, keys.engine);
    assert_sent(stage.world.send(&operator, &[venue.create()]));
    let payer = stage.world.party("fees");
    let args = example_venue::instructions::PostQuoteArgs {
        id: 0,
        for_account: None,
        maker_buys: false,
        base_units: UNITS,
        quote_atoms: 162_000_000,
        expires_at: stage.world.now() + 60,
    };
    let ours = venue.post_quote(alice.owner, alice.account, keys.market(SOL_PERP), args);
    let theirs = other.margin_account(&alice.owner, 0);
    // Places of maker's account, market, registry and board.
    let shown = |market: Pubkey| {
        let mut ix = ours.clone();
        for (place, key) in [(2, theirs), (3, market), (4, other.registry), (5, other.board)] {
            ix.accounts[place].pubkey = key;
        }
        ix
    };
    let all_foreign = shown(other.market(SOL_PERP));
    assert_refused(&mut stage.world, &payer, &[all_foreign], VenueError::ForeignEngine);
    let our_market = shown(keys.market(SOL_PERP));
    assert_refused(&mut stage.world, &payer, &[our_market], VenueError::MarginOfAnother);
    let read = |account, registry, board| {
        let read = example_venue::accounts::ReadMargin {
            config: venue.config,
            margin_account: account,
            registry,
            board,
            engine_program: pda::PROGRAM_ID,
        };
        Instruction {
            program_id: example_venue::ID,
            accounts: anchor_lang::ToAccountMetas::to_account_metas(&read, None),
            data: anchor_lang::InstructionData::data(&example_venue::instruction::ReadMargin { views: 3 }),
        }
    };
    let foreign = read(theirs, other.registry, other.board);
    assert_refused(&mut stage.world, &payer, &[foreign], VenueError::MarginOfAnother);
    // Nor does the venue open a desk there.
    let mut desk = venue.open_desk();
    desk.accounts[3].pubkey = other.engine;
    assert_refused(&mut stage.world, &payer, &[desk], VenueError::ForeignEngine);
    // What is its own engine's it takes.
    assert_sent(stage.world.simulate(&payer, &[read(alice.account, keys.registry, keys.board)]));
    assert_sent(stage.world.send(&payer, &[ours]));
}

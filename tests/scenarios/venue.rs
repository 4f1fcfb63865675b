//! A venue settles fills by CPI, within what both owners approved.

use anchor_lang::prelude::Pubkey;
use anchor_lang::{InstructionData, ToAccountMetas};
use plimsoll_tests::*;
use solana_instruction::Instruction;

struct Venue {
    config: Pubkey,
    signer: Pubkey,
    account: Pubkey,
}

fn call(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: example_venue::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

fn set_up(stage: &mut Stage) -> Venue {
    deploy_example_venue(stage);
    let operator = stage.party("operator");
    let find = |seeds: &[&[u8]]| Pubkey::find_program_address(seeds, &example_venue::ID).0;
    let config = find(&[example_venue::state::CONFIG, operator.as_ref()]);
    let signer = find(&[example_venue::state::SIGNER, config.as_ref()]);
    let create = example_venue::accounts::CreateVenue {
        operator,
        config,
        signer,
        system_program: anchor_lang::system_program::ID,
    };
    assert_sent(stage.send(&operator, &[call(create, example_venue::instruction::CreateVenue {})]));
    let (keys, authority) = (stage.keys, stage.authority);
    let args = args::RegisterVenueArgs { signer, settle_markets: 1, premium_markets: 1 };
    assert_sent(stage.send_as_authority(ix::register_venue(&keys, authority, authority, args)));
    Venue { config, signer, account: keys.venue(&signer) }
}

fn quote_key(venue: &Venue, maker: &Trader, id: u64) -> Pubkey {
    let seeds: &[&[u8]] =
        &[example_venue::state::QUOTE, venue.config.as_ref(), maker.owner.as_ref(), &id.to_le_bytes()];
    Pubkey::find_program_address(seeds, &example_venue::ID).0
}

/// The maker sells `units` at spot; the taker accepts.
fn trade(stage: &mut Stage, venue: &Venue, maker: &Trader, taker: &Trader, market: u8, id: u64, units: u64) -> Sent {
    let keys = stage.keys;
    let quote = quote_key(venue, maker, id);
    let post = example_venue::accounts::PostQuote {
        maker: maker.owner,
        config: venue.config,
        maker_account: maker.account,
        market: keys.market(market),
        quote,
        system_program: anchor_lang::system_program::ID,
    };
    let args = example_venue::instructions::PostQuoteArgs {
        id,
        maker_buys: false,
        base_units: units,
        quote_atoms: stage.quote_atoms(market, units, None),
        expires_at: stage.now() + 10,
    };
    assert_sent(stage.send(&maker.owner, &[call(post, example_venue::instruction::PostQuote { args })]));
    let take = example_venue::accounts::TakeQuote {
        taker: taker.owner,
        maker: maker.owner,
        config: venue.config,
        quote,
        venue_signer: venue.signer,
        maker_account: maker.account,
        taker_account: taker.account,
        market: keys.market(market),
        registry: keys.registry,
        board: keys.board,
        venue: venue.account,
        event_authority: pda::event_authority(),
        engine_program: pda::PROGRAM_ID,
    };
    stage.send(&taker.owner, &[call(take, example_venue::instruction::TakeQuote {})])
}

#[test]
fn a_venue_settles_what_both_owners_approved_up_to_the_notional_and_until_revoked() {
    let mut stage = Stage::new();
    let venue = set_up(&mut stage);
    let maker = stage.maker;
    let alice = stage.funded_trader("alice", USDC, 20_000 * USD);
    let refused = trade(&mut stage, &venue, &maker, &alice, SOL_PERP, 0, 10 * SOL_UNITS);
    assert_code(refused, EngineError::VenueNotApproved);
    for (trader, limit) in [(&maker, 1_000_000 * USD), (&alice, 3_000 * USD)] {
        let approve = ix::approve_venue(trader.owner, trader.account, venue.account, limit);
        assert_sent(stage.send(&trader.owner, &[approve]));
    }
    let sent = trade(&mut stage, &venue, &maker, &alice, SOL_PERP, 1, 10 * SOL_UNITS);
    stage.done(sent);
    // The value of 10 SOL is rounded up against the approval.
    let left = stage.margin_account(&alice).venues[0].notional_left_atoms;
    assert!(left <= 1_000 * USD && left + 1 >= 1_000 * USD, "{left}");
    let refused = trade(&mut stage, &venue, &maker, &alice, SOL_PERP, 2, 10 * SOL_UNITS);
    assert_code(refused, EngineError::VenueNotionalExceeded);
    let refused = trade(&mut stage, &venue, &maker, &alice, BTC_PERP, 3, 1_000);
    assert_code(refused, EngineError::VenueInactive);
    assert_sent(stage.send(&alice.owner, &[ix::revoke_venue(alice.owner, alice.account, venue.account)]));
    let refused = trade(&mut stage, &venue, &maker, &alice, SOL_PERP, 4, SOL_UNITS);
    assert_code(refused, EngineError::VenueNotApproved);
}

#[test]
fn a_refused_fill_changes_no_byte_through_the_callers_cpi_either() {
    let mut stage = Stage::new();
    let venue = set_up(&mut stage);
    let maker = stage.maker;
    let alice = stage.funded_trader("alice", USDC, 100 * USD);
    for trader in [&maker, &alice] {
        let approve = ix::approve_venue(trader.owner, trader.account, venue.account, 1_000_000 * USD);
        assert_sent(stage.send(&trader.owner, &[approve]));
    }
    let before = Books::read(&stage);
    let refused = trade(&mut stage, &venue, &maker, &alice, SOL_PERP, 0, 100 * SOL_UNITS);
    assert_code(refused, EngineError::InitialMarginInsufficient);
    let after = Books::read(&stage);
    assert!(before
        .accounts
        .iter()
        .zip(&after.accounts)
        .all(|(a, b)| bytemuck::bytes_of(a.1) == bytemuck::bytes_of(b.1)));
    assert_eq!(bytemuck::bytes_of(&before.markets[0]), bytemuck::bytes_of(&after.markets[0]));
}

//! Bounds of what the authority sets, and what each pause stops, at their edges.

use anchor_lang::prelude::Pubkey;
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_sim::listing::BANKS;
use plimsoll_state::pause;
use plimsoll_tests::*;

fn update(stage: &Stage, config: BankConfig) -> solana_instruction::Instruction {
    let args = args::UpdateBankArgs { reduce_only: false, config: config.args() };
    ix::update_bank(&stage.keys, stage.authority, USDC, args)
}

#[test]
fn what_a_bank_takes_of_interest_and_holds_at_most_is_bounded() {
    let mut stage = Stage::new();
    let (authority, config) = (stage.authority, stage.bank_config(USDC));
    let accepted = [
        BankConfig { interest_fee_ppm: 500_000, ..config },
        BankConfig { deposit_cap_atoms: MAX_ATOMS, ..config },
        BankConfig { borrow_cap_atoms: MAX_ATOMS, ..config },
    ];
    for config in accepted {
        let update = update(&stage, config);
        assert_sent(stage.send_as_authority(update));
    }
    let refused = [
        BankConfig { interest_fee_ppm: 500_001, ..config },
        BankConfig { deposit_cap_atoms: MAX_ATOMS + 1, ..config },
        BankConfig { borrow_cap_atoms: MAX_ATOMS + 1, ..config },
    ];
    for config in refused {
        let update = update(&stage, config);
        assert_refused(&mut stage, &authority, &[update], EngineError::ParameterOutOfBounds);
    }
}

#[test]
fn a_token_is_listed_once_its_price_is_known() {
    let mut world = World::new();
    let slot = world.list_price(&PriceConfig::named("USDC"));
    let mint = world.create_mint("USDC", 6);
    let config = BankConfig::of(&BANKS[0], slot);
    let failure = world.list_bank(mint, &config).expect_err("no price");
    assert_eq!(failure.code, Some(EngineError::PriceNotReady.into()), "{failure}");
    assert_sent(world.set_price(slot, E8));
    assert_eq!(world.list_bank(mint, &config).map_err(|failure| failure.to_string()), Ok(0));
}

#[test]
fn an_engine_that_nobody_may_pause_is_not_created() {
    let mut world = World::without_engine();
    let authority = world.authority;
    let args = args::CreateEngineArgs { id: 0, test_cluster: true, pause_authority: Pubkey::default() };
    let create = ix::create_engine(authority, authority, args);
    assert_refused(&mut world, &authority, &[create], EngineError::ParameterOutOfBounds);
}

/// A borrow out of one's own deposit is a withdrawal, and a borrow by its name: either pause stops it.
#[test]
fn either_pause_stops_a_borrow_that_the_deposit_covers() {
    let mut stage = Stage::new();
    let maker = stage.maker;
    let (keys, authority) = (stage.keys, stage.authority);
    for bits in [pause::BORROW, pause::WITHDRAW] {
        assert_sent(stage.send_as_authority(ix::set_pause(&keys, authority, bits)));
        assert_code(stage.borrow(&maker, USDC, USD), EngineError::Paused);
    }
    assert_sent(stage.send_as_authority(ix::set_pause(&keys, authority, 0)));
    let sent = stage.borrow(&maker, USDC, USD);
    stage.done(sent);
}

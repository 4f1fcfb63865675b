//! A venue settles fills by CPI, within what both owners approved.

use example_venue::client::Venue;
use example_venue::instructions::PostQuoteArgs;
use plimsoll_tests::*;

fn set_up(stage: &mut Stage) -> Venue {
    deploy_example_venue(stage);
    let operator = stage.party("operator");
    let venue = Venue::of(operator, stage.keys.engine);
    assert_sent(stage.send(&operator, &[venue.create()]));
    let (keys, authority) = (stage.keys, stage.authority);
    let args = args::RegisterVenueArgs { signer: venue.signer, settle_markets: 1, premium_markets: 1 };
    assert_sent(stage.send_as_authority(ix::register_venue(&keys, authority, authority, args)));
    venue
}

/// The maker sells `units` at spot; the taker accepts.
fn trade(stage: &mut Stage, venue: &Venue, maker: &Trader, taker: &Trader, market: u8, id: u64, units: u64) -> Sent {
    let args = PostQuoteArgs {
        id,
        for_account: None,
        maker_buys: false,
        base_units: units,
        quote_atoms: stage.quote_atoms(market, units, None),
        expires_at: stage.now() + 10,
    };
    let market = stage.keys.market(market);
    assert_sent(stage.send(&maker.owner, &[venue.post_quote(maker.owner, maker.account, market, args)]));
    let take = venue.take_quote((maker.owner, maker.account), id, (taker.owner, taker.account), market);
    stage.send(&taker.owner, &[take])
}

/// FILL-1, KEY-3
#[test]
fn a_venue_settles_what_both_owners_approved_up_to_the_notional_and_until_revoked() {
    let mut stage = Stage::new();
    let venue = set_up(&mut stage);
    let maker = stage.maker;
    let alice = stage.funded_trader("alice", USDC, 20_000 * USD);
    let refused = trade(&mut stage, &venue, &maker, &alice, SOL_PERP, 0, 10 * SOL_UNITS);
    assert_code(refused, EngineError::VenueNotApproved);
    for (trader, limit) in [(&maker, 1_000_000 * USD), (&alice, 3_000 * USD)] {
        let approve = stage.approve_venue(trader, venue.registered, limit);
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
    assert_sent(stage.send(&alice.owner, &[ix::revoke_venue(alice.owner, alice.account, venue.registered)]));
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
        let approve = stage.approve_venue(trader, venue.registered, 1_000_000 * USD);
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

//! Who may do what, and when: every call of the table against every stage of a bankruptcy, and the delegate.

use plimsoll::guard::{Rule, SignedBy, Works, RULES};
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_state::{pause, right, AccountStatus, MarginAccount};
use plimsoll_tests::*;

use super::calls::{calls, Call};
use super::program::{self, Kind};
use super::stage::Stage;

/// The guard's row of an instruction.
pub fn rule(name: &str) -> &'static Rule {
    RULES.iter().find(|rule| rule.instruction == name).expect("every instruction has a row")
}

#[test]
fn a_borrow_that_takes_no_deposit_is_no_withdrawal() {
    let mut stage = Stage::new();
    let (keys, authority, owner) = (stage.world.keys, stage.world.authority, stage.alice.owner);
    assert_sent(stage.world.send(&authority, &[ix::pause(&keys, authority, pause::WITHDRAW)]));
    let destination = stage.world.funded(&owner, BTC, 0);
    let token = stage.world.token(BTC);
    // Somebody has to lend it.
    let bob = stage.bob;
    assert_sent(stage.world.deposit(&bob, BTC, 1_000_000));
    let args = args::BorrowArgs { amount_atoms: 1_000 };
    let borrow = ix::borrow(&keys, &token, owner, stage.alice.account, destination, args);
    assert_sent(stage.world.send(&owner, &[borrow]));
}

/// What still works on an account in resolution: repaying and resolving it (BANKRUPT-4), a read, what takes a power away and
/// gives nothing, and what applies indices that a position already owes, since an account in resolution could else hold
/// an epoch.
const WORKS_FROZEN: [&str; 5] = ["check_margin", "repay", "touch_position", "resolve_bankruptcy", "revoke_venue"];

pub fn works_frozen(name: &str) -> bool {
    matches!(rule(name).works, Works::OnAny | Works::ByStage)
}

#[test]
fn what_works_on_an_account_in_resolution_is_no_more_than_is_meant() {
    let works: Vec<_> = RULES.iter().map(|rule| rule.instruction).filter(|name| works_frozen(name)).collect();
    // Another layout of the same balances.
    assert_eq!(works, [&WORKS_FROZEN[..], &["migrate_account"]].concat());
}

/// BANKRUPT-4
#[test]
fn only_resolve_and_repay_move_anything_of_an_account_in_resolution() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    let (mut worked, mut stopped) = (0, 0);
    for status in [AccountStatus::Seizing, AccountStatus::Paying] {
        for call in calls.iter().filter(|call| call.name != "resolve_bankruptcy" && call.name != "open_account") {
            for key in margin_accounts(&stage, call) {
                let mut world = stage.world.clone();
                let account: MarginAccount = world.read(&key);
                world.write(&key, &MarginAccount { status: status as u8, ..account });
                let before = world.snapshot();
                let sent = world.send(&payer, std::slice::from_ref(&call.ix));
                if works_frozen(call.name) {
                    assert!(sent.is_ok(), "{}: {}", call.title(), sent.expect_err("refused"));
                    worked += 1;
                } else {
                    stopped += 1;
                    let title = format!("{} on {status:?}", call.title());
                    let failure = sent.expect_err(&title);
                    assert_eq!(failure.code, Some(EngineError::AccountBankrupt as u32), "{title}: {failure}");
                    assert_same(&before, &world.snapshot());
                }
            }
        }
    }
    assert!(worked >= 4 && stopped >= 40, "{worked} worked, {stopped} were stopped");
}

/// Margin accounts that a call names.
pub fn margin_accounts(stage: &Stage, call: &Call) -> Vec<anchor_lang::prelude::Pubkey> {
    let slots = program::slots(call.name);
    let of_type = |kind: &Kind| matches!(kind, Kind::Loader(of) if of == "MarginAccount");
    let named =
        slots.iter().zip(&call.ix.accounts).filter(|(slot, _)| of_type(&slot.kind)).map(|(_, meta)| meta.pubkey);
    named.filter(|key| stage.world.try_read::<MarginAccount>(key).is_some()).collect()
}

/// The right that a call asks of a delegate, and how its absence is named; none where no right would do.
fn needs(name: &str) -> Option<(u8, EngineError)> {
    let (SignedBy::OwnerOr(bit) | SignedBy::VenueOrSides(bit)) = rule(name).signed_by else { return None };
    let missing = [
        (right::DEPOSIT, EngineError::DelegateMayNotDeposit),
        (right::TRADE, EngineError::DelegateMayNotTrade),
        (right::LIQUIDATE, EngineError::DelegateMayNotLiquidate),
    ];
    missing.into_iter().find(|(needed, _)| *needed == bit)
}

fn with_rights(account: MarginAccount, delegate: &anchor_lang::prelude::Pubkey, rights: u8) -> MarginAccount {
    let delegate_limit_atoms_per_day = if rights & right::TRADE == 0 { 0 } else { MAX_ATOMS };
    MarginAccount { delegate: delegate.to_bytes(), delegate_rights: rights, delegate_limit_atoms_per_day, ..account }
}

/// KEY-1, KEY-5
#[test]
fn a_delegate_does_what_its_rights_say_each_by_itself_and_nothing_else() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    let delegate = address("delegate");
    let mut tried = 0;
    for call in &calls {
        let accounts = margin_accounts(&stage, call);
        let owners: Vec<_> = accounts.iter().map(|key| stage.world.read::<MarginAccount>(key).owner).collect();
        for at in 0..call.ix.accounts.len() {
            let meta = &call.ix.accounts[at];
            if !(meta.is_signer && owners.contains(&meta.pubkey.to_bytes())) {
                continue;
            }
            tried += 1;
            let mut world = stage.world.clone();
            for key in &accounts {
                let account: MarginAccount = world.read(key);
                world.write(key, &with_rights(account, &delegate, right::ALL));
            }
            let mut ix = call.ix.clone();
            ix.accounts[at].pubkey = delegate;
            if call.name == "deposit" {
                // From the delegate's own purse.
                ix.accounts[6].pubkey = world.funded(&delegate, USDC, 100_000_000);
            }
            let Some((needed, missing)) = needs(call.name) else {
                assert_refused(&mut world, &payer, &[ix], EngineError::NotOwner);
                continue;
            };
            assert_sent(world.simulate(&payer, std::slice::from_ref(&ix)));
            for rights in 1..=right::ALL {
                let mut world = world.clone();
                for key in &accounts {
                    let account: MarginAccount = world.read(key);
                    world.write(key, &with_rights(account, &delegate, rights));
                }
                match rights & needed != 0 {
                    true => drop(assert_sent(world.simulate(&payer, std::slice::from_ref(&ix)))),
                    false => assert_refused(&mut world, &payer, std::slice::from_ref(&ix), missing),
                }
            }
        }
    }
    assert_eq!(tried, 14);
}

/// KEY-5
#[test]
fn a_delegate_of_nobody_is_not_everybody() {
    // Zero in the delegate's field stands for none; a signer of that address is impossible, yet never accepted.
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    let deposit = calls.iter().find(|call| call.name == "deposit").expect("deposit is listed");
    let mut account = stage.world.margin_account(&stage.alice);
    account.delegate = [0; 32];
    stage.world.write(&stage.alice.account, &account);
    let mut ix = deposit.ix.clone();
    ix.accounts[0].pubkey = Default::default();
    assert_refused(&mut stage.world, &payer, &[ix], EngineError::NotOwnerOrDelegate);
}

/// FILL-1
#[test]
fn a_venue_fills_only_where_the_authority_and_both_owners_let_it() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let (keys, authority, payer) = (stage.world.keys, stage.world.authority, stage.world.party("fees"));
    let fill = calls.iter().find(|call| call.title() == "settle_fill: a venue").expect("the table has it").ix.clone();
    let (alice, bob, signer) = (stage.alice, stage.bob, stage.venue_signer);
    let venue = keys.venue(&signer);
    let terms = |active, settle_markets| args::UpdateVenueArgs { active, settle_markets, premium_markets: 3 };
    let update = |active, markets| ix::update_venue(&keys, authority, venue, terms(active, markets));
    let cases = [
        (update(false, 3), EngineError::VenueInactive),
        (update(true, 0), EngineError::VenueInactive),
        (update(true, !1), EngineError::VenueInactive),
        (ix::revoke_venue(alice.owner, alice.account, venue), EngineError::VenueNotApproved),
        (ix::revoke_venue(bob.owner, bob.account, venue), EngineError::VenueNotApproved),
        // A SOL costs 162 dollars.
        (stage.world.approve_venue(&alice, venue, 161_999_999), EngineError::VenueNotionalExceeded),
        (stage.world.approve_venue(&bob, venue, 1), EngineError::VenueNotionalExceeded),
    ];
    for (change, error) in cases {
        let mut world = stage.world.clone();
        assert_sent(world.send(&payer, &[change]));
        assert_refused(&mut world, &payer, std::slice::from_ref(&fill), error);
    }
    // The last dollar of an approval is spent once.
    let approve = stage.world.approve_venue(&bob, venue, 162_000_000);
    assert_sent(stage.world.send(&payer, &[approve, fill.clone()]));
    assert_refused(&mut stage.world, &payer, &[fill], EngineError::VenueNotionalExceeded);
}

/// FUNDING-1
#[test]
fn a_venue_reports_no_premium_beyond_the_bound_and_only_of_its_markets() {
    let mut stage = Stage::new();
    let (keys, authority, payer) = (stage.world.keys, stage.world.authority, stage.world.party("fees"));
    let signer = stage.venue_signer;
    for premium_ppm in [501, -501, i32::MAX, i32::MIN] {
        let report = ix::report_premium(&keys, SOL_PERP, signer, premium_ppm);
        assert_refused(&mut stage.world, &payer, &[report], EngineError::PremiumOutOfBounds);
    }
    for (active, premium_markets) in [(false, 3), (true, 2), (true, 0)] {
        let mut world = stage.world.clone();
        let terms = args::UpdateVenueArgs { active, settle_markets: 3, premium_markets };
        assert_sent(world.send(&payer, &[ix::update_venue(&keys, authority, keys.venue(&signer), terms)]));
        let report = ix::report_premium(&keys, SOL_PERP, signer, 500);
        assert_refused(&mut world, &payer, &[report], EngineError::VenueInactive);
    }
    for premium_ppm in [500, -500] {
        assert_sent(stage.world.send(&payer, &[ix::report_premium(&keys, SOL_PERP, signer, premium_ppm)]));
    }
}

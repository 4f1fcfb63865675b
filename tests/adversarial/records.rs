//! Whoever only reads events sees every key, what it may do and what it does.

use std::collections::{BTreeMap, BTreeSet};

use anchor_lang::prelude::Pubkey;
use plimsoll::event::*;
use plimsoll_state::{Engine, MarginAccount, Registry, Venue, VenueApproval};
use plimsoll_tests::*;

use super::calls::calls;
use super::program::{self, Kind};
use super::stage::{Stage, UNITS, USD};

/// Instructions without an event, and why nobody misses one.
const QUIET: [(&str, &str); 3] = [
    ("check_margin", "writes nothing"),
    ("observe_margin", "writes an account's clocks, which follow from board and account and move nothing of anybody"),
    ("refresh_price", "moves nothing of anybody: the board is the record"),
];

/// Has no valid call in the first layout; its event is read in `tests/composition/migration.rs`.
const ELSEWHERE: &str = "migrate_account";

/// Who may do what, as accounts store it.
#[derive(Debug, PartialEq)]
enum Powers {
    Engine([[u8; 32]; 4], [[u8; 32]; 4], u64),
    Pause(u8, u32, Vec<u8>),
    Venue(u8, u32, u32),
    Account([[u8; 32]; 2], u8, u64, Vec<[u8; 32]>),
}

fn powers(world: &World) -> BTreeMap<Pubkey, Powers> {
    let all = world.svm.get_program_accounts(&pda::PROGRAM_ID);
    let of = |key: &Pubkey| {
        if let Some(engine) = world.try_read::<Engine>(key) {
            return Some(Powers::Engine(engine.held(), engine.pending, engine.changes_proposed));
        }
        if let Some(registry) = world.try_read::<Registry>(key) {
            let params = bytemuck::bytes_of(&registry.params).to_vec();
            return Some(Powers::Pause(registry.launched, registry.pause_bits, params));
        }
        if let Some(venue) = world.try_read::<Venue>(key) {
            return Some(Powers::Venue(venue.active, venue.settle_markets, venue.premium_markets));
        }
        let account = world.try_read::<MarginAccount>(key)?;
        // Notional that is used up is what a fill's event says; an approval's terms are what an owner signed.
        let venues = account.venues.iter().map(|approval| approval.venue).collect();
        let keys = [account.owner, account.delegate];
        Some(Powers::Account(keys, account.delegate_rights, account.delegate_limit_atoms_per_day, venues))
    };
    all.iter().filter_map(|(key, _)| Some((*key, of(key)?))).collect()
}

/// ACCOUNT-5
#[test]
fn every_instruction_has_an_event_but_those_that_change_nobodys_powers_or_money() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    let mut named: Vec<&str> = calls.iter().map(|call| call.name).collect();
    named.dedup();
    for name in program::instructions() {
        assert!(named.contains(&name.as_str()), "{name} has no valid call in the table");
    }
    let quiet = |name: &str| QUIET.iter().any(|(quiet, _)| *quiet == name);
    for name in program::instructions().iter().map(String::as_str).chain([ELSEWHERE]) {
        let carries = program::slots(name).iter().any(|slot| slot.kind == Kind::EventAuthority);
        assert_eq!(carries, !quiet(name), "{name}");
    }
    let (mut changed, mut engines) = (0, BTreeSet::new());
    for call in &calls {
        let mut world = stage.world.clone();
        let before = powers(&world);
        let meta = assert_sent(world.send(&payer, std::slice::from_ref(&call.ix)));
        let changes = before != powers(&world);
        changed += changes as u32;
        assert!(!changes || !quiet(call.name), "{} changes who may do what", call.title());
        let events = event_data(&meta);
        assert_eq!(events.is_empty(), quiet(call.name), "{}", call.title());
        for data in &events {
            let named = engine_of(data).unwrap_or_default();
            assert!(world.try_read::<Engine>(&named).is_some(), "{}: {named} is no engine", call.title());
            engines.insert(named);
        }
    }
    // Creating, growing, proposing, accepting, pausing, registering, updating, opening, closing, naming, approving, revoking.
    assert!(changed >= 11, "{changed}");
    // The table's engine, one that it creates and one that is not launched yet.
    assert!(engines.contains(&stage.world.keys.engine) && engines.len() > 1, "{engines:?}");
}

/// What a reader of events knows of one account.
#[derive(Debug, Default, PartialEq)]
struct Known {
    owner: Pubkey,
    delegate: Option<args::DelegateArgs>,
    /// Markets, notional left and end by venue.
    approvals: BTreeMap<Pubkey, (u32, u64, i64)>,
    /// Who signed for it: owner, delegate or nobody.
    signers: Vec<Pubkey>,
}

/// A reader of events.
#[derive(Debug, Default)]
struct Reader {
    accounts: BTreeMap<Pubkey, Known>,
    venues: BTreeMap<Pubkey, (Pubkey, bool, u32, u32)>,
}

impl Reader {
    fn read(&mut self, data: &[u8]) {
        if let Some(e) = decode_event::<AccountOpened>(data) {
            let known = Known { owner: e.owner, delegate: e.delegate, ..Known::default() };
            self.accounts.insert(e.account, known);
        } else if let Some(e) = decode_event::<DelegateSet>(data) {
            let known = self.accounts.entry(e.account).or_default();
            assert_eq!(known.owner, e.owner);
            known.delegate = e.delegate;
        } else if let Some(e) = decode_event::<VenueApproved>(data) {
            let approval = (e.markets, e.notional_limit_atoms, e.expires_at);
            self.accounts.entry(e.account).or_default().approvals.insert(e.venue, approval);
        } else if let Some(e) = decode_event::<VenueRevoked>(data) {
            self.accounts.entry(e.account).or_default().approvals.remove(&e.venue);
        } else if let Some(e) = decode_event::<VenueSet>(data) {
            self.venues.insert(e.venue, (e.signer, e.active, e.settle_markets, e.premium_markets));
        } else if let Some(e) = decode_event::<FillSettled>(data) {
            for (account, signer) in [(e.buyer, e.buyer_signer), (e.seller, e.seller_signer)] {
                self.accounts.entry(account).or_default().signers.push(signer);
            }
        } else if let Some(e) = decode_event::<CollateralLiquidated>(data) {
            self.accounts.entry(e.liquidator).or_default().signers.push(e.signer);
        } else if let Some(e) = decode_event::<Deposited>(data) {
            self.accounts.entry(e.moved.account).or_default().signers.push(e.authority);
        }
    }
}

#[test]
fn who_only_reads_events_sees_every_key_what_it_may_do_and_what_it_does() {
    let mut stage = Stage::new();
    let (keys, authority, payer) = (stage.world.keys, stage.world.authority, stage.world.party("fees"));
    let (owner, thief, signer) = (stage.world.party("dora"), stage.world.party("thief"), stage.world.party("desk"));
    let dora = Trader { owner, account: keys.margin_account(&owner, 0) };
    let venue = keys.venue(&signer);
    let delegate = |rights, limit| Some(args::DelegateArgs { key: thief, rights, trade_limit_atoms_per_day: limit });
    let mut reader = Reader::default();
    let mut send = |stage: &mut Stage, ix| {
        let meta = assert_sent(stage.world.send(&payer, &[ix]));
        event_data(&meta).iter().for_each(|data| reader.read(data));
    };
    let open = args::OpenAccountArgs { id: 0, delegate: delegate(1, 0) };
    send(&mut stage, ix::open_account(&keys, owner, owner, open));
    send(&mut stage, ix::set_delegate(owner, dora.account, delegate(7, 5_000 * USD)));
    let purse = stage.world.funded(&thief, USDC, 20_000 * USD);
    let token = stage.world.token(USDC);
    let args = args::DepositArgs { amount_atoms: 20_000 * USD };
    send(&mut stage, ix::deposit(&keys, &token, thief, dora.account, purse, args));
    let terms = args::RegisterVenueArgs { signer, settle_markets: 1, premium_markets: 0 };
    send(&mut stage, ix::register_venue(&keys, authority, authority, terms));
    let terms = args::UpdateVenueArgs { active: true, settle_markets: 3, premium_markets: 1 };
    send(&mut stage, ix::update_venue(&keys, authority, venue, terms));
    for limit in [7_000, 900] {
        let approve = stage.world.approve_venue(&dora, venue, limit * USD);
        send(&mut stage, approve);
    }
    let other = keys.venue(&stage.other_signer);
    let second = stage.world.approve_venue(&dora, other, 3);
    send(&mut stage, second);
    send(&mut stage, ix::revoke_venue(owner, dora.account, other));
    let bob = stage.bob;
    let args = args::SettleFillArgs { base_units: UNITS, quote_atoms: stage.world.quote_atoms(SOL_PERP, UNITS, None) };
    let sides = ix::FillAuthority::Sides { buyer: thief, seller: bob.owner };
    stage.world.repeat_prices();
    send(&mut stage, ix::settle_fill(&keys, SOL_PERP, dora.account, bob.account, sides, args));

    let account = stage.world.margin_account(&dora);
    let known = &reader.accounts[&dora.account];
    assert_eq!(known.owner.to_bytes(), account.owner);
    let named = known.delegate.expect("a delegate");
    assert_eq!((named.key.to_bytes(), named.rights), (account.delegate, account.delegate_rights));
    assert_eq!(named.trade_limit_atoms_per_day, account.delegate_limit_atoms_per_day);
    let stored: Vec<&VenueApproval> = account.venues.iter().filter(|approval| approval.venue != [0; 32]).collect();
    assert_eq!(stored.len(), known.approvals.len());
    for approval in stored {
        let said = known.approvals[&Pubkey::from(approval.venue)];
        assert_eq!(said, (approval.markets, approval.notional_left_atoms, approval.expires_at));
    }
    let stored: Venue = stage.world.read(&venue);
    let said = (signer, stored.active == 1, stored.settle_markets, stored.premium_markets);
    assert_eq!(reader.venues[&venue], said);
    // The stolen key at work: it deposited and it traded, and the owner did neither.
    assert_eq!(known.signers, [thief, thief]);
    assert_eq!(reader.accounts[&bob.account].signers, [bob.owner]);
}

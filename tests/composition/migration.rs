//! A populated engine survives a program with another layout: until an account is migrated nothing takes it, afterwards
//! everything goes on as if nothing had happened.

use std::collections::BTreeMap;
use std::mem::offset_of;

use anchor_lang::prelude::{ErrorCode, Pubkey};
use plimsoll_state::{EngineAccount, MarginAccount, Registry, DISCRIMINATOR_LEN, LAYOUT_VERSION};
use plimsoll_tests::*;
use solana_account::Account;
use solana_instruction::Instruction;

/// Where every account has its version.
const VERSION: usize = DISCRIMINATOR_LEN;
/// Where the next layout keeps the version that a margin account was opened with.
const FIRST_LAYOUT: usize = DISCRIMINATOR_LEN + offset_of!(MarginAccount, _reserved);
const NEXT: u8 = LAYOUT_VERSION + 1;

/// An engine with lenders, a borrower and positions both ways.
struct Populated {
    stage: Stage,
    alice: Trader,
    bob: Trader,
}

fn populated() -> Populated {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let bob = stage.funded_trader("bob", USDC, 50_000 * USD);
    let sent = stage.borrow(&alice, USDC, 10_000 * USD);
    stage.done(sent);
    let maker = stage.maker;
    for (buyer, seller, market, units) in [
        (alice, bob, SOL_PERP, 20 * SOL_UNITS),
        (maker, bob, SOL_PERP, 10 * SOL_UNITS),
        (bob, maker, BTC_PERP, BTC_UNITS / 100),
    ] {
        let sent = stage.fill(market, &buyer, &seller, units, None);
        stage.done(sent);
    }
    let (keys, authority, signer) = (stage.keys, stage.authority, address("venue"));
    let args = args::RegisterVenueArgs { signer, settle_markets: 3, premium_markets: 3 };
    assert_sent(stage.send_as_authority(ix::register_venue(&keys, authority, authority, args)));
    stage.hold_prices(60, 5);
    Populated { stage, alice, bob }
}

/// Replaces the program by the one with the next layout.
fn upgrade(world: &mut World) {
    world.add_program(pda::PROGRAM_ID, &program_file("PLIMSOLL_NEXT_SO", "plimsoll_next"));
}

fn engine_accounts(world: &World) -> BTreeMap<Pubkey, Account> {
    world.svm.get_program_accounts(&pda::PROGRAM_ID).into_iter().collect()
}

fn is_margin_account(data: &[u8]) -> bool {
    data[..DISCRIMINATOR_LEN] == MarginAccount::ACCOUNT_DISCRIMINATOR
}

/// The account with the next layout's bytes as this one's: what both have in common.
fn in_this_layout(account: &Account) -> Account {
    let mut account = account.clone();
    account.data[VERSION] = LAYOUT_VERSION;
    if is_margin_account(&account.data) {
        account.data[FIRST_LAYOUT] = 0;
    }
    account
}

impl Populated {
    /// One of every kind of instruction that a user or a keeper sends, none of which succeeds by itself only.
    fn everyday(&mut self) -> Vec<(&'static str, Pubkey, Instruction)> {
        let (keys, alice, bob, liquidator) = (self.stage.keys, self.alice, self.bob, self.stage.liquidator);
        let (token, sol) = (self.stage.token(USDC), self.stage.token(SOL));
        let purse = self.stage.funded(&alice.owner, USDC, 1_000 * USD);
        let sols = self.stage.funded(&alice.owner, SOL, 0);
        let units = SOL_UNITS;
        let fill =
            args::SettleFillArgs { base_units: units, quote_atoms: self.stage.quote_atoms(SOL_PERP, units, None) };
        let sides = ix::FillAuthority::Sides { buyer: bob.owner, seller: alice.owner };
        let fill = ix::settle_fill(&keys, SOL_PERP, bob.account, alice.account, sides, fill);
        let deposit = args::DepositArgs { amount_atoms: 100 * USD };
        let deposit = ix::deposit(&keys, &token, alice.owner, alice.account, purse, deposit);
        let withdraw = args::WithdrawArgs { amount_atoms: ONE_SOL, all: false };
        let withdraw = ix::withdraw(&keys, &sol, alice.owner, alice.account, sols, withdraw);
        let borrow = args::BorrowArgs { amount_atoms: 100 * USD };
        let borrow = ix::borrow(&keys, &token, alice.owner, alice.account, purse, borrow);
        let liquidate = liquidate_ix(&self.stage, &liquidator, &alice, pair(SOL, USDC), ANY, true);
        let params = ix::update_params(&keys, self.stage.authority, &AT_ONCE);
        vec![
            ("check_margin", alice.owner, ix::check_margin(&keys, alice.account, 3)),
            ("observe_margin", alice.owner, ix::observe_margin(&keys, alice.account)),
            ("deposit", alice.owner, deposit),
            ("withdraw", alice.owner, withdraw),
            ("borrow", alice.owner, borrow),
            ("settle_fill", bob.owner, fill),
            ("settle_pnl", alice.owner, ix::settle_pnl(&keys, SOL_PERP, Some(alice.account))),
            ("liquidate_collateral", liquidator.owner, liquidate),
            ("set_delegate", alice.owner, ix::set_delegate(alice.owner, alice.account, None)),
            ("update_params", self.stage.authority, params),
        ]
    }

    fn migrate_all(&mut self) {
        let stranger = self.stage.party("stranger");
        let engine = self.stage.keys.engine;
        for key in engine_accounts(&self.stage).keys() {
            let meta = assert_sent(self.stage.send(&stranger, &[ix::migrate_account(*key)]));
            let said: plimsoll::event::AccountMigrated = event(&meta);
            assert_eq!((said.engine, said.account, said.version), (engine, *key, 2));
        }
    }

    /// Interest, funding, a crash, liquidations, settlements, money out, a new account.
    fn live_on(&mut self) {
        let (keys, alice, bob, liquidator) = (self.stage.keys, self.alice, self.bob, self.stage.liquidator);
        let everyday = self.everyday();
        // These have something to do only after the crash.
        let later = ["settle_pnl", "liquidate_collateral"];
        for (name, payer, ix) in everyday.iter().filter(|(name, ..)| !later.contains(name)) {
            let sent = self.stage.send(payer, std::slice::from_ref(ix));
            assert!(sent.is_ok(), "{name}: {}", sent.unwrap_err());
        }
        assert_sent(self.stage.send_as_authority(ix::report_premium(&keys, SOL_PERP, address("venue"), 200)));
        self.stage.hold_prices(60, 5);
        for bank in [USDC, SOL] {
            assert_sent(self.stage.send_as_authority(ix::accrue(&keys, bank)));
        }
        assert_sent(self.stage.send_as_authority(ix::crank_funding(&keys, SOL_PERP)));
        self.stage.advance(2);
        self.stage.repeat_prices();
        assert_sent(self.stage.set_price(SOL, 115 * E8));
        self.stage.watch(&alice, 60);
        let meta = assert_sent(self.stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY));
        assert!(outcome(&meta).size > 0);
        let maker = self.stage.maker;
        for side in [maker, bob] {
            assert_sent(self.stage.settle(SOL_PERP, Some(&side)));
        }
        assert_sent(self.stage.touch(&bob, BTC_PERP));
        assert_sent(self.stage.withdraw(&bob, USDC, Some(1_000 * USD)));
        let carol = self.stage.funded_trader("carol", USDC, 500 * USD);
        assert_sent(self.stage.withdraw(&carol, USDC, None));
    }

    /// The books as this layout's code reads them.
    fn books(&self) -> Books {
        let mut world = self.stage.world.clone();
        for (key, account) in engine_accounts(&world) {
            world.put(&key, in_this_layout(&account));
        }
        Books::read(&world)
    }
}

#[test]
fn nothing_takes_an_account_of_the_layout_before_until_it_is_migrated() {
    let mut populated = populated();
    upgrade(&mut populated.stage);
    for (name, payer, ix) in populated.everyday() {
        let before = populated.stage.snapshot();
        let refused = populated.stage.send(&payer, &[ix]).expect_err(name);
        assert_eq!(refused.code, Some(EngineError::VersionUnknown as u32), "{name}: {refused}");
        assert_same(&before, &populated.stage.snapshot());
    }
    let keys = populated.stage.keys;
    for ix in [ix::accrue(&keys, USDC), ix::crank_funding(&keys, SOL_PERP), ix::sweep_insurance(&keys, USDC)] {
        let before = populated.stage.snapshot();
        let refused = populated.stage.send_as_authority(ix).expect_err("not migrated");
        assert_eq!(refused.code, Some(EngineError::VersionUnknown as u32), "{refused}");
        assert_same(&before, &populated.stage.snapshot());
    }
}

#[test]
fn a_margin_check_needs_all_three_accounts_migrated_in_whatever_order() {
    let mut populated = populated();
    upgrade(&mut populated.stage);
    let (keys, alice) = (populated.stage.keys, populated.alice);
    let check = ix::check_margin(&keys, alice.account, 3);
    for account in [alice.account, keys.board, keys.registry] {
        assert_refused(&mut populated.stage, &alice.owner, std::slice::from_ref(&check), EngineError::VersionUnknown);
        assert_sent(populated.stage.send(&alice.owner, &[ix::migrate_account(account)]));
    }
    assert_sent(populated.stage.send(&alice.owner, &[check]));
}

#[test]
fn migration_changes_the_version_and_what_the_version_adds_and_nothing_else() {
    let mut populated = populated();
    let before = engine_accounts(&populated.stage);
    let types: std::collections::BTreeSet<&[u8]> =
        before.values().map(|account| &account.data[..DISCRIMINATOR_LEN]).collect();
    assert_eq!(types.len(), 8, "an account of every type");
    upgrade(&mut populated.stage);
    populated.migrate_all();
    let after = engine_accounts(&populated.stage);
    assert_eq!(after.len(), before.len());
    for (key, account) in &after {
        assert_eq!(account.data[VERSION], NEXT);
        if is_margin_account(&account.data) {
            assert_eq!(account.data[FIRST_LAYOUT], LAYOUT_VERSION);
        }
        assert_eq!(in_this_layout(account), before[key]);
    }
    // Again there is nothing to do.
    let payer = populated.stage.party("stranger");
    for key in after.keys() {
        assert_refused(&mut populated.stage, &payer, &[ix::migrate_account(*key)], EngineError::LayoutCurrent);
    }
}

#[test]
fn a_migrated_engine_ends_where_one_that_was_never_upgraded_ends() {
    let (mut migrated, mut untouched) = (populated(), populated());
    upgrade(&mut migrated.stage);
    migrated.migrate_all();
    migrated.live_on();
    untouched.live_on();
    let expected = engine_accounts(&untouched.stage);
    let ended = engine_accounts(&migrated.stage);
    let common: BTreeMap<Pubkey, Account> =
        ended.iter().map(|(key, account)| (*key, in_this_layout(account))).collect();
    assert_same(&expected, &common);
    for key in [&migrated.alice, &migrated.bob].map(|trader| migrated.stage.world.data(&trader.account)) {
        assert_eq!(key[FIRST_LAYOUT], LAYOUT_VERSION);
    }
    let carol = migrated.stage.keys.margin_account(&address("carol"), 0);
    assert_eq!(migrated.stage.data(&carol)[FIRST_LAYOUT], NEXT);
    // Both reconcile: balances, positions, vaults, insurance.
    assert_eq!(untouched.books().check(), Ok(()));
    assert_eq!(migrated.books().check(), Ok(()));
}

#[test]
fn in_the_first_layout_there_is_nothing_to_migrate() {
    let mut populated = populated();
    let payer = populated.stage.party("stranger");
    for key in engine_accounts(&populated.stage).keys() {
        assert_refused(&mut populated.stage, &payer, &[ix::migrate_account(*key)], EngineError::LayoutCurrent);
    }
}

#[test]
fn what_is_no_account_of_the_version_before_is_not_migrated() {
    let mut populated = populated();
    let (keys, alice) = (populated.stage.keys, populated.alice);
    let payer = populated.stage.party("stranger");
    let account = populated.stage.svm.get_account(&alice.account).expect("it exists");
    let patched = |patch: &dyn Fn(&mut Account)| {
        let mut account = account.clone();
        patch(&mut account);
        account
    };
    let strange = [
        (patched(&|a| a.data[VERSION] = 0), u32::from(EngineError::VersionUnknown)),
        (patched(&|a| a.data[VERSION] = NEXT + 1), EngineError::VersionUnknown.into()),
        (patched(&|a| a.data[0] ^= 1), ErrorCode::AccountDiscriminatorMismatch.into()),
        (patched(&|a| a.data.truncate(1_000)), ErrorCode::AccountDiscriminatorMismatch.into()),
        (patched(&|a| a.data.clear()), ErrorCode::AccountDiscriminatorMismatch.into()),
        (patched(&|a| a.owner = testkit_hostile::ID), ErrorCode::AccountOwnedByWrongProgram.into()),
    ];
    for next in [false, true] {
        let mut world = populated.stage.world.clone();
        if next {
            upgrade(&mut world);
        }
        for (account, code) in &strange {
            world.put(&alice.account, account.clone());
            assert_refused(&mut world, &payer, &[ix::migrate_account(alice.account)], *code);
        }
        // A registry before its last step has no discriminator yet: it has no layout either.
        let mut growing = world.svm.get_account(&keys.registry).expect("it exists");
        growing.data[..DISCRIMINATOR_LEN].fill(0);
        assert_eq!(growing.data.len(), Registry::SPACE);
        world.put(&keys.registry, growing);
        let refused = ErrorCode::AccountDiscriminatorMismatch;
        assert_refused(&mut world, &payer, &[ix::migrate_account(keys.registry)], refused);
        // And an account that is only read is not written.
        let mut read_only = ix::migrate_account(keys.board);
        read_only.accounts[0].is_writable = false;
        assert_refused(&mut world, &payer, &[read_only], ErrorCode::ConstraintMut);
    }
}

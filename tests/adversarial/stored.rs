//! Accounts of the engine whose bytes no instruction leaves behind.

use plimsoll::error::EngineError;
use plimsoll_state::{MarginAccount, PositionKind, LAYOUT_VERSION};
use plimsoll_tests::*;

use super::calls::{calls, Call};
use super::clean::{complaint, named, untouched};
use super::program::{self, Kind};
use super::stage::Stage;

const BODY: usize = 8;

/// Sends the call in this world; what is wrong unless it is refused properly and for one of these reasons.
fn refused(world: &mut World, call: &Call, stage: &Stage, allowed: &[EngineError]) -> Option<String> {
    let payer = world.party("fees");
    let before = world.snapshot();
    match world.send(&payer, std::slice::from_ref(&call.ix)) {
        Ok(_) => Some("went through".into()),
        Err(failure) => {
            complaint(&failure, &stage.hostile).or_else(|| untouched(&before, &world.snapshot())).or_else(|| {
                let is_allowed = allowed.iter().any(|error| failure.code == Some(*error as u32));
                (!is_allowed).then(|| format!("refused with {}", named(&failure)))
            })
        }
    }
}

/// ACCOUNT-3
#[test]
fn an_account_of_an_unknown_version_is_refused_by_every_instruction_and_in_every_slot() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let (mut found, mut tried) = (Vec::new(), 0);
    for call in &calls {
        for (slot, meta) in program::slots(call.name).iter().zip(&call.ix.accounts) {
            let Some(mut account) = stage.world.svm.get_account(&meta.pubkey) else { continue };
            if !matches!(slot.kind, Kind::Loader(_)) || account.owner != pda::PROGRAM_ID {
                continue;
            }
            tried += 1;
            account.data[BODY] = LAYOUT_VERSION + 1;
            let mut world = stage.world.clone();
            world.put(&meta.pubkey, account);
            let wrong = refused(&mut world, call, &stage, &[EngineError::VersionUnknown]);
            found.extend(wrong.map(|wrong| format!("{}, {}: {wrong}", call.title(), slot.name)));
        }
    }
    assert!(tried > 100 && found.is_empty(), "{tried} tried\n{}", found.join("\n"));
}

/// What an account with sixteen balances and none of quote meets first.
const NO_PLACE: &[EngineError] = &[
    EngineError::InvariantBroken,
    EngineError::LegEmpty,
    EngineError::TokenTableFull,
    EngineError::BalanceInsufficient,
    EngineError::NothingOwed,
    EngineError::NumberOutOfRange,
];

/// What is noticed where margin is needed before the account would be written.
fn allowed(call: &Call, what: &str) -> &'static [EngineError] {
    use EngineError::*;
    match what {
        // A step looks at the stage, and at what is left, first.
        _ if call.name == "resolve_bankruptcy" => {
            &[InvariantBroken, WrongStage, AssetsRemain, LegEmpty, NothingOwed, NumberOutOfRange]
        }
        "a bank out of range" | "a market out of range" => &[InvariantBroken, LegEmpty],
        // The position holds nothing, and the account is worth what is left.
        "a flag of two" => {
            &[InvariantBroken, BalanceInsufficient, InitialMarginInsufficient, NothingToSettle, LegEmpty]
        }
        "one bank twice" => &[InvariantBroken, AccountHealthy],
        // Sixteen balances in one bank or another, some of which nothing is listed for.
        "no place for quote" => NO_PLACE,
        _ => &[InvariantBroken],
    }
}

/// ACCOUNT-4
#[test]
fn a_margin_account_with_impossible_contents_is_refused_by_everything_that_would_write_it() {
    type Spoil = fn(&mut MarginAccount);
    let spoilt: [(&str, Spoil); 11] = [
        ("an unknown status", |account| account.status = 3),
        ("another unknown status", |account| account.status = u8::MAX),
        ("a flag of two", |account| account.tokens[0].used = 2),
        ("a bank out of range", |account| {
            account.tokens[15] = plimsoll_state::TokenPosition { bank: 64, used: 1, ..Default::default() }
        }),
        ("shares without a position", |account| account.tokens[15].shares = 5),
        ("one bank twice", |account| account.tokens[15] = account.tokens[0]),
        ("no place for quote", |account| {
            for (place, token) in account.tokens.iter_mut().enumerate() {
                *token = plimsoll_state::TokenPosition { bank: 1 + place as u8, used: 1, ..Default::default() };
            }
        }),
        ("an option", |account| account.derivatives[15].kind = PositionKind::Option as u8),
        ("an unknown kind of position", |account| account.derivatives[15].kind = 3),
        ("a market out of range", |account| {
            (account.derivatives[15].kind, account.derivatives[15].market) = (PositionKind::Perp as u8, 32);
        }),
        ("one market twice", |account| {
            account.derivatives[14].kind = PositionKind::Perp as u8;
            account.derivatives[15] = account.derivatives[14];
        }),
    ];
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let (mut found, mut tried) = (Vec::new(), 0);
    for call in &calls {
        for (slot, meta) in program::slots(call.name).iter().zip(&call.ix.accounts) {
            let held = stage.world.try_read::<MarginAccount>(&meta.pubkey);
            let Some(account) = held.filter(|_| meta.is_writable) else { continue };
            for (what, spoil) in spoilt {
                let (mut world, mut account) = (stage.world.clone(), account);
                // Seizing one of the two leaves nothing impossible behind.
                let single = account.tokens[0].used == 0 || call.case == "seize quote";
                // Neither does seizing one of sixteen: its place is free for quote.
                let freed = call.case == "seize a token";
                if what == "one bank twice" && single || what == "no place for quote" && freed {
                    continue;
                }
                spoil(&mut account);
                world.write(&meta.pubkey, &account);
                tried += 1;
                let wrong = refused(&mut world, call, &stage, allowed(call, what));
                found.extend(wrong.map(|wrong| format!("{}, {}, {what}: {wrong}", call.title(), slot.name)));
            }
        }
    }
    assert!(tried > 200 && found.is_empty(), "{tried} tried\n{}", found.join("\n"));
}

#[test]
fn a_slot_of_unknown_status_lets_nothing_grow() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let mut registry = stage.world.registry();
    for slot in &mut registry.banks[..3] {
        slot.status = 9;
    }
    for slot in &mut registry.markets[..2] {
        slot.status = 9;
    }
    let mut world = stage.world.clone();
    world.write(&stage.world.keys.registry, &*registry);
    let mut tried = std::collections::BTreeSet::new();
    for call in calls.iter().filter(|call| ["deposit", "borrow", "settle_fill", "accrue"].contains(&call.name)) {
        tried.insert(call.name);
        // A fill grows only in an active market, whatever else a status may be.
        let expected = if call.name == "settle_fill" { EngineError::ReduceOnly } else { EngineError::InvariantBroken };
        assert_eq!(refused(&mut world, call, &stage, &[expected]), None, "{}", call.title());
    }
    assert_eq!(tried.len(), 4, "{tried:?}");
}

#[test]
fn a_price_source_of_unknown_kind_is_refused() {
    let mut stage = Stage::new();
    let call = calls(&mut stage).into_iter().find(|call| call.title() == "refresh_price: two primaries");
    let mut book = stage.world.feed_book();
    book.feeds[SOL as usize].sources[0].kind = 4;
    let mut world = stage.world.clone();
    world.write(&stage.world.keys.feeds, &*book);
    let ix = call.expect("the table has it").ix;
    let payer = world.party("fees");
    assert_refused(&mut world, &payer, &[ix], EngineError::InvariantBroken);
}

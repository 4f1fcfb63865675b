//! Every call of the table against every breaker and every status of the accounts it works on.

use plimsoll::guard::breaker;
use plimsoll_state::{AccountStatus, Bank, MarginAccount, Market, StoredBreaker};
use plimsoll_tests::*;

use super::calls::calls;
use super::roles::{margin_accounts, rule, works_frozen};
use super::stage::Stage;

/// Trips a breaker everywhere, until `until_at`, as a refresh, liquidations or draws would.
fn tripped(world: &mut World, bit: u8, until_at: i64) {
    let keys = world.keys;
    let stored = StoredBreaker { until_at, in_a_row: 1, _pad: 0 };
    match bit {
        breaker::PRICE => {
            let mut board = world.board();
            board.stopped_until_at = until_at;
            board.slots.iter_mut().for_each(|slot| slot.tripped_until_at = until_at);
            world.write(&keys.board, &*board);
        }
        breaker::THROUGHPUT => {
            for index in [USDC, SOL, BTC] {
                let mut bank: Bank = world.read(&keys.bank(index).bank);
                bank.throughput.breaker = stored;
                world.write(&keys.bank(index).bank, &bank);
            }
            for index in [SOL_PERP, BTC_PERP] {
                let mut market: Market = world.read(&keys.market(index));
                market.throughput.breaker = stored;
                world.write(&keys.market(index), &market);
            }
        }
        _ => {
            let mut registry = world.registry();
            registry.drawn_until_at = until_at;
            registry.banks.iter_mut().for_each(|slot| slot.drawdown = stored);
            world.write(&keys.registry, &*registry);
        }
    }
}

const BREAKERS: [(u8, EngineError); 3] = [
    (breaker::PRICE, EngineError::PriceBreakerTripped),
    (breaker::THROUGHPUT, EngineError::ThroughputBreakerTripped),
    (breaker::DRAWDOWN, EngineError::DrawdownBreakerTripped),
];

/// LIMIT-2, LIMIT-3, LIMIT-4
#[test]
fn every_breaker_holds_exactly_what_adds_risk_whatever_the_accounts_status_and_liquidation_never() {
    assert_eq!(BREAKERS.iter().fold(0, |bits, (bit, _)| bits | bit), breaker::ALL);
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let (payer, now) = (stage.world.party("fees"), stage.world.now());
    let (mut held, mut worked, mut liquidated, mut resolved) = (0, 0, 0, 0);
    for (bit, error) in BREAKERS {
        let mut world = stage.world.clone();
        tripped(&mut world, bit, now + 1);
        for call in &calls {
            let is_held = rule(call.name).risk_held_by & bit != 0;
            let title = format!("{error:?}, {}", call.title());
            let sent = world.simulate(&payer, std::slice::from_ref(&call.ix));
            let expected = is_held.then_some(Some(error as u32));
            assert_eq!(sent.as_ref().err().map(|failure| failure.code), expected, "{title}: {:?}", sent.err());
            match is_held {
                true => held += 1,
                false => worked += 1,
            }
            liquidated += usize::from(call.name.starts_with("liquidate_"));
            if matches!(call.name, "resolve_bankruptcy" | "open_account") {
                continue;
            }
            for status in [AccountStatus::Seizing, AccountStatus::Paying] {
                for key in margin_accounts(&stage, call) {
                    let mut world = world.clone();
                    let account: MarginAccount = world.read(&key);
                    world.write(&key, &MarginAccount { status: status as u8, ..account });
                    let code = world.simulate(&payer, std::slice::from_ref(&call.ix)).err().map(|failure| failure.code);
                    // A frozen account adds no risk anyway, and that is the reason given.
                    let expected = (!works_frozen(call.name)).then_some(Some(EngineError::AccountBankrupt as u32));
                    assert_eq!(code, expected, "{title}, {status:?}");
                    resolved += 1;
                }
            }
        }
    }
    // Three times a withdrawal, a borrow and both shapes of a fill; insurance that leaves; four shapes of liquidation.
    assert_eq!((held, liquidated), (13, 12));
    assert!(worked >= 150 && resolved >= 100, "{worked} {resolved}");
}

/// LIMIT-2, LIMIT-3, LIMIT-4
#[test]
fn a_breaker_that_has_ended_holds_nothing_though_nobody_cleared_it() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let (payer, now) = (stage.world.party("fees"), stage.world.now());
    for (bit, _) in BREAKERS {
        let mut world = stage.world.clone();
        tripped(&mut world, bit, now);
        for call in &calls {
            let sent = world.simulate(&payer, std::slice::from_ref(&call.ix));
            assert!(sent.is_ok(), "{}: {:?}", call.title(), sent.err());
        }
    }
}

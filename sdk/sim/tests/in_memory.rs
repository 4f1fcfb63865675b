//! One replay twice: through the built program on a chain, and through the engine's crates in memory.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytemuck::bytes_of;
use indicatif::ProgressBar;
use plimsoll_engine::{Engine, EngineError, Holdings};
use plimsoll_risk::params::GlobalParams;
use plimsoll_sim::config::Config;
use plimsoll_sim::host::{Host, InMemory, OnChain};
use plimsoll_sim::result::RunResult;
use plimsoll_sim::run::run_on;
use plimsoll_sim::scenario;

/// Paths are independent of each other, so that an ensemble can be run on every core.
const _: fn() = || {
    const fn moves_between_threads<T: Send>() {}
    moves_between_threads::<InMemory>();
};

/// A replay, everything that the engine holds afterwards, and how long it took.
struct Replayed {
    result: RunResult,
    holdings: Holdings,
    took: Duration,
}

fn replay(host: Box<dyn Host>, config: &Config) -> Replayed {
    let began = Instant::now();
    let (result, engine) = run_on(host, config, &ProgressBar::hidden()).unwrap();
    let took = began.elapsed();
    Replayed { result, holdings: engine.host.holdings(&engine.addresses()), took }
}

/// Without what only a chain can tell.
fn without_costs(mut result: RunResult) -> serde_json::Value {
    result.compute_units.clear();
    result.liquidations.iter_mut().for_each(|liquidation| liquidation.compute_units = None);
    for footprint in result.transactions.values_mut() {
        (footprint.bytes, footprint.accounts) = (None, None);
    }
    serde_json::to_value(&result).unwrap()
}

/// Every account's bytes, each with its name.
fn bytes(holdings: &Holdings) -> Vec<(String, Vec<u8>)> {
    let named = |name: String, bytes: &[u8]| (name, bytes.to_vec());
    let mut all = vec![
        named("registry".to_owned(), bytes_of(&holdings.registry)),
        named("board".to_owned(), bytes_of(&holdings.board)),
        named("feeds".to_owned(), bytes_of(&holdings.feeds)),
    ];
    for (i, (bank, vault_atoms)) in holdings.banks.iter().enumerate() {
        all.push(named(format!("bank {i}"), bytes_of(bank)));
        all.push(named(format!("vault {i}"), &vault_atoms.to_le_bytes()));
    }
    all.extend(holdings.markets.iter().enumerate().map(|(i, market)| named(format!("market {i}"), bytes_of(market))));
    all.extend(
        holdings.accounts.iter().enumerate().map(|(i, account)| named(format!("account {i}"), bytes_of(account))),
    );
    all
}

/// Names of accounts that differ, with the first byte that does.
fn differences(one: &Holdings, other: &Holdings) -> Vec<(String, usize)> {
    let (one, other) = (bytes(one), bytes(other));
    assert_eq!(one.len(), other.len());
    let first = |((name, is), (_, was)): ((String, Vec<u8>), (String, Vec<u8>))| {
        let place = is.iter().zip(&was).position(|(is, was)| is != was)?;
        Some((name, place))
    };
    one.into_iter().zip(other).filter_map(first).collect()
}

fn on_chain() -> Box<dyn Host> {
    Box::new(OnChain::new(&GlobalParams::DEFAULT))
}

fn in_memory() -> Box<dyn Host> {
    Box::new(InMemory::new(&GlobalParams::DEFAULT).unwrap())
}

/// Every crash with few accounts and long steps in CI; as a replay runs by default with `PLIMSOLL_NIGHTLY=1`.
fn configurations() -> Vec<Config> {
    let config = |name: &str, accounts, seed, step_secs| {
        let scenario = scenario::by_name(name).unwrap();
        Config { scenario, minutes: scenario.minutes, accounts, seed, step_secs }
    };
    if std::env::var_os("PLIMSOLL_NIGHTLY").is_some() {
        let of = |seed| scenario::ALL.iter().map(move |scenario| config(scenario.name, 300, seed, 2));
        return (1..=3).flat_map(of).collect();
    }
    let of = |seed| scenario::ALL.iter().map(move |scenario| config(scenario.name, 40, seed, 6));
    (1..=2).flat_map(of).collect()
}

#[test]
fn a_path_in_memory_and_through_the_program_gives_the_same_liquidations_and_the_same_bytes() {
    let (mut liquidations, mut bankruptcies, mut socialized) = (0, 0, 0);
    let mut resolved: BTreeMap<String, u64> = BTreeMap::new();
    let (mut chain_took, mut memory_took) = (Duration::ZERO, Duration::ZERO);
    for config in configurations() {
        let (chain, memory) = (replay(on_chain(), &config), replay(in_memory(), &config));
        let path = format!("{}, seed {}", config.scenario.name, config.seed);
        liquidations += memory.result.liquidations.len();
        bankruptcies += memory.result.bankruptcies.len();
        socialized += memory.result.socialized_atoms;
        for (name, footprint) in memory.result.transactions.iter().filter(|(name, _)| name.starts_with("resolve")) {
            *resolved.entry(name.clone()).or_default() += footprint.count;
        }
        chain_took += chain.took;
        memory_took += memory.took;
        println!(
            "{path}: {} liquidations, {} bankruptcies; {:.2} s on the chain, {:.3} s in memory",
            memory.result.liquidations.len(),
            memory.result.bankruptcies.len(),
            chain.took.as_secs_f64(),
            memory.took.as_secs_f64()
        );
        assert_eq!(differences(&memory.holdings, &chain.holdings), [], "{path}");
        let (memory, chain) = (without_costs(memory.result), without_costs(chain.result));
        for (field, found) in chain.as_object().unwrap() {
            assert_eq!(&memory[field], found, "{path}: {field}");
        }
    }
    // What was compared has in it what matters.
    assert!(liquidations > 0 && bankruptcies > 0 && socialized > 0);
    for stage in ["freeze", "seize token", "seize PnL", "pay borrow", "pay PnL"] {
        let name = format!("resolve_bankruptcy ({stage})");
        assert!(resolved.get(&name).is_some_and(|count| *count > 0), "no crash has a {name}: {resolved:?}");
    }
    println!("in memory {:.0} times as fast", chain_took.as_secs_f64() / memory_took.as_secs_f64());
}

#[test]
fn a_copy_of_a_chains_accounts_is_an_engine_and_one_that_does_not_fit_is_refused() {
    let scenario = scenario::by_name("insolvency").unwrap();
    let config = Config { scenario, minutes: 1, accounts: 10, seed: 1, step_secs: 10 };
    let copy = replay(on_chain(), &config).holdings;
    let now = copy.board.slots[0].published_at;
    let engine = Engine::of(copy.clone(), now).unwrap();
    assert_eq!(differences(&engine.holdings(), &copy), []);

    let refused = |change: fn(&mut Holdings)| {
        let mut changed = copy.clone();
        change(&mut changed);
        Engine::of(changed, now).unwrap_err()
    };
    assert_eq!(refused(|holdings| holdings.accounts[0].engine = [7; 32]), EngineError::EngineMismatch);
    assert_eq!(refused(|holdings| holdings.board.version += 1), EngineError::VersionUnknown);
    assert_eq!(refused(|holdings| holdings.banks.truncate(2)), EngineError::BankMismatch);
    assert_eq!(refused(|holdings| holdings.markets.swap(0, 1)), EngineError::MarketMismatch);
    let paused = refused(|holdings| {
        holdings.registry.pause_bits = 1;
        holdings.registry.pauses[0].authority_until_at = i64::MAX;
    });
    assert_eq!(paused, EngineError::Paused);
}

//! Any sequence of operations is taken, refused and booked in memory as the built program takes, refuses and books it.

use std::collections::BTreeMap;

use bytemuck::bytes_of;
use indicatif::ProgressBar;
use plimsoll_engine::Holdings;
use plimsoll_risk::liquidate::{Leg, LegSize, Liability, Request};
use plimsoll_risk::params::GlobalParams;
use plimsoll_sdk::ix::args::ResolveStep;
use plimsoll_sdk::LiquidationOutcome;
use plimsoll_sim::engine::Engine;
use plimsoll_sim::feed_plan::Posting;
use plimsoll_sim::host::{Host, InMemory, OnChain};
use plimsoll_sim::operation::Operation;
use plimsoll_sim::rng::Rng;
use plimsoll_sim::world::{MarketConfig, Tick, Trader, E8};
use plimsoll_sim::{money, opening, population, scenario};
use solana_pubkey::Pubkey;

const START: i64 = 1_760_130_000;
const FIRST_PRICES: [i64; 2] = [200 * E8, 100_000 * E8];
const BANKS: u8 = 3;
const MARKETS: u8 = 2;
/// Operations between two comparisons of every byte.
const BETWEEN_COMPARISONS: usize = 20;

/// The same engine on a chain and in memory, and what both are asked for.
struct Twins {
    chain: Engine,
    memory: Engine,
    traders: Vec<Trader>,
    prices: [i64; 2],
    rng: Rng,
    /// What was taken, by name, and refused, by name and error.
    seen: BTreeMap<String, usize>,
}

impl Twins {
    fn open(seed: u64) -> Self {
        let scenario = scenario::by_name("insolvency").unwrap();
        let population = population::plan(12, seed, scenario.cushion_factor);
        let open = |host: Box<dyn Host>| {
            opening::open(host, scenario, &population, START, FIRST_PRICES, seed, &ProgressBar::hidden()).unwrap()
        };
        let chain = open(Box::new(OnChain::new(&GlobalParams::DEFAULT)));
        let memory = open(Box::new(InMemory::new(&GlobalParams::DEFAULT).unwrap()));
        let traders = chain.accounts.iter().chain(&chain.liquidators).copied().chain([chain.maker]).collect();
        let rng = Rng::stream(seed, "operations");
        Self { chain, memory, traders, prices: FIRST_PRICES, rng, seen: BTreeMap::new() }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound
    }

    /// Between one and a hundred trillion, each size of number as likely.
    fn amount(&mut self) -> u64 {
        let digits = self.below(15) as u32;
        self.below(10u64.pow(digits)) + 1
    }

    fn trader(&mut self) -> Trader {
        let place = self.below(self.traders.len() as u64) as usize;
        self.traders[place]
    }

    /// Mostly one who is under water or being resolved, where there is one.
    fn ailing(&mut self) -> Trader {
        let snapshot = self.chain.snapshot();
        let is_ailing = |trader: &Trader| {
            let account = self.chain.host.margin_account(&trader.account);
            account.status != 0 || snapshot.standing(&account).is_some_and(|standing| standing.under_water)
        };
        let ailing: Vec<Trader> = self.traders.iter().copied().filter(is_ailing).collect();
        if ailing.is_empty() || self.rng.chance(0.2) {
            return self.trader();
        }
        let place = self.below(ailing.len() as u64) as usize;
        ailing[place]
    }

    fn bank(&mut self) -> u8 {
        self.below(BANKS as u64) as u8
    }

    /// Mostly one in which he owes, where there is one.
    fn owed_bank(&mut self, trader: &Trader) -> u8 {
        self.bank_where(trader, |shares| shares < 0)
    }

    /// Mostly one in which he has a deposit, where there is one.
    fn held_bank(&mut self, trader: &Trader) -> u8 {
        self.bank_where(trader, |shares| shares > 0)
    }

    fn bank_where(&mut self, trader: &Trader, is: fn(i64) -> bool) -> u8 {
        let account = self.chain.host.margin_account(&trader.account);
        let such = account.tokens.iter().filter(|token| token.used == 1 && is(token.shares));
        let such: Vec<u8> = such.map(|token| token.bank).collect();
        if such.is_empty() || self.rng.chance(0.2) {
            return self.bank();
        }
        let place = self.below(such.len() as u64) as usize;
        such[place]
    }

    fn market(&mut self) -> u8 {
        self.below(MARKETS as u64) as u8
    }

    /// Some or, as often, no bound.
    fn some_amount(&mut self) -> Option<u64> {
        self.rng.chance(0.5).then(|| self.amount())
    }

    /// Lets seconds pass and prices move, sometimes far, sometimes without an update of the first source.
    fn tick(&mut self) {
        let secs = 1 + self.below(12) as i64;
        let now = self.chain.host.now() + secs;
        self.chain.host.set_clock(now);
        self.memory.host.set_clock(now);
        for slot in 0..BANKS {
            let price_e8 = match slot {
                0 => E8,
                _ => {
                    // Small moves mostly, sometimes large ones, and rarely a gap that leaves debts behind.
                    let swing = if self.rng.chance(0.1) { 0.06 } else { 0.004 };
                    let gap = if self.rng.chance(0.01) { self.rng.range(0.7, 1.4) } else { 1.0 };
                    let price = &mut self.prices[slot as usize - 1];
                    *price = (*price as f64 * gap * (1.0 + swing * self.rng.normal())) as i64;
                    *price
                }
            };
            let lag = if self.rng.chance(0.1) { self.below(9) as i64 } else { 0 };
            let conf_e8 = (price_e8 / 1_000_000 * (300 + self.below(900)) as i64) as u64;
            let tick = Some(Tick { published_at: now - lag, price_e8, conf_e8 });
            let posting = Posting {
                primary: tick.filter(|_| !self.rng.chance(0.15)),
                secondary: tick.filter(|_| slot > 0 && self.rng.chance(0.6)),
            };
            self.chain.host.post(slot, &posting);
            self.memory.host.post(slot, &posting);
            let pair = slot > 0 && self.rng.chance(0.3);
            self.send(&Operation::RefreshPrice { slot, pair });
        }
    }

    fn request(&mut self, of: &Trader) -> Request {
        let asset = self.held_bank(of);
        let leg = match self.below(4) {
            0 => Leg::Perp { market: self.market() },
            1 => Leg::Pair { asset, liability: Liability::NegativePnl(self.market()) },
            _ => Leg::Pair { asset, liability: Liability::Borrow(self.owed_bank(of)) },
        };
        let max_size = if self.rng.chance(0.3) { Some(LegSize::new(self.amount())) } else { None };
        let limit_denominator = if self.rng.chance(0.1) { self.amount() } else { 0 };
        Request { leg, max_size, min_size: LegSize::new(0), limit_numerator: self.amount(), limit_denominator }
    }

    /// Mostly one that the account may need.
    fn step(&mut self, account: &Pubkey) -> ResolveStep {
        let needed = money::steps(&self.chain.host.margin_account(account));
        if self.rng.chance(0.6) {
            let place = self.below(needed.len() as u64) as usize;
            return needed[place];
        }
        match self.below(6) {
            0 => ResolveStep::Freeze,
            1 => ResolveStep::SeizeToken { bank: self.bank() },
            2 => ResolveStep::SeizePnl { market: self.market() },
            3 => ResolveStep::PayBorrow { bank: self.bank() },
            4 => ResolveStep::PayPnl { market: self.market() },
            _ => ResolveStep::Finish,
        }
    }

    fn operation(&mut self) -> Operation {
        let (trader, bank, market) = (self.trader(), self.bank(), self.market());
        let signer = self.chain.venue_signer;
        match self.below(24) {
            0 => Operation::Deposit { trader, bank, amount_atoms: self.amount() },
            1 => Operation::Withdraw { trader, bank, amount_atoms: self.some_amount() },
            2 | 22 => Operation::Borrow { trader, bank, amount_atoms: self.amount() },
            3 => {
                let trader = self.ailing();
                Operation::Repay { trader, bank: self.owed_bank(&trader), amount_atoms: self.some_amount() }
            }
            4 | 5 => self.fill(trader, market),
            6 => Operation::ObserveMargin { account: self.ailing().account },
            7..=11 => {
                let place = self.below(self.chain.liquidators.len() as u64) as usize;
                let liquidator = self.chain.liquidators[place];
                let liquidatee = self.ailing();
                Operation::Liquidate { liquidator, liquidatee: liquidatee.account, request: self.request(&liquidatee) }
            }
            12 => Operation::OpenAccount { owner: trader.owner },
            13 => Operation::Accrue { bank },
            14 => Operation::SweepInsurance { bank },
            15 => Operation::ReportPremium { market, signer, premium_ppm: self.below(3_000) as i32 - 1_500 },
            16 => Operation::CrankFunding { market },
            17 => Operation::SettlePnl { market, account: self.rng.chance(0.9).then_some(trader.account) },
            18 => Operation::TakeWin { market, trader },
            19 => Operation::FundInsurance { bank, amount_atoms: self.amount() / 1_000 },
            _ => {
                let account = self.ailing().account;
                Operation::ResolveBankruptcy { account, step: self.step(&account) }
            }
        }
    }

    /// About the held price, mostly within the band.
    fn fill(&mut self, buyer: Trader, market: u8) -> Operation {
        let (seller, base_units) = (self.trader(), self.amount());
        let snapshot = self.chain.snapshot();
        let fair = self.chain.quote_atoms_of(&snapshot, market as usize, base_units);
        let quote_atoms = (fair as f64 * (1.0 + 0.004 * self.rng.normal())) as u64;
        Operation::SettleFill { market, buyer, seller, base_units, quote_atoms }
    }

    /// Does one thing in both, which must answer alike.
    fn send(&mut self, operation: &Operation) {
        let answers = [&mut self.chain, &mut self.memory].map(|engine| {
            let landed = engine.host.send(operation);
            landed.map(|landed| landed.outcome.map(said)).map_err(|refused| refused.0)
        });
        let [chain, memory] = answers;
        assert_eq!(memory, chain, "{operation:?}");
        let seen = match chain {
            Ok(Some((reason @ 1.., _))) => format!("{} would be refused: {reason}", operation.name()),
            Ok(_) => operation.name().to_owned(),
            Err(reason) => format!("{} is refused: {reason}", operation.name()),
        };
        *self.seen.entry(seen).or_default() += 1;
    }

    fn compare(&self, after: &[Operation]) {
        let addresses = self.chain.addresses();
        let [chain, memory] = [&self.chain, &self.memory].map(|engine| engine.host.holdings(&addresses));
        assert!(bytes(&memory) == bytes(&chain), "the accounts differ after one of {after:#?}");
    }
}

fn said(outcome: LiquidationOutcome) -> (u32, LiquidationOutcome) {
    (outcome.reason, outcome)
}

fn bytes(holdings: &Holdings) -> Vec<&[u8]> {
    let head = [bytes_of(&holdings.registry), bytes_of(&holdings.board), bytes_of(&holdings.feeds)];
    let banks = holdings.banks.iter().flat_map(|(bank, vault_atoms)| [bytes_of(bank), bytes_of(vault_atoms)]);
    let markets = holdings.markets.iter().map(bytes_of);
    head.into_iter().chain(banks).chain(markets).chain(holdings.accounts.iter().map(bytes_of)).collect()
}

/// What some sequence must have had done: everything that can be, but for what only a new owner or venue does, and for the
/// debts of the bankrupt, which the crashes of `in_memory.rs` leave more of.
const WANTED: [&str; 22] = [
    "deposit",
    "withdraw",
    "borrow",
    "repay",
    "settle_fill",
    "observe_margin",
    "liquidate_collateral",
    "liquidate_position",
    "accrue",
    "fund_insurance",
    "sweep_insurance",
    "report_premium",
    "crank_funding",
    "settle_pnl",
    "take_win",
    "refresh_price",
    "refresh_price (second source)",
    "resolve_bankruptcy (freeze)",
    "resolve_bankruptcy (seize token)",
    "resolve_bankruptcy (seize PnL)",
    "resolve_bankruptcy (pay PnL)",
    "resolve_bankruptcy (finish) is refused: WrongStage",
];

#[test]
fn any_sequence_of_operations_is_taken_refused_and_booked_as_the_program_does_it() {
    let nightly = std::env::var_os("PLIMSOLL_NIGHTLY").is_some();
    let (sequences, length) = if nightly { (100, 4_000) } else { (12, 1_500) };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 1..=sequences {
        let mut twins = Twins::open(seed);
        let mut since = Vec::new();
        for number in 0..length {
            if twins.rng.chance(0.25) {
                twins.tick();
            }
            let operation = twins.operation();
            since.push(operation);
            twins.send(&operation);
            if number % BETWEEN_COMPARISONS == 0 || number + 1 == length {
                twins.compare(&since);
                since.clear();
            }
        }
        twins.seen.into_iter().for_each(|(name, count)| *seen.entry(name).or_default() += count);
    }
    seen.iter().for_each(|(name, count)| println!("{count:>6} {name}"));
    for wanted in WANTED {
        assert!(seen.contains_key(wanted), "no sequence has a {wanted} that is taken");
    }
}

#[test]
fn nobody_has_an_account_before_the_launch_and_nothing_is_listed_after_it() {
    let launched = |mut host: Box<dyn Host>| {
        let owner = host.party("early");
        let early = host.send(&Operation::OpenAccount { owner }).unwrap_err();
        host.launch().unwrap();
        let again = host.launch().unwrap_err();
        let late = host.list_market(&MarketConfig::SOL).unwrap_err();
        host.send(&Operation::OpenAccount { owner }).unwrap();
        let account = host.margin_account(&host.margin_address(&owner));
        ([early, again, late].map(|refused| refused.0), bytes_of(&account).to_vec())
    };
    let chain = launched(Box::new(OnChain::new(&GlobalParams::DEFAULT)));
    assert_eq!(launched(Box::new(InMemory::new(&GlobalParams::DEFAULT).unwrap())), chain);
    assert_eq!(chain.0, ["NotLaunched", "AlreadyComplete", "ChangeWaits"].map(str::to_owned));
}

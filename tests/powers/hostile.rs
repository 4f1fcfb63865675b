//! Every role sends every instruction with hostile arguments, alone and as its own counterparty: whoever signed nothing loses
//! nothing by it in one transaction (docs/powers.md). Prices stand still, so whatever an account is worth less is a loss.

use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use plimsoll_interface::args::{MarketTerms, PriceConfigArgs, RampArg, RoleArg};
use plimsoll_risk::oracle::PriceSource;
use plimsoll_risk::params::GlobalParams;
use plimsoll_sdk::view::Accounts;
use plimsoll_state::{pause, Bank, Engine, Market, PendingChange};
use plimsoll_tests::*;
use proptest::prelude::*;
use solana_instruction::Instruction;

use super::launched;

/// Steps of one run, and how many runs; `PROPTEST_CASES` asks for more.
const STEPS: usize = 120;
const RUNS: u32 = 24;
/// What rounding and a share of a share may cost, micro-dollars.
const ROUNDING_USD_MICRO: i128 = 20;

const ROLES: [&str; 6] = ["authority", "risk authority", "guardian", "fee collector", "venue", "stranger"];

/// The engine with four keys of its own, people who sign nothing, and an account of whoever attacks.
struct Scene {
    stage: Stage,
    victims: Vec<Trader>,
    attacker: Trader,
    worthless: Mint,
    sent: BTreeMap<&'static str, usize>,
}

/// Numbers that a run is made of.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 11
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    /// Something small, something huge, or something near what is held.
    fn near(&mut self, held: u64) -> u64 {
        match self.below(6) {
            0 => 0,
            1 => held.saturating_add(1),
            2 => held.saturating_sub(1),
            3 => held / 2,
            4 => held.saturating_mul(2),
            _ => self.below(2_000_001),
        }
    }
}

fn scene() -> Scene {
    let mut stage = launched();
    let (keys, authority) = (stage.keys, stage.authority);
    let mut engine: Engine = stage.read(&keys.engine);
    for role in ROLES {
        stage.party(role);
    }
    (engine.risk_authority, engine.guardian, engine.fee_collector) =
        (address("risk authority").to_bytes(), address("guardian").to_bytes(), address("fee collector").to_bytes());
    stage.write(&keys.engine, &engine);
    let register = args::RegisterVenueArgs { signer: address("venue"), settle_markets: 3, premium_markets: 0 };
    assert_sent(stage.send_as_authority(ix::register_venue(&keys, authority, authority, register)));
    let worthless = stage.create_mint("WORTHLESS", 9);
    // A borrower, a long, a lender: none near maintenance.
    let borrower = stage.funded_trader("borrower", SOL, 100 * ONE_SOL);
    assert_sent(stage.borrow(&borrower, USDC, 5_000 * USD));
    let long = stage.funded_trader("long", USDC, 20_000 * USD);
    let maker = stage.maker;
    assert_sent(stage.fill(SOL_PERP, &long, &maker, 20 * SOL_UNITS, None));
    let attacker = stage.funded_trader("attacker", USDC, 100_000 * USD);
    stage.advance(3);
    stage.repeat_prices();
    Scene { victims: vec![borrower, long, maker], attacker, worthless, stage, sent: BTreeMap::new() }
}

impl Scene {
    fn setter(&mut self, signer: Pubkey, dice: &mut Dice) -> (&'static str, Instruction) {
        let keys = self.stage.keys;
        match dice.below(7) {
            0 => {
                let index = dice.below(3) as u8;
                let (bank, registry): (Bank, _) = (self.stage.read(&keys.bank(index).bank), self.stage.registry());
                let mut asked = args::UpdateBankArgs::in_force(&bank, &registry.banks[index as usize]);
                asked.reduce_only ^= dice.below(8) == 0;
                if dice.below(3) == 0 {
                    // Whatever is held there stands nearer to maintenance, in order.
                    let lower = dice.below(900_000) as u32;
                    asked.config.asset_maint_ppm = asked.config.asset_maint_ppm.saturating_sub(lower);
                    asked.config.asset_init_ppm = asked.config.asset_init_ppm.saturating_sub(lower);
                    return ("update_bank", ix::update_bank(&keys, signer, index, asked));
                }
                for _ in 0..=dice.below(3) {
                    let setting = &args::BankConfigArgs::SETTINGS
                        [dice.below(args::BankConfigArgs::SETTINGS.len() as u64) as usize];
                    let value = dice.near(setting.get(&asked.config));
                    let _ = setting.set(&mut asked.config, value);
                }
                ("update_bank", ix::update_bank(&keys, signer, index, asked))
            }
            1 => {
                let (market, registry): (Market, _) = (self.stage.read(&keys.market(SOL_PERP)), self.stage.registry());
                let mut asked = args::UpdateMarketArgs::in_force(&market, &registry.markets[SOL_PERP as usize]);
                let setting = &MarketTerms::SETTINGS[dice.below(MarketTerms::SETTINGS.len() as u64) as usize];
                let value = dice.near(setting.get(&asked.terms));
                let _ = setting.set(&mut asked.terms, value);
                ("update_market", ix::update_market(&keys, signer, SOL_PERP, asked))
            }
            2 => {
                let mut asked = *self.stage.registry().params();
                let fields: Vec<_> = GlobalParams::fields().collect();
                for _ in 0..=dice.below(3) {
                    let field = fields[dice.below(fields.len() as u64) as usize];
                    let value = dice.near(field.get(&asked));
                    let _ = field.set(&mut asked, value);
                }
                ("update_params", ix::update_params(&keys, signer, &asked))
            }
            3 => {
                let (board, feeds) = (self.stage.board(), self.stage.feed_book());
                let mut config = PriceConfigArgs::in_force(&feeds.feeds[SOL as usize], &board.slots[SOL as usize]);
                if dice.below(2) == 0 {
                    config.primary.address = address("an oracle of my own");
                } else {
                    config.fast_secs = Some(dice.near(config.fast_secs() as u64) as u32);
                }
                ("update_price", ix::update_price(&keys, signer, args::UpdatePriceArgs { slot: SOL, config }))
            }
            4 => {
                let config = super::bank_args(SOL, |_| ()).config;
                let args = args::ListBankArgs { index: 3, price_slot: SOL, config };
                ("list_bank", ix::list_bank(&keys, signer, signer, (self.worthless.key, self.worthless.program), args))
            }
            5 => {
                let args = args::UpdateVenueArgs {
                    active: dice.below(4) > 0,
                    settle_markets: dice.below(4) as u32,
                    premium_markets: dice.below(4) as u32,
                };
                ("update_venue", ix::update_venue(&keys, signer, keys.venue(&address("venue")), args))
            }
            _ => {
                let role = [RoleArg::Authority, RoleArg::RiskAuthority, RoleArg::Guardian, RoleArg::FeeCollector];
                let role = role[dice.below(4) as usize];
                ("propose_role", ix::propose_role(&keys, signer, role, Some(signer)))
            }
        }
    }

    fn call(&mut self, signer: Pubkey, dice: &mut Dice) -> (&'static str, Instruction) {
        let keys = self.stage.keys;
        let victim = self.victims[dice.below(self.victims.len() as u64) as usize];
        match dice.below(17) {
            0..=4 => self.setter(signer, dice),
            5 => {
                let (_, instruction) = self.setter(keys.executor(), dice);
                let id = self.stage.read::<Engine>(&keys.engine).changes_proposed;
                ("propose_change", ix::propose_change(&keys, (signer, signer), id, &instruction))
            }
            6 => {
                let proposed = self.stage.read::<Engine>(&keys.engine).changes_proposed;
                let id = dice.below(proposed.max(1));
                match self.stage.try_read::<PendingChange>(&keys.change(id)) {
                    Some(change) if dice.below(2) == 0 => ("cancel_change", ix::cancel_change(&keys, signer, &change)),
                    Some(change) => ("execute_change", ix::execute_change(&keys, signer, &change)),
                    None => self.setter(signer, dice),
                }
            }
            7 => {
                let bits = 1 << dice.below(8);
                let args = args::SetPauseArgs { add_bits: bits & pause::ALL, remove_bits: 0, lasts_secs: None };
                ("set_pause", ix::set_pause(&keys, signer, args))
            }
            8 => {
                let halt =
                    args::HaltPriceArgs { slot: dice.below(3) as u8, halted: dice.below(3) > 0, lasts_secs: None };
                ("halt_price", ix::halt_price(&keys, signer, halt))
            }
            9 => {
                let destination = self.stage.funded(&signer, USDC, 0);
                let args = args::CollectFeesArgs { amount_atoms: 0, all: true };
                let token = self.stage.token(USDC);
                ("collect_fees", ix::collect_fees(&keys, &token, signer, destination, args))
            }
            10 => {
                let leg = if dice.below(2) == 0 {
                    pair(SOL, USDC)
                } else {
                    plimsoll_risk::liquidate::Leg::Perp { market: SOL_PERP }
                };
                ("liquidate", liquidate_ix(&self.stage, &self.attacker, &victim, leg, ANY, true))
            }
            11 => {
                let step = [
                    args::ResolveStep::Freeze,
                    args::ResolveStep::SeizeToken { bank: SOL },
                    args::ResolveStep::PayBorrow { bank: USDC },
                ];
                let step = step[dice.below(3) as usize];
                ("resolve_bankruptcy", ix::resolve_bankruptcy(&keys, victim.account, step))
            }
            12 => ("settle_pnl", ix::settle_pnl(&keys, SOL_PERP, Some(victim.account))),
            13 => {
                let fill = args::SettleFillArgs { base_units: SOL_UNITS, quote_atoms: 150 * USD };
                let by = match dice.below(2) {
                    0 => ix::FillAuthority::Venue { signer },
                    _ => ix::FillAuthority::Sides { buyer: self.attacker.owner, seller: signer },
                };
                ("settle_fill", ix::settle_fill(&keys, SOL_PERP, self.attacker.account, victim.account, by, fill))
            }
            14 => {
                // A standby that says half or twice the price.
                let (slot, published_at) = (1 + dice.below(2) as u8, self.stage.now());
                let price_e8 = [0, 200 * E8, 100_000 * E8][slot as usize] * [1, 4][dice.below(2) as usize] / 2;
                self.stage.post_standby(slot, Tick { price_e8, conf_e8: 0, published_at });
                let feed = self.stage.feeds[slot as usize];
                let to_standby = dice.below(2) == 0;
                let source = if to_standby { feed.standby.expect("it has a standby").0 } else { feed.primary };
                let args = args::SwitchSourceArgs { slot, to_standby };
                ("switch_source", ix::switch_source(&keys, signer, source, args))
            }
            15 => {
                let of = [RampArg::Params, RampArg::Bank(SOL), RampArg::Bank(USDC), RampArg::Market(SOL_PERP)];
                ("advance_ramp", ix::advance_ramp(&keys, of[dice.below(4) as usize]))
            }
            _ => {
                let destination = self.stage.funded(&signer, SOL, 0);
                let token = self.stage.token(SOL);
                let args = args::WithdrawArgs { amount_atoms: 1_000, all: false };
                ("withdraw", ix::withdraw(&keys, &token, signer, victim.account, destination, args))
            }
        }
    }

    /// What everybody who signs nothing is worth at prices of the market that nobody halts, micro-dollars.
    fn worth(&self) -> Vec<i128> {
        let (registry, mut board, now) = (self.stage.registry(), self.stage.board(), self.stage.now());
        board.stopped_until_at = 0;
        for (slot, price) in board.slots.iter_mut().zip([E8, 200 * E8, 100_000 * E8]) {
            (slot.published_at, slot.halted_until_at) = (now, 0);
            let of_market = plimsoll_risk::price::Price::from_decimal_down(price as u64, -8).unwrap().into();
            // Only a standby says another.
            assert!(slot.spot == of_market || slot.source == PriceSource::Standby as u8);
            slot.spot = of_market;
        }
        let of = |victim: &Trader| {
            let account = self.stage.margin_account(victim);
            let accounts = Accounts { account: &account, registry: &registry, board: &board, now };
            accounts.margin_view(&victim.account, true).expect("it can be loaded").spot.nav_usd_pico.get() / 1_000_000
        };
        self.victims.iter().map(of).collect()
    }

    fn run(&mut self, role: &str, dice: &mut Dice) {
        let signer = if role == "authority" { self.stage.authority } else { address(role) };
        for _ in 0..STEPS {
            if dice.below(4) == 0 {
                self.stage.advance(dice.below(120) as i64);
                let prices = [(USDC, E8), (SOL, 200 * E8), (BTC, 100_000 * E8)];
                // A pause of prices is one of the powers.
                let _ = prices.map(|(slot, price)| self.stage.set_price(slot, price).is_ok());
                // A source that is switched to has to say something newer.
                self.stage.advance(1);
            }
            let before = self.worth();
            let (names, calls): (Vec<_>, Vec<_>) = (0..=dice.below(6) / 4).map(|_| self.call(signer, dice)).unzip();
            if self.stage.send(&signer, &calls).is_err() {
                continue;
            }
            names.iter().for_each(|name| *self.sent.entry(name).or_default() += 1);
            for (victim, (before, after)) in before.iter().zip(self.worth()).enumerate() {
                let lost = before - after;
                assert!(lost <= ROUNDING_USD_MICRO, "{role} took {lost} micro-dollars of {victim} by {names:?}");
            }
        }
    }
}

/// POWER-1, POWER-2
#[test]
fn no_role_takes_anything_in_one_transaction_from_who_signs_nothing() {
    let runs = std::env::var("PROPTEST_CASES").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let mut sent: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(runs)
    });
    let ran = runner.run(&any::<u64>(), |seed| {
        let mut scene = scene();
        let role = ROLES[(seed % ROLES.len() as u64) as usize];
        scene.run(role, &mut Dice(seed));
        Ok(())
    });
    ran.unwrap();
    // Every role once more, and together they got through what the table says that they may.
    for (number, role) in ROLES.into_iter().enumerate() {
        for seed in 0..4 {
            let mut scene = scene();
            scene.run(role, &mut Dice(1_000 * number as u64 + seed));
            scene.sent.into_iter().for_each(|(name, times)| *sent.entry(name).or_default() += times);
        }
    }
    for name in [
        "update_bank",
        "update_params",
        "propose_change",
        "cancel_change",
        "set_pause",
        "halt_price",
        "switch_source",
        "advance_ramp",
    ] {
        assert!(sent.contains_key(name), "nobody got {name} through: {sent:?}");
    }
    for name in
        ["execute_change", "propose_role", "list_bank", "withdraw", "resolve_bankruptcy", "liquidate", "settle_fill"]
    {
        assert!(!sent.contains_key(name), "somebody got {name} through: {sent:?}");
    }
}

//! Who attacks and who is attacked: the stage of the attack tables, where changes wait, with a key for each role.

use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use plimsoll::guard::powers::Key;
use plimsoll_state::{Bank, Engine, MarginAccount, PendingChange};
use plimsoll_tests::*;
use solana_instruction::Instruction;

use super::measure::{Leaver, Prices};
use crate::adversarial::calls::{calls, Call};
use crate::adversarial::stage::{Stage, DUE, FALLEN_E8, UNWANTED};

/// Prices of the stage.
pub const STANDING: Prices = &[(USDC, E8), (SOL, FALLEN_E8), (BTC, 100_000 * E8)];
/// What outflow is bounded to by default, ppm of deposits within an hour and a day.
const OUTFLOW_PPM: [u32; 2] = [250_000, 500_000];

/// Who attacks.
#[derive(Clone, Copy, Debug)]
pub struct Attacker {
    /// By which key.
    pub key: Key,
    /// Signs everything.
    pub signer: Pubkey,
    /// His accounts: one with much in it, an empty one.
    pub accounts: [Trader; 2],
}

/// Everybody.
#[derive(Clone)]
pub struct Scene {
    /// The stage.
    pub stage: Stage,
    /// A valid call of every instruction and every shape, by who may.
    pub calls: Vec<Call>,
    /// One for each key.
    pub attackers: Vec<Attacker>,
    /// Every margin account that is nobody's who attacks: healthy, near maintenance, under water, bankrupt, frozen.
    pub victims: Vec<Trader>,
    /// Whose each margin account is, also of the other engine.
    pub owners: BTreeMap<Pubkey, Pubkey>,
    /// A lender and two with debts or positions, of whom one is at the edge of initial margin, who try to leave.
    pub leavers: Vec<Leaver>,
}

impl Scene {
    /// Sets everything up.
    ///
    /// # Panics
    /// Where the program refuses a step, or somebody is not in the state that he stands for.
    pub fn new() -> Self {
        let mut stage = Stage::new();
        let calls = calls(&mut stage);
        let attackers = Key::ALL.map(|key| attacker(&mut stage, key)).to_vec();
        name_roles(&mut stage);
        let borrower = borrower(&mut stage);
        let victims = vec![
            borrower,
            stage.alice,
            stage.bob,
            stage.liquidator,
            stage.lender,
            stage.near,
            stage.debtor,
            stage.long,
            stage.loser,
            stage.owing,
            stage.winner,
            stage.bankrupt,
            stage.seized,
            stage.seized_gain,
            stage.owing_quote,
            stage.owing_sol,
            stage.owing_pnl,
            stage.paid,
        ];
        make_changes_wait(&mut stage);
        let leaver = |trader, bank, atoms, owes| Leaver { trader, bank, atoms, owes };
        let leavers = vec![
            leaver(stage.lender, USDC, 100 * USD, false),
            leaver(stage.alice, USDC, USD, true),
            leaver(borrower, SOL, 33 * ONE_SOL, true),
        ];
        for Leaver { trader, bank, .. } in &leavers {
            stage.world.funded(&trader.owner, *bank, 0);
        }
        let accounts = stage.world.svm.get_program_accounts(&pda::PROGRAM_ID).into_iter();
        let owner = |account: MarginAccount| Pubkey::new_from_array(account.owner);
        let owners = accounts.filter_map(|(key, account)| Some((key, owner(decode::account(&account.data)?))));
        let owners = owners.collect();
        let scene = Self { stage, calls, attackers, victims, owners, leavers };
        for leaver in &scene.leavers {
            assert_eq!(leaver.refused(&scene.stage.world), None, "{leaver:?}");
        }
        let more = Leaver { atoms: 34 * ONE_SOL, ..scene.leavers[2] };
        assert_eq!(more.refused(&scene.stage.world), Some(EngineError::InitialMarginInsufficient as u32));
        scene
    }

    /// Accounts whose owners gave an attacker a right.
    pub fn givers(&self, key: Key) -> Vec<Pubkey> {
        match key {
            Key::Delegate => vec![self.stage.alice.account],
            Key::Venue => vec![self.stage.alice.account, self.stage.bob.account],
            _ => Vec::new(),
        }
    }
}

fn signer(stage: &Stage, key: Key) -> Pubkey {
    match key {
        Key::Authority => stage.world.authority,
        Key::Venue => stage.venue_signer,
        Key::Delegate => address("delegate"),
        _ => address(key.words()),
    }
}

fn attacker(stage: &mut Stage, key: Key) -> Attacker {
    let signer = signer(stage, key);
    let world = &mut stage.world;
    if key != Key::Venue {
        world.party(if key == Key::Authority { "authority" } else { key.words() });
    }
    let accounts = [0, 1].map(|id| world.open_account(signer, id, None).unwrap_or_else(|failure| panic!("{failure}")));
    // Of the last enough that the limit of what leaves a bank stops him before his balance does.
    let dollars = if key == Key::Anybody { 10_000_000 } else { 1_000_000 };
    for (bank, atoms) in [(USDC, dollars * USD), (SOL, 1_000 * ONE_SOL)] {
        assert_sent(world.deposit(&accounts[0], bank, atoms));
        world.funded(&signer, bank, 1_000 * USD);
    }
    world.funded(&signer, BTC, ONE_BTC);
    // A dollar to be won, and a venue that he approved.
    let approve = world.approve_venue(&accounts[0], world.keys.venue(&stage.venue_signer), 1_000 * USD);
    assert_sent(world.send(&signer, &[approve]));
    let won = args::SettleFillArgs { base_units: SOL_UNITS, quote_atoms: 163 * USD };
    let (alice, keys) = (stage.alice, world.keys);
    let by = ix::FillAuthority::Sides { buyer: alice.owner, seller: signer };
    let sell = ix::settle_fill(&keys, SOL_PERP, alice.account, accounts[0].account, by, won);
    assert_sent(world.send(&signer, &[sell]));
    Attacker { key, signer, accounts }
}

/// Holds 100 SOL of 162 dollars and owes 8,000: initial margin lets him take 33 of them out, and not 34.
fn borrower(stage: &mut Stage) -> Trader {
    let borrower = stage.world.trader("borrower");
    assert_sent(stage.world.deposit(&borrower, SOL, 100 * ONE_SOL));
    let (keys, token) = (stage.world.keys, stage.world.token(USDC));
    let to = stage.world.funded(&borrower.owner, USDC, 0);
    let args = args::BorrowArgs { amount_atoms: 8_000 * USD };
    stage.sent(ix::borrow(&keys, &token, borrower.owner, borrower.account, to, args));
    borrower
}

/// Risk authority, guardian and fee collector are keys of their own.
fn name_roles(stage: &mut Stage) {
    let key = stage.world.keys.engine;
    let mut engine: Engine = stage.world.read(&key);
    (engine.risk_authority, engine.guardian, engine.fee_collector) = (
        address(Key::RiskAuthority.words()).to_bytes(),
        address(Key::Guardian.words()).to_bytes(),
        address(Key::FeeCollector.words()).to_bytes(),
    );
    stage.world.write(&key, &engine);
}

/// From now on changes wait and outflow is bounded as by default. Of the two that were proposed before, one is due and asks
/// for the same delay.
fn make_changes_wait(stage: &mut Stage) {
    let keys = stage.world.keys;
    let world = &mut stage.world;
    let mut registry = world.registry();
    registry.params.0.changes.change_delay_secs = super::DELAY as u32;
    world.write(&keys.registry, &*registry);
    let mut params = *registry.params();
    params.auction.auction_secs += 1;
    let update: Instruction = ix::update_params(&keys, keys.executor(), &params);
    for id in [DUE, UNWANTED] {
        let mut change: PendingChange = world.read(&keys.change(id));
        assert_eq!(change.data_len as usize, update.data.len());
        change.data[..update.data.len()].copy_from_slice(&update.data);
        world.write(&keys.change(id), &change);
    }
    for bank in [USDC, SOL, BTC] {
        let key = keys.bank(bank).bank;
        let mut stored: Bank = world.read(&key);
        [stored.caps.outflow_hour_ppm, stored.caps.outflow_day_ppm] = OUTFLOW_PPM;
        world.write(&key, &stored);
    }
}

impl Scene {
    /// Everybody is in the state that he stands for.
    ///
    /// # Panics
    /// Naming who is not.
    pub fn check_cast(&self, measured: &super::measure::Measured) {
        let of = |trader: &Trader| measured.holdings[&trader.account];
        let stage = &self.stage;
        for healthy in [stage.alice, stage.bob, stage.liquidator, stage.lender, stage.winner] {
            assert!(of(&healthy).worth > of(&healthy).maintenance, "{:?}", of(&healthy));
        }
        assert_eq!((of(&stage.lender).owed, of(&stage.lender).maintenance), (0, 0));
        // Nearer to maintenance than an hour of a ramp, and not there.
        let near = of(&stage.near);
        let distance = near.worth - near.maintenance;
        assert!(!near.under_water && (1..(near.gross + near.owed) / 100).contains(&distance), "{near:?}");
        for below in [stage.debtor, stage.long, stage.loser] {
            assert!(of(&below).under_water, "{:?}", of(&below));
        }
        assert!(of(&stage.bankrupt).worth < 0);
        for frozen in [stage.seized, stage.seized_gain, stage.owing_quote, stage.owing_sol, stage.owing_pnl, stage.paid]
        {
            assert!(of(&frozen).frozen);
        }
    }
}

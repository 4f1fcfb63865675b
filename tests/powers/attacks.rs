//! Hostile calls: every instruction with another's signature, another's accounts in every place and other numbers.

use std::collections::BTreeSet;

use anchor_lang::prelude::Pubkey;
use plimsoll_interface::args::{MarketTerms, PriceConfigArgs, RampArg, ResolveStep};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{pause, Bank, Engine, Market, PendingChange};
use plimsoll_tests::*;
use solana_instruction::Instruction;

use super::cast::{Attacker, Scene};
use crate::adversarial::calls::Call;
use crate::adversarial::stage::UNWANTED;

/// One hostile call.
#[derive(Clone, Debug)]
pub struct Attack {
    /// The instruction's name.
    pub name: &'static str,
    /// The call.
    pub ix: Instruction,
}

/// Numbers that a run is made of.
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// The next one.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 11
    }

    /// The next one below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound.max(1)
    }

    /// One of some.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}

/// Everything that an attacker sends alone: the calls of the table as his own, with every victim in every place, and with
/// other numbers; every setter with every setting at its bounds and a step away; every stop.
pub fn attacks(scene: &Scene, by: &Attacker, numbers: usize, dice: &mut Dice) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for call in &scene.calls {
        let places = places(scene, &call.ix);
        let base = recast(scene, call, by, &[]);
        attacks.push(base.clone());
        for place in 0..places.len() {
            for victim in &scene.victims {
                attacks.push(recast(scene, call, by, &[(place, victim.account)]));
            }
        }
        for _ in 0..numbers {
            let victim = dice.pick(&scene.victims).account;
            let swapped = [(dice.below(places.len().max(1) as u64) as usize, victim)];
            let swapped = if places.is_empty() || dice.below(2) == 0 { &[][..] } else { &swapped[..] };
            attacks.push(disturbed(recast(scene, call, by, swapped), dice));
        }
    }
    attacks.extend(of_his_own(scene, by));
    attacks.extend(resolutions(scene));
    attacks.extend(settings(scene, by.signer));
    attacks.extend(stops(scene, by.signer));
    attacks.extend(changes(scene, by.signer));
    attacks
}

/// Where a call names margin accounts.
fn places(scene: &Scene, ix: &Instruction) -> Vec<usize> {
    (0..ix.accounts.len()).filter(|at| scene.owners.contains_key(&ix.accounts[*at].pubkey)).collect()
}

/// The call as an attacker sends it: he signs wherever somebody does, what was the signers' is his, and these victims stand
/// in these of the places of margin accounts.
fn recast(scene: &Scene, call: &Call, by: &Attacker, victims: &[(usize, Pubkey)]) -> Attack {
    let world = &scene.stage.world;
    let mut ix = call.ix.clone();
    let signers: BTreeSet<Pubkey> = ix.accounts.iter().filter(|meta| meta.is_signer).map(|meta| meta.pubkey).collect();
    let mut own = by.accounts.iter().cycle();
    for meta in &mut ix.accounts {
        if meta.is_signer {
            meta.pubkey = by.signer;
        } else if let Some(owner) = scene.owners.get(&meta.pubkey) {
            if signers.contains(owner) {
                meta.pubkey = own.next().expect("they are repeated").account;
            }
        } else if let Some(mint) = wallet_of(world, &meta.pubkey, &signers) {
            meta.pubkey = pda::associated_token(&by.signer, &mint.key, &mint.program);
        }
    }
    let places = places(scene, &call.ix);
    for (place, victim) in victims {
        ix.accounts[places[*place]].pubkey = *victim;
    }
    Attack { name: call.name, ix }
}

/// The mint of a token account that one of these owns.
fn wallet_of(world: &World, key: &Pubkey, owners: &BTreeSet<Pubkey>) -> Option<Mint> {
    let account = world.svm.get_account(key)?;
    let owner =
        account.data.get(32..64).filter(|_| account.owner == pda::TOKEN_PROGRAM && account.data.len() >= 165)?;
    let owned = owners.iter().any(|key| key.as_ref() == owner);
    let mint = world.mints.iter().find(|mint| mint.key.as_ref() == &account.data[..32]);
    mint.copied().filter(|_| owned)
}

/// Another number somewhere in the arguments.
fn disturbed(mut attack: Attack, dice: &mut Dice) -> Attack {
    let length = attack.ix.data.len();
    if length <= 8 {
        return attack;
    }
    let at = 8 + dice.below(length as u64 - 8) as usize;
    let data = &mut attack.ix.data;
    if dice.below(3) == 0 || at + 8 > length {
        data[at] = *dice.pick(&[0, 1, 2, 3, 127, 128, 255]);
        return attack;
    }
    let held = u64::from_le_bytes(data[at..at + 8].try_into().expect("eight bytes"));
    let hundredth = held / 100;
    let value = *dice.pick(&[
        0,
        1,
        held.wrapping_add(1),
        held.wrapping_sub(1),
        held - hundredth,
        held.saturating_add(hundredth),
        held - hundredth / 2,
        held.saturating_add(hundredth / 2),
        held / 2,
        held.saturating_mul(2),
        held.saturating_mul(1_000),
        1 << 52,
        i64::MAX as u64,
        u64::MAX,
    ]);
    data[at..at + 8].copy_from_slice(&value.to_le_bytes());
    attack
}

/// What an attacker does with what is his, so that no instruction is tried only where its addresses do not fit.
fn of_his_own(scene: &Scene, by: &Attacker) -> Vec<Attack> {
    let (keys, world) = (scene.stage.world.keys, &scene.stage.world);
    let ([full, empty], signer) = (by.accounts, by.signer);
    let open = args::OpenAccountArgs { id: 7, delegate: Some(all_rights(signer)) };
    let register = |settle_markets, premium_markets| {
        let args = args::RegisterVenueArgs { signer, settle_markets, premium_markets };
        ix::register_venue(&keys, signer, signer, args)
    };
    let mut attacks = vec![
        Attack { name: "open_account", ix: ix::open_account(&keys, signer, signer, open) },
        Attack { name: "close_account", ix: ix::close_account(signer, empty.account, signer) },
        Attack { name: "register_venue", ix: register(u32::MAX, 0) },
        Attack { name: "register_venue", ix: register(3, 3) },
        Attack {
            name: "create_engine",
            ix: ix::create_engine(signer, signer, args::CreateEngineArgs::held_by(signer, 9, true)),
        },
    ];
    // As much as there is, of everything, out of what he has.
    for bank in [USDC, SOL, BTC] {
        let (token, mint) = (world.token(bank), world.mints[bank as usize]);
        let to = pda::associated_token(&signer, &mint.key, &mint.program);
        // All that leaves the bank within the hour.
        let stored: Bank = world.read(&keys.bank(bank).bank);
        let outflow = stored.outflows(UnixSecs::new(world.now()))[0];
        let room = outflow.map_or(0, |outflow| outflow.room(stored.deposits()).atoms.get());
        for atoms in [1, 1_000, 100_000 * USD, 1_000_000 * USD, room, room + 1, 1 << 52] {
            let args = args::WithdrawArgs { amount_atoms: atoms, all: atoms == 1 };
            let ix = ix::withdraw(&keys, &token, signer, full.account, to, args);
            attacks.push(Attack { name: "withdraw", ix });
            let args = args::BorrowArgs { amount_atoms: atoms };
            attacks.push(Attack { name: "borrow", ix: ix::borrow(&keys, &token, signer, full.account, to, args) });
            let args = args::WithdrawInsuranceArgs { most_atoms: atoms };
            let ix = ix::withdraw_insurance(&keys, &token, signer, to, args);
            attacks.push(Attack { name: "withdraw_insurance", ix });
            let args = args::CollectFeesArgs { amount_atoms: atoms, all: atoms == 1 };
            attacks.push(Attack { name: "collect_fees", ix: ix::collect_fees(&keys, &token, signer, to, args) });
        }
    }
    for of in [RampArg::Params, RampArg::Bank(USDC), RampArg::Bank(SOL), RampArg::Market(SOL_PERP)] {
        attacks.push(Attack { name: "advance_ramp", ix: ix::advance_ramp(&keys, of) });
    }
    // Every victim, every leg, into the attacker's account.
    for victim in &scene.victims {
        for leg in [pair(SOL, USDC), pair(USDC, SOL), pnl_pair(SOL, SOL_PERP), perp(SOL_PERP), perp(BTC_PERP)] {
            let ix = liquidate_ix(world, &full, victim, leg, ANY, true);
            let name = if leg.collateral().is_some() { "liquidate_collateral" } else { "liquidate_position" };
            attacks.push(Attack { name, ix });
        }
    }
    attacks
}

/// Every step of a resolution on everybody.
fn resolutions(scene: &Scene) -> Vec<Attack> {
    let steps = [
        ResolveStep::Freeze,
        ResolveStep::SeizeToken { bank: SOL },
        ResolveStep::SeizeToken { bank: USDC },
        ResolveStep::SeizePnl { market: SOL_PERP },
        ResolveStep::PayBorrow { bank: USDC },
        ResolveStep::PayBorrow { bank: SOL },
        ResolveStep::PayPnl { market: SOL_PERP },
        ResolveStep::Finish,
    ];
    let keys = scene.stage.world.keys;
    let on = |victim: &Trader| {
        let account = victim.account;
        steps.map(|step| Attack { name: "resolve_bankruptcy", ix: ix::resolve_bankruptcy(&keys, account, step) })
    };
    scene.victims.iter().flat_map(on).collect()
}

/// Values of a setting that are worth trying: its bounds, its neighbours, a step of a ramp away, nothing and everything.
fn values(held: u64, low: u64, high: u64) -> BTreeSet<u64> {
    let step = 10_000;
    let near = [held.saturating_sub(1), held.saturating_add(1), held.saturating_sub(step), held.saturating_add(step)];
    near.into_iter().chain([low, high, held / 2, held.saturating_mul(2), 0, u64::MAX]).filter(|v| *v != held).collect()
}

/// Every setter, each setting by itself and what has to move together.
pub fn settings(scene: &Scene, signer: Pubkey) -> Vec<Attack> {
    let (keys, world) = (scene.stage.world.keys, &scene.stage.world);
    let registry = world.registry();
    let mut attacks = Vec::new();
    let held = *registry.params();
    for field in GlobalParams::fields() {
        for value in values(field.get(&held), field.low.at(&held), field.high.at(&held)) {
            let mut asked = held;
            if field.set(&mut asked, value) {
                attacks.push(Attack { name: "update_params", ix: ix::update_params(&keys, signer, &asked) });
            }
        }
    }
    for index in [USDC, SOL, BTC] {
        let bank: Bank = world.read(&keys.bank(index).bank);
        let held = args::UpdateBankArgs::in_force(&bank, &registry.banks[index as usize]);
        let mut push = |asked| {
            attacks.push(Attack { name: "update_bank", ix: ix::update_bank(&keys, signer, index, asked) });
        };
        push(args::UpdateBankArgs { reduce_only: !held.reduce_only, ..held });
        for setting in args::BankConfigArgs::SETTINGS {
            let (low, high) =
                (setting.low.at(&held.config, registry.params()), setting.high.at(&held.config, registry.params()));
            for value in values(setting.get(&held.config), low, high) {
                let mut asked = held;
                if setting.set(&mut asked.config, value) {
                    push(asked);
                }
            }
        }
        // A weight at maintenance falls only with the one at initial, and rises at most to it.
        for step in [1, 10_000, 100_000, 1_000_000] {
            let mut asked = held;
            let config = &mut asked.config;
            config.asset_maint_ppm = config.asset_maint_ppm.saturating_sub(step);
            config.asset_init_ppm = config.asset_init_ppm.saturating_sub(step);
            push(asked);
            let mut asked = held;
            asked.config.liability_maint_ppm += step;
            asked.config.liability_init_ppm += step;
            push(asked);
        }
    }
    for index in [SOL_PERP, BTC_PERP] {
        let market: Market = world.read(&keys.market(index));
        let held = args::UpdateMarketArgs::in_force(&market, &registry.markets[index as usize]);
        let mut push = |asked| {
            attacks.push(Attack { name: "update_market", ix: ix::update_market(&keys, signer, index, asked) });
        };
        for status in [0, 1, 2, 3, 255] {
            push(args::UpdateMarketArgs { status, ..held });
        }
        for setting in MarketTerms::SETTINGS {
            let (low, high) =
                (setting.low.at(&held.terms, registry.params()), setting.high.at(&held.terms, registry.params()));
            for value in values(setting.get(&held.terms), low, high) {
                let mut asked = held;
                if setting.set(&mut asked.terms, value) {
                    push(asked);
                }
            }
        }
        for step in [1, 2_500, 100_000] {
            let mut asked = held;
            asked.terms.maint_rate_ppm += step;
            asked.terms.init_rate_ppm += step;
            push(asked);
        }
    }
    attacks.extend(price_settings(scene, signer));
    attacks
}

fn price_settings(scene: &Scene, signer: Pubkey) -> Vec<Attack> {
    let (keys, world) = (scene.stage.world.keys, &scene.stage.world);
    let (board, feeds, params) = (world.board(), world.feed_book(), *world.registry().params());
    let mut attacks = Vec::new();
    for slot in [USDC, SOL, BTC] {
        let held = PriceConfigArgs::in_force(&feeds.feeds[slot as usize], &board.slots[slot as usize]);
        let mut push = |config| {
            let args = args::UpdatePriceArgs { slot, config };
            attacks.push(Attack { name: "update_price", ix: ix::update_price(&keys, signer, args) });
        };
        for setting in PriceConfigArgs::SETTINGS {
            let (low, high) = (setting.low.at(&held, &params), setting.high.at(&held, &params));
            for value in values(setting.get(&held), low, high) {
                let mut asked = held;
                if setting.set(&mut asked, value) {
                    push(asked);
                }
            }
        }
        let mut mine = held.primary;
        mine.address = address("an oracle of my own");
        push(PriceConfigArgs { primary: mine, ..held });
        push(PriceConfigArgs { secondary: Some(mine), ..held });
        push(PriceConfigArgs { secondary: None, ..held });
    }
    attacks
}

/// Every pause and every halt, for as long as anybody may ask and for a moment.
fn stops(scene: &Scene, signer: Pubkey) -> Vec<Attack> {
    let keys = scene.stage.world.keys;
    let mut attacks = Vec::new();
    for lasts_secs in [None, Some(1), Some(u32::MAX)] {
        for bits in (0..32).map(|place| 1 << place).filter(|bit| bit & pause::ALL != 0).chain([pause::ALL]) {
            for (add_bits, remove_bits) in [(bits, 0), (0, bits)] {
                let args = args::SetPauseArgs { add_bits, remove_bits, lasts_secs };
                attacks.push(Attack { name: "set_pause", ix: ix::set_pause(&keys, signer, args) });
            }
        }
        for (slot, halted) in [(USDC, true), (SOL, true), (BTC, true), (SOL, false)] {
            let args = args::HaltPriceArgs { slot, halted, lasts_secs };
            attacks.push(Attack { name: "halt_price", ix: ix::halt_price(&keys, signer, args) });
        }
    }
    for feed in &scene.stage.world.feeds {
        for (to_standby, source) in [(true, feed.standby.map(|(key, _)| key)), (false, Some(feed.primary))] {
            let args = args::SwitchSourceArgs { slot: feed.slot, to_standby };
            let ix = ix::switch_source(&keys, signer, source.unwrap_or_default(), args);
            attacks.push(Attack { name: "switch_source", ix });
        }
    }
    attacks
}

/// Proposals of what would hurt most, and whatever is pending executed and cancelled.
pub fn changes(scene: &Scene, signer: Pubkey) -> Vec<Attack> {
    let (keys, world) = (scene.stage.world.keys, &scene.stage.world);
    let proposed = world.read::<Engine>(&keys.engine).changes_proposed;
    let next = proposed.max(UNWANTED + 1);
    let executor = keys.executor();
    let hostile = settings(scene, executor).into_iter().step_by(17);
    let mut attacks: Vec<Attack> = hostile
        .map(|attack| {
            let ix = ix::propose_change(&keys, (signer, signer), next, &attack.ix);
            Attack { name: "propose_change", ix }
        })
        .collect();
    for id in (0..next).rev().take(6) {
        let Some(change) = world.try_read::<PendingChange>(&keys.change(id)) else { continue };
        attacks.push(Attack { name: "execute_change", ix: ix::execute_change(&keys, signer, &change) });
        attacks.push(Attack { name: "cancel_change", ix: ix::cancel_change(&keys, signer, &change) });
    }
    attacks
}

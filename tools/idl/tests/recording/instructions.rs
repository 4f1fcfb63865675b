//! Instructions as the Rust SDK builds them.

use anchor_lang::prelude::Pubkey;
use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use bytemuck::Zeroable;
use plimsoll::instructions::{
    ApproveVenueArgs, DelegateArgs, DepositArgs, LiabilityArg, LiquidateCollateralArgs, LiquidatePositionArgs,
    OpenAccountArgs, ResolveStep, SettleFillArgs, WithdrawArgs,
};
use plimsoll::liquidation::LiquidationBounds;
use plimsoll_sdk::ix::args::{RampArg, RegisterVenueArgs, SetPauseArgs};
use plimsoll_sdk::ix::{self, FillAuthority, Parties, Refresh, Token};
use plimsoll_sdk::pda::{self, EngineKeys};
use plimsoll_sim::world::address;
use plimsoll_state::{change_flag, pause, ChangeAccount, PendingChange};
use plimsoll_tests::ANY;
use serde_json::{json, Value};
use solana_instruction::Instruction;

struct Names {
    alice: Pubkey,
    bob: Pubkey,
    mint: Pubkey,
    source: Pubkey,
    keys: EngineKeys,
}

/// One instruction of every form that optional accounts, options and enums take.
pub fn all() -> Value {
    let names = Names {
        alice: address("alice"),
        bob: address("bob"),
        mint: address("mint"),
        source: address("source"),
        keys: EngineKeys::created_by(&address("creator"), 0),
    };
    let mut rows = accounts_and_banks(&names);
    rows.extend(perps(&names));
    rows.extend(liquidations(&names));
    rows.extend(changes(&names));
    let rows: Vec<Value> = rows.into_iter().map(|(name, instruction)| row(name, &instruction)).collect();
    json!({
        "parties": {
            "alice": names.alice.to_string(),
            "bob": names.bob.to_string(),
            "mint": names.mint.to_string(),
            "source": names.source.to_string(),
            "engine": names.keys.engine.to_string(),
        },
        "instructions": rows,
    })
}

fn row(name: &str, instruction: &Instruction) -> Value {
    assert_eq!(instruction.program_id, pda::PROGRAM_ID);
    let accounts = instruction.accounts.iter().map(
        |meta| json!({ "address": meta.pubkey.to_string(), "signer": meta.is_signer, "writable": meta.is_writable }),
    );
    json!({
        "name": name,
        "accounts": accounts.collect::<Vec<_>>(),
        "data_base64": STANDARD.encode(&instruction.data),
    })
}

fn accounts_and_banks(names: &Names) -> Vec<(&'static str, Instruction)> {
    let &Names { alice, bob, mint, source, ref keys } = names;
    let hers = keys.margin_account(&alice, 3);
    let token = Token { bank: 1, mint, token_program: pda::TOKEN_2022_PROGRAM };
    let open = |payer, delegate| ix::open_account(keys, alice, payer, OpenAccountArgs { id: 3, delegate });
    let delegate =
        DelegateArgs { key: bob, rights: plimsoll_state::right::ALL, trade_limit_atoms_per_day: 7_000_000_000 };
    let approval = ApproveVenueArgs { markets: 5, notional_limit_atoms: 9_000_000_000, expires_at: 1_800_000_000 };
    let withdraw = WithdrawArgs { amount_atoms: 0, all: true };
    vec![
        ("check_margin", ix::check_margin(keys, hers, 3)),
        ("observe_margin", ix::observe_margin(keys, hers)),
        ("open_account", open(bob, Some(delegate))),
        ("open_account_without_delegate", open(alice, None)),
        ("set_delegate", ix::set_delegate(alice, hers, Some(delegate))),
        ("set_delegate_to_nobody", ix::set_delegate(alice, hers, None)),
        ("approve_venue", ix::approve_venue(alice, hers, keys.venue(&bob), approval)),
        ("deposit", ix::deposit(keys, &token, alice, hers, source, DepositArgs { amount_atoms: 5 })),
        ("withdraw", ix::withdraw(keys, &token, alice, hers, source, withdraw)),
        ("accrue", ix::accrue(keys, 1)),
        (
            "refresh_price",
            ix::refresh_price(
                keys,
                &[
                    Refresh { slot: 0, primary: alice, secondary: None },
                    Refresh { slot: 2, primary: bob, secondary: Some(mint) },
                ],
            ),
        ),
    ]
}

/// A change that was proposed and is read back, as the program stores it.
fn stored(names: &Names, id: u64, instruction: &Instruction) -> PendingChange {
    let executor = names.keys.executor();
    let mut change = PendingChange::zeroed();
    (change.engine, change.id, change.rent_payer) = (names.keys.engine.to_bytes(), id, names.mint.to_bytes());
    (change.account_count, change.data_len) = (instruction.accounts.len() as u8, instruction.data.len() as u16);
    change.data[..instruction.data.len()].copy_from_slice(&instruction.data);
    for (stored, meta) in change.accounts.iter_mut().zip(&instruction.accounts) {
        let written = if meta.is_writable { change_flag::WRITABLE } else { 0 };
        *stored = if meta.is_signer && meta.pubkey != executor {
            ChangeAccount { key: [0; 32], flags: change_flag::PAYER | written }
        } else {
            ChangeAccount { key: meta.pubkey.to_bytes(), flags: written }
        };
    }
    change
}

fn changes(names: &Names) -> Vec<(&'static str, Instruction)> {
    let &Names { alice, bob, mint, ref keys, .. } = names;
    let args = RegisterVenueArgs { signer: mint, settle_markets: 5, premium_markets: 1 };
    let register = ix::register_venue(keys, keys.executor(), bob, args);
    let change = stored(names, 7, &register);
    let set = |add_bits, remove_bits, lasts_secs| {
        ix::set_pause(keys, alice, SetPauseArgs { add_bits, remove_bits, lasts_secs })
    };
    vec![
        ("propose_change", ix::propose_change(keys, (alice, bob), 7, &register)),
        ("execute_change", ix::execute_change(keys, alice, &change)),
        ("cancel_change", ix::cancel_change(keys, alice, &change)),
        ("advance_ramp_of_params", ix::advance_ramp(keys, RampArg::Params)),
        ("advance_ramp_of_a_market", ix::advance_ramp(keys, RampArg::Market(3))),
        ("pause", set(pause::BORROW | pause::OPEN_ACCOUNT, 0, Some(600))),
        ("unpause", set(0, pause::FILL, None)),
    ]
}

fn perps(names: &Names) -> Vec<(&'static str, Instruction)> {
    let &Names { alice, bob, ref keys, .. } = names;
    let (hers, his) = (keys.margin_account(&alice, 3), keys.margin_account(&bob, 0));
    let fill = |by| ix::settle_fill(keys, 1, hers, his, by, SettleFillArgs { base_units: 11, quote_atoms: 13 });
    vec![
        ("settle_fill_by_owners", fill(FillAuthority::Sides { buyer: alice, seller: bob })),
        ("settle_fill_by_venue", fill(FillAuthority::Venue { signer: bob })),
        ("settle_pnl", ix::settle_pnl(keys, 1, Some(hers))),
        ("settle_own_claim", ix::settle_pnl(keys, 1, None)),
        ("resolve_freeze", ix::resolve_bankruptcy(keys, his, ResolveStep::Freeze)),
        ("resolve_pay_pnl", ix::resolve_bankruptcy(keys, his, ResolveStep::PayPnl { market: 1 })),
    ]
}

fn liquidations(names: &Names) -> Vec<(&'static str, Instruction)> {
    let &Names { alice, bob, ref keys, .. } = names;
    let parties =
        Parties { signer: alice, liquidator: keys.margin_account(&alice, 3), liquidatee: keys.margin_account(&bob, 0) };
    let collateral = |liability, bounds, with_bank| {
        let args = LiquidateCollateralArgs { asset_bank: 1, liability, bounds };
        ix::liquidate_collateral(keys, parties, args, with_bank)
    };
    let limited = LiquidationBounds { limit_numerator: 7, limit_denominator: 9, ..ANY };
    let bounded =
        LiquidationBounds { max_size: 17, as_much_as_allowed: false, min_size: 5, no_op_if_refused: true, ..limited };
    let perp = LiquidatePositionArgs { market: 1, bounds: limited };
    vec![
        ("liquidate_borrow", collateral(LiabilityArg::Borrow(0), ANY, true)),
        ("liquidate_borrow_bounded", collateral(LiabilityArg::Borrow(0), bounded, false)),
        ("liquidate_pnl", collateral(LiabilityArg::NegativePnl(1), ANY, true)),
        ("liquidate_perp", ix::liquidate_position(keys, parties, perp)),
    ]
}

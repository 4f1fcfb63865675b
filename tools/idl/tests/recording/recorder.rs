//! Asks the program about an account and writes down bytes and answers.

use std::io::Write;

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use bytemuck::bytes_of;
use litesvm::types::TransactionMetadata;
use plimsoll::event::CollateralLiquidated;
use plimsoll::liquidation::LiquidationBounds;
use plimsoll_risk::liquidate::{LegPart, LegSize, Request};
use plimsoll_risk::price::Price;
use plimsoll_sdk::ix;
use plimsoll_state::{MarginAccount, MarginView, PriceBoard, Registry, StoredPrice};
use plimsoll_tests::{
    any_of, liquidate_ix, pair, perp, pnl_pair, Failure, Sent, Stage, Trader, ANY, SOL, SOL_PERP, USDC,
};
use plimsoll_wasm::{margin_after, margin_view, plan, Accounts};
use serde_json::{json, Value};

/// What has been recorded.
#[derive(Default)]
pub struct Recorder {
    states: Vec<(Vec<u8>, Vec<u8>)>,
    cases: Vec<Value>,
    event: Value,
}

fn compressed(bytes: &[u8]) -> String {
    // Without a file name and a time the same bytes always give the same text.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    STANDARD.encode(encoder.finish().unwrap())
}

/// The program's answer: return data, or the code of its refusal.
fn answer(sent: Result<Vec<u8>, Failure>) -> Value {
    match sent {
        Ok(data) => json!({ "data": STANDARD.encode(data) }),
        Err(failure) => json!({ "code": failure.code.unwrap_or_else(|| panic!("{failure}")) }),
    }
}

fn returned(sent: Sent, len: usize) -> Result<Vec<u8>, Failure> {
    // The runtime strips zeros at the end.
    let mut data = sent?.return_data.data;
    data.resize(len, 0);
    Ok(data)
}

impl Recorder {
    /// How many accounts.
    pub fn case_count(&self) -> usize {
        self.cases.len()
    }

    /// The recording.
    pub fn into_json(self) -> Value {
        let states: Vec<Value> = self
            .states
            .iter()
            .map(|(registry, board)| json!({ "registry_gzip": compressed(registry), "board_gzip": compressed(board) }))
            .collect();
        json!({ "program": plimsoll_sdk::pda::PROGRAM_ID.to_string(), "states": states, "cases": self.cases,
            "liquidation_event": self.event })
    }

    fn state(&mut self, registry: Vec<u8>, board: Vec<u8>) -> usize {
        let state = (registry, board);
        self.states.iter().position(|known| *known == state).unwrap_or_else(|| {
            self.states.push(state);
            self.states.len() - 1
        })
    }

    /// Records the event of a liquidation, as instruction data.
    pub fn record_event(&mut self, meta: &TransactionMetadata) {
        let event: CollateralLiquidated = plimsoll_tests::event(meta);
        let mut instructions = meta.inner_instructions.iter().flatten().map(|inner| &inner.instruction.data);
        let carrier = instructions.find(|data| data.starts_with(anchor_lang::event::EVENT_IX_TAG_LE)).unwrap();
        self.event = json!({
            "event_base64": STANDARD.encode(carrier),
            "account": event.liquidatee.to_string(),
            "asset_bank": event.asset_bank,
            "liability_bank": event.liability_bank,
            "penalty_ppm": event.penalty_ppm,
            "repaid_atoms": event.repaid_atoms.to_string(),
            "seized_atoms": event.seized_atoms.to_string(),
            "insurance_fee_atoms": event.insurance_fee_atoms.to_string(),
            "nav_after_usd_pico": event.nav_after_usd_pico.to_string(),
        });
    }

    /// Records an account as it stands, and what the program says and would do about it.
    pub fn record(&mut self, name: &str, stage: &Stage, of: &Trader) {
        let account = stage.margin_account(of);
        let (registry, board) = (stage.registry(), stage.board());
        let accounts = Accounts { account: &account, registry: &registry, board: &board, now: stage.now() };
        let views = [1, 3].map(|views| check(stage, of, &accounts, views));
        let liquidations: Vec<Value> =
            requests(&accounts).into_iter().map(|request| liquidation(stage, of, &accounts, request)).collect();
        let prices: Vec<Value> = (0..board.count).map(|slot| liquidation_price(stage, of, slot)).collect();
        let state = self.state(stage.data(&stage.keys.registry), stage.data(&stage.keys.board));
        self.cases.push(json!({
            "name": name,
            "now": stage.now(),
            "state": state,
            "address": of.account.to_string(),
            "account_base64": STANDARD.encode(stage.data(&of.account)),
            "decoded": decoded(&account),
            "check_margin_spot": views[0],
            "check_margin_all": views[1],
            "after": after(of, &accounts),
            "liquidations": liquidations,
            "liquidation_prices": prices,
        }));
    }
}

/// What is in the account, as the Rust layout reads it.
fn decoded(account: &MarginAccount) -> Value {
    let owner = anchor_lang::prelude::Pubkey::new_from_array(account.owner);
    let tokens = account.tokens.iter().filter(|token| token.used == 1);
    let tokens: Vec<Value> =
        tokens.map(|token| json!({ "bank": token.bank, "shares": token.shares.to_string() })).collect();
    let perps = account.derivatives.iter().filter(|position| position.kind == 1);
    let perps: Vec<Value> = perps
        .map(|position| {
            json!({
                "market": position.market,
                "shares": position.shares.to_string(),
                "cash_atoms": position.cash_atoms.to_string(),
                "k_entry": position.k_entry.get().to_string(),
            })
        })
        .collect();
    json!({
        "owner": owner.to_string(),
        "id": account.id,
        "status": account.status,
        "under_water_secs": account.under_water_secs,
        "observed_at": account.observed_at.to_string(),
        "tokens": tokens,
        "perps": perps,
    })
}

/// `check_margin`, which the same functions on this machine must agree with.
fn check(stage: &Stage, of: &Trader, accounts: &Accounts<'_>, views: u8) -> Value {
    let check = ix::check_margin(&stage.keys, of.account, views);
    let said = returned(stage.simulate(&stage.authority, &[check]), size_of::<MarginView>());
    let ours = margin_view(of.account.as_array(), accounts, views == 3).map(|view| bytes_of(&view).to_vec());
    assert_eq!(ours, said.clone().map_err(|failure| failure.code.unwrap()));
    answer(said)
}

/// Moves of money in every bank, and what the functions of the module say on this machine; `moves.rs` holds them to the program.
fn after(of: &Trader, accounts: &Accounts<'_>) -> Vec<Value> {
    let banks =
        (0..=accounts.registry.bank_count).flat_map(|bank| [1_000_000i64, -1_000_000].map(|atoms| (bank, atoms)));
    banks
        .map(|(bank, atoms)| {
            let found = margin_after(of.account.as_array(), accounts, bank, atoms, true);
            let said = match found {
                Ok(view) => json!({ "data": STANDARD.encode(bytes_of(&view)) }),
                Err(code) => json!({ "code": code }),
            };
            json!({ "bank": bank, "change_atoms": atoms.to_string(), "answer": said })
        })
        .collect()
}

/// One liquidation without keeping what it does; the plan must agree with it.
fn liquidation(stage: &Stage, of: &Trader, accounts: &Accounts<'_>, request: Request) -> Value {
    let bounds = LiquidationBounds {
        max_size: request.max_size.unwrap_or_default().get(),
        as_much_as_allowed: request.max_size.is_none(),
        min_size: request.min_size.get(),
        limit_numerator: request.limit_numerator,
        limit_denominator: request.limit_denominator,
        ..ANY
    };
    // Nobody may liquidate himself.
    let liquidator = if *of == stage.liquidator { stage.maker } else { stage.liquidator };
    let instruction = liquidate_ix(stage, &liquidator, of, request.leg, bounds, true);
    let said = returned(stage.simulate(&liquidator.owner, &[instruction]), 48);
    let planned = plan(accounts, &request).unwrap_or_else(|code| panic!("{code}"));
    match &said {
        Ok(data) => {
            let done: plimsoll_sdk::LiquidationOutcome = bytemuck::pod_read_unaligned(data);
            let did = (done.reason, done.regime + 1, done.penalty_ppm, done.size, done.paid_atoms, done.received_atoms);
            let plan =
                (0, planned.regime, planned.penalty_ppm, planned.size, planned.paid_atoms, planned.received_atoms);
            assert_eq!((did, done.fee_atoms), (plan, planned.fee_atoms), "{request:?}");
        }
        Err(failure) => assert_eq!(failure.code, Some(planned.reason), "{request:?}: {failure}"),
    }
    json!({ "request": request_json(&request), "answer": answer(said) })
}

fn request_json(request: &Request) -> Value {
    let mut leg = json!({});
    for part in request.leg.parts() {
        match part {
            LegPart::Collateral(bank) => leg["asset_bank"] = json!(bank),
            LegPart::Borrow(bank) => (leg["kind"], leg["liability_bank"]) = (json!("borrow"), json!(bank)),
            LegPart::Loss(market) => (leg["kind"], leg["market"]) = (json!("negative_pnl"), json!(market)),
            LegPart::Position(market) => (leg["kind"], leg["market"]) = (json!("perp"), json!(market)),
        }
    }
    json!({
        "leg": leg,
        "max_size": request.max_size.map(|size| size.get().to_string()),
        "min_size": request.min_size.get().to_string(),
        "limit_numerator": request.limit_numerator.to_string(),
        "limit_denominator": request.limit_denominator.to_string(),
    })
}

/// Every leg that the account could name and two that it may not hold; for each also bounds that cut or refuse it.
fn requests(accounts: &Accounts<'_>) -> Vec<Request> {
    let account = accounts.account;
    let banks: Vec<u8> = account.tokens.iter().filter(|token| token.used == 1).map(|token| token.bank).collect();
    let markets: Vec<u8> = account.derivatives.iter().filter(|p| p.kind == 1).map(|p| p.market).collect();
    let mut legs = vec![pair(SOL, USDC), perp(SOL_PERP), pair(USDC, USDC)];
    for &asset in &banks {
        legs.extend(banks.iter().filter(|&&liability| liability != asset).map(|&liability| pair(asset, liability)));
        legs.extend(markets.iter().map(|&market| pnl_pair(asset, market)));
    }
    legs.extend(markets.iter().map(|&market| perp(market)));
    let mut requests: Vec<Request> = Vec::new();
    for leg in legs {
        let whole = any_of(leg);
        if requests.contains(&whole) {
            continue;
        }
        requests.push(whole);
        let size = plan(accounts, &whole).map_or(0, |plan| plan.size);
        if size == 0 {
            continue;
        }
        requests.push(Request { max_size: Some(LegSize::new(size / 2)), ..whole });
        requests.push(Request { max_size: Some(LegSize::new(size - 1)), ..whole });
        requests.push(Request { max_size: Some(LegSize::new(1)), ..whole });
        requests.push(Request { min_size: LegSize::new(size + 1), ..whole });
        requests.push(Request { limit_numerator: u64::MAX, limit_denominator: 1, ..whole });
        requests.push(Request { limit_numerator: 1, limit_denominator: u64::MAX, ..whole });
    }
    requests
}

/// Both liquidation prices of a slot. The program itself must call the account under water at each of them, and
/// healthy one bit nearer to the present price.
fn liquidation_price(stage: &Stage, of: &Trader, slot: u8) -> Value {
    let (account, registry) = (stage.margin_account(of), stage.registry());
    let mut board = stage.board();
    let before = bytes_of(&*board).to_vec();
    let found = plimsoll_wasm::liquidation_prices(&account, &registry, &mut board, stage.now(), slot);
    let found = found.unwrap_or_else(|code| panic!("{code}"));
    assert_eq!(bytes_of(&*board), before, "the board is put back");
    for (price, towards_present) in [(found.below, 1), (found.above, -1)] {
        if price.mantissa != 0 {
            assert!(ratio_at(stage, of, &registry, &board, slot, price) < 1_000_000);
            let nearer = StoredPrice::from(stepped(price.get(), towards_present));
            assert!(ratio_at(stage, of, &registry, &board, slot, nearer) >= 1_000_000);
        }
    }
    let price = |price: StoredPrice| json!({ "mantissa": price.mantissa.to_string(), "exponent": price.exponent });
    json!({
        "slot": slot,
        "is_under_water": found.is_under_water == 1,
        "present": price(found.present),
        "below": price(found.below),
        "above": price(found.above),
    })
}

/// The next price up or down.
fn stepped(price: Price, direction: i64) -> Price {
    match (price.mantissa, direction) {
        (u64::MAX, 1) => Price { mantissa: 1 << 63, exponent: price.exponent + 1 },
        (mantissa, -1) if mantissa == 1 << 63 => Price { mantissa: u64::MAX, exponent: price.exponent - 1 },
        (mantissa, _) => Price { mantissa: mantissa.saturating_add_signed(direction), ..price },
    }
}

/// The margin ratio that the program gives the account with another spot price, ppm.
fn ratio_at(stage: &Stage, of: &Trader, registry: &Registry, board: &PriceBoard, slot: u8, price: StoredPrice) -> u32 {
    assert_eq!(bytes_of(registry), bytes_of(&*stage.registry()));
    let mut elsewhere = stage.world.clone();
    let mut moved = *board;
    moved.slots[slot as usize].spot = price;
    let key = elsewhere.keys.board;
    elsewhere.write(&key, &moved);
    let check = ix::check_margin(&elsewhere.keys, of.account, 1);
    let sent = elsewhere.simulate(&elsewhere.authority, &[check]);
    let data = returned(sent, size_of::<MarginView>()).unwrap_or_else(|failure| panic!("{failure}"));
    let view: MarginView = bytemuck::pod_read_unaligned(&data);
    view.ratio_ppm
}

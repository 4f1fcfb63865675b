use plimsoll_rpc::history::{Cursor, ReadEvent};
use plimsoll_sdk::event::*;
use plimsoll_sdk::ix::args::DelegateArgs;
use plimsoll_state::right;
use serde_json::Value;
use solana_pubkey::Pubkey;
use solana_signature::Signature;

use super::*;

fn known() -> Known {
    Known {
        banks: vec![("USDC".into(), 6), ("SOL".into(), 9)],
        markets: vec![("SOL-PERP".into(), 6)],
        prices: vec!["USDC".into(), "SOL".into()],
    }
}

fn object(read: &ReadEvent, known: Option<&Known>) -> Value {
    serde_json::to_value(EventLine::of(read, known)).unwrap()
}

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

const ALICE: u8 = 7;
const BOB: u8 = 8;

fn read(event: impl Into<EngineEvent>) -> ReadEvent {
    let event = event.into();
    let recorded = RecordedEvent {
        event: Some(event),
        bytes: vec![1, 2, 0xab],
        instruction: 0,
        accounts: Vec::new(),
        is_logged: false,
    };
    let cursor: Cursor = "5:abc".parse().unwrap();
    let signature = Signature::from([3; 64]);
    ReadEvent { recorded, signature, index: 1, slot: 5, block_time: Some(1_760_130_000), cursor }
}

fn words(event: impl Into<EngineEvent>) -> String {
    told(&read(event), &key(ALICE), &known(), &mut Told::default())
}

fn moved(bank: u8, atoms: u64, shares: [i64; 2]) -> TokenMove {
    TokenMove {
        account: key(ALICE),
        bank,
        atoms,
        deposit_shares_delta: shares[0],
        borrow_shares_delta: shares[1],
        after: BankRecord::from(&bytemuck::Zeroable::zeroed()),
    }
}

/// An event of every kind, all zero but for its engine.
fn every() -> Vec<EngineEvent> {
    let zero = |discriminator: &[u8; EVENT_DISCRIMINATOR_LEN]| {
        let bytes = |len: usize| {
            let mut bytes = [&discriminator[..], &[9; 32]].concat();
            bytes.resize(EVENT_DISCRIMINATOR_LEN + len, 0);
            bytes
        };
        (32..2_048).find_map(|len| EngineEvent::decode(&bytes(len))).expect("a length of its own")
    };
    EVENTS.iter().map(|(_, discriminator)| zero(discriminator)).collect()
}

/// Every number of 64 bits and more is text, whatever its value.
fn has_only_safe_numbers(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_i64().is_some_and(|number| number.unsigned_abs() < 1 << 53),
        Value::Array(list) => list.iter().all(has_only_safe_numbers),
        Value::Object(fields) => fields.values().all(has_only_safe_numbers),
        _ => true,
    }
}

#[test]
fn every_event_is_an_object_with_the_same_keys_and_its_fields() {
    let keys = ["cursor", "engine", "fields", "index", "name", "signature", "slot", "time"];
    let mut amounts = 0;
    for event in every() {
        let name = event.name();
        let object = object(&read(event), Some(&known()));
        assert_eq!(object.as_object().unwrap().keys().collect::<Vec<_>>(), keys, "{name}");
        assert_eq!((object["name"].as_str(), object["engine"].as_str()), (Some(name), Some(&*key(9).to_string())));
        let fields = object["fields"].as_object().unwrap();
        assert!(!fields.contains_key("error") && !fields.contains_key("engine"), "{object:#}");
        assert!(!fields.is_empty() && has_only_safe_numbers(&object), "{object:#}");
        amounts += object.to_string().matches("decimal\":").count();
    }
    assert!(amounts > 100, "{amounts}");
}

#[test]
fn amounts_stand_beside_their_decimals_by_the_bank_or_the_market_that_they_are_of() {
    let deposited = Deposited { engine: key(9), authority: key(1), moved: moved(1, u64::MAX, [-3, 0]) };
    let fields = object(&read(deposited), Some(&known()))["fields"].clone();
    assert_eq!(fields["moved"]["atoms"], "18446744073709551615");
    assert_eq!(fields["moved"]["decimal"], "18446744073.709551615");
    assert_eq!(fields["moved"]["deposit_shares_delta"], "-3");
    assert_eq!(fields["moved"]["after"]["fees_decimal"], "0");
    assert_eq!(fields["authority"], key(1).to_string());

    let fields = object(&read(liquidation()), Some(&known()))["fields"].clone();
    assert_eq!((&fields["seized_decimal"], &fields["repaid_decimal"]), (&"10.25".into(), &"1900.5".into()));
    assert_eq!((&fields["nav_before_usd_pico"], &fields["nav_before_usd"]), (&"150000000000000".into(), &"150".into()));

    let fill = object(&read(fill(key(BOB), 0)), Some(&known()))["fields"].clone();
    assert_eq!((&fill["base_units"], &fill["base_decimal"]), (&"1500000".into(), &"1.5".into()));
    // Of an engine that is not known there are no decimals, and nothing else is missing.
    let fields = object(&read(liquidation()), None)["fields"].clone();
    assert_eq!((&fields["seized_atoms"], fields.get("seized_decimal")), (&"10250000000".into(), None));
}

#[test]
fn bytes_lists_and_choices_are_shown_as_what_they_are() {
    let proposed = ChangeProposed {
        engine: key(9),
        change: key(2),
        id: 4,
        proposer: key(3),
        due_at: 5,
        expires_at: 6,
        data: vec![0, 255, 16],
    };
    assert_eq!(object(&read(proposed), None)["fields"]["data"], "00ff10");
    let ramp = RampAdvanced {
        engine: key(9),
        of: plimsoll_sdk::ix::args::RampArg::Bank(3),
        arrived: true,
        held_ppm: [1, 2, 3, 0, 0, 0],
    };
    let fields = object(&read(ramp), None)["fields"].clone();
    assert_eq!(
        (&fields["of"], &fields["held_ppm"]),
        (&serde_json::json!({ "Bank": 3 }), &serde_json::json!([1, 2, 3, 0, 0, 0]))
    );
    let mut unreadable = read(liquidation());
    unreadable.recorded.event = None;
    let object = object(&unreadable, None);
    assert_eq!((&object["name"], &object["engine"]), (&"Unreadable".into(), &Value::Null));
    assert_eq!(object["fields"]["bytes"], "0102ab");
}

fn liquidation() -> CollateralLiquidated {
    CollateralLiquidated {
        engine: key(9),
        liquidatee: key(ALICE),
        liquidator: key(BOB),
        signer: key(3),
        asset_bank: 1,
        liability_bank: 0,
        market: u8::MAX,
        regime: 0,
        penalty_ppm: 25_000,
        under_water_secs: 5,
        repaid_atoms: 1_900_500_000,
        insurance_fee_atoms: 1,
        seized_atoms: 10_250_000_000,
        seized_shares: 10,
        notional_usd_micro: 1,
        nav_before_usd_pico: 150_000_000_000_000,
        nav_after_usd_pico: 102_500_000_000_000,
        mmr_before_usd_pico: 0,
        mmr_after_usd_pico: 0,
    }
}

fn position(shares: i64, k_entry: i128) -> PositionState {
    PositionState { shares, k_entry, cash_atoms: 0, epoch: 0 }
}

/// Alice buys, from somebody.
fn fill(seller: Pubkey, k_entry: i128) -> FillSettled {
    FillSettled {
        engine: key(9),
        market: 0,
        venue: key(0),
        buyer: key(ALICE),
        seller,
        buyer_signer: key(1),
        seller_signer: key(2),
        base_units: 1_500_000,
        quote_atoms: 300_000_000,
        fee_atoms: 150_000,
        opened_units: 0,
        netted_units: 0,
        buyer_position: position(1_500_000, k_entry),
        seller_position: position(-1_500_000, k_entry),
        pool: PoolState { pool_shares: 0, pool_atoms: 0, deficit_atoms: 0, own_claim_atoms: 0 },
    }
}

#[test]
fn tokens_in_and_out_are_told_in_tokens() {
    let (engine, to) = (key(9), key(5));
    assert_eq!(
        words(Deposited { engine, authority: key(1), moved: moved(1, 10_000_000_000, [1, 0]) }),
        "deposited 10 SOL"
    );
    assert_eq!(
        words(Deposited { engine, authority: key(1), moved: moved(0, 5, [0, -5]) }),
        "deposited 0.000005 USDC, which repaid debt first"
    );
    let withdrawn = Withdrawn { engine, destination: to, moved: moved(1, 1_500_000_000, [-1, 0]) };
    assert_eq!(words(withdrawn), format!("withdrew 1.5 SOL to {}", short(&to)));
    let borrowed = Borrowed { engine, destination: to, moved: moved(0, 2_000_000, [-1, 1]) };
    assert_eq!(words(borrowed), format!("borrowed 2 USDC, its deposit first, to {}", short(&to)));
    let repaid = Repaid { engine, payer: to, moved: moved(0, 2_000_000, [0, -1]) };
    assert_eq!(words(repaid), format!("repaid 2 USDC, paid by {}", short(&to)));
}

#[test]
fn liquidations_are_told_from_either_side_with_what_they_cost() {
    let bob = short(&key(BOB));
    assert_eq!(
        words(liquidation()),
        format!("was liquidated: 10.25 SOL taken for 1,900.5 USDC of debt by {bob}, penalty $47.50 (2.5 %)")
    );
    let other = CollateralLiquidated { liquidatee: key(BOB), liquidator: key(ALICE), market: 0, ..liquidation() };
    assert_eq!(
        words(other),
        format!("liquidated {bob}: took 10.25 SOL for 1,900.5 USDC of loss in SOL-PERP, penalty $47.50 (2.5 %)")
    );
    let called = MarginCalled {
        engine: key(9),
        owner: key(1),
        id: 0,
        ratio_ppm: 1_051_200,
        distances: vec![PriceDistance { slot: 1, move_ppm: -52_000 }],
    };
    assert_eq!(words(called), "was called: margin ratio 1.0512; at maintenance if SOL falls by 5.2 %");
}

#[test]
fn fills_are_told_from_either_side_and_funding_once_it_shows() {
    let bob = short(&key(BOB));
    let mut before = Told::default();
    let mut tell = |event: EngineEvent| told(&read(event), &key(ALICE), &known(), &mut before);
    let bought = format!("bought 1.5 SOL-PERP for 300 USDC from {bob}, fee 0.15 USDC");
    assert_eq!(tell(fill(key(BOB), 0).into()), bought);
    // A long paid two atoms a unit meanwhile.
    assert_eq!(tell(fill(key(BOB), -2 << 64).into()), format!("{bought}; funding of SOL-PERP since: paid 3 USDC"));
    let settled = |k_entry, quote_atoms| PnlSettled {
        engine: key(9),
        market: 0,
        account: key(ALICE),
        quote_atoms,
        pool_change_atoms: 0,
        forgone_atoms: 7,
        position: position(1_500_000, k_entry),
        pool: fill(key(BOB), 0).pool,
    };
    assert_eq!(
        tell(settled(-1 << 64, -4_000_000).into()),
        "settled PnL of SOL-PERP: paid 4 USDC, 0.000007 USDC given up; funding of SOL-PERP since: received 1.5 USDC"
    );
    // What does not say where it left the position ends what is known of it.
    tell(CollateralLiquidated { market: 0, ..liquidation() }.into());
    assert_eq!(tell(settled(5 << 64, 0).into()), "settled PnL of SOL-PERP: nothing moved, 0.000007 USDC given up");
    let sold = FillSettled { buyer: key(BOB), seller: key(ALICE), fee_atoms: 0, ..fill(key(BOB), 0) };
    assert_eq!(words(sold), format!("sold 1.5 SOL-PERP for 300 USDC to {bob}"));
}

#[test]
fn who_may_act_on_an_account_is_told() {
    let delegate =
        DelegateArgs { key: key(4), rights: right::LIQUIDATE | right::TRADE, trade_limit_atoms_per_day: 5_000_000 };
    let set = DelegateSet { engine: key(9), account: key(ALICE), owner: key(1), delegate: Some(delegate) };
    assert_eq!(
        words(set),
        format!("named {} as delegate, who may liquidate, trade up to 5 USDC a day", short(&key(4)))
    );
    assert_eq!(words(DelegateSet { delegate: None, ..set }), "its delegate was removed");
    let approved = VenueApproved {
        engine: key(9),
        account: key(ALICE),
        owner: key(1),
        venue: key(6),
        markets: 1,
        notional_limit_atoms: 9_000_000,
        expires_at: 1_760_130_000,
    };
    let expected = format!("let venue {} settle SOL-PERP up to 9 USDC until 2025-10-10 21:00:00 UTC", short(&key(6)));
    assert_eq!(words(approved), expected);
}

#[test]
fn every_event_that_has_an_account_is_told_in_words() {
    let mut told = 0;
    for event in every() {
        let fields = object(&read(event.clone()), None)["fields"].clone();
        let names = ["account", "liquidatee", "buyer", "moved"];
        if !names.iter().any(|name| fields.get(name).is_some()) || event.name() == "AccountGrown" {
            continue;
        }
        let words = words(event.clone());
        assert!(!words.contains(event.name()), "{words}");
        told += 1;
    }
    assert!(told > 20, "{told}");
    let named = words(every().into_iter().find(|event| event.name() == "ChangeProposed").unwrap());
    assert_eq!(named, "is named in ChangeProposed");
}

#[test]
fn times_are_in_utc_and_addresses_short() {
    assert_eq!(utc(Some(1_760_130_000)), "2025-10-10 21:00:00 UTC");
    assert_eq!(utc(None).len(), utc(Some(0)).len());
    assert_eq!(short(&plimsoll_sdk::pda::PROGRAM_ID), "9BkS..cJ8a");
}

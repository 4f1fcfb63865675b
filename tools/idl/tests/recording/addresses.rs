//! Addresses of every kind of account, as the Rust SDK derives them.

use plimsoll_sdk::pda::{self, EngineKeys};
use plimsoll_sim::world::address;
use serde_json::{json, Value};

/// Addresses for several parties, indices and ids, the extremes included.
pub fn all() -> Value {
    let mut rows = Vec::new();
    for (name, id, index) in [("alice", 0u16, 0u8), ("bob", 1, 1), ("carol", 256, 63), ("dave", u16::MAX, u8::MAX)] {
        let party = address(name);
        let engine = pda::engine(&party, id);
        let bank = pda::bank(&engine, index);
        rows.push(json!({
            "party": party.to_string(),
            "id": id,
            "index": index,
            "engine": engine.to_string(),
            "registry": pda::registry(&engine).to_string(),
            "board": pda::board(&engine).to_string(),
            "bank": bank.to_string(),
            "vault": pda::vault(&bank).to_string(),
            "market": pda::market(&engine, index).to_string(),
            "margin_account": pda::margin_account(&engine, &party, id).to_string(),
            "executor": EngineKeys::of(engine).executor().to_string(),
            "change": EngineKeys::of(engine).change(u64::MAX - id as u64).to_string(),
            "venue": pda::venue(&engine, &party).to_string(),
            "associated_token": pda::associated_token(&party, &engine, &pda::TOKEN_PROGRAM).to_string(),
            "associated_token_2022": pda::associated_token(&party, &engine, &pda::TOKEN_2022_PROGRAM).to_string(),
        }));
    }
    json!({
        "program": pda::PROGRAM_ID.to_string(),
        "event_authority": pda::event_authority().to_string(),
        "addresses": rows,
    })
}

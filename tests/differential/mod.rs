//! The program against the SDK and the exact model, on random accounts written as bytes.

mod bytes;
#[path = "../../crates/risk/tests/convert/mod.rs"]
mod convert;
mod liquidations;
mod margins;
mod random;

//! The benchmark: one engine, one row for each instruction and size of account.
//!
//! | file | what |
//! |---|---|
//! | `stage.rs` | the engine under measurement: sixteen tokens and perps listed, interest and funding running |
//! | `holder.rs` | margin accounts of any size, and bringing them under water |
//! | `measure.rs` | one transaction: compute units, bytes, keys, and its price in the validator's cost model |
//! | `margin.rs`, `liquidation.rs`, `money.rs`, `market.rs`, `price.rs`, `bankruptcy.rs`, `admin.rs` | the rows |
//! | `valid.rs` | rows of instructions that these do not measure |
//! | `row.rs`, `table.rs`, `baseline.rs`, `why.rs` | what becomes of them |

pub mod admin;
pub mod bankruptcy;
pub mod baseline;
pub mod holder;
pub mod liquidation;
pub mod margin;
pub mod market;
pub mod measure;
pub mod money;
pub mod price;
mod random;
pub mod row;
pub mod stage;
pub mod table;
mod valid;
pub mod why;

use std::path::{Path, PathBuf};

use plimsoll_state::{EngineAccount, MarginAccount};
use plimsoll_tests::program_file;

pub use row::Row;

/// What built the programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// The builder.
    pub builder: String,
    /// Its compiler.
    pub compiler: String,
}

impl Build {
    /// As `cargo xtask bench` names it; unknown where this runs without it.
    pub fn from_environment() -> Self {
        let named = |variable, unknown| std::env::var(variable).unwrap_or(unknown);
        let Self { builder, compiler } = Self::unknown();
        Self { builder: named("PLIMSOLL_BUILDER", builder), compiler: named("PLIMSOLL_COMPILER", compiler) }
    }

    /// Nobody knows.
    pub fn unknown() -> Self {
        Self { builder: "unknown".to_owned(), compiler: "unknown".to_owned() }
    }
}

/// A file of the documentation.
pub fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// Every row, in the order of the table.
pub fn measure_all() -> Vec<Row> {
    let mut rows = Vec::new();
    let stage = stage::Stage::new();
    margin::measure(&stage, &mut rows);
    liquidation::measure(&stage, &mut rows);
    random::measure(&stage, &mut rows);
    money::measure(&stage, &mut rows);
    price::measure(&stage, &mut rows);
    market::measure(&stage, &mut rows);
    bankruptcy::measure(&stage, &mut rows);
    admin::measure(&mut rows);
    rows.push(Row::file("program_file", "plimsoll.so", program_bytes(), 800_000));
    rows.push(Row::file("margin_account", "whole account", MarginAccount::SPACE as u64, 4_096));
    let missing = |rows: &[Row]| -> Vec<&'static str> {
        instructions().filter(|name| rows.iter().all(|row| row.operation != *name)).collect()
    };
    valid::measure(&missing(&rows), &mut rows);
    let missing = missing(&rows);
    assert!(missing.is_empty(), "instructions without a row: {missing:?}");
    rows
}

/// The instructions that the program lists.
fn instructions() -> impl Iterator<Item = &'static str> {
    const LIST: &str = include_str!("../../programs/plimsoll/src/lib.rs");
    LIST.lines().filter_map(|line| line.trim().strip_prefix("pub fn ")?.split(['<', '(']).next())
}

fn program_bytes() -> u64 {
    let file = program_file("PLIMSOLL_SO", "plimsoll");
    std::fs::metadata(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())).len()
}

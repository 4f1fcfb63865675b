//! Quantities of answers: exact for programs, readable for people.
//!
//! In JSON a quantity is several keys, the name of its field followed by a suffix each: `_atoms` (or `_units`, `_usd_micro`)
//! is the exact whole number as text, since it may exceed 2^53, `_decimal` (or `_usd`) the same with its point.

use plimsoll_risk::price::Price;
use plimsoll_risk::units::Atoms;
use schemars::gen::SchemaGenerator;
use schemars::schema::Schema;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::amount::{grouped, show, show_price};

const MICRO_PER_PICO: i128 = 1_000_000;
const MICRO_DECIMALS: u32 = 6;

/// An amount of a token; none where there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    atoms: Option<i128>,
    decimals: u32,
}

/// Base units of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    units: i128,
    decimals: u32,
}

/// Dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usd {
    pico: i128,
}

/// Dollars for a whole unit, to eight decimals, rounded down; none where there is no such price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceUsd(Option<Price>);

impl Amount {
    /// So many atoms of a token of so many decimals.
    pub fn of(atoms: impl Into<i128>, decimals: u8) -> Self {
        Self { atoms: Some(atoms.into()), decimals: decimals.into() }
    }

    /// The same; the largest number stands for no limit.
    pub fn limit(atoms: Atoms, decimals: u8) -> Self {
        let atoms = (atoms != Atoms::MAX).then_some(atoms.get().into());
        Self { atoms, decimals: decimals.into() }
    }

    /// With separators of thousands.
    pub fn text(&self) -> String {
        self.atoms.map_or_else(|| "unlimited".to_owned(), |atoms| grouped(&show(atoms, self.decimals)))
    }

    /// Whether it is none at all.
    pub fn is_zero(&self) -> bool {
        self.atoms == Some(0)
    }

    /// Atoms; none below zero, the largest number without a limit.
    pub fn atoms(&self) -> u64 {
        self.atoms.map_or(u64::MAX, |atoms| u64::try_from(atoms.max(0)).unwrap_or(u64::MAX))
    }
}

impl Size {
    /// So many base units of a market of so many decimals.
    pub fn of(units: impl Into<i128>, decimals: u8) -> Self {
        Self { units: units.into(), decimals: decimals.into() }
    }

    /// With separators of thousands.
    pub fn text(&self) -> String {
        grouped(&show(self.units, self.decimals))
    }
}

impl Usd {
    /// From pico-dollars.
    pub const fn pico(pico: i128) -> Self {
        Self { pico }
    }

    /// From micro-dollars.
    pub const fn micro(micro: i128) -> Self {
        Self { pico: micro.saturating_mul(MICRO_PER_PICO) }
    }

    /// Dollars and cents, with separators of thousands.
    pub fn text(&self) -> String {
        crate::amount::usd_pico(self.pico)
    }

    /// Micro-dollars, to the nearest.
    const fn to_micro(self) -> i128 {
        self.pico.saturating_add(MICRO_PER_PICO / 2).div_euclid(MICRO_PER_PICO)
    }
}

impl PriceUsd {
    /// A price of the board.
    pub const fn of(price: Price) -> Self {
        Self(Some(price))
    }

    /// Perhaps a price.
    pub const fn maybe(price: Option<Price>) -> Self {
        Self(price)
    }

    /// With separators of thousands; nothing where there is none.
    pub fn text(&self) -> String {
        self.0.map_or_else(String::new, |price| grouped(&show_price(price)))
    }
}

/// A quantity as keys by suffix.
macro_rules! keys {
    ($type:ident, $this:ident, [$(($suffix:literal, $value:expr, $what:literal)),+ $(,)?]) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $this = self;
                let keys: [(&str, Option<String>); [$($suffix),+].len()] = [$(($suffix, $value)),+];
                serializer.collect_map(keys)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> String {
                stringify!($type).to_owned()
            }

            // Its keys stand among those of whatever has it.
            fn is_referenceable() -> bool {
                false
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let key = |what: &str| serde_json::json!({ "type": ["string", "null"], "description": what });
                let properties: Map<String, Value> = [$(($suffix.to_owned(), key($what))),+].into_iter().collect();
                let schema = serde_json::json!({ "type": "object", "properties": properties, "required": [$($suffix),+] });
                serde_json::from_value(schema).unwrap_or(Schema::Bool(true))
            }
        }
    };
}

keys!(
    Amount,
    this,
    [
        ("_atoms", this.atoms.map(|atoms| atoms.to_string()), "Atoms, a whole number; null: no limit"),
        ("_decimal", this.atoms.map(|atoms| show(atoms, this.decimals)), "Whole tokens; null: no limit"),
    ]
);
keys!(
    Size,
    this,
    [
        ("_units", Some(this.units.to_string()), "Base units, a whole number"),
        ("_decimal", Some(show(this.units, this.decimals)), "Whole units of the base"),
    ]
);
keys!(
    Usd,
    this,
    [
        ("_usd_micro", Some(this.to_micro().to_string()), "Millionths of a dollar, a whole number, to the nearest"),
        ("_usd", Some(show(this.to_micro(), MICRO_DECIMALS)), "Dollars, to the nearest millionth"),
    ]
);
keys!(
    PriceUsd,
    this,
    [("_usd", this.0.map(show_price), "Dollars for a whole unit, to eight decimals, rounded down; null: none"),]
);

/// Puts the keys of quantities among those of what has them.
pub fn spliced(value: Value) -> Value {
    match value {
        Value::Array(list) => Value::Array(list.into_iter().map(spliced).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().flat_map(splice).collect()),
        other => other,
    }
}

fn splice((name, value): (String, Value)) -> Vec<(String, Value)> {
    match value {
        Value::Object(keys) if is_quantity(&keys) => {
            keys.into_iter().map(|(suffix, value)| (format!("{name}{suffix}"), value)).collect()
        }
        other => vec![(name, spliced(other))],
    }
}

/// Whether these are the keys of a quantity: suffixes alone.
pub fn is_quantity(keys: &Map<String, Value>) -> bool {
    !keys.is_empty() && keys.keys().all(|key| key.starts_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Serialize)]
    struct Row {
        bank: &'static str,
        deposits: Amount,
        cap: Amount,
        nav: Usd,
        spot: PriceUsd,
        above: PriceUsd,
        open: Size,
    }

    #[test]
    fn a_quantity_is_exact_text_and_the_same_with_its_point() {
        let row = Row {
            bank: "USDC",
            deposits: Amount::of(18_446_744_073_709_551_615u64, 6),
            cap: Amount::limit(Atoms::MAX, 6),
            nav: Usd::pico(-1_500_000_400_000),
            spot: PriceUsd::of(crate::amount::price("120.5").unwrap()),
            above: PriceUsd::maybe(None),
            open: Size::of(-20_000_000, 6),
        };
        let found = spliced(serde_json::to_value([row]).unwrap());
        let expected = json!([{
            "bank": "USDC",
            "deposits_atoms": "18446744073709551615",
            "deposits_decimal": "18446744073709.551615",
            "cap_atoms": null,
            "cap_decimal": null,
            "nav_usd_micro": "-1500000",
            "nav_usd": "-1.5",
            "spot_usd": "120.5",
            "above_usd": null,
            "open_units": "-20000000",
            "open_decimal": "-20",
        }]);
        assert_eq!(found, expected);
    }

    #[test]
    fn people_read_thousands_apart() {
        assert_eq!(Amount::of(1_234_567_890_123i64, 6).text(), "1,234,567.890123");
        assert_eq!(
            (Usd::pico(50_000_000_000_000_000).text(), Usd::micro(-999_990_000).text()),
            ("$50,000.00".into(), "-$999.99".into())
        );
        assert_eq!(
            (Amount::limit(Atoms::MAX, 6).text(), PriceUsd::maybe(None).text()),
            ("unlimited".into(), String::new())
        );
    }
}

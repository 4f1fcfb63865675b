//! The table of docs/powers.md that says what was measured.

use plimsoll::guard::powers::Key;

use super::measure::{Worst, ROUNDING_USD_MICRO};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/powers.md");
const HEAD: &str =
    "| key | a healthy account | one under water | one that gave the key a right | bankruptcy | maintenance | \
    insurance | fees | ways out |\n|---|---|---|---|---|---|---|---|---|\n";

/// Micro-dollars as dollars, nothing where it is rounding.
fn dollars(usd_micro: i128) -> String {
    if usd_micro <= ROUNDING_USD_MICRO {
        return String::new();
    }
    if usd_micro < 10_000 {
        return format!("$0.{usd_micro:06}");
    }
    let cents = (usd_micro + 5_000) / 10_000;
    format!("${}.{:02}", cents / 100, cents % 100)
}

/// What was measured of a key.
pub fn row(key: Key, worst: &Worst) -> String {
    let maintenance = match worst.maintenance_ppm {
        0 => String::new(),
        ppm => format!("{}.{:02} %", ppm / 10_000, ppm % 10_000 / 100),
    };
    let cells = [
        key.words().to_owned(),
        dollars(worst.healthy),
        dollars(worst.under_water),
        dollars(worst.giver),
        dollars(worst.by_loss),
        maintenance,
        dollars(worst.insurance),
        dollars(worst.fees),
        worst.exits.iter().copied().collect::<Vec<_>>().join(", "),
    ];
    format!("| {} |", cells.join(" | "))
}

/// The document says what was measured, or is made to.
///
/// # Panics
/// Where it says something else. A nightly run, which tries more, may find more.
pub fn check(rows: &[String]) {
    if std::env::var_os("PLIMSOLL_NIGHTLY").is_some() {
        rows.iter().for_each(|row| println!("{row}"));
        return;
    }
    let text = std::fs::read_to_string(DOCUMENT).expect("the document is there");
    let start = text.find(HEAD).expect("it has the table") + HEAD.len();
    let length = text[start..].find("\n\n").expect("something follows it");
    if std::env::var_os("PLIMSOLL_RECORD").is_some() {
        let written = format!("{}{}{}", &text[..start], rows.join("\n"), &text[start + length..]);
        std::fs::write(DOCUMENT, written).expect("it can be written");
        return;
    }
    let documented: Vec<&str> = text[start..start + length].lines().collect();
    assert_eq!(documented, rows, "PLIMSOLL_RECORD=1 writes docs/powers.md");
}

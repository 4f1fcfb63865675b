//! Numbers as people read them.

/// A whole number with thousands separated.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Micro-dollars or atoms of a token with six decimals, in dollars and cents.
pub fn usd(atoms: u64) -> String {
    let cents = (atoms as u128 + 5_000) / 10_000;
    format!("${}.{:02}", grouped((cents / 100) as u64), cents % 100)
}

/// Parts per million as per cent.
pub fn percent(ppm: f64) -> String {
    format!("{:.2} %", ppm / 1e4)
}

/// Dollars with a unit that keeps them short.
pub fn dollars(value: f64) -> String {
    let magnitude = value.abs();
    let sign = if value < 0.0 { "-" } else { "" };
    match magnitude {
        m if m >= 1e6 => format!("{sign}${:.2}M", m / 1e6),
        m if m >= 100_000.0 => format!("{sign}${:.0}k", m / 1e3),
        m if m >= 10_000.0 => format!("{sign}${:.1}k", m / 1e3),
        m if m >= 1_000.0 => format!("{sign}${m:.0}"),
        m if m >= 100.0 || m == 0.0 => format!("{sign}${m:.0}"),
        m => format!("{sign}${m:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        let shown: Vec<String> =
            [0.0, 0.25, 999.0, 1_234.0, 25_500.0, 125_000.0, 3_210_000.0, -5.0].map(dollars).into();
        assert_eq!(shown, ["$0", "$0.25", "$999", "$1234", "$25.5k", "$125k", "$3.21M", "-$5.00"]);
    }

    #[test]
    fn thousands_are_separated() {
        assert_eq!(["0", "999", "1,000", "1,234,567"].map(String::from), [0, 999, 1_000, 1_234_567].map(grouped));
        assert_eq!(
            ["$0.00", "$1,234.57", "$250,000.00"].map(String::from),
            [0, 1_234_567_890, 250_000_000_000].map(usd)
        );
    }
}

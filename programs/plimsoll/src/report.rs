//! What the program logs, put together from texts: `core::fmt`, which Anchor's own reports use, is 30 KB of program.

use anchor_lang::error::{ComparedValues, ErrorOrigin};
use anchor_lang::prelude::*;
use anchor_lang::solana_program::log::sol_log;

/// Logs one line.
#[cold]
#[inline(never)]
pub fn line(parts: &[&str]) {
    sol_log(&parts.concat());
}

/// Decimal digits of a number.
#[cold]
#[inline(never)]
#[expect(clippy::arithmetic_side_effects, reason = "a digit is below ten")]
pub fn decimal(mut number: u64) -> String {
    let mut digits = Vec::with_capacity(20);
    loop {
        digits.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    digits.iter().rev().map(|digit| char::from(*digit)).collect()
}

/// Logs an error in the words that Anchor's clients look for. Of an error that is not an Anchor error only the number is
/// known here; the runtime prints its name.
#[cold]
#[inline(never)]
pub fn error(error: &Error) {
    let (kind, origin, compared) = match error {
        Error::AnchorError(error) => ("AnchorError", &error.error_origin, &error.compared_values),
        Error::ProgramError(error) => ("ProgramError", &error.error_origin, &error.compared_values),
    };
    let (cause, account) = match origin {
        Some(ErrorOrigin::AccountName(account)) => (" caused by account: ", account.as_str()),
        _ => (" occurred", ""),
    };
    match error {
        Error::AnchorError(error) => line(&[
            kind,
            cause,
            account,
            ". Error Code: ",
            &error.error_name,
            ". Error Number: ",
            &decimal(error.error_code_number as u64),
            ". Error Message: ",
            &error.error_msg,
            ".",
        ]),
        Error::ProgramError(error) => {
            line(&[kind, cause, account, ". Error Number: ", &decimal(u64::from(error.program_error.clone())), "."])
        }
    }
    if let Some(ComparedValues::Pubkeys((left, right))) = compared {
        line(&["Left:"]);
        left.log();
        line(&["Right:"]);
        right.log();
    }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 7, 10, 6_000, u64::MAX] {
            assert_eq!(decimal(number), number.to_string());
        }
    }
}

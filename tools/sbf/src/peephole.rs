//! Clearing the upper half of a register by one instruction.
//!
//! Without LLVM's 32-bit instructions, of which sBPF gives most another meaning, the BPF backend clears an upper half by
//! two shifts, and copies the register first where the value is still needed. `mov32` is the one 32-bit instruction that
//! sBPF v0 and v3 define as BPF does: it copies the lower half and clears the upper one. Products of 64-bit numbers
//! consist of little else.

use std::collections::HashSet;

/// Rewrites an assembly file of `llc`.
pub(crate) fn shorten(assembly: &str) -> String {
    let mut lines: Vec<&str> = assembly.lines().collect();
    let mut owned: Vec<(usize, String)> = Vec::new();
    let mut dropped = HashSet::new();
    for at in 0..lines.len() {
        let Some(register) = register_before(lines[at], " <<= 32") else { continue };
        let shift_back = format!("{register} >>= 32");
        let Some(back) = next_mention(&lines, at + 1, &[register]) else { continue };
        if statement(lines[back]) != shift_back {
            continue;
        }
        // `register = other` just before: the move can clear the upper half itself.
        let copied = previous_mention(&lines, at, register).and_then(|copy| {
            let other = statement(lines[copy]).strip_prefix(register)?.strip_prefix(" = ")?;
            is_register(other).then_some((copy, other))
        });
        let source = match copied {
            Some((copy, other)) if next_mention(&lines, copy + 1, &[register, other]) == Some(at) => {
                // Nothing between the shifts may have changed the original either.
                if next_mention(&lines, at + 1, &[register, other]) == Some(back) {
                    dropped.insert(copy);
                    other
                } else {
                    register
                }
            }
            _ => register,
        };
        dropped.insert(at);
        owned.push((back, format!("\tw{} = w{}", &register[1..], &source[1..])));
        // The shift back is done with: what follows must not take it for the start of anything.
        lines[back] = "";
    }
    let replaced: std::collections::HashMap<usize, String> = owned.into_iter().collect();
    let mut out = String::with_capacity(assembly.len());
    for (at, line) in lines.iter().enumerate() {
        if dropped.contains(&at) {
            continue;
        }
        out.push_str(replaced.get(&at).map_or(line, String::as_str));
        out.push('\n');
    }
    out
}

/// The line without indentation and comment.
fn statement(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

fn is_register(word: &str) -> bool {
    word.strip_prefix('r').is_some_and(|number| number.parse::<u8>().is_ok_and(|number| number < 10))
}

fn register_before<'a>(line: &'a str, operation: &str) -> Option<&'a str> {
    statement(line).strip_suffix(operation).filter(|word| is_register(word))
}

/// Whether control may enter or leave here, or registers change that the line does not name.
fn ends_block(line: &str) -> bool {
    let statement = statement(line);
    statement.ends_with(':')
        || ["if ", "goto", "call", "exit", "."].iter().any(|start| statement.starts_with(start))
        || line.is_empty()
}

fn mentions(line: &str, register: &str) -> bool {
    let number = &register[1..];
    statement(line)
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .any(|word| word.strip_prefix(['r', 'w']).is_some_and(|rest| rest == number))
}

/// The first line from `from` on that mentions one of the registers, if it belongs to the same block.
fn next_mention(lines: &[&str], from: usize, registers: &[&str]) -> Option<usize> {
    for (offset, line) in lines.get(from..)?.iter().enumerate() {
        if ends_block(line) {
            return None;
        }
        if registers.iter().any(|register| mentions(line, register)) {
            return Some(from + offset);
        }
    }
    None
}

/// The last line before `before` that mentions the register, if it belongs to the same block.
fn previous_mention(lines: &[&str], before: usize, register: &str) -> Option<usize> {
    for at in (0..before).rev() {
        if ends_block(lines[at]) {
            return None;
        }
        if mentions(lines[at], register) {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortened(lines: &[&str]) -> Vec<String> {
        let text: String = lines.iter().map(|line| format!("\t{line}\n")).collect();
        shorten(&text).lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    }

    #[test]
    fn two_shifts_become_one_move() {
        assert_eq!(shortened(&["r1 <<= 32", "r1 >>= 32"]), ["w1 = w1"]);
        assert_eq!(shortened(&["r1 <<= 32", "r2 += r3", "r1 >>= 32"]), ["r2 += r3", "w1 = w1"]);
    }

    #[test]
    fn a_copy_before_them_becomes_part_of_the_move() {
        assert_eq!(shortened(&["r1 = r2", "r1 <<= 32", "r1 >>= 32"]), ["w1 = w2"]);
        assert_eq!(shortened(&["r1 = r2", "r3 += 1", "r1 <<= 32", "r1 >>= 32"]), ["r3 += 1", "w1 = w2"]);
    }

    #[test]
    fn a_copy_whose_original_changes_meanwhile_stays() {
        for between in ["r2 += 1", "*(u64 *)(r2 + 0) = r3", "w2 = w3"] {
            let wanted = ["r1 = r2", between, "w1 = w1"];
            assert_eq!(shortened(&["r1 = r2", between, "r1 <<= 32", "r1 >>= 32"]), wanted);
            assert_eq!(shortened(&["r1 = r2", "r1 <<= 32", between, "r1 >>= 32"]), wanted);
        }
    }

    #[test]
    fn shifts_that_something_comes_between_stay() {
        for between in [
            "r1 += 1",
            "r3 = r1",
            "*(u64 *)(r10 - 8) = r1",
            "LBB0_1:",
            "call f",
            "goto LBB0_1",
            "if r2 == 0 goto LBB0_1",
        ] {
            let lines = ["r1 <<= 32", between, "r1 >>= 32"];
            assert_eq!(shortened(&lines), lines);
        }
    }

    #[test]
    fn shifts_of_another_kind_stay() {
        for lines in [["r1 <<= 32", "r1 s>>= 32"], ["r1 <<= 32", "r1 >>= 31"], ["r1 <<= 32", "r10 = r1"]] {
            assert_eq!(shortened(&lines), lines);
        }
    }
}

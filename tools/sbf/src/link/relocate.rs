//! Fills in addresses, calls and system calls.

use super::image::Image;
use super::input::{Input, Relocation, Symbol};
use crate::error::{Error, Result};
use crate::Arch;

const R_BPF_64_64: u32 = 1;
const R_BPF_64_ABS64: u32 = 2;
const R_BPF_64_32: u32 = 10;

const LOAD_WIDE: u8 = 0x18;
const CALL_REGISTER: u8 = 0x8d;
const INSTRUCTION: usize = 8;

/// A call of the runtime, by name; v0 leaves it for the loader to resolve.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SystemCall {
    pub(super) position: usize,
    pub(super) name: String,
}

/// Applies every relocation of a loaded section and returns the calls of the runtime.
pub(super) fn apply(input: &Input, image: &mut Image) -> Result<Vec<SystemCall>> {
    let mut calls = Vec::new();
    for (place, section) in input.sections.iter().enumerate() {
        let Some(base) = image.section(place) else { continue };
        for relocation in &section.relocations {
            let symbol = &input.symbols[relocation.symbol];
            let at = base + relocation.offset;
            match relocation.kind {
                R_BPF_64_64 => load_address(image, at, defined(image, symbol)?),
                R_BPF_64_ABS64 => store_address(image, at, defined(image, symbol)?),
                R_BPF_64_32 => calls.extend(call(image, at, symbol)),
                _ => return Err(unknown(&section.name, relocation)),
            }
        }
    }
    if image.arch == Arch::V0 {
        move_call_registers(image);
    }
    Ok(calls)
}

fn defined(image: &Image, symbol: &Symbol) -> Result<usize> {
    image.position(symbol).ok_or_else(|| {
        Error::Refused(format!("the program takes the address of {}, which nothing defines", symbol.name))
    })
}

fn unknown(section: &str, relocation: &Relocation) -> Error {
    Error::Failed(format!(
        "section {section} has a relocation of unknown kind {} at {:#x}",
        relocation.kind, relocation.offset
    ))
}

/// A 64-bit constant is two 32-bit halves in two instruction slots; what is in them already is added.
fn load_address(image: &mut Image, at: usize, target: usize) {
    let added = u64::from(image.word(at + 4)) | u64::from(image.word(at + 12)) << 32;
    let address = image.address(target).wrapping_add(added);
    image.put(at + 4, &(address as u32).to_le_bytes());
    image.put(at + 12, &((address >> 32) as u32).to_le_bytes());
}

fn store_address(image: &mut Image, at: usize, target: usize) {
    let added = u64::from(image.word(at)) | u64::from(image.word(at + 4)) << 32;
    let address = image.address(target).wrapping_add(added);
    image.put(at, &address.to_le_bytes());
}

fn call(image: &mut Image, at: usize, symbol: &Symbol) -> Option<SystemCall> {
    if let Some(target) = image.position(symbol) {
        // The object holds the distance in instructions within the symbol's section, less one.
        let inside = (image.word(at + 4) as i32 as i64 + 1) * INSTRUCTION as i64;
        let distance = (target as i64 + inside - at as i64) / INSTRUCTION as i64 - 1;
        image.put(at + 4, &(distance as i32).to_le_bytes());
        return None;
    }
    // The source register tells a call within the program from one of the runtime.
    image.bytes[at + 1] &= 0x0f;
    let number = match image.arch {
        Arch::V0 => u32::MAX,
        Arch::V3 => murmur3(symbol.name.as_bytes()),
    };
    image.put(at + 4, &number.to_le_bytes());
    Some(SystemCall { position: at, name: symbol.name.clone() })
}

/// v0 reads the register of an indirect call from the constant, upstream BPF puts it in the destination field.
fn move_call_registers(image: &mut Image) {
    let mut at = image.text.start;
    while at < image.text.end {
        let operation = image.bytes[at];
        if operation == CALL_REGISTER {
            let register = u32::from(image.bytes[at + 1] & 0x0f);
            image.bytes[at + 1] = 0;
            image.put(at + 4, &register.to_le_bytes());
        }
        at += if operation == LOAD_WIDE { 2 * INSTRUCTION } else { INSTRUCTION };
    }
}

/// The hash by which v3 names the runtime's functions.
fn murmur3(name: &[u8]) -> u32 {
    let mix = |word: u32| word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let words = name.chunks_exact(4);
    let rest = words.remainder();
    let mut hash = words.fold(0u32, |hash, word| {
        let word = u32::from_le_bytes(word.try_into().expect("four bytes"));
        (hash ^ mix(word)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
    });
    if !rest.is_empty() {
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        hash ^= mix(u32::from_le_bytes(last));
    }
    hash ^= name.len() as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::murmur3;

    #[test]
    fn system_calls_have_the_numbers_the_runtime_gives_them() {
        assert_eq!(murmur3(b"abort"), 0xb6fc_1a11);
        assert_eq!(murmur3(b"sol_log_"), 0x2075_59bd);
        assert_eq!(murmur3(b"sol_invoke_signed_rust"), 0xd744_9092);
    }
}

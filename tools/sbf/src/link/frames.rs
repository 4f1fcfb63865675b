//! Stack frames, from the section in which `llc` records them.

use super::input::{readable_name, Input};
use crate::error::{Error, Result};

/// The most stack a function may use: frames have this size in the runtime, whatever a function asks for.
pub(crate) const FRAME_LIMIT: u64 = 4096;

/// A function and the stack it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The function's name, demangled.
    pub function: String,
    /// Bytes of stack.
    pub bytes: u64,
}

/// Every function's frame, the largest first.
pub(super) fn read(input: &Input) -> Result<Vec<Frame>> {
    let mut frames = Vec::new();
    for section in input.sections.iter().filter(|section| section.name.starts_with(".stack_sizes")) {
        for relocation in &section.relocations {
            let symbol = &input.symbols[relocation.symbol];
            let entry = section.data.get(relocation.offset..).unwrap_or_default();
            let (added, size) = entry.split_at_checked(8).ok_or_else(|| broken(&section.name))?;
            let added = u64::from_le_bytes(added.try_into().expect("eight bytes")) as usize;
            let function = match symbol.section {
                Some(place) => input.function_at(place, symbol.value + added).map_or("", |function| &function.name),
                None => &symbol.name,
            };
            let bytes = read_variable_length(size).ok_or_else(|| broken(&section.name))?;
            frames.push(Frame { function: readable_name(function), bytes });
        }
    }
    frames.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.function.cmp(&other.function)));
    Ok(frames)
}

/// Names every function over the limit, since the runtime would only fault when one of them runs.
pub(super) fn refuse_large(frames: &[Frame]) -> Result<()> {
    let large: Vec<String> = frames
        .iter()
        .take_while(|frame| frame.bytes > FRAME_LIMIT)
        .map(|frame| format!("\n  {:>6} bytes  {}", frame.bytes, frame.function))
        .collect();
    if large.is_empty() {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "a stack frame has {FRAME_LIMIT} bytes, and these functions need more: box or borrow what is large{}",
        large.concat()
    )))
}

fn broken(section: &str) -> Error {
    Error::Failed(format!("section {section} of the object file is not what llc writes"))
}

/// Seven bits to a byte, the lowest first, as in DWARF.
fn read_variable_length(bytes: &[u8]) -> Option<u64> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: &str, bytes: u64) -> Frame {
        Frame { function: function.to_owned(), bytes }
    }

    #[test]
    fn a_frame_over_the_limit_is_refused_by_its_function_name() {
        let error = refuse_large(&[frame("large", 4104), frame("exact", 4096)]).unwrap_err().to_string();
        assert!(error.contains("4104 bytes  large") && !error.contains("exact"), "{error}");
        assert_eq!(refuse_large(&[frame("exact", 4096)]), Ok(()));
    }

    #[test]
    fn frame_sizes_are_read_in_llvms_variable_length_encoding() {
        assert_eq!(read_variable_length(&[0x08]), Some(8));
        assert_eq!(read_variable_length(&[0x80, 0x20, 0xff]), Some(4096));
        assert_eq!(read_variable_length(&[0x80]), None);
    }
}

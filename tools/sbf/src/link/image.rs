//! The output file's loaded part, and the address of everything in it.

use super::input::{Group, Input, Symbol};
use super::CODE_ADDRESS;
use crate::Arch;
use object::elf::{FileHeader64, ProgramHeader64};
use object::LittleEndian;
use std::mem::size_of;
use std::ops::Range;

/// Section starts, as the loader asks of code, and as 128-bit constants need.
const SECTION_ALIGN: usize = 16;
/// Instructions and addresses are eight bytes.
const WORD: usize = 8;
/// Read-only data of v3 starts at address 0; a first word nobody uses keeps every reference from being null.
const V3_GUARD: usize = 16;

#[derive(Debug)]
pub(super) struct Image {
    pub(super) arch: Arch,
    pub(super) bytes: Vec<u8>,
    pub(super) text: Range<usize>,
    pub(super) read_only: Range<usize>,
    pub(super) relocated: Range<usize>,
    /// Where the headers end.
    pub(super) start: usize,
    places: Vec<Option<usize>>,
}

impl Image {
    pub(super) fn lay_out(input: &Input, arch: Arch) -> Self {
        // v3 wants its read-only data first and its code last, with nothing between.
        let (headers, guard, order) = match arch {
            Arch::V0 => (4, 0, [Group::Text, Group::ReadOnly, Group::Relocated]),
            Arch::V3 => (2, V3_GUARD, [Group::ReadOnly, Group::Relocated, Group::Text]),
        };
        let start = size_of::<FileHeader64<LittleEndian>>() + headers * size_of::<ProgramHeader64<LittleEndian>>();
        let mut image = Image {
            arch,
            bytes: vec![0; start + guard],
            text: 0..0,
            read_only: 0..0,
            relocated: 0..0,
            start,
            places: vec![None; input.sections.len()],
        };
        for group in order {
            let range = image.append(input, group);
            match group {
                Group::Text => image.text = range,
                Group::ReadOnly => image.read_only = range,
                Group::Relocated | Group::Writable => image.relocated = range,
            }
        }
        image
    }

    fn append(&mut self, input: &Input, group: Group) -> Range<usize> {
        let members = input.sections.iter().enumerate().filter(|(_, section)| section.group == Some(group));
        let members: Vec<_> = members.collect();
        if members.is_empty() {
            return self.bytes.len()..self.bytes.len();
        }
        self.align(SECTION_ALIGN);
        let start = self.bytes.len();
        for (place, section) in members {
            self.align(section.align.max(WORD));
            self.places[place] = Some(self.bytes.len());
            self.bytes.extend_from_slice(&section.data);
        }
        start..self.bytes.len()
    }

    pub(super) fn align(&mut self, to: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
    }

    /// Where a section was put in the file.
    pub(super) fn section(&self, place: usize) -> Option<usize> {
        self.places[place]
    }

    /// Where in the file a symbol's definition is; `None` for what the runtime provides.
    pub(super) fn position(&self, symbol: &Symbol) -> Option<usize> {
        Some(self.places[symbol.section?]? + symbol.value)
    }

    /// The address at run time of a position in the file.
    pub(super) fn address(&self, position: usize) -> u64 {
        match self.arch {
            Arch::V0 => CODE_ADDRESS + position as u64,
            Arch::V3 if self.text.contains(&position) => CODE_ADDRESS + (position - self.text.start) as u64,
            Arch::V3 => (position - self.start) as u64,
        }
    }

    pub(super) fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().expect("four bytes"))
    }

    pub(super) fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }
}

//! The v3 file: one segment of read-only data at address 0 and one of code, no sections, no relocations.

use super::image::Image;
use super::CODE_ADDRESS;
use object::elf::{self, FileHeader64, ProgramHeader64};
use object::pod::bytes_of;
use object::{LittleEndian as Le, U16, U32, U64};
use std::mem::size_of;
use std::ops::Range;

/// In the header's flags: which version of the instruction set the code is for.
const VERSION: u32 = 3;
const WORD: u64 = 8;

pub(super) fn write(mut image: Image, entry: usize) -> Vec<u8> {
    let data = segment(elf::PF_R, 0, image.start..image.text.start);
    let code = segment(elf::PF_X, CODE_ADDRESS, image.text.clone());
    let header = header(image.address(entry), VERSION, 2);
    image.put(0, bytes_of(&header));
    let first = size_of::<FileHeader64<Le>>();
    image.put(first, bytes_of(&data));
    image.put(first + size_of::<ProgramHeader64<Le>>(), bytes_of(&code));
    image.bytes
}

fn segment(flags: u32, address: u64, file: Range<usize>) -> ProgramHeader64<Le> {
    let (offset, size) = (file.start as u64, file.len() as u64);
    ProgramHeader64 {
        p_type: U32::new(Le, elf::PT_LOAD),
        p_flags: U32::new(Le, flags),
        p_offset: U64::new(Le, offset),
        p_vaddr: U64::new(Le, address),
        p_paddr: U64::new(Le, address),
        p_filesz: U64::new(Le, size),
        p_memsz: U64::new(Le, size),
        p_align: U64::new(Le, WORD),
    }
}

/// A file header without a section table.
pub(super) fn header(entry: u64, flags: u32, segments: u16) -> FileHeader64<Le> {
    FileHeader64 {
        e_ident: elf::Ident {
            magic: elf::ELFMAG,
            class: elf::ELFCLASS64,
            data: elf::ELFDATA2LSB,
            version: elf::EV_CURRENT,
            os_abi: elf::ELFOSABI_NONE,
            abi_version: 0,
            padding: [0; 7],
        },
        e_type: U16::new(Le, elf::ET_DYN),
        e_machine: U16::new(Le, elf::EM_BPF),
        e_version: U32::new(Le, u32::from(elf::EV_CURRENT)),
        e_entry: U64::new(Le, entry),
        e_phoff: U64::new(Le, size_of::<FileHeader64<Le>>() as u64),
        e_shoff: U64::new(Le, 0),
        e_flags: U32::new(Le, flags),
        e_ehsize: U16::new(Le, size_of::<FileHeader64<Le>>() as u16),
        e_phentsize: U16::new(Le, size_of::<ProgramHeader64<Le>>() as u16),
        e_phnum: U16::new(Le, segments),
        e_shentsize: U16::new(Le, size_of::<elf::SectionHeader64<Le>>() as u16),
        e_shnum: U16::new(Le, 0),
        e_shstrndx: U16::new(Le, 0),
    }
}

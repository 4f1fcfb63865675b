//! The v0 file: sections at the addresses of their file positions, and the runtime's functions as dynamic relocations.

use super::image::Image;
use super::relocate::SystemCall;
use super::v3::header;
use object::elf::{self, FileHeader64, ProgramHeader64, SectionHeader64};
use object::pod::{bytes_of, Pod};
use object::{LittleEndian as Le, U16, U32, U64};
use std::mem::size_of;
use std::ops::Range;

const R_BPF_64_32: u32 = 10;
const WORD: usize = 8;

pub(super) fn write(mut image: Image, entry: usize, calls: &[SystemCall]) -> Vec<u8> {
    let dynamic = Dynamic::append(&mut image, calls);
    let mut table = SectionTable::new();
    for (name, flags, range) in [
        (".text", elf::SHF_ALLOC | elf::SHF_EXECINSTR, &image.text),
        (".rodata", elf::SHF_ALLOC, &image.read_only),
        (".data.rel.ro", elf::SHF_ALLOC | elf::SHF_WRITE, &image.relocated),
    ] {
        if !range.is_empty() {
            table.add(name, elf::SHT_PROGBITS, flags, range, Links::default());
        }
    }
    dynamic.describe(&mut table);
    let segments = segments(&image, &dynamic);
    let (sections, count) = table.append(&mut image);

    let mut header = header(entry as u64, 0, segments.len() as u16);
    header.e_shoff = U64::new(Le, sections as u64);
    header.e_shnum = U16::new(Le, count);
    header.e_shstrndx = U16::new(Le, count - 1);
    image.put(0, bytes_of(&header));
    for (index, segment) in segments.iter().enumerate() {
        image.put(size_of::<FileHeader64<Le>>() + index * size_of::<ProgramHeader64<Le>>(), bytes_of(segment));
    }
    image.bytes
}

fn segments(image: &Image, dynamic: &Dynamic) -> Vec<ProgramHeader64<Le>> {
    let mut segments = vec![segment(elf::PT_LOAD, elf::PF_R | elf::PF_X, image.text.clone())];
    let data = image.text.end.max(image.read_only.start.min(image.relocated.start))..image.relocated.end;
    if !image.read_only.is_empty() || !image.relocated.is_empty() {
        segments.push(segment(elf::PT_LOAD, elf::PF_R, data));
    }
    segments.push(segment(elf::PT_LOAD, elf::PF_R, dynamic.symbols.start..dynamic.entries.end));
    segments.push(segment(elf::PT_DYNAMIC, elf::PF_R | elf::PF_W, dynamic.entries.clone()));
    segments
}

fn segment(kind: u32, flags: u32, range: Range<usize>) -> ProgramHeader64<Le> {
    let (offset, size) = (range.start as u64, range.len() as u64);
    ProgramHeader64 {
        p_type: U32::new(Le, kind),
        p_flags: U32::new(Le, flags),
        p_offset: U64::new(Le, offset),
        p_vaddr: U64::new(Le, offset),
        p_paddr: U64::new(Le, offset),
        p_filesz: U64::new(Le, size),
        p_memsz: U64::new(Le, size),
        p_align: U64::new(Le, WORD as u64),
    }
}

/// What the loader reads to resolve calls of the runtime.
struct Dynamic {
    symbols: Range<usize>,
    strings: Range<usize>,
    relocations: Range<usize>,
    entries: Range<usize>,
}

impl Dynamic {
    fn append(image: &mut Image, calls: &[SystemCall]) -> Self {
        let mut names: Vec<&str> = Vec::new();
        let indices: Vec<usize> = calls
            .iter()
            .map(|call| {
                names.iter().position(|name| *name == call.name).unwrap_or_else(|| {
                    names.push(&call.name);
                    names.len() - 1
                })
            })
            .collect();
        let mut strings = vec![0];
        let mut symbols = vec![symbol(0, 0)];
        for name in names {
            symbols.push(symbol(strings.len() as u32, elf::STB_GLOBAL << 4));
            strings.extend_from_slice(name.as_bytes());
            strings.push(0);
        }
        let relocations: Vec<elf::Rel64<Le>> = calls
            .iter()
            .zip(&indices)
            .map(|(call, index)| elf::Rel64 {
                r_offset: U64::new(Le, call.position as u64),
                // The first symbol of a table is the empty one.
                r_info: U64::new(Le, (*index as u64 + 1) << 32 | u64::from(R_BPF_64_32)),
            })
            .collect();
        let symbols = append_all(image, &symbols);
        let strings = append_all(image, &strings);
        let relocations = append_all(image, &relocations);
        let entries = [
            (elf::DT_REL, relocations.start),
            (elf::DT_RELSZ, relocations.len()),
            (elf::DT_RELENT, size_of::<elf::Rel64<Le>>()),
            (elf::DT_SYMTAB, symbols.start),
            (elf::DT_SYMENT, size_of::<elf::Sym64<Le>>()),
            (elf::DT_STRTAB, strings.start),
            (elf::DT_STRSZ, strings.len()),
            (elf::DT_NULL, 0),
        ]
        .map(|(tag, value)| elf::Dyn64 { d_tag: U64::new(Le, u64::from(tag)), d_val: U64::new(Le, value as u64) });
        let entries = append_all(image, &entries);
        Dynamic { symbols, strings, relocations, entries }
    }

    fn describe(&self, table: &mut SectionTable) {
        let (symbols, strings) = (table.count(), table.count() + 1);
        let linked = |link, info, entry| Links { link, info, entry };
        let symbol = size_of::<elf::Sym64<Le>>();
        table.add(".dynsym", elf::SHT_DYNSYM, elf::SHF_ALLOC, &self.symbols, linked(strings, 1, symbol));
        table.add(".dynstr", elf::SHT_STRTAB, elf::SHF_ALLOC, &self.strings, Links::default());
        let relocation = size_of::<elf::Rel64<Le>>();
        table.add(".rel.dyn", elf::SHT_REL, elf::SHF_ALLOC, &self.relocations, linked(symbols, 0, relocation));
        let flags = elf::SHF_ALLOC | elf::SHF_WRITE;
        let entry = size_of::<elf::Dyn64<Le>>();
        table.add(".dynamic", elf::SHT_DYNAMIC, flags, &self.entries, linked(strings, 0, entry));
    }
}

fn symbol(name: u32, info: u8) -> elf::Sym64<Le> {
    elf::Sym64 {
        st_name: U32::new(Le, name),
        st_info: info,
        st_other: 0,
        st_shndx: U16::new(Le, 0),
        st_value: U64::new(Le, 0),
        st_size: U64::new(Le, 0),
    }
}

fn append_all<T: Pod>(image: &mut Image, items: &[T]) -> Range<usize> {
    image.align(WORD);
    let start = image.bytes.len();
    items.iter().for_each(|item| image.bytes.extend_from_slice(bytes_of(item)));
    start..image.bytes.len()
}

/// References of a section to others.
#[derive(Default)]
struct Links {
    link: u32,
    info: u32,
    entry: usize,
}

struct SectionTable {
    headers: Vec<SectionHeader64<Le>>,
    names: Vec<u8>,
}

impl SectionTable {
    fn new() -> Self {
        let mut table = SectionTable { headers: Vec::new(), names: Vec::new() };
        table.add("", elf::SHT_NULL, 0, &(0..0), Links::default());
        table
    }

    fn count(&self) -> u32 {
        self.headers.len() as u32
    }

    fn add(&mut self, name: &str, kind: u32, flags: u32, range: &Range<usize>, links: Links) {
        let at = range.start as u64;
        self.headers.push(SectionHeader64 {
            sh_name: U32::new(Le, self.names.len() as u32),
            sh_type: U32::new(Le, kind),
            sh_flags: U64::new(Le, u64::from(flags)),
            // Only what is loaded has an address.
            sh_addr: U64::new(Le, if flags & elf::SHF_ALLOC == 0 { 0 } else { at }),
            sh_offset: U64::new(Le, at),
            sh_size: U64::new(Le, range.len() as u64),
            sh_link: U32::new(Le, links.link),
            sh_info: U32::new(Le, links.info),
            sh_addralign: U64::new(Le, WORD as u64),
            sh_entsize: U64::new(Le, links.entry as u64),
        });
        self.names.extend_from_slice(name.as_bytes());
        self.names.push(0);
    }

    /// Appends the table with its names last, and returns its position and length.
    fn append(mut self, image: &mut Image) -> (usize, u16) {
        image.align(WORD);
        let start = image.bytes.len();
        let name = ".shstrtab";
        self.add(name, elf::SHT_STRTAB, 0, &(start..start + self.names.len() + name.len() + 1), Links::default());
        image.bytes.extend_from_slice(&self.names);
        let range = append_all(image, &self.headers);
        (range.start, self.headers.len() as u16)
    }
}

//! The object file, as far as the linker needs it.

use crate::error::{Error, Result};
use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SectionFlags};
use std::collections::{BTreeSet, HashMap};

/// Sections that stay together in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Text,
    ReadOnly,
    /// Read-only, but filled with addresses.
    Relocated,
    Writable,
}

#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: String,
    /// `None` for what is not loaded.
    pub(super) group: Option<Group>,
    pub(super) data: Vec<u8>,
    pub(super) align: usize,
    pub(super) relocations: Vec<Relocation>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Relocation {
    pub(super) offset: usize,
    pub(super) kind: u32,
    pub(super) symbol: usize,
}

#[derive(Debug)]
pub(super) struct Symbol {
    pub(super) name: String,
    /// `None` for what the runtime provides.
    pub(super) section: Option<usize>,
    pub(super) value: usize,
    pub(super) is_function: bool,
}

#[derive(Debug)]
pub(super) struct Input {
    pub(super) sections: Vec<Section>,
    pub(super) symbols: Vec<Symbol>,
}

impl Input {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let broken = |error: object::Error| Error::Failed(format!("cannot read the object file: {error}"));
        let file = ElfFile64::<LittleEndian>::parse(bytes).map_err(broken)?;
        let places: HashMap<_, _> =
            file.sections().enumerate().map(|(place, section)| (section.index(), place)).collect();
        let mut symbols = Vec::new();
        let mut symbol_places = HashMap::new();
        for symbol in file.symbols() {
            symbol_places.insert(symbol.index(), symbols.len());
            symbols.push(Symbol {
                name: symbol.name().unwrap_or_default().to_owned(),
                section: symbol.section_index().and_then(|index| places.get(&index).copied()),
                value: symbol.address() as usize,
                is_function: symbol.kind() == object::SymbolKind::Text,
            });
        }
        let mut sections = Vec::new();
        for section in file.sections() {
            let name = section.name().map_err(broken)?.to_owned();
            let mut data = section.data().map_err(broken)?.to_vec();
            // Sections of zeros occupy no space in the object.
            data.resize(data.len().max(section.size() as usize), 0);
            let mut relocations = Vec::new();
            for (offset, relocation) in section.relocations() {
                let (RelocationFlags::Elf { r_type }, RelocationTarget::Symbol(index)) =
                    (relocation.flags(), relocation.target())
                else {
                    return Err(Error::Failed(format!(
                        "section {name} has a relocation without a symbol at {offset:#x}"
                    )));
                };
                relocations.push(Relocation { offset: offset as usize, kind: r_type, symbol: symbol_places[&index] });
            }
            let group = group(&name, section.flags(), data.len());
            sections.push(Section { name, group, data, align: section.align().max(1) as usize, relocations });
        }
        Ok(Input { sections, symbols })
    }

    /// The loader would reject it too, without saying which variable it is.
    pub(super) fn refuse_writable_data(&self) -> Result<()> {
        let is_writable = |place: usize| self.sections[place].group == Some(Group::Writable);
        let sections = self.sections.iter().filter(|section| section.group == Some(Group::Writable));
        let sections: Vec<&str> = sections.map(|section| section.name.as_str()).collect();
        if sections.is_empty() {
            return Ok(());
        }
        let symbols = self.symbols.iter().filter(|symbol| symbol.section.is_some_and(is_writable));
        let names: BTreeSet<String> =
            symbols.filter(|symbol| !symbol.name.is_empty()).map(|symbol| readable_name(&symbol.name)).collect();
        let names: Vec<String> = names.into_iter().collect();
        let names = if names.is_empty() { sections.join(", ") } else { names.join(", ") };
        Err(Error::Refused(format!(
            "a program cannot have writable static data, and this one has {names}: make it a constant, or turn on the \
             feature of the dependency that does"
        )))
    }

    /// The function that starts at an offset of a section.
    pub(super) fn function_at(&self, section: usize, offset: usize) -> Option<&Symbol> {
        let here = |symbol: &&Symbol| symbol.is_function && symbol.section == Some(section) && symbol.value == offset;
        self.symbols.iter().find(here)
    }
}

/// A symbol's name as a person would write it.
pub(super) fn readable_name(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

/// Where `solana-security-txt` puts its text, a constant that the compiler marks writable for the address in it.
const SECURITY_TXT: &str = ".security.txt";

fn group(name: &str, flags: SectionFlags, size: usize) -> Option<Group> {
    let SectionFlags::Elf { sh_flags } = flags else { return None };
    if sh_flags & u64::from(object::elf::SHF_ALLOC) == 0 {
        return None;
    }
    if name.starts_with(".text") {
        Some(Group::Text)
    } else if size == 0 {
        None
    } else if name.starts_with(".rodata") {
        Some(Group::ReadOnly)
    } else if name.starts_with(".data.rel.ro")
        || name == SECURITY_TXT
        || sh_flags & u64::from(object::elf::SHF_WRITE) == 0
    {
        Some(Group::Relocated)
    } else {
        Some(Group::Writable)
    }
}

//! Which crates and which functions a program's code consists of, from the symbols of the last object. Generic and
//! inlined code counts where the symbol says: of `<A as B>::c` with A.

use crate::error::{Error, Result};
use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSymbol, SymbolKind};
use serde_json::{json, Value};
use std::collections::{BTreeMap, HashSet};
use std::fmt;

/// How many of the largest crates are printed; the others are added up.
const SHOWN_CRATES: usize = 10;
/// How many of the largest functions are kept and printed.
const SHOWN_FUNCTIONS: usize = 20;
/// Where functions stand that have the name of no Rust path: arithmetic and copies.
const ROUTINES: &str = "(runtime.c and compiler-builtins)";
/// The program's own function without a Rust path.
const ENTRYPOINT: &str = "entrypoint";
/// Where methods of types stand that no crate defines.
const CORE: &str = "core";

/// Something of the program with its bytes of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// A crate, or a function's demangled name.
    pub name: String,
    /// Its bytes of code.
    pub bytes: u64,
}

/// What a program's code consists of, the largest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Every crate.
    pub crates: Vec<Size>,
    /// The largest functions.
    pub functions: Vec<Size>,
}

impl Sizes {
    /// Reads an object that `llvm-mc` wrote; `program` is the crate that `entrypoint` belongs to.
    pub(crate) fn read(object: &[u8], program: &str) -> Result<Self> {
        let broken = |error: object::Error| Error::Failed(format!("cannot read the object file: {error}"));
        let file = ElfFile64::<LittleEndian>::parse(object).map_err(broken)?;
        let mut seen = HashSet::new();
        let mut functions = Vec::new();
        for symbol in file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0) {
            // Two names of one piece of code count once.
            if seen.insert((symbol.section_index(), symbol.address())) {
                functions.push((symbol.name().map_err(broken)?, symbol.size()));
            }
        }
        Ok(Self::of(&functions, program))
    }

    fn of(functions: &[(&str, u64)], program: &str) -> Self {
        let mut crates = BTreeMap::<String, u64>::new();
        let mut named = Vec::new();
        for (symbol, bytes) in functions {
            let name = format!("{:#}", rustc_demangle::demangle(symbol));
            *crates.entry(crate_of(&name, program).to_owned()).or_default() += bytes;
            named.push(Size { name, bytes: *bytes });
        }
        let crates = largest_first(crates.into_iter().map(|(name, bytes)| Size { name, bytes }).collect());
        let mut functions = largest_first(named);
        functions.truncate(SHOWN_FUNCTIONS);
        Sizes { crates, functions }
    }

    pub(crate) fn to_json(&self) -> Value {
        let list = |sizes: &[Size]| sizes.iter().map(|size| json!([size.name, size.bytes])).collect::<Value>();
        json!({ "crates": list(&self.crates), "functions": list(&self.functions) })
    }

    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let size = |size: &Value| Some(Size { name: size[0].as_str()?.to_owned(), bytes: size[1].as_u64()? });
        let list = |name: &str| value[name].as_array()?.iter().map(size).collect::<Option<Vec<_>>>();
        Some(Sizes { crates: list("crates")?, functions: list("functions")? })
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: u64 = self.crates.iter().map(|size| size.bytes).sum();
        let row = |bytes: u64, name: &str| {
            let share = bytes as f64 * 100.0 / total.max(1) as f64;
            format!("\n  {bytes:>6}  {share:>4.1} %  {name}")
        };
        write!(formatter, "  code by crate, {total} bytes:")?;
        let (shown, others) = self.crates.split_at(self.crates.len().min(SHOWN_CRATES));
        for size in shown {
            formatter.write_str(&row(size.bytes, &size.name))?;
        }
        if !others.is_empty() {
            let bytes = others.iter().map(|size| size.bytes).sum();
            formatter.write_str(&row(bytes, &format!("other ({})", others.len())))?;
        }
        write!(formatter, "\n  largest functions:")?;
        self.functions.iter().try_for_each(|size| formatter.write_str(&row(size.bytes, &size.name)))
    }
}

fn largest_first(mut sizes: Vec<Size>) -> Vec<Size> {
    sizes.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.name.cmp(&other.name)));
    sizes
}

/// The crate of a demangled name.
fn crate_of<'a>(name: &'a str, program: &'a str) -> &'a str {
    if name == ENTRYPOINT {
        return program;
    }
    // A symbol without a path is not Rust function, one with brackets always is.
    if !name.contains("::") {
        return ROUTINES;
    }
    first_crate(name).unwrap_or(CORE)
}

/// The crate that a path or a type begins with; of `<A as B>` that of A, or of B where no crate defines A.
fn first_crate(text: &str) -> Option<&str> {
    let text = without_prefixes(text);
    if let Some(inner) = text.strip_prefix('<') {
        let (own, of_trait) = parts(inner);
        return first_crate(own).or_else(|| first_crate(of_trait?));
    }
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (!word.is_empty() && rest.starts_with("::")).then_some(word)
}

/// Without what stands before a type's name in references, pointers, slices, tuples and objects.
fn without_prefixes(mut text: &str) -> &str {
    const PREFIXES: [&str; 8] = ["&", "*const ", "*mut ", "mut ", "dyn ", "[", "(", " "];
    loop {
        if let Some(rest) = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)) {
            text = rest;
        } else if let Some((_, rest)) = text.strip_prefix('\'').and_then(|rest| rest.split_once(' ')) {
            text = rest;
        } else if let Some((_, rest)) = text.strip_prefix("for<").and_then(|rest| rest.split_once('>')) {
            text = rest;
        } else {
            return text;
        }
    }
}

/// The type and the trait of what follows an opening bracket, up to the bracket that closes it.
fn parts(inner: &str) -> (&str, Option<&str>) {
    let (mut depth, mut before, mut between) = (0_u32, ' ', None);
    for (at, letter) in inner.char_indices() {
        match letter {
            '<' | '(' | '[' => depth += 1,
            // The arrow of a function's type closes nothing.
            '>' if before == '-' => {}
            '>' | ')' | ']' if depth > 0 => depth -= 1,
            '>' => {
                let end = |start: usize| (&inner[..start], Some(&inner[start + " as ".len()..at]));
                return between.map_or((&inner[..at], None), end);
            }
            ' ' if depth == 0 && inner[at..].starts_with(" as ") => between = between.or(Some(at)),
            _ => {}
        }
        before = letter;
    }
    (inner, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_crates(cases: &[(&str, &str)]) {
        for (symbol, expected) in cases {
            let name = format!("{:#}", rustc_demangle::demangle(symbol));
            assert_eq!(crate_of(&name, "ship"), *expected, "{symbol} is {name}");
        }
    }

    #[test]
    fn a_function_belongs_to_the_crate_that_its_path_begins_with() {
        assert_crates(&[
            ("_ZN8plimsoll5error4fail17h0123456789abcdefE", "plimsoll"),
            ("_RNvNtCsb2uUDFKZDEE_8plimsoll5error4fail", "plimsoll"),
            ("_ZN4core3ptr42drop_in_place$LT$alloc..string..String$GT$17h0123456789abcdefE", "core"),
            ("_ZN4core3fmt3num52_$LT$impl$u20$core..fmt..Debug$u20$for$u20$usize$GT$3fmt17h0123456789abcdefE", "core"),
            ("bincode::internal::serialize::<solana_system_interface::instruction::SystemInstruction>", "bincode"),
        ]);
    }

    #[test]
    fn an_implementation_belongs_to_the_crate_of_its_type() {
        assert_crates(&[
            ("_ZN58_$LT$alloc..string..String$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE", "alloc"),
            ("_RNvXsZ_NtCs4tvlMEnUy7o_5alloc6stringNtB5_6StringNtNtCsbv37tDvF94x_4core3fmt5Write9write_str", "alloc"),
            // What LLVM appends to tell copies apart.
            (
                "_RNvXsZ_NtCs4tvlMEnUy7o_5alloc6stringNtB5_6StringNtNtCsbv37tDvF94x_4core3fmt5Write9write_str.27",
                "alloc",
            ),
            ("<plimsoll_state::registry::Registry>::check_listings", "plimsoll_state"),
            (
                "<plimsoll::list_bank::ListBank as anchor_lang::Accounts<plimsoll::Bumps>>::try_accounts::{closure#12}",
                "plimsoll",
            ),
            ("<core::result::Result<plimsoll_risk::Price, (u8, bool)> as anchor_lang::Wrap>::wrap", "core"),
            ("<<plimsoll::Bank as anchor_lang::Owner>::Target as bytemuck::Pod>::zero", "plimsoll"),
        ]);
    }

    #[test]
    fn what_stands_before_a_types_name_is_passed_over() {
        assert_crates(&[
            ("<&mut plimsoll_state::bank::Bank as core::fmt::Debug>::fmt", "plimsoll_state"),
            ("<&'a [plimsoll_risk::Leg; 16] as core::fmt::Debug>::fmt", "plimsoll_risk"),
            ("<*const plimsoll::Bank as core::fmt::Debug>::fmt", "plimsoll"),
            ("<alloc::boxed::Box<dyn core::error::Error + core::marker::Send>>::from", "alloc"),
            ("<dyn for<'a> std::io::Write>::write_all", "std"),
        ]);
    }

    #[test]
    fn a_type_of_no_crate_counts_with_the_trait_and_its_own_methods_with_core() {
        assert_crates(&[
            ("<u8 as borsh::ser::BorshSerialize>::serialize", "borsh"),
            ("<fn(&u8) -> bool as anchor_lang::Call>::call", "anchor_lang"),
            ("<() as std::process::Termination>::report", "std"),
            ("<[u8]>::copy_from_slice", "core"),
            ("<u64>::from_str_radix", "core"),
        ]);
    }

    #[test]
    fn the_entrypoint_is_the_programs_and_other_names_without_a_path_are_routines() {
        assert_crates(&[("entrypoint", "ship"), ("__multi3", ROUTINES), ("memcmp", ROUTINES), ("divide", ROUTINES)]);
    }

    #[test]
    fn two_names_of_one_piece_of_code_count_once_and_what_is_no_function_not_at_all() {
        use object::write::{Object, StandardSection, Symbol, SymbolSection};
        use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolScope};
        let mut object = Object::new(BinaryFormat::Elf, Architecture::Bpf, Endianness::Little);
        let text = object.section_id(StandardSection::Text);
        object.append_section_data(text, &[0; 48], 8);
        let mut add = |name: &str, value, size, kind| {
            let (scope, flags, section) = (SymbolScope::Linkage, SymbolFlags::None, SymbolSection::Section(text));
            let name = name.as_bytes().to_vec();
            object.add_symbol(Symbol { name, value, size, kind, scope, weak: false, section, flags });
        };
        add("hull::plank", 0, 16, SymbolKind::Text);
        add("mast::plank", 0, 16, SymbolKind::Text);
        add("hull::keel", 16, 32, SymbolKind::Text);
        add("LBB1_50", 24, 0, SymbolKind::Text);
        add("hull::NAME", 40, 8, SymbolKind::Data);
        let size = |name: &str, bytes| Size { name: name.to_owned(), bytes };
        let sizes = Sizes::read(&object.write().unwrap(), "ship").unwrap();
        assert_eq!(sizes.crates, [size("hull", 48)]);
        assert_eq!(sizes.functions, [size("hull::keel", 32), size("hull::plank", 16)]);
    }

    #[test]
    fn beyond_ten_crates_the_smallest_are_added_up_and_the_total_stays() {
        let names: Vec<String> = (1..=12).map(|number| format!("hull{number}::plank")).collect();
        let functions: Vec<(&str, u64)> = names.iter().map(String::as_str).zip(1..).collect();
        let sizes = Sizes::of(&functions, "ship");
        let text = sizes.to_string();
        assert!(text.starts_with("  code by crate, 78 bytes:\n      12  15.4 %  hull12\n"), "{text}");
        assert!(text.contains("\n       3   3.8 %  other (2)\n  largest functions:\n"), "{text}");
        assert_eq!(Sizes::from_json(&sizes.to_json()), Some(sizes));
    }

    #[test]
    fn of_functions_only_the_largest_are_kept() {
        let functions: Vec<(&str, u64)> = std::iter::repeat("hull::plank").zip(1..=30).collect();
        let sizes = Sizes::of(&functions, "ship");
        assert_eq!(
            sizes.functions.iter().map(|size| size.bytes).collect::<Vec<_>>(),
            (11..=30).rev().collect::<Vec<_>>()
        );
        assert_eq!(sizes.crates, [Size { name: "hull".to_owned(), bytes: 465 }]);
    }
}

//! Reads the account layouts from the sources of the crates that define them, documentation included.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anchor_lang_idl::types::{IdlEnumVariant, IdlTypeDef, IdlTypeDefTy};
use anyhow::{bail, Context, Result};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{braced, Attribute, Expr, Ident, ImplItem, Item, ItemConst, ItemStruct, Lit, Meta, Token, Type, Variant};

use crate::constants::Constants;

/// Where layouts are defined: folders and files, from the root of the repository.
const PLACES: [&str; 6] = [
    "crates/state/src",
    "crates/risk/src/params.rs",
    "crates/risk/src/params",
    "crates/risk/src/allowance.rs",
    "crates/risk/src/oracle/guard.rs",
    "crates/interface/src/answer.rs",
];

/// What the sources define.
#[derive(Default)]
pub struct Sources {
    /// Structs by name.
    pub structs: BTreeMap<String, ItemStruct>,
    /// Enums that accounts store as one byte.
    pub enums: Vec<IdlTypeDef>,
    /// Constants.
    pub constants: Constants,
}

impl Sources {
    /// Reads every place.
    ///
    /// # Errors
    /// A file that cannot be read or is not Rust, or an enum whose values have a gap.
    pub fn read(root: &Path) -> Result<Self> {
        let mut sources = Self::default();
        for place in PLACES {
            for file in rust_files(&root.join(place))? {
                let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
                let parsed = syn::parse_file(&text).with_context(|| format!("parsing {}", file.display()))?;
                for item in parsed.items {
                    sources.add(item).with_context(|| format!("in {}", file.display()))?;
                }
            }
        }
        Ok(sources)
    }

    fn add(&mut self, item: Item) -> Result<()> {
        match item {
            Item::Struct(ItemStruct { attrs, .. }) | Item::Const(ItemConst { attrs, .. }) if !is_compiled(&attrs) => {}
            Item::Struct(item) => {
                self.structs.insert(item.ident.to_string(), item);
            }
            Item::Const(item) => self.constants.insert(None, &item.ident.to_string(), &item.expr),
            Item::Impl(item) if item.trait_.is_none() => {
                let Some(owner) = type_name(&item.self_ty) else { return Ok(()) };
                for inner in item.items {
                    if let ImplItem::Const(constant) = inner {
                        self.constants.insert(Some(&owner), &constant.ident.to_string(), &constant.expr);
                    }
                }
            }
            Item::Macro(item) if item.mac.path.is_ident("stored_enum") => {
                let stored: StoredEnum = syn::parse2(item.mac.tokens).context("a stored enum")?;
                self.enums.push(stored.description()?);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The Rust files of a folder and those below it, or the one file.
fn rust_files(place: &Path) -> Result<Vec<PathBuf>> {
    if place.is_file() {
        return Ok(vec![place.to_path_buf()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(place).with_context(|| format!("reading {}", place.display()))? {
        let path = entry?.path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "rs") {
            files.extend(rust_files(&path)?);
        }
    }
    files.sort();
    Ok(files)
}

/// The last part of a type's path.
pub fn type_name(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    path.path.segments.last().map(|part| part.ident.to_string())
}

/// The lines of a documentation comment, links turned into plain names.
pub fn docs(attributes: &[Attribute]) -> Vec<String> {
    let line = |attribute: &Attribute| {
        let Meta::NameValue(pair) = &attribute.meta else { return None };
        let (true, Expr::Lit(literal)) = (pair.path.is_ident("doc"), &pair.value) else { return None };
        let Lit::Str(text) = &literal.lit else { return None };
        Some(text.value().trim().replace("[`", "`").replace("`]", "`").replace("crate::", ""))
    };
    attributes.iter().filter_map(line).collect()
}

/// Whether a type is laid out as one of its own representation hints says: `C` or `transparent`.
pub fn has_repr(attributes: &[Attribute], hint: &str) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("repr") && attribute.parse_args::<Ident>().is_ok_and(|given| given == hint)
    })
}

/// Whether something is compiled without any feature and outside tests.
pub fn is_compiled(attributes: &[Attribute]) -> bool {
    let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.into_iter().all(|attribute| attribute.parse_args::<Meta>().is_ok_and(|condition| holds(&condition)))
}

/// A condition of `cfg` where no feature is on: `feature = "x"` and `test` do not hold.
fn holds(condition: &Meta) -> bool {
    let Meta::List(list) = condition else { return false };
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    let Ok(parts) = parts else { return false };
    if list.path.is_ident("not") {
        return !parts.iter().any(holds);
    }
    if list.path.is_ident("all") {
        return parts.iter().all(holds);
    }
    list.path.is_ident("any") && parts.iter().any(holds)
}

/// The body of `stored_enum!`.
struct StoredEnum {
    attributes: Vec<Attribute>,
    name: Ident,
    variants: Punctuated<Variant, Token![,]>,
}

impl Parse for StoredEnum {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let name = input.parse()?;
        let body;
        braced!(body in input);
        Ok(Self { attributes, name, variants: body.parse_terminated(Variant::parse, Token![,])? })
    }
}

impl StoredEnum {
    /// A description numbers variants by their place, so the stored values must be 0, 1, 2 and so on.
    fn description(&self) -> Result<IdlTypeDef> {
        let mut variants = Vec::new();
        for (place, variant) in self.variants.iter().enumerate() {
            let value = match &variant.discriminant {
                Some((_, Expr::Lit(literal))) => match &literal.lit {
                    Lit::Int(number) => number.base10_parse::<usize>().ok(),
                    _ => None,
                },
                _ => None,
            };
            if value != Some(place) {
                bail!("{}::{} does not have the value of its place, {place}", self.name, variant.ident);
            }
            variants.push(IdlEnumVariant { name: variant.ident.to_string(), fields: None });
        }
        Ok(IdlTypeDef {
            name: self.name.to_string(),
            docs: docs(&self.attributes),
            serialization: Default::default(),
            repr: None,
            generics: Vec::new(),
            ty: IdlTypeDefTy::Enum { variants },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enum_whose_values_have_a_gap_is_refused() {
        let whole: StoredEnum = syn::parse_quote!(Kind { None = 0, Pyth = 1 });
        assert!(whole.description().is_ok());
        let gap: StoredEnum = syn::parse_quote!(Kind { None = 0, Pyth = 2 });
        assert!(gap.description().unwrap_err().to_string().contains("Kind::Pyth"));
    }

    #[test]
    fn what_a_feature_or_a_test_adds_is_left_out() {
        let item: ItemStruct = syn::parse_quote! {
            struct Account {
                version: u8,
                #[cfg(not(feature = "next"))]
                now: u8,
                #[cfg(feature = "next")]
                next: u8,
                #[cfg(any(test, feature = "next"))]
                either: u8,
                #[cfg(all(not(test), not(feature = "next")))]
                neither: u8,
            }
        };
        let compiled = item.fields.iter().filter(|field| is_compiled(&field.attrs));
        let names: Vec<String> = compiled.map(|field| field.ident.as_ref().unwrap().to_string()).collect();
        assert_eq!(names, ["version", "now", "neither"]);
    }

    #[test]
    fn links_in_documentation_become_plain_names() {
        let item: ItemStruct = syn::parse_quote! {
            /// See [`crate::Venue`].
            struct Empty;
        };
        assert_eq!(docs(&item.attrs), ["See `Venue`."]);
    }
}

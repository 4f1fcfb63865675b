//! Adds the account layouts to the description.
//!
//! The layouts live in a crate without Anchor, so Anchor's builder sees only their names. They are read from that
//! crate's source and compared with the sizes that the compiler gives them.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::{align_of, size_of};
use std::path::Path;

use anchor_lang_idl::types::{
    Idl, IdlAccount, IdlArrayLen, IdlDefinedFields, IdlField, IdlRepr, IdlReprModifier, IdlSerialization, IdlType,
    IdlTypeDef, IdlTypeDefTy,
};
use anyhow::{anyhow, bail, Context, Result};
use plimsoll_risk::params::{Field, GlobalParams};
use plimsoll_state::{EngineAccount, StoredSetting, StoredSettings};
use syn::{Fields, ItemStruct, Type};

use crate::source::{docs, has_repr, is_compiled, type_name, Sources};

/// What programs return, besides the accounts.
const RETURNED: [&str; 2] = ["MarginView", "LiquidationOutcome"];

/// 32 bytes of type `Address` that are not addresses.
const HASHES: [(&str, &str); 1] = [("OracleSource", "feed_id")];

/// The types whose sizes the compiler is asked for; every type of an account must be among them.
fn compiled_sizes() -> BTreeMap<&'static str, usize> {
    macro_rules! sizes {
        ($($type:ident),+ $(,)?) => { BTreeMap::from([$((stringify!($type), size_of::<plimsoll_state::$type>())),+]) };
    }
    let mut sizes = sizes![
        Engine,
        Registry,
        PriceBoard,
        FeedBook,
        Bank,
        Market,
        MarginAccount,
        Venue,
        PendingChange,
        ChangeAccount,
        StoredGoal,
        BankSlot,
        MarketSlot,
        SideIndex,
        EpochEnd,
        PriceSlot,
        Feed,
        OracleSource,
        SideTotals,
        TokenPosition,
        DerivativePosition,
        VenueApproval,
        SpentAtoms,
        StoredBreaker,
        StoredPause,
        StoredThroughput,
        SpentPerUnit,
        StoredFlow,
        MarginView,
        MaintenanceView,
        StoredPrice,
        I128Le,
        U128Le,
    ];
    sizes.insert("TokenWeights", size_of::<plimsoll_risk::params::TokenWeights>());
    sizes.insert("MarketRates", size_of::<plimsoll_risk::params::MarketRates>());
    // Return data of the program itself, which this tool does not link.
    sizes.insert("LiquidationOutcome", 48);
    sizes
}

fn accounts() -> Vec<IdlAccount> {
    macro_rules! list {
        ($($type:ident),+) => { vec![$(IdlAccount {
            name: stringify!($type).to_owned(),
            discriminator: <plimsoll_state::$type as EngineAccount>::ACCOUNT_DISCRIMINATOR.to_vec(),
        }),+] };
    }
    list![Bank, Engine, FeedBook, MarginAccount, Market, PendingChange, PriceBoard, Registry, Venue]
}

/// Adds every account, what is inside, what instructions return, and the enums that are stored as a byte.
///
/// # Errors
/// A layout that cannot be described, or whose described size is not the compiled one.
pub fn add_to(idl: &mut Idl, root: &Path) -> Result<()> {
    let sources = Sources::read(root)?;
    let mut layouts = Layouts { sources: &sources, done: BTreeMap::new() };
    for account in accounts() {
        layouts.describe(&account.name)?;
        idl.accounts.retain(|known| known.name != account.name);
        idl.accounts.push(account);
    }
    for name in RETURNED {
        layouts.describe(name)?;
    }
    let known: BTreeSet<String> = idl.types.iter().map(|ty| ty.name.clone()).collect();
    for ty in layouts.done.into_values().map(|done| done.ty).chain(sources.enums.iter().cloned()) {
        if known.contains(&ty.name) {
            bail!("the program and its accounts both define a type {}", ty.name);
        }
        idl.types.push(ty);
    }
    idl.accounts.sort_by(|a, b| a.name.cmp(&b.name));
    idl.types.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(())
}

/// A described type with the size and alignment that `repr(C)` gives it, bytes.
struct Described {
    ty: IdlTypeDef,
    size: usize,
    align: usize,
}

fn field(name: &str, doc: &str, ty: IdlType) -> IdlField {
    IdlField { name: name.to_owned(), docs: vec![doc.to_owned()], ty }
}

fn parameter(of: &Field) -> IdlField {
    field(of.name, of.doc(), number(of.bytes))
}

/// The type of a number that a list makes.
const fn number(bytes: usize) -> IdlType {
    if bytes == 8 {
        IdlType::U64
    } else {
        IdlType::U32
    }
}

/// What no number of a list takes yet.
fn room(bytes: usize) -> IdlType {
    IdlType::Array(Box::new(IdlType::U8), IdlArrayLen::Value(bytes))
}

/// A struct as `repr(C)` lays it out.
fn plain(name: &str, docs: Vec<String>, fields: IdlDefinedFields) -> IdlTypeDef {
    IdlTypeDef {
        name: name.to_owned(),
        docs,
        serialization: IdlSerialization::Bytemuck,
        repr: Some(IdlRepr::C(IdlReprModifier { packed: false, align: None })),
        generics: Vec::new(),
        ty: IdlTypeDefTy::Struct { fields: Some(fields) },
    }
}

struct Layouts<'a> {
    sources: &'a Sources,
    done: BTreeMap<String, Described>,
}

impl Layouts<'_> {
    /// Describes a struct and all that is inside; its size and alignment.
    fn describe(&mut self, name: &str) -> Result<(usize, usize)> {
        if let Some(done) = self.done.get(name) {
            return Ok((done.size, done.align));
        }
        if name == "GlobalParams" {
            return Ok(self.describe_params());
        }
        if let Some(settings) = StoredSettings::ALL.iter().find(|settings| settings.name == name) {
            return Ok(self.describe_settings(settings));
        }
        let sources = self.sources;
        let item = sources.structs.get(name).ok_or_else(|| anyhow!("the sources define no struct {name}"))?;
        let described = self.describe_item(name, item).with_context(|| format!("describing {name}"))?;
        let (size, align) = (described.size, described.align);
        let compiled = compiled_sizes().get(name).copied();
        let compiled = compiled.ok_or_else(|| anyhow!("the compiler was not asked for the size of {name}"))?;
        if compiled != size {
            bail!("{name} is described with {size} bytes, but has {compiled}");
        }
        self.done.insert(name.to_owned(), described);
        Ok((size, align))
    }

    /// The parameters and each group of them, which are lists in the sources and not structs.
    fn describe_params(&mut self) -> (usize, usize) {
        let (mut fields, sizes) = (Vec::new(), (size_of::<GlobalParams>(), align_of::<GlobalParams>()));
        for group in GlobalParams::GROUPS {
            let defined = IdlType::Defined { name: group.type_name.to_owned(), generics: Vec::new() };
            fields.push(field(group.name, group.doc(), defined));
            let mut inner: Vec<_> = group.fields.iter().map(parameter).collect();
            inner.push(field("_reserved", "Zero.", room(group.room_bytes())));
            let ty = plain(group.type_name, vec![group.doc().to_owned()], IdlDefinedFields::Named(inner));
            self.done.insert(group.type_name.to_owned(), Described { ty, size: group.bytes, align: 8 });
        }
        let docs = "Parameters of the whole engine, in groups. `ppm` are parts per million of one.";
        let ty = plain("GlobalParams", vec![docs.to_owned()], IdlDefinedFields::Named(fields));
        self.done.insert("GlobalParams".to_owned(), Described { ty, size: sizes.0, align: sizes.1 });
        sizes
    }

    /// A struct that a list of settings makes.
    fn describe_settings(&mut self, of: &StoredSettings) -> (usize, usize) {
        let number = |of: &StoredSetting| field(of.name, of.doc(), number(of.bytes));
        let mut fields: Vec<_> = of.fields.iter().map(number).collect();
        fields.push(field("_reserved", "Zero.", room(of.room_bytes())));
        let ty = plain(of.name, vec![of.doc().to_owned()], IdlDefinedFields::Named(fields));
        self.done.insert(of.name.to_owned(), Described { ty, size: of.bytes, align: of.align });
        (of.bytes, of.align)
    }

    fn describe_item(&mut self, name: &str, item: &ItemStruct) -> Result<Described> {
        let transparent = has_repr(&item.attrs, "transparent");
        if !transparent && !has_repr(&item.attrs, "C") {
            bail!("its representation is not C");
        }
        let (mut size, mut align) = (0, 1);
        let mut place = |of: (usize, usize)| {
            if size % of.1 != 0 {
                bail!("a field stands at byte {size}, but is aligned to {}", of.1);
            }
            (size, align) = (size + of.0, align.max(of.1));
            Ok(())
        };
        let fields = match &item.fields {
            Fields::Named(named) => {
                let mut fields = Vec::new();
                for field in named.named.iter().filter(|field| is_compiled(&field.attrs)) {
                    let field_name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                    let (mut ty, of) = self.convert(&field.ty, name)?;
                    if HASHES.contains(&(name, &field_name)) {
                        ty = IdlType::Array(Box::new(IdlType::U8), IdlArrayLen::Value(of.0));
                    }
                    place(of)?;
                    fields.push(IdlField { name: field_name, docs: docs(&field.attrs), ty });
                }
                IdlDefinedFields::Named(fields)
            }
            Fields::Unnamed(unnamed) => {
                let mut types = Vec::new();
                for field in &unnamed.unnamed {
                    let (ty, of) = self.convert(&field.ty, name)?;
                    place(of)?;
                    types.push(ty);
                }
                IdlDefinedFields::Tuple(types)
            }
            Fields::Unit => bail!("it has no fields"),
        };
        if size % align != 0 {
            bail!("its end is padded");
        }
        let mut ty = plain(name, docs(&item.attrs), fields);
        if transparent {
            ty.repr = Some(IdlRepr::Transparent);
        }
        Ok(Described { ty, size, align })
    }

    /// A field's type with its size and alignment.
    fn convert(&mut self, ty: &Type, owner: &str) -> Result<(IdlType, (usize, usize))> {
        if let Type::Array(array) = ty {
            let (element, (size, align)) = self.convert(&array.elem, owner)?;
            let length = self.sources.constants.size(&array.len, owner)?;
            let ty = IdlType::Array(Box::new(element), IdlArrayLen::Value(length));
            return Ok((ty, (size * length, align)));
        }
        let name = type_name(ty).ok_or_else(|| anyhow!("a field's type is neither a name nor an array"))?;
        Ok(match name.as_str() {
            "u8" => (IdlType::U8, (1, 1)),
            "i8" => (IdlType::I8, (1, 1)),
            "u16" => (IdlType::U16, (2, 2)),
            "i16" => (IdlType::I16, (2, 2)),
            // A share is described as the number that it is: its field is named by its unit.
            "u32" | "Ppm" => (IdlType::U32, (4, 4)),
            "i32" => (IdlType::I32, (4, 4)),
            "u64" => (IdlType::U64, (8, 8)),
            "i64" => (IdlType::I64, (8, 8)),
            "Address" => (IdlType::Pubkey, (32, 1)),
            // Wrappers that only make a type of another crate plain bytes.
            "StoredParams" | "StoredWeights" | "StoredRates" => {
                let inner = self.sources.structs.get(&name).and_then(|item| item.fields.iter().next());
                let inner = inner.ok_or_else(|| anyhow!("{name} wraps nothing"))?.ty.clone();
                return self.convert(&inner, owner);
            }
            _ => {
                let of = self.describe(&name)?;
                (IdlType::Defined { name, generics: Vec::new() }, of)
            }
        })
    }
}

//! Events as Anchor's description of the program lists them.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use anchor_lang::idl::types::{IdlEvent, IdlTypeDef};
use anchor_lang::idl::IdlBuild;

use super::*;

/// An event and every type that it names.
pub struct Description {
    /// Name, with its path, and discriminator.
    pub event: IdlEvent,
    /// Its own type and those of its fields.
    pub types: Vec<IdlTypeDef>,
}

fn describe<E: Event + IdlBuild>() -> Description {
    let mut types: BTreeMap<String, IdlTypeDef> = BTreeMap::new();
    if let Some(own) = E::create_type() {
        types.insert(E::get_full_path(), own);
        E::insert_types(&mut types);
    }
    let event = IdlEvent { name: E::get_full_path(), discriminator: E::DISCRIMINATOR.to_vec() };
    Description { event, types: types.into_values().collect() }
}

/// Every event.
pub fn descriptions() -> Vec<Description> {
    for_each_event!(describe).into()
}

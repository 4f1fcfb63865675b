//! What instructions take, as the program itself reads it: Borsh, which is every number little-endian, one field after the
//! other, an enum as its number and its fields, an option as 0 or as 1 and its value, a list as its length (u32) and its
//! elements.

mod account;
mod bank;
mod change;
mod engine;
mod liquidation;
mod market;
mod money;
mod params;
mod price;
mod rules;
mod settings;

pub use account::*;
pub use bank::*;
pub use change::*;
pub use engine::*;
pub use liquidation::*;
pub use market::*;
pub use money::*;
pub use params::*;
pub use price::*;
pub use rules::SettingError;
pub use settings::*;

/// Makes a type one that instructions take or events have. The feature `idl-build` lets Anchor describe it too; the bytes are
/// the same.
macro_rules! wire {
    ($item:item) => {
        #[cfg_attr(feature = "idl-build", derive(anchor_lang::AnchorSerialize, anchor_lang::AnchorDeserialize))]
        #[cfg_attr(not(feature = "idl-build"), derive(borsh::BorshSerialize, borsh::BorshDeserialize))]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        $item
    };
}
pub(crate) use wire;

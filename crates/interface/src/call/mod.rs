//! One function per instruction.

use alloc::vec::Vec;

use borsh::BorshSerialize;
use solana_instruction::AccountMeta;
use solana_pubkey::Pubkey;

mod account;
mod change;
mod engine;
mod liquidation;
mod listing;
mod market;
mod money;
mod upkeep;

pub use account::*;
pub use change::*;
pub use engine::*;
pub use liquidation::*;
pub use listing::*;
pub use market::*;
pub use money::*;
pub use upkeep::*;

/// An instruction without its documentation: what tests compare with the program's own description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Its name.
    pub name: &'static str,
    /// First eight bytes of its data.
    pub discriminator: [u8; 8],
    /// Name and role of each account, in order: `read`, `write`, `sign` or `sign_write`, after `maybe_` where it can be left out.
    pub accounts: &'static [(&'static str, &'static str)],
    /// Whether the two accounts of events follow.
    pub sends_events: bool,
    /// Name and type of each argument, in order.
    pub args: &'static [(&'static str, &'static str)],
}

/// Every instruction.
pub fn outlines() -> impl Iterator<Item = &'static Outline> {
    let files = [
        account::OUTLINES,
        change::OUTLINES,
        engine::OUTLINES,
        liquidation::OUTLINES,
        listing::OUTLINES,
        market::OUTLINES,
        money::OUTLINES,
        upkeep::OUTLINES,
    ];
    files.into_iter().flatten()
}

/// The instructions of a file.
macro_rules! instructions {
    ($($accounts:ident),+ $(,)?) => {
        /// The instructions of this file.
        pub(super) const OUTLINES: &[$crate::Outline] = &[$($accounts::OUTLINE),+];
    };
}

/// Type of an account with a role: those that can be left out are options.
macro_rules! role_type {
    (maybe_read) => { Option<solana_pubkey::Pubkey> };
    (maybe_write) => { Option<solana_pubkey::Pubkey> };
    (maybe_sign) => { Option<solana_pubkey::Pubkey> };
    ($role:ident) => { solana_pubkey::Pubkey };
}

/// What the documentation says of a role.
macro_rules! role_words {
    (read) => {
        "\n\nRead."
    };
    (write) => {
        "\n\nWritten."
    };
    (sign) => {
        "\n\nSigns."
    };
    (sign_write) => {
        "\n\nSigns; written."
    };
    (maybe_read) => {
        "\n\nRead, where there is one."
    };
    (maybe_write) => {
        "\n\nWritten, where there is one."
    };
    (maybe_sign) => {
        "\n\nSigns, where there is one."
    };
}

/// The account's entry in the instruction's list.
macro_rules! role_meta {
    ($key:expr, read) => {
        $crate::call::meta(Some($key), false, false)
    };
    ($key:expr, write) => {
        $crate::call::meta(Some($key), false, true)
    };
    ($key:expr, sign) => {
        $crate::call::meta(Some($key), true, false)
    };
    ($key:expr, sign_write) => {
        $crate::call::meta(Some($key), true, true)
    };
    ($key:expr, maybe_read) => {
        $crate::call::meta($key, false, false)
    };
    ($key:expr, maybe_write) => {
        $crate::call::meta($key, false, true)
    };
    ($key:expr, maybe_sign) => {
        $crate::call::meta($key, true, false)
    };
}

/// Adds what every instruction with events takes last.
macro_rules! event_metas {
    ($metas:ident, events) => {
        $crate::call::push_event_accounts(&mut $metas)
    };
    ($metas:ident, quiet) => {};
}

/// Whether an instruction has events.
macro_rules! has_events {
    (events) => {
        true
    };
    (quiet) => {
        false
    };
}

/// Defines an instruction: its function, its accounts in order and its arguments in order.
macro_rules! call {
    (
        $(#[$about:meta])+
        $function:ident, $accounts:ident, $events:ident, $discriminator:expr;
        $($(#[$account_about:meta])+ $account:ident: $role:ident,)+
        $(; $($arg:ident: $type:ty),+)?
    ) => {
        #[doc = concat!("Accounts of [`", stringify!($function), "`], in order.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $accounts {
            $($(#[$account_about])+ #[doc = role_words!($role)] pub $account: role_type!($role),)+
        }

        impl $accounts {
            /// First eight bytes of the instruction's data.
            pub const DISCRIMINATOR: [u8; 8] = $discriminator;

            /// The instruction in outline.
            pub const OUTLINE: $crate::Outline = $crate::Outline {
                name: stringify!($function),
                discriminator: $discriminator,
                accounts: &[$((stringify!($account), stringify!($role))),+],
                sends_events: $crate::call::has_events!($events),
                args: &[$($((stringify!($arg), stringify!($type))),+)?],
            };

            /// The instruction's account list; an account that is left out is the program itself.
            pub fn metas(&self) -> alloc::vec::Vec<solana_instruction::AccountMeta> {
                #[allow(unused_mut, reason = "only instructions with events add to it")]
                let mut metas = alloc::vec![$(role_meta!(self.$account, $role)),+];
                event_metas!(metas, $events);
                metas
            }
        }

        $(#[$about])+
        pub fn $function(accounts: &$accounts $($(, $arg: $type)+)?) -> solana_instruction::Instruction {
            #[allow(unused_mut, reason = "only instructions with arguments add to it")]
            let mut data = $accounts::DISCRIMINATOR.to_vec();
            $($($crate::call::encode(&$arg, &mut data);)+)?
            solana_instruction::Instruction { program_id: $crate::ID, accounts: accounts.metas(), data }
        }
    };
}

pub(crate) use {call, event_metas, has_events, instructions, role_meta, role_type, role_words};

/// An account of an instruction; one that is left out is the program, as Anchor has it.
fn meta(key: Option<Pubkey>, is_signer: bool, is_writable: bool) -> AccountMeta {
    match key {
        Some(pubkey) => AccountMeta { pubkey, is_signer, is_writable },
        None => AccountMeta { pubkey: crate::ID, is_signer: false, is_writable: false },
    }
}

/// Writes an argument.
pub(crate) fn encode(value: &impl BorshSerialize, out: &mut Vec<u8>) {
    // A vector takes whatever is written.
    value.serialize(out).unwrap_or_default();
}

fn push_event_accounts(metas: &mut Vec<AccountMeta>) {
    metas.push(meta(Some(crate::EVENT_AUTHORITY), false, false));
    metas.push(meta(Some(crate::ID), false, false));
}

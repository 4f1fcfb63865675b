//! One function per instruction. Accounts are named in the order in which the program takes them.

use solana_pubkey::Pubkey;

mod account;
mod bank;
mod bankruptcy;
mod change;
mod engine;
mod margin;
mod perp;
mod price;
mod settle;

pub use account::*;
pub use bank::*;
pub use bankruptcy::*;
pub use change::*;
pub use engine::*;
pub use margin::*;
pub use perp::*;
pub use price::*;
pub use settle::*;

pub use plimsoll_interface::args;

const SYSTEM_PROGRAM: Pubkey = Pubkey::new_from_array([0; 32]);

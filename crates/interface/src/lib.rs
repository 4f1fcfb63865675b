//! What another program needs to call Plimsoll: addresses, one function per instruction, return data, error codes, events.
//!
//! Nothing here needs Anchor. Every function builds a plain [`Instruction`](solana_instruction::Instruction) that the
//! caller hands to `invoke` or `invoke_signed`; off chain the same instruction goes into a transaction. Each comes with
//! a struct that names its accounts in order, and says of each whether it signs and whether it is written.
//!
//! ```
//! use plimsoll_interface::{answer, check_margin, CheckMargin};
//! use solana_pubkey::Pubkey;
//!
//! let accounts = CheckMargin {
//!     margin_account: Pubkey::new_unique(),
//!     registry: Pubkey::new_unique(),
//!     board: Pubkey::new_unique(),
//! };
//! let instruction = check_margin(&accounts, 3);
//! assert_eq!(instruction.accounts.len(), 3);
//! // On chain: `invoke(&instruction, &infos)?`, then `answer::margin_view` on what `get_return_data` gives.
//! let expected = answer::of_account(&Pubkey::new_unique(), &accounts.margin_account);
//! assert!(answer::margin_view(&plimsoll_interface::ID, &[1], &expected).is_err());
//! ```
#![cfg_attr(not(feature = "idl-build"), no_std)]
#![deny(missing_docs)]
// Code that handles money may not overflow, panic or truncate without saying so; tests may (CONTRIBUTING).
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

extern crate alloc;

pub mod answer;
pub mod args;
mod call;
pub mod error;
pub mod event;
pub mod pda;

pub use args::*;
pub use call::*;
pub use error::EngineError;
/// What [`answer`] decodes and accounts consist of.
pub use plimsoll_state as state;

use solana_pubkey::Pubkey;

/// Address of the engine's program.
pub const ID: Pubkey = Pubkey::new_from_array(plimsoll_state::PROGRAM_ID_BYTES);

/// Signs the engine's events. An account of every instruction that moves money or changes who may do what; nobody else can sign with it.
pub const EVENT_AUTHORITY: Pubkey = Pubkey::from_str_const("ET4Mj9n1RBnZGAzQNTPXviTHqMDSxaYA9KjHwJZGAGfe");

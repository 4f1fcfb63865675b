//! One file per instruction: arguments, accounts, `validate`, `handler`.
// Every file has a `handler`; lib.rs calls each by its path.
#![allow(ambiguous_glob_reexports)]

pub mod accept_authority;
pub mod approve_venue;
pub mod check_margin;
pub mod close_account;
pub mod create_engine;
pub mod grow_board;
pub mod grow_registry;
pub mod observe_margin;
pub mod liquidate_position;
pub mod open_account;
pub mod params_args;
pub mod propose_authority;
pub mod register_venue;
pub mod revoke_venue;
pub mod set_delegate;
pub mod set_pause;
pub mod update_params;
pub mod update_venue;

pub use accept_authority::*;
pub use approve_venue::*;
pub use check_margin::*;
pub use close_account::*;
pub use create_engine::*;
pub use grow_board::*;
pub use grow_registry::*;
pub use observe_margin::*;
pub use liquidate_position::*;
pub use open_account::*;
pub use params_args::*;
pub use propose_authority::*;
pub use register_venue::*;
pub use revoke_venue::*;
pub use set_delegate::*;
pub use set_pause::*;
pub use update_params::*;
pub use update_venue::*;

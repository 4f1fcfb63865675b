//! One file per instruction: arguments, accounts, `validate`, `handler`.
// A file of its own: Anchor's description of the program finds no files of a module that stands in `lib.rs`.
#![allow(ambiguous_glob_reexports, reason = "every file has a `handler`, which is called by its path")]

pub mod accept_role;
pub mod accrue;
pub mod advance_ramp;
pub mod approve_venue;
pub mod borrow;
pub mod cancel_change;
pub mod check_margin;
pub mod close_account;
pub mod collect_fees;
pub mod crank_funding;
pub mod create_engine;
pub mod delegate_args;
pub mod deposit;
pub mod execute_change;
pub mod fund_insurance;
pub mod grow_board;
pub mod grow_feeds;
pub mod grow_registry;
pub mod halt_price;
pub mod launch_engine;
pub mod liquidate_collateral;
pub mod liquidate_position;
pub mod list_bank;
pub mod list_market;
pub mod list_price;
pub mod migrate_account;
pub mod observe_margin;
pub mod open_account;
pub mod propose_change;
pub mod propose_role;
pub mod refresh_price;
pub mod register_venue;
pub mod repay;
pub mod report_premium;
pub mod resolve_bankruptcy;
pub mod revoke_venue;
pub mod set_delegate;
pub mod set_pause;
pub mod settle_fill;
pub mod settle_pnl;
pub mod sweep_insurance;
pub mod switch_source;
pub mod take_win;
pub mod touch_position;
pub mod update_bank;
pub mod update_market;
pub mod update_params;
pub mod update_price;
pub mod update_venue;
pub mod withdraw;
pub mod withdraw_insurance;

pub use self::{
    accept_role::*, accrue::*, advance_ramp::*, approve_venue::*, borrow::*, cancel_change::*, check_margin::*,
    close_account::*, collect_fees::*, crank_funding::*, create_engine::*, delegate_args::*, deposit::*,
    execute_change::*, fund_insurance::*, grow_board::*, grow_feeds::*, grow_registry::*, halt_price::*,
    launch_engine::*, liquidate_collateral::*, liquidate_position::*, list_bank::*, list_market::*, list_price::*,
    migrate_account::*, observe_margin::*, open_account::*, propose_change::*, propose_role::*, refresh_price::*,
    register_venue::*, repay::*, report_premium::*, resolve_bankruptcy::*, revoke_venue::*, set_delegate::*,
    set_pause::*, settle_fill::*, settle_pnl::*, sweep_insurance::*, switch_source::*, take_win::*, touch_position::*,
    update_bank::*, update_market::*, update_params::*, update_price::*, update_venue::*, withdraw::*,
    withdraw_insurance::*,
};
pub use plimsoll_interface::args::GlobalParamsArgs;

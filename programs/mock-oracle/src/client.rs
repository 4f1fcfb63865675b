//! Addresses and instructions, for whoever drives a test cluster.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::Instruction;
use anchor_lang::{system_program, InstructionData, ToAccountMetas};

use crate::{accounts, instruction, CreatePythArgs, CreateSwitchboardArgs, PostPythArgs, PostSwitchboardArgs};

/// Address of the Pyth account that this creator makes for a feed.
pub fn pyth_feed(creator: &Pubkey, feed_id: &[u8; 32]) -> Pubkey {
    Pubkey::find_program_address(&[crate::PYTH, creator.as_ref(), feed_id], &crate::ID).0
}

/// Address of the Switchboard account that this creator makes for a hash of jobs.
pub fn switchboard_feed(creator: &Pubkey, feed_hash: &[u8; 32]) -> Pubkey {
    Pubkey::find_program_address(&[crate::SWITCHBOARD, creator.as_ref(), feed_hash], &crate::ID).0
}

/// Creates a Pyth account; signed and paid by its creator.
pub fn create_pyth(creator: Pubkey, args: CreatePythArgs) -> Instruction {
    let feed = pyth_feed(&creator, &args.feed_id);
    let accounts = accounts::CreatePyth { creator, feed, system_program: system_program::ID };
    build(accounts, instruction::CreatePyth { args })
}

/// Posts a price; signed by the feed's poster.
pub fn post_pyth(poster: Pubkey, feed: Pubkey, args: PostPythArgs) -> Instruction {
    build(accounts::PostPyth { poster, feed }, instruction::PostPyth { args })
}

/// One sigma of the prices of [`price_of_now`]: 0.02 %, a calm market's.
pub const SIGMA_PPM: u128 = 200;

/// A price of the chain's present time, in units of 1e-8 dollars as Pyth has most.
pub fn price_of_now(price_e8: i64) -> PostPythArgs {
    let conf = (price_e8.unsigned_abs() as u128 * SIGMA_PPM / 1_000_000) as u64;
    PostPythArgs {
        price: price_e8,
        conf,
        exponent: -8,
        publish_time: None,
        prev_publish_time: None,
        ema_price: price_e8,
        ema_conf: conf,
    }
}

/// Creates a Switchboard account; signed and paid by its creator.
pub fn create_switchboard(creator: Pubkey, args: CreateSwitchboardArgs) -> Instruction {
    let feed = switchboard_feed(&creator, &args.feed_hash);
    let accounts = accounts::CreateSwitchboard { creator, feed, system_program: system_program::ID };
    build(accounts, instruction::CreateSwitchboard { args })
}

/// Posts a result; signed by the feed's poster.
pub fn post_switchboard(poster: Pubkey, feed: Pubkey, args: PostSwitchboardArgs) -> Instruction {
    build(accounts::PostSwitchboard { poster, feed }, instruction::PostSwitchboard { args })
}

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: crate::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

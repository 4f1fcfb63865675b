//! Configuration of prices. Refreshing moves no money and has no event: the board is the record.

use anchor_lang::prelude::*;

use crate::instructions::PriceConfigArgs;

/// An underlying was listed.
#[event]
#[derive(Clone, Copy, Debug)]
pub struct PriceListed {
    /// The engine.
    pub engine: Pubkey,
    /// Slot of the board.
    pub slot: u8,
    /// Sources, averages, calibration.
    pub config: PriceConfigArgs,
    /// Variance until the first sample, units of 1e-12 per second.
    pub variance_prior_pico_per_sec: u32,
}

/// A price was halted, or its halt ended.
#[event]
#[derive(Clone, Copy, Debug)]
pub struct PriceHalted {
    /// The engine.
    pub engine: Pubkey,
    /// Who did it.
    pub signer: Pubkey,
    /// Whether as the guardian, whose halts are counted.
    pub by_guardian: bool,
    /// Slot of the board.
    pub slot: u8,
    /// Until when its legs count as stale, Unix seconds; not later than now where the halt was ended.
    pub until_at: i64,
}

/// A price was switched to another of its sources, whose averages begin anew.
#[event]
#[derive(Clone, Copy, Debug)]
pub struct SourceSwitched {
    /// The engine.
    pub engine: Pubkey,
    /// Who did it.
    pub signer: Pubkey,
    /// Whether as the risk authority.
    pub by_risk_authority: bool,
    /// Slot of the board.
    pub slot: u8,
    /// Whether it comes from its standby now; else from its primary.
    pub on_standby: bool,
    /// Publish time of the first price that was taken from it, Unix seconds.
    pub published_at: i64,
}

/// A listed price was configured anew.
#[event]
#[derive(Clone, Copy, Debug)]
pub struct PriceUpdated {
    /// The engine.
    pub engine: Pubkey,
    /// Slot of the board.
    pub slot: u8,
    /// Sources, averages, calibration.
    pub config: PriceConfigArgs,
}

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

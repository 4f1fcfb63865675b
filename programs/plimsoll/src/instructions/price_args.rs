//! How a price slot is configured, as instruction arguments, and every condition on it.

use anchor_lang::prelude::*;
use plimsoll_risk::oracle::{DEFAULT_FAST_SECS, DEFAULT_SLOW_SECS};
use plimsoll_state::{OracleKind, OracleSource, PriceSlot};

use crate::error::{EngineError, IntoEngine};

/// Longest time constant of the fast average, seconds.
const MAX_FAST_SECS: u32 = 300;
/// Longest time constant of the slow average, seconds.
const MAX_SLOW_SECS: u32 = 86_400;
/// Steepest fall a calibration may name, ppm per second.
const MAX_FALL_PPM_PER_SEC: u32 = 100_000;
/// Longest interval between two updates of a feed, seconds.
const MAX_UPDATE_SECS: u32 = 3_600;

/// Where a slot's price comes from, and what pins it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct OracleSourceArgs {
    /// [`OracleKind`].
    pub kind: u8,
    /// The account; the default address where the caller chooses it.
    pub address: Pubkey,
    /// Who owns it: one Pyth receiver of the two that are deployed, or Switchboard on-demand.
    pub program: Pubkey,
    /// Pyth feed id, or Switchboard feed hash.
    pub feed_id: [u8; 32],
    /// Switchboard queue; the default address for Pyth.
    pub queue: Pubkey,
    /// Fewest samples of a Switchboard result; zero for Pyth.
    pub min_samples: u8,
}

impl OracleSourceArgs {
    /// Each kind pins exactly what identifies its account, and nothing that would be ignored.
    fn validate(&self) -> Result<OracleKind> {
        let kind = OracleKind::try_from(self.kind).map_err(|_| EngineError::UnknownValue)?;
        let (nobody, of_pyth) = (Pubkey::default(), self.queue == Pubkey::default() && self.min_samples == 0);
        let pins = match kind {
            OracleKind::None => false,
            OracleKind::PythPinned => self.address != nobody && of_pyth,
            OracleKind::PythPosted => self.address == nobody && of_pyth,
            OracleKind::SwitchboardPull => self.address != nobody && self.queue != nobody && self.min_samples > 0,
        };
        require!(pins && self.program != nobody && self.feed_id != [0; 32], EngineError::ParameterOutOfBounds);
        Ok(kind)
    }

    /// The source as stored, never read before.
    fn to_source(self) -> OracleSource {
        OracleSource {
            address: self.address.to_bytes(),
            program: self.program.to_bytes(),
            feed_id: self.feed_id,
            queue: self.queue.to_bytes(),
            published_at: 0,
            kind: self.kind,
            min_samples: self.min_samples,
            _pad: [0; 6],
        }
    }
}

/// What an authority decides about a slot.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceConfigArgs {
    /// Wins whenever it is valid.
    pub primary: OracleSourceArgs,
    /// Counts only while the primary is silent, which only a pinned primary can be shown to be.
    pub secondary: Option<OracleSourceArgs>,
    /// Time constant of the fast average; 15 s by default, shorter only on a test cluster.
    pub fast_secs: Option<u32>,
    /// Time constant of the slow average; an hour by default, shorter only on a test cluster.
    pub slow_secs: Option<u32>,
    /// Fastest fall of the calibration; markets on this price need a rate that survives it.
    pub fastest_fall_ppm_per_sec: u32,
    /// How often the feed moves.
    pub update_secs: u32,
}

impl PriceConfigArgs {
    /// Every bound and condition of a slot's configuration.
    ///
    /// # Errors
    /// `UnknownValue`, `ParameterOutOfBounds`, `TestClusterOnly`.
    pub fn validate(&self, test_cluster: bool) -> Result<()> {
        let primary = self.primary.validate()?;
        if let Some(secondary) = &self.secondary {
            secondary.validate()?;
            // An account that the caller chooses cannot show that its source is silent.
            require!(primary != OracleKind::PythPosted, EngineError::ParameterOutOfBounds);
            // The same account cannot stand in for itself.
            require!(secondary.address != self.primary.address, EngineError::ParameterOutOfBounds);
        }
        let (fast, slow) = (self.fast_secs(), self.slow_secs());
        let shorter = fast < DEFAULT_FAST_SECS || slow < DEFAULT_SLOW_SECS;
        require!(test_cluster || !shorter, EngineError::TestClusterOnly);
        let bounded = (1..=MAX_FAST_SECS).contains(&fast)
            && (fast..=MAX_SLOW_SECS).contains(&slow)
            && (1..=MAX_FALL_PPM_PER_SEC).contains(&self.fastest_fall_ppm_per_sec)
            && (1..=MAX_UPDATE_SECS).contains(&self.update_secs);
        require!(bounded, EngineError::ParameterOutOfBounds);
        Ok(())
    }

    /// The time constant of the fast average, default included.
    pub fn fast_secs(&self) -> u32 {
        self.fast_secs.unwrap_or(DEFAULT_FAST_SECS)
    }

    /// The time constant of the slow average, default included.
    pub fn slow_secs(&self) -> u32 {
        self.slow_secs.unwrap_or(DEFAULT_SLOW_SECS)
    }

    /// Writes the configuration; prices, averages and variance stay.
    ///
    /// A source whose pins stay keeps its last publish time, so that none of its updates counts twice. One with new
    /// pins starts without: its times are another's, and the held publish time still strictly increases.
    pub fn write(&self, slot: &mut PriceSlot) {
        let wanted = [Some(self.primary), self.secondary];
        for (stored, args) in slot.sources.iter_mut().zip(wanted) {
            let mut source = args.map_or_else(bytemuck::Zeroable::zeroed, OracleSourceArgs::to_source);
            if same_pins(stored, &source) {
                source.published_at = stored.published_at;
            }
            *stored = source;
        }
        slot.fast_secs = self.fast_secs();
        slot.slow_secs = self.slow_secs();
        slot.fastest_fall_ppm_per_sec = self.fastest_fall_ppm_per_sec;
        slot.update_secs = self.update_secs;
    }
}

/// Whether both read the same updates; another number of samples is no other source.
fn same_pins(a: &OracleSource, b: &OracleSource) -> bool {
    (a.kind, a.address, a.program, a.feed_id, a.queue) == (b.kind, b.address, b.program, b.feed_id, b.queue)
}

//! What lately left a bank's vault, as stored: see [`plimsoll_risk::outflow`].

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::allowance::BUCKETS;
use plimsoll_risk::outflow::{Deposits, Flow, FlowMut, Room};
use plimsoll_risk::units::{Atoms, Ppm, Secs, UnixSecs};

use crate::{assert_layout, Bank};

/// Out of the vault less into it lately, in six buckets of a fifth of the window; zeroed nothing has moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct StoredFlow {
    /// The latest bucket, Unix time in fifths of the window.
    pub at_bucket: i64,
    /// Out of the vault less into it, atoms, of this bucket and the five before it, each at its number modulo six.
    pub vault_atoms: [i64; BUCKETS],
    /// Deposit shares withdrawn less deposited.
    pub deposit_shares: [i64; BUCKETS],
}

assert_layout!(StoredFlow, 104);

impl StoredFlow {
    /// As the formulas take it.
    #[inline(always)]
    pub const fn get(&self) -> Flow {
        Flow { at_bucket: self.at_bucket, vault: self.vault_atoms, deposit_shares: self.deposit_shares }
    }

    /// The same in place.
    #[inline(always)]
    pub const fn as_mut(&mut self) -> FlowMut<'_> {
        FlowMut {
            at_bucket: &mut self.at_bucket,
            vault: &mut self.vault_atoms,
            deposit_shares: &mut self.deposit_shares,
        }
    }
}

/// One of a bank's two limits, as of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outflow {
    /// What moved within the window.
    pub flow: Flow,
    /// Share of the deposits at its beginning that may leave, net.
    pub share: Ppm,
    /// Its length.
    pub window: Secs,
}

impl Outflow {
    /// What may still leave. `deposits` are those of the flow's time.
    pub fn room(&self, deposits: Deposits) -> Room {
        self.flow.room(deposits, self.share)
    }

    /// From when on so much may leave at once if nothing else moves; none where it is more than a window ever lets
    /// out.
    pub fn fits_at(&self, wanted: Atoms, deposits: Deposits) -> Option<UnixSecs> {
        self.flow.fits_at(wanted, deposits, self.share, self.window)
    }
}

impl Bank {
    /// The windows of `caps.outflow_hour_ppm` and `caps.outflow_day_ppm`.
    pub const OUTFLOW_WINDOWS_SECS: [Secs; 2] = [Secs::new(3_600), Secs::new(86_400)];

    /// What is deposited.
    #[inline(always)]
    pub const fn deposits(&self) -> Deposits {
        Deposits { shares: self.deposit_shares, index: self.deposit_index }
    }

    /// Both limits of what may leave the vault, the hour's and the day's, with what moved up to `now`; none where a share is
    /// the whole (LIMIT-1).
    #[inline(always)]
    pub fn outflows(&self, now: UnixSecs) -> [Option<Outflow>; 2] {
        [
            outflow(&self.outflow_hour, self.outflow_hour_share(), Self::OUTFLOW_WINDOWS_SECS[0], now),
            outflow(&self.outflow_day, self.outflow_day_share(), Self::OUTFLOW_WINDOWS_SECS[1], now),
        ]
    }
}

#[inline(always)]
fn outflow(stored: &StoredFlow, share: Ppm, window: Secs, now: UnixSecs) -> Option<Outflow> {
    (share < Ppm::WHOLE).then(|| Outflow { flow: stored.get().at(now, window), share, window })
}

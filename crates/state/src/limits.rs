//! What may still leave a bank, and be drawn of its insurance, at one time: for whoever shows it.

use plimsoll_risk::draw::AtomCaps;
use plimsoll_risk::outflow::Room;
use plimsoll_risk::params::DrawParams;
use plimsoll_risk::units::{Atoms, UnixSecs};

use crate::Bank;

/// What a bank's limits let through now, atoms of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BankLimits {
    /// What may leave within the hour and within the day (LIMIT-1); none where there is no limit.
    pub leaves: [Option<Room>; 2],
    /// Most that one bankruptcy may draw of the insurance now (INSURE-5).
    pub event_draw: Atoms,
    /// Most that the bank's own debts may draw now.
    pub own_draw: Atoms,
}

impl Bank {
    /// Its limits, beside the engine's shares of draws. Deposits count as they were booked last.
    pub fn limits(&self, draws: &DrawParams, now: UnixSecs) -> BankLimits {
        let deposits = self.deposits();
        let (caps, drawable) = (&self.caps, self.drawable(now));
        let caps =
            AtomCaps { event: Atoms::new(caps.draw_cap_event_atoms), hour: Atoms::new(caps.draw_cap_hour_atoms) };
        let event_draw = drawable.room_down(draws, caps, Atoms::ZERO);
        let drawn = self.debts_drawn.total(now, Self::SOURCE_WINDOW_SECS);
        BankLimits {
            leaves: self.outflows(now).map(|outflow| outflow.map(|outflow| outflow.room(deposits))),
            event_draw,
            own_draw: drawable.source_room_down(draws, drawn).min(event_draw),
        }
    }
}

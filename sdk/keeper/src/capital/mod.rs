//! What the liquidator's account can still take on, with what is under way counted as if it had happened.
//!
//! A fill is booked on copies by the program's own ledger, and the liquidator's copy must pass the same check that the
//! program ends a liquidation with. So two liquidations under way never spend the same margin.

mod forecast;

use std::time::{Duration, Instant};

use plimsoll_risk::RiskResult;

pub use forecast::{Fill, Forecast};

/// A reservation is dropped after this, whatever became of its transaction: its blockhash has long expired.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(180);

/// One fill under way.
#[derive(Clone, Copy, Debug)]
struct Reservation {
    ticket: u64,
    fill: Fill,
    since: Instant,
    /// The slot that has it; the account shows it from then on.
    confirmed_slot: Option<u64>,
}

/// The fills under way.
#[derive(Debug, Default)]
pub struct Capital {
    reserved: Vec<Reservation>,
    next_ticket: u64,
}

impl Capital {
    /// Reserves a fill until it is released.
    pub fn reserve(&mut self, fill: Fill, now: Instant) -> u64 {
        self.next_ticket += 1;
        let ticket = self.next_ticket;
        self.reserved.push(Reservation { ticket, fill, since: now, confirmed_slot: None });
        ticket
    }

    /// The transaction failed or was never sent.
    pub fn release(&mut self, ticket: u64) {
        self.reserved.retain(|reservation| reservation.ticket != ticket);
    }

    /// The transaction is in this slot; the reservation stands until the account is known as of it.
    pub fn confirm(&mut self, ticket: u64, slot: u64) {
        for reservation in self.reserved.iter_mut().filter(|reservation| reservation.ticket == ticket) {
            reservation.confirmed_slot = Some(slot);
        }
    }

    /// Drops what the account of this slot already shows, and what is forgotten.
    pub fn known(&mut self, own_slot: u64, now: Instant) {
        self.reserved.retain(|reservation| {
            let shown = reservation.confirmed_slot.is_some_and(|slot| slot <= own_slot);
            !shown && now.saturating_duration_since(reservation.since) < FORGOTTEN_AFTER
        });
    }

    /// Fills under way.
    pub fn len(&self) -> usize {
        self.reserved.len()
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.reserved.is_empty()
    }

    /// Books everything that is under way.
    ///
    /// # Errors
    /// Those of [`Forecast::apply`]: what is under way cannot happen any more, or has happened and is not known whole yet.
    pub fn book_reserved(&self, forecast: &mut Forecast<'_>) -> RiskResult<()> {
        self.reserved.iter().try_for_each(|reservation| forecast.apply(&reservation.fill))
    }
}

#[cfg(test)]
mod tests {
    use bytemuck::Zeroable;
    use plimsoll_risk::auction::{Clocks, Regime};
    use plimsoll_risk::liquidate::{Leg, LegSize, Plan};
    use plimsoll_risk::margin::Margins;
    use plimsoll_risk::units::{Atoms, Ppm, UsdMicro};
    use plimsoll_state::MarginAccount;

    use super::*;

    fn fill() -> Fill {
        let leg = Leg::Perp { market: 0 };
        let plan = Plan {
            regime: Regime::Cure,
            penalty_ppm: Ppm::ZERO,
            size: LegSize::new(1),
            paid_atoms: Atoms::ZERO,
            fee_atoms: Atoms::ZERO,
            received_atoms: Atoms::ZERO,
            notional: UsdMicro::ZERO,
            before: Margins::default(),
            after: Margins::default(),
            clocks: Clocks::default(),
        };
        Fill { leg, plan, liquidatee: MarginAccount::zeroed(), with_asset_bank: false }
    }

    #[test]
    fn a_reservation_stands_until_the_account_shows_the_fill() {
        let (mut capital, now) = (Capital::default(), Instant::now());
        let ticket = capital.reserve(fill(), now);
        capital.known(u64::MAX, now);
        assert_eq!(capital.len(), 1, "not confirmed yet");
        capital.confirm(ticket, 50);
        capital.known(49, now);
        assert_eq!(capital.len(), 1, "the account is older than the fill");
        capital.known(50, now);
        assert!(capital.is_empty());
    }

    #[test]
    fn a_failed_fill_is_released_and_a_lost_one_forgotten() {
        let (mut capital, now) = (Capital::default(), Instant::now());
        let (one, _two) = (capital.reserve(fill(), now), capital.reserve(fill(), now));
        capital.release(one);
        assert_eq!(capital.len(), 1);
        capital.known(0, now + FORGOTTEN_AFTER);
        assert!(capital.is_empty());
    }
}

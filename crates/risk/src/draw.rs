//! How much of a bank's insurance may be drawn: shares of the fund per event, per source and per hour, above a floor
//! (INSURE-3, INSURE-5).
//!
//! Shares are of the fund as it was when the hour began and of what came in since: what is there and what was drawn. So
//! neither the order of draws nor their number changes what they may come to.

use crate::params::DrawParams;
use crate::units::{Atoms, Ppm};
use crate::waterfall::draw_room;

/// A fund as its caps see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawable {
    /// What is there and not reserved, of what waits for liquidity too.
    pub worth: Atoms,
    /// What pays nothing but debts that deposits cannot bear.
    pub floor: Atoms,
    /// Drawn within the hour, reservations included, whether or not they were needed.
    pub hour_drawn: Atoms,
}

/// Caps in atoms that a bank sets beside the engine's shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtomCaps {
    /// Of one event.
    pub event: Atoms,
    /// Of any hour.
    pub hour: Atoms,
}

impl Drawable {
    /// The fund that shares are of.
    pub const fn whole(&self) -> Atoms {
        self.worth.saturating_add(self.hour_drawn)
    }

    /// A share of the fund, rounded down; the whole is no limit.
    pub const fn share_down(&self, share: Ppm) -> Atoms {
        if share.get() >= Ppm::WHOLE.get() {
            return Atoms::MAX;
        }
        match share.of_down(self.whole().get()) {
            Some(atoms) => Atoms::new(atoms),
            None => Atoms::MAX,
        }
    }

    /// What an event that has drawn so much may still draw.
    pub const fn room_down(&self, params: &DrawParams, caps: AtomCaps, event_drawn: Atoms) -> Atoms {
        draw_room(
            self.worth.saturating_sub(self.floor),
            caps.event.min(self.share_down(params.draw_event())),
            event_drawn,
            caps.hour.min(self.share_down(params.draw_hour())),
            self.hour_drawn,
        )
    }

    /// What a market, or the bank's own debts, may still draw of which they have drawn so much within a day.
    pub const fn source_room_down(&self, params: &DrawParams, day_drawn: Atoms) -> Atoms {
        let share = self.share_down(params.draw_source());
        if share.get() == u64::MAX {
            return Atoms::MAX;
        }
        share.saturating_sub(day_drawn)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NONE: AtomCaps = AtomCaps { event: Atoms::MAX, hour: Atoms::MAX };

    fn fund(worth: u64, floor: u64, hour_drawn: u64) -> Drawable {
        Drawable { worth: Atoms::new(worth), floor: Atoms::new(floor), hour_drawn: Atoms::new(hour_drawn) }
    }

    #[test]
    fn half_of_a_fund_pays_one_event_and_no_other_within_the_hour() {
        let caps = DrawParams::DEFAULT;
        assert_eq!(fund(50_000, 0, 0).room_down(&caps, NONE, Atoms::ZERO).get(), 25_000);
        assert_eq!(fund(25_000, 0, 25_000).room_down(&caps, NONE, Atoms::ZERO).get(), 0);
        assert_eq!(fund(30_000, 0, 20_000).room_down(&caps, NONE, Atoms::new(20_000)).get(), 5_000);
        // What comes in counts at once, by half.
        assert_eq!(fund(35_000, 0, 25_000).room_down(&caps, NONE, Atoms::ZERO).get(), 5_000);
        assert_eq!(fund(3, 0, 0).room_down(&caps, NONE, Atoms::ZERO).get(), 1);
    }

    #[test]
    fn a_floor_is_left_and_caps_in_atoms_bind_beside_shares() {
        let none = DrawParams::UNLIMITED;
        assert_eq!(fund(100, 30, 0).room_down(&none, NONE, Atoms::ZERO).get(), 70);
        assert_eq!(fund(20, 30, 80).room_down(&none, NONE, Atoms::ZERO).get(), 0);
        assert_eq!(fund(100, 30, 0).room_down(&DrawParams::DEFAULT, NONE, Atoms::ZERO).get(), 50);
        let caps = AtomCaps { event: Atoms::new(40), hour: Atoms::new(45) };
        assert_eq!(fund(100, 0, 0).room_down(&DrawParams::DEFAULT, caps, Atoms::new(7)).get(), 33);
        assert_eq!(fund(100, 0, 20).room_down(&none, caps, Atoms::ZERO).get(), 25);
        let nothing = DrawParams { draw_event_ppm: 0, ..none };
        assert_eq!(fund(u64::MAX, 0, u64::MAX).room_down(&nothing, NONE, Atoms::ZERO), Atoms::ZERO);
        assert_eq!(fund(u64::MAX, 0, u64::MAX).room_down(&none, NONE, Atoms::ZERO), Atoms::ZERO);
        assert_eq!(fund(9, 0, 0).room_down(&none, NONE, Atoms::ZERO).get(), 9);
    }

    #[test]
    fn a_source_draws_its_share_a_day_and_a_million_is_no_limit() {
        let source = |share, day| {
            let params = DrawParams { draw_source_ppm: share, ..DrawParams::DEFAULT };
            fund(60, 0, 40).source_room_down(&params, Atoms::new(day))
        };
        assert_eq!((source(500_000, 0).get(), source(500_000, 20).get(), source(500_000, 51).get()), (50, 30, 0));
        assert_eq!((source(0, 0), source(1_000_000, u64::MAX)), (Atoms::ZERO, Atoms::MAX));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// INSURE-5: whatever is asked for in whatever order, an hour without inflow sees its share of what was there when
        /// it began, an event its own, and the floor stays.
        #[test]
        fn draws_in_any_order_come_to_no_more_than_their_shares_of_the_fund_at_the_start(
            start in 0u64..1 << 60, floor in 0u64..1 << 60, hour_ppm in 0u32..=1_000_000, event_ppm in 0u32..=1_000_000,
            asked in prop::collection::vec((any::<u64>(), 0u32..64, 0usize..4), 1..20),
        ) {
            let params = DrawParams { draw_event_ppm: event_ppm, draw_hour_ppm: hour_ppm, ..DrawParams::DEFAULT };
            let (mut drawn, mut events) = (0u64, [0u64; 4]);
            for (asked, small, event) in asked {
                let now = fund(start - drawn, floor, drawn);
                prop_assert_eq!(now.whole().get(), start);
                let room = now.room_down(&params, NONE, Atoms::new(events[event]));
                let paid = room.get().min(asked >> small);
                drawn += paid;
                events[event] += paid;
            }
            let share = |ppm: u32| start as u128 * ppm as u128 / 1_000_000;
            prop_assert!(drawn as u128 <= share(hour_ppm) && drawn <= start.saturating_sub(floor));
            prop_assert!(events.iter().all(|drawn| *drawn as u128 <= share(event_ppm)));
        }
    }
}

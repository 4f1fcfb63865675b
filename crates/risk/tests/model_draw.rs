//! What may be drawn of a fund, against exact rationals.

use plimsoll_model::draw::{Fund, Shares};
use plimsoll_model::{int, ppm};
use plimsoll_risk::draw::{AtomCaps, Drawable};
use plimsoll_risk::params::DrawParams;
use plimsoll_risk::units::Atoms;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// INSURE-5
    #[test]
    fn the_room_to_draw_is_the_models_and_less_than_an_atom_below_it(
        worth in 0u64..1 << 60, floor in prop_oneof![Just(0u64), 0u64..1 << 60], hour_drawn in 0u64..1 << 60,
        event_drawn in 0u64..1 << 60, event_ppm in 0u32..=1_000_000, hour_ppm in 0u32..=1_000_000, small in 0u32..60,
    ) {
        let [worth, floor, hour_drawn, event_drawn] = [worth, floor, hour_drawn, event_drawn].map(|atoms| atoms >> small);
        // No event has drawn what the hour has not.
        let event_drawn = event_drawn.min(hour_drawn);
        let params = DrawParams { draw_event_ppm: event_ppm, draw_hour_ppm: hour_ppm, ..DrawParams::DEFAULT };
        let fund = Drawable { worth: Atoms::new(worth), floor: Atoms::new(floor), hour_drawn: Atoms::new(hour_drawn) };
        let none = AtomCaps { event: Atoms::MAX, hour: Atoms::MAX };
        let room = int(fund.room_down(&params, none, Atoms::new(event_drawn)).get() as i128);
        let exact = Fund { worth: int(worth as i128), floor: int(floor as i128), hour_drawn: int(hour_drawn as i128) };
        let exact = exact.room(&Shares { event: ppm(event_ppm.into()), hour: ppm(hour_ppm.into()) }, &int(event_drawn as i128));
        prop_assert!(room <= exact && exact < room + int(1));
    }
}

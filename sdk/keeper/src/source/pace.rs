//! When a price is worth being posted: posting costs, and most feeds are pushed by others anyway.

use plimsoll_risk::num::PPM;
use plimsoll_risk::oracle::{Observation, PriceSource};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::price::Price;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{FeedBook, OracleKind, OracleSource, PriceBoard, PriceSlot};

use super::Quote;

/// Bounds within which a held price is left alone.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// A held price that is so much older is posted anew, seconds.
    pub max_age_secs: u32,
    /// A price that moved by so much is posted at once, ppm.
    pub min_move_ppm: u32,
}

impl Pace {
    /// Whether a source's quote is worth posting to a slot.
    pub fn is_worth(&self, slot: &PriceSlot, source: &OracleSource, quote: &Quote, now: i64) -> bool {
        if slot.update_count == 0 {
            return true;
        }
        let published_at = quote.published_at.unwrap_or(now);
        if published_at <= source.published_at {
            return false;
        }
        published_at.saturating_sub(slot.published_at) >= i64::from(self.max_age_secs)
            || price(quote)
                .is_some_and(|price| price.ratio_ppm_down(&slot.spot.get()).get().abs_diff(PPM) >= self.min_move_ppm)
    }
}

/// The price as the board holds it; none where it is out of range.
fn price(quote: &Quote) -> Option<Price> {
    let observed = match i64::try_from(quote.price) {
        Ok(price) => Observation::from_pyth(price, 0, quote.exponent, UnixSecs::NEVER, None),
        // Only Switchboard's values, of eighteen decimals, are so long.
        Err(_) if quote.exponent == -18 => Observation::from_switchboard(quote.price, 0, UnixSecs::NEVER, false),
        Err(_) => return None,
    };
    observed.ok().map(|observed| observed.price)
}

/// The sources that count now, with their slots: the standby where the price is switched to it, else the primary, and the
/// secondary while the primary is silent.
pub fn counting<'a>(
    board: &'a PriceBoard,
    feeds: &'a FeedBook,
    params: &'a GlobalParams,
    now: i64,
) -> impl Iterator<Item = (&'a PriceSlot, &'a OracleSource, OracleKind)> + 'a {
    let listed = board.slots.iter().zip(&feeds.feeds).filter(|(slot, _)| slot.active == 1);
    listed.flat_map(move |(slot, feed)| {
        let (in_use, secondary) = (feed.source(feed.in_use()), feed.source(PriceSource::Secondary));
        let silent_secs = now.saturating_sub(in_use.published_at);
        let silent = feed.on_standby == 0 && silent_secs >= i64::from(params.prices.primary_stale_secs);
        let both = std::iter::once(in_use).chain(silent.then_some(secondary));
        both.filter_map(move |source| {
            let kind = OracleKind::try_from(source.kind).ok().filter(|kind| *kind != OracleKind::None)?;
            Some((slot, source, kind))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use plimsoll_state::StoredPrice;

    const NOW: i64 = 1_760_000_000;
    const PACE: Pace = Pace { max_age_secs: 10, min_move_ppm: 1_000 };

    fn quote(price: i128, published_at: i64) -> Quote {
        Quote { feed: [1; 32], price, sigma: 0, exponent: -8, published_at: Some(published_at), samples: 1 }
    }

    fn held(dollars: i64, published_at: i64) -> PriceSlot {
        let spot = Observation::from_pyth(dollars * 100_000_000, 0, -8, UnixSecs::NEVER, None).unwrap().price;
        PriceSlot { active: 1, update_count: 1, published_at, spot: StoredPrice::from(spot), ..PriceSlot::zeroed() }
    }

    fn is_worth(slot: &PriceSlot, quote: &Quote) -> bool {
        let source = OracleSource { published_at: slot.published_at, ..OracleSource::zeroed() };
        PACE.is_worth(slot, &source, quote, NOW)
    }

    #[test]
    fn a_price_is_posted_when_there_is_none_when_it_is_old_and_when_it_has_moved() {
        let slot = held(200, NOW - 5);
        assert!(!is_worth(&slot, &quote(20_000_000_000, NOW)));
        assert!(!is_worth(&slot, &quote(20_019_000_000, NOW)));
        assert!(is_worth(&slot, &quote(20_021_000_000, NOW)) && is_worth(&slot, &quote(19_979_000_000, NOW)));
        assert!(is_worth(&held(200, NOW - 10), &quote(20_000_000_000, NOW)));
        assert!(is_worth(&PriceSlot::zeroed(), &quote(1, 0)));
    }

    #[test]
    fn a_price_that_is_not_newer_than_the_board_has_is_never_posted() {
        assert!(!is_worth(&held(200, NOW), &quote(1, NOW)));
        assert!(!is_worth(&held(200, NOW), &quote(1, NOW - 60)));
    }

    #[test]
    fn long_values_of_switchboard_are_compared_too() {
        let value = |dollars: i128| Quote { exponent: -18, ..quote(dollars * 10i128.pow(18), NOW) };
        assert!(!is_worth(&held(200, NOW - 5), &value(200)));
        assert!(is_worth(&held(200, NOW - 5), &value(201)));
    }

    #[test]
    fn the_second_source_counts_while_the_first_is_silent() {
        let params = GlobalParams::DEFAULT;
        let (mut board, mut book) = (PriceBoard::zeroed(), FeedBook::zeroed());
        board.slots[0] = held(200, NOW);
        book.feeds[0].sources[0].kind = OracleKind::PythPinned as u8;
        book.feeds[0].sources[1].kind = OracleKind::SwitchboardPull as u8;
        let kinds = |book: &FeedBook| counting(&board, book, &params, NOW).map(|(_, _, kind)| kind).collect::<Vec<_>>();
        book.feeds[0].sources[0].published_at = NOW - i64::from(params.prices.primary_stale_secs) + 1;
        assert_eq!(kinds(&book), [OracleKind::PythPinned]);
        book.feeds[0].sources[0].published_at -= 1;
        assert_eq!(kinds(&book), [OracleKind::PythPinned, OracleKind::SwitchboardPull]);
    }

    /// PRICE-10
    #[test]
    fn a_standby_in_use_counts_alone_however_long_it_is_silent() {
        let (mut board, mut book) = (PriceBoard::zeroed(), FeedBook::zeroed());
        board.slots[0] = held(200, NOW);
        let kinds = [OracleKind::PythPinned, OracleKind::SwitchboardPull, OracleKind::PythPosted];
        for (source, kind) in book.feeds[0].sources.iter_mut().zip(kinds) {
            source.kind = kind as u8;
        }
        book.feeds[0].on_standby = 1;
        let found: Vec<_> = counting(&board, &book, &GlobalParams::DEFAULT, NOW).map(|(_, _, kind)| kind).collect();
        assert_eq!(found, [OracleKind::PythPosted]);
    }
}

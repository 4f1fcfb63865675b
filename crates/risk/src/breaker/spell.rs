//! A stop that ends by itself, of which only so many follow on each other.

use crate::units::{Secs, UnixSecs};

/// How long a spell lasts, how many there may be in a row, and what separates two rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Of one spell, at most.
    pub lasts: Secs,
    /// Spells in a row, one at least.
    pub most: u32,
    /// Free of a spell for so long, the next one is the first of a new row.
    pub rest: Secs,
}

/// The latest spell and its place in its row; zeroed there has never been one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spell {
    /// When it ends or ended.
    pub until: UnixSecs,
    /// How many of its row have begun, itself included.
    pub in_a_row: u32,
}

impl Spell {
    /// Whether it stands; from the second on in which it ends it does not.
    #[inline(always)]
    pub const fn stands(&self, now: UnixSecs) -> bool {
        now.get() < self.until.get()
    }

    /// From when on another may begin: now unless the row is full.
    pub fn may_begin_at(&self, now: UnixSecs, terms: &Terms) -> UnixSecs {
        let rested = self.until.plus(terms.rest);
        if self.in_a_row >= terms.most {
            rested.max(now)
        } else {
            now
        }
    }

    /// Another spell from now on, `lasts` long and never longer than the terms say; one that stands is not shortened by it.
    /// It counts in the row whether or not the one before has ended: asked for early it is used up early.
    ///
    /// # Errors
    /// From when on another may begin, where the row is full and the rest is not over.
    pub fn begin(self, now: UnixSecs, lasts: Secs, terms: &Terms) -> Result<Self, UnixSecs> {
        let rested = !self.until.is_set() || now >= self.until.plus(terms.rest);
        let in_a_row = if rested { 1 } else { self.in_a_row.saturating_add(1) };
        if in_a_row > terms.most {
            return Err(self.may_begin_at(now, terms));
        }
        Ok(Self { until: self.until.max(now.plus(lasts.min(terms.lasts))), in_a_row })
    }

    /// At `now`, where something was seen that a breaker is for: another spell begins, unless one stands or must rest first.
    /// So what is seen again while it stands extends nothing.
    #[cold]
    #[must_use]
    pub fn tripped(self, now: UnixSecs, terms: &Terms) -> Self {
        if self.stands(now) {
            self
        } else {
            self.begin(now, terms.lasts, terms).unwrap_or(self)
        }
    }

    /// Ended now where it stands. Its place in the row stays: the rest begins now.
    #[must_use]
    pub fn ended(self, now: UnixSecs) -> Self {
        Self { until: self.until.min(now), ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec;

    use super::*;

    const TERMS: Terms = Terms { lasts: Secs::new(100), most: 3, rest: Secs::new(500) };
    const START: i64 = 1_700_000_000;

    fn at(later: i64) -> UnixSecs {
        UnixSecs::new(START + later)
    }

    #[test]
    fn a_spell_ends_by_itself_and_three_are_followed_by_a_rest() {
        let mut spell = Spell::default();
        for later in [0, 99, 250] {
            spell = spell.begin(at(later), Secs::new(100), &TERMS).unwrap();
            assert!(spell.stands(at(later + 99)) && !spell.stands(at(later + 100)), "{later}");
        }
        // The row is full: refused while it stands, after it, and until the second in which the rest is over.
        for later in [260, 350, 849] {
            assert_eq!(spell.begin(at(later), Secs::new(1), &TERMS), Err(at(850)), "{later}");
        }
        assert_eq!(spell.begin(at(850), Secs::new(7), &TERMS), Ok(Spell { until: at(857), in_a_row: 1 }));
    }

    #[test]
    fn a_gap_that_is_no_rest_does_not_end_the_row() {
        let spell = Spell::default().begin(at(0), Secs::new(100), &TERMS).unwrap();
        assert_eq!(spell.begin(at(599), Secs::new(100), &TERMS).unwrap().in_a_row, 2);
        assert_eq!(spell.begin(at(600), Secs::new(100), &TERMS).unwrap().in_a_row, 1);
    }

    #[test]
    fn one_that_is_ended_early_keeps_its_place_and_none_is_shortened_by_the_next() {
        let spell = Spell::default().begin(at(0), Secs::new(100), &TERMS).unwrap();
        assert_eq!(spell.ended(at(40)), Spell { until: at(40), in_a_row: 1 });
        assert_eq!(spell.ended(at(140)), spell);
        assert_eq!(spell.begin(at(10), Secs::new(5), &TERMS).unwrap(), Spell { until: at(100), in_a_row: 2 });
        assert_eq!(spell.begin(at(10), Secs::new(900), &TERMS).unwrap().until, at(110));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// KEY-4: whatever is asked for when, no more than `most` times `lasts` stands between two rests, and one that is
        /// refused may begin at the time that the refusal says.
        #[test]
        fn between_two_rests_no_more_stands_than_the_terms_let(
            asks in prop::collection::vec((0i64..400, 0u32..150, any::<bool>()), 1..60), rests in prop::collection::vec(0i64..1_200, 1..60),
        ) {
            let (mut spell, mut now, mut begun) = (Spell::default(), START, Vec::<i64>::new());
            let (mut standing, mut last_seen) = (0, UnixSecs::NEVER);
            for ((later, lasts, ends), rest) in asks.into_iter().zip(rests.into_iter().cycle()) {
                let before = spell;
                now += if later % 7 == 0 { rest } else { later };
                let time = UnixSecs::new(now);
                // What stood since the last look.
                if last_seen.is_set() {
                    standing += before.until.min(time).elapsed_since(last_seen).get();
                }
                if before.until.is_set() && time >= before.until.plus(TERMS.rest) {
                    (standing, begun) = (0, Vec::new());
                }
                last_seen = time;
                if ends {
                    spell = spell.ended(time);
                    prop_assert!(!spell.stands(time) && spell.in_a_row == before.in_a_row);
                    continue;
                }
                match spell.begin(time, Secs::new(lasts), &TERMS) {
                    Ok(next) => {
                        spell = next;
                        begun.push(now);
                        prop_assert!(spell.until <= time.plus(TERMS.lasts).max(before.until));
                    }
                    Err(from) => {
                        prop_assert!(from > time && before.in_a_row == TERMS.most);
                        prop_assert_eq!(before.begin(from, Secs::new(lasts), &TERMS).map(|next| next.in_a_row), Ok(1));
                        prop_assert!(before.begin(UnixSecs::new(from.get() - 1), Secs::new(lasts), &TERMS).is_err());
                    }
                }
                prop_assert_eq!(begun.len(), spell.in_a_row as usize);
                prop_assert!(begun.len() <= TERMS.most as usize);
                prop_assert!(standing <= (TERMS.lasts.get() * TERMS.most as u64), "{standing}");
            }
        }
    }
}

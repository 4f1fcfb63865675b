//! Which leg improves the account most for each dollar, and whether any can pay a liquidator for a cure (LEG-1).

use super::closable::{pair, perp, Candidate, LegName, Sorter};
use crate::auction::pays_a_liquidator;
use crate::portfolio::Portfolio;
use crate::units::{Atoms, Ppm, UsdMicro, UsdMicroSum, UsdPico};

/// The best marginal maintenance among admissible legs, and whether any leg can pay for a cure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BestLeg {
    /// m at p = 0 of the best leg; zero without any leg.
    pub rate_ppm: Ppm,
    /// That leg.
    pub name: Option<LegName>,
    /// Some leg above dust with a valid price has `p_max * (1 - c) >= p_floor`, h at spot.
    pub cure_pays: bool,
    paying: Paying,
}

impl BestLeg {
    /// Whether some leg above dust with a valid price has `p_max * (1 - c) >= p_floor` at this h.
    #[inline(never)]
    pub fn pays_at(&self, portfolio: &Portfolio, health_ppm: Ppm) -> bool {
        pays_a_liquidator(self.paying.ceiling_ppm_down(portfolio, health_ppm), &portfolio.params)
    }
}

/// One class of the best-leg rule: the best leg of every kind in it.
#[derive(Clone, Copy, Default)]
struct Class<'a> {
    pair: pair::Best<'a>,
    perp: perp::Best<'a>,
}

impl Class<'_> {
    /// Its best leg, and m of that at p = 0; of two equal ones the pair.
    fn best(&self) -> Option<(Ppm, LegName)> {
        match (self.pair.leg(), self.perp.leg()) {
            (Some(pair), Some(perp)) => Some(if perp.0 > pair.0 { perp } else { pair }),
            (pair, perp) => pair.or(perp),
        }
    }
}

/// Of every kind the leg above dust that bears the largest penalty, whatever the account's health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Paying {
    pair: Option<pair::Paying>,
    perp: Option<perp::Paying>,
}

impl Paying {
    fn of(class: &Class<'_>) -> Self {
        Self { pair: class.pair.paying(), perp: class.perp.paying() }
    }

    /// The largest penalty that any of them bears at this h; zero without a leg.
    fn ceiling_ppm_down(&self, portfolio: &Portfolio, health_ppm: Ppm) -> Ppm {
        let (params, quote) = (&portfolio.params, &portfolio.quote.weights);
        let pair = self.pair.map_or(Ppm::ZERO, |paying| paying.ceiling_ppm_down(health_ppm, params));
        let perp = self.perp.map_or(Ppm::ZERO, |paying| paying.ceiling_ppm_down(health_ppm, quote, params));
        pair.max(perp)
    }
}

/// The three classes of the best-leg rule: valid price, above dust and above 1 % of G; above dust; any. Beside them what
/// pays for a cure: every leg above dust.
struct Classes<'a> {
    any: Class<'a>,
    above_dust: Class<'a>,
    above_share: Class<'a>,
    paying: Class<'a>,
    dust: UsdMicro,
    /// 1 % of G.
    large: UsdPico,
}

impl<'a> Classes<'a> {
    /// Only a leg that some class wants is valued.
    #[inline(always)]
    fn sort<C: Candidate>(
        &mut self,
        candidate: C,
        best: impl for<'b> Fn(&'b mut Class<'a>) -> &'b mut C::Best,
        value: impl FnOnce() -> UsdMicro,
    ) {
        let may_be_best = candidate.may_be_best();
        if may_be_best && candidate.is_better(best(&mut self.any)) {
            candidate.enter(best(&mut self.any));
        }
        let compared = may_be_best
            && (candidate.is_better(best(&mut self.above_dust)) || candidate.is_better(best(&mut self.above_share)));
        let pays_more = candidate.is_better(best(&mut self.paying));
        if !compared && !pays_more {
            return;
        }
        let value = value();
        if value <= self.dust {
            return;
        }
        if pays_more {
            candidate.enter(best(&mut self.paying));
        }
        if may_be_best {
            if candidate.is_better(best(&mut self.above_dust)) {
                candidate.enter(best(&mut self.above_dust));
            }
            let above_share = best(&mut self.above_share);
            if candidate.is_better(above_share) && value.pico() > self.large {
                candidate.enter(best(&mut self.above_share));
            }
        }
    }
}

/// Where each kind's candidates stand in a class.
macro_rules! sorted_into {
    ($($candidate:ty => $field:ident,)+) => {$(
        impl<'a> Sorter<$candidate> for Classes<'a> {
            #[inline(always)]
            fn sort(&mut self, candidate: $candidate, value: impl FnOnce() -> UsdMicro) {
                Classes::sort(self, candidate, |class| &mut class.$field, value);
            }
        }
    )+};
}

sorted_into! {
    pair::AssetLeg<'a> => pair,
    pair::LiabilityLeg<'a> => pair,
    perp::Base<'a> => perp,
}

/// Scans the legs: valid price, above dust, above 1 % of G (none: above dust; none: any). Legs that the engine discounts
/// by more than half (an asset weight below one half, a liability weight above two) set no best (LEG-1, LEG-2).
///
/// The last argument is what can be seized of quote and what is owed in it, see [`crate::margin::quote_sides`].
#[inline(never)]
pub fn best_leg(portfolio: &Portfolio, gross: UsdMicroSum, health_ppm: Ppm, quote_sides: (Atoms, Atoms)) -> BestLeg {
    let params = &portfolio.params;
    let mut classes = Classes {
        any: Class::default(),
        above_dust: Class::default(),
        above_share: Class::default(),
        paying: Class::default(),
        dust: params.legs.dust(),
        large: gross.times(params.legs.best_leg_min()),
    };
    pair::sort(portfolio, quote_sides, &mut classes);
    perp::sort(portfolio, &mut classes);
    let best = classes.above_share.best().or(classes.above_dust.best()).or(classes.any.best());
    let mut found = BestLeg {
        rate_ppm: best.map_or(Ppm::ZERO, |(rate, _)| rate),
        name: best.map(|(_, name)| name),
        cure_pays: false,
        paying: Paying::of(&classes.paying),
    };
    found.cure_pays = found.pays_at(portfolio, health_ppm);
    found
}

#[cfg(test)]
mod tests;

//! Where an account stands: its margins, whether anybody may liquidate it, and if not yet, when.

use plimsoll_risk::auction::Regime;
use plimsoll_risk::oracle::integrate_down;
use plimsoll_risk::units::Secs;
use plimsoll_sdk::view::Accounts;
use plimsoll_state::{AccountStatus, StoredPrice};
use schemars::JsonSchema;
use serde::Serialize;

use crate::amount::ratio;
use crate::fault::{Fault, Result};
use crate::margin::{underlyings, Standing};
use crate::quantity::Usd;
use crate::text::{Cell, Text, Tone};

/// How far ahead an average is followed.
const FOLLOWED_SECS: u32 = 600;

/// Whether an account may be liquidated, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// At or above target at spot.
    Healthy,
    /// Between maintenance and target at spot.
    BelowTarget,
    /// Below maintenance at spot, not yet at the fast average: nobody may liquidate it yet.
    BelowAtSpotNotYetAtAverage,
    /// Below maintenance at the fast average, no longer at spot: nobody may liquidate it any more.
    BelowAtAverageNoLongerAtSpot,
    /// Below maintenance at both, but not with every price doubted in its favour: nobody may liquidate it.
    BelowWithinTheDoubtOfPrices,
    /// It may be cured.
    MayBeCured,
    /// It may be wound down.
    MayBeWoundDown,
    /// It may be wound down, and is worth less than nothing.
    Insolvent,
    /// Bankrupt: its assets are being moved.
    Seizing,
    /// Bankrupt: what it owes is being paid.
    Paying,
}

impl Health {
    /// By an account's margins and its status.
    pub fn of(standing: &Standing, status: u8) -> Self {
        match AccountStatus::try_from(status) {
            Ok(AccountStatus::Seizing) => return Self::Seizing,
            Ok(AccountStatus::Paying) => return Self::Paying,
            _ => {}
        }
        let (spot, fast) = (&standing.assessment.spot, &standing.assessment.fast);
        match standing.assessment.regime.map(|choice| choice.regime) {
            Some(Regime::Cure) => Self::MayBeCured,
            Some(Regime::WindDown) if standing.nav < 0 => Self::Insolvent,
            Some(Regime::WindDown) => Self::MayBeWoundDown,
            None => match (spot.is_under_water(), fast.is_under_water()) {
                (true, true) => Self::BelowWithinTheDoubtOfPrices,
                (true, false) => Self::BelowAtSpotNotYetAtAverage,
                (false, true) => Self::BelowAtAverageNoLongerAtSpot,
                (false, false) if standing.nav < standing.tmr => Self::BelowTarget,
                (false, false) => Self::Healthy,
            },
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::BelowTarget => "healthy, below target",
            Self::BelowAtSpotNotYetAtAverage => "below maintenance at spot, not yet at the average",
            Self::BelowAtAverageNoLongerAtSpot => "below maintenance at the average, no longer at spot",
            Self::BelowWithinTheDoubtOfPrices => "below maintenance, but within the doubt of prices",
            Self::MayBeCured => "under water: may be cured",
            Self::MayBeWoundDown => "under water: may be wound down",
            Self::Insolvent => "insolvent",
            Self::Seizing => "bankrupt: assets are being moved",
            Self::Paying => "bankrupt: legs are being paid",
        }
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Healthy => Tone::Good,
            Self::BelowTarget | Self::BelowAtAverageNoLongerAtSpot => Tone::Warning,
            _ => Tone::Bad,
        }
    }

    /// In words, coloured.
    pub fn cell(self) -> Cell {
        Cell::toned(self.words(), self.tone())
    }
}

/// An account's margins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Margin {
    /// Net asset value at spot.
    pub nav: Usd,
    /// Maintenance requirement at spot.
    pub mmr: Usd,
    /// Target requirement at spot.
    pub tmr: Usd,
    /// `NAV / MMR` at spot, rounded down; null without a requirement.
    pub ratio_ppm: Option<u32>,
    /// Net asset value at conservative prices, which counts for adding risk.
    pub init_nav: Usd,
    /// Initial requirement at conservative prices.
    pub imr: Usd,
    /// What is free for adding risk: the difference of the two before, below zero where there is nothing.
    pub free: Usd,
    /// Where it stands.
    pub health: Health,
    /// Whether anybody may liquidate it now.
    pub may_be_liquidated: bool,
    /// In how many seconds anybody may, if prices stay as they are: null where that is now, or where they would have to move.
    pub liquidatable_in_secs: Option<u32>,
}

impl Margin {
    /// Of an account at a board.
    ///
    /// # Errors
    /// A formula's refusal.
    pub fn of(accounts: &Accounts) -> Result<Self> {
        let standing = Standing::of(accounts)?;
        let health = Health::of(&standing, accounts.account.status);
        let waits = health == Health::BelowAtSpotNotYetAtAverage;
        Ok(Self {
            nav: Usd::pico(standing.nav),
            mmr: Usd::pico(standing.mmr),
            tmr: Usd::pico(standing.tmr),
            ratio_ppm: (standing.ratio_ppm != u32::MAX).then_some(standing.ratio_ppm),
            init_nav: Usd::pico(standing.init_nav),
            imr: Usd::pico(standing.imr),
            free: Usd::pico(standing.init_nav - standing.imr),
            health,
            may_be_liquidated: standing.assessment.regime.is_some(),
            liquidatable_in_secs: if waits { liquidatable_in(accounts)? } else { None },
        })
    }

    /// The ratio for people.
    pub fn ratio_text(&self) -> String {
        ratio(self.ratio_ppm.unwrap_or(u32::MAX))
    }

    /// Where it stands, and when that becomes something else.
    pub fn health_text(&self) -> String {
        let words = self.health.words();
        match (self.health, self.liquidatable_in_secs) {
            (Health::BelowAtSpotNotYetAtAverage, Some(secs)) => {
                format!("{words}: may be liquidated in about {secs} s if prices stay")
            }
            (Health::BelowAtSpotNotYetAtAverage, None) => {
                format!("{words}: nobody may liquidate it while prices stay within their doubt")
            }
            _ => words.to_owned(),
        }
    }

    fn facts(&self) -> [(&'static str, String); 7] {
        [
            ("NAV", self.nav.text()),
            ("MMR", self.mmr.text()),
            ("TMR", self.tmr.text()),
            ("margin ratio", self.ratio_text()),
            ("NAV for adding risk", self.init_nav.text()),
            ("IMR", self.imr.text()),
            ("free for adding risk", self.free.text()),
        ]
    }

    /// Names and values.
    pub fn lines(&self) -> Vec<(&'static str, Cell)> {
        let mut lines: Vec<(&str, Cell)> = self.facts().into_iter().map(|(name, value)| (name, value.into())).collect();
        lines.push(("state", Cell::toned(self.health_text(), self.health.tone())));
        lines
    }
}

/// Margins before and after something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// Before it.
    pub before: Margin,
    /// After it: as it was read again, under a dry run as it would be; null where it could not be read.
    pub after: Option<Margin>,
}

impl Change {
    /// A table of both.
    pub fn text(&self, columns: [&'static str; 3]) -> Text {
        let Some(after) = &self.after else {
            return Text::default().note("margins afterwards could not be read: `plimsoll account show`");
        };
        let lines = self.before.facts().into_iter().zip(after.facts());
        let mut rows: Vec<Vec<Cell>> =
            lines.map(|((name, before), (_, after))| vec![name.into(), before.into(), after.into()]).collect();
        rows.push(vec!["state".into(), self.before.health.cell(), after.health.cell()]);
        Text::table(&columns, rows)
    }
}

/// After how many seconds the averages have followed spot so far that anybody may liquidate the account; none where that takes
/// other prices, or longer than ten minutes. Every second is integrated as the board does it.
///
/// # Errors
/// A formula's refusal.
fn liquidatable_in(accounts: &Accounts) -> Result<Option<u32>> {
    let slots = underlyings(accounts.account, accounts.registry);
    let quote = accounts.registry.banks[plimsoll_state::Registry::QUOTE_BANK].price_slot;
    let mut board = Box::new(*accounts.board);
    for secs in 1..=FOLLOWED_SECS {
        for slot in slots.iter().chain([&quote]) {
            let slot = &mut board.slots[*slot as usize];
            let (fast, spot) = (slot.fast.get(), slot.spot.get());
            let constant = Secs::new(slot.terms.fast_secs);
            slot.fast = StoredPrice::from(integrate_down(fast, spot, Secs::new(1), constant).map_err(Fault::of_risk)?);
        }
        let then = Accounts { board: &board, ..*accounts };
        if then.assessment().map_err(Fault::of_risk)?.regime.is_some() {
            return Ok(Some(secs));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::tests::{world, SOL, USDC};
    use crate::margin::with_price;
    use plimsoll_risk::units::Ppm;

    /// 100 SOL of 200 dollars, 14,000 USDC owed, and SOL at another price, the averages with it or not.
    fn at(dollars: &str, spot_only: bool) -> Margin {
        let mut world = world();
        world.hold(0, SOL, 100_000_000_000).hold(1, USDC, -14_000_000_000);
        let price = crate::amount::price(dollars).unwrap();
        let board = with_price(&world.board, SOL as u8, price, spot_only, Ppm::new(2_000_000)).unwrap();
        Margin::of(&Accounts { board: &board, ..world.accounts() }).unwrap()
    }

    #[test]
    fn an_account_under_water_at_spot_alone_is_not_called_healthy_and_is_told_when_that_ends() {
        let jump = at("160", true);
        assert_eq!((jump.health, jump.may_be_liquidated), (Health::BelowAtSpotNotYetAtAverage, false));
        // The average falls from 200 towards 160 with 15 s, and crosses 164.71 = 14,000 / 85 after 15 ln(40 / 4.71).
        assert_eq!(jump.liquidatable_in_secs, Some(33));
        assert!(jump.health_text().ends_with("not yet at the average: may be liquidated in about 33 s if prices stay"));
        let fallen = at("160", false);
        assert_eq!((fallen.health, fallen.liquidatable_in_secs), (Health::MayBeCured, None));
    }

    #[test]
    fn a_price_that_has_come_back_leaves_the_average_below() {
        let mut world = world();
        world.hold(0, SOL, 100_000_000_000).hold(1, USDC, -14_000_000_000);
        world.board.slots[SOL].fast = StoredPrice::from(crate::amount::price("160").unwrap());
        let margin = Margin::of(&world.accounts()).unwrap();
        assert_eq!(margin.health, Health::BelowAtAverageNoLongerAtSpot);
        assert!(!margin.health_text().contains("healthy"));
    }

    #[test]
    fn margins_are_exact_for_programs() {
        let json = crate::quantity::spliced(serde_json::to_value(at("200", false)).unwrap());
        assert_eq!((&json["nav_usd"], &json["nav_usd_micro"]), (&"5999.999999".into(), &"5999999999".into()));
        assert_eq!((&json["health"], &json["ratio_ppm"]), (&"healthy".into(), &1_999_999.into()));
    }
}

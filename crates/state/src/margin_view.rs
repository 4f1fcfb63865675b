//! What `check_margin` returns, as plain bytes for any caller.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::margin::{initial_margins, margins, Margins};
use plimsoll_risk::portfolio::{Portfolio, PriceKind};
use plimsoll_risk::units::Ppm;

use crate::{same_address, Address, I128Le, MarginAccount};

/// NAV and requirements at one price, pico-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct MaintenanceView {
    /// NAV, each leg's value rounded against the account.
    pub nav_usd_pico: I128Le,
    /// Maintenance requirement.
    pub mmr_usd_pico: I128Le,
    /// Target requirement.
    pub tmr_usd_pico: I128Le,
}

impl From<&Margins> for MaintenanceView {
    fn from(margins: &Margins) -> Self {
        Self {
            nav_usd_pico: I128Le::new(margins.nav.get()),
            mmr_usd_pico: I128Le::new(margins.mmr().get()),
            tmr_usd_pico: I128Le::new(margins.tmr().get()),
        }
    }
}

/// Return data of `check_margin`. Views that were not asked for are zero, and not among `views`.
///
/// Anybody may create an engine, list a token of his own in it at any price and deposit that: an answer says nothing
/// before its reader has compared whose it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct MarginView {
    /// `NAV / MMR` at spot in ppm, rounded down; `u32::MAX` without a requirement, 0 where NAV is not positive.
    pub ratio_ppm: u32,
    /// Bits of [`MarginView::STALE`] and so on.
    pub flags: u32,
    /// Which views it has: bits of [`MarginView::SPOT`] and so on.
    pub views: u32,
    /// Zero.
    pub _pad: u32,
    /// The engine whose prices and parameters these margins follow from.
    pub engine: Address,
    /// The margin account.
    pub account: Address,
    /// Its owner.
    pub owner: Address,
    /// At spot.
    pub spot: MaintenanceView,
    /// At the fast average.
    pub fast: MaintenanceView,
    /// NAV at conservative prices, pico-dollars.
    pub init_nav_usd_pico: I128Le,
    /// Initial requirement, pico-dollars.
    pub imr_usd_pico: I128Le,
}

const _: () = assert!(core::mem::size_of::<MarginView>() == 240);

impl MarginView {
    /// What the margins of the account at `address`, loaded into a portfolio, are: all three views, or maintenance at spot
    /// alone. The program, clients that read accounts themselves and the WebAssembly module all answer with this.
    #[inline(always)]
    pub fn of(address: &Address, account: &MarginAccount, portfolio: &Portfolio, all: bool) -> Self {
        let spot = margins(portfolio, PriceKind::Spot, false);
        let (stale, old, ready) = portfolio.ages();
        let mut flags = if spot.saturated { Self::SATURATED } else { 0 };
        flags |= if stale { Self::STALE } else { 0 };
        flags |= if old { Self::OLD } else { 0 };
        flags |= if all && !ready { Self::NOT_READY } else { 0 };
        // Every field once: zeroing all of it first costs a small account's check a hundredth.
        let (views, fast, init_nav_usd_pico, imr_usd_pico) = if all {
            let (fast, initial) = (margins(portfolio, PriceKind::Fast, false), initial_margins(portfolio));
            let all = Self::SPOT | Self::FAST | Self::INITIAL;
            (all, MaintenanceView::from(&fast), I128Le::new(initial.nav.get()), I128Le::new(initial.imr().get()))
        } else {
            (Self::SPOT, MaintenanceView::default(), I128Le::default(), I128Le::default())
        };
        Self {
            ratio_ppm: spot.ratio_ppm_down(Ppm::MAX).get(),
            flags,
            views,
            _pad: 0,
            engine: account.engine,
            account: *address,
            owner: account.owner,
            spot: MaintenanceView::from(&spot),
            fast,
            init_nav_usd_pico,
            imr_usd_pico,
        }
    }

    /// Some leg's price is stale; the account may add no risk.
    pub const STALE: u32 = 1;
    /// Some leg's averages are not ready; the account may add no risk.
    pub const NOT_READY: u32 = 2;
    /// Some leg's value left the range of the numbers; the account may add no risk.
    pub const SATURATED: u32 = 4;
    /// Some leg's price is older than the risk age, or a breaker stands, the price's or that of the insurance of what is owed;
    /// the account may add no risk. Asked for with the initial view.
    pub const OLD: u32 = 8;

    /// Has maintenance and target at spot.
    pub const SPOT: u32 = 1;
    /// Has maintenance and target at the fast average.
    pub const FAST: u32 = 2;
    /// Has initial margin.
    pub const INITIAL: u32 = 4;

    /// The answer is about the engine and the account that its reader means (MARGIN-10).
    ///
    /// # Errors
    /// `EngineMismatch`, `AccountMismatch`, `OwnerMismatch`.
    pub fn require_of(&self, expected: &Expected) -> Result<(), ViewRefusal> {
        refuse_unless(same_address(&self.engine, &expected.engine), ViewRefusal::EngineMismatch)?;
        match &expected.holder {
            Holder::Account(account) => {
                refuse_unless(same_address(&self.account, account), ViewRefusal::AccountMismatch)
            }
            Holder::Owner(owner) => refuse_unless(same_address(&self.owner, owner), ViewRefusal::OwnerMismatch),
        }
    }

    /// Maintenance and target at spot.
    ///
    /// # Errors
    /// `ViewMissing`.
    pub fn at_spot(&self) -> Result<&MaintenanceView, ViewRefusal> {
        self.require_views(Self::SPOT).map(|()| &self.spot)
    }

    /// Maintenance and target at the fast average.
    ///
    /// # Errors
    /// `ViewMissing` where only spot was asked for.
    pub fn at_fast(&self) -> Result<&MaintenanceView, ViewRefusal> {
        self.require_views(Self::FAST).map(|()| &self.fast)
    }

    /// By how much NAV exceeds the initial requirement, pico-dollars, saturating; below zero the account may add no risk.
    ///
    /// # Errors
    /// `ViewMissing` where only spot was asked for.
    pub fn initial_left_usd_pico(&self) -> Result<i128, ViewRefusal> {
        self.require_views(Self::INITIAL)?;
        Ok(self.init_nav_usd_pico.get().saturating_sub(self.imr_usd_pico.get()))
    }

    /// Whether the account that is meant may add risk now: every price fresh, ready and in range, and NAV at or above the
    /// initial requirement (MARGIN-10).
    ///
    /// # Errors
    /// Those of [`Self::require_of`]; `ViewMissing` where only spot was asked for.
    pub fn may_add_risk(&self, expected: &Expected) -> Result<bool, ViewRefusal> {
        self.require_of(expected)?;
        let left = self.initial_left_usd_pico()?;
        // Every flag forbids it, and so would one that this reader does not know.
        Ok(self.flags == 0 && left >= 0)
    }

    fn require_views(&self, views: u32) -> Result<(), ViewRefusal> {
        refuse_unless(self.views & views == views, ViewRefusal::ViewMissing)
    }
}

/// Whose margin a caller means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The engine that it trusts.
    pub engine: Address,
    /// The account, or who has to own it.
    pub holder: Holder,
}

/// Which account of an engine a caller means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// This margin account, whose owner the caller has checked before.
    Account(Address),
    /// Any margin account of this owner.
    Owner(Address),
}

/// Why an answer does not say what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewRefusal {
    /// It is another engine's.
    EngineMismatch,
    /// It is about another account.
    AccountMismatch,
    /// It is about another owner's account.
    OwnerMismatch,
    /// The view was not asked for.
    ViewMissing,
}

impl core::fmt::Display for ViewRefusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::EngineMismatch => "the margin is another engine's",
            Self::AccountMismatch => "the margin is another account's",
            Self::OwnerMismatch => "the margin is that of another owner's account",
            Self::ViewMissing => "the answer lacks the view: ask for three",
        })
    }
}

impl core::error::Error for ViewRefusal {}

fn refuse_unless(holds: bool, refusal: ViewRefusal) -> Result<(), ViewRefusal> {
    if holds {
        Ok(())
    } else {
        Err(refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: Expected = Expected { engine: [1; 32], holder: Holder::Account([2; 32]) };
    const HIS: Expected = Expected { engine: [1; 32], holder: Holder::Owner([3; 32]) };

    fn view(views: u32, nav: i128, imr: i128, flags: u32) -> MarginView {
        MarginView {
            flags,
            views,
            engine: [1; 32],
            account: [2; 32],
            owner: [3; 32],
            init_nav_usd_pico: I128Le::new(nav),
            imr_usd_pico: I128Le::new(imr),
            ..MarginView::default()
        }
    }

    #[test]
    fn an_account_may_add_risk_at_its_initial_requirement_with_every_price_in_order() {
        let all = MarginView::SPOT | MarginView::FAST | MarginView::INITIAL;
        for expected in [OURS, HIS] {
            assert_eq!(view(all, 5, 5, 0).may_add_risk(&expected), Ok(true));
            assert_eq!(view(all, 4, 5, 0).may_add_risk(&expected), Ok(false));
            for flag in [MarginView::STALE, MarginView::NOT_READY, MarginView::SATURATED, MarginView::OLD] {
                assert_eq!(view(all, 9, 5, flag).may_add_risk(&expected), Ok(false));
            }
        }
        assert_eq!(view(all, 4, 5, 0).initial_left_usd_pico(), Ok(-1));
    }

    /// MARGIN-10
    #[test]
    fn an_answer_of_one_view_says_nothing_of_the_others() {
        // It used to compare a NAV of 0 with a requirement of 0, and say that the account may add risk.
        let one = view(MarginView::SPOT, 0, 0, 0);
        assert_eq!(one.may_add_risk(&OURS), Err(ViewRefusal::ViewMissing));
        assert_eq!(one.initial_left_usd_pico(), Err(ViewRefusal::ViewMissing));
        assert_eq!(one.at_fast(), Err(ViewRefusal::ViewMissing));
        assert_eq!(one.at_spot(), Ok(&MaintenanceView::default()));
        assert_eq!(MarginView::default().at_spot(), Err(ViewRefusal::ViewMissing));
    }

    /// MARGIN-10
    #[test]
    fn an_answer_about_another_engine_account_or_owner_is_refused_by_name() {
        let rosy = view(MarginView::INITIAL, i128::MAX, 0, 0);
        let cases = [
            (Expected { engine: [9; 32], ..OURS }, ViewRefusal::EngineMismatch),
            (Expected { engine: [9; 32], ..HIS }, ViewRefusal::EngineMismatch),
            (Expected { holder: Holder::Account([3; 32]), ..OURS }, ViewRefusal::AccountMismatch),
            (Expected { holder: Holder::Owner([2; 32]), ..OURS }, ViewRefusal::OwnerMismatch),
        ];
        for (expected, refusal) in cases {
            assert_eq!(rosy.may_add_risk(&expected), Err(refusal));
        }
    }
}

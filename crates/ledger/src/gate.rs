//! What margin checks leave in an account: its clocks, and whether its owner stands called. Who loads the account, what is
//! logged and which event is sent is the caller's.

use plimsoll_risk::auction::Clocks;
use plimsoll_risk::liquidate::{Assessment, Plan};
use plimsoll_risk::margin::{check_initial, check_takeover, is_called, margins, InitialMargins};
use plimsoll_risk::portfolio::{Portfolio, PriceKind};
use plimsoll_risk::units::UnixSecs;
use plimsoll_risk::RiskResult;
use plimsoll_state::{AccountStatus, Books, MarginAccount, PositionKind, PriceSlot, Registry};

use crate::account;

/// What an account must satisfy that takes on something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It adds risk: initial margin, at prices young enough for that.
    Initial,
    /// It takes over from an account under water: initial margin, at fresh prices.
    Takeover,
}

impl Check {
    /// The margins of an account that satisfies it, loaded with its initial prices.
    ///
    /// # Errors
    /// Those of [`check_initial`] and [`check_takeover`].
    #[inline(always)]
    pub fn holds(self, portfolio: &Portfolio) -> RiskResult<InitialMargins> {
        match self {
            Self::Initial => check_initial(portfolio),
            Self::Takeover => check_takeover(portfolio),
        }
    }
}

/// Clears the clocks of an account that has passed a check, which `clocks` date; of one that owes nothing they are as they were.
#[inline(always)]
pub fn passed(account: &mut MarginAccount, mut clocks: Clocks, now: UnixSecs) {
    // Initial implies target at both prices, and so does owing nothing.
    clocks.clear(now);
    account::set_clocks(account, &clocks);
    // Whoever adds risk is told again where that leaves him.
    account.called = 0;
}

/// Stores what an observation saw, and whether the owner stands called. True where he is to be called now (CALL-1).
#[must_use]
#[inline(always)]
pub fn record(account: &mut MarginAccount, assessment: &Assessment, portfolio: &Portfolio) -> bool {
    account::set_clocks(account, &assessment.clocks);
    let called = is_called(&assessment.spot, portfolio.params.observation.call_band());
    let begins = called && account.called == 0;
    account.called = called as u8;
    begins
}

/// Stores what a liquidation saw: a call that is no longer due ends, none begins.
#[inline(always)]
pub fn record_liquidated(account: &mut MarginAccount, plan: &Plan, after: &Portfolio) {
    account::set_clocks(account, &plan.clocks);
    if account.called == 1 && !is_called(&plan.after, after.params.observation.call_band()) {
        account.called = 0;
    }
}

/// Whether what helps an account has to record what it leaves: its clocks run or its owner stands called, and nobody
/// resolves it.
#[inline(always)]
pub fn wants_relief(account: &MarginAccount) -> bool {
    account.status == AccountStatus::Active as u8 && (account.called == 1 || account.clocks().remembers())
}

/// At or above maintenance at spot and at the fast average, for both of which the account is loaded.
#[inline(always)]
pub fn is_healthy(portfolio: &Portfolio) -> bool {
    !margins(portfolio, PriceKind::Spot, false).is_under_water()
        && !margins(portfolio, PriceKind::Fast, false).is_under_water()
}

/// What keeps an account from adding risk beside the age of its prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A price is halted: this slot of the board.
    Halted(u8),
    /// A price's breaker stands: this slot of the board, and until when.
    Tripped(u8, UnixSecs),
    /// Much was drawn of the insurance of a bank in which it owes: the bank, and until when.
    Drawn(u8, UnixSecs),
}

/// The first halt or breaker among the prices that an account's margin is made of, else one of insurance.
#[cold]
#[inline(never)]
pub fn stop(account: &MarginAccount, books: &Books<'_>) -> Option<Stop> {
    let banks = account.tokens.iter().filter(|token| token.used == 1).map(|token| token.bank as usize);
    let tokens = banks.chain([Registry::QUOTE_BANK]).filter_map(|bank| books.registry.bank(bank));
    let perps = account.derivatives.iter().filter(|position| position.kind != PositionKind::Empty as u8);
    let slots = tokens.map(|slot| slot.price_slot).chain(perps.map(|position| position.underlying));
    let now = books.now;
    let stopped = |slot: &PriceSlot| slot.halted_until() > now || slot.tripped_until() > now;
    let mut found = slots.filter_map(|number| Some((books.board.slot(number as usize)?, number)));
    match found.find(|(slot, _)| stopped(slot)) {
        Some((slot, number)) if slot.halted_until() > now => Some(Stop::Halted(number)),
        Some((slot, number)) => Some(Stop::Tripped(number, slot.tripped_until())),
        None => books.registry.drawn_for(account, now).map(|(bank, until)| Stop::Drawn(bank, until)),
    }
}

#[cfg(test)]
mod tests {
    use bytemuck::Zeroable;
    use plimsoll_risk::params::GlobalParams;
    use plimsoll_risk::units::SignedAtoms;

    use super::*;

    const NOW: UnixSecs = UnixSecs::new(1_700_000_000);

    fn remembering() -> MarginAccount {
        MarginAccount {
            under_water_secs: 7,
            observed: 1,
            observed_at: NOW.get() - 5,
            called: 1,
            ..MarginAccount::zeroed()
        }
    }

    #[test]
    fn who_passes_remembers_nothing_but_when() {
        let mut account = remembering();
        assert!(wants_relief(&account));
        let clocks = Clocks { passed_at: NOW, ..account.clocks() };
        passed(&mut account, clocks, NOW);
        let left = (account.under_water_secs, account.observed, account.called, account.passed_at);
        assert_eq!(left, (0, 0, 0, NOW.get()));
        assert!(!wants_relief(&account));
    }

    #[test]
    fn a_stale_debt_passes_neither_check() {
        let mut portfolio = Portfolio::empty(GlobalParams::DEFAULT);
        portfolio.tokens[0].amount_atoms = SignedAtoms::new(-5);
        portfolio.tokens[0].prices.stale = true;
        portfolio.token_count = 1;
        assert!([Check::Initial, Check::Takeover].into_iter().all(|check| check.holds(&portfolio).is_err()));
    }

    #[test]
    fn nobody_who_is_being_resolved_is_observed_by_a_repayment() {
        let frozen = MarginAccount { status: AccountStatus::Paying as u8, ..remembering() };
        assert!(!wants_relief(&frozen));
    }

    #[test]
    fn an_owner_stands_called_until_a_liquidation_or_an_observation_ends_it() {
        let portfolio = Portfolio::empty(GlobalParams::DEFAULT);
        let mut account = remembering();
        let assessment = plimsoll_risk::liquidate::assess(&portfolio, &account.clocks(), NOW);
        // Nothing is owed, so nobody is called, and the call that stood ends.
        assert!(!record(&mut account, &assessment, &portfolio));
        assert_eq!(account.called, 0);
    }
}

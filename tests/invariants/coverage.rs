//! Which states the random sequences were in: counted, printed, and with a floor, so that a sequence test that no longer
//! gets anywhere fails.

use std::collections::BTreeMap;

use plimsoll_risk::params::GlobalParams;
use plimsoll_state::{AccountStatus, Registry, SlotStatus};
use plimsoll_tests::*;

macro_rules! states {
    ($($(#[$doc:meta])+ $state:ident,)+) => {
        /// A state of the engine, or a refusal that stands for one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum State { $($(#[$doc])+ $state,)+ }

        /// All of them.
        pub const ALL: &[State] = &[$(State::$state),+];
    };
}

states! {
    /// A bank whose deposits are all lent.
    FullUtilization,
    /// A liquidation went through while the bank of its debt had nothing free.
    LiquidatedAtFullUtilization,
    /// A liquidation went through while the bank of its debt was at its caps, or took nothing that grows.
    LiquidatedPastCaps,
    /// Something was refused for want of liquidity.
    LiquidityInsufficient,
    /// A deposit met the cap.
    DepositCap,
    /// A borrow met the cap.
    BorrowCap,
    /// A fill met the cap of open interest.
    OpenInterestCap,
    /// A bank took nothing that grows.
    ReduceOnly,
    /// A bank's deposit index is at its floor.
    Terminal,
    /// A terminal bank refused what grows.
    TerminalRefused,
    /// A market owes more than anybody paid in.
    Deficit,
    /// A win waited for its owner's decision.
    WinInDeficit,
    /// Bad debt exceeded deposits.
    Uncovered,
    /// A frozen account owes a token that is not the settlement token.
    ShortOfAToken,
    /// A frozen account owes the settlement token.
    ShortOfQuote,
    /// An account is paying with insurance reserved.
    InsuranceReserved,
    /// Penalties wait to become insurance.
    InsuranceWaits,
    /// A side of a market is in a later epoch than its first.
    EpochEnded,
    /// A side's index is no longer one.
    Deleveraged,
    /// Parameters are none of the defaults.
    OtherParameters,
}

use State::*;

/// How often each was seen.
#[derive(Clone, Debug, Default)]
pub struct Coverage(BTreeMap<State, u32>);

impl Coverage {
    /// Counts a state.
    pub fn count(&mut self, state: State) {
        *self.0.entry(state).or_default() += 1;
    }

    /// Adds what another run has seen.
    pub fn add(&mut self, other: &Self) {
        other.0.iter().for_each(|(state, times)| *self.0.entry(*state).or_default() += times);
    }

    /// Counts what the engine looks like after an instruction.
    pub fn look(&mut self, books: &Books) {
        let mut see = |state, is: bool| {
            if is {
                self.count(state);
            }
        };
        let banks = || books.banks.iter().map(|(bank, _)| bank);
        let slots = || books.registry.banks.iter().filter(|slot| slot.status != SlotStatus::Empty as u8);
        see(FullUtilization, banks().any(is_fully_lent));
        see(Terminal, slots().any(|slot| slot.status == SlotStatus::Terminal as u8));
        see(Deficit, books.markets.iter().any(|market| market.deficit_atoms > 0));
        see(Uncovered, banks().any(|bank| bank.uncovered_atoms > 0));
        see(InsuranceWaits, banks().any(|bank| bank.waiting_shares > 0));
        let sides = || books.registry.markets[..2].iter().flat_map(|market| &market.sides);
        see(EpochEnded, sides().any(|side| side.epoch > 0));
        see(Deleveraged, sides().any(|side| side.a != 1 << 63));
        let params = books.registry.params();
        // What dust is follows the decimals of the settlement token.
        see(
            OtherParameters,
            *params != GlobalParams::DEFAULT.with(|new| new.legs.dust_usd_micro = params.legs.dust_usd_micro),
        );
        for account in books.accounts.values().filter(|account| account.status != AccountStatus::Active as u8) {
            let owed = || account.tokens.iter().filter(|token| token.used == 1 && token.shares < 0);
            see(ShortOfAToken, owed().any(|token| token.bank as usize != Registry::QUOTE_BANK));
            see(ShortOfQuote, owed().any(|token| token.bank as usize == Registry::QUOTE_BANK));
            see(InsuranceReserved, account.estate_reserved_atoms > 0);
        }
    }

    /// Counts a refusal that stands for a state.
    pub fn refused(&mut self, code: Option<u32>) {
        let states = [
            (EngineError::LiquidityInsufficient, LiquidityInsufficient),
            (EngineError::DepositCapReached, DepositCap),
            (EngineError::BorrowCapReached, BorrowCap),
            (EngineError::OpenInterestCapReached, OpenInterestCap),
            (EngineError::ReduceOnly, ReduceOnly),
            (EngineError::BankTerminal, TerminalRefused),
            (EngineError::MarketInDeficit, WinInDeficit),
        ];
        let found = states.iter().find(|(error, _)| Some(*error as u32) == code);
        found.iter().for_each(|(_, state)| self.count(*state));
    }

    /// Counts what stood in the way of a liquidation that went through all the same.
    pub fn liquidated(&mut self, before: &Books, debt_bank: u8) {
        let (bank, slot) = (&before.banks[debt_bank as usize].0, &before.registry.banks[debt_bank as usize]);
        if is_fully_lent(bank) {
            self.count(LiquidatedAtFullUtilization);
        }
        let totals = bank.totals();
        let capped = totals.deposits_down().get() >= bank.caps.deposit_cap_atoms
            && totals.borrows_up().get() >= bank.caps.borrow_cap_atoms;
        if capped || slot.status == SlotStatus::ReduceOnly as u8 {
            self.count(LiquidatedPastCaps);
        }
    }

    /// Prints how often each was seen, and fails where one was not.
    ///
    /// # Panics
    /// Naming the states that were seen less than `floor` times.
    #[track_caller]
    pub fn require(&self, wanted: &[State], floor: u32) {
        let times = |state: &State| self.0.get(state).copied().unwrap_or(0);
        println!("states that the sequences were in: {}", {
            let all = ALL.iter().map(|state| format!("{state:?} {}", times(state)));
            all.collect::<Vec<_>>().join(", ")
        });
        let missed: Vec<&State> = wanted.iter().filter(|state| times(state) < floor).collect();
        assert!(missed.is_empty(), "the sequences were in these states less than {floor} times: {missed:?}");
    }
}

/// Something is lent, and nothing is free.
fn is_fully_lent(bank: &plimsoll_state::Bank) -> bool {
    bank.borrow_shares > 0 && bank.totals().free_liquidity_down().is_zero()
}

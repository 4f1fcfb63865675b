//! Margin accounts of any size, and bringing them under water.

use plimsoll_risk::auction::Regime;
use plimsoll_risk::liquidate::Assessment;
use plimsoll_risk::liquidate::{LegName, RegimeChoice};
use plimsoll_sdk::view::Accounts;
use plimsoll_state::MarginView;
use plimsoll_tests::Trader;

use super::stage::{Stage, QUOTE};

/// How many positions an account has. With two tokens or more the settlement token is one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Balances.
    pub tokens: u8,
    /// Perps.
    pub perps: u8,
}

/// What an account does with its money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Book {
    /// Owes the settlement token against collateral; perps both ways.
    Borrower,
    /// Holds collateral and owes nothing but what its longs lose: more than it has of the settlement token.
    Loser,
    /// Holds the settlement token and longs, which nothing but their own margin limits.
    Trader,
}

/// How much of the initial margin that is free its last position takes, per cent.
const FULL: i128 = 95;
const MOST: i128 = 60;
const HALF: i128 = 50;
/// Steps by which prices fall until an account is under water: the fast average follows, so that a cure pays.
const FALL_PPM: i64 = -2_500;
const MOST_STEPS: usize = 400;

impl Stage {
    /// A healthy account.
    pub fn holder(&mut self, name: &str, size: Size, book: Book) -> Trader {
        self.build(name, size, book, HALF)
    }

    /// An account near the edge of its initial margin.
    pub fn stretched(&mut self, name: &str, size: Size, book: Book) -> Trader {
        // A loser's losses must exceed his quote by more than 1 % of his book to be the best leg to repay.
        self.build(name, size, book, if book == Book::Loser { MOST } else { FULL })
    }

    fn build(&mut self, name: &str, size: Size, book: Book, used_percent: i128) -> Trader {
        let trader = self.world.trader(name);
        self.deposit_tokens(&trader, size, book);
        if book == Book::Borrower {
            for market in 0..size.perps {
                self.trade_usd(&trader, market, 1_000, market % 2 == 0);
            }
            if size.tokens >= 2 {
                let usd = self.free_usd(&trader) * used_percent / 100;
                self.borrow_usd(&trader, QUOTE, usd as u64);
            }
        } else {
            // 6 % initial margin. The first position is as large as all others, so that its loss is the largest debt.
            let usd = self.free_usd(&trader) * used_percent / 6 / 2;
            for market in 0..size.perps {
                let parts = if market == 0 { 1 } else { size.perps as i128 - 1 };
                self.trade_usd(&trader, market, (usd / parts) as u64, true);
            }
        }
        let (account, held) = (self.world.margin_account(&trader), |used: usize| used as u8);
        assert_eq!(held(account.tokens.iter().filter(|t| t.used == 1).count()), size.tokens, "{name}: tokens");
        assert_eq!(held(account.derivatives.iter().filter(|d| d.kind != 0).count()), size.perps, "{name}: perps");
        // Initial margin starts the cool-off.
        self.wait();
        trader
    }

    fn deposit_tokens(&mut self, trader: &Trader, size: Size, book: Book) {
        match (size.tokens, book) {
            (0, _) => {}
            (1, _) => self.deposit_usd(trader, 1, 10_000),
            (tokens, Book::Borrower) => {
                let collateral = if tokens >= 4 { tokens - 2 } else { tokens - 1 };
                for bank in 1..=collateral {
                    self.deposit_usd(trader, bank, 10_000);
                }
                if tokens >= 4 {
                    // Above dust, below 1 % of the account: it sets no best leg.
                    self.borrow_usd(trader, tokens - 1, 50);
                }
            }
            (tokens, Book::Loser | Book::Trader) => {
                // A best leg's collateral exceeds 1 % of the whole book.
                let (quote, first, others) =
                    if book == Book::Loser { (500, 40_000, 10_000) } else { (20_000, 100, 100) };
                self.deposit_usd(trader, QUOTE, quote);
                for bank in 1..tokens {
                    self.deposit_usd(trader, bank, if bank == 1 { first } else { others });
                }
            }
        }
    }

    /// Initial margin that is free, whole dollars rounded down.
    pub fn free_usd(&self, trader: &Trader) -> i128 {
        let view = self.view(trader);
        (view.init_nav_usd_pico.get() - view.imr_usd_pico.get()) / 1_000_000_000_000
    }

    /// All three views of an account.
    pub fn view(&self, trader: &Trader) -> MarginView {
        self.with_accounts(trader, |accounts| {
            accounts.margin_view(&trader.account, true).expect("every leg has a price")
        })
    }

    /// What a liquidator would see.
    pub fn assessment(&self, trader: &Trader) -> Assessment {
        self.with_accounts(trader, |accounts| accounts.assessment().expect("every leg has a price"))
    }

    fn with_accounts<T>(&self, trader: &Trader, look: impl Fn(&Accounts<'_>) -> T) -> T {
        let (account, registry, board) = (self.world.margin_account(trader), self.world.registry(), self.world.board());
        look(&Accounts { account: &account, registry: &registry, board: &board, now: self.world.now() })
    }

    /// Lets prices fall until the account can be cured by a liquidation; returns its best leg.
    ///
    /// # Panics
    /// Where it never can.
    pub fn sink(&mut self, trader: &Trader) -> LegName {
        for _ in 0..MOST_STEPS {
            self.move_prices(FALL_PPM);
            let assessment = self.assessment(trader);
            if let Some(RegimeChoice { regime, .. }) = assessment.regime {
                assert_eq!(regime, Regime::Cure, "{assessment:?}");
                return assessment.best.and_then(|best| best.name).expect("an account under water has a leg");
            }
        }
        panic!("the account is still above water: {:?}", self.assessment(trader));
    }
}

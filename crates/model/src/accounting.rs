//! What must add up after every step of the waterfall (MONEY-1, PNL-1).

use crate::bank::Bank;
use crate::market::Market;
use crate::rational::{int, Q};

/// One bank's balance sheet in atoms.
#[derive(Clone, Debug, PartialEq)]
pub struct BankSheet {
    /// Atoms in the vault.
    pub vault: Q,
    /// What depositors are owed.
    pub deposits: Q,
    /// What borrowers owe.
    pub borrows: Q,
    /// Bad debt that no deposit could bear.
    pub uncovered: Q,
    /// Reserved insurance too.
    pub insurance: Q,
    /// The backstop pool.
    pub backstop: Q,
    /// Protocol fees.
    pub fees: Q,
}

impl BankSheet {
    /// Vault less `deposits - borrows - uncovered + insurance + backstop + fees`: zero in exact arithmetic, at least
    /// zero in the program.
    pub fn surplus(&self) -> Q {
        let owed = &self.deposits - &self.borrows - &self.uncovered;
        &self.vault - owed - &self.insurance - &self.backstop - &self.fees
    }

    /// Whether the vault covers everything that is owed from it.
    pub fn is_covered(&self) -> bool {
        self.surplus() >= int(0)
    }
}

impl From<&Bank> for BankSheet {
    /// By the booked index: what has been charged but not booked is the vault's to gain, never to owe.
    fn from(bank: &Bank) -> Self {
        BankSheet {
            vault: bank.vault.clone(),
            deposits: bank.deposits(),
            borrows: bank.booked_borrows(),
            uncovered: bank.uncovered.clone(),
            insurance: bank.insurance.clone(),
            backstop: bank.backstop.clone(),
            fees: bank.fees.clone(),
        }
    }
}

/// `Σ PnL + own claim - pool - U`: zero for every market at every price, since what the losers have not yet paid is
/// what the winners have not yet taken.
pub fn market_imbalance(total_pnl: &Q, market: &Market) -> Q {
    total_pnl + &market.own_claim - &market.pool - &market.deficit
}

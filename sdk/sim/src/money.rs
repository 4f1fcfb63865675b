//! Accounts, deposits, withdrawals, borrows and resolutions as the replay has them done, all of them measured.

use plimsoll_sdk::ix::args;
use plimsoll_state::{AccountStatus, MarginAccount, PositionKind, Registry};

use crate::engine::Engine;
use crate::host::{Landed, Refused};
use crate::operation::Operation;
use crate::world::Trader;

type Done = Result<Landed, Refused>;

impl Engine {
    /// Opens margin account 0 of a new owner.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn open_account(&mut self, name: &str) -> Result<Trader, Refused> {
        let owner = self.host.party(name);
        self.send(&Operation::OpenAccount { owner })?;
        Ok(Trader { owner, account: self.host.margin_address(&owner) })
    }

    /// Registers the venue that reports every market's premium.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn register_venue(&mut self) -> Done {
        self.send(&Operation::RegisterVenue { signer: self.venue_signer })
    }

    /// Gives fresh tokens to a bank's insurance.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn fund_insurance(&mut self, bank: usize, amount_atoms: u64) -> Done {
        self.send(&Operation::FundInsurance { bank: bank as u8, amount_atoms })
    }

    /// Deposits fresh tokens.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn deposit(&mut self, trader: &Trader, bank: usize, amount_atoms: u64) -> Done {
        self.send(&Operation::Deposit { trader: *trader, bank: bank as u8, amount_atoms })
    }

    /// Borrows to the owner's token account.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn borrow(&mut self, trader: &Trader, bank: usize, amount_atoms: u64) -> Done {
        self.send(&Operation::Borrow { trader: *trader, bank: bank as u8, amount_atoms })
    }

    /// Withdraws to the owner's token account; everything where no amount is given.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn withdraw(&mut self, trader: &Trader, bank: usize, amount_atoms: Option<u64>) -> Done {
        self.send(&Operation::Withdraw { trader: *trader, bank: bank as u8, amount_atoms })
    }

    /// The next call of a resolution that the program takes: true where one was sent, false where none is possible
    /// now, none where the account is resolved.
    pub fn resolve_next(&mut self, index: usize, began: bool) -> Option<bool> {
        let state = self.account(index);
        if began && state.status == AccountStatus::Active as u8 {
            return None;
        }
        let account = self.accounts[index].account;
        let step = |step| Operation::ResolveBankruptcy { account, step };
        Some(steps(&state).into_iter().map(step).any(|operation| self.send_if_possible(&operation)))
    }
}

/// The calls that an account in this state may need, in the order of their stages.
pub fn steps(account: &MarginAccount) -> Vec<args::ResolveStep> {
    use args::ResolveStep::{Finish, Freeze, PayBorrow, PayPnl, SeizePnl, SeizeToken};
    const QUOTE: u8 = Registry::QUOTE_BANK as u8;
    if account.status == AccountStatus::Active as u8 {
        return vec![Freeze];
    }
    let perps = account.derivatives.iter().filter(|d| d.kind == PositionKind::Perp as u8);
    let markets: Vec<u8> = perps.map(|d| d.market).collect();
    let tokens = || account.tokens.iter().filter(|t| t.used == 1);
    let mut assets: Vec<u8> = tokens().filter(|t| t.shares > 0).map(|t| t.bank).collect();
    // What is left of the settlement token goes last, after it has paid losses.
    assets.sort_by_key(|bank| *bank == QUOTE);
    let mut debts: Vec<u8> = tokens().filter(|t| t.shares < 0).map(|t| t.bank).collect();
    debts.sort_by_key(|bank| *bank != QUOTE);
    let mut steps: Vec<args::ResolveStep> = markets.iter().map(|&market| SeizePnl { market }).collect();
    steps.extend(assets.into_iter().map(|bank| SeizeToken { bank }));
    steps.extend(debts.into_iter().map(|bank| PayBorrow { bank }));
    steps.extend(markets.iter().map(|&market| PayPnl { market }));
    steps.push(Finish);
    steps
}

/// The name of a call in the measurements.
pub(crate) fn step_name(step: args::ResolveStep) -> &'static str {
    use args::ResolveStep::{Finish, Freeze, PayBorrow, PayPnl, SeizePnl, SeizeToken};
    match step {
        Freeze => "resolve_bankruptcy (freeze)",
        SeizeToken { .. } => "resolve_bankruptcy (seize token)",
        SeizePnl { .. } => "resolve_bankruptcy (seize PnL)",
        PayBorrow { .. } => "resolve_bankruptcy (pay borrow)",
        PayPnl { .. } => "resolve_bankruptcy (pay PnL)",
        Finish => "resolve_bankruptcy (finish)",
    }
}

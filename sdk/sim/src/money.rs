//! Accounts, deposits, withdrawals, borrows and resolutions as the replay sends them, all of them measured.

use litesvm::types::TransactionMetadata;
use plimsoll_sdk::ix::{self, args};
use plimsoll_state::{AccountStatus, MarginAccount, PositionKind, Registry};

use crate::engine::Engine;
use crate::listing::MARKETS;
use crate::world::{Failure, Trader};

type Sent = Result<TransactionMetadata, Failure>;

impl Engine {
    /// Opens margin account 0 of a new owner.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn open_account(&mut self, name: &str) -> Result<Trader, Failure> {
        let owner = self.world.party(name);
        let open = ix::open_account(&self.world.keys, owner, owner, args::OpenAccountArgs { id: 0, delegate: None });
        self.send("open_account", &owner, open)?;
        Ok(Trader { owner, account: self.world.keys.margin_account(&owner, 0) })
    }

    /// Registers the venue that reports every market's premium.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn register_venue(&mut self) -> Sent {
        let authority = self.world.authority;
        let premium_markets = (1 << MARKETS.len()) - 1;
        let args = args::RegisterVenueArgs { signer: self.venue_signer, settle_markets: 0, premium_markets };
        let register = ix::register_venue(&self.world.keys, authority, authority, args);
        self.send("register_venue", &authority, register)
    }

    /// Gives fresh tokens to a bank's insurance.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn fund_insurance(&mut self, bank: usize, amount_atoms: u64) -> Sent {
        let funder = self.world.authority;
        let source = self.world.funded(&funder, bank as u8, amount_atoms);
        let token = self.world.token(bank as u8);
        let args = args::FundInsuranceArgs { amount_atoms };
        let fund = ix::fund_insurance(&self.world.keys, &token, funder, source, args);
        self.send("fund_insurance", &funder, fund)
    }

    /// Deposits fresh tokens.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn deposit(&mut self, trader: &Trader, bank: usize, amount_atoms: u64) -> Sent {
        let source = self.world.funded(&trader.owner, bank as u8, amount_atoms);
        let token = self.world.token(bank as u8);
        let args = args::DepositArgs { amount_atoms };
        let deposit = ix::deposit(&self.world.keys, &token, trader.owner, trader.account, source, args);
        self.send("deposit", &trader.owner, deposit)
    }

    /// Borrows to the owner's token account.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn borrow(&mut self, trader: &Trader, bank: usize, amount_atoms: u64) -> Sent {
        let destination = self.world.funded(&trader.owner, bank as u8, 0);
        let token = self.world.token(bank as u8);
        let args = args::BorrowArgs { amount_atoms };
        let borrow = ix::borrow(&self.world.keys, &token, trader.owner, trader.account, destination, args);
        self.send("borrow", &trader.owner, borrow)
    }

    /// Withdraws to the owner's token account; everything where no amount is given.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn withdraw(&mut self, trader: &Trader, bank: usize, amount_atoms: Option<u64>) -> Sent {
        let destination = self.world.funded(&trader.owner, bank as u8, 0);
        let token = self.world.token(bank as u8);
        let args = args::WithdrawArgs { amount_atoms: amount_atoms.unwrap_or(0), all: amount_atoms.is_none() };
        let withdraw = ix::withdraw(&self.world.keys, &token, trader.owner, trader.account, destination, args);
        self.send("withdraw", &trader.owner, withdraw)
    }

    /// The next call of a resolution that the program takes: true where one was sent, false where none is possible
    /// now, none where the account is resolved.
    pub fn resolve_next(&mut self, index: usize, began: bool) -> Option<bool> {
        let account = self.account(index);
        if began && account.status == AccountStatus::Active as u8 {
            return None;
        }
        let (keys, payer, target) = (self.world.keys, self.world.authority, self.accounts[index].account);
        for step in steps(&account) {
            let resolve = ix::resolve_bankruptcy(&keys, target, step);
            if self.world.simulate(&payer, std::slice::from_ref(&resolve)).is_ok() {
                return Some(self.send(step_name(step), &payer, resolve).is_ok());
            }
        }
        Some(false)
    }
}

/// The calls that an account in this state may need, in the order of their stages.
pub(crate) fn steps(account: &MarginAccount) -> Vec<args::ResolveStep> {
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

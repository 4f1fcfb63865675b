//! The engine's crates in memory, without a chain.

use std::sync::Arc;

use fnv::FnvHashMap;
use plimsoll_engine::{AccountNumber, Engine, Manner, Readings, Token};
use plimsoll_risk::oracle::{Observation, Signed};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::ix::{self, args};
use plimsoll_sdk::pda::{self, EngineKeys};
use plimsoll_sdk::{EngineError, LiquidationOutcome};
use plimsoll_state::{Bank, FeedBook, MarginAccount, Market, PriceBoard, Registry};
use solana_pubkey::Pubkey;

use super::{Host, Landed, Refused};
use crate::feed_plan::Posting;
use crate::feeds::SwitchboardFeed;
use crate::listing::BankListing;
use crate::operation::Operation;
use crate::order;
use crate::world::{
    address, price_args, slot_at, BankConfig, MarketConfig, PriceConfig, Tick, AUTHORITY, BASE_TIME, SWITCHBOARD_SCALE,
};

/// Decimal exponent of a posted Pyth price.
const PYTH_EXPONENT: i32 = -8;

/// An engine in memory.
#[derive(Clone)]
pub struct InMemory {
    engine: Engine,
    keys: EngineKeys,
    authority: Pubkey,
    numbers: FnvHashMap<Pubkey, AccountNumber>,
    /// What the oracles of each price say.
    posted: Vec<Posting>,
}

impl InMemory {
    /// A complete, empty engine of these parameters.
    ///
    /// # Errors
    /// Where the parameters are out of bounds.
    pub fn new(params: &GlobalParams) -> Result<Self, Refused> {
        let authority = address(AUTHORITY);
        let keys = EngineKeys::created_by(&authority, 0);
        let engine = Engine::create(keys.engine, params, false, BASE_TIME).map_err(refused)?;
        Ok(Self { engine, keys, authority, numbers: FnvHashMap::default(), posted: Vec::new() })
    }

    fn number(&self, account: &Pubkey) -> Result<AccountNumber, EngineError> {
        self.numbers.get(account).copied().ok_or(EngineError::AccountMismatch)
    }

    /// What readers of the oracles' accounts would find.
    fn readings(&self, slot: u8, pair: bool) -> Readings {
        let posting = self.posted.get(slot as usize).copied().unwrap_or_default();
        let said = |tick: Option<Tick>, read: &dyn Fn(Tick) -> Result<Observation, EngineError>| {
            tick.ok_or(EngineError::OracleOwnerMismatch).and_then(read)
        };
        let params = *self.engine.registry().params();
        let now_slot = slot_at(self.engine.now());
        Readings {
            in_use: said(posting.primary, &|tick| pyth(&tick)),
            secondary: pair.then(|| said(posting.secondary, &|tick| switchboard(&tick, &params, now_slot))),
        }
    }

    fn run(&mut self, operation: &Operation) -> Result<Option<LiquidationOutcome>, EngineError> {
        match *operation {
            Operation::OpenAccount { owner } => {
                let number = self.engine.open_account(owner, 0)?;
                self.numbers.insert(self.keys.margin_account(&owner, 0), number);
                Ok(())
            }
            // Nobody signs here, so nobody has to be registered.
            Operation::RegisterVenue { .. } => Ok(()),
            Operation::RefreshPrice { slot, pair } => {
                let readings = self.readings(slot, pair);
                self.engine.refresh_price(slot, &readings)
            }
            Operation::FundInsurance { bank, amount_atoms } => self.engine.fund_insurance(bank, amount_atoms),
            Operation::Deposit { trader, bank, amount_atoms } => {
                self.engine.deposit(self.number(&trader.account)?, bank, amount_atoms)
            }
            Operation::Borrow { trader, bank, amount_atoms } => {
                self.engine.borrow(self.number(&trader.account)?, bank, amount_atoms)
            }
            Operation::Withdraw { trader, bank, amount_atoms } => {
                let args = order::withdrawal(amount_atoms);
                self.engine.withdraw(self.number(&trader.account)?, bank, &args).map(drop)
            }
            Operation::Repay { trader, bank, amount_atoms } => {
                self.engine.repay(self.number(&trader.account)?, bank, amount_atoms)
            }
            Operation::SettleFill { market, buyer, seller, base_units, quote_atoms } => {
                let (buyer, seller) = (self.number(&buyer.account)?, self.number(&seller.account)?);
                self.engine.settle_fill(market, buyer, seller, base_units, quote_atoms)
            }
            Operation::ObserveMargin { account } => self.engine.observe_margin(self.number(&account)?),
            Operation::Liquidate { liquidator, liquidatee, ref request } => {
                let (liquidator, liquidatee) = (self.number(&liquidator.account)?, self.number(&liquidatee)?);
                let with_asset_bank = ix::owes_collateral(self.engine.account(liquidator)?, &request.leg);
                let manner = Manner { with_asset_bank, no_op_if_refused: true };
                return self.engine.liquidate(liquidator, liquidatee, request, manner).map(Some);
            }
            Operation::Accrue { bank } => self.engine.accrue(bank),
            Operation::SweepInsurance { bank } => self.engine.sweep_insurance(bank),
            Operation::ReportPremium { market, premium_ppm, .. } => self.engine.report_premium(market, premium_ppm),
            Operation::CrankFunding { market } => self.engine.crank_funding(market),
            Operation::SettlePnl { market, account } => {
                let number = account.map(|account| self.number(&account)).transpose()?;
                self.engine.settle_pnl(market, number)
            }
            Operation::TakeWin { market, trader } => {
                self.engine.take_win(market, self.number(&trader.account)?, true, &order::WHOLE_WIN)
            }
            Operation::ResolveBankruptcy { account, step } => {
                self.engine.resolve_bankruptcy(self.number(&account)?, step)
            }
        }
        .map(|()| None)
    }
}

impl Host for InMemory {
    fn now(&self) -> i64 {
        self.engine.now()
    }

    fn set_clock(&mut self, unix: i64) {
        self.engine.set_clock(unix);
    }

    fn party(&mut self, name: &str) -> Pubkey {
        address(name)
    }

    fn authority(&self) -> Pubkey {
        self.authority
    }

    fn margin_address(&self, owner: &Pubkey) -> Pubkey {
        self.keys.margin_account(owner, 0)
    }

    fn registry(&self) -> Arc<Registry> {
        self.engine.registry()
    }

    fn board(&self) -> Arc<PriceBoard> {
        self.engine.board()
    }

    fn feed_book(&self) -> Arc<FeedBook> {
        self.engine.feeds()
    }

    fn bank(&self, index: usize) -> Bank {
        *self.engine.bank(index as u8).expect("the bank is listed")
    }

    fn vault_atoms(&self, index: usize) -> u64 {
        self.engine.vault_atoms(index as u8).expect("the bank is listed")
    }

    fn market(&self, index: usize) -> Market {
        *self.engine.market(index as u8).expect("the market is listed")
    }

    fn margin_account(&self, address: &Pubkey) -> MarginAccount {
        let number = self.number(address).expect("the account is open");
        *self.engine.account(number).expect("the number is an account's")
    }

    fn list_price(&mut self, config: &PriceConfig) -> Result<(), Refused> {
        let (args, _) = price_args(config, self.engine.board().count);
        self.engine.list_price(&args).map_err(refused)?;
        self.posted.push(Posting::default());
        Ok(())
    }

    fn list_bank(&mut self, listing: &BankListing, config: &BankConfig) -> Result<(), Refused> {
        let index = self.engine.registry().bank_count;
        let args = args::ListBankArgs { index, price_slot: config.price_slot, config: config.args() };
        let token =
            Token { mint: address(listing.name), token_program: pda::TOKEN_PROGRAM, decimals: listing.decimals };
        self.engine.list_bank(&args, &token).map_err(refused)
    }

    fn list_market(&mut self, config: &MarketConfig) -> Result<(), Refused> {
        let index = self.engine.registry().market_count;
        self.engine.list_market(&config.args(index)).map_err(refused)
    }

    fn launch(&mut self) -> Result<(), Refused> {
        self.engine.launch().map_err(refused)
    }

    fn post(&mut self, slot: u8, posting: &Posting) {
        if let Some(said) = self.posted.get_mut(slot as usize) {
            said.primary = posting.primary.or(said.primary);
            said.secondary = posting.secondary.or(said.secondary);
        }
    }

    fn send(&mut self, operation: &Operation) -> Result<Landed, Refused> {
        let outcome = self.run(operation).map_err(refused)?;
        Ok(Landed { outcome, cost: None })
    }
}

/// What the reader of a pinned Pyth account makes of a tick.
fn pyth(tick: &Tick) -> Result<Observation, EngineError> {
    let published_at = UnixSecs::new(tick.published_at);
    Ok(Observation::from_pyth(tick.price_e8, tick.conf_e8, PYTH_EXPONENT, published_at, None)?)
}

/// What the reader of a Switchboard account makes of a tick that was signed and landed at once.
fn switchboard(tick: &Tick, params: &GlobalParams, now_slot: u64) -> Result<Observation, EngineError> {
    let feed = SwitchboardFeed::signed(tick.published_at, slot_at(tick.published_at));
    let signed =
        Signed { result_slot: feed.slot, oldest_slot: feed.oldest_slot, max_staleness_slots: feed.max_staleness_slots };
    let (value, width) = (tick.price_e8 as i128 * SWITCHBOARD_SCALE, tick.conf_e8 as i128 * SWITCHBOARD_SCALE);
    let published_at = UnixSecs::new(tick.published_at);
    Ok(Observation::from_switchboard(value, width, published_at, signed.is_overdue(now_slot, params))?)
}

fn refused(error: EngineError) -> Refused {
    Refused(error.name().to_owned())
}

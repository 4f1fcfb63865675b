//! The built program on a chain in this process.

use std::sync::Arc;

use plimsoll_risk::params::GlobalParams;
use plimsoll_sdk::ix::{self, args, FillAuthority, Parties};
use plimsoll_state::{Bank, FeedBook, MarginAccount, Market, PriceBoard, Registry};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::{Cost, Host, Landed, Refused};
use crate::feed_plan::Posting;
use crate::listing::{BankListing, MARKETS};
use crate::operation::Operation;
use crate::order;
use crate::world::{size_and_keys, BankConfig, Failure, MarketConfig, PriceConfig, Trader, World};

/// More than any debt of a replay, atoms: 100,000 BTC, a million SOL, a billion dollars.
const ANY_DEBT_ATOMS: u64 = 1_000_000_000_000_000;

/// An engine on a chain.
pub struct OnChain {
    world: World,
}

impl OnChain {
    /// A chain with a complete, empty engine of these parameters.
    ///
    /// # Panics
    /// Where the program's file is missing or set-up fails.
    pub fn new(params: &GlobalParams) -> Self {
        Self { world: World::with_params(params, false) }
    }

    /// The token of a bank, and the owner's account of it with so many atoms more.
    fn funded(&mut self, owner: &Pubkey, bank: u8, atoms: u64) -> (ix::Token, Pubkey) {
        (self.world.token(bank), self.world.funded(owner, bank, atoms))
    }

    /// Who pays and what is sent, of what moves tokens; they are minted before.
    fn token_move(&mut self, operation: &Operation) -> Option<(Pubkey, Instruction)> {
        let (keys, authority) = (self.world.keys, self.world.authority);
        Some(match *operation {
            Operation::FundInsurance { bank, amount_atoms } => {
                let (token, source) = self.funded(&authority, bank, amount_atoms);
                let args = args::FundInsuranceArgs { amount_atoms };
                (authority, ix::fund_insurance(&keys, &token, authority, source, args))
            }
            Operation::Deposit { trader: Trader { owner, account }, bank, amount_atoms } => {
                let (token, source) = self.funded(&owner, bank, amount_atoms);
                (owner, ix::deposit(&keys, &token, owner, account, source, args::DepositArgs { amount_atoms }))
            }
            Operation::Borrow { trader: Trader { owner, account }, bank, amount_atoms } => {
                let (token, destination) = self.funded(&owner, bank, 0);
                (owner, ix::borrow(&keys, &token, owner, account, destination, args::BorrowArgs { amount_atoms }))
            }
            Operation::Withdraw { trader: Trader { owner, account }, bank, amount_atoms } => {
                let (token, destination) = self.funded(&owner, bank, 0);
                (owner, ix::withdraw(&keys, &token, owner, account, destination, order::withdrawal(amount_atoms)))
            }
            Operation::Repay { trader: Trader { owner, account }, bank, amount_atoms } => {
                let (token, source) = self.funded(&owner, bank, amount_atoms.unwrap_or(ANY_DEBT_ATOMS));
                (owner, ix::repay(&keys, &token, owner, account, source, order::repayment(amount_atoms)))
            }
            _ => return None,
        })
    }

    /// Who pays and what is sent, of what moves no tokens.
    fn ledger_move(&self, operation: &Operation) -> Option<(Pubkey, Instruction)> {
        let (keys, authority) = (&self.world.keys, self.world.authority);
        Some(match *operation {
            Operation::OpenAccount { owner } => {
                (owner, ix::open_account(keys, owner, owner, args::OpenAccountArgs { id: 0, delegate: None }))
            }
            Operation::RegisterVenue { signer } => {
                let premium_markets = (1 << MARKETS.len()) - 1;
                let args = args::RegisterVenueArgs { signer, settle_markets: 0, premium_markets };
                (authority, ix::register_venue(keys, authority, authority, args))
            }
            Operation::RefreshPrice { slot, pair } => (authority, self.world.refresh_instruction(&[slot], pair)),
            Operation::SettleFill { market, buyer, seller, base_units, quote_atoms } => {
                let sides = FillAuthority::Sides { buyer: buyer.owner, seller: seller.owner };
                let args = args::SettleFillArgs { base_units, quote_atoms };
                (buyer.owner, ix::settle_fill(keys, market, buyer.account, seller.account, sides, args))
            }
            Operation::ObserveMargin { account } => (authority, ix::observe_margin(keys, account)),
            Operation::Liquidate { liquidator, liquidatee, request } => {
                let parties = Parties { signer: liquidator.owner, liquidator: liquidator.account, liquidatee };
                let own = self.world.margin_account(&liquidator);
                (liquidator.owner, order::instruction(keys, parties, &own, &request))
            }
            Operation::Accrue { bank } => (authority, ix::accrue(keys, bank)),
            Operation::SweepInsurance { bank } => (authority, ix::sweep_insurance(keys, bank)),
            Operation::ReportPremium { market, signer, premium_ppm } => {
                (signer, ix::report_premium(keys, market, signer, premium_ppm))
            }
            Operation::CrankFunding { market } => (authority, ix::crank_funding(keys, market)),
            Operation::SettlePnl { market, account } => (authority, ix::settle_pnl(keys, market, account)),
            Operation::TakeWin { market, trader: Trader { owner, account } } => {
                (owner, ix::take_win(keys, market, owner, account, order::WHOLE_WIN))
            }
            Operation::ResolveBankruptcy { account, step } => (authority, ix::resolve_bankruptcy(keys, account, step)),
            _ => return None,
        })
    }
}

impl Host for OnChain {
    fn now(&self) -> i64 {
        self.world.now()
    }

    fn set_clock(&mut self, unix: i64) {
        self.world.set_clock(unix);
    }

    fn party(&mut self, name: &str) -> Pubkey {
        self.world.party(name)
    }

    fn authority(&self) -> Pubkey {
        self.world.authority
    }

    fn margin_address(&self, owner: &Pubkey) -> Pubkey {
        self.world.keys.margin_account(owner, 0)
    }

    fn registry(&self) -> Arc<Registry> {
        self.world.registry().into()
    }

    fn board(&self) -> Arc<PriceBoard> {
        self.world.board().into()
    }

    fn feed_book(&self) -> Arc<FeedBook> {
        self.world.feed_book().into()
    }

    fn bank(&self, index: usize) -> Bank {
        self.world.read(&self.world.keys.bank(index as u8).bank)
    }

    fn vault_atoms(&self, index: usize) -> u64 {
        self.world.token_balance(&self.world.keys.bank(index as u8).vault)
    }

    fn market(&self, index: usize) -> Market {
        self.world.read(&self.world.keys.market(index as u8))
    }

    fn margin_account(&self, address: &Pubkey) -> MarginAccount {
        self.world.read(address)
    }

    fn list_price(&mut self, config: &PriceConfig) -> Result<(), Refused> {
        self.world.list_price(config);
        Ok(())
    }

    fn list_bank(&mut self, listing: &BankListing, config: &BankConfig) -> Result<(), Refused> {
        let mint = self.world.create_mint(listing.name, listing.decimals);
        self.world.list_bank(mint, config).map_err(refused).map(drop)
    }

    fn list_market(&mut self, config: &MarketConfig) -> Result<(), Refused> {
        self.world.list_market(config).map_err(refused).map(drop)
    }

    fn launch(&mut self) -> Result<(), Refused> {
        self.world.launch().map_err(refused).map(drop)
    }

    fn post(&mut self, slot: u8, posting: &Posting) {
        if let Some(tick) = posting.primary {
            self.world.post_primary(slot, tick);
        }
        if let Some(tick) = posting.secondary {
            self.world.post_secondary(slot, tick);
        }
    }

    fn send(&mut self, operation: &Operation) -> Result<Landed, Refused> {
        let prepared = self.token_move(operation).or_else(|| self.ledger_move(operation));
        let (payer, instruction) = prepared.ok_or_else(|| Refused(format!("nothing is sent for {operation:?}")))?;
        let instructions = [instruction];
        let (bytes, accounts) = size_and_keys(&payer, &instructions);
        let meta = self.world.send(&payer, &instructions).map_err(refused)?;
        let cost = Cost { compute_units: meta.compute_units_consumed, bytes, accounts };
        Ok(Landed { outcome: order::outcome(&meta.return_data.data), cost: Some(cost) })
    }
}

/// A refused transaction's reason: the program's error by name, else what the runtime said.
fn refused(failure: Failure) -> Refused {
    let named = failure.logs.iter().find_map(|log| log.split("Error Code: ").nth(1)?.split('.').next());
    Refused(named.map_or_else(|| failure.text.clone(), str::to_owned))
}

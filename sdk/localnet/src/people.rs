//! Who has a key, lamports, tokens and margin accounts.

use std::time::Duration;

use anyhow::{ensure, Context as _, Result};
use futures::future::try_join_all;
use plimsoll_migrations::Session;
use plimsoll_rpc::{Connection, EngineAccounts};
use plimsoll_sdk::ix::args::{ApproveVenueArgs, DelegateArgs, DepositArgs, FundInsuranceArgs, OpenAccountArgs};
use plimsoll_sdk::ix::{self, Token};
use plimsoll_sdk::pda;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;

use crate::engine::Plan;
use crate::place::Place;

/// Created the engine, may change it, mints tokens and posts prices.
pub const AUTHORITY: &str = "authority";
/// Has tokens, and nothing else yet.
pub const ALICE: &str = "alice";
/// As alice.
pub const BOB: &str = "bob";
/// Lends every token, and takes the other side of trades: whoever has this key may sign for it.
pub const MAKER: &str = "maker";
/// Owns the margin account that pays for what the keeper liquidates.
pub const LIQUIDATOR: &str = "liquidator";
/// Signs for the keeper, which may liquidate with the liquidator's account and do nothing else with it.
pub const KEEPER: &str = "keeper";
/// Everybody.
pub const NAMES: [&str; 6] = [AUTHORITY, ALICE, BOB, MAKER, LIQUIDATOR, KEEPER];

/// What everybody has for fees and rent: 100 SOL.
const LAMPORTS: u64 = 100_000_000_000;
/// Dollars' worth of each token in the wallets of those who trade.
const TRADER_USD: u64 = 200_000;
const MAKER_USD: u64 = 2_000_000;
/// Dollars' worth of each token that the maker lends.
const LENT_USD: u64 = 1_000_000;
/// Dollars in the liquidator's margin account.
const LIQUIDATOR_USD: u64 = 500_000;
/// Dollars in the insurance of the settlement token.
const INSURANCE_USD: u64 = 50_000;
/// What the maker lets the venue settle, dollars, and for how long.
const VENUE_USD: u64 = 1_000_000;
const VENUE_SECS: i64 = 30 * 86_400;
const QUOTE: u8 = plimsoll_state::Registry::QUOTE_BANK as u8;

const ARRIVES_SECS: u64 = 60;
const LOOKED_EVERY: Duration = Duration::from_millis(200);

/// Gives everybody lamports, as `solana airdrop` does.
///
/// # Errors
/// Where the cluster gives none.
pub async fn give_lamports(connection: &Connection, place: &Place) -> Result<()> {
    let keys: Vec<Keypair> = NAMES.iter().map(|name| place.key(name)).collect::<Result<_>>()?;
    try_join_all(keys.iter().map(|key| airdrop(connection, key.pubkey()))).await.map(drop)
}

async fn airdrop(connection: &Connection, to: Pubkey) -> Result<()> {
    let rpc = &connection.rpc;
    if rpc.get_balance(&to).await? >= LAMPORTS / 2 {
        return Ok(());
    }
    rpc.request_airdrop(&to, LAMPORTS).await.context("this cluster gives no lamports")?;
    let arrived = async {
        while rpc.get_balance(&to).await.unwrap_or_default() < LAMPORTS {
            tokio::time::sleep(LOOKED_EVERY).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(ARRIVES_SECS), arrived).await.context("lamports did not arrive")
}

/// The people of an engine that is there.
pub struct People<'a> {
    session: &'a Session,
    place: &'a Place,
    plan: &'a Plan,
    accounts: EngineAccounts,
}

impl<'a> People<'a> {
    /// Reads the engine.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn of(session: &'a Session, place: &'a Place, plan: &'a Plan) -> Result<Self> {
        let accounts = session.connection.engine(plan.keys.engine).await?;
        Ok(Self { session, place, plan, accounts })
    }

    /// Opens the margin account that the keeper liquidates with; its address.
    ///
    /// # Errors
    /// What the cluster refuses.
    pub async fn open_liquidator(&self) -> Result<Pubkey> {
        let (owner, keeper) = (self.place.key(LIQUIDATOR)?, self.place.key(KEEPER)?.pubkey());
        self.mint(&owner.pubkey(), &[QUOTE], 2 * LIQUIDATOR_USD).await?;
        self.open(&owner, Some(DelegateArgs::liquidator(keeper)), &[QUOTE], LIQUIDATOR_USD).await
    }

    /// Gives tokens to those who trade; opens the maker's account, which lends, and pays insurance in.
    ///
    /// # Errors
    /// What the cluster refuses.
    pub async fn settle_in(&self) -> Result<()> {
        let banks: Vec<u8> = (0..).take(self.accounts.banks.len()).collect();
        let (alice, bob) = (self.place.key(ALICE)?.pubkey(), self.place.key(BOB)?.pubkey());
        let maker = self.place.key(MAKER)?;
        let traders = try_join_all([alice, bob].map(|owner| {
            let banks = banks.clone();
            async move { self.mint(&owner, &banks, TRADER_USD).await }
        }));
        let lender = async {
            self.mint(&maker.pubkey(), &banks, MAKER_USD).await?;
            let account = self.open(&maker, None, &banks, LENT_USD).await?;
            self.approve_venue(&maker, account).await
        };
        let insurance = self.insure();
        futures::try_join!(traders, lender, insurance).map(drop)
    }

    async fn insure(&self) -> Result<()> {
        if self.accounts.banks[QUOTE as usize].insurance_atoms > 0 {
            return Ok(());
        }
        let funder = self.session.address()?;
        self.mint(&funder, &[QUOTE], INSURANCE_USD).await?;
        let args = FundInsuranceArgs { amount_atoms: self.atoms_of_usd_down(QUOTE, INSURANCE_USD) };
        let token = self.token(QUOTE);
        let fund = ix::fund_insurance(&self.plan.keys, &token, funder, wallet(&funder, &token), args);
        self.session.send(&[], &[fund]).await.context("insurance").map(drop)
    }

    async fn approve_venue(&self, owner: &Keypair, account: Pubkey) -> Result<()> {
        let args = ApproveVenueArgs {
            markets: (1 << self.accounts.markets.len()) - 1,
            notional_limit_atoms: self.atoms_of_usd_down(QUOTE, VENUE_USD),
            expires_at: self.accounts.now + VENUE_SECS,
        };
        let approve = ix::approve_venue(owner.pubkey(), account, self.plan.venue.registered, args);
        self.session.send(&[owner], &[approve]).await.context("the maker's approval of the venue").map(drop)
    }

    /// Opens account 0 of an owner, and deposits so many dollars' worth of some tokens; one that is open stays as it is.
    async fn open(&self, owner: &Keypair, delegate: Option<DelegateArgs>, banks: &[u8], usd: u64) -> Result<Pubkey> {
        let (keys, payer) = (&self.plan.keys, self.session.address()?);
        let account = keys.margin_account(&owner.pubkey(), 0);
        let (_, found) = self.session.connection.accounts(&[account]).await?;
        if found.iter().any(Option::is_some) {
            return Ok(account);
        }
        let open = ix::open_account(keys, owner.pubkey(), payer, OpenAccountArgs { id: 0, delegate });
        self.session.send(&[owner], &[open]).await.context("opening an account")?;
        for &bank in banks {
            let (token, args) = (self.token(bank), DepositArgs { amount_atoms: self.atoms_of_usd_down(bank, usd) });
            let deposit = ix::deposit(keys, &token, owner.pubkey(), account, wallet(&owner.pubkey(), &token), args);
            self.session.send(&[owner], &[deposit]).await.context("a deposit")?;
        }
        Ok(account)
    }

    /// Mints so many dollars' worth of some tokens into an owner's wallet, which is made where it is not there.
    async fn mint(&self, owner: &Pubkey, banks: &[u8], usd: u64) -> Result<()> {
        let payer = self.session.address()?;
        let mut all: Vec<Instruction> = Vec::new();
        for &bank in banks {
            let token = self.token(bank);
            all.push(create_associated_token_account_idempotent(&payer, owner, &token.mint, &token.token_program));
            let (to, atoms) = (wallet(owner, &token), self.atoms_of_usd_down(bank, usd));
            let minted =
                spl_token_interface::instruction::mint_to(&token.token_program, &token.mint, &to, &payer, &[], atoms)?;
            all.push(minted);
        }
        self.session.send(&[], &all).await.context("minting").map(drop)
    }

    fn token(&self, bank: u8) -> Token {
        let account = &self.accounts.banks[bank as usize];
        Token { bank, mint: account.mint.into(), token_program: account.token_program.into() }
    }

    /// Dollars' worth of a bank's token at the first price of the file, atoms, rounded down.
    fn atoms_of_usd_down(&self, bank: u8, usd: u64) -> u64 {
        let slot = &self.accounts.registry.banks[bank as usize];
        let feed = self.plan.feeds.iter().find(|feed| feed.slot == slot.price_slot);
        worth_down(usd, feed.map_or(E8, |feed| feed.price_e8), slot.decimals)
    }

    /// Waits until risk may be added.
    ///
    /// # Errors
    /// Where prices are not ready after a while.
    pub async fn until_ready(&self, secs: u64) -> Result<()> {
        let began = std::time::Instant::now();
        loop {
            let board: plimsoll_state::PriceBoard =
                self.session.connection.read("price board", &self.plan.keys.board).await?;
            let listed = &board.slots[..board.count as usize];
            if listed.iter().all(plimsoll_state::PriceSlot::is_ready) {
                return Ok(());
            }
            ensure!(began.elapsed().as_secs() < secs, "prices are not ready for adding risk after {secs} s");
            tokio::time::sleep(LOOKED_EVERY).await;
        }
    }
}

/// A dollar in units of 1e-8.
const E8: u64 = 100_000_000;

/// Atoms that so many dollars buy at a price of 1e-8 dollars a whole unit, rounded down.
fn worth_down(usd: u64, price_e8: u64, decimals: u8) -> u64 {
    let atoms = usd as u128 * E8 as u128 * 10u128.pow(decimals as u32) / price_e8.max(1) as u128;
    u64::try_from(atoms).unwrap_or(u64::MAX)
}

fn wallet(owner: &Pubkey, token: &Token) -> Pubkey {
    pda::associated_token(owner, &token.mint, &token.token_program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_buy_whole_atoms() {
        assert_eq!(worth_down(200_000, E8, 6), 200_000_000_000);
        assert_eq!(worth_down(200_000, 200 * E8, 9), 1_000_000_000_000);
        assert_eq!(worth_down(1, 3 * E8, 6), 333_333);
    }
}

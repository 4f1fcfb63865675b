//! Before the crash: everybody's accounts, deposits, positions and debts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::BaseUnits;
use plimsoll_sdk::ix::{self, args, FillAuthority};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;
use tokio::task::JoinSet;

use super::orders::Order;
use super::preflight::DESK_LAMPORTS;
use super::{Failed, Live, Party, Poster, Reading, Tried};
use crate::data::E8;
use crate::listing::{atoms_of_usd_down, units_of_usd_down, BANKS, MARKETS};
use crate::opening::MAKER_USD;
use crate::population::{FillPlan, Population};
use crate::scenario::{Scenario, Underlying};
use crate::strategy::LIQUIDATORS;

/// Averages become ready within twice their time constant of at most ten seconds; a busy cluster takes its time.
const READY_SECS: u64 = 300;
/// Owners whose accounts are opened at once.
const OWNERS_AT_ONCE: usize = 6;

/// Everybody on the engine.
#[derive(Clone, Debug)]
pub(super) struct People {
    /// The population, by number.
    pub accounts: Vec<Party>,
    /// The liquidators, in the order of [`LIQUIDATORS`].
    pub desks: Vec<Party>,
    /// Takes what longs and shorts do not match, and the other side when a liquidator closes.
    pub maker: Party,
    /// Signs for the venue that reports premiums.
    pub venue: Arc<Keypair>,
    /// Numbers of the population by margin account.
    pub numbers: BTreeMap<Pubkey, usize>,
}

impl People {
    /// Whoever owns a margin account of the engine.
    pub fn owner_of(&self, account: &Pubkey) -> Option<&Party> {
        let all = self.accounts.iter().chain(&self.desks).chain(std::iter::once(&self.maker));
        all.into_iter().find(|party| party.account == *account)
    }
}

/// What an owner starts with: atoms by bank, and wallets for what he may take out.
#[derive(Clone, Debug)]
struct Start {
    name: String,
    deposits: Vec<(u8, u64)>,
    wallets: Vec<u8>,
}

impl Live {
    /// Opens everybody's accounts and deposits what they start with.
    pub(super) async fn people(
        &self,
        scenario: &Scenario,
        population: &Population,
        prices: [i64; 2],
        progress: &ProgressBar,
    ) -> Tried<People> {
        let usd = |usd: u64| vec![(0, atoms_of_usd_down(0, usd, E8))];
        let every_bank: Vec<u8> = (0..BANKS.len() as u8).collect();
        let mut starts = vec![Start { name: "maker".into(), deposits: usd(MAKER_USD), wallets: every_bank.clone() }];
        for (i, plan) in LIQUIDATORS.iter().enumerate() {
            let capital = (plan.capital_usd as f64 * scenario.capital_factor) as u64;
            starts.push(Start { name: format!("liquidator {i}"), deposits: usd(capital), wallets: every_bank.clone() });
        }
        for (i, plan) in population.accounts.iter().enumerate() {
            let banks = |usd: &[u64; 3]| -> Vec<(u8, u64)> {
                (0..).zip(usd).filter(|(_, usd)| **usd > 0).map(|(bank, usd)| (bank, *usd)).collect()
            };
            let atoms = |(bank, usd): (u8, u64)| (bank, atoms_of_usd_down(bank as usize, usd, price(bank, prices)));
            starts.push(Start {
                name: format!("account {i}"),
                deposits: banks(&plan.deposits_usd).into_iter().map(atoms).collect(),
                wallets: banks(&plan.borrows_usd).into_iter().map(|(bank, _)| bank).collect(),
            });
        }
        let mut opened = self.open_all(starts, progress).await?;
        let accounts = opened.split_off(1 + LIQUIDATORS.len());
        let desks = opened.split_off(1);
        let maker = opened.pop().ok_or_else(|| Failed::because("opening accounts", "there is no maker"))?;
        self.give_lamports(&desks).await?;
        let numbers = accounts.iter().zip(0..).map(|(party, number)| (party.account, number)).collect();
        Ok(People { accounts, desks, maker, venue: self.register_venue().await?, numbers })
    }

    async fn open_all(&self, starts: Vec<Start>, progress: &ProgressBar) -> Tried<Vec<Party>> {
        progress.set_length(starts.len() as u64);
        progress.set_message("opening accounts");
        let mut opened: Vec<Option<Party>> = vec![None; starts.len()];
        let (mut waiting, mut tasks) = (starts.into_iter().enumerate(), JoinSet::new());
        loop {
            while tasks.len() < OWNERS_AT_ONCE {
                let Some((i, start)) = waiting.next() else { break };
                let live = self.clone();
                tasks.spawn(async move { live.open_one(&start).await.map(|party| (i, party)) });
            }
            match tasks.join_next().await {
                Some(Ok(party)) => {
                    let (i, party) = party?;
                    opened[i] = Some(party);
                    progress.inc(1);
                }
                Some(Err(error)) => return Err(Failed::because("opening accounts", error.to_string())),
                None => break,
            }
        }
        opened.into_iter().collect::<Option<_>>().ok_or_else(|| Failed::because("opening accounts", "one is missing"))
    }

    /// Three transactions or more: the account, its tokens, and each deposit.
    async fn open_one(&self, start: &Start) -> Tried<Party> {
        let party = self.party(&start.name);
        let owner = party.owner();
        let opening = args::OpenAccountArgs { id: 0, delegate: None };
        let open = ix::open_account(&self.keys, owner, self.authority(), opening);
        self.order(&Order::new("open_account", &self.authority, &[&party.key], open)).await?;
        let fresh = start.deposits.iter().flat_map(|&(bank, atoms)| self.mint_instructions(&owner, bank, atoms));
        let empty = start.wallets.iter().flat_map(|&bank| self.mint_instructions(&owner, bank, 0));
        let mint: Vec<Instruction> = fresh.chain(empty).collect();
        self.send(&format!("tokens of {}", start.name), &[], &mint).await?;
        for &(bank, atoms) in &start.deposits {
            self.order(&self.deposit_order(&self.authority, &party, bank, atoms)).await?;
        }
        Ok(party)
    }

    /// Liquidators pay for their own transactions: on a cluster those of one payer wait for each other.
    async fn give_lamports(&self, desks: &[Party]) -> Tried<()> {
        let payer = self.authority();
        let give = |desk: &Party| solana_system_interface::instruction::transfer(&payer, &desk.owner(), DESK_LAMPORTS);
        let all: Vec<Instruction> = desks.iter().map(give).collect();
        self.send("the liquidators' lamports", &[], &all).await.map(drop)
    }

    async fn register_venue(&self) -> Tried<Arc<Keypair>> {
        let (signer, authority) = (Arc::new(self.key("venue")), self.authority());
        let premium_markets = (1 << MARKETS.len()) - 1;
        let venue = args::RegisterVenueArgs { signer: signer.pubkey(), settle_markets: 0, premium_markets };
        let register = ix::register_venue(&self.keys, authority, authority, venue);
        self.order(&Order::new("register_venue", &self.authority, &[], register)).await?;
        Ok(signer)
    }

    /// Waits until averages are ready, so that risk may be added.
    pub(super) async fn wait_until_ready(&self, poster: &Poster) -> Tried<()> {
        for _ in 0..READY_SECS {
            if self.patiently(|| self.is_ready()).await? {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let reason = poster.last_failure().unwrap_or_else(|| "no round of prices failed".to_owned());
        Err(Failed::because("waiting until averages are ready", reason))
    }

    /// Fills, then borrows. An account at the edge of its initial margin may be refused one; the table shows how many.
    pub(super) async fn open_positions(&self, people: &People, population: &Population, prices: [i64; 2]) -> Tried<()> {
        let reading = self.patiently(|| self.read()).await?;
        let fill = |fill: &FillPlan| self.opening_fill(people, &reading, fill, prices);
        let fills: Vec<Order> = population.fills.iter().filter_map(fill).collect();
        let (count, mut done) = (fills.len(), 0);
        for filled in self.orders(fills).await {
            done += allow_refusal(filled)? as usize;
        }
        if done * 10 < count * 9 {
            let refusals = self.tally.meter().refusals();
            return Err(Failed::because(
                "opening positions",
                format!("only {done} of {count} fills were settled: {refusals:?}"),
            ));
        }
        let mut borrows = Vec::new();
        for (party, plan) in people.accounts.iter().zip(&population.accounts) {
            for (bank, &usd) in (0u8..).zip(&plan.borrows_usd).filter(|(_, usd)| **usd > 0) {
                let (destination, atoms) =
                    (self.wallet(&party.owner(), bank), atoms_of_usd_down(bank as usize, usd, price(bank, prices)));
                let (token, args) = (self.token(bank), args::BorrowArgs { amount_atoms: atoms });
                let borrow = ix::borrow(&self.keys, &token, party.owner(), party.account, destination, args);
                borrows.push(Order::new("borrow", &self.authority, &[&party.key], borrow));
            }
        }
        for borrowed in self.orders(borrows).await {
            allow_refusal(borrowed)?;
        }
        Ok(())
    }

    fn opening_fill(&self, people: &People, reading: &Reading, fill: &FillPlan, prices: [i64; 2]) -> Option<Order> {
        let units = units_of_usd_down(fill.market, fill.usd, prices[MARKETS[fill.market].underlying.index()]);
        let quote_atoms = quote_atoms(reading, fill.market, units);
        let side = |index: Option<usize>| index.map_or(&people.maker, |i| &people.accounts[i]);
        let (buyer, seller) = (side(fill.long), side(fill.short));
        (units > 0 && quote_atoms > 0)
            .then(|| self.fill_order(&self.authority, fill.market as u8, (buyer, seller), units, quote_atoms))
    }

    /// A deposit of tokens that the owner has.
    pub(super) fn deposit_order(&self, payer: &Arc<Keypair>, party: &Party, bank: u8, atoms: u64) -> Order {
        let (owner, source) = (party.owner(), self.wallet(&party.owner(), bank));
        let args = args::DepositArgs { amount_atoms: atoms };
        let deposit = ix::deposit(&self.keys, &self.token(bank), owner, party.account, source, args);
        Order::new("deposit", payer, &[&party.key], deposit)
    }

    /// `sides` are the buyer and the seller.
    pub(super) fn fill_order(
        &self,
        payer: &Arc<Keypair>,
        market: u8,
        (buyer, seller): (&Party, &Party),
        base_units: u64,
        quote_atoms: u64,
    ) -> Order {
        let authority = FillAuthority::Sides { buyer: buyer.owner(), seller: seller.owner() };
        let args = args::SettleFillArgs { base_units, quote_atoms };
        let fill = ix::settle_fill(&self.keys, market, buyer.account, seller.account, authority, args);
        Order::new("settle_fill", payer, &[&buyer.key, &seller.key], fill)
    }
}

/// Whether it was done; the program's refusal is counted already, anything else ends the replay.
fn allow_refusal<T>(tried: Tried<T>) -> Tried<bool> {
    match tried {
        Ok(_) => Ok(true),
        Err(failed) if matches!(failed.error, plimsoll_rpc::Error::Rejected { .. }) => Ok(false),
        Err(failed) => Err(failed),
    }
}

/// Price of a bank's token, units of 1e-8 dollars.
fn price(bank: u8, prices: [i64; 2]) -> i64 {
    BANKS[bank as usize].underlying.map_or(E8, |underlying: Underlying| prices[underlying.index()])
}

/// What base units are worth at the held price, quote atoms; zero where nothing is listed.
pub(super) fn quote_atoms(reading: &Reading, market: usize, units: u64) -> u64 {
    let Some(slot) = reading.shared.registry.market(market) else { return 0 };
    let Some(price) = reading.shared.board.slot(slot.price_slot as usize) else { return 0 };
    BasePrice::new_down(price.spot.get(), slot.scale.get()).value_down(BaseUnits::new(units)).get()
}

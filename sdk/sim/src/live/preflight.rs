//! Whether a cluster has what a replay takes, before anything is sent.

use plimsoll_rpc::mock::MOCK_ORACLE;
use plimsoll_rpc::{Cluster, Error};
use plimsoll_state::{Bank, Engine, EngineAccount, FeedBook, MarginAccount, Market, PriceBoard, Registry};
use solana_pubkey::Pubkey;

use super::send::of;
use super::{Failed, Live, Tried};
use crate::listing::{BANKS, MARKETS};
use crate::population::Population;
use crate::strategy::LIQUIDATORS;

/// Lamports that each liquidator is given for fees; what is left he gives back.
pub(super) const DESK_LAMPORTS: u64 = 20_000_000;
const LAMPORTS_PER_SOL: f64 = 1e9;
const MINT_LEN: usize = 82;
const TOKEN_ACCOUNT_LEN: usize = 165;
/// More than a venue, an oracle account and the like take each.
const SMALL_LEN: usize = 512;
const SMALL_ACCOUNTS: usize = 10;
/// Fee of a transaction with two signatures.
const FEE_LAMPORTS: u64 = 10_000;
/// Transactions of an account before and during the crash, and of everybody together.
const TRANSACTIONS_EACH: u64 = 40;
const TRANSACTIONS_SHARED: u64 = 3_000;

impl Live {
    /// Refuses mainnet, another cluster than the named one, missing programs, and a payer with too few lamports.
    ///
    /// # Errors
    /// The first of these, with what to do about it; an RPC error.
    pub(super) async fn require(&self, cluster: &Cluster, population: &Population) -> Tried<()> {
        let found = Cluster::verify(&self.connection.rpc, Some(&cluster.name)).await;
        if of("asking which cluster this is", found)? == Some("mainnet-beta") {
            return Err(Failed::because(
                "replaying",
                "this is mainnet; a replay creates mock prices and worthless mints, on test clusters only",
            ));
        }
        of("the engine's program", self.connection.require_program().await)?;
        let oracle = of("the oracle's program", self.connection.accounts(&[MOCK_ORACLE]).await)?.1;
        if !oracle.into_iter().flatten().any(|account| account.executable) {
            let missing = Error::Missing { what: "program", address: MOCK_ORACLE };
            return Err(Failed { what: "mock-oracle, which posts the prices".to_owned(), error: missing });
        }
        self.require_lamports(population).await
    }

    async fn require_lamports(&self, population: &Population) -> Tried<()> {
        let needed = self.needed_lamports(population).await?;
        let held = self.balance(&self.authority()).await?;
        if held >= needed {
            return Ok(());
        }
        let sol = |lamports: u64| lamports as f64 / LAMPORTS_PER_SOL;
        Err(Failed::because(
            "paying for the replay",
            format!(
                "{} accounts take about {:.2} SOL of rent and fees, {} holds {:.2}: fund it, on a test cluster with `solana airdrop`, or take fewer with --accounts",
                population.accounts.len(),
                sol(needed),
                self.authority(),
                sol(held)
            ),
        ))
    }

    /// Rent of everything that is created, and fees, generously.
    async fn needed_lamports(&self, population: &Population) -> Tried<u64> {
        let wallets = |usd: &[u64]| usd.iter().filter(|usd| **usd > 0).count();
        let of_accounts: usize =
            population.accounts.iter().map(|a| wallets(&a.deposits_usd) + wallets(&a.borrows_usd)).sum();
        let of_desks = (LIQUIDATORS.len() + 2) * BANKS.len();
        let margin_accounts = population.accounts.len() + LIQUIDATORS.len() + 1;
        let created = [
            (1, Engine::SPACE),
            (1, Registry::SPACE),
            (1, PriceBoard::SPACE),
            (1, FeedBook::SPACE),
            (BANKS.len(), Bank::SPACE),
            (MARKETS.len(), Market::SPACE),
            (BANKS.len(), MINT_LEN),
            (margin_accounts, MarginAccount::SPACE),
            (of_accounts + of_desks + BANKS.len(), TOKEN_ACCOUNT_LEN),
            (SMALL_ACCOUNTS, SMALL_LEN),
        ];
        let mut lamports = LIQUIDATORS.len() as u64 * DESK_LAMPORTS;
        lamports += (TRANSACTIONS_SHARED + TRANSACTIONS_EACH * population.accounts.len() as u64) * FEE_LAMPORTS;
        for (count, bytes) in created {
            let rent = self.connection.rpc.get_minimum_balance_for_rent_exemption(bytes).await;
            lamports += count as u64 * of("asking for the rent", rent.map_err(Into::into))?;
        }
        Ok(lamports)
    }

    /// Lamports of an address.
    pub(super) async fn balance(&self, address: &Pubkey) -> Tried<u64> {
        let balance = self.connection.rpc.get_balance(address).await;
        of("reading a balance", balance.map_err(Into::into))
    }
}

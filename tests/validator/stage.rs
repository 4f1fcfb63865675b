//! Programs, an engine, prices, and the people of the story.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{anyhow, Context, Result};
use example_venue::client::Venue;
use example_venue::instructions::PostQuoteArgs;
use plimsoll_risk::params::GlobalParams;
use plimsoll_rpc::Connection;
use plimsoll_sdk::ix::{self, args};
use plimsoll_sim::data::E8;
use plimsoll_sim::live::{Averages, FullReading, Live, Party, Poster};
use plimsoll_sim::world::{BTC, SOL, SOL_PERP, USDC};
use solana_keypair::Keypair;
use solana_signer::Signer as _;

use crate::validator::Validator;

/// Atoms of a dollar of USDC.
pub const USD: u64 = 1_000_000;
/// Atoms of a SOL.
pub const ONE_SOL: u64 = 1_000_000_000;
/// Atoms of a BTC.
pub const ONE_BTC: u64 = 100_000_000;
/// Base units of SOL-PERP in a SOL.
pub const SOL_UNITS: u64 = 1_000_000;
/// Dollars a SOL at the start.
pub const FIRST_SOL_USD: i64 = 200;
/// Dollars a BTC, throughout.
const BTC_USD: i64 = 100_000;
/// Quote in USDC's insurance at the start: enough for the first loss and not for the second.
pub const INSURANCE_USD: u64 = 1_000;

/// Averages that follow a price within seconds; an engine on a test cluster may have them.
const AVERAGES: Averages = Averages { fast_secs: 2, slow_secs: 4, update_secs: 2 };
const POSTED_EVERY: Duration = Duration::from_millis(800);
const READY_SECS: u64 = 90;
const LOOKED_EVERY: Duration = Duration::from_millis(500);
const KEEPER_LAMPORTS: u64 = 1_000_000_000;
/// More than the rent of a quote.
const QUOTE_LAMPORTS: u64 = 10_000_000;
const QUOTE_SECS: i64 = 600;
/// How long the venue is approved: longer than any story.
const APPROVAL_SECS: i64 = 86_400;

/// The engine and everybody on it.
pub struct Stage {
    /// The engine.
    pub live: Live,
    /// Prices.
    pub poster: Poster,
    /// Lends everything and takes the other side of every fill.
    pub maker: Party,
    /// Whose margin account pays for what the keeper liquidates.
    pub desk: Party,
    /// The keeper's key: the desk's delegate.
    pub keeper_key: Keypair,
    /// Has borrowed USDC against SOL.
    pub alice: Party,
    /// Is long SOL.
    pub bob: Party,
}

impl Stage {
    /// Sets an engine up on a validator that has the programs.
    ///
    /// # Errors
    /// What the cluster refuses.
    pub async fn set(validator: &impl Validator) -> Result<Self> {
        let connection = Connection::new(&validator.cluster());
        connection.require_program().await.context("the engine's program")?;
        let mut live = Live::new(connection, validator.payer(), 0);
        // A busy machine's slots and confirmations take their time.
        let params = GlobalParams::DEFAULT.with(|new| {
            new.prices.write_age_secs = 10;
            new.prices.read_age_secs = 30;
            new.prices.risk_age_secs = 10;
            // One bankruptcy draws half of this small fund, and the maker takes something out before the hour is over.
            new.breakers.drawn_insurance_ppm = 1_000_000;
        });
        live.create(0, &params).await?;
        live.list(AVERAGES, [FIRST_SOL_USD * E8, BTC_USD * E8]).await?;
        let prices = vec![E8, FIRST_SOL_USD * E8, BTC_USD * E8];
        let poster = Poster::start(live.clone(), prices, POSTED_EVERY);
        let maker = live.open("maker", None, USDC, 1_000_000 * USD).await?;
        live.deposit(&maker, SOL, 1_000 * ONE_SOL).await?;
        live.deposit(&maker, BTC, 10 * ONE_BTC).await?;
        let keeper_key = live.key("keeper");
        let desk =
            live.open("desk", Some(args::DelegateArgs::liquidator(keeper_key.pubkey())), USDC, 500_000 * USD).await?;
        let (payer, keeper) = (live.authority(), keeper_key.pubkey());
        let fund = solana_system_interface::instruction::transfer(&payer, &keeper, KEEPER_LAMPORTS);
        live.send("the keeper's lamports", &[], &[fund]).await?;
        live.fund_insurance(USDC, INSURANCE_USD * USD).await?;
        let (alice, bob) = Self::risk(&live, &poster, &maker).await?;
        Ok(Self { live, poster, maker, desk, keeper_key, alice, bob })
    }

    /// 100 SOL against 14,800 dollars, under water below 174; 100 SOL long with 1,300 dollars, under water below 193.
    async fn risk(live: &Live, poster: &Poster, maker: &Party) -> Result<(Party, Party)> {
        let alice = live.open("alice", None, SOL, 100 * ONE_SOL).await?;
        let bob = live.open("bob", None, USDC, 1_300 * USD).await?;
        let ready = until("the averages are ready", READY_SECS, || async { Ok(live.is_ready().await?.then_some(())) });
        ready.await.with_context(|| format!("the poster's last failure: {:?}", poster.last_failure()))?;
        live.borrow(&alice, USDC, 14_800 * USD).await?;
        let quote_atoms = 100 * FIRST_SOL_USD as u64 * USD;
        Self::buy_on_a_venue(live, &bob, maker, 100 * SOL_UNITS, quote_atoms).await?;
        Ok((alice, bob))
    }

    /// The seller quotes on the example venue, which asks the engine for the seller's margin first; the buyer takes the
    /// quote, and the venue has the engine settle it. Both have approved it for just that.
    async fn buy_on_a_venue(
        live: &Live,
        buyer: &Party,
        seller: &Party,
        base_units: u64,
        quote_atoms: u64,
    ) -> Result<()> {
        let (authority, market) = (live.authority(), live.keys.market(SOL_PERP));
        let venue = Venue::of(authority, live.keys.engine);
        let args = args::RegisterVenueArgs { signer: venue.signer, settle_markets: 1 << SOL_PERP, premium_markets: 0 };
        let register = ix::register_venue(&live.keys, authority, authority, args);
        live.send("a venue", &[], &[venue.create(), register]).await?;
        let approval = args::ApproveVenueArgs {
            markets: 1 << SOL_PERP,
            notional_limit_atoms: quote_atoms,
            expires_at: live.connection.now().await? + APPROVAL_SECS,
        };
        let approve = |party: &Party| ix::approve_venue(party.owner(), party.account, venue.registered, approval);
        // Whoever quotes pays the quote's rent and gets it back.
        let rent = solana_system_interface::instruction::transfer(&authority, &seller.owner(), QUOTE_LAMPORTS);
        let both = [&*buyer.key, &*seller.key];
        live.send("approvals of the venue", &both, &[approve(buyer), approve(seller), rent]).await?;
        let quote = PostQuoteArgs {
            id: 0,
            for_account: Some(buyer.account),
            maker_buys: false,
            base_units,
            quote_atoms,
            expires_at: live.connection.now().await? + QUOTE_SECS,
        };
        let (maker, taker) = ((seller.owner(), seller.account), (buyer.owner(), buyer.account));
        let post = venue.post_quote(maker.0, maker.1, market, quote);
        let take = venue.take_quote(maker, quote.id, taker, market);
        Ok(live.send("a fill on the venue", &both, &[post, take]).await.map(drop)?)
    }

    /// Moves the price of SOL.
    pub fn sol_falls_to(&self, dollars: i64) {
        self.poster.set(SOL, dollars * E8);
    }

    /// Looks at the engine until it shows what is waited for.
    ///
    /// # Errors
    /// Where it does not within `secs`.
    pub async fn until<T>(&self, what: &str, secs: u64, seen: impl Fn(&FullReading) -> Option<T>) -> Result<T> {
        until(what, secs, || async { Ok(seen(&self.live.read_all().await?)) }).await
    }
}

/// Asks again and again until there is an answer; an error counts as none, for the node may be away.
///
/// # Errors
/// Where there is none within `secs`, with the last error.
pub async fn until<T, F: Future<Output = Result<Option<T>>>>(what: &str, secs: u64, ask: impl Fn() -> F) -> Result<T> {
    let began = Instant::now();
    let mut last = None;
    while began.elapsed() < Duration::from_secs(secs) {
        match ask().await {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => last = None,
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(LOOKED_EVERY).await;
    }
    let error = last.unwrap_or_else(|| anyhow!("it did not become so"));
    Err(error.context(format!("waited {secs} s until {what}")))
}

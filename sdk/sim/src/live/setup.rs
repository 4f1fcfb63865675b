//! The engine: creating it, listing prices, banks and markets.

use plimsoll_risk::params::GlobalParams;
use plimsoll_rpc::mock::{create_pyth, pyth_feed, MOCK_ORACLE};
use plimsoll_sdk::ix::{self, args};
use plimsoll_state::{OracleKind, PriceBoard, PriceSlot};
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use super::send::of;
use super::{Failed, Live, Tried};
use crate::listing::{BANKS, FASTEST_FALL_PPM_PER_SEC, MARKETS};
use crate::world::{BankConfig, MarketConfig};

/// How the replay's listing is priced on a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Averages {
    /// Time constant of the fast averages, seconds.
    pub fast_secs: u32,
    /// Time constant of the slow averages, seconds.
    pub slow_secs: u32,
    /// How often a price is posted, seconds.
    pub update_secs: u32,
}

impl Live {
    /// Whether this engine is on the cluster already.
    ///
    /// # Errors
    /// An RPC error.
    pub async fn exists(&self) -> Tried<bool> {
        let found = of("looking for the engine", self.connection.accounts(&[self.keys.engine]).await)?;
        Ok(found.1.iter().any(Option::is_some))
    }

    /// Creates the engine, for a test cluster, with its registry, board and feed book. Changes do not wait on it.
    ///
    /// # Errors
    /// What the program refuses.
    pub async fn create(&self, id: u16, params: &GlobalParams) -> Tried<()> {
        let authority = self.authority();
        let args = args::CreateEngineArgs::held_by(authority, id, true);
        self.send("create_engine", &[], &[ix::create_engine(authority, authority, args)]).await?;
        let params = params.with(|new| new.changes.change_delay_secs = 0);
        for _ in 0..ix::REGISTRY_STEPS {
            let grow = ix::grow_registry(&self.keys, authority, authority, &params);
            self.send("grow_registry", &[], &[grow]).await?;
        }
        for _ in 0..ix::BOARD_STEPS {
            self.send("grow_board", &[], &[ix::grow_board(&self.keys, authority)]).await?;
        }
        for _ in 0..ix::FEEDS_STEPS {
            self.send("grow_feeds", &[], &[ix::grow_feeds(&self.keys, authority)]).await?;
        }
        Ok(())
    }

    /// Creates a Pyth account of `mock-oracle`, lists it in the next free slot and takes its first price.
    ///
    /// # Errors
    /// What the programs refuse.
    pub async fn list_price(&mut self, name: &str, fall_ppm: u32, averages: Averages, price_e8: i64) -> Tried<u8> {
        let (slot, authority) = (self.feeds.len() as u8, self.authority());
        let feed_id = self.key(&format!("feed {name}")).pubkey().to_bytes();
        let feed = pyth_feed(&authority, &feed_id);
        let create = create_pyth(authority, &feed_id);
        let primary = args::OracleSourceArgs {
            kind: OracleKind::PythPinned as u8,
            address: feed,
            program: MOCK_ORACLE,
            feed_id,
            queue: Pubkey::default(),
            min_samples: 0,
        };
        let config = args::PriceConfigArgs {
            primary,
            fast_secs: Some(averages.fast_secs),
            slow_secs: Some(averages.slow_secs),
            fastest_fall_ppm_per_sec: fall_ppm,
            update_secs: averages.update_secs,
            ..Default::default()
        };
        let list = args::ListPriceArgs { slot, config, variance_prior_pico_per_sec: None };
        let list = ix::list_price(&self.keys, authority, list);
        self.feeds.push(feed);
        self.send(&format!("list_price {name}"), &[], &[create, list]).await?;
        self.post(&[(slot, price_e8)]).await?;
        self.refresh(&[slot]).await?;
        Ok(slot)
    }

    /// Lists what the replay lists (USDC, SOL and BTC; SOL-PERP and BTC-PERP) at these prices of SOL and BTC, units of
    /// 1e-8 dollars, and launches the engine. The averages are not ready yet: see [`Live::is_ready`].
    ///
    /// # Errors
    /// What the programs refuse.
    pub async fn list(&mut self, averages: Averages, prices_e8: [i64; 2]) -> Tried<()> {
        for bank in &BANKS {
            let fall = bank.underlying.map_or(100, |u| FASTEST_FALL_PPM_PER_SEC[u.index()]);
            let price = bank.underlying.map_or(crate::data::E8, |u| prices_e8[u.index()]);
            self.list_price(bank.name, fall, averages, price).await?;
        }
        let authority = self.authority();
        for (listing, index) in BANKS.iter().zip(0..) {
            let mint = self.create_mint(listing.name, listing.decimals).await?;
            let config = BankConfig::of(listing, index).args();
            let args = args::ListBankArgs { index, price_slot: index, config };
            let list = ix::list_bank(&self.keys, authority, authority, (mint.key, mint.program), args);
            self.mints.push(mint);
            self.send(&format!("list_bank {}", listing.name), &[], &[list]).await?;
        }
        for (listing, index) in MARKETS.iter().zip(0..) {
            // A market wants a fresh price.
            let slot = 1 + listing.underlying.index() as u8;
            self.post(&[(0, crate::data::E8), (slot, prices_e8[listing.underlying.index()])]).await?;
            self.refresh(&[0, slot]).await?;
            let config = MarketConfig::of(listing, slot).args(index);
            let list = ix::list_market(&self.keys, authority, authority, config);
            self.send(&format!("list_market {}", listing.name), &[], &[list]).await?;
        }
        self.send("launch_engine", &[], &[ix::launch_engine(&self.keys, authority)]).await?;
        Ok(())
    }

    /// Whether every listed price's averages are ready, so that risk may be added.
    ///
    /// # Errors
    /// An RPC error, or no board.
    pub async fn is_ready(&self) -> Tried<bool> {
        let board: Box<PriceBoard> =
            Box::new(of("reading the price board", self.connection.read("price board", &self.keys.board).await)?);
        let listed = (0..self.feeds.len()).map(|slot| board.slot(slot));
        let states: Vec<&PriceSlot> = listed.flatten().collect();
        if states.len() < self.feeds.len() {
            return Err(Failed::because("reading the price board", "a listed slot is empty"));
        }
        Ok(states.iter().all(|slot| slot.is_ready()))
    }
}

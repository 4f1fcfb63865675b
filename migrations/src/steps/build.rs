//! A step's instructions.

use plimsoll_rpc::mock::{create_pyth, post_pyth, PythPost};
use plimsoll_sdk::ix::args;
use plimsoll_sdk::{ix, pda};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::Step;
use crate::chain::Chain;
use crate::config::{Key, MockFeed, Resolved, SourceKind};
use crate::error::{Error, Result};

/// Bytes of an SPL Token mint.
const MINT_LEN: u64 = 82;

pub(super) struct Builder<'a> {
    pub(super) resolved: &'a Resolved,
    pub(super) chain: &'a Chain,
    /// The key that a step needs; the engine's executor in what is proposed.
    pub(super) signer: Pubkey,
    /// Pays.
    pub(super) payer: Pubkey,
    /// Rent of a mint.
    pub(super) mint_rent_lamports: u64,
}

impl Builder<'_> {
    pub(super) fn instructions(&self, step: &Step) -> Result<Vec<Instruction>> {
        let (keys, signer, file) = (&self.chain.keys, self.signer, &self.resolved.config);
        Ok(match step {
            Step::CreateMint { bank } => self.create_mint(*bank)?,
            Step::CreateEngine => {
                let (engine, key) = (&file.engine, |given: Option<Key>| given.map_or(signer, |key| key.0));
                let args = args::CreateEngineArgs {
                    id: engine.id,
                    test_cluster: engine.test_cluster,
                    risk_authority: key(engine.risk_authority),
                    guardian: key(engine.guardian),
                    fee_collector: key(engine.fee_collector),
                };
                vec![ix::create_engine(signer, signer, args)]
            }
            Step::GrowRegistry { .. } => {
                vec![ix::grow_registry(keys, signer, signer, &file.params)]
            }
            Step::GrowBoard { .. } => vec![ix::grow_board(keys, signer)],
            Step::GrowFeeds { .. } => vec![ix::grow_feeds(keys, signer)],
            Step::CreateFeed { price } => self.create_feed(*price)?,
            Step::UpdateParams => vec![ix::update_params(keys, signer, &file.params)],
            Step::ListPrice { .. } | Step::UpdatePrice { .. } => vec![self.price(step)?],
            Step::ListBank { .. } | Step::UpdateBank { .. } => self.bank(step)?,
            Step::ListMarket { .. } | Step::UpdateMarket { .. } => self.market(step)?,
            Step::RegisterVenue { venue } | Step::UpdateVenue { venue } => vec![self.venue(step, *venue)?],
            Step::Launch => vec![ix::launch_engine(keys, signer)],
            Step::SetPause { add, remove } => {
                let args = args::SetPauseArgs { add_bits: *add, remove_bits: *remove, lasts_secs: None };
                vec![ix::set_pause(keys, signer, args)]
            }
            Step::ProposeRole { role } => {
                vec![ix::propose_role(keys, signer, role.arg(), file.engine.holder(*role).map(|key| key.0))]
            }
            Step::AcceptRole { role } => vec![ix::accept_role(keys, signer, role.arg())],
        })
    }

    fn create_mint(&self, bank: u8) -> Result<Vec<Instruction>> {
        let mints = &self.resolved.mints;
        let mint = mints.iter().find(|mint| mint.bank == bank).ok_or_else(|| missing("bank", bank))?;
        let (signer, program) = (self.signer, pda::TOKEN_PROGRAM);
        let create = solana_system_interface::instruction::create_account_with_seed(
            &signer,
            &mint.address,
            &signer,
            &mint.seed,
            self.mint_rent_lamports,
            MINT_LEN,
            &program,
        );
        let initialize =
            spl_token_interface::instruction::initialize_mint2(&program, &mint.address, &signer, None, mint.decimals)
                .map_err(|error| Error::config(format!("bank[{bank}].mint"), error.to_string()))?;
        Ok(vec![create, initialize])
    }

    fn create_feed(&self, price: u8) -> Result<Vec<Instruction>> {
        let feeds = &self.resolved.feeds;
        let feed = feeds.iter().find(|feed| feed.slot == price).ok_or_else(|| missing("price", price))?;
        Ok(vec![create_pyth(self.signer, &feed.feed_id), post_mock(self.signer, feed)])
    }

    fn price(&self, step: &Step) -> Result<Instruction> {
        let (Step::ListPrice { price } | Step::UpdatePrice { price }) = step else {
            return Err(missing("price", u8::MAX));
        };
        let wanted = &self.resolved.config.prices;
        let wanted = wanted.get(*price as usize).ok_or_else(|| missing("price", *price))?;
        let (slot, config) = (*price, wanted.args());
        Ok(if matches!(step, Step::ListPrice { .. }) {
            let variance_prior_pico_per_sec = wanted.variance_prior_pico_per_sec;
            let args = args::ListPriceArgs { slot, config, variance_prior_pico_per_sec };
            ix::list_price(&self.chain.keys, self.signer, args)
        } else {
            ix::update_price(&self.chain.keys, self.signer, args::UpdatePriceArgs { slot, config })
        })
    }

    fn bank(&self, step: &Step) -> Result<Vec<Instruction>> {
        let (keys, signer) = (&self.chain.keys, self.signer);
        match step {
            Step::ListBank { bank } => {
                let wanted = self.resolved.config.banks.get(*bank as usize).ok_or_else(|| missing("bank", *bank))?;
                let mint = self.chain.mints.get(*bank as usize).copied().flatten();
                let (Some(key), Some(mint)) = (wanted.mint_key(), mint) else {
                    return Err(Error::config(format!("bank[{bank}].mint"), "there is no such mint on this cluster"));
                };
                let args =
                    args::ListBankArgs { index: *bank, price_slot: wanted.price_slot, config: wanted.settings() };
                let list = ix::list_bank(keys, signer, self.payer, (key.0, mint.token_program), args);
                Ok(self.refreshed(wanted.price_slot, list))
            }
            Step::UpdateBank { bank } => {
                let wanted = self.resolved.config.banks.get(*bank as usize).ok_or_else(|| missing("bank", *bank))?;
                let args = args::UpdateBankArgs { reduce_only: wanted.reduce_only, config: wanted.settings() };
                Ok(vec![ix::update_bank(keys, signer, *bank, args)])
            }
            _ => Err(missing("bank", u8::MAX)),
        }
    }

    fn market(&self, step: &Step) -> Result<Vec<Instruction>> {
        let (keys, signer) = (&self.chain.keys, self.signer);
        let wanted = |slot: u8| self.resolved.config.markets.get(slot as usize).ok_or_else(|| missing("market", slot));
        match step {
            Step::ListMarket { market } => {
                let wanted = wanted(*market)?;
                let list = ix::list_market(keys, signer, self.payer, wanted.args(*market));
                Ok(self.refreshed(wanted.price_slot, list))
            }
            Step::UpdateMarket { market } => {
                let wanted = wanted(*market)?;
                let args = args::UpdateMarketArgs { status: wanted.status(), terms: wanted.settings() };
                Ok(vec![ix::update_market(keys, signer, *market, args)])
            }
            _ => Err(missing("market", u8::MAX)),
        }
    }

    fn venue(&self, step: &Step, venue: usize) -> Result<Instruction> {
        let (keys, signer) = (&self.chain.keys, self.signer);
        let wanted = &self.resolved.config.venues;
        let wanted = wanted.get(venue).ok_or_else(|| Error::config(format!("venue[{venue}]"), "is not in the file"))?;
        let update = wanted.args();
        Ok(if matches!(step, Step::RegisterVenue { .. }) {
            let args = args::RegisterVenueArgs {
                signer: wanted.signer.0,
                settle_markets: update.settle_markets,
                premium_markets: update.premium_markets,
            };
            ix::register_venue(keys, signer, self.payer, args)
        } else {
            ix::update_venue(keys, signer, keys.venue(&wanted.signer.0), update)
        })
    }

    /// A listing needs a price, a market's a fresh one: it is taken from the primary in the same transaction. Where the
    /// caller of a refresh chooses the account, a keeper has to have done it. A mock price is posted anew first.
    fn refreshed(&self, price_slot: u8, list: Instruction) -> Vec<Instruction> {
        let mut instructions = Vec::new();
        // Only the creator posts to the mock feeds of a file.
        let feed = self.resolved.feeds.iter().find(|feed| feed.slot == price_slot);
        if let Some(feed) = feed.filter(|_| self.payer == self.resolved.creator) {
            instructions.push(post_mock(self.resolved.creator, feed));
        }
        let primary = self.resolved.config.prices.get(price_slot as usize).map(|price| &price.primary);
        let pinned = primary.filter(|source| source.kind != SourceKind::PythPosted).and_then(|source| source.address);
        if let Some(primary) = pinned {
            let feed = ix::Refresh { slot: price_slot, primary: primary.0, secondary: None };
            instructions.push(ix::refresh_price(&self.chain.keys, &[feed]));
        }
        instructions.push(list);
        instructions
    }
}

fn post_mock(poster: Pubkey, feed: &MockFeed) -> Instruction {
    let price = i64::try_from(feed.price_e8).unwrap_or(i64::MAX);
    post_pyth(poster, feed.address, &PythPost::of_now(price))
}

fn missing(what: &str, slot: u8) -> Error {
    Error::config(format!("{what}[{slot}]"), "is not in the file")
}

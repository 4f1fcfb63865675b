//! Everything that can be wrong with a file before a cluster is asked, by the very functions that the program uses.

use bytemuck::{zeroed_box, Zeroable};
use plimsoll_risk::params::{
    Contradiction, GlobalParams, MarketRates, TokenWeights, MAX_BANKS, MAX_MARKETS, MAX_PRICES,
};
use plimsoll_risk::price::{Price, MAX_DECIMALS};
use plimsoll_risk::units::Ppm;
use plimsoll_rpc::mock::MOCK_ORACLE;
use plimsoll_sdk::ix::args::{BankConfigArgs, MarketTerms, PriceConfigArgs};
use plimsoll_sdk::EngineError;
use plimsoll_state::{Feed, Market, PriceBoard, Registry, SlotStatus, StoredParams, StoredRates, StoredWeights};
use solana_pubkey::Pubkey;

use super::{settings, BankConfig, Config, MarketConfig, MintConfig, PriceConfig, SourceConfig, SourceKind};
use crate::error::{Error, Result};

/// What the program says, in its own words.
fn engine_text(error: EngineError) -> String {
    let (name, text) = error.text();
    format!("{text} ({name})")
}

impl Config {
    /// Checks every value that can be checked without a cluster.
    ///
    /// # Errors
    /// `Config`, with the path of the value.
    pub fn validate(&self) -> Result<()> {
        let params = self.params;
        super::params::validate(&params)?;
        let counts = [
            ("price", self.prices.len(), MAX_PRICES),
            ("bank", self.banks.len(), MAX_BANKS),
            ("market", self.markets.len(), MAX_MARKETS),
        ];
        for (name, count, most) in counts {
            if count > most {
                return Err(Error::config(name, format!("{count} entries, an engine has {most} slots")));
            }
        }
        // Addresses that depend on who signs are derived for somebody: only that they can be derived matters here.
        let somebody = Pubkey::new_from_array([1; 32]);
        for (slot, price) in self.resolve(&somebody)?.config.prices.iter().enumerate() {
            self.validate_price(&format!("price[{slot}]"), price)?;
        }
        for (index, bank) in self.banks.iter().enumerate() {
            self.validate_bank(&format!("bank[{index}]"), bank, &params)?;
        }
        self.validate_listings(&params)?;
        self.validate_venues()
    }

    fn test_only(&self, at: String, what: &str) -> Result<()> {
        if self.engine.test_cluster {
            return Ok(());
        }
        Err(Error::config(at, format!("{what} needs engine.test_cluster = true")))
    }

    fn validate_price(&self, at: &str, price: &PriceConfig) -> Result<()> {
        let behind = [("secondary", &price.secondary), ("standby", &price.standby)];
        let behind = behind.into_iter().map(|(name, source)| Some((name, source.as_ref()?)));
        let sources = std::iter::once(Some(("primary", &price.primary))).chain(behind);
        for (name, source) in sources.flatten() {
            validate_pins(&format!("{at}.{name}"), source)?;
        }
        if let Some(mock) = &price.mock {
            self.test_only(format!("{at}.mock"), "a mock price")?;
            if price.primary.program.0 != MOCK_ORACLE || price.primary.kind != SourceKind::PythPinned {
                let reason = format!("a mock price needs a pyth-pinned primary of the mock oracle, {}", MOCK_ORACLE);
                return Err(Error::config(format!("{at}.mock"), reason));
            }
            if mock.price_e8 == 0 || i64::try_from(mock.price_e8).is_err() {
                return Err(Error::config(format!("{at}.mock.price_e8"), "a price is positive and fits 63 bits"));
            }
        }
        settings::validate(at, &price.settings(), PriceConfigArgs::SETTINGS, &self.params)?;
        price
            .args()
            .validate(&self.params, self.engine.test_cluster)
            .map_err(|error| Error::config(at, engine_text(error)))
    }

    fn validate_bank(&self, at: &str, bank: &BankConfig, params: &GlobalParams) -> Result<()> {
        if bank.price_slot as usize >= self.prices.len() {
            return Err(Error::config(format!("{at}.price_slot"), "there is no such [[price]]"));
        }
        if let MintConfig::Created { seed, decimals } = &bank.mint {
            self.test_only(format!("{at}.mint"), "a mint of the migration's own")?;
            if *decimals > MAX_DECIMALS || seed.is_empty() {
                return Err(Error::config(
                    format!("{at}.mint"),
                    format!("a seed has 1 to 32 bytes, a mint at most {MAX_DECIMALS} decimals"),
                ));
            }
        }
        settings::validate(at, &bank.settings(), BankConfigArgs::SETTINGS, params)?;
        weights(bank, params).map_err(|_| {
            let reason =
                "the weights of the target (docs/math.md) must lie params.targets.target_min_gap_ppm above maintenance";
            Error::config(format!("{at}.asset_… and liability_…_ppm"), reason)
        })?;
        // At this price no cap and no atom is too valuable: what is left are the program's other conditions.
        let cheap = Price::from_decimal_down(1, -12).map_err(|error| Error::config(at, format!("{error:?}")))?;
        bank.settings().validate(6, cheap, params).map_err(|error| Error::config(at, engine_text(error)))?;
        Ok(())
    }

    /// Registry and board as they would be with this file, for the program's functions on what is listed.
    fn validate_listings(&self, params: &GlobalParams) -> Result<()> {
        let Some(quote) = self.banks.first() else {
            return if self.markets.is_empty() {
                Ok(())
            } else {
                Err(Error::config("market", "a market needs the settlement token: the first [[bank]]"))
            };
        };
        let mut registry: Box<Registry> = zeroed_box();
        let mut board: Box<PriceBoard> = zeroed_box();
        registry.params = StoredParams(*params);
        for (slot, price) in board.slots.iter_mut().zip(&self.prices) {
            slot.active = 1;
            price.settings().store(&mut Feed::zeroed(), slot);
        }
        // One after the other, as they are listed, so that the one which does not fit is named.
        for (index, bank) in self.banks.iter().enumerate() {
            let at = format!("bank[{index}]");
            let weights = weights(bank, params).map_err(|condition| Error::config(&at, condition.0))?;
            let slot = &mut registry.banks[index];
            (slot.status, slot.price_slot) = (SlotStatus::Active as u8, bank.price_slot);
            slot.weights = StoredWeights(weights);
            registry.check_listings(&board).map_err(|condition| match condition {
                Contradiction::PNL_WEIGHT => {
                    let most = quote.asset_maint_ppm;
                    Error::config("params.perps.pnl_weight_ppm", format!("{}, {most}", condition.0))
                }
                _ => Error::config(at, condition.0),
            })?;
        }
        for (index, market) in self.markets.iter().enumerate() {
            let at = format!("market[{index}]");
            let rates = validate_market(&at, market, &registry, &board)?;
            let slot = &mut registry.markets[index];
            (slot.status, slot.price_slot) = (SlotStatus::Active as u8, market.price_slot);
            market.settings().store(&mut Market::zeroed(), slot);
            slot.rates = StoredRates(rates);
            registry.check_listings(&board).map_err(|condition| Error::config(at, condition.0))?;
        }
        Ok(())
    }

    fn validate_venues(&self) -> Result<()> {
        for (index, venue) in self.venues.iter().enumerate() {
            let at = format!("venue[{index}]");
            if venue.signer.0 == Pubkey::default() {
                return Err(Error::config(format!("{at}.signer"), "the default address cannot sign"));
            }
            if self.venues.iter().filter(|other| other.signer == venue.signer).count() > 1 {
                return Err(Error::config(format!("{at}.signer"), "two venues have this signer"));
            }
            let named = venue.settle_markets.iter().chain(&venue.premium_markets);
            if let Some(slot) = named.into_iter().find(|slot| **slot as usize >= self.markets.len()) {
                return Err(Error::config(format!("{at}.…_markets"), format!("there is no [[market]] {slot}")));
            }
        }
        Ok(())
    }
}

fn weights(bank: &BankConfig, params: &GlobalParams) -> std::result::Result<TokenWeights, Contradiction> {
    let [asset, asset_init] = [bank.asset_maint_ppm, bank.asset_init_ppm].map(Ppm::new);
    let [liability, liability_init] = [bank.liability_maint_ppm, bank.liability_init_ppm].map(Ppm::new);
    TokenWeights::new(asset, asset_init, liability, liability_init, params)
}

/// Each kind names what identifies its account, and nothing that would be ignored.
fn validate_pins(at: &str, source: &SourceConfig) -> Result<()> {
    let switchboard = source.kind == SourceKind::SwitchboardPull;
    let rules = [
        ("address", source.address.is_some(), source.kind != SourceKind::PythPosted),
        ("queue", source.queue.is_some(), switchboard),
        ("min_samples", source.min_samples.is_some(), switchboard),
    ];
    for (name, given, needed) in rules {
        if given != needed {
            let reason = if needed { "this kind of source needs it" } else { "this kind of source does not take it" };
            return Err(Error::config(format!("{at}.{name}"), reason));
        }
    }
    if source.feed_id.0 == [0; 32] {
        return Err(Error::config(format!("{at}.feed_id"), "zero is not a feed's id"));
    }
    Ok(())
}

fn validate_market(at: &str, market: &MarketConfig, registry: &Registry, board: &PriceBoard) -> Result<MarketRates> {
    let longest = Market::zeroed().name.len();
    if market.name.is_empty() || market.name.len() > longest {
        return Err(Error::config(format!("{at}.name"), format!("a name has 1 to {longest} bytes")));
    }
    if market.base_decimals > MAX_DECIMALS {
        return Err(Error::config(format!("{at}.base_decimals"), format!("at most {MAX_DECIMALS}")));
    }
    if board.slot(market.price_slot as usize).is_none() {
        return Err(Error::config(format!("{at}.price_slot"), "there is no such [[price]]"));
    }
    settings::validate(at, &market.settings(), MarketTerms::SETTINGS, registry.params())?;
    let checked = market.settings().validate(market.price_slot, registry, board);
    checked.map_err(|error| Error::config(at, engine_text(error)))?;
    Ok(market.settings().rates(registry.params()))
}

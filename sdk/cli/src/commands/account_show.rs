//! `plimsoll account show`.

use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::view::Accounts;
use plimsoll_state::snapshot::{balance_atoms, Views};
use plimsoll_state::MarginAccount;
use schemars::JsonSchema;
use serde::Serialize;
use solana_pubkey::Pubkey;

use super::account_list::unlisted;
use crate::answer::Answer;
use crate::context::Loaded;
use crate::fault::{Fault, Result};
use crate::health::Margin;
use crate::margin::{liquidation_prices, underlyings, LiquidationPrices, Standing};
use crate::names::{market_list, name_of};
use crate::quantity::{Amount, PriceUsd, Size};
use crate::rights::{names, words};
use crate::row;
use crate::text::{Cell, Text, Tone};

const DAY_SECS: f64 = 86_400.0;

/// Everything about an account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Account {
    /// Its address.
    pub account: String,
    /// Its number among its owner's.
    pub id: u16,
    /// Its owner.
    pub owner: String,
    /// Its delegate; null where there is none.
    pub delegate: Option<String>,
    /// What the delegate may do.
    pub delegate_may: Vec<&'static str>,
    /// Notional that a delegate may trade within any day.
    pub delegate_limit_a_day: Amount,
    /// Its margins; null where it cannot be valued.
    pub margin: Option<Margin>,
    /// Why it cannot be valued; null where it can.
    pub not_valued: Option<String>,
    /// Why it may add no risk, margins aside; null where nothing is in the way.
    pub adds_no_risk: Option<NoRisk>,
    /// How long it has been under water on its clock.
    pub under_water_secs: u32,
    /// Whether its owner was called, and it was not seen above the band since.
    pub margin_called: bool,
    /// What it holds and owes.
    pub balances: Vec<Balance>,
    /// Its perps.
    pub positions: Vec<Position>,
    /// Where the price of one underlying, all others unchanged, brings it to maintenance.
    pub liquidation_prices: Vec<LiquidationPrice>,
    /// Venues that may settle its fills.
    pub venues: Vec<Approval>,
    #[serde(skip)]
    delegate_words: String,
}

/// Why an account may add no risk, whatever its margins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoRisk {
    /// A price of it is stale.
    PriceStale,
    /// A price of it is too old for adding risk: a refresh mends it.
    PriceTooOld,
    /// A price's averages are not ready.
    AveragesNotReady,
}

/// A balance.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Balance {
    /// The bank.
    pub bank: String,
    /// What is held, below zero where it is owed, with interest up to now.
    pub balance: Amount,
}

/// A perp.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Position {
    /// The market.
    pub market: String,
    /// Base, below zero where it is short.
    pub size: Size,
    /// Profit and loss at spot, quote.
    pub pnl: Amount,
    /// Value of the base at spot, quote.
    pub notional: Amount,
}

/// Where an underlying's price brings the account to maintenance.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LiquidationPrice {
    /// The price.
    pub price: String,
    /// What it is now.
    pub now: PriceUsd,
    /// Below this the account is under water.
    pub below: PriceUsd,
    /// Above this it is.
    pub above: PriceUsd,
    /// It is under water at any price of this underlying.
    pub at_any: bool,
}

/// What a venue may still do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Approval {
    /// The venue.
    pub venue: String,
    /// Where.
    pub markets: Vec<String>,
    /// Notional that it may still settle.
    pub left: Amount,
    /// When it ends.
    pub expires_at_unix_secs: i64,
    /// Whether it has ended.
    pub has_ended: bool,
    #[serde(skip)]
    ends: String,
}

impl Answer for Account {
    fn text(&self) -> Text {
        let mut facts: Vec<(&str, Cell)> = vec![
            ("account", format!("{} (number {})", self.account, self.id).into()),
            ("owner", self.owner.as_str().into()),
            ("delegate", self.delegate.as_deref().unwrap_or("nobody").into()),
            ("delegate may", self.delegate_words.as_str().into()),
        ];
        facts.extend(self.margin.iter().flat_map(Margin::lines));
        if let Some(why) = &self.not_valued {
            facts.push(("not valued", Cell::toned(why, Tone::Bad)));
        }
        if let Some(why) = self.adds_no_risk {
            facts.push(("may add risk", Cell::toned(why.words(), Tone::Warning)));
        }
        if self.under_water_secs > 0 {
            facts.push(("under water", format!("{} s on its clock", self.under_water_secs).into()));
        }
        if self.margin_called {
            facts.push(("margin call", "its owner was called, and it was not seen above the band since".into()));
        }
        let balances = self.balances.iter().map(|of| row![of.bank, of.balance.text()]);
        let positions =
            self.positions.iter().map(|of| row![of.market, of.size.text(), of.pnl.text(), of.notional.text()]);
        let prices = self.liquidation_prices.iter().map(LiquidationPrice::row);
        let venues = self.venues.iter().map(|of| row![of.venue, of.markets.join(", "), of.left.text(), of.ends]);
        Text::default()
            .facts(facts)
            .note("balances:")
            .rows(&["bank", "balance"], balances.collect())
            .note("positions:")
            .rows(&["market", "size", "PnL at spot", "notional at spot"], positions.collect())
            .note("liquidation prices, each with the others unchanged:")
            .rows(&["price", "now $", "below $", "above $"], prices.collect())
            .note("venues that may settle fills:")
            .rows(&["venue", "markets", "notional left", "ends"], venues.collect())
    }
}

impl NoRisk {
    fn of(standing: &Standing) -> Option<Self> {
        match (standing.stale, standing.old, standing.not_ready) {
            (true, ..) => Some(Self::PriceStale),
            (false, true, _) => Some(Self::PriceTooOld),
            (false, false, true) => Some(Self::AveragesNotReady),
            (false, false, false) => None,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::PriceStale => "no: a price is stale (`plimsoll price list`)",
            Self::PriceTooOld => "no: a price is too old for adding risk (`plimsoll price refresh`)",
            Self::AveragesNotReady => "no: a price's averages are not ready (`plimsoll price list`)",
        }
    }
}

impl LiquidationPrice {
    fn row(&self) -> Vec<Cell> {
        let or_none = |price: &PriceUsd| match price.text() {
            none if none.is_empty() && self.at_any => "at any".to_owned(),
            none if none.is_empty() => "-".to_owned(),
            price => price,
        };
        row![self.price, self.now.text(), or_none(&self.below), or_none(&self.above)]
    }
}

/// Everything about an account; of one that cannot be valued what can be said without.
///
/// # Errors
/// A formula's refusal, where nothing is unlisted.
pub fn shown(loaded: &Loaded, address: &Pubkey, account: &MarginAccount) -> Result<Account> {
    let accounts = loaded.accounts.with(account);
    let not_valued = unlisted(account, &loaded.accounts.registry);
    let quote = loaded.quote_decimals();
    let nobody = |bytes: [u8; 32]| Some(Pubkey::new_from_array(bytes)).filter(|key| *key != Pubkey::default());
    let (mut margin, mut adds_no_risk, mut positions, mut prices) = (None, None, Vec::new(), Vec::new());
    if not_valued.is_none() {
        margin = Some(Margin::of(&accounts)?);
        adds_no_risk = NoRisk::of(&Standing::of(&accounts)?);
        positions = positions_of(loaded, &accounts)?;
        prices = prices_of(loaded, &accounts)?;
    }
    Ok(Account {
        account: address.to_string(),
        id: account.id,
        owner: Pubkey::new_from_array(account.owner).to_string(),
        delegate: nobody(account.delegate).map(|key| key.to_string()),
        delegate_may: names(account.delegate_rights),
        delegate_limit_a_day: Amount::of(account.delegate_limit_atoms_per_day, quote),
        margin,
        not_valued,
        adds_no_risk,
        under_water_secs: account.under_water_secs,
        margin_called: account.called == 1,
        balances: balances_of(loaded, account)?,
        positions,
        liquidation_prices: prices,
        venues: venues_of(loaded, account),
        delegate_words: words(account, quote as u32),
    })
}

fn balances_of(loaded: &Loaded, account: &MarginAccount) -> Result<Vec<Balance>> {
    let held = account.tokens.iter().filter(|token| token.used == 1);
    held.filter_map(|token| Some((token, loaded.accounts.registry.bank(token.bank as usize)?)))
        .map(|(token, slot)| {
            let now = UnixSecs::new(loaded.accounts.now);
            let atoms = balance_atoms(slot, token.shares, now).map_err(Fault::of_risk)?;
            let bank = name_of(&loaded.names.banks, token.bank);
            Ok(Balance { bank, balance: Amount::of(atoms.get(), slot.decimals) })
        })
        .collect()
}

fn positions_of(loaded: &Loaded, accounts: &Accounts) -> Result<Vec<Position>> {
    let portfolio = accounts.portfolio(Views::SPOT).map_err(Fault::of_risk)?;
    let quote = loaded.quote_decimals();
    let rows = portfolio.perps().iter().map(|leg| {
        let slot = &loaded.accounts.registry.markets[leg.market as usize];
        let notional = leg.prices.spot.value_down(leg.units.unsigned_abs());
        Position {
            market: name_of(&loaded.names.markets, leg.market),
            size: Size::of(leg.units.get(), slot.base_decimals),
            pnl: Amount::of(leg.pnl_at(leg.prices.spot).get(), quote),
            notional: Amount::of(notional.get(), quote),
        }
    });
    Ok(rows.collect())
}

fn prices_of(loaded: &Loaded, accounts: &Accounts) -> Result<Vec<LiquidationPrice>> {
    let slots = underlyings(accounts.account, accounts.registry);
    slots
        .into_iter()
        .map(|slot| {
            let LiquidationPrices { below, above, hopeless } = liquidation_prices(accounts, slot)?;
            Ok(LiquidationPrice {
                price: name_of(&loaded.names.prices, slot),
                now: PriceUsd::of(accounts.board.slots[slot as usize].spot.get()),
                below: PriceUsd::maybe(below),
                above: PriceUsd::maybe(above),
                at_any: hopeless,
            })
        })
        .collect()
}

fn venues_of(loaded: &Loaded, account: &MarginAccount) -> Vec<Approval> {
    let venues = account.venues.iter().filter(|venue| venue.venue != [0; 32]);
    venues
        .map(|venue| {
            let left_secs = venue.expires_at.saturating_sub(loaded.accounts.now);
            let ends = match left_secs {
                secs @ 1.. => format!("in {:.1} days", secs as f64 / DAY_SECS),
                _ => "has ended".to_owned(),
            };
            Approval {
                venue: Pubkey::new_from_array(venue.venue).to_string(),
                markets: market_list(&loaded.names, venue.markets),
                left: Amount::of(venue.notional_left_atoms, loaded.quote_decimals()),
                expires_at_unix_secs: venue.expires_at,
                has_ended: left_secs <= 0,
                ends,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use bytemuck::{zeroed_box, Zeroable};
    use plimsoll_rpc::EngineAccounts;
    use plimsoll_sdk::pda::EngineKeys;
    use plimsoll_state::{Bank, Engine, Market};

    use super::*;
    use crate::margin::tests::{world, World, NOW, SOL, USDC};
    use crate::names::Names;

    fn loaded(world: &World) -> Loaded {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let accounts = EngineAccounts {
            slot: 1,
            now: NOW,
            keys: EngineKeys::of(Pubkey::new_from_array([9; 32])),
            engine: Engine::zeroed(),
            registry: world.registry.clone(),
            board: world.board.clone(),
            feeds: zeroed_box(),
            banks: vec![Bank::zeroed(); 2],
            markets: vec![Market::zeroed()],
        };
        let names = Names {
            prices: names(&["USDC", "SOL"]),
            banks: names(&["USDC", "SOL"]),
            markets: names(&["SOL-PERP"]),
            mints: Vec::new(),
        };
        Loaded { accounts, names }
    }

    #[test]
    fn what_is_in_banks_that_are_listed_is_shown_beside_what_is_not() {
        let mut world = world();
        world.hold(0, SOL, 2_000_000_000).hold(1, 7, 1);
        let account = shown(&loaded(&world), &Pubkey::default(), &world.account).unwrap();
        assert_eq!(account.not_valued.as_deref(), Some("it holds something in bank 7, which is not listed"));
        let json = account.json();
        assert_eq!((&json["margin"], &json["balances"][0]["balance_decimal"]), (&().into(), &"2".into()));
        assert!(account.text().shown(80, false).contains("not valued"));
    }

    #[test]
    fn an_account_is_shown_to_people_in_words_and_to_programs_in_numbers() {
        let mut world = world();
        world.hold(0, SOL, 100_000_000_000).hold(1, USDC, -14_000_000_000).perp(1, -200);
        let account = shown(&loaded(&world), &Pubkey::default(), &world.account).unwrap();
        let (text, json) = (account.text().shown(80, false), account.json());
        assert!(
            text.contains("-14,000") && text.contains("nobody") && text.lines().all(|line| line.chars().count() <= 80)
        );
        assert_eq!(json["balances"][1]["balance_atoms"], "-14000000000");
        assert_eq!((&json["positions"][0]["size_units"], &json["delegate"]), (&"1000000".into(), &().into()));
        assert!(json["liquidation_prices"][0]["above_usd"].is_null());
        assert!(json["liquidation_prices"][0]["below_usd"].as_str().is_some_and(|price| price.starts_with("16")));
    }
}

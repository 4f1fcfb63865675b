//! `plimsoll fill`.

use std::path::PathBuf;

use clap::Args;
use example_venue::client::Venue;
use example_venue::instructions::PostQuoteArgs;
use plimsoll_ledger::perp;
use plimsoll_risk::perp::fill_fee_up;
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::{Atoms, BaseUnits};
use plimsoll_sdk::ix::args::SettleFillArgs;
use plimsoll_sdk::ix::{self, FillAuthority};
use plimsoll_state::{MarginAccount, Registry};
use schemars::JsonSchema;
use serde::Serialize;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use super::venue::in_its_words;
use crate::amount::{atoms, decimal};
use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::Result;
use crate::health::{Change, Margin};
use crate::quantity::{Amount, Size};
use crate::text::Text;
use crate::transaction::Transaction;
use crate::usage::usage;

/// How long a quote of the example venue can be taken: it is taken in the transaction that posts it.
const QUOTE_SECS: i64 = 60;

/// A trade between two margin accounts.
#[derive(Args, Debug)]
pub struct FillArgs {
    /// The market
    pub market: String,
    /// Size in whole units, such as 1.5
    pub size: String,
    /// Price in the settlement token for a whole unit
    #[arg(long)]
    pub price: String,
    /// Margin account that buys: an address, the number of one of the signer's, or a name of the local engine
    #[arg(long)]
    pub buyer: String,
    /// Margin account that sells
    #[arg(long)]
    pub seller: String,
    /// Key of the buyer's owner, or of a delegate that may trade [default: the session's]
    #[arg(long, value_name = "PATH")]
    pub buyer_keypair: Option<PathBuf>,
    /// Key of the seller's owner, or of a delegate that may trade [default: the session's]
    #[arg(long, value_name = "PATH")]
    pub seller_keypair: Option<PathBuf>,
    /// Settle on this operator's example venue, which both owners must have approved (`plimsoll venue show`): the
    /// seller's owner quotes, the buyer's takes. Else the engine settles it, both sides signing
    #[arg(long, value_name = "OPERATOR")]
    pub venue: Option<Pubkey>,
}

/// A trade and what it did to both accounts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Filled {
    /// The market.
    pub market: String,
    /// What the buyer gained and the seller lost.
    pub size: Size,
    /// What the buyer paid the seller, beside each side's fee.
    pub paid: Amount,
    /// What each side pays the market at the board's price.
    pub fee: Amount,
    /// The buyer.
    pub buyer: Side,
    /// The seller.
    pub seller: Side,
    /// How it was sent.
    pub transactions: Vec<Transaction>,
}

/// One side of a trade.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Side {
    /// Its margin account.
    pub account: String,
    /// Its margins.
    pub margin: Change,
}

impl Answer for Filled {
    fn text(&self) -> Text {
        let done = self.transactions.iter().fold(Text::default(), |text, sent| text.and(sent.text()));
        let fee = format!("{} each", self.fee.text());
        let (buyer, seller) = (&self.buyer.margin, &self.seller.margin);
        done.facts(vec![("fee", fee.into())]).and(buyer.text(["buyer's margin", "before", "after"])).and(seller.text([
            "seller's margin",
            "before",
            "after",
        ]))
    }
}

/// Settles the trade.
///
/// # Errors
/// Whatever stops it.
pub async fn run(context: &Context, args: &FillArgs) -> Result<()> {
    let loaded = context.load().await?;
    let market = loaded.names.market(&args.market)?;
    let base_decimals = loaded.accounts.registry.markets[market as usize].base_decimals;
    let quote_decimals = loaded.decimals(Registry::QUOTE_BANK as u8);
    let base_units = atoms(&args.size, base_decimals)?;
    let quote_atoms = quote_of(base_units, base_decimals, &args.price, quote_decimals)?;
    let keys = &loaded.accounts.keys;
    let (buyer, buys) = context.account(keys, &args.buyer).await?;
    let (seller, sells) = context.account(keys, &args.seller).await?;
    let buyer_key = context.key_of(&args.buyer, args.buyer_keypair.as_deref())?;
    let seller_key = context.key_of(&args.seller, args.seller_keypair.as_deref())?;
    let trade = Trade { market, base_units, quote_atoms, buyer, seller };
    let mut instructions = Vec::from_iter(loaded.freshen(&[&buys, &sells], None, Some(market)));
    match args.venue {
        Some(operator) => instructions.extend(on_venue(&loaded, operator, &trade, &buyer_key, &seller_key)),
        None => {
            let sides = FillAuthority::Sides { buyer: buyer_key.pubkey(), seller: seller_key.pubkey() };
            let args = SettleFillArgs { base_units, quote_atoms };
            instructions.push(ix::settle_fill(keys, market, buyer, seller, sides, args));
        }
    }
    let name = &loaded.names.markets[market as usize];
    let paid = Amount::of(quote_atoms, quote_decimals);
    let what = format!("{buyer} buys {} {name} from {seller} for {}", args.size, paid.text());
    let fee_atoms = fee_of(&loaded, &trade)?;
    let before = [margin(&loaded, &buys)?, margin(&loaded, &sells)?];
    let sent = context.perform(&what, Some(&format!("{what}?")), &[&buyer_key, &seller_key], &instructions).await;
    let sent = sent.map_err(in_its_words)?;
    let after = if sent.dry_run {
        would_be(&loaded, &trade, fee_atoms, (&buys, &sells))
    } else {
        [read(context, &args.buyer).await, read(context, &args.seller).await]
    };
    let ([buys, sells], [bought, sold]) = (before, after);
    Filled {
        market: name.clone(),
        size: Size::of(base_units, base_decimals),
        paid,
        fee: Amount::of(fee_atoms.get(), quote_decimals),
        buyer: Side { account: buyer.to_string(), margin: Change { before: buys, after: bought } },
        seller: Side { account: seller.to_string(), margin: Change { before: sells, after: sold } },
        transactions: vec![sent],
    }
    .print(context.json);
    Ok(())
}

struct Trade {
    market: u8,
    base_units: u64,
    quote_atoms: u64,
    buyer: Pubkey,
    seller: Pubkey,
}

fn margin(loaded: &Loaded, account: &MarginAccount) -> Result<Margin> {
    Margin::of(&loaded.accounts.with(account))
}

/// An account's margins as they are now; none where they cannot be read.
async fn read(context: &Context, account: &str) -> Option<Margin> {
    let loaded = context.load().await.ok()?;
    let (_, account) = context.account(&loaded.accounts.keys, account).await.ok()?;
    margin(&loaded, &account).ok()
}

/// What each side pays the market, at the board's price of now.
fn fee_of(loaded: &Loaded, trade: &Trade) -> Result<Atoms> {
    let (registry, board) = (&loaded.accounts.registry, &loaded.accounts.board);
    let slot = &registry.markets[trade.market as usize];
    let spot = BasePrice::new_down(board.slots[slot.price_slot as usize].spot.get(), slot.scale.get());
    let fee = fill_fee_up(BaseUnits::new(trade.base_units), spot, slot.fill_fee(), registry.params());
    fee.map_err(crate::fault::Fault::of_risk)
}

/// Both sides' margins after the trade, by the ledger; none where it would not be booked.
fn would_be(
    loaded: &Loaded,
    trade: &Trade,
    fee: Atoms,
    (buys, sells): (&MarginAccount, &MarginAccount),
) -> [Option<Margin>; 2] {
    let (mut buyer, mut seller) = (Box::new(*buys), Box::new(*sells));
    let mut market = loaded.accounts.markets[trade.market as usize];
    let slot = &loaded.accounts.registry.markets[trade.market as usize];
    let clock = loaded.accounts.with(buys).books().funding();
    let asked = perp::Trade { units: BaseUnits::new(trade.base_units), quote: Atoms::new(trade.quote_atoms), fee };
    match perp::fill(slot, &mut market, &mut buyer, &mut seller, &asked, clock) {
        Ok(_) => [margin(loaded, &buyer).ok(), margin(loaded, &seller).ok()],
        Err(_) => [None, None],
    }
}

/// A quote for this buyer alone, and its acceptance.
fn on_venue(loaded: &Loaded, operator: Pubkey, trade: &Trade, buyer: &Keypair, seller: &Keypair) -> Vec<Instruction> {
    let keys = &loaded.accounts.keys;
    let venue = Venue::of(operator, keys.engine);
    let market = keys.market(trade.market);
    let quote = PostQuoteArgs {
        // The clock makes it another one than the last, which may still be open.
        id: loaded.accounts.now.unsigned_abs(),
        for_account: Some(trade.buyer),
        maker_buys: false,
        base_units: trade.base_units,
        quote_atoms: trade.quote_atoms,
        expires_at: loaded.accounts.now + QUOTE_SECS,
    };
    let (maker, taker) = ((seller.pubkey(), trade.seller), (buyer.pubkey(), trade.buyer));
    vec![venue.post_quote(maker.0, maker.1, market, quote), venue.take_quote(maker, quote.id, taker, market)]
}

/// What base units cost at a price for a whole unit, quote atoms, rounded to the nearest.
fn quote_of(base_units: u64, base_decimals: u8, price: &str, quote_decimals: u8) -> Result<u64> {
    let (mantissa, places) = decimal(price)?;
    let too_large = || usage("the size times the price is too large");
    let numerator = (base_units as u128)
        .checked_mul(mantissa as u128)
        .and_then(|product| product.checked_mul(10u128.checked_pow(quote_decimals as u32)?))
        .ok_or_else(too_large)?;
    let denominator = 10u128.checked_pow(base_decimals as u32 + places).ok_or_else(too_large)?;
    let rounded = numerator.checked_add(denominator / 2).ok_or_else(too_large)? / denominator;
    match u64::try_from(rounded).map_err(|_| too_large())? {
        0 => Err(usage("the trade is worth less than one atom of the settlement token")),
        atoms => Ok(atoms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trade_costs_its_size_times_its_price_to_the_nearest_atom() {
        assert_eq!(quote_of(1_500_000, 6, "120.5", 6).unwrap(), 180_750_000);
        assert_eq!(quote_of(1, 9, "1500", 6).unwrap(), 2);
        assert_eq!(quote_of(1, 9, "1499", 6).unwrap(), 1);
        assert!(quote_of(1, 9, "0.1", 6).is_err());
        assert!(quote_of(u64::MAX, 0, "18446744073709551615", 6).is_err());
    }
}

//! `plimsoll fill`.

use std::path::PathBuf;

use clap::Args;
use example_venue::client::Venue;
use example_venue::instructions::PostQuoteArgs;
use plimsoll_migrations::Result;
use plimsoll_sdk::ix::args::SettleFillArgs;
use plimsoll_sdk::ix::{self, FillAuthority};
use plimsoll_state::Registry;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use super::venue::in_its_words;
use crate::amount::{atoms, decimal, show};
use crate::context::{Context, Loaded};
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
    let paid = show(quote_atoms as i128, quote_decimals as u32);
    let what = format!("{buyer} buys {} {name} from {seller} for {paid}", args.size);
    let done = context.act(&what, Some(&format!("{what}?")), &[&buyer_key, &seller_key], &instructions).await;
    done.map_err(in_its_words)
}

struct Trade {
    market: u8,
    base_units: u64,
    quote_atoms: u64,
    buyer: Pubkey,
    seller: Pubkey,
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

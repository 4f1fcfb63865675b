//! What people call banks, prices and markets. Only markets have names on chain.

use plimsoll_migrations::config::Config;
use plimsoll_rpc::EngineAccounts;
use plimsoll_state::Market;
use solana_pubkey::Pubkey;

use crate::fault::Result;
use crate::usage::usage;

/// Mints that everybody knows.
const KNOWN_MINTS: [(&str, &str); 5] = [
    ("SOL", "So11111111111111111111111111111111111111112"),
    ("USDC", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
    ("USDC", "4zMMC9srt5Ri5X14GAgXhaHii3GnPAERYPJgZJDncDU"),
    ("USDT", "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"),
    ("JitoSOL", "J1toso1uCk3RLmjorhTtrVwY9HJ7X8V9yYac6Y7kGCPn"),
];

/// Names by slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Of prices.
    pub prices: Vec<String>,
    /// Of banks.
    pub banks: Vec<String>,
    /// Of markets.
    pub markets: Vec<String>,
    /// Mints of banks.
    pub mints: Vec<Pubkey>,
}

impl Names {
    /// Names of a configuration file first, then of markets and well-known mints, then numbers.
    pub fn of(accounts: &EngineAccounts, file: Option<&Config>) -> Self {
        let markets: Vec<String> = accounts.markets.iter().map(market_name).collect();
        let mints: Vec<Pubkey> = accounts.banks.iter().map(|bank| Pubkey::new_from_array(bank.mint)).collect();
        let bank_slots = &accounts.registry.banks;
        let prices: Vec<String> = (0..accounts.board.count as usize)
            .map(|slot| {
                let in_file = file.and_then(|file| file.prices.get(slot)).map(|price| base(&price.name, '/'));
                let of_market = || {
                    let of_slot = |index: &usize| accounts.registry.markets[*index].price_slot as usize == slot;
                    (0..markets.len()).find(of_slot).map(|index| base(&markets[index], '-'))
                };
                let of_mint = || {
                    let of_slot = |index: &usize| bank_slots[*index].price_slot as usize == slot;
                    (0..mints.len()).filter(of_slot).find_map(|index| known(&mints[index]))
                };
                in_file.or_else(of_market).or_else(of_mint).unwrap_or_else(|| format!("price{slot}"))
            })
            .collect();
        let banks = (0..mints.len())
            .map(|slot| {
                let in_file = file.and_then(|file| file.banks.get(slot)).map(|bank| bank.name.clone());
                let of_price = || {
                    let price = prices.get(bank_slots[slot].price_slot as usize)?;
                    (!price.starts_with("price")).then(|| price.clone())
                };
                in_file.or_else(|| known(&mints[slot])).or_else(of_price).unwrap_or_else(|| format!("bank{slot}"))
            })
            .collect();
        Self { prices, banks, markets, mints }
    }

    /// A bank by name, slot or mint.
    ///
    /// # Errors
    /// Where it is none or several.
    pub fn bank(&self, text: &str) -> Result<u8> {
        if let Some(slot) = text.parse::<Pubkey>().ok().and_then(|key| self.mints.iter().position(|mint| *mint == key))
        {
            return Ok(slot as u8);
        }
        find("bank", &self.banks, text)
    }

    /// A price by name or slot.
    ///
    /// # Errors
    /// As [`Names::bank`].
    pub fn price(&self, text: &str) -> Result<u8> {
        find("price", &self.prices, &base(text, '/'))
    }

    /// A market by name or slot.
    ///
    /// # Errors
    /// As [`Names::bank`].
    pub fn market(&self, text: &str) -> Result<u8> {
        find("market", &self.markets, text)
    }
}

/// A name of a list, or its number where it has none.
pub fn name_of(names: &[String], slot: u8) -> String {
    names.get(slot as usize).cloned().unwrap_or_else(|| slot.to_string())
}

/// Markets by their bits.
pub fn market_list(names: &Names, bits: u32) -> Vec<String> {
    (0..32).filter(|slot| bits >> slot & 1 == 1).map(|slot| name_of(&names.markets, slot)).collect()
}

fn market_name(market: &Market) -> String {
    String::from_utf8_lossy(&market.name).trim_end_matches('\0').to_owned()
}

fn base(name: &str, separator: char) -> String {
    name.split(separator).next().unwrap_or(name).to_owned()
}

fn known(mint: &Pubkey) -> Option<String> {
    let text = mint.to_string();
    KNOWN_MINTS.iter().find(|(_, key)| *key == text).map(|(name, _)| (*name).to_owned())
}

fn find(what: &str, names: &[String], text: &str) -> Result<u8> {
    if let Ok(slot) = text.parse::<usize>() {
        return if slot < names.len() {
            Ok(slot as u8)
        } else {
            Err(usage(format!("there is no {what} {slot}: the engine has {}", names.len())))
        };
    }
    let found: Vec<usize> = (0..names.len()).filter(|slot| names[*slot].eq_ignore_ascii_case(text)).collect();
    match found.as_slice() {
        [slot] => Ok(*slot as u8),
        [] => Err(usage(format!("there is no {what} {text:?}: it is one of {}, or a slot", names.join(", ")))),
        several => Err(usage(format!("{what} {text:?} is in slots {several:?}: name the slot"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let of = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Names {
            prices: of(&["USDC", "SOL"]),
            banks: of(&["USDC", "SOL", "SOL"]),
            markets: of(&["SOL-PERP"]),
            mints: vec![Pubkey::new_unique(), Pubkey::new_unique(), Pubkey::new_unique()],
        }
    }

    #[test]
    fn banks_prices_and_markets_are_found_by_name_slot_or_mint() {
        let names = names();
        assert_eq!(names.bank("usdc").unwrap(), 0);
        assert_eq!(names.bank("2").unwrap(), 2);
        assert_eq!(names.bank(&names.mints[2].to_string()).unwrap(), 2);
        assert_eq!((names.price("SOL/USD").unwrap(), names.market("sol-perp").unwrap()), (1, 0));
    }

    #[test]
    fn a_name_that_is_none_or_several_is_refused_with_what_there_is() {
        assert!(names().bank("SOL").unwrap_err().error().to_string().contains("[1, 2]"));
        assert!(names().bank("ETH").unwrap_err().error().to_string().contains("USDC, SOL, SOL"));
        assert!(names().market("7").unwrap_err().error().to_string().contains("the engine has 1"));
    }
}

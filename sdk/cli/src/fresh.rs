//! Refreshing what an account is valued by, in the transaction that adds risk to it.

use plimsoll_sdk::ix;
use plimsoll_state::{MarginAccount, OracleKind, PositionKind, Registry};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use crate::context::Loaded;

/// Most feeds that fit beside an instruction which adds risk.
const FEEDS_BESIDE: usize = 6;

/// Slots of the prices of an account's legs, of the settlement token, and of what is added.
fn slots_of(registry: &Registry, account: &MarginAccount, bank: Option<u8>, market: Option<u8>) -> Vec<u8> {
    let held = account.tokens.iter().filter(|token| token.used == 1).map(|token| token.bank);
    let banks = held.chain(bank).chain([Registry::QUOTE_BANK as u8]);
    let of_banks = banks.filter_map(|bank| Some(registry.bank(bank as usize)?.price_slot));
    let held = account.derivatives.iter().filter(|leg| leg.kind == PositionKind::Perp as u8).map(|leg| leg.market);
    let of_markets = held.chain(market).filter_map(|market| Some(registry.market(market as usize)?.price_slot));
    of_banks.chain(of_markets).collect()
}

impl Loaded {
    /// A refresh of the pinned prices that will soon be too old for adding risk to these accounts; none where all are
    /// young, where nothing needs them, or where they are too many for one transaction.
    pub fn freshen(&self, accounts: &[&MarginAccount], bank: Option<u8>, market: Option<u8>) -> Option<Instruction> {
        let (registry, board) = (&self.accounts.registry, &self.accounts.board);
        let half = i64::from(registry.params().prices.risk_age_secs) / 2;
        let mut slots: Vec<u8> =
            accounts.iter().flat_map(|account| slots_of(registry, account, bank, market)).collect();
        slots.sort_unstable();
        slots.dedup();
        let refresh = |slot: u8| {
            let price = board.slot(slot as usize)?;
            let feed = &self.accounts.feeds.feeds[slot as usize];
            let in_use = feed.source(feed.in_use());
            let pinned = in_use.kind != OracleKind::PythPosted as u8;
            let old = self.accounts.now.saturating_sub(price.published_at) > half;
            let primary = Pubkey::new_from_array(in_use.address);
            (pinned && old).then_some(ix::Refresh { slot, primary, secondary: None })
        };
        let feeds: Vec<ix::Refresh> = slots.into_iter().filter_map(refresh).collect();
        let fits = (1..=FEEDS_BESIDE).contains(&feeds.len());
        fits.then(|| ix::refresh_price(&self.accounts.keys, &feeds))
    }
}

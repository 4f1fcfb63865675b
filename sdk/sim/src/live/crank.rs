//! What anyone may send and somebody must: interest, funding, settlement of PnL, insurance.

use plimsoll_risk::perp::settleable;
use plimsoll_risk::price::UnitPrice;
use plimsoll_sdk::ix;
use plimsoll_state::snapshot::Views;
use plimsoll_state::AccountStatus;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::desk::attempt;
use super::{Live, Look, Tried, Turn};

/// PnL below this is left where it is, quote atoms.
const LEAST_SETTLED_ATOMS: u64 = 100_000;
/// Instructions of one transaction.
const AT_ONCE: usize = 4;

impl Live {
    /// Books interest and funding, makes waiting deposits insurance, and settles PnL: losers first, so that the pool
    /// has what winners are due. A refusal is counted and stops nothing.
    ///
    /// # Errors
    /// What the node does not answer.
    pub async fn crank(&self, look: &Look, turn: &mut Turn) -> Tried<()> {
        let mut due: Vec<Instruction> = Vec::new();
        for bank in &look.shared.banks {
            due.push(ix::accrue(&self.keys, bank.index));
            if bank.waiting_shares > 0 {
                due.push(ix::sweep_insurance(&self.keys, bank.index));
            }
        }
        due.extend(look.shared.markets.iter().map(|market| ix::crank_funding(&self.keys, market.index)));
        for some in due.chunks(AT_ONCE) {
            attempt(self, "cranks", &[], some, turn).await?;
        }
        for (pnl, market, account) in self.settleable(look) {
            let totals = &look.shared.markets[market as usize];
            if pnl < 0 || totals.deficit_atoms == 0 {
                let settle = ix::settle_pnl(&self.keys, market, Some(account));
                attempt(self, "settle_pnl", &[], &[settle], turn).await?;
            }
        }
        for market in &look.shared.markets {
            if market.own_claim_atoms.min(market.pool_atoms) >= LEAST_SETTLED_ATOMS {
                attempt(self, "settle_pnl", &[], &[ix::settle_pnl(&self.keys, market.index, None)], turn).await?;
            }
        }
        Ok(())
    }

    /// PnL worth settling, quote atoms, with its market and account; losses first.
    fn settleable(&self, look: &Look) -> Vec<(i64, u8, Pubkey)> {
        let views = Views { spot: true, fast: true, initial: true, edges: true };
        let mut due = Vec::new();
        for (key, account) in look.accounts.iter().filter(|(_, a)| a.status == AccountStatus::Active as u8) {
            let Ok(portfolio) = look.shared.with(account).portfolio(views) else { continue };
            for leg in portfolio.perps().iter().filter(|leg| !leg.prices.stale) {
                let Some(slot) = look.shared.registry.market(leg.market as usize) else { continue };
                let Some(price) = look.shared.board.slot(slot.price_slot as usize) else { continue };
                let pnl = settleable(leg, UnitPrice::new_down(price.slow.get(), slot.scale.get()));
                if pnl.unsigned_abs() >= LEAST_SETTLED_ATOMS {
                    due.push((pnl, leg.market, *key));
                }
            }
        }
        due.sort_unstable();
        due
    }
}

//! A liquidator on a cluster: each turn he looks at every account, liquidates what pays, and resolves what is bankrupt.

use std::collections::BTreeMap;

use plimsoll::instructions::{LiabilityArg, LiquidateCollateralArgs, LiquidatePositionArgs};
use plimsoll::liquidation::LiquidationBounds;
use plimsoll_risk::auction::Seen;
use plimsoll_risk::liquidate::{Leg, Liability, Request};
use plimsoll_risk::waterfall::check_bankrupt;
use plimsoll_sdk::ix::{self, Parties};
use plimsoll_state::snapshot::Views;
use plimsoll_state::{AccountStatus, MarginAccount};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::{Live, Look, Party, Tried};
use crate::depth::Depth;
use crate::money;
use crate::strategy::{best_offer, Means};

/// Calls of one resolution in one turn.
const MOST_CALLS: u32 = 32;
/// Observations in one transaction.
const OBSERVED_AT_ONCE: usize = 8;

/// A liquidator.
pub struct Desk {
    party: Party,
    fee_ppm: f64,
    limit_usd: f64,
    /// Order books, SOL and BTC, whose costs he reckons with.
    pub books: [Depth; 2],
}

/// What happened in a turn, or in several.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// Liquidations.
    pub liquidations: u64,
    /// Accounts liquidated, and how often.
    pub liquidated: BTreeMap<Pubkey, u64>,
    /// Bankruptcies begun.
    pub bankruptcies: u64,
    /// Calls of resolutions.
    pub calls: u64,
    /// Refusals, by reason.
    pub refusals: BTreeMap<String, u64>,
    /// Accounts under water at the beginning.
    pub under_water: Vec<Pubkey>,
}

impl Turn {
    /// Adds another turn's.
    pub fn add(&mut self, other: Self) {
        self.liquidations += other.liquidations;
        self.bankruptcies += other.bankruptcies;
        self.calls += other.calls;
        other.liquidated.into_iter().for_each(|(key, count)| *self.liquidated.entry(key).or_default() += count);
        other.refusals.into_iter().for_each(|(reason, count)| *self.refusals.entry(reason).or_default() += count);
        self.under_water.extend(other.under_water);
        self.under_water.sort_unstable();
        self.under_water.dedup();
    }
}

impl Desk {
    /// A liquidator with a margin account, who pays `fee_ppm` outside and takes at most `limit_usd` at once.
    pub fn new(party: Party, fee_ppm: f64, limit_usd: f64, books: [Depth; 2]) -> Self {
        Self { party, fee_ppm, limit_usd, books }
    }

    /// Goes once through all accounts. A refusal is counted and stops nothing.
    ///
    /// # Errors
    /// What the node does not answer.
    pub async fn turn(&self, live: &Live, look: &Look) -> Tried<Turn> {
        let mut turn = Turn::default();
        let mut unobserved = Vec::new();
        for (key, account) in look.accounts.iter().filter(|(key, _)| **key != self.party.account) {
            if account.status != AccountStatus::Active as u8 {
                self.resolve(live, key, &mut turn).await?;
                continue;
            }
            let accounts = look.shared.with(account);
            let (Ok(portfolio), Ok(seen)) = (accounts.portfolio(Views::LIQUIDATION), accounts.assessment()) else {
                continue;
            };
            if seen.spot.is_under_water() {
                turn.under_water.push(*key);
            } else if account.clocks().seen == Seen::Healthy {
                continue;
            }
            let means = Means { books: &self.books, fee_ppm: self.fee_ppm, limit_usd: self.limit_usd };
            if let Some(offer) = best_offer(&portfolio, &account.clocks(), look.shared.now, &means) {
                self.liquidate(live, look, key, &offer.request, &mut turn).await?;
            } else if check_bankrupt(&portfolio, &seen).is_ok() {
                turn.bankruptcies += 1;
                self.resolve(live, key, &mut turn).await?;
            } else {
                unobserved.push(ix::observe_margin(&live.keys, *key));
            }
        }
        for some in unobserved.chunks(OBSERVED_AT_ONCE) {
            attempt(live, "observe_margin", &[], some, &mut turn).await?;
        }
        Ok(turn)
    }

    async fn liquidate(&self, live: &Live, look: &Look, key: &Pubkey, request: &Request, turn: &mut Turn) -> Tried<()> {
        let own = look.accounts.get(&self.party.account);
        let instruction = self.liquidation(live, own, key, request);
        if attempt(live, "liquidate", &[&self.party], &[instruction], turn).await? {
            turn.liquidations += 1;
            *turn.liquidated.entry(*key).or_default() += 1;
        }
        Ok(())
    }

    fn liquidation(&self, live: &Live, own: Option<&MarginAccount>, key: &Pubkey, request: &Request) -> Instruction {
        let parties = Parties { signer: self.party.owner(), liquidator: self.party.account, liquidatee: *key };
        let bounds = LiquidationBounds {
            max_size: request.max_size.unwrap_or(0),
            as_much_as_allowed: request.max_size.is_none(),
            min_size: request.min_size,
            limit_numerator: request.limit_numerator,
            limit_denominator: request.limit_denominator,
            no_op_if_refused: false,
        };
        match request.leg {
            Leg::Pair { asset, liability } => {
                let liability = match liability {
                    Liability::Borrow(bank) => LiabilityArg::Borrow(bank),
                    Liability::NegativePnl(market) => LiabilityArg::NegativePnl(market),
                };
                let args = LiquidateCollateralArgs { asset_bank: asset, liability, bounds };
                // The bank of the collateral is needed where the liquidator owes that token.
                let owes = own.is_some_and(|own| own.token_index(asset).is_some_and(|i| own.tokens[i].shares < 0));
                ix::liquidate_collateral(&live.keys, parties, args, owes)
            }
            Leg::Perp { market } => {
                ix::liquidate_position(&live.keys, parties, LiquidatePositionArgs { market, bounds })
            }
        }
    }

    /// Sends the calls of a resolution that the program takes now.
    async fn resolve(&self, live: &Live, key: &Pubkey, turn: &mut Turn) -> Tried<()> {
        let mut began = false;
        for _ in 0..MOST_CALLS {
            let read = live.connection.read::<MarginAccount>("margin account", key).await;
            let account = super::send::of("resolving an account", read)?;
            if began && account.status == AccountStatus::Active as u8 {
                return Ok(());
            }
            let mut sent = false;
            for step in money::steps(&account) {
                let resolve = ix::resolve_bankruptcy(&live.keys, *key, step);
                if attempt(live, "resolve_bankruptcy", &[], &[resolve], turn).await? {
                    turn.calls += 1;
                    sent = true;
                    break;
                }
            }
            if !sent {
                return Ok(());
            }
            began = true;
        }
        Ok(())
    }
}

/// Sends; a refusal of the chain is counted and is no error.
pub(super) async fn attempt(
    live: &Live,
    what: &str,
    signers: &[&Party],
    instructions: &[Instruction],
    turn: &mut Turn,
) -> Tried<bool> {
    let keys: Vec<_> = signers.iter().map(|party| &*party.key).collect();
    match live.send(what, &keys, instructions).await {
        Ok(_) => Ok(true),
        Err(failed) if matches!(failed.error, plimsoll_rpc::Error::Rejected { .. }) => {
            *turn.refusals.entry(format!("{what}: {}", failed.error.reason())).or_default() += 1;
            Ok(false)
        }
        Err(failed) => Err(failed),
    }
}

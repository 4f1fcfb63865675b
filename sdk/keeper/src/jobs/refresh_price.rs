//! Takes newer prices into the board, as soon as the program would take them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_oracle::{update_from_one, update_from_pair, Fetched, Moment};
use plimsoll_risk::oracle::{PriceSource, PriceState};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::units::UnixSecs;
use plimsoll_rpc::{Reading, Result};
use plimsoll_sdk::ix::{self, Refresh};
use plimsoll_state::{pause, Feed, FeedBook, OracleKind, OracleSource, PriceBoard, PriceSlot};
use solana_account::Account;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::{Context, Job};
use crate::config::RefreshConfig;

/// Reads the oracles' accounts, decides by the program's own functions whether an update would be taken and whether it
/// is worth it, and refreshes several slots in one transaction.
pub struct RefreshPrice {
    config: RefreshConfig,
}

/// A slot that can be refreshed, and from which accounts; the first is that of the source in use.
struct Refreshable {
    slot: u8,
    primary: Pubkey,
    secondary: Option<Pubkey>,
}

/// What a slot becomes by an update, and whether the secondary was needed for it.
type Taken = (PriceState, bool);

impl RefreshPrice {
    /// The job.
    pub const fn new(config: RefreshConfig) -> Self {
        Self { config }
    }

    /// Whether an update is worth a transaction: the held price is old, has moved, or is not there yet.
    fn is_worth(&self, slot: &PriceSlot, next: &PriceState, now: i64) -> bool {
        if slot.update_count == 0 || now.saturating_sub(slot.published_at) >= self.config.max_age_secs as i64 {
            return true;
        }
        let ratio_ppm = next.spot.ratio_ppm_down(&slot.spot.get());
        ratio_ppm.get().abs_diff(plimsoll_risk::num::PPM) >= self.config.min_move_ppm
    }

    /// Slots that an update is there for.
    async fn due(&self, context: &Arc<Context>) -> Result<(Vec<Refresh>, plimsoll_sdk::pda::EngineKeys)> {
        let (keys, board, book, params, now) = {
            let tracker = context.tracker();
            let shared = &tracker.shared;
            if shared.registry.is_paused(pause::PRICE | pause::LIQUIDATE, UnixSecs::new(tracker.now())) {
                return Ok((Vec::new(), shared.keys));
            }
            (shared.keys, shared.board.clone(), shared.feeds.clone(), *shared.registry.params(), tracker.now())
        };
        let feeds = refreshable(&board, &book, context);
        let addresses: Vec<Pubkey> = feeds.iter().flat_map(|f| std::iter::once(f.primary).chain(f.secondary)).collect();
        let (chain_slot, readings) = context.connection.readings(&addresses).await?;
        let moment = Moment { time: UnixSecs::new(now), slot: chain_slot };
        // One that cannot be read is refused by itself, as one that is not there.
        let mut accounts = readings.into_iter().map(Reading::account);
        let mut due = Vec::new();
        for feed in &feeds {
            let primary = accounts.next().flatten();
            let secondary = feed.secondary.and_then(|key| Some((key, accounts.next().flatten().unwrap_or_default())));
            let (slot, of) = (&board.slots[feed.slot as usize], &book.feeds[feed.slot as usize]);
            // An account that is not pinned is there for as long as somebody posts to it.
            if primary.is_none() && of.source(of.in_use()).kind == OracleKind::PythPosted as u8 {
                continue;
            }
            let primary = primary.unwrap_or_default();
            match taken((slot, of), (feed.primary, primary), secondary, &params, moment) {
                Ok(Some((next, by_secondary))) if self.is_worth(slot, &next, now) => {
                    let secondary = feed.secondary.filter(|_| by_secondary);
                    due.push(Refresh { slot: feed.slot, primary: feed.primary, secondary });
                }
                Ok(_) => {}
                Err(reason) => context.metrics.refuse(self.name(), "oracle", &reason),
            }
        }
        Ok((due, keys))
    }
}

/// The slots of a board whose oracle accounts are known.
fn refreshable(board: &PriceBoard, book: &FeedBook, context: &Context) -> Vec<Refreshable> {
    let slots = board.slots.iter().zip(&book.feeds).enumerate().filter(|(_, (slot, _))| slot.active == 1);
    let feed = |(index, (_, feed)): (usize, (&PriceSlot, &Feed))| {
        let in_use = feed.source(feed.in_use());
        let primary = match OracleKind::try_from(in_use.kind) {
            Ok(OracleKind::PythPosted) => context.prices.posted_account(in_use)?,
            _ => pinned(in_use)?,
        };
        // A standby in use counts alone.
        let secondary = pinned(feed.source(PriceSource::Secondary)).filter(|_| feed.on_standby == 0);
        Some(Refreshable { slot: index as u8, primary, secondary })
    };
    slots.filter_map(feed).collect()
}

fn pinned(source: &OracleSource) -> Option<Pubkey> {
    (source.kind != OracleKind::None as u8 && source.address != [0; 32]).then(|| Pubkey::new_from_array(source.address))
}

/// What the program would make of these accounts: the primary's alone, and with the secondary's where it is refused.
fn taken(
    (slot, feed): (&PriceSlot, &Feed),
    (primary_key, primary): (Pubkey, Account),
    secondary: Option<(Pubkey, Account)>,
    params: &GlobalParams,
    now: Moment,
) -> std::result::Result<Option<Taken>, String> {
    let first = shown(&primary_key, &primary);
    let refused = match update_from_one(slot, feed, &first, params, now) {
        Ok(Some(next)) => return Ok(Some((next, false))),
        Ok(None) => None,
        Err(error) => Some(error.name().to_owned()),
    };
    let silent = now.time.elapsed_since(feed.sources[0].published()) >= params.prices.primary_stale();
    if let Some((key, account)) = secondary.filter(|_| silent) {
        return match update_from_pair(slot, feed, &first, &shown(&key, &account), params, now) {
            Ok(next) => Ok(next.map(|next| (next, true))),
            Err(error) => Err(error.name().to_owned()),
        };
    }
    refused.map_or(Ok(None), Err)
}

fn shown<'a>(address: &'a Pubkey, account: &'a Account) -> Fetched<'a> {
    Fetched { address: address.as_array(), owner: account.owner.as_array(), data: &account.data }
}

#[async_trait]
impl Job for RefreshPrice {
    fn name(&self) -> &'static str {
        "refresh_price"
    }

    fn every(&self) -> Duration {
        Duration::from_millis(self.config.every_millis)
    }

    async fn turn(&mut self, context: &Arc<Context>) -> Result<()> {
        let posted = context.prices.post(context).await;
        let refreshed = match posted {
            Ok(()) => self.refresh(context).await,
            Err(error) => Err(error),
        };
        // What was posted for this turn alone is closed whatever became of it.
        let closed = context.prices.close(context).await;
        refreshed.and(closed)
    }
}

impl RefreshPrice {
    /// Takes what is due into the board.
    async fn refresh(&self, context: &Arc<Context>) -> Result<()> {
        let (due, keys) = self.due(context).await?;
        let some = self.config.feeds_per_transaction.max(1);
        let transactions: Vec<Vec<Instruction>> =
            due.chunks(some).map(|feeds| vec![ix::refresh_price(&keys, feeds)]).collect();
        let refused = context.submit_all(self.name(), &transactions).await?;
        // One feed that is refused takes the whole transaction with it: the others go alone.
        let alone: Vec<Vec<Instruction>> = refused
            .into_iter()
            .filter_map(|index| due.chunks(some).nth(index).filter(|feeds| feeds.len() > 1))
            .flat_map(|feeds| feeds.iter().map(|feed| vec![ix::refresh_price(&keys, std::slice::from_ref(feed))]))
            .collect();
        context.submit_all(self.name(), &alone).await.map(|_| ())
    }
}

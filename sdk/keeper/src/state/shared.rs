//! The engine's shared accounts, each with the slot it is of, and which margin accounts a change of them concerns.

use std::time::Instant;

use plimsoll_risk::lazy::Side;
use plimsoll_rpc::EngineAccounts;
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::{
    Bank, BankSlot, Engine, EngineAccount, FeedBook, FundingClock, Market, MarketSlot, PriceBoard, Registry,
};

use super::clock::ClusterClock;
use crate::index::Assumptions;

/// Cash per share may differ from its projection by this, units of 2^-64 of an atom: rounding, not a loss.
const ROUNDING_OF_K: u128 = 1 << 8;
/// A borrow index may differ from its projection by one part in 2^this.
const ROUNDING_OF_INDEX: u32 = 40;

/// Accounts that a change of the registry concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Concerned {
    /// Holders and debtors of these banks, a bit each.
    pub banks: u64,
    /// Debtors of these banks.
    pub debts: u64,
    /// Holders of positions in these markets.
    pub markets: u32,
    /// Everyone.
    pub all: bool,
}

impl Concerned {
    /// Nobody.
    pub fn is_nobody(&self) -> bool {
        *self == Self::default()
    }
}

/// The engine's shared accounts.
pub struct Shared {
    /// Addresses.
    pub keys: EngineKeys,
    /// Authorities.
    pub engine: Engine,
    /// Parameters, weights, rates, indices.
    pub registry: Box<Registry>,
    /// Prices.
    pub board: Box<PriceBoard>,
    /// Where they come from.
    pub feeds: Box<FeedBook>,
    /// Banks by index.
    pub banks: Vec<Bank>,
    /// Markets by index.
    pub markets: Vec<Market>,
    /// The cluster's clock.
    pub clock: ClusterClock,
    /// Newest slot heard of.
    pub slot: u64,
    /// When anything was last heard.
    pub heard_at: Instant,
    registry_slot: u64,
    board_slot: u64,
    feeds_slot: u64,
    bank_slots: Vec<u64>,
    market_slots: Vec<u64>,
}

/// Whether data of `slot` replaces what is held, and notes it.
fn is_newer(held: &mut u64, slot: u64) -> bool {
    let newer = slot >= *held;
    if newer {
        *held = slot;
    }
    newer
}

impl Shared {
    /// Starts from a first reading.
    pub fn new(read: EngineAccounts) -> Self {
        Self {
            keys: read.keys,
            engine: read.engine,
            bank_slots: vec![read.slot; read.banks.len()],
            market_slots: vec![read.slot; read.markets.len()],
            registry: read.registry,
            board: read.board,
            feeds: read.feeds,
            banks: read.banks,
            markets: read.markets,
            clock: ClusterClock::read(read.slot, read.now),
            slot: read.slot,
            heard_at: Instant::now(),
            registry_slot: read.slot,
            board_slot: read.slot,
            feeds_slot: read.slot,
        }
    }

    /// Notes that something of this slot was heard.
    pub fn heard(&mut self, slot: u64) {
        self.slot = self.slot.max(slot);
        self.heard_at = Instant::now();
    }

    /// Lets everything be replaced by data of any slot: the chain itself was started anew at this one.
    pub fn restart(&mut self, slot: u64, unix_secs: i64) {
        (self.slot, self.registry_slot, self.board_slot, self.feeds_slot) = (slot, 0, 0, 0);
        self.bank_slots.fill(0);
        self.market_slots.fill(0);
        self.clock = ClusterClock::read(slot, unix_secs);
    }

    /// Takes a registry; whom the change concerns, none where the one held is newer.
    pub fn set_registry(&mut self, slot: u64, registry: Box<Registry>, assumed: &mut Assumptions) -> Option<Concerned> {
        if !is_newer(&mut self.registry_slot, slot) {
            return None;
        }
        let concerned = concerned(&self.registry, &registry, assumed);
        // What a lost fork had listed is not there.
        self.banks.truncate(registry.bank_count as usize);
        self.bank_slots.truncate(registry.bank_count as usize);
        self.markets.truncate(registry.market_count as usize);
        self.market_slots.truncate(registry.market_count as usize);
        self.registry = registry;
        Some(concerned)
    }

    /// Takes a board; whether it is newer than the one held.
    pub fn set_board(&mut self, slot: u64, board: Box<PriceBoard>) -> bool {
        let newer = is_newer(&mut self.board_slot, slot);
        if newer {
            self.board = board;
        }
        newer
    }

    /// Takes a feed book.
    pub fn set_feeds(&mut self, slot: u64, feeds: Box<FeedBook>) {
        if is_newer(&mut self.feeds_slot, slot) {
            self.feeds = feeds;
        }
    }

    /// Takes a bank.
    pub fn set_bank(&mut self, slot: u64, bank: Bank) {
        place(&mut self.banks, &mut self.bank_slots, bank.index as usize, slot, bank);
    }

    /// Takes a market.
    pub fn set_market(&mut self, slot: u64, market: Market) {
        place(&mut self.markets, &mut self.market_slots, market.index as usize, slot, market);
    }
}

/// Stores the next or a known entry of a list that fills up in order.
fn place<T: EngineAccount>(list: &mut Vec<T>, slots: &mut Vec<u64>, index: usize, slot: u64, value: T) {
    if index == list.len() {
        list.push(value);
        slots.push(slot);
    } else if let (Some(held), Some(held_slot)) = (list.get_mut(index), slots.get_mut(index)) {
        if is_newer(held_slot, slot) {
            *held = value;
        }
    }
}

/// Whom it concerns that one registry follows another: those whose excess no longer is what was assumed of it.
fn concerned(old: &Registry, new: &Registry, assumed: &mut Assumptions) -> Concerned {
    let mut concerned = Concerned { all: old.params != new.params, ..Concerned::default() };
    for (index, (before, after)) in old.banks.iter().zip(&new.banks).enumerate() {
        let bit = 1 << index;
        let ceiling = &mut assumed.borrow_rates[index];
        if terms_of_bank(before) != terms_of_bank(after) || after.deposit_index < before.deposit_index {
            concerned.banks |= bit;
            // Quote prices perps even of those who hold none of it.
            concerned.all |= index == Registry::QUOTE_BANK;
        }
        // Compared when it was booked: from then on it is the rate that counts.
        let (projected, is) = (before.borrow_index_at(after.accrued()), after.borrow_index);
        if after.borrow_rate_per_sec > *ceiling || is > projected.saturating_add(projected >> ROUNDING_OF_INDEX) {
            concerned.debts |= bit;
            *ceiling = (*ceiling).max(after.borrow_rate_per_sec.saturating_mul(2));
        }
    }
    for (index, (before, after)) in old.markets.iter().zip(&new.markets).enumerate() {
        let ceiling = &mut assumed.funding_rates[index];
        let rate = after.funding_per_unit_sec.unsigned_abs();
        let clock = new.funding_at(after.funding_until().max(before.funding_until()));
        let is_other = terms_of_market(before) != terms_of_market(after);
        if is_other || rate > *ceiling || has_jumped(before, after, clock) {
            concerned.markets |= 1 << index;
            *ceiling = (*ceiling).max(rate.saturating_mul(2));
        }
    }
    concerned
}

fn terms_of_bank(slot: &BankSlot) -> impl PartialEq {
    (slot.status == 0, slot.price_slot, slot.weights, slot.scale)
}

fn terms_of_market(slot: &MarketSlot) -> impl PartialEq {
    (slot.status == 0, slot.price_slot, slot.rates, slot.scale, slot.deficit_share_ppm)
}

/// Whether a side's index is another than funding explains: a loss was charged or an epoch ended.
fn has_jumped(before: &MarketSlot, after: &MarketSlot, clock: FundingClock) -> bool {
    [Side::Long, Side::Short].into_iter().any(|side| {
        match (before.index_at(side, clock), after.index_at(side, clock)) {
            (Ok(before), Ok(after)) => before.a != after.a || before.k.abs_diff(after.k) > ROUNDING_OF_K,
            _ => true,
        }
    }) || [0, 1].into_iter().any(|side| before.sides[side].epoch != after.sides[side].epoch)
}

#[cfg(test)]
mod tests {
    use plimsoll_risk::params::{GlobalParams, INDEX_ONE};
    use plimsoll_risk::units::{Ppm, UnixSecs};
    use plimsoll_state::{SlotStatus, StoredParams};

    use super::*;

    fn registry() -> Box<Registry> {
        let mut registry: Box<Registry> = bytemuck::zeroed_box();
        registry.params = StoredParams(GlobalParams::DEFAULT);
        for bank in &mut registry.banks[..3] {
            bank.status = SlotStatus::Active as u8;
            (bank.borrow_index, bank.deposit_index) = (INDEX_ONE, INDEX_ONE);
            bank.borrow_rate_per_sec = 58_000_000_000;
            bank.accrued_at = 1_000;
        }
        registry.markets[1].status = SlotStatus::Active as u8;
        registry.markets[1].funding_at = 1_000;
        registry
    }

    fn change(edit: impl FnOnce(&mut Registry)) -> Concerned {
        let (old, mut new) = (registry(), registry());
        edit(&mut new);
        concerned(&old, &new, &mut Assumptions::of(&old, 50_000, 3_600))
    }

    #[test]
    fn interest_booked_as_projected_concerns_nobody() {
        let booked = change(|r| {
            r.banks[1].borrow_index = r.banks[1].borrow_index_at(UnixSecs::new(1_400));
            r.banks[1].accrued_at = 1_400;
            r.banks[1].deposit_index += 5;
        });
        assert!(booked.is_nobody(), "{booked:?}");
    }

    #[test]
    fn a_rate_beyond_what_was_assumed_concerns_the_debtors_of_the_bank() {
        let doubled = change(|r| r.banks[2].borrow_rate_per_sec *= 2);
        assert!(doubled.is_nobody(), "{doubled:?}");
        let tripled = change(|r| r.banks[2].borrow_rate_per_sec *= 3);
        assert_eq!(tripled, Concerned { debts: 1 << 2, ..Concerned::default() });
    }

    #[test]
    fn new_weights_and_socialized_losses_concern_the_holders() {
        let weights = change(|r| r.banks[1].weights.0.asset_maint_ppm = Ppm::new(5));
        assert_eq!(weights, Concerned { banks: 1 << 1, ..Concerned::default() });
        let socialized = change(|r| r.banks[1].deposit_index -= 1);
        assert_eq!(socialized, Concerned { banks: 1 << 1, ..Concerned::default() });
        assert!(change(|r| r.banks[0].weights.0.asset_maint_ppm = Ppm::new(5)).all, "quote");
        assert!(change(|r| r.params.0.perps.pnl_weight_ppm = 5).all, "parameters");
    }

    #[test]
    fn a_loss_charged_to_a_side_or_a_deficit_concerns_the_positions_of_the_market() {
        let charged = change(|r| r.markets[1].sides[0].k.set(-(1 << 70)));
        assert_eq!(charged, Concerned { markets: 1 << 1, ..Concerned::default() });
        let deficit = change(|r| r.markets[1].deficit_share_ppm = 10_000);
        assert_eq!(deficit, Concerned { markets: 1 << 1, ..Concerned::default() });
        let ended = change(|r| r.markets[1].sides[1].epoch += 1);
        assert_eq!(ended, Concerned { markets: 1 << 1, ..Concerned::default() });
    }
}

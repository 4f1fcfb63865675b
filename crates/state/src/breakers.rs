//! Breakers of what is liquidated and of what insurance pays, as stored: see [`plimsoll_risk::breaker`].

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::allowance::{Spent, BUCKETS};
use plimsoll_risk::breaker::{Spell, Throughput, THROUGHPUT_WINDOW};
use plimsoll_risk::lazy::Side;
use plimsoll_risk::units::{Ppm, UnixSecs};

use crate::{assert_layout, Bank, BankSlot, MarginAccount, Market, MarketSlot, PositionKind, Registry};

/// A breaker; zeroed it never tripped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct StoredBreaker {
    /// Until when it stands or stood, Unix seconds.
    pub until_at: i64,
    /// How often it has tripped in a row.
    pub in_a_row: u32,
    /// Zero.
    pub _pad: u32,
}

assert_layout!(StoredBreaker, 16);

impl StoredBreaker {
    /// As the state machine takes it.
    #[inline(always)]
    pub const fn get(&self) -> Spell {
        Spell { until: UnixSecs::new(self.until_at), in_a_row: self.in_a_row }
    }

    /// Until when it stands, where it does.
    pub fn stands_until(&self, now: UnixSecs) -> Option<UnixSecs> {
        Some(self.get().until).filter(|until| *until > now)
    }
}

impl From<Spell> for StoredBreaker {
    #[inline(always)]
    fn from(spell: Spell) -> Self {
        Self { until_at: spell.until.get(), in_a_row: spell.in_a_row, _pad: 0 }
    }
}

/// What was liquidated lately, and the breaker that it trips; zeroed nothing was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct StoredThroughput {
    /// The latest bucket, Unix time in fifths of the window.
    pub at_bucket: i64,
    /// Liquidated in this bucket and the five before it, each at its number modulo six.
    pub liquidated: [u64; BUCKETS],
    /// The breaker.
    pub breaker: StoredBreaker,
}

assert_layout!(StoredThroughput, 72);

impl StoredThroughput {
    /// As the state machine takes it.
    #[inline(always)]
    pub fn get(&self) -> Throughput {
        let liquidated = Spent { at_bucket: self.at_bucket, amounts: self.liquidated.map(u128::from) };
        Throughput { liquidated, breaker: self.breaker.get() }
    }

    /// What was liquidated within the window that ends now; saturates.
    pub fn liquidated_within(&self, now: UnixSecs) -> u64 {
        let liquidated = self.get().liquidated.at(now, THROUGHPUT_WINDOW);
        u64::try_from(liquidated.total()).unwrap_or(u64::MAX)
    }

    /// [`Throughput::counted`] where it is stored.
    #[inline(never)]
    #[expect(clippy::cast_possible_truncation, reason = "cut to 64 bits by the minimum")]
    pub fn count(&mut self, amount: u64, open: u64, share: Ppm, now: UnixSecs) {
        let counted = self.get().counted(amount, open, share, now);
        self.at_bucket = counted.liquidated.at_bucket;
        self.liquidated = counted.liquidated.amounts.map(|amount| amount.min(u64::MAX as u128) as u64);
        self.breaker = counted.breaker.into();
    }
}

/// How near a breaker is to tripping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerReading {
    /// What it looks at, within the window that ends now: atoms of a bank, base units of a market.
    pub seen: u64,
    /// It trips beyond so much; never where there is none.
    pub beyond: Option<u64>,
    /// Until when it stands, where it does.
    pub until: Option<UnixSecs>,
}

impl BreakerReading {
    fn new(seen: u64, whole: u64, share: Ppm, breaker: &StoredBreaker, now: UnixSecs) -> Self {
        let beyond = share.of_down(whole).filter(|_| share < Ppm::WHOLE);
        Self { seen, beyond, until: breaker.stands_until(now) }
    }
}

impl Bank {
    /// The breaker of debts that are liquidated, which trips beyond `share` of the deposits, counted as they were booked last.
    pub fn liquidated_reading(&self, share: Ppm, now: UnixSecs) -> BreakerReading {
        let deposits = self.totals().deposits_down().get();
        BreakerReading::new(self.throughput.liquidated_within(now), deposits, share, &self.throughput.breaker, now)
    }

    /// The breaker of insurance that is drawn, which trips beyond `share` of what there was when the hour began.
    pub fn drawn_reading(&self, slot: &BankSlot, share: Ppm, now: UnixSecs) -> BreakerReading {
        let fund = self.drawable(now);
        BreakerReading::new(fund.hour_drawn.get(), fund.whole().get(), share, &slot.drawdown, now)
    }
}

impl Market {
    /// The breaker of positions that are liquidated, which trips beyond `share` of the larger side's open interest.
    pub fn liquidated_reading(&self, slot: &MarketSlot, share: Ppm, now: UnixSecs) -> BreakerReading {
        let [long, short] = [Side::Long, Side::Short].map(|side| slot.open_interest(self, side).get());
        let seen = self.throughput.liquidated_within(now);
        BreakerReading::new(seen, long.max(short), share, &self.throughput.breaker, now)
    }
}

impl Registry {
    /// Until when a bank's breaker of insurance stands, where it does.
    pub fn drawn_until(&self, bank: u8, now: UnixSecs) -> Option<UnixSecs> {
        self.bank(bank as usize)?.drawdown.stands_until(now)
    }

    /// Of the banks whose insurance stands in for what an account owes the one whose breaker stands longest: those that it owes
    /// to, and quote's where it has a position.
    #[cold]
    #[inline(never)]
    #[expect(clippy::cast_possible_truncation, reason = "the quote bank is a bank, of which there are at most 64")]
    pub fn drawn_for(&self, account: &MarginAccount, now: UnixSecs) -> Option<(u8, UnixSecs)> {
        let has_position = account.derivatives.iter().any(|leg| leg.kind != PositionKind::Empty as u8);
        let quote = has_position.then_some(Self::QUOTE_BANK as u8);
        let owed = account.tokens.iter().filter(|token| token.shares < 0).map(|token| token.bank);
        owed.chain(quote).filter_map(|bank| Some((bank, self.drawn_until(bank, now)?))).max_by_key(|(_, until)| *until)
    }
}

//! Arguments that are more than a number, and how arguments are written: little-endian, one after the other, an enum as
//! its number and its fields, an option as 0 or as 1 and its value, a list as its length (u32) and its elements.

use alloc::vec::Vec;

use solana_pubkey::Pubkey;

/// What an instruction's data consists of.
pub(crate) trait Encode {
    fn encode(&self, out: &mut Vec<u8>);
}

macro_rules! encode_numbers {
    ($($number:ty),+) => {$(
        impl Encode for $number {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        }
    )+};
}

encode_numbers!(u8, u16, u32, u64, i32, i64);

impl Encode for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Encode for Pubkey {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_ref());
    }
}

/// A delegate and each of its rights. There is none to withdraw, borrow, approve venues, take a win, change the
/// delegate or close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delegate {
    /// Its key.
    pub key: Pubkey,
    /// Bits of [`plimsoll_state::right`].
    pub rights: u8,
    /// Notional of the fills that it may sign within any day, quote atoms; zero without the right to trade.
    pub trade_limit_atoms_per_day: u64,
}

impl Delegate {
    /// One that liquidates and does nothing else.
    pub const fn liquidator(key: Pubkey) -> Self {
        Self { key, rights: plimsoll_state::right::LIQUIDATE, trade_limit_atoms_per_day: 0 }
    }
}

impl Encode for Option<Delegate> {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(delegate) => {
                out.push(1);
                delegate.key.encode(out);
                delegate.rights.encode(out);
                delegate.trade_limit_atoms_per_day.encode(out);
            }
        }
    }
}

/// Bounds that a liquidator sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiquidationBounds {
    /// Most debt atoms or base units to take; none for as much as the engine allows.
    pub max_size: Option<u64>,
    /// Fewest debt atoms or base units to take.
    pub min_size: u64,
    /// Limit price as a fraction; none for any. Collateral: at least `.0` atoms of it for every `.1` atoms paid.
    /// Position: at most (long taken over) or at least (short) `.0` quote atoms for every `.1` base units.
    pub limit: Option<(u64, u64)>,
    /// Succeed without any change where nothing can be done; the reason is in the return data.
    pub no_op_if_refused: bool,
}

impl LiquidationBounds {
    /// As much as the engine allows, at any price, failing where nothing can be done.
    pub const ANY: Self = Self { max_size: None, min_size: 0, limit: None, no_op_if_refused: false };
}

impl Encode for LiquidationBounds {
    fn encode(&self, out: &mut Vec<u8>) {
        let (numerator, denominator) = self.limit.unwrap_or((0, 0));
        self.max_size.unwrap_or(0).encode(out);
        self.max_size.is_none().encode(out);
        self.min_size.encode(out);
        numerator.encode(out);
        denominator.encode(out);
        self.no_op_if_refused.encode(out);
    }
}

/// What a liquidator repays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liability {
    /// A borrow of this bank.
    Borrow(u8),
    /// Negative PnL of this market, in quote.
    NegativePnl(u8),
}

impl Encode for Liability {
    fn encode(&self, out: &mut Vec<u8>) {
        let (kind, index) = match self {
            Self::Borrow(bank) => (0, bank),
            Self::NegativePnl(market) => (1, market),
        };
        out.extend_from_slice(&[kind, *index]);
    }
}

/// One step of a resolution. Stage (a) seizes, stages (b) and (c) pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolveStep {
    /// Freezes a bankrupt account.
    Freeze,
    /// Moves the whole deposit in this bank to the bank's insurance.
    SeizeToken(u8),
    /// Collects the gain in this market and closes its base, or pays on a loss.
    SeizePnl(u8),
    /// Pays the borrow in this bank and socializes the remainder.
    PayBorrow(u8),
    /// Pays the loss in this market, socializes the remainder, closes the base.
    PayPnl(u8),
    /// Ends a resolution whose last leg somebody repaid.
    Finish,
}

impl Encode for ResolveStep {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Freeze => out.push(0),
            Self::SeizeToken(bank) => out.extend_from_slice(&[1, *bank]),
            Self::SeizePnl(market) => out.extend_from_slice(&[2, *market]),
            Self::PayBorrow(bank) => out.extend_from_slice(&[3, *bank]),
            Self::PayPnl(market) => out.extend_from_slice(&[4, *market]),
            Self::Finish => out.push(5),
        }
    }
}

/// One feed of [`crate::refresh_price`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Slot of the board.
    pub slot: u8,
    /// The primary's account.
    pub primary: Pubkey,
    /// The secondary's account, to be used if the primary is shown to be silent.
    pub secondary: Option<Pubkey>,
}

impl Encode for &[Refresh] {
    #[expect(clippy::cast_possible_truncation, reason = "a transaction cannot name 2^32 accounts")]
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.len() as u32).to_le_bytes());
        for feed in self.iter() {
            feed.slot.encode(out);
            feed.secondary.is_some().encode(out);
        }
    }
}

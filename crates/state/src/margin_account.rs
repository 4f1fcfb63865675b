//! A margin account: balances and positions of one owner.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::params::{
    MAX_ACCOUNT_VENUES, MAX_BANKS, MAX_DERIVATIVE_POSITIONS, MAX_MARKETS, MAX_TOKEN_POSITIONS,
};
use plimsoll_risk::units::{Secs, UnixSecs};

use crate::{
    assert_layout, ensure, stored_enum, Address, EngineAccount, I128Le, InvariantViolation, Registry, SpentAtoms,
};

stored_enum! {
    /// How far an account's bankruptcy is resolved.
    AccountStatus {
        /// Normal.
        Active = 0,
        /// Bankrupt: assets are being moved to insurance; only resolve and repay work.
        Seizing = 1,
        /// Bankrupt: assets gone, insurance reserved, legs are being paid.
        Paying = 2,
    }
}

stored_enum! {
    /// What a derivative position is.
    PositionKind {
        /// Nothing.
        Empty = 0,
        /// A perp.
        Perp = 1,
        /// Reserved for options.
        Option = 2,
    }
}

/// A venue that the owner lets settle fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct VenueApproval {
    /// The [`crate::Venue`] account, or zero.
    pub venue: Address,
    /// Notional it may still settle, quote atoms.
    pub notional_left_atoms: u64,
    /// When the approval ends, Unix seconds: from then on it settles nothing.
    pub expires_at: i64,
    /// Markets it may settle here, a bit each, whatever the engine's authority lets it settle elsewhere or later.
    pub markets: u32,
    /// Zero.
    pub _pad: [u8; 4],
}

assert_layout!(VenueApproval, 56);

impl VenueApproval {
    /// An approval lasts at most this long: nobody gives a power away permanently by one signature.
    pub const MAX_SECS: Secs = Secs::new(366 * 86_400);

    /// Whether the approval has ended, however much notional is left.
    pub fn has_expired(&self, now: UnixSecs) -> bool {
        now >= self.expires()
    }
}

/// What a delegate may do, a bit each; every right is given by itself. Borrowing, withdrawing, approving venues, taking
/// a win, changing the delegate and closing have none: they are the owner's alone.
pub mod right {
    /// Liquidate others through the account.
    pub const LIQUIDATE: u8 = 1 << 0;
    /// Deposit into the account what the delegate's own wallet holds; a deposit repays first.
    pub const DEPOSIT: u8 = 1 << 1;
    /// Sign fills, within a notional a day and at a price no worse for the account than spot.
    pub const TRADE: u8 = 1 << 2;
    /// Every bit that has a meaning. The next one is kept for running the owner's intents.
    pub const ALL: u8 = (1 << 3) - 1;
}

/// One signed balance: positive deposit shares or negative borrow shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct TokenPosition {
    /// Deposit shares if positive, borrow shares if negative; zero exactly where the position is empty.
    pub shares: i64,
    /// Bankruptcy: insurance promised to this debt, atoms.
    pub reserved_atoms: u64,
    /// Bankruptcy: what was owed when the account was frozen, in quote when insurance was reserved; so much the debt is counted with in
    /// its bank's known losses, atoms.
    pub fixed_debt_atoms: u64,
    /// Slot of the registry.
    pub bank: u8,
    /// One where the position is in use.
    pub used: u8,
    /// Zero.
    pub _pad: [u8; 6],
}

assert_layout!(TokenPosition, 32);

/// One derivative position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct DerivativePosition {
    /// Shares of the side's index; positive for a long, negative for a short.
    pub shares: i64,
    /// Cash per share up to which `cash_atoms` includes the index, 64 fraction bits.
    pub k_entry: I128Le,
    /// What was received less what was paid, quote atoms: PnL is the base's value plus this.
    pub cash_atoms: i64,
    /// Bankruptcy: insurance promised to this leg, quote atoms.
    pub reserved_atoms: u64,
    /// Bankruptcy: negative PnL when insurance was reserved, quote atoms.
    pub fixed_debt_atoms: u64,
    /// Strike of an option; zero.
    pub strike: u64,
    /// Expiry of an option; zero.
    pub expiry: i64,
    /// Epoch of the side's index.
    pub epoch: u32,
    /// [`PositionKind`].
    pub kind: u8,
    /// Slot of the registry.
    pub market: u8,
    /// Sign of the base last held: 1 long, -1 short; stays until the leg is zero.
    pub last_sign: i8,
    /// Option: call or put; zero.
    pub option_kind: u8,
    /// Slot of the price board that it is a position in.
    pub underlying: u8,
    /// Zero.
    pub _pad: [u8; 7],
    /// Bankruptcy: with what the leg is counted in its market's known losses, quote atoms.
    pub known_loss_atoms: u64,
    /// Zero.
    pub _reserved: [u8; 16],
}

assert_layout!(DerivativePosition, 104);

/// What a position is of, whatever market it came from: what is worth the same at every price has the same key.
///
/// Its fields stand in the position one by one, as `kind` is read of every place of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PositionKey {
    /// [`PositionKind`].
    pub kind: u8,
    /// Slot of the price board.
    pub underlying: u8,
    /// Option: call or put; zero for a perp.
    pub option_kind: u8,
    /// Strike of an option; zero for a perp.
    pub strike: u64,
    /// Expiry of an option, Unix seconds; zero for a perp.
    pub expiry: i64,
}

impl PositionKey {
    /// The perps on a price.
    pub const fn perp(underlying: u8) -> Self {
        Self { kind: PositionKind::Perp as u8, underlying, option_kind: 0, strike: 0, expiry: 0 }
    }
}

impl DerivativePosition {
    /// What it is a position of; of an empty place all zero.
    pub const fn key(&self) -> PositionKey {
        let Self { kind, underlying, option_kind, strike, expiry, .. } = *self;
        PositionKey { kind, underlying, option_kind, strike, expiry }
    }
}

/// Balances and positions of one owner.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct MarginAccount {
    /// [`crate::LAYOUT_VERSION`].
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// [`AccountStatus`].
    pub status: u8,
    /// What the delegate may do: bits of [`right`]; zero exactly where there is none.
    pub delegate_rights: u8,
    /// Number that lets one owner have several accounts.
    pub id: u16,
    /// Zero.
    pub _pad2: [u8; 2],
    /// The engine.
    pub engine: Address,
    /// The owner.
    pub owner: Address,
    /// May do what `delegate_rights` say; zero for none.
    pub delegate: Address,
    /// Gets the rent back.
    pub rent_payer: Address,
    /// Notional of the fills that the delegate may sign within any day, quote atoms; zero without the right to trade.
    pub delegate_limit_atoms_per_day: u64,
    /// Notional of the fills that it signed lately, quote atoms.
    pub delegate_traded: SpentAtoms,
    /// Venues.
    pub venues: [VenueApproval; MAX_ACCOUNT_VENUES],
    /// Seconds under water, counted between observations.
    pub under_water_secs: u32,
    /// Seconds in wind-down, likewise.
    pub wind_down_secs: u32,
    /// Zero.
    pub _pad_clocks: u32,
    /// 0: last seen at or above maintenance, 1: under water, 2: in wind-down.
    pub observed: u8,
    /// One where its owner was called since it was last seen above the band.
    pub called: u8,
    /// Zero.
    pub _pad3: [u8; 2],
    /// When it was last observed, Unix seconds.
    pub observed_at: i64,
    /// When it last passed an initial check, Unix seconds.
    pub passed_at: i64,
    /// Publish time at which its ratio was first below the bypass ratio, none healthy since; zero for none.
    pub bypass_published_at: i64,
    /// One while the bypass holds.
    pub bypass: u8,
    /// Zero.
    pub _pad4: [u8; 7],
    /// Room for owner-signed intents; zero.
    pub _intents: [u8; 256],
    /// Balances.
    pub tokens: [TokenPosition; MAX_TOKEN_POSITIONS],
    /// Positions.
    pub derivatives: [DerivativePosition; MAX_DERIVATIVE_POSITIONS],
    /// Bankruptcy: insurance of the quote bank that is still reserved for this account, what legs gave back included;
    /// returned when the last quote leg is gone, atoms.
    pub estate_reserved_atoms: u64,
    /// Bankruptcy: insurance of the quote bank that this event has drawn, atoms.
    pub estate_drawn_atoms: u64,
    /// Zero.
    #[cfg(not(feature = "next-layout"))]
    pub _reserved: [u8; 112],
    /// Layout version with which the account was opened.
    #[cfg(feature = "next-layout")]
    pub first_layout: u8,
    /// Zero.
    #[cfg(feature = "next-layout")]
    pub _reserved: [u8; 111],
}

assert_layout!(MarginAccount, 3_032, engine @ 8, owner @ 40, delegate @ 72);
const _: () = assert!(MarginAccount::SPACE <= 4_096);

impl MarginAccount {
    /// Within any period of this length a delegate's notional is at most its limit.
    pub const DELEGATE_DAY_SECS: Secs = Secs::new(86_400);

    /// Index of the balance in `bank`.
    #[inline(always)]
    pub fn token_index(&self, bank: u8) -> Option<usize> {
        self.tokens.iter().position(|t| t.used == 1 && t.bank == bank)
    }

    /// Index of the perp position in `market`.
    #[inline(always)]
    pub fn perp_index(&self, market: u8) -> Option<usize> {
        self.derivatives.iter().position(|d| d.kind == PositionKind::Perp as u8 && d.market == market)
    }

    /// Whether nothing is left in the account.
    pub fn is_empty(&self) -> bool {
        self.tokens.iter().all(|t| t.used == 0) && self.derivatives.iter().all(|d| d.kind == PositionKind::Empty as u8)
    }
}

impl EngineAccount for MarginAccount {
    const ACCOUNT_DISCRIMINATOR: [u8; 8] = [133, 220, 173, 213, 179, 211, 43, 238];

    fn invariant(&self) -> Result<(), InvariantViolation> {
        crate::ensure_version(self.version)?;
        #[cfg(feature = "next-layout")]
        ensure(
            (crate::FIRST_LAYOUT_VERSION..=crate::LAYOUT_VERSION).contains(&self.first_layout),
            "margin account was opened with an unknown layout",
        )?;
        AccountStatus::try_from(self.status)?;
        ensure(self.delegate_rights & !right::ALL == 0, "the delegate has a right that does not exist")?;
        let trades = self.delegate_rights & right::TRADE != 0;
        ensure(
            trades == (self.delegate_limit_atoms_per_day != 0),
            "a delegate's right to trade and its limit do not agree",
        )?;
        let (mut banks, mut markets) = (0u64, 0u32);
        let mut quote_has_place = false;
        for token in &self.tokens {
            ensure(token.used <= 1, "token position's used is not a flag")?;
            if token.used == 0 {
                ensure(token.shares == 0, "unused token position holds shares")?;
                quote_has_place = true;
                continue;
            }
            ensure((token.bank as usize) < MAX_BANKS, "token position names no bank")?;
            ensure(banks & (1 << token.bank) == 0, "a bank is held twice")?;
            banks |= 1 << token.bank;
        }
        quote_has_place |= banks & (1 << Registry::QUOTE_BANK) != 0;
        ensure(quote_has_place, "the table has no place for quote")?;
        for position in &self.derivatives {
            match PositionKind::try_from(position.kind)? {
                PositionKind::Empty => ensure(position.shares == 0, "empty position holds shares")?,
                PositionKind::Perp => {
                    ensure((position.market as usize) < MAX_MARKETS, "position names no market")?;
                    ensure(markets & (1 << position.market) == 0, "a market is held twice")?;
                    markets |= 1 << position.market;
                }
                PositionKind::Option => return Err(InvariantViolation("options are not enabled")),
            }
        }
        Ok(())
    }
}

//! A margin account without its empty places.

use plimsoll_risk::auction::{Clocks, HealthState};
use plimsoll_risk::units::{Secs, UnixSecs};
use plimsoll_state::{
    AccountStatus, DerivativePosition, EngineAccount, I128Le, MarginAccount, PositionKind, Registry, TokenPosition,
    DISCRIMINATOR_LEN, LAYOUT_VERSION,
};
use solana_pubkey::Pubkey;

/// Why an account's data is not tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Another type or length.
    NoMarginAccount,
    /// A layout version that this keeper does not know.
    Version(u8),
    /// Data that no instruction leaves behind; the fact.
    Invariant(&'static str),
}

impl Unreadable {
    /// A short name for counters.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoMarginAccount => "no_margin_account",
            Self::Version(_) => "unknown_version",
            Self::Invariant(_) => "invariant_broken",
        }
    }
}

/// A balance in use: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Balance {
    shares: i64,
    bank: u8,
}

impl From<&TokenPosition> for Balance {
    fn from(token: &TokenPosition) -> Self {
        Self { shares: token.shares, bank: token.bank }
    }
}

/// A perp in use: 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    shares: i64,
    k_entry: I128Le,
    cash_atoms: i64,
    epoch: u32,
    market: u8,
    last_sign: i8,
}

impl From<&DerivativePosition> for Position {
    fn from(leg: &DerivativePosition) -> Self {
        Self {
            shares: leg.shares,
            k_entry: leg.k_entry,
            cash_atoms: leg.cash_atoms,
            epoch: leg.epoch,
            market: leg.market,
            last_sign: leg.last_sign,
        }
    }
}

fn balances(account: &MarginAccount) -> impl Iterator<Item = Balance> + '_ {
    account.tokens.iter().filter(|token| token.used == 1).map(Balance::from)
}

fn positions(account: &MarginAccount) -> impl Iterator<Item = Position> + '_ {
    account.derivatives.iter().filter(|leg| leg.kind == PositionKind::Perp as u8).map(Position::from)
}

/// A margin account as the keeper remembers it: what margin, auction and plan depend on, and nothing else.
///
/// 128 bytes and what the legs take: 16 a balance, 40 a perp. Venues, owner and rent payer are left out; a resolution
/// reads its account from the chain anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// Its address.
    pub key: Pubkey,
    /// The slot that this state is of.
    pub slot: u64,
    /// Banks held or owed, a bit each.
    pub banks: u64,
    /// Banks owed, a bit each.
    pub debts: u64,
    /// Markets with a position, a bit each.
    pub markets: u32,
    /// [`AccountStatus`].
    pub status: u8,
    observed: u8,
    bypass: u8,
    called: u8,
    under_water_secs: u32,
    wind_down_secs: u32,
    observed_at: i64,
    passed_at: i64,
    bypass_published_at: i64,
    balances: Box<[Balance]>,
    positions: Box<[Position]>,
}

const _: () = assert!(core::mem::size_of::<Option<Tracked>>() == 128);
const _: () = assert!(core::mem::size_of::<Balance>() == 16 && core::mem::size_of::<Position>() == 40);

impl Tracked {
    /// Reads an account's data, discriminator included.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn decode(key: Pubkey, slot: u64, data: &[u8]) -> Result<Self, Unreadable> {
        let account: MarginAccount = plimsoll_sdk::decode::account(data).ok_or(Unreadable::NoMarginAccount)?;
        // The version is every account's first byte after the discriminator.
        let version = data.get(DISCRIMINATOR_LEN).copied().unwrap_or_default();
        if version != LAYOUT_VERSION {
            return Err(Unreadable::Version(version));
        }
        account.invariant().map_err(|violation| Unreadable::Invariant(violation.0))?;
        Ok(Self::of(key, slot, &account))
    }

    /// What is remembered of an account.
    pub fn of(key: Pubkey, slot: u64, account: &MarginAccount) -> Self {
        let (balances, positions): (Box<[Balance]>, Box<[Position]>) =
            (balances(account).collect(), positions(account).collect());
        let bits = |of: &dyn Fn(&Balance) -> bool| {
            balances.iter().filter(|b| of(b)).fold(0u64, |all, balance| all | 1 << (balance.bank % 64))
        };
        Self {
            key,
            slot,
            banks: bits(&|_| true),
            debts: bits(&|balance| balance.shares < 0),
            markets: positions.iter().fold(0, |all, position| all | 1 << (position.market % 32)),
            status: account.status,
            observed: account.observed,
            bypass: account.bypass,
            called: account.called,
            under_water_secs: account.under_water_secs,
            wind_down_secs: account.wind_down_secs,
            observed_at: account.observed_at,
            passed_at: account.passed_at,
            bypass_published_at: account.bypass_published_at,
            balances,
            positions,
        }
    }

    /// Whether data, discriminator included, says of the account what is remembered of it; what is not remembered may differ.
    pub fn is_said_by(&self, data: &[u8]) -> bool {
        MarginAccount::from_account_data(data).is_some_and(|account| self.is_of(account))
    }

    /// Whether this is what would be remembered of an account, whatever the slot: without remembering it.
    fn is_of(&self, account: &MarginAccount) -> bool {
        account.version == LAYOUT_VERSION
            && (account.status, account.observed, account.bypass, account.called)
                == (self.status, self.observed, self.bypass, self.called)
            && (account.under_water_secs, account.wind_down_secs) == (self.under_water_secs, self.wind_down_secs)
            && (account.observed_at, account.passed_at) == (self.observed_at, self.passed_at)
            && account.bypass_published_at == self.bypass_published_at
            && balances(account).eq(self.balances.iter().copied())
            && positions(account).eq(self.positions.iter().copied())
    }

    /// Writes the account into a buffer as the margin functions take it; allocates nothing, and touches only places in
    /// use. The buffer is zeroed or was last written by this function.
    pub fn write_to(&self, out: &mut MarginAccount) {
        out.version = LAYOUT_VERSION;
        out.status = self.status;
        out.observed = self.observed;
        out.bypass = self.bypass;
        out.called = self.called;
        out.under_water_secs = self.under_water_secs;
        out.wind_down_secs = self.wind_down_secs;
        out.observed_at = self.observed_at;
        out.passed_at = self.passed_at;
        out.bypass_published_at = self.bypass_published_at;
        for (place, balance) in out.tokens.iter_mut().zip(&self.balances) {
            *place = TokenPosition { shares: balance.shares, bank: balance.bank, used: 1, ..TokenPosition::default() };
        }
        // Places fill up from the front, so those of the account before end at the first that is free.
        for place in out.tokens.iter_mut().skip(self.balances.len()).take_while(|place| place.used == 1) {
            *place = TokenPosition::default();
        }
        for (place, position) in out.derivatives.iter_mut().zip(&self.positions) {
            *place = DerivativePosition {
                shares: position.shares,
                k_entry: position.k_entry,
                cash_atoms: position.cash_atoms,
                epoch: position.epoch,
                kind: PositionKind::Perp as u8,
                market: position.market,
                last_sign: position.last_sign,
                ..DerivativePosition::default()
            };
        }
        let rest = out.derivatives.iter_mut().skip(self.positions.len());
        for place in rest.take_while(|place| place.kind != PositionKind::Empty as u8) {
            *place = DerivativePosition::default();
        }
    }

    /// What the account stores between observations.
    pub fn clocks(&self) -> Clocks {
        Clocks {
            under_water_secs: Secs::new(self.under_water_secs),
            wind_down_secs: Secs::new(self.wind_down_secs),
            health_state: match self.observed {
                1 => HealthState::UnderWater,
                2 => HealthState::WindDown,
                _ => HealthState::Healthy,
            },
            observed_at: UnixSecs::new(self.observed_at),
            passed_at: UnixSecs::new(self.passed_at),
            bypass_published_at: UnixSecs::new(self.bypass_published_at),
            bypass: self.bypass == 1,
        }
    }

    /// Whether its owner was called, and the account has not been seen above the band since.
    pub const fn is_called(&self) -> bool {
        self.called == 1
    }

    /// Whether it owes nothing and holds no position: no price can hurt it.
    pub fn is_debt_free(&self) -> bool {
        self.debts == 0 && self.positions.is_empty()
    }

    /// Whether it is being resolved.
    pub const fn is_bankrupt(&self) -> bool {
        self.status != AccountStatus::Active as u8
    }

    /// Whether it owes this bank's token.
    pub const fn owes(&self, bank: u8) -> bool {
        self.debts & (1 << (bank % 64)) != 0
    }

    /// Whether it holds quote, settles in it or owes it.
    pub const fn touches_quote(&self) -> bool {
        self.banks & (1 << Registry::QUOTE_BANK) != 0 || self.markets != 0
    }

    /// Heap and own bytes, allocator overhead not counted.
    pub fn memory_bytes(&self) -> usize {
        core::mem::size_of::<Self>()
            + core::mem::size_of_val::<[Balance]>(&self.balances)
            + core::mem::size_of_val::<[Position]>(&self.positions)
    }
}

#[cfg(test)]
mod tests {
    use bytemuck::Zeroable;

    use super::*;

    fn account() -> MarginAccount {
        let mut account = MarginAccount { version: LAYOUT_VERSION, ..MarginAccount::zeroed() };
        account.tokens[3] = TokenPosition { shares: -70, bank: 5, used: 1, ..TokenPosition::default() };
        account.tokens[9] = TokenPosition { shares: 40, bank: 2, used: 1, ..TokenPosition::default() };
        account.derivatives[7] = DerivativePosition {
            shares: -9,
            k_entry: I128Le::new(-5),
            cash_atoms: 11,
            epoch: 3,
            kind: PositionKind::Perp as u8,
            market: 4,
            last_sign: -1,
            ..DerivativePosition::default()
        };
        (account.under_water_secs, account.observed, account.observed_at) = (12, 1, 99);
        account.called = 1;
        account
    }

    #[test]
    fn an_account_survives_being_remembered_but_for_the_places_of_its_legs() {
        let account = account();
        let tracked = Tracked::of(Pubkey::new_unique(), 7, &account);
        let mut back = MarginAccount::zeroed();
        tracked.write_to(&mut back);
        assert_eq!(back.tokens[0], account.tokens[3]);
        assert_eq!(back.tokens[1], account.tokens[9]);
        assert_eq!(back.derivatives[0], account.derivatives[7]);
        assert_eq!((back.clocks(), tracked.clocks()), (account.clocks(), account.clocks()));
        assert!(back.called == 1 && tracked.is_called());
        assert_eq!((tracked.banks, tracked.debts, tracked.markets), (1 << 5 | 1 << 2, 1 << 5, 1 << 4));
        assert!(tracked.owes(5) && !tracked.owes(2) && !tracked.is_debt_free());
    }

    #[test]
    fn an_account_is_recognised_by_all_that_is_remembered_of_it_and_by_nothing_else() {
        let same = account();
        let tracked = Tracked::of(Pubkey::new_unique(), 7, &same);
        let is_said = |account: &MarginAccount| tracked.is_said_by(&plimsoll_sdk::decode::encode(account));
        assert!(is_said(&same) && is_said(&MarginAccount { owner: [9; 32], delegate: [3; 32], ..same }));
        let changes: [fn(&mut MarginAccount); 17] = [
            |a| a.version += 1,
            |a| a.status ^= 1,
            |a| a.observed ^= 1,
            |a| a.bypass ^= 1,
            |a| a.called ^= 1,
            |a| a.under_water_secs += 1,
            |a| a.wind_down_secs += 1,
            |a| a.observed_at += 1,
            |a| a.passed_at += 1,
            |a| a.bypass_published_at += 1,
            |a| a.tokens[3].shares += 1,
            |a| a.tokens[9].bank += 1,
            |a| a.tokens[9].used = 0,
            |a| a.tokens[1] = TokenPosition { shares: 1, bank: 7, used: 1, ..TokenPosition::default() },
            |a| a.derivatives[7].cash_atoms += 1,
            |a| a.derivatives[7].k_entry = I128Le::new(6),
            |a| a.derivatives[7].kind = PositionKind::Empty as u8,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut other = same;
            change(&mut other);
            assert!(!is_said(&other), "change {number}");
            assert!(number == 0 || Tracked::of(tracked.key, 7, &other) != tracked, "change {number} is remembered");
        }
        assert!(!tracked.is_said_by(&[]) && !tracked.is_said_by(&[1, 2, 3]));
    }

    #[test]
    fn nothing_of_the_account_before_is_left_in_the_buffer() {
        let (key, mut larger) = (Pubkey::new_unique(), account());
        for bank in 0..16u8 {
            larger.tokens[bank as usize] = TokenPosition { shares: 5, bank, used: 1, ..TokenPosition::default() };
            larger.derivatives[bank as usize] =
                DerivativePosition { kind: PositionKind::Perp as u8, market: bank, shares: 3, ..Default::default() };
        }
        let (mut reused, mut fresh) = (MarginAccount::zeroed(), MarginAccount::zeroed());
        Tracked::of(key, 1, &larger).write_to(&mut reused);
        for smaller in [account(), MarginAccount { version: LAYOUT_VERSION, ..MarginAccount::zeroed() }] {
            let tracked = Tracked::of(key, 1, &smaller);
            tracked.write_to(&mut reused);
            fresh = MarginAccount::zeroed();
            tracked.write_to(&mut fresh);
            assert_eq!(bytemuck::bytes_of(&reused), bytemuck::bytes_of(&fresh));
        }
        assert!(fresh.is_empty());
    }

    #[test]
    fn another_layout_version_is_told_from_another_type() {
        let mut data = plimsoll_sdk::decode::encode(&account());
        let key = Pubkey::new_unique();
        assert!(Tracked::decode(key, 1, &data).is_ok());
        data[DISCRIMINATOR_LEN] = 9;
        assert_eq!(Tracked::decode(key, 1, &data).unwrap_err(), Unreadable::Version(9));
        data[0] ^= 1;
        assert_eq!(Tracked::decode(key, 1, &data).unwrap_err(), Unreadable::NoMarginAccount);
        assert_eq!(Tracked::decode(key, 1, &[1, 2, 3]).unwrap_err(), Unreadable::NoMarginAccount);
    }

    #[test]
    fn data_that_no_instruction_leaves_behind_is_refused_with_the_fact() {
        let mut account = account();
        account.tokens[0] = account.tokens[3];
        let data = plimsoll_sdk::decode::encode(&account);
        let refused = Tracked::decode(Pubkey::new_unique(), 1, &data).unwrap_err();
        assert_eq!(refused, Unreadable::Invariant("a bank is held twice"));
    }

    #[test]
    fn an_account_with_eight_legs_takes_less_than_half_a_kilobyte() {
        let mut account = account();
        for bank in 0..4u8 {
            account.tokens[bank as usize] = TokenPosition { shares: 1, bank, used: 1, ..TokenPosition::default() };
            account.derivatives[bank as usize] =
                DerivativePosition { kind: PositionKind::Perp as u8, market: bank, ..DerivativePosition::default() };
        }
        let bytes = Tracked::of(Pubkey::new_unique(), 0, &account).memory_bytes();
        assert!(bytes < 512 && bytes < core::mem::size_of::<MarginAccount>() / 5, "{bytes}");
    }
}

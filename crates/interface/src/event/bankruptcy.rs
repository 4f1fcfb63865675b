//! Bankruptcies: freezing, seizures, draws on insurance, socialized losses, closings.

use alloc::vec::Vec;

use plimsoll_state::{Bank, Market, MarketSlot};
use solana_pubkey::Pubkey;

use super::{PoolState, PositionState};
use crate::args::wire;

wire! {
    /// Everything of a bank that a resolution can move, after the call.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct EstateBank {
        /// Slot of the registry.
        pub bank: u8,
        /// Deposit shares of all holders.
        pub deposit_shares: u64,
        /// Borrow shares of all debtors.
        pub borrow_shares: u64,
        /// Value of a deposit share, 48 fraction bits.
        pub deposit_index: u64,
        /// Value of a borrow share, 48 fraction bits.
        pub borrow_index: u64,
        /// Deposit shares that wait to become insurance.
        pub waiting_shares: u64,
        /// Insurance, reserved part not included, atoms.
        pub insurance_atoms: u64,
        /// Insurance reserved for bankrupt legs, atoms.
        pub reserved_atoms: u64,
        /// Bad debt beyond what deposits could bear, atoms.
        pub uncovered_atoms: u64,
        /// Protocol fees, atoms.
        pub fees_atoms: u64,
    }
}

impl From<&Bank> for EstateBank {
    #[inline(never)]
    fn from(bank: &Bank) -> Self {
        Self {
            bank: bank.index,
            deposit_shares: bank.deposit_shares,
            borrow_shares: bank.borrow_shares,
            deposit_index: bank.deposit_index,
            borrow_index: bank.booked_borrow_index,
            waiting_shares: bank.waiting_shares,
            insurance_atoms: bank.insurance_atoms,
            reserved_atoms: bank.reserved_atoms,
            uncovered_atoms: bank.uncovered_atoms,
            fees_atoms: bank.fees_atoms,
        }
    }
}

wire! {
    /// One side of a market after the call.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct EstateSide {
        /// Size per share, 63 fraction bits.
        pub a: u64,
        /// Cash per share, 64 fraction bits.
        pub k: i128,
        /// Epoch that `a` and `k` belong to.
        pub epoch: u32,
        /// Size per share at the end of the epoch before, which this call may have ended; zero where there is none.
        pub ended_a: u64,
        /// Cash per share at the end of that epoch.
        pub ended_k: i128,
        /// Shares of the side.
        pub shares: u64,
    }
}

wire! {
    /// Everything of a market that a resolution can move, after the call.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct EstateMarket {
        /// Slot of the registry.
        pub market: u8,
        /// The claims on its pool.
        pub pool: PoolState,
        /// Longs, then shorts.
        pub sides: [EstateSide; 2],
        /// Up to when the cash per share includes funding, Unix seconds.
        pub funding_at: i64,
        /// What its deficit takes of a claim, as margin sees it, ppm.
        pub deficit_share_ppm: u32,
    }
}

impl EstateMarket {
    /// Reads both accounts that hold a market's state.
    #[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
    #[inline(never)]
    pub fn new(market: &Market, slot: &MarketSlot) -> Self {
        let side = |side: usize| {
            let index = &slot.sides[side];
            let before = index.epoch.checked_sub(1);
            let ended = index.ring.iter().find(|end| end.used == 1 && Some(end.epoch) == before);
            EstateSide {
                a: index.a,
                k: index.k.get(),
                epoch: index.epoch,
                ended_a: ended.map_or(0, |end| end.a),
                ended_k: ended.map_or(0, |end| end.k.get()),
                shares: market.sides[side].shares,
            }
        };
        let (pool, sides) = (PoolState::from(market), [side(0), side(1)]);
        let (funding_at, deficit_share_ppm) = (slot.funding_at, slot.deficit_share_ppm);
        Self { market: market.index, pool, sides, funding_at, deficit_share_ppm }
    }
}

wire! {
    /// An account was frozen: from now on only resolve and repay work.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BankruptcyFrozen {
        /// The engine.
        pub engine: Pubkey,
        /// The account.
        pub account: Pubkey,
        /// NAV at spot at plain prices, pico-dollars.
        pub nav_usd_pico: i128,
        /// Seconds on the wind-down clock.
        pub wind_down_secs: u32,
    }
}

wire! {
    /// A whole asset went to its bank's insurance.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct TokenSeized {
        /// The engine.
        pub engine: Pubkey,
        /// The account.
        pub account: Pubkey,
        /// Deposit shares that now wait to become insurance.
        pub shares: u64,
        /// What they are worth, atoms.
        pub atoms: u64,
        /// The bank afterwards.
        pub bank: EstateBank,
    }
}

wire! {
    /// A gain was collected and its base closed, or the quote balance paid on a loss.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PnlSeized {
        /// The engine.
        pub engine: Pubkey,
        /// The account.
        pub account: Pubkey,
        /// PnL at spot before, quote atoms.
        pub pnl_atoms: i64,
        /// Base that was closed, signed.
        pub closed_units: i64,
        /// Units of it that the opposite side closed.
        pub matched_units: u64,
        /// Paid out of the pool to the account's quote balance, atoms.
        pub from_pool_atoms: u64,
        /// Part of the gain that is given up and taken off the deficit, atoms.
        pub forgone_atoms: u64,
        /// Became the market's own claim, atoms.
        pub own_claim_atoms: u64,
        /// Paid by the account's quote balance into the pool, atoms.
        pub into_pool_atoms: u64,
        /// Shares of the quote bank afterwards, negative where they are owed.
        pub quote_shares: i64,
        /// The position afterwards; all zero where the leg was closed.
        pub position: PositionState,
        /// The market afterwards.
        pub market: EstateMarket,
        /// The quote bank afterwards.
        pub bank: EstateBank,
    }
}

wire! {
    /// What insurance promised to one market's leg.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ReservedLeg {
        /// Slot of the market.
        pub market: u8,
        /// Negative PnL at this moment, atoms.
        pub fixed_debt_atoms: u64,
        /// Insurance promised to the leg, atoms.
        pub reserved_atoms: u64,
    }
}

wire! {
    /// Insurance was reserved for all quote legs of an account.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct InsuranceReserved {
        /// The engine.
        pub engine: Pubkey,
        /// The account.
        pub account: Pubkey,
        /// Reserved for all legs together, atoms.
        pub reserved_atoms: u64,
        /// The quote borrow at this moment, atoms.
        pub borrow_fixed_debt_atoms: u64,
        /// Insurance promised to the borrow, atoms.
        pub borrow_reserved_atoms: u64,
        /// What is promised to each market's leg.
        pub legs: Vec<ReservedLeg>,
        /// The quote bank afterwards.
        pub bank: EstateBank,
    }
}

wire! {
    /// A borrow was paid by insurance, the remainder socialized.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BorrowResolved {
        /// The engine.
        pub engine: Pubkey,
        /// The account.
        pub account: Pubkey,
        /// Borrow shares that were cancelled.
        pub shares: u64,
        /// What they owed, atoms.
        pub owed_atoms: u64,
        /// Paid from the reserve, atoms.
        pub from_reserved_atoms: u64,
        /// Paid from insurance that was not reserved, atoms.
        pub from_unreserved_atoms: u64,
        /// Socialized on depositors, uncovered part included, atoms.
        pub socialized_atoms: u64,
        /// What deposits could not bear, atoms.
        pub uncovered_atoms: u64,
        /// The bank afterwards.
        pub bank: EstateBank,
    }
}

wire! {
    /// A market's leg was paid by insurance, the remainder charged to the opposite side, and its base closed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PnlResolved {
        /// The engine.
        pub engine: Pubkey,
        /// The account.
        pub account: Pubkey,
        /// PnL at spot before, quote atoms.
        pub pnl_atoms: i64,
        /// Paid from the reserve, atoms.
        pub from_reserved_atoms: u64,
        /// Paid from insurance that was not reserved, atoms.
        pub from_unreserved_atoms: u64,
        /// How much of the loss these payments cover, atoms.
        pub covered_atoms: u64,
        /// Charged to the side opposite to the base last held, atoms.
        pub charged_atoms: u64,
        /// What nobody could bear: the market's deficit, its own claim set off first, atoms.
        pub deficit_atoms: u64,
        /// A gain made since insurance was reserved, now the market's own claim, atoms.
        pub own_claim_atoms: u64,
        /// Base that was closed, signed.
        pub closed_units: i64,
        /// Units of it that the opposite side closed.
        pub matched_units: u64,
        /// The market afterwards.
        pub market: EstateMarket,
        /// The quote bank afterwards.
        pub bank: EstateBank,
    }
}

wire! {
    /// The last quote leg or the last leg of all is gone.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BankruptcyResolved {
        /// The engine.
        pub engine: Pubkey,
        /// The account.
        pub account: Pubkey,
        /// Reserved insurance of the quote bank that no leg needed, given back, atoms.
        pub returned_atoms: u64,
        /// Whether nothing is left and the account is active again.
        pub thawed: bool,
        /// The quote bank afterwards; none where the call did not write it.
        pub bank: Option<EstateBank>,
    }
}

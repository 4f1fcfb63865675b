//! What the module exports: fixed places for accounts and answer, and one function per answer.
//!
//! Every function returns 0 or a code: the program's error code, or one of [`Refused`]. Addresses and lengths are asked
//! for once, since memory never grows.
#![expect(unsafe_code, reason = "one shared buffer at a fixed address, exported names and no allocator")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;

use bytemuck::{bytes_of, Pod};
use plimsoll_risk::liquidate::{Leg, LegSize, Request};
use plimsoll_risk::RiskError;
use plimsoll_state::{Address, Bank, EngineAccount, MarginAccount, Market, PriceBoard, Registry, DISCRIMINATOR_LEN};

use crate::after;
use crate::answer::{self, Accounts};
use crate::code::{engine_code, Refused};
use crate::limits;
use crate::prices;

/// Version of these exports; a host refuses another one.
const INTERFACE_VERSION: u32 = 5;
/// Room for the largest answer.
const ANSWER_LEN: usize = 256;

/// What host and module exchange. Aligned as an account's body must be.
#[repr(C, align(16))]
struct Exchange {
    account: [u8; MarginAccount::SPACE],
    registry: [u8; Registry::SPACE],
    board: [u8; PriceBoard::SPACE],
    bank: [u8; Bank::SPACE],
    market: [u8; Market::SPACE],
    answer: [u8; ANSWER_LEN],
    key: Address,
}

struct Shared(UnsafeCell<Exchange>);

// SAFETY: the module has no threads: it is built without atomics and imports no memory.
unsafe impl Sync for Shared {}

static EXCHANGE: Shared = Shared(UnsafeCell::new(Exchange {
    account: [0; MarginAccount::SPACE],
    registry: [0; Registry::SPACE],
    board: [0; PriceBoard::SPACE],
    bank: [0; Bank::SPACE],
    market: [0; Market::SPACE],
    answer: [0; ANSWER_LEN],
    key: [0; 32],
}));

/// A dependency links `alloc`, which asks for an allocator; nothing here allocates.
struct NoHeap;

// SAFETY: no allocation is ever handed out.
unsafe impl GlobalAlloc for NoHeap {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static HEAP: NoHeap = NoHeap;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Version of the exports.
#[no_mangle]
pub extern "C" fn interface_version() -> u32 {
    INTERFACE_VERSION
}

/// Where the host writes the margin account.
#[no_mangle]
pub extern "C" fn account_address() -> *mut u8 {
    EXCHANGE.0.get().cast()
}

/// Bytes of a margin account.
#[no_mangle]
pub extern "C" fn account_len() -> usize {
    MarginAccount::SPACE
}

/// Where the host writes the margin account's own address, 32 bytes.
#[no_mangle]
pub extern "C" fn key_address() -> *mut u8 {
    account_address().wrapping_add(core::mem::offset_of!(Exchange, key))
}

/// Where the host writes the registry.
#[no_mangle]
pub extern "C" fn registry_address() -> *mut u8 {
    account_address().wrapping_add(core::mem::offset_of!(Exchange, registry))
}

/// Bytes of a registry.
#[no_mangle]
pub extern "C" fn registry_len() -> usize {
    Registry::SPACE
}

/// Where the host writes the price board.
#[no_mangle]
pub extern "C" fn board_address() -> *mut u8 {
    account_address().wrapping_add(core::mem::offset_of!(Exchange, board))
}

/// Bytes of a price board.
#[no_mangle]
pub extern "C" fn board_len() -> usize {
    PriceBoard::SPACE
}

/// Where the host writes a bank.
#[no_mangle]
pub extern "C" fn bank_address() -> *mut u8 {
    account_address().wrapping_add(core::mem::offset_of!(Exchange, bank))
}

/// Bytes of a bank.
#[no_mangle]
pub extern "C" fn bank_len() -> usize {
    Bank::SPACE
}

/// Where the host writes a market.
#[no_mangle]
pub extern "C" fn market_address() -> *mut u8 {
    account_address().wrapping_add(core::mem::offset_of!(Exchange, market))
}

/// Bytes of a market.
#[no_mangle]
pub extern "C" fn market_len() -> usize {
    Market::SPACE
}

/// Where the host reads the answer.
#[no_mangle]
pub extern "C" fn answer_address() -> *const u8 {
    account_address().wrapping_add(core::mem::offset_of!(Exchange, answer))
}

/// Gives the accounts to `ask` and stores its answer.
fn answer<T: Pod>(now: i64, ask: impl FnOnce(&Accounts<'_>) -> Result<T, u32>) -> u32 {
    // SAFETY: calls do not overlap, and this is the only reference while it lives.
    let exchange = unsafe { &mut *EXCHANGE.0.get() };
    let accounts = Accounts::parse(&exchange.account, &exchange.registry, &exchange.board, now);
    let found = accounts.map_err(u32::from).and_then(|accounts| ask(&accounts));
    store(&mut exchange.answer, found)
}

fn store<T: Pod>(place: &mut [u8; ANSWER_LEN], found: Result<T, u32>) -> u32 {
    const { assert!(core::mem::size_of::<T>() <= ANSWER_LEN) };
    match found {
        Ok(found) => {
            let bytes = bytes_of(&found);
            place[..bytes.len()].copy_from_slice(bytes);
            0
        }
        Err(code) => code,
    }
}

/// Answers with a `MarginView` of the account whose address was written: every view, or maintenance at spot alone where `all` is zero.
#[no_mangle]
pub extern "C" fn margin_view(now: i64, all: u32) -> u32 {
    // SAFETY: calls do not overlap, and nothing refers to the exchange now.
    let key = unsafe { (*EXCHANGE.0.get()).key };
    answer(now, |accounts| answer::margin_view(&key, accounts, all != 0))
}

/// Answers with a `MarginView` as [`margin_view`], of the account once it has deposited or repaid so many atoms of a bank, or
/// withdrawn or borrowed them where they are negative.
#[no_mangle]
pub extern "C" fn margin_after(now: i64, bank: u32, change_atoms: i64, all: u32) -> u32 {
    // SAFETY: calls do not overlap, and nothing refers to the exchange now.
    let key = unsafe { (*EXCHANGE.0.get()).key };
    answer(now, |accounts| {
        let bank = u8::try_from(bank).map_err(|_| engine_code(RiskError::SlotEmpty))?;
        after::margin_after(&key, accounts, bank, change_atoms, all != 0)
    })
}

/// Answers with an `Assessment`.
#[no_mangle]
pub extern "C" fn assess(now: i64) -> u32 {
    answer(now, answer::assess)
}

/// Answers with a `PlanReport`. The leg is the one of [`Leg::of_numbers`]. A `max_size` of 2^64 - 1 asks for
/// as much as allowed.
#[expect(clippy::too_many_arguments, reason = "WebAssembly passes numbers, no structs")]
#[no_mangle]
pub extern "C" fn liquidation_plan(
    now: i64,
    leg_kind: u32,
    asset_or_market: u32,
    liability: u32,
    max_size: u64,
    min_size: u64,
    limit_numerator: u64,
    limit_denominator: u64,
) -> u32 {
    answer(now, |accounts| {
        let leg = leg(leg_kind, asset_or_market, liability)?;
        let max_size = (max_size != u64::MAX).then_some(max_size);
        let (max_size, min_size) = (max_size.map(LegSize::new), LegSize::new(min_size));
        answer::plan(accounts, &Request { leg, max_size, min_size, limit_numerator, limit_denominator })
    })
}

fn leg(kind: u32, asset_or_market: u32, liability: u32) -> Result<Leg, Refused> {
    let byte = |value: u32| u8::try_from(value).map_err(|_| Refused::NotARequest);
    Leg::of_numbers([byte(kind)?, byte(asset_or_market)?, byte(liability)?]).ok_or(Refused::NotARequest)
}

/// Answers with the `BankLimits` of the bank and the registry that were written.
#[no_mangle]
pub extern "C" fn bank_limits(now: i64) -> u32 {
    // SAFETY: as in `answer`.
    let exchange = unsafe { &mut *EXCHANGE.0.get() };
    let found = limits::bank_limits(&exchange.bank, &exchange.registry, now).map_err(u32::from);
    store(&mut exchange.answer, found)
}

/// Answers with the `Breaker` of the market and the registry that were written.
#[no_mangle]
pub extern "C" fn market_breaker(now: i64) -> u32 {
    // SAFETY: as in `answer`.
    let exchange = unsafe { &mut *EXCHANGE.0.get() };
    let found = limits::market_breaker(&exchange.market, &exchange.registry, now).map_err(u32::from);
    store(&mut exchange.answer, found)
}

/// Answers with `LiquidationPrices` of a price slot.
#[no_mangle]
pub extern "C" fn liquidation_prices(now: i64, slot: u32) -> u32 {
    // SAFETY: as in `answer`.
    let exchange = unsafe { &mut *EXCHANGE.0.get() };
    let parsed = Accounts::parse(&exchange.account, &exchange.registry, &exchange.board, now);
    if let Err(refused) = parsed {
        return refused.into();
    }
    let (account, registry) = (&exchange.account, &exchange.registry);
    let found = (|| {
        let account = MarginAccount::from_account_data(account).ok_or(Refused::NotAMarginAccount)?;
        let registry = Registry::from_account_data(registry).ok_or(Refused::NotARegistry)?;
        let body = exchange.board.get_mut(DISCRIMINATOR_LEN..).ok_or(Refused::NotABoard)?;
        let board = bytemuck::try_from_bytes_mut::<PriceBoard>(body).map_err(|_| Refused::NotABoard)?;
        let slot = u8::try_from(slot).map_err(|_| Refused::NotARequest)?;
        prices::liquidation_prices(account, registry, board, now, slot)
    })();
    store(&mut exchange.answer, found)
}

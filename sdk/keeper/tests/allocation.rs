//! Evaluating an account allocates nothing: a million of them a second must not meet the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use bytemuck::Zeroable;
use plimsoll_keeper::config::IndexConfig;
use plimsoll_keeper::state::{Tracker, Update};
use plimsoll_risk::liquidate::assess;
use plimsoll_risk::units::UnixSecs;
use plimsoll_rpc::EngineAccounts;
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_sim::world::{World, SOL, USDC};
use plimsoll_state::snapshot::Views;
use plimsoll_state::Engine;
use solana_pubkey::Pubkey;

thread_local!(static ALLOCATIONS: Cell<u64> = const { Cell::new(0) });

struct Counting;

// SAFETY: every call is the system allocator's, counted before.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement; this one counts and hands on")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        System.alloc(layout)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        System.dealloc(pointer, layout);
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(then: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    then();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn evaluating_an_account_allocates_nothing() {
    let mut world = World::new();
    world.default_listing();
    let maker = world.trader("maker");
    world.deposit(&maker, USDC, 1_000_000_000_000).expect("a deposit");
    let alice = world.trader("alice");
    world.deposit(&alice, SOL, 100_000_000_000).expect("a deposit");
    world.borrow(&alice, USDC, 13_000_000_000).expect("a borrow");
    let (registry, board, now) = (world.registry(), world.board(), world.now());
    let keys = EngineKeys::of(world.keys.engine);
    let (banks, markets, engine) = (Vec::new(), Vec::new(), Engine::zeroed());
    let read =
        EngineAccounts { slot: 1, now, keys, engine, registry, board, feeds: bytemuck::zeroed_box(), banks, markets };
    let mut tracker = Tracker::new(read, None, &IndexConfig::default());
    let data = world.data(&alice.account);
    let accounts = (0..100).map(|_| (Pubkey::new_unique(), data.clone())).collect();
    tracker.apply(Update::Snapshot { slot: 2, accounts });
    assert!(allocations(|| drop(std::hint::black_box(vec![1u8]))) > 0, "allocations are counted");
    let counted = allocations(|| {
        for id in 0..100 {
            let assessed = tracker.with_portfolio(id, Views::LIQUIDATION, |portfolio, clocks, now| {
                assess(portfolio, clocks, UnixSecs::new(now)).spot.maint_excess.get()
            });
            assert!(assessed.expect("there").expect("valid") > 0);
        }
    });
    assert_eq!(counted, 0);
}

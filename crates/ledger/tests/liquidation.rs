//! What a liquidation moves between two accounts, by hand.

use bytemuck::Zeroable;
use plimsoll_ledger::liquidation::{apply_pair, apply_position, collateral_shares_down, PairAccounts, TakenOver};
use plimsoll_ledger::{perp, token};
use plimsoll_risk::auction::{Clocks, Regime};
use plimsoll_risk::bank::{Indices, ShareDelta};
use plimsoll_risk::liquidate::{LegSize, Plan};
use plimsoll_risk::margin::Margins;
use plimsoll_risk::params::INDEX_ONE;
use plimsoll_risk::units::{Atoms, BaseUnits, Ppm, Secs, SignedAtoms, UnixSecs, UsdMicro};
use plimsoll_risk::RiskError;
use plimsoll_state::*;

const NOW: i64 = 1_760_130_600;
const CLOCK: FundingClock = FundingClock { now: UnixSecs::new(NOW), max_secs: Secs::new(3_600) };
const QUOTE: u8 = 0;
const SOL: u8 = 1;
const VIEW: Indices = Indices { deposit_index: INDEX_ONE, borrow_index: INDEX_ONE };

/// A registry with a quote bank, another bank and a market, the two banks, the market, liquidator and liquidatee.
struct World {
    registry: Box<Registry>,
    board: Box<PriceBoard>,
    quote: Bank,
    sol: Bank,
    market: Market,
    liquidator: MarginAccount,
    liquidatee: MarginAccount,
}

impl World {
    fn new() -> Self {
        let mut registry = Box::new(Registry::zeroed());
        let bank = |index| Bank {
            index,
            deposit_index: INDEX_ONE,
            booked_borrow_index: INDEX_ONE,
            caps: BankCaps { borrow_cap_atoms: u64::MAX, ..BankCaps::default() },
            utilization_at: NOW,
            ..Bank::zeroed()
        };
        for slot in &mut registry.banks[..2] {
            (slot.status, slot.accrued_at) = (SlotStatus::Active as u8, NOW);
            (slot.deposit_index, slot.borrow_index) = (INDEX_ONE, INDEX_ONE);
        }
        registry.markets[0].status = SlotStatus::Active as u8;
        registry.markets[0].funding_at = NOW;
        registry.markets[0].sides = [SideIndex::start(); 2];
        Self {
            registry,
            board: Box::new(PriceBoard::zeroed()),
            quote: bank(QUOTE),
            sol: bank(SOL),
            market: Market::zeroed(),
            liquidator: MarginAccount::zeroed(),
            liquidatee: MarginAccount::zeroed(),
        }
    }

    /// Gives an account atoms of a bank, or a debt of them.
    fn hold(&mut self, of_liquidator: bool, bank: u8, atoms: i64) {
        let account = if of_liquidator { &mut self.liquidator } else { &mut self.liquidatee };
        let delta = token::apply_delta(account, bank, SignedAtoms::new(atoms), &VIEW).unwrap();
        token::apply_totals(if bank == QUOTE { &mut self.quote } else { &mut self.sol }, delta).unwrap();
    }

    fn pair(&mut self, plan: &Plan, with_asset_bank: bool, with_market: bool) -> Result<u64, RiskError> {
        let accounts = PairAccounts {
            asset: SOL,
            asset_bank: with_asset_bank.then_some(&mut self.sol),
            liability_bank: &mut self.quote,
            market: with_market.then_some(&mut self.market),
        };
        let books = Books { registry: &self.registry, board: &self.board, now: UnixSecs::new(NOW) };
        apply_pair(plan, &books, accounts, &mut self.liquidator, &mut self.liquidatee)
    }

    fn held(&self, bank: u8) -> [i64; 2] {
        [&self.liquidator, &self.liquidatee].map(|account| token::shares_of(account, bank))
    }

    fn totals(bank: &Bank) -> ShareDelta {
        ShareDelta { deposit_shares: bank.deposit_shares as i64, borrow_shares: bank.borrow_shares as i64 }
    }

    /// The liquidatee is long (short) `units` against somebody else, with cash.
    fn open(&mut self, long: bool, units: u64, cash_atoms: i64) {
        let mut other = MarginAccount::zeroed();
        let his = perp::open_leg(&mut self.liquidatee, &mut self.market).unwrap();
        let others = perp::open_leg(&mut other, &mut self.market).unwrap();
        let (his, other) = (&mut self.liquidatee.derivatives[his], &mut other.derivatives[others]);
        let (slot, market) = (&self.registry.markets[0], &mut self.market);
        if long {
            perp::exchange(
                slot,
                market,
                his,
                other,
                BaseUnits::new(units),
                SignedAtoms::new(cash_atoms),
                SignedAtoms::new(-cash_atoms),
                CLOCK,
            )
            .unwrap();
        } else {
            perp::exchange(
                slot,
                market,
                other,
                his,
                BaseUnits::new(units),
                SignedAtoms::new(-cash_atoms),
                SignedAtoms::new(cash_atoms),
                CLOCK,
            )
            .unwrap();
        }
    }

    fn position(&mut self, plan: &Plan) -> Result<TakenOver, RiskError> {
        let books = Books { registry: &self.registry, board: &self.board, now: UnixSecs::new(NOW) };
        apply_position(plan, &books, &mut self.market, &mut self.liquidator, &mut self.liquidatee)
    }
}

fn plan(size: u64, paid_atoms: u64, received_atoms: u64, fee_atoms: u64) -> Plan {
    Plan {
        regime: Regime::Cure,
        penalty_ppm: Ppm::ZERO,
        size: LegSize::new(size),
        paid_atoms: Atoms::new(paid_atoms),
        fee_atoms: Atoms::new(fee_atoms),
        received_atoms: Atoms::new(received_atoms),
        notional: UsdMicro::ZERO,
        before: Margins::default(),
        after: Margins::default(),
        clocks: Clocks::default(),
    }
}

#[test]
fn a_borrow_is_repaid_out_of_the_liquidators_balance_and_then_by_his_debt() {
    let mut world = World::new();
    world.hold(false, SOL, 100);
    world.hold(false, QUOTE, -1_000);
    world.hold(true, QUOTE, 300);
    assert_eq!(world.pair(&plan(400, 404, 41, 4), false, false), Ok(41));
    assert_eq!((world.held(SOL), world.held(QUOTE)), ([41, 59], [-104, -600]));
    // The fee is a deposit that waits; nothing else of the debt's bank is anybody's.
    assert_eq!(World::totals(&world.quote), ShareDelta { deposit_shares: 4, borrow_shares: 704 });
    assert_eq!((world.quote.waiting_shares, world.sol.deposit_shares), (4, 100));
}

#[test]
fn collateral_that_the_liquidator_owes_repays_him_and_needs_its_bank() {
    let mut world = World::new();
    world.hold(false, SOL, 100);
    world.hold(false, QUOTE, -1_000);
    world.hold(true, SOL, -30);
    assert_eq!(world.pair(&plan(400, 400, 41, 0), false, false), Err(RiskError::TotalsRequired));
    let mut world = World::new();
    world.hold(false, SOL, 100);
    world.hold(false, QUOTE, -1_000);
    world.hold(true, SOL, -30);
    assert_eq!(world.pair(&plan(400, 400, 41, 0), true, false), Ok(41));
    assert_eq!((world.held(SOL), world.held(QUOTE)), ([11, 59], [-400, -600]));
    assert_eq!(World::totals(&world.sol), ShareDelta { deposit_shares: 70, borrow_shares: 0 });
    assert_eq!(world.quote.waiting_shares, 0);
}

/// LIQ-5
#[test]
fn interest_that_the_registry_does_not_show_stays_with_the_liquidatee() {
    let mut world = World::new();
    world.hold(false, SOL, 100);
    world.hold(false, QUOTE, -1_000);
    // The bank's index is two where the copy says one: atoms counted at one are half as many shares.
    world.sol.deposit_index = 2 * INDEX_ONE;
    assert_eq!(world.pair(&plan(400, 400, 41, 0), true, false), Ok(20));
    assert_eq!(world.held(SOL), [20, 80]);
    assert_eq!(world.pair(&plan(400, 400, 1, 0), true, false), Err(RiskError::FillTooSmall));
}

fn pause_borrowing(world: &mut World) {
    world.registry.pause_bits = pause::BORROW;
    world.registry.pauses[1].authority_until_at = NOW + 1;
}

/// LIQ-4
#[test]
fn negative_pnl_is_paid_into_the_pool_and_only_with_quote_that_may_be_lent() {
    let losing = |balance| {
        let mut world = World::new();
        world.hold(false, SOL, 100);
        world.open(true, 10, -500);
        if balance != 0 {
            world.hold(true, QUOTE, balance);
        }
        world
    };
    let mut world = losing(500);
    assert_eq!(world.pair(&plan(400, 404, 41, 4), false, true), Ok(41));
    assert_eq!((world.held(SOL), world.held(QUOTE)), ([41, 59], [96, 0]));
    assert_eq!(world.liquidatee.derivatives[0].cash_atoms, -100);
    assert_eq!((world.market.pool_shares, world.market.pool_atoms, world.quote.waiting_shares), (400, 400, 4));
    assert_eq!(World::totals(&world.quote), ShareDelta { deposit_shares: 500, borrow_shares: 0 });

    let mut open = losing(0);
    assert_eq!(open.pair(&plan(400, 400, 41, 0), false, true), Ok(41));
    assert_eq!(open.held(QUOTE), [-400, 0]);
    let mut paused = losing(0);
    pause_borrowing(&mut paused);
    assert_eq!(paused.pair(&plan(400, 400, 41, 0), false, true), Err(RiskError::Paused));
    let mut has_it = losing(400);
    pause_borrowing(&mut has_it);
    assert_eq!(has_it.pair(&plan(400, 400, 41, 0), false, true), Ok(41));

    let mut none = World::new();
    none.hold(false, SOL, 100);
    assert_eq!(none.pair(&plan(400, 400, 41, 0), false, true), Err(RiskError::PositionMissing));
    let mut elsewhere = losing(500);
    elsewhere.quote.index = SOL;
    assert_eq!(elsewhere.pair(&plan(400, 400, 41, 0), false, true), Err(RiskError::BankMismatch));
}

/// CURE-6
#[test]
fn a_position_passes_at_spot_and_the_penalty_comes_out_of_its_pnl() {
    for long in [true, false] {
        let mut world = World::new();
        world.open(long, 10, -500);
        // Four units at 25, a penalty of 7, of which 2 are insurance.
        let taken = world.position(&plan(4, 100, 5, 2)).unwrap();
        assert_eq!(taken, TakenOver { long, netted_units: BaseUnits::ZERO });
        let (his, theirs) = (world.liquidatee.derivatives[0], world.liquidator.derivatives[0]);
        let sign = if long { 1 } else { -1 };
        assert_eq!((his.shares, theirs.shares), (6 * sign, 4 * sign));
        assert_eq!((his.cash_atoms, theirs.cash_atoms), (-500 + 100 * sign - 7, 5 - 100 * sign));
        assert_eq!((world.market.own_claim_atoms, world.market.leg_count), (2, 3));
    }
}

#[test]
fn a_position_that_meets_its_opposite_is_netted_and_an_empty_leg_is_freed() {
    let mut world = World::new();
    world.open(true, 10, 0);
    std::mem::swap(&mut world.liquidator, &mut world.liquidatee);
    world.open(false, 10, 0);
    // He buys ten back for nothing from one who is long ten: both end with no leg, and open interest falls.
    let taken = world.position(&plan(10, 0, 0, 0)).unwrap();
    assert_eq!(taken, TakenOver { long: false, netted_units: BaseUnits::new(10) });
    assert!(world.liquidator.is_empty() && world.liquidatee.is_empty());
    assert_eq!(world.position(&plan(1, 0, 0, 0)), Err(RiskError::PositionMissing));
}

/// LIQ-5
#[test]
fn a_seizure_of_less_than_a_share_is_refused() {
    let (mut account, mut slot) = (MarginAccount::zeroed(), BankSlot::zeroed());
    slot.deposit_index = 3 * INDEX_ONE;
    account.tokens[0] = TokenPosition { shares: 10, bank: 1, used: 1, ..TokenPosition::default() };
    let shares = |atoms: u64| collateral_shares_down(&account, 1, Atoms::new(atoms), &slot, None, UnixSecs::NEVER);
    assert_eq!(shares(2), Err(RiskError::FillTooSmall));
    assert_eq!((shares(3), shares(29)), (Ok(1), Ok(9)));
}

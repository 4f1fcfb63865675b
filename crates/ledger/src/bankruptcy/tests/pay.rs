//! Stages (b) and (c) by hand: what is reserved, and who pays.

use plimsoll_risk::params::INDEX_ONE;
use plimsoll_risk::units::{Atoms, BaseUnits, Secs, SignedAtoms, SignedBaseUnits, UnixSecs};
use plimsoll_risk::waterfall::Payment;
use plimsoll_risk::RiskError;
use plimsoll_state::BooksMut;

use super::seize::nothing;
use super::world::{dollars, World, NOW};
use crate::bankruptcy::*;
use crate::perp;
use crate::perp::ClosedBase;

/// A leg of market 0 (units, entry, spot, pool, deficit) beside a quote balance and insurance of quote.
fn with_leg(leg: (i64, u64, u64, u64, u64), quote: i64, insurance: u64) -> World {
    let mut seed = nothing();
    (seed.legs[0], seed.balances[0], seed.insurance[0]) = (leg, quote, insurance);
    World::new(&seed)
}

fn begin(world: &mut World) -> RiskResult<Option<Atoms>> {
    begin_paying(
        &mut world.account,
        &mut world.banks[0],
        &mut BooksMut { registry: &mut world.registry, board: &world.board, now: UnixSecs::new(world.now) },
    )
}

fn borrow(world: &mut World, bank: usize) -> RiskResult<PaidBorrow> {
    pay_borrow(
        &mut world.account,
        &mut world.banks[bank],
        &mut BooksMut { registry: &mut world.registry, board: &world.board, now: UnixSecs::new(world.now) },
    )
}

fn pnl(world: &mut World) -> RiskResult<PaidPnl> {
    let (market, quote) = (&mut world.markets[0], &mut world.banks[0]);
    pay_pnl(
        &mut world.account,
        market,
        quote,
        &mut BooksMut { registry: &mut world.registry, board: &world.board, now: UnixSecs::new(world.now) },
    )
}

fn payment(from_reserved_atoms: u64, from_unreserved_atoms: u64, remainder_atoms: u64) -> Payment {
    Payment {
        from_reserved_atoms: Atoms::new(from_reserved_atoms),
        from_unreserved_atoms: Atoms::new(from_unreserved_atoms),
        remainder_atoms: Atoms::new(remainder_atoms),
    }
}

const LOSS: (i64, u64, u64, u64, u64) = (100, 100, 90, 0, 0);
const NONE: (i64, u64, u64, u64, u64) = (0, 100, 100, 0, 0);
/// Of 100 units at 90, less the rounding of a charge.
const BOUND: u64 = 269;

#[test]
fn insurance_is_reserved_once_for_all_quote_legs() {
    let mut world = with_leg(LOSS, -1_000, 600);
    assert_eq!(begin(&mut world), Ok(Some(Atoms::new(600))));
    let (account, bank) = (&world.account, &world.banks[0]);
    assert_eq!(account.status, AccountStatus::Paying as u8);
    assert_eq!((account.tokens[0].fixed_debt_atoms, account.tokens[0].reserved_atoms), (1_000, 300));
    assert_eq!((account.derivatives[0].fixed_debt_atoms, account.derivatives[0].reserved_atoms), (1_000, 300));
    assert_eq!((account.estate_reserved_atoms, account.estate_drawn_atoms), (600, 600));
    assert_eq!(
        (bank.insurance_atoms, bank.reserved_atoms, bank.drawn.total(UnixSecs::new(NOW), Secs::new(3_600))),
        (0, 600, Atoms::new(600))
    );
    let before = world.clone();
    assert_eq!(begin(&mut world), Ok(None));
    assert_eq!(bytemuck::bytes_of(&world.account), bytemuck::bytes_of(&before.account));
    assert_eq!(bytemuck::bytes_of(&world.banks), bytemuck::bytes_of(&before.banks));
}

#[test]
fn nothing_is_reserved_before_assets_and_gains_are_gone() {
    assert_eq!(begin(&mut with_leg(LOSS, 1, 600)), Err(RiskError::AssetsRemain));
    let mut world = with_leg(LOSS, 0, 600);
    world.account.tokens[7] = TokenPosition { shares: 1, bank: 1, used: 1, ..TokenPosition::default() };
    assert_eq!(begin(&mut world), Err(RiskError::AssetsRemain));
    assert_eq!(begin(&mut with_leg((1, 100, 101, 0, 0), 0, 600)), Err(RiskError::WrongStage));
    assert_eq!(begin(&mut with_leg((1, 100, 100, 0, 0), 0, 600)), Ok(Some(Atoms::new(0))));
    let mut world = with_leg(LOSS, 0, 600);
    world.account.status = AccountStatus::Active as u8;
    assert_eq!(begin(&mut world), Err(RiskError::WrongStage));
    let mut world = with_leg(LOSS, 0, 600);
    world.now = NOW + 60;
    assert_eq!(begin(&mut world), Err(RiskError::PriceStale));
}

#[test]
fn a_quote_borrow_is_paid_by_insurance_and_then_by_depositors() {
    for (insurance, from_reserved, remainder) in [(600, 600, 400), (1_000, 1_000, 0), (5_000, 1_000, 0), (0, 0, 1_000)]
    {
        let mut world = with_leg(NONE, -1_000, insurance);
        let before = world.banks[0];
        begin(&mut world).unwrap();
        let drawn = world.banks[0].drawn;
        world.now = NOW + 7_200;
        let paid = borrow(&mut world, 0).unwrap();
        let payment = payment(from_reserved, 0, remainder);
        assert_eq!(
            paid,
            PaidBorrow { shares: 1_000, owed_atoms: Atoms::new(1_000), payment, uncovered_atoms: Atoms::ZERO }
        );
        let bank = &world.banks[0];
        assert_eq!(bank.borrow_shares, before.borrow_shares - 1_000);
        assert_eq!((bank.reserved_atoms, bank.insurance_atoms), (0, insurance - from_reserved));
        assert_eq!((bank.insurance_out_atoms, bank.socialized_atoms), (from_reserved, remainder));
        // What was reserved counted when it was: paying it draws nothing more.
        assert_eq!(bank.drawn, drawn);
        assert_eq!(world.account.tokens[0], TokenPosition::default());
        assert_eq!((world.account.estate_reserved_atoms, world.account.estate_drawn_atoms), (0, from_reserved));
        assert_eq!(world.registry.banks[0].deposit_index, bank.deposit_index);
    }
}

#[test]
fn a_loss_of_depositors_in_quote_cuts_every_markets_claims_and_one_in_another_mint_none() {
    for (bank, is_cut) in [(0, true), (1, false)] {
        let mut seed = nothing();
        seed.balances[bank] = -2_000_000;
        let mut world = World::new(&seed);
        begin(&mut world).unwrap();
        assert_eq!(borrow(&mut world, bank).unwrap().payment.remainder_atoms, Atoms::new(2_000_000));
        assert_eq!(world.registry.banks[bank].deposit_index, world.banks[bank].deposit_index);
        assert!(world.banks[bank].deposit_index < INDEX_ONE / 100 * 81);
        for slot in &world.registry.markets[..3] {
            assert_eq!(slot.deficit_share_ppm / 10_000, if is_cut { 20 } else { 0 });
        }
    }
}

#[test]
fn a_debt_in_another_mint_has_its_own_insurance_and_no_part_of_the_estate() {
    let mut seed = nothing();
    (seed.balances, seed.insurance) = ([-300, -500], [300, 200]);
    let mut world = World::new(&seed);
    world.banks[1].caps.draw_cap_event_atoms = 250;
    begin(&mut world).unwrap();
    let paid = borrow(&mut world, 1).unwrap();
    let payment = payment(0, 200, 300);
    assert_eq!(paid, PaidBorrow { shares: 500, owed_atoms: Atoms::new(500), payment, uncovered_atoms: Atoms::ZERO });
    assert_eq!((world.account.estate_reserved_atoms, world.account.estate_drawn_atoms), (300, 300));
    assert_eq!(
        (world.banks[1].insurance_atoms, world.banks[1].drawn.total(UnixSecs::new(NOW), Secs::new(3_600))),
        (0, Atoms::new(200))
    );
    assert_eq!(
        (world.banks[0].reserved_atoms, world.banks[0].drawn.total(UnixSecs::new(NOW), Secs::new(3_600))),
        (300, Atoms::new(300))
    );
}

#[test]
fn only_a_borrow_of_an_account_that_is_being_paid_is_paid() {
    let mut world = with_leg(NONE, -1_000, 0);
    assert_eq!(borrow(&mut world, 0), Err(RiskError::WrongStage));
    begin(&mut world).unwrap();
    assert_eq!(borrow(&mut world, 1), Err(RiskError::NothingOwed));
    // Somebody repaid it: the place is held, and nothing is owed.
    world.account.tokens[0].shares = 0;
    assert_eq!(borrow(&mut world, 0), Err(RiskError::NothingOwed));
    world.account.tokens[0].shares = 1;
    assert_eq!(borrow(&mut world, 0), Err(RiskError::NothingOwed));
}

#[test]
fn a_leg_is_paid_by_insurance_then_by_the_markets_own_claim_then_by_the_opposite_side() {
    // Insurance and own claim before; of a loss of 1,000 what is covered, charged and left; the claim and the deficit after.
    for (insurance, own, covered, charged, left, own_left, deficit) in [
        (5_000, 0, 1_000, 0, 0, 0, 0),
        (1_000, 50, 1_000, 0, 0, 50, 0),
        (900, 0, 900, 100, 0, 0, 0),
        (900, 30, 900, 70, 30, 0, 0),
        (900, 100, 900, 0, 100, 0, 0),
        (900, 130, 900, 0, 100, 30, 0),
        (0, 0, 0, BOUND, 1_000 - BOUND, 0, 1_000 - BOUND),
        (0, 100, 0, BOUND, 1_000 - BOUND, 0, 900 - BOUND),
    ] {
        let mut world = with_leg(LOSS, 0, insurance);
        world.markets[0].own_claim_atoms = own;
        begin(&mut world).unwrap();
        let drawn = world.banks[0].drawn;
        let paid = pnl(&mut world).unwrap();
        let expected = PaidPnl {
            pnl_atoms: SignedAtoms::new(-1_000),
            payment: if covered == 0 { Payment::default() } else { payment(covered, 0, 0) },
            covered_atoms: Atoms::new(covered),
            charged_atoms: Atoms::new(charged),
            deficit_atoms: Atoms::new(left),
            own_claim_atoms: Atoms::ZERO,
            closed: ClosedBase {
                units: SignedBaseUnits::new(100),
                closed_units: BaseUnits::new(100),
                cash_atoms: SignedAtoms::new(9_000),
            },
        };
        assert_eq!(paid, expected, "insurance {insurance}, own claim {own}");
        let (market, bank) = (&world.markets[0], &world.banks[0]);
        assert_eq!((market.own_claim_atoms, market.deficit_atoms), (own_left, deficit), "{insurance}, {own}");
        assert_eq!((market.pool_atoms, market.pool_shares, market.socialized_atoms), (covered, covered, charged));
        assert_eq!((bank.insurance_out_atoms, bank.reserved_atoms, bank.drawn), (covered, 0, drawn));
        assert!(world.account.is_empty());
        assert_eq!(world.registry.markets[0].deficit_share(), market.deficit_share_ppm_up(INDEX_ONE));
    }
}

#[test]
fn a_loss_that_grew_draws_what_nobody_reserved() {
    let mut world = with_leg(LOSS, 0, 5_000);
    assert_eq!(begin(&mut world), Ok(Some(Atoms::new(1_000))));
    world.board.slots[0].spot = dollars(88).into();
    let paid = pnl(&mut world).unwrap();
    assert_eq!(
        (paid.pnl_atoms, paid.payment, paid.covered_atoms),
        (SignedAtoms::new(-1_200), payment(1_000, 200, 0), Atoms::new(1_200))
    );
    let bank = &world.banks[0];
    assert_eq!(
        (bank.insurance_atoms, bank.insurance_out_atoms, bank.drawn.total(UnixSecs::new(NOW), Secs::new(3_600))),
        (3_800, 1_200, Atoms::new(1_200))
    );
    assert_eq!((world.account.estate_reserved_atoms, world.account.estate_drawn_atoms), (0, 1_200));
    // Within the caps of the event, of the hour and of the market.
    type Cap = fn(&mut World);
    let caps: [Cap; 3] = [
        |world| world.banks[0].caps.draw_cap_event_atoms = 1_050,
        |world| world.banks[0].caps.draw_cap_hour_atoms = 1_050,
        |world| world.markets[0].caps.draw_cap_event_atoms = 1_050,
    ];
    for cap in caps {
        let mut world = with_leg(LOSS, 0, 5_000);
        cap(&mut world);
        begin(&mut world).unwrap();
        world.board.slots[0].spot = dollars(88).into();
        let paid = pnl(&mut world).unwrap();
        assert_eq!(
            (paid.covered_atoms, paid.charged_atoms, paid.deficit_atoms),
            (Atoms::new(1_050), Atoms::new(150), Atoms::ZERO)
        );
    }
}

#[test]
fn a_gain_since_the_mark_is_the_markets_own() {
    let mut world = with_leg(LOSS, 0, 5_000);
    begin(&mut world).unwrap();
    world.board.slots[0].spot = dollars(103).into();
    let paid = pnl(&mut world).unwrap();
    let closed = ClosedBase {
        units: SignedBaseUnits::new(100),
        closed_units: BaseUnits::new(100),
        cash_atoms: SignedAtoms::new(10_300),
    };
    assert_eq!(
        paid,
        PaidPnl { pnl_atoms: SignedAtoms::new(300), own_claim_atoms: Atoms::new(300), closed, ..PaidPnl::default() }
    );
    assert_eq!(world.markets[0].own_claim_atoms, 300);
    // What was reserved for it is the estate's until the last quote leg is gone.
    assert_eq!((world.account.estate_reserved_atoms, world.banks[0].reserved_atoms), (1_000, 1_000));
    assert!(world.account.is_empty());
}

#[test]
fn a_loss_of_a_leg_that_never_held_a_base_is_nobodys() {
    let mut world = with_leg(NONE, 0, 0);
    let place = perp::open_leg(&mut world.account, &mut world.markets[0]).unwrap();
    world.account.derivatives[place].cash_atoms = -400;
    world.markets[0].own_claim_atoms = 150;
    begin(&mut world).unwrap();
    let paid = pnl(&mut world).unwrap();
    assert_eq!(
        paid,
        PaidPnl { pnl_atoms: SignedAtoms::new(-400), deficit_atoms: Atoms::new(400), ..PaidPnl::default() }
    );
    assert_eq!((world.markets[0].own_claim_atoms, world.markets[0].deficit_atoms), (0, 250));
}

#[test]
fn a_market_is_paid_in_its_turn_and_where_there_is_a_leg() {
    let mut world = with_leg(LOSS, 0, 0);
    assert_eq!(pnl(&mut world), Err(RiskError::WrongStage));
    world.account.status = AccountStatus::Paying as u8;
    world.account.tokens[0] = TokenPosition { shares: -1, used: 1, ..TokenPosition::default() };
    assert_eq!(pnl(&mut world), Err(RiskError::QuoteBorrowFirst));
    let mut empty = with_leg(NONE, 0, 0);
    empty.account.status = AccountStatus::Paying as u8;
    assert_eq!(pnl(&mut empty), Err(RiskError::LegEmpty));
}

/// What borrowers owe until now is owed to depositors before a loss is: else the loss would fall on less than there is.
#[test]
fn interest_until_now_is_booked_before_anything_is_paid() {
    let later = |world: &mut World| {
        (world.registry.banks[0].borrow_rate_per_sec, world.registry.banks[0].accrued_at) = (1 << 30, NOW);
        world.now = NOW + 10;
    };
    let mut world = with_leg(NONE, -1_000, 600);
    begin(&mut world).unwrap();
    later(&mut world);
    let expected = world.registry.banks[0].borrow_index_at(UnixSecs::new(world.now));
    assert!(expected > INDEX_ONE);
    borrow(&mut world, 0).unwrap();
    assert_eq!(world.banks[0].booked_borrow_index, expected);

    let mut world = with_leg(LOSS, 0, 600);
    begin(&mut world).unwrap();
    later(&mut world);
    pnl(&mut world).unwrap();
    assert_eq!(world.banks[0].booked_borrow_index, expected);
}

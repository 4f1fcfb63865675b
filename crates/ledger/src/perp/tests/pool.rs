//! Legs of the table and claims on the pool.

use bytemuck::Zeroable;
use plimsoll_risk::params::INDEX_ONE;
use plimsoll_risk::units::{Atoms, Ppm};
use plimsoll_risk::RiskError;
use plimsoll_state::{DerivativePosition, MarginAccount, Market, MarketSlot, PositionKind};
use proptest::prelude::*;

use crate::{perp, pool};

#[test]
fn the_last_leg_leaves_its_pool_to_insurance() {
    let mut market = Market::zeroed();
    let mut account = MarginAccount::zeroed();
    let leg = perp::open_leg(&mut account, &mut market).unwrap();
    assert_eq!(perp::open_leg(&mut account, &mut market), Ok(leg));
    assert_eq!(market.leg_count, 1);
    market.pool_atoms = 7;
    market.deficit_atoms = 3;
    account.derivatives[leg].cash_atoms = 1;
    assert_eq!(perp::close_leg_if_zero(&mut account, leg, &mut market), Ok(false));
    account.derivatives[leg].cash_atoms = 0;
    assert_eq!(perp::close_leg_if_zero(&mut account, leg, &mut market), Ok(true));
    assert_eq!((market.own_claim_atoms, market.deficit_atoms, market.leg_count), (7, 0, 0));
}

/// At 300 atoms in the pool and a deficit of 100 a claim gets three quarters (PNL-6).
#[test]
fn claims_get_back_what_a_smaller_deficit_leaves_them_and_lose_nothing_to_a_larger_one() {
    let market = Market { pool_shares: 300, pool_atoms: 300, deficit_atoms: 100, ..Market::zeroed() };
    for (copied_ppm, kept_ppm) in [(400_000, 250_000), (250_000, 250_000), (100_000, 100_000), (0, 0)] {
        let mut slot = MarketSlot { deficit_share_ppm: copied_ppm, ..MarketSlot::zeroed() };
        pool::note_smaller_deficit(&mut slot, &market, INDEX_ONE);
        assert_eq!(slot.deficit_share_ppm, kept_ppm, "a copy of {copied_ppm}");
    }
}

#[test]
fn a_full_table_opens_no_leg() {
    let mut account = MarginAccount::zeroed();
    for index in 0..16 {
        let mut market = Market::zeroed();
        market.index = index;
        perp::open_leg(&mut account, &mut market).unwrap();
    }
    let mut market = Market::zeroed();
    market.index = 16;
    assert_eq!(perp::open_leg(&mut account, &mut market), Err(RiskError::PositionTableFull));
}

#[test]
fn a_leg_takes_the_first_free_place_and_starts_from_nothing() {
    let mut market = Market { index: 7, price_slot: 3, leg_count: 4, ..Market::zeroed() };
    let mut account = MarginAccount::zeroed();
    account.derivatives[0].kind = PositionKind::Option as u8;
    account.derivatives[1] = DerivativePosition { epoch: 3, last_sign: -1, ..DerivativePosition::default() };
    assert_eq!(perp::open_leg(&mut account, &mut market), Ok(1));
    let expected = DerivativePosition { kind: 1, market: 7, underlying: 3, ..DerivativePosition::default() };
    assert_eq!((account.derivatives[1], market.leg_count), (expected, 5));
    let mut full = Market { index: 8, leg_count: u32::MAX, ..Market::zeroed() };
    assert_eq!(perp::open_leg(&mut account, &mut full), Err(RiskError::NumberOutOfRange));
}

#[test]
fn a_leg_is_freed_where_nothing_is_left_of_it() {
    let leg = DerivativePosition { kind: 1, market: 7, last_sign: 1, ..DerivativePosition::default() };
    for (leg, is_freed) in [
        (leg, true),
        (DerivativePosition { shares: 1, ..leg }, false),
        (DerivativePosition { shares: -1, ..leg }, false),
        (DerivativePosition { cash_atoms: 1, ..leg }, false),
        (DerivativePosition { cash_atoms: -1, ..leg }, false),
        (DerivativePosition { reserved_atoms: 1, ..leg }, false),
        (DerivativePosition { fixed_debt_atoms: 1, ..leg }, true),
        (DerivativePosition { kind: 0, ..leg }, false),
        (DerivativePosition { kind: 0, shares: 1, ..leg }, false),
        (DerivativePosition { kind: 2, ..leg }, false),
    ] {
        let mut account = MarginAccount::zeroed();
        account.derivatives[4] = leg;
        let mut market = Market { leg_count: 2, pool_atoms: 9, deficit_atoms: 5, ..Market::zeroed() };
        assert_eq!(perp::close_leg_if_zero(&mut account, 4, &mut market), Ok(is_freed), "{leg:?}");
        assert_eq!(account.derivatives[4], if is_freed { DerivativePosition::default() } else { leg });
        assert_eq!(market.leg_count, 2 - is_freed as u32);
        // Another leg still has its claim.
        assert_eq!((market.pool_atoms, market.deficit_atoms, market.own_claim_atoms), (9, 5, 0));
    }
    let mut account = MarginAccount::zeroed();
    account.derivatives[4] = leg;
    assert_eq!(perp::close_leg_if_zero(&mut account, 4, &mut Market::zeroed()), Err(RiskError::EpochMissing));
}

#[test]
fn a_claim_and_a_deficit_are_set_off_against_each_other() {
    let market = |deficit_atoms, own_claim_atoms| Market { deficit_atoms, own_claim_atoms, ..Market::zeroed() };
    for (deficit, own, atoms, after_claim, after_deficit) in [
        (0, 0, 0, (0, 0), (0, 0)),
        (0, 5, 3, (0, 8), (0, 2)),
        (0, 5, 5, (0, 10), (0, 0)),
        (0, 5, 7, (0, 12), (2, 0)),
        (5, 0, 3, (2, 0), (8, 0)),
        (5, 0, 5, (0, 0), (10, 0)),
        (5, 0, 7, (0, 2), (12, 0)),
        (5, 2, 7, (0, 4), (10, 0)),
    ] {
        let mut claimed = market(deficit, own);
        pool::add_own_claim(&mut claimed, Atoms::new(atoms)).unwrap();
        assert_eq!((claimed.deficit_atoms, claimed.own_claim_atoms), after_claim);
        let mut lost = market(deficit, own);
        pool::add_deficit(&mut lost, Atoms::new(atoms)).unwrap();
        assert_eq!((lost.deficit_atoms, lost.own_claim_atoms), after_deficit);
        // A pool that is worth that much more or less is the same.
        let revalued = |pool_atoms, value| {
            let mut market = Market { pool_atoms, ..market(deficit, own) };
            pool::revalue_pool(&mut market, Atoms::new(value)).unwrap();
            assert_eq!(market.pool_atoms, value);
            (market.deficit_atoms, market.own_claim_atoms)
        };
        assert_eq!((revalued(100, 100 + atoms), revalued(100, 100 - atoms)), (after_claim, after_deficit));
    }
    assert_eq!(pool::add_own_claim(&mut market(0, u64::MAX), Atoms::ONE), Err(RiskError::NumberOutOfRange));
    assert_eq!(pool::add_deficit(&mut market(u64::MAX, 0), Atoms::ONE), Err(RiskError::NumberOutOfRange));
}

#[test]
fn the_share_that_a_deficit_takes_is_that_of_the_pool_as_it_will_be_touched() {
    // A hundred shares at one; nominal atoms, deficit and own claim before, and the share in ppm.
    for (pool, deficit, own, share) in [
        (100, 0, 0, 0),
        (100, 50, 0, 333_334),
        (80, 50, 0, 230_770),
        (80, 20, 0, 0),
        (80, 10, 0, 0),
        (150, 10, 20, 285_715),
        (150, 0, 50, 0),
        (150, 0, 60, 0),
        (150, 0, 49, 9_901),
    ] {
        let mut market = Market {
            pool_shares: 100,
            pool_atoms: pool,
            deficit_atoms: deficit,
            own_claim_atoms: own,
            ..Market::zeroed()
        };
        assert_eq!(market.pool_value_down(INDEX_ONE).get(), 100);
        assert_eq!(market.deficit_share_ppm_up(INDEX_ONE), Ppm::new(share), "{pool}, {deficit}, {own}");
        pool::touch_pool(&mut market, INDEX_ONE).unwrap();
        assert_eq!(market.deficit_share_ppm_up(INDEX_ONE), Ppm::new(share), "{pool}, {deficit}, {own}, touched");
    }
}

#[test]
fn a_claim_is_dust_below_the_worth_of_a_share_and_buys_none_below_that_of_two() {
    let index = INDEX_ONE / 2 * 5;
    // One share of 2.5 atoms pays two, which buy none; two pay five.
    for claim in 0..7 {
        assert_eq!(pool::buys_no_share(Atoms::new(claim), index), (1..5).contains(&claim), "{claim}");
    }
    // Of an index without a fraction a share buys a share.
    assert!(pool::buys_no_share(Atoms::new(1), INDEX_ONE * 2) && !pool::buys_no_share(Atoms::new(2), INDEX_ONE * 2));
    for (claim, is_dust) in [(0, false), (1, true), (2, true), (3, false), (4, false)] {
        let mut market = Market { deficit_atoms: 1, ..Market::zeroed() };
        assert_eq!(pool::absorb_dust(&mut market, Atoms::new(claim), index), Ok(is_dust));
        let expected = if is_dust { (0, claim - 1) } else { (1, 0) };
        assert_eq!((market.deficit_atoms, market.own_claim_atoms), expected);
    }
}

#[test]
fn whole_shares_leave_a_pool_and_all_of_them_with_all_of_its_atoms() {
    let index = INDEX_ONE / 2 * 5;
    // Ten shares of 2.5 atoms: what is asked for, the shares that go, what the pool loses and what is received.
    for (atoms, shares, lost, moved) in
        [(0, 0, 0, 0), (2, 0, 0, 0), (3, 1, 3, 2), (5, 2, 5, 5), (24, 9, 23, 22), (25, 10, 25, 25)]
    {
        let mut market = Market { pool_shares: 10, pool_atoms: 25, ..Market::zeroed() };
        let paid = pool::pay_out_down(&mut market, Atoms::new(atoms), index).unwrap();
        assert_eq!(
            (paid.shares, paid.pool_atoms, paid.moved_atoms),
            (shares, Atoms::new(lost), Atoms::new(moved)),
            "{atoms} atoms"
        );
        assert_eq!((market.pool_shares, market.pool_atoms), (10 - shares, 25 - lost));
    }
    let mut market = Market { pool_shares: 10, pool_atoms: 25, ..Market::zeroed() };
    assert_eq!(pool::pay_out_down(&mut market, Atoms::new(28), index), Err(RiskError::NumberOutOfRange));
}

/// A share of the pool worth more than an atom and less than two can be paid in no whole share for its atom: it would
/// stay for ever in a market that nobody has a claim on any more.
#[test]
fn a_pool_that_is_paid_out_whole_keeps_no_share() {
    let index = INDEX_ONE / 10 * 17;
    for shares in 1..40 {
        let mut market = Market::zeroed();
        market.pool_shares = shares;
        pool::touch_pool(&mut market, index).unwrap();
        let whole = market.pool_atoms;
        let paid = pool::pay_out_down(&mut market, Atoms::new(whole), index).unwrap();
        assert_eq!((paid.shares, paid.pool_atoms, paid.moved_atoms), (shares, Atoms::new(whole), Atoms::new(whole)));
        assert_eq!((market.pool_shares, market.pool_atoms), (0, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// PNL-1
    #[test]
    fn a_pool_never_owes_more_than_its_deposit_and_rounding_is_no_deficit(
        moves in prop::collection::vec((any::<bool>(), 1u64..1 << 40), 1..40), index in INDEX_ONE..INDEX_ONE * 3,
    ) {
        let mut market = Market::zeroed();
        for (pays_in, atoms) in moves {
            pool::touch_pool(&mut market, index).unwrap();
            let before = market.pool_atoms;
            let own = market.own_claim_atoms;
            if pays_in {
                let paid = pool::pay_in_up(&mut market, Atoms::new(atoms), index).unwrap();
                // The payer is credited with `atoms`; what rounding adds is the market's own.
                prop_assert!(paid.moved_atoms >= Atoms::new(atoms) && paid.moved_atoms.get() - atoms <= (index >> 48) + 1);
                prop_assert!(paid.pool_atoms >= Atoms::new(atoms) && paid.pool_atoms <= Atoms::new(paid.moved_atoms.get() + 1));
                prop_assert_eq!(market.own_claim_atoms - own, paid.pool_atoms.get() - atoms);
                prop_assert_eq!(market.pool_atoms, before + paid.pool_atoms.get());
                let credit = Market::credit_of_down(Atoms::new(atoms), index).unwrap();
                prop_assert!(credit <= Atoms::new(atoms));
                if credit != Atoms::ZERO {
                    prop_assert!(pool::pay_in_up(&mut market, credit, index).unwrap().moved_atoms.get() <= atoms);
                }
            } else {
                let paid = pool::pay_out_down(&mut market, Atoms::new(atoms.min(before)), index).unwrap();
                prop_assert!(paid.moved_atoms <= paid.pool_atoms && paid.pool_atoms <= Atoms::new(atoms.min(before)));
                prop_assert_eq!(market.pool_atoms, before - paid.pool_atoms.get());
            }
            prop_assert_eq!(market.pool_atoms, market.pool_value_down(index).get());
            prop_assert_eq!(market.deficit_atoms, 0);
        }
        // A falling index takes the own claim and then makes a deficit; growth pays it back in that order.
        let (nominal, own) = (market.pool_atoms, market.own_claim_atoms);
        pool::touch_pool(&mut market, index / 2).unwrap();
        let lost = nominal - market.pool_atoms;
        prop_assert_eq!(market.deficit_atoms, lost.saturating_sub(own));
        pool::touch_pool(&mut market, index).unwrap();
        prop_assert_eq!((market.deficit_atoms, market.own_claim_atoms), (0, own));
    }
}

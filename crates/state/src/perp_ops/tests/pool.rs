//! Legs of the table and claims on the pool.

use bytemuck::Zeroable;
use plimsoll_risk::params::INDEX_ONE;
use plimsoll_risk::RiskError;
use proptest::prelude::*;

use crate::{MarginAccount, Market};

#[test]
fn the_last_leg_leaves_its_pool_to_insurance() {
    let mut market = Market::zeroed();
    let mut account = MarginAccount::zeroed();
    let leg = account.open_leg(&mut market).unwrap();
    assert_eq!(account.open_leg(&mut market), Ok(leg));
    assert_eq!(market.leg_count, 1);
    market.pool_atoms = 7;
    market.deficit_atoms = 3;
    account.derivatives[leg].cash_atoms = 1;
    assert_eq!(account.close_leg_if_zero(leg, &mut market), Ok(false));
    account.derivatives[leg].cash_atoms = 0;
    assert_eq!(account.close_leg_if_zero(leg, &mut market), Ok(true));
    assert_eq!((market.own_claim_atoms, market.deficit_atoms, market.leg_count), (7, 0, 0));
}

#[test]
fn a_full_table_opens_no_leg() {
    let mut account = MarginAccount::zeroed();
    for index in 0..16 {
        let mut market = Market::zeroed();
        market.index = index;
        account.open_leg(&mut market).unwrap();
    }
    let mut market = Market::zeroed();
    market.index = 16;
    assert_eq!(account.open_leg(&mut market), Err(RiskError::PositionTableFull));
}

/// A share of the pool worth more than an atom and less than two can be paid in no whole share for its atom: it would
/// stay for ever in a market that nobody has a claim on any more.
#[test]
fn a_pool_that_is_paid_out_whole_keeps_no_share() {
    let index = INDEX_ONE / 10 * 17;
    for shares in 1..40 {
        let mut market = Market::zeroed();
        market.pool_shares = shares;
        market.touch_pool(index).unwrap();
        let whole = market.pool_atoms;
        let paid = market.pay_out_down(whole, index).unwrap();
        assert_eq!((paid.shares, paid.pool_atoms, paid.moved_atoms), (shares, whole, whole));
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
            market.touch_pool(index).unwrap();
            let before = market.pool_atoms;
            let own = market.own_claim_atoms;
            if pays_in {
                let paid = market.pay_in_up(atoms, index).unwrap();
                // The payer is credited with `atoms`; what rounding adds is the market's own.
                prop_assert!(paid.moved_atoms >= atoms && paid.moved_atoms - atoms <= (index >> 48) + 1);
                prop_assert!(paid.pool_atoms >= atoms && paid.pool_atoms <= paid.moved_atoms + 1);
                prop_assert_eq!(market.own_claim_atoms - own, paid.pool_atoms - atoms);
                prop_assert_eq!(market.pool_atoms, before + paid.pool_atoms);
                let credit = Market::credit_of_down(atoms, index).unwrap();
                prop_assert!(credit <= atoms);
                if credit != 0 {
                    prop_assert!(market.pay_in_up(credit, index).unwrap().moved_atoms <= atoms);
                }
            } else {
                let paid = market.pay_out_down(atoms.min(before), index).unwrap();
                prop_assert!(paid.moved_atoms <= paid.pool_atoms && paid.pool_atoms <= atoms.min(before));
                prop_assert_eq!(market.pool_atoms, before - paid.pool_atoms);
            }
            prop_assert_eq!(market.pool_atoms, market.pool_value_down(index));
            prop_assert_eq!(market.deficit_atoms, 0);
        }
        // A falling index takes the own claim and then makes a deficit; growth pays it back in that order.
        let (nominal, own) = (market.pool_atoms, market.own_claim_atoms);
        market.touch_pool(index / 2).unwrap();
        let lost = nominal - market.pool_atoms;
        prop_assert_eq!(market.deficit_atoms, lost.saturating_sub(own));
        market.touch_pool(index).unwrap();
        prop_assert_eq!((market.deficit_atoms, market.own_claim_atoms), (0, own));
    }
}

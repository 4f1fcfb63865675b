//! Every path that charges a fee, one after the other: what was charged and what was credited of it (INSURE-6).

use plimsoll::event::{CollateralLiquidated, FeesCollected, FillSettled, InsuranceSwept, PositionLiquidated};
use plimsoll_risk::bank::deposit_atoms_down;
use plimsoll_state::{Bank, Market};
use plimsoll_tests::*;

const ATOM: u128 = 1 << 48;

fn bank(stage: &Stage) -> Bank {
    stage.read(&stage.keys.bank(USDC).bank)
}

fn market(stage: &Stage) -> Market {
    stage.read(&stage.keys.market(SOL_PERP))
}

/// Insurance in bits of an atom.
fn insured(bank: &Bank) -> u128 {
    bank.waiting_shares as u128 * bank.deposit_index as u128 + bank.insurance_atoms as u128 * ATOM
}

/// What a market owes itself less what it lacks: what every fee of it is credited to.
fn own(market: &Market) -> i128 {
    market.own_claim_atoms as i128 - market.deficit_atoms as i128
}

fn cash(stage: &Stage, of: [&Trader; 2]) -> i128 {
    let of = of.map(|trader| stage.margin_account(trader));
    let leg = |account: &plimsoll_state::MarginAccount| {
        account.perp_index(SOL_PERP).map_or(0, |place| account.derivatives[place].cash_atoms as i128)
    };
    of.iter().map(leg).sum()
}

/// Deposits have earned for months, so that a share is worth no whole number of atoms.
fn earning() -> (Stage, Trader) {
    let mut stage = Stage::new();
    let whale = stage.funded_trader("whale", BTC, 90 * ONE_BTC);
    assert_sent(stage.borrow(&whale, USDC, 5_000_000 * USD));
    for _ in 0..4 {
        stage.advance(30 * 86_400);
        assert_sent(stage.accrue(USDC));
    }
    stage.repeat_prices();
    let index = bank(&stage).deposit_index as u128;
    assert!(index > ATOM + ATOM / 50 && index % ATOM != 0, "{index}");
    (stage, whale)
}

#[test]
fn every_fee_that_is_charged_is_credited_to_the_atom() {
    let (mut stage, whale) = earning();
    let (maker, liquidator) = (stage.maker, stage.liquidator);
    // Interest: the protocol's part of what borrowers were charged.
    stage.advance(86_400);
    let before = bank(&stage);
    assert_sent(stage.accrue(USDC));
    let after = bank(&stage);
    let charged = before.borrow_shares as u128 * (after.booked_borrow_index - before.booked_borrow_index) as u128;
    let earned = before.deposit_shares as u128 * (after.deposit_index - before.deposit_index) as u128;
    let credited = earned + (after.fees_atoms - before.fees_atoms) as u128 * ATOM;
    assert!(after.fees_atoms > before.fees_atoms && credited <= charged && charged - credited < ATOM);
    stage.repeat_prices();
    // A fill: both sides pay, the market is owed twice the fee.
    let dave = stage.funded_trader("dave", USDC, 2_000 * USD + 1);
    let (claim, held) = (own(&market(&stage)), cash(&stage, [&dave, &maker]));
    let fill: FillSettled = event(&stage.fill(SOL_PERP, &dave, &maker, 100 * SOL_UNITS + 7, None).expect("a fill"));
    assert!(fill.fee_atoms > 0);
    assert_eq!(own(&market(&stage)) - claim, 2 * fill.fee_atoms as i128);
    assert_eq!(held - cash(&stage, [&dave, &maker]), 2 * fill.fee_atoms as i128);
    // A perp's penalty: out of the liquidatee's cash, its share to the market.
    stage.falls_to(SOL, 183, &dave, 40);
    let (claim, held) = (own(&market(&stage)), cash(&stage, [&dave, &liquidator]));
    let taken: PositionLiquidated =
        event(&stage.liquidate(&liquidator, &dave, perp(SOL_PERP), ANY).expect("under water"));
    assert!(taken.insurance_fee_atoms > 0, "{taken:?}");
    assert_eq!(own(&market(&stage)) - claim, taken.insurance_fee_atoms as i128);
    assert_eq!(held - cash(&stage, [&dave, &liquidator]), taken.insurance_fee_atoms as i128);
    // The market's own claim: shares of its pool, every one of them.
    assert_sent(stage.settle(SOL_PERP, Some(&dave)));
    let (pool, waiting) = (market(&stage), bank(&stage).waiting_shares);
    assert_sent(stage.settle(SOL_PERP, None));
    assert_eq!(pool.pool_shares - market(&stage).pool_shares, bank(&stage).waiting_shares - waiting);
    assert_eq!(pool.pool_atoms - market(&stage).pool_atoms, pool.own_claim_atoms - market(&stage).own_claim_atoms);
    // A pair's penalty: its share to insurance of the debt's bank.
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    assert_sent(stage.borrow(&alice, USDC, 13_000 * USD));
    stage.falls_to(SOL, 148, &alice, 60);
    assert_sent(stage.accrue(USDC));
    let before = bank(&stage);
    let seized: CollateralLiquidated =
        event(&stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY).expect("under water"));
    let after = bank(&stage);
    assert_eq!(before.deposit_index, after.deposit_index);
    let (charged, credited) = (seized.insurance_fee_atoms as u128 * ATOM, insured(&after) - insured(&before));
    assert!(charged > 0 && credited <= charged && charged - credited < ATOM, "{credited} of {charged}");
    // What waits becomes the atoms that it is worth.
    let before = bank(&stage);
    let swept: InsuranceSwept = event(&stage.sweep(USDC).expect("something waits"));
    let after = bank(&stage);
    let shares = before.waiting_shares - after.waiting_shares;
    assert_eq!(swept.atoms, deposit_atoms_down(shares, after.deposit_index).get());
    assert_eq!(after.insurance_atoms - before.insurance_atoms, swept.atoms);
    // Fees that are collected arrive.
    assert_sent(stage.repay(&whale, USDC, None));
    let (before, destination) = (bank(&stage).fees_atoms, wallet(&stage, &maker.owner, USDC));
    let held = stage.token_balance(&destination);
    let (keys, authority) = (stage.keys, stage.authority);
    let args = args::CollectFeesArgs { amount_atoms: before, all: false };
    let collect = ix::collect_fees(&keys, &stage.token(USDC), authority, destination, args);
    let collected: FeesCollected = event(&stage.send_as_authority(collect).expect("fees"));
    assert_eq!((collected.atoms, stage.token_balance(&destination) - held), (before, before));
    assert_eq!(collected.after.fees_atoms, 0);
    Books::read(&stage).check().unwrap();
}

//! How much of a leg: what there is of it, the target, clamps and dust, the caller's bounds, the amounts of a fill.

use super::*;
use crate::liquidate::LegSize;
use crate::units::{Atoms, SignedAtoms, SignedBaseUnits};

/// As much of the leg as there is, without a penalty.
fn available(p: &Portfolio, leg: Leg) -> Result<u64, RiskError> {
    found(p, leg)?.final_size(u64::MAX, 0, 0, &whole(leg))
}

#[test]
fn a_pair_has_the_smaller_of_collateral_and_debt_and_is_empty_without_either() {
    let empty = Err(RiskError::LegEmpty);
    for (collateral, debt) in [(0, 0), (0, 5), (5, 0), (5, 7), (7, 5)] {
        let p = pair(collateral, debt);
        let expected = if collateral.min(debt) == 0 { empty } else { Ok(collateral.min(debt)) };
        assert_eq!(available(&p, PAIR), expected, "{collateral} {debt}");
    }
    let p = pair(5, 7);
    // A bank that is not held, the wrong way round, and one bank on both sides.
    assert_eq!(available(&p, Leg::Pair { asset: 9, liability: Liability::Borrow(2) }), empty);
    assert_eq!(available(&p, Leg::Pair { asset: 1, liability: Liability::Borrow(9) }), empty);
    assert_eq!(available(&p, Leg::Pair { asset: 2, liability: Liability::Borrow(1) }), empty);
    let same = Leg::Pair { asset: 2, liability: Liability::Borrow(2) };
    assert_eq!(available(&p, same), Err(RiskError::AssetIsLiability));
    for stale in 0..2 {
        let mut p = pair(5, 7);
        p.tokens[stale].prices.stale = true;
        assert_eq!(available(&p, PAIR), Err(RiskError::LegPriceInvalid));
    }
}

#[test]
fn quote_is_taken_and_owed_net_of_pnl_and_each_loss_by_itself() {
    let owed = |liability| Leg::Pair { asset: 1, liability };
    let of_quote = Leg::Pair { asset: 0, liability: Liability::Borrow(2) };
    // 30 less a loss of 10 can be taken.
    let p = account(30, &[token(2, -100)], &[perp(7, 0, -10)]);
    assert_eq!(available(&p, of_quote), Ok(20));
    // A borrow of 30 and losses of 50 and 20 are owed one by one.
    let p = account(-30, &[token(1, 500)], &[perp(6, 0, -20), perp(7, 0, -50)]);
    assert_eq!(available(&p, owed(Liability::Borrow(0))), Ok(30));
    assert_eq!(available(&p, owed(Liability::NegativePnl(6))), Ok(20));
    assert_eq!(available(&p, owed(Liability::NegativePnl(7))), Ok(50));
    assert_eq!(available(&p, owed(Liability::NegativePnl(8))), Err(RiskError::LegEmpty));
    // A gain of 40 leaves 40 of the 80: the borrow first, then 10 of the loss.
    let p = account(-30, &[token(1, 500)], &[perp(6, 0, 40), perp(7, 0, -50)]);
    assert_eq!(available(&p, owed(Liability::Borrow(0))), Ok(30));
    assert_eq!(available(&p, owed(Liability::NegativePnl(7))), Ok(10));
    assert_eq!(available(&p, owed(Liability::NegativePnl(6))), Err(RiskError::LegEmpty));
    let mut stale = account(-30, &[token(1, 500)], &[perp(7, 0, -50)]);
    stale.perps[0].prices.stale = true;
    assert_eq!(available(&stale, owed(Liability::NegativePnl(7))), Err(RiskError::LegPriceInvalid));
}

#[test]
fn a_perp_has_its_units_and_needs_its_own_price_and_that_of_quote() {
    for units in [-9i64, 9] {
        let p = account(0, &[], &[perp(6, 4, 0), perp(7, units, 0)]);
        assert_eq!(available(&p, PERP), Ok(9));
        let fill = Fill {
            size: 9,
            paid_atoms: Atoms::ZERO,
            fee_atoms: Atoms::ZERO,
            received_atoms: Atoms::ZERO,
            notional: UsdMicro::new(0),
        };
        let mut closed = p;
        found(&p, PERP).unwrap().book(&mut closed, &fill).unwrap();
        assert_eq!((closed.perps[0].units, closed.perps[1].units), (SignedBaseUnits::new(4), SignedBaseUnits::ZERO));
        assert_eq!(available(&p, Leg::Perp { market: 5 }), Err(RiskError::LegEmpty));
        let mut stale = p;
        stale.perps[1].prices.stale = true;
        assert_eq!(available(&stale, PERP), Err(RiskError::LegPriceInvalid));
        let mut stale = p;
        stale.quote.prices.stale = true;
        assert_eq!(available(&stale, PERP), Err(RiskError::LegPriceInvalid));
    }
    assert_eq!(available(&account(0, &[], &[perp(7, 0, 5)]), PERP), Err(RiskError::LegEmpty));
}

/// The size that `final_size` states, of a leg whose units are worth one.
fn stated(
    debt: u64,
    collateral: u64,
    sized: u64,
    parts: u64,
    dust: u64,
    bounds: (Option<u64>, u64),
) -> Result<u64, RiskError> {
    let clamp = debt.min(collateral * 1_000_000 / (1_000_000 + parts));
    let leaves_dust = |size: u64| {
        let seized = size * (1_000_000 + parts) / 1_000_000;
        debt - size < dust || collateral - seized.min(collateral) < dust
    };
    let mut size = sized.min(clamp);
    if leaves_dust(size) {
        size = clamp;
    }
    match bounds.0 {
        Some(most) if most < size && leaves_dust(most) => return Err(RiskError::LeavesDust),
        Some(most) if most < size => size = most,
        _ => {}
    }
    if size == 0 || size < bounds.1 {
        return Err(RiskError::FillTooSmall);
    }
    Ok(size)
}

#[test]
fn a_size_is_clamped_leaves_no_dust_and_keeps_the_callers_bounds() {
    let most = (0..9).map(Some).chain([None]);
    let bounds: std::vec::Vec<_> = most.flat_map(|most| [0, 1, 3, 4].map(|least| (most, least))).collect();
    for (debt, collateral) in [(1u64, 1u64), (4, 9), (6, 6), (7, 5), (7, 8), (8, 20)] {
        let of_pair = found(&pair(collateral, debt), PAIR).unwrap();
        let of_perp = found(&account(0, &[], &[perp(7, debt as i64, 0)]), PERP).unwrap();
        for sized in 0..10 {
            for parts in [0u32, 250_000, 500_000] {
                for dust in 0..5 {
                    for (max_size, min_size) in &bounds {
                        let request = Request {
                            max_size: max_size.map(LegSize::new),
                            min_size: LegSize::new(*min_size),
                            ..whole(PAIR)
                        };
                        let bounds = (*max_size, *min_size);
                        let expected = stated(debt, collateral, sized, parts as u64, dust, bounds);
                        let found = of_pair.final_size(sized, parts, dust, &request);
                        assert_eq!(found, expected, "{debt} {collateral} {sized} {parts} {dust} {bounds:?}");
                        // Of a perp nothing is seized.
                        let expected = stated(debt, 1_000, sized, 0, dust, bounds);
                        assert_eq!(of_perp.final_size(sized, parts, dust, &request), expected);
                    }
                }
            }
        }
    }
}

/// `ceil(ceil(shortfall / release) / price)`, a perp's by the price of quote first.
#[test]
fn the_target_takes_what_the_shortfall_asks_at_the_smaller_of_both_prices() {
    let mut of_pair = pair(1_000, 1_000);
    of_pair.tokens[1].prices = at(halves(3), halves(5));
    let mut of_perp = account(0, &[], &[perp(7, 100, 0)]);
    of_perp.perps[0].prices = at(halves(3), halves(5));
    of_perp.quote.prices = at(halves(5), halves(7));
    let quotes = [5u128, 7];
    for (p, leg, is_pair) in [(of_pair, PAIR, true), (of_perp, PERP, false)] {
        let leg_found = found(&p, leg).unwrap();
        for parts in [0u32, 1_000, 50_000, 249_999, 250_000, 1_000_000] {
            let release = if is_pair {
                1_110_000 * MILLION - 888_000 * (MILLION + parts as i128)
            } else {
                42_500 * MILLION - 1_110_000 * parts as i128
            };
            for (spot, fast) in
                [(-1i128, -1i128), (0, -5_000_000), (-7_000_000, 3), (-123_456_789, -987_654_321), (4, 4)]
            {
                let size = |target: i128, place: usize| -> u64 {
                    if release <= 0 {
                        return u64::MAX;
                    }
                    let dollars = ((-target).max(0) as u128 * 1_000_000).div_ceil(release as u128);
                    let value = if is_pair { dollars } else { (dollars * 2).div_ceil(quotes[place]) };
                    (value * 2).div_ceil([3, 5][place]) as u64
                };
                let mut assessment = assess(&p, &Clocks::default(), NOW);
                (assessment.spot.target_excess, assessment.fast.target_excess) =
                    (UsdPico::new(spot), UsdPico::new(fast));
                for bypass in [false, true] {
                    assessment.clocks.bypass = bypass;
                    let expected = if bypass { size(spot, 0) } else { size(spot, 0).min(size(fast, 1)) };
                    assert_eq!(
                        leg_found.wanted_size_up(&assessment, Regime::Cure, parts),
                        expected,
                        "{parts} {spot} {fast}"
                    );
                    assert_eq!(leg_found.wanted_size_up(&assessment, Regime::WindDown, parts), size(fast, 1));
                }
            }
        }
    }
}

#[test]
fn a_fill_of_a_pair_seizes_its_worth_and_the_penalty_or_all_where_the_debt_was_cut() {
    let amounts = [1u64, 2, 3, 1_000_003, 2_000_000];
    for debt in amounts {
        for collateral in amounts {
            let p = pair(collateral, debt);
            let leg_found = found(&p, PAIR).unwrap();
            for parts in [0u64, 1_000, 50_000, 250_000] {
                let clamp = debt.min(collateral * 1_000_000 / (1_000_000 + parts));
                for size in [1, clamp.saturating_sub(1), clamp, debt].into_iter().filter(|size| *size <= debt) {
                    for share in [250_000u64, 0] {
                        let cut = size < debt && size == clamp;
                        let seized =
                            if cut { collateral } else { collateral.min(size * (1_000_000 + parts) / 1_000_000) };
                        let fee = (size as u128 * (parts * share) as u128 / 1_000_000_000_000) as u64;
                        let Ok(fill) = leg_found.fill_down(size, parts as u32, share as u32) else {
                            assert_eq!(seized, 0);
                            continue;
                        };
                        let found = (fill.size, fill.paid_atoms, fill.fee_atoms, fill.received_atoms);
                        assert_eq!(
                            found,
                            (size, Atoms::new(size + fee), Atoms::new(fee), Atoms::new(seized)),
                            "{debt} {collateral} {parts}"
                        );
                        assert_eq!(fill.notional.get(), size);
                        let mut after = p;
                        leg_found.book(&mut after, &fill).unwrap();
                        let left = (after.tokens[0].amount_atoms, after.tokens[1].amount_atoms);
                        assert_eq!(
                            left,
                            (
                                SignedAtoms::new(collateral as i64 - seized as i64),
                                SignedAtoms::new(size as i64 - debt as i64)
                            )
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_fill_is_booked_where_the_leg_is_held() {
    let fill = Fill {
        size: 5,
        paid_atoms: Atoms::new(5),
        fee_atoms: Atoms::ZERO,
        received_atoms: Atoms::new(6),
        notional: UsdMicro::new(5),
    };
    let booked = |mut p: Portfolio, leg| {
        found(&p, leg).unwrap().book(&mut p, &fill).unwrap();
        (p.quote.amount_atoms, p.tokens[0].amount_atoms, p.perps[1].cash_atoms)
    };
    let perps = [perp(6, 0, -1), perp(7, 0, -50)];
    let loss = Leg::Pair { asset: 1, liability: Liability::NegativePnl(7) };
    assert_eq!(
        booked(account(0, &[token(1, 500)], &perps), loss),
        (SignedAtoms::ZERO, SignedAtoms::new(494), SignedAtoms::new(-45))
    );
    let borrow = Leg::Pair { asset: 1, liability: Liability::Borrow(0) };
    assert_eq!(
        booked(account(-30, &[token(1, 500)], &perps), borrow),
        (SignedAtoms::new(-25), SignedAtoms::new(494), SignedAtoms::new(-50))
    );
    let of_quote = Leg::Pair { asset: 0, liability: Liability::Borrow(2) };
    assert_eq!(
        booked(account(200, &[token(2, -40)], &perps), of_quote),
        (SignedAtoms::new(194), SignedAtoms::new(-35), SignedAtoms::new(-50))
    );
}

#[test]
fn a_fill_of_a_perp_moves_units_at_spot_and_the_penalty_out_of_cash() {
    for units in [-2_000_001i64, 2_000_001] {
        let mut p = account(0, &[], &[perp(7, units, 1_000)]);
        p.perps[0].prices = at(halves(3), halves(3));
        p.quote.prices = at(halves(5), halves(5));
        let leg_found = found(&p, PERP).unwrap();
        for size in [1u64, 2, 3, 2_000_001] {
            for share in [250_000u128, 0] {
                // Three halves of an atom each: a long's rounded down, a short's up.
                let worth = if units > 0 { size * 3 / 2 } else { (size * 3).div_ceil(2) };
                let part = |share: u128| (worth as u128 * 50_000 * share / 1_000_000_000_000) as u64;
                let fill = leg_found.fill_down(size, 50_000, share as u32).unwrap();
                let found = (fill.size, fill.paid_atoms, fill.fee_atoms, fill.received_atoms);
                assert_eq!(
                    found,
                    (size, Atoms::new(worth), Atoms::new(part(share)), Atoms::new(part(1_000_000 - share))),
                    "{units} {size}"
                );
                assert_eq!(fill.notional.get(), worth * 5 / 2);
                let mut after = p;
                leg_found.book(&mut after, &fill).unwrap();
                let sign = units.signum();
                let leg = &after.perps[0];
                assert_eq!(leg.units, SignedBaseUnits::new(units - sign * size as i64));
                let cost = (fill.fee_atoms.get() + fill.received_atoms.get()) as i64;
                assert_eq!(leg.cash_atoms, SignedAtoms::new(1_000 + sign * worth as i64 - cost));
            }
        }
    }
    // A base that is worth more than a signed number holds moves nowhere.
    let mut p = account(0, &[], &[perp(7, i64::MAX, 0)]);
    let fill = |p: &Portfolio| found(p, PERP).unwrap().fill_down(i64::MAX as u64 - 1, 0, 250_000);
    assert_eq!(fill(&p).unwrap().paid_atoms, Atoms::new(i64::MAX as u64 - 1));
    p.perps[0].prices.spot = halves(3);
    assert_eq!(fill(&p).err(), Some(RiskError::NumberOutOfRange));
}

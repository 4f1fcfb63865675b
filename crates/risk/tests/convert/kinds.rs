//! What a property asks of a leg, answered by its kind. A new kind has its lines here; no other file of these tests asks
//! which kind a leg is.

use plimsoll_model as model;
use plimsoll_risk::auction::{pair_ceiling_ppm_down, perp_ceiling_ppm_down};
use plimsoll_risk::liquidate::{Leg, LegPart, Liability, Plan};
use plimsoll_risk::margin::{margins, quote_sides};
use plimsoll_risk::num::PPM;
use plimsoll_risk::portfolio::{Portfolio, PriceKind};
use plimsoll_risk::price::TokenPrice;
use plimsoll_risk::units::{Atoms, Ppm, SignedAtoms, SignedBaseUnits};

use super::{balance_index, perp_index};

/// The model's name of a leg; none where the account does not hold it.
pub fn leg(p: &Portfolio, leg: Leg) -> Option<model::Leg> {
    Some(match leg {
        Leg::Perp { market } => model::Leg::Perp(perp_index(p, market)?),
        Leg::Pair { asset, liability } => model::Leg::Pair {
            asset: balance_index(p, asset)?,
            debt: match liability {
                Liability::Borrow(bank) => model::Debt::Balance(balance_index(p, bank)?),
                Liability::NegativePnl(market) => model::Debt::NegativePnl(perp_index(p, market)?),
            },
        },
    })
}

/// Every leg a liquidator could name.
pub fn legs(p: &Portfolio) -> Vec<Leg> {
    let banks: Vec<u8> = p.tokens().iter().map(|t| t.bank).chain([p.quote.bank]).collect();
    let mut legs = Vec::new();
    for &asset in &banks {
        legs.extend(banks.iter().map(|debt| Leg::Pair { asset, liability: Liability::Borrow(*debt) }));
        legs.extend(p.perps().iter().map(|x| Leg::Pair { asset, liability: Liability::NegativePnl(x.market) }));
    }
    legs.extend(p.perps().iter().map(|x| Leg::Perp { market: x.market }));
    legs
}

pub fn price_of(p: &Portfolio, bank: u8) -> TokenPrice {
    let token = p.tokens().iter().find(|leg| leg.bank == bank);
    token.map_or(p.quote.prices.spot, |leg| leg.prices.spot)
}

pub fn amount_of(p: &mut Portfolio, bank: u8) -> &mut SignedAtoms {
    if bank == p.quote.bank {
        return &mut p.quote.amount_atoms;
    }
    let count = p.token_count;
    let leg = p.tokens[..count].iter_mut().find(|leg| leg.bank == bank);
    &mut leg.unwrap().amount_atoms
}

/// Insurance's part and the liquidator's gain at spot, micro-dollars; a penalty out of PnL is a claim at what it gets.
pub fn shares(p: &Portfolio, leg: Leg, fill: &Plan) -> (i128, i128) {
    match leg {
        Leg::Pair { asset, liability } => {
            let debt = price_of(p, liability.bank(p.quote.bank));
            let taken = price_of(p, asset).value_down(fill.received_atoms).get() as i128;
            (debt.value_down(fill.fee_atoms).get() as i128, taken - debt.value_down(fill.paid_atoms).get() as i128)
        }
        Leg::Perp { market } => {
            let quote = p.quote.prices.spot;
            let leg = p.perps().iter().find(|leg| leg.market == market).unwrap();
            let received = leg.gain_down(fill.received_atoms);
            (quote.value_down(fill.fee_atoms).get() as i128, quote.value_down(received).get() as i128)
        }
    }
}

/// Gives a liquidator what a fill gives him, and takes what he pays.
pub fn take(liquidator: &mut Portfolio, p: &Portfolio, leg: Leg, fill: &Plan) {
    match leg {
        Leg::Pair { asset, liability } => {
            *amount_of(liquidator, asset) =
                SignedAtoms::new(amount_of(liquidator, asset).get() + (fill.received_atoms.get() as i64));
            *amount_of(liquidator, liability.bank(p.quote.bank)) = SignedAtoms::new(
                amount_of(liquidator, liability.bank(p.quote.bank)).get() - (fill.paid_atoms.get() as i64),
            );
        }
        Leg::Perp { market } => {
            let count = p.perp_count;
            let long = p.perps().iter().any(|leg| leg.market == market && leg.units > SignedBaseUnits::ZERO);
            let sign = if long { 1 } else { -1 };
            let leg = liquidator.perps[..count].iter_mut().find(|leg| leg.market == market).unwrap();
            leg.units = SignedBaseUnits::new(leg.units.get() + (sign * fill.size.get() as i64));
            leg.cash_atoms = SignedAtoms::new(
                leg.cash_atoms.get() + (fill.received_atoms.get() as i64 - sign * fill.paid_atoms.get() as i64),
            );
        }
    }
}

/// A position is taken over, nothing is repaid.
pub fn is_position(leg: Leg) -> bool {
    leg.parts().any(|part| matches!(part, LegPart::Position(_)))
}

/// Micro-dollars that an atom of either part and the rounding of values may weigh.
pub fn grain(p: &Portfolio, leg: Leg) -> i128 {
    let parts = match leg {
        Leg::Pair { asset, liability } => [price_of(p, asset), price_of(p, liability.bank(p.quote.bank))],
        Leg::Perp { .. } => [p.quote.prices.spot; 2],
    };
    parts.iter().map(|price| price.value_up(Atoms::new(1)).get() as i128).sum::<i128>() + 16
}

/// What a fill cost the liquidatee at spot: collateral less debt, or the penalty out of PnL; micro-dollars.
pub fn cost_usd_micro(p: &Portfolio, leg: Leg, plan: &Plan) -> i128 {
    match leg {
        Leg::Pair { asset, .. } => {
            let leg = p.tokens().iter().find(|t| t.bank == asset).unwrap_or(&p.quote);
            leg.prices.spot.value_up(plan.received_atoms).get() as i128 - plan.notional.get() as i128
        }
        Leg::Perp { .. } => {
            (p.quote.prices.spot.value_up(Atoms::new(plan.received_atoms.get() + plan.fee_atoms.get()))).get() as i128
        }
    }
}

/// The size was bounded by the collateral or by what is owed in quote rather than by the target.
pub fn taken_by_clamp(after: &Portfolio, leg: Leg) -> bool {
    let (seizable, owed) = quote_sides(after, &margins(after, PriceKind::Spot, false));
    match leg {
        Leg::Pair { asset, liability } => {
            let seized_all = asset == 0 && seizable == Atoms::ZERO;
            // The quote borrow comes before negative PnL, so what it still owes is not this liability's.
            let borrow = match liability {
                Liability::NegativePnl(_) => after.quote.amount_atoms.min(SignedAtoms::ZERO).unsigned_abs(),
                Liability::Borrow(_) => Atoms::ZERO,
            };
            let in_quote = matches!(liability, Liability::NegativePnl(_) | Liability::Borrow(0));
            let repaid_all = in_quote && owed <= borrow;
            let pnl_gone = match liability {
                Liability::NegativePnl(market) => {
                    let x = after.perps().iter().find(|x| x.market == market).unwrap();
                    x.pnl_at(x.prices.spot) >= SignedAtoms::ZERO
                }
                Liability::Borrow(_) => false,
            };
            seized_all || repaid_all || pnl_gone
        }
        Leg::Perp { .. } => false,
    }
}

/// Ceiling of a leg's penalty at the health cap.
pub fn highest_ceiling_ppm(p: &Portfolio, leg: Leg) -> Ppm {
    let weights = |bank: u8| p.tokens().iter().find(|leg| leg.bank == bank).map_or(p.quote.weights, |leg| leg.weights);
    match leg {
        Leg::Pair { asset, liability } => {
            pair_ceiling_ppm_down(Ppm::WHOLE, &weights(asset), &weights(liability.bank(p.quote.bank)), &p.params)
        }
        Leg::Perp { market } => {
            let leg = p.perps().iter().find(|leg| leg.market == market).unwrap();
            perp_ceiling_ppm_down(Ppm::WHOLE, &leg.rates, &p.quote.weights, &p.params)
        }
    }
}

/// What one of a perp's claims gets, of which its penalty is paid: less than all where the market has a deficit.
pub fn claim_share_ppm(p: &Portfolio, leg: Leg) -> u32 {
    let Leg::Perp { market } = leg else { return PPM };
    p.perps().iter().find(|leg| leg.market == market).unwrap().deficit_share_ppm.rest().get()
}

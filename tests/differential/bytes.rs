//! The exact model's account, built from what the three accounts store and from nothing that the program computes: no
//! loader, no unit price, no weight that was derived. So a mistake of the loader cannot be the model's too.
//!
//! The model's dollar is a micro-dollar here and its whole token is an atom; perps are in quote tokens, that is atoms.

use plimsoll_model::edge::edge_width;
use plimsoll_model::rational::{positive, two_to_minus};
use plimsoll_model::{int, ppm, ratio, Balance, Levels, Params, Perp, Portfolio, Price, Q};
use plimsoll_state::{
    BankSlot, DerivativePosition, MarginAccount, MarketSlot, PositionKind, PriceBoard, PriceSlot, Registry, StoredPrice,
};

/// What a conversion is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Spot and fast average; stale legs at an edge that is at most, or at least, the program's, whose root is rounded.
    Edges {
        /// At most it.
        narrow: bool,
    },
    /// The conservative prices of initial margin.
    Initial,
}

/// The three accounts and the time.
pub struct Bytes<'a> {
    pub account: &'a MarginAccount,
    pub registry: &'a Registry,
    pub board: &'a PriceBoard,
    pub now: i64,
}

/// `mantissa * 2^exponent`
fn stored(price: StoredPrice) -> Q {
    let exponent = price.exponent as i32;
    let mantissa = int(price.mantissa as i128);
    if exponent < 0 {
        mantissa * two_to_minus(exponent.unsigned_abs())
    } else {
        mantissa / two_to_minus(exponent.unsigned_abs())
    }
}

fn power(decimals: u8) -> Q {
    int(10i128.pow(decimals as u32))
}

impl Bytes<'_> {
    /// The account in the model. Prices in micro-dollars an atom, of perps in quote atoms a base unit.
    pub fn portfolio(&self, what: For) -> Portfolio {
        let mut balances = vec![self.balance(0, int(0), what)];
        for token in self.account.tokens.iter().filter(|token| token.used == 1) {
            let slot = &self.registry.banks[token.bank as usize];
            let amount = atoms(slot, token.shares, self.now);
            match token.bank as usize {
                Registry::QUOTE_BANK => balances[0] = self.balance(0, amount, what),
                bank => balances.push(self.balance(bank, amount, what)),
            }
        }
        let perps = self.account.derivatives.iter().filter(|leg| leg.kind == PositionKind::Perp as u8);
        let perps = perps.map(|leg| self.perp(leg, what)).collect();
        Portfolio { quote: 0, balances, perps, params: self.params(what) }
    }

    fn params(&self, what: For) -> Params {
        let params = &self.registry.params.0;
        let w_pnl = ppm(params.perps.pnl_weight_ppm as i128);
        let z = ppm(params.prices.confidence_sigmas_ppm as i128);
        match what {
            For::Initial => Params { w_pnl, z, ..Params::default() },
            // The width of a stale leg is decided in `price`; a sigma of age carries it over unchanged.
            For::Edges { .. } => Params { w_pnl, z: int(1), z_age: int(1), b_max: int(1), ..Params::default() },
        }
    }

    fn balance(&self, bank: usize, amount: Q, what: For) -> Balance {
        let slot = &self.registry.banks[bank];
        let weights = &slot.weights.0;
        let part = |value: u32| ppm(value as i128);
        let scale = int(1_000_000) / power(slot.decimals);
        let owned = amount >= int(0);
        let w_a = Levels::asset_weights(part(weights.asset_maint_ppm.get()), part(weights.asset_init_ppm.get()));
        let w_l =
            Levels::liability_weights(part(weights.liability_maint_ppm.get()), part(weights.liability_init_ppm.get()));
        let charge = if owned { int(1) - &w_a.maintenance } else { &w_l.maintenance - int(1) };
        let price = self.price(&self.board.slots[slot.price_slot as usize], &scale, &charge, what);
        Balance { amount, price, w_a, w_l }
    }

    fn perp(&self, leg: &DerivativePosition, what: For) -> Perp {
        let slot = &self.registry.markets[leg.market as usize];
        let part = |value: u32| ppm(value as i128);
        let scale = power(self.registry.banks[0].decimals) / power(slot.base_decimals);
        let rate = Levels::perp_rates(part(slot.rates.0.maint_ppm.get()), part(slot.rates.0.init_ppm.get()));
        let price = self.price(&self.board.slots[slot.price_slot as usize], &scale, &rate.maintenance, what);
        let (base, cash) = self.position(slot, leg);
        Perp { base, cash, claim: int(1) - ppm(slot.deficit_share_ppm as i128), price, rate }
    }

    fn price(&self, slot: &PriceSlot, scale: &Q, charge: &Q, what: For) -> Price {
        let params = &self.registry.params.0;
        let age = self.now - slot.published_at;
        let mut price = Price {
            spot: stored(slot.spot) * scale,
            fast: stored(slot.fast) * scale,
            slow: stored(slot.slow) * scale,
            conf: ppm(slot.sigma_ppm as i128),
            sigma: ppm(slot.vol_ppm_per_sqrt_sec as i128),
            age_root: int(0),
            stale: age > params.prices.read_age_secs as i64,
        };
        let For::Edges { narrow } = what else { return price };
        let beyond = (age - params.prices.read_age_secs as i64).max(0) as f64;
        // A root of f64 is off by less than a thousandth; the program's is at most 3.2 % above the true one.
        price.age_root = ratio((beyond.sqrt() * if narrow { 999.0 } else { 1_033.0 }) as i128 + !narrow as i128, 1_000);
        let sigmas = Params {
            z: ppm(params.prices.confidence_sigmas_ppm as i128),
            z_age: ppm(params.prices.age_sigmas_ppm as i128),
            b_max: ppm(params.prices.edge_max_ppm as i128),
            ..Params::default()
        };
        // The program rounds width and ageing to whole parts per million, each upwards, and half a charge downwards.
        let off = if narrow { -ppm(2) } else { ppm(4) };
        let width = positive(&(edge_width(&sigmas, &price, charge) + off));
        Price { conf: int(0), sigma: width, age_root: int(1), ..price }
    }

    /// Base and cash with funding up to now; positions of the running epoch only.
    fn position(&self, slot: &MarketSlot, leg: &DerivativePosition) -> (Q, Q) {
        let shares = int(leg.shares.unsigned_abs() as i128);
        if leg.shares == 0 {
            return (int(0), int(leg.cash_atoms as i128));
        }
        let (side, sign) = if leg.shares > 0 { (0, 1) } else { (1, -1) };
        let index = &slot.sides[side];
        assert_eq!(leg.epoch, index.epoch, "these accounts have no older positions");
        let secs = (self.now - slot.funding_at).clamp(0, self.registry.params.0.perps.funding_max_secs as i64);
        let a = int(index.a as i128) * two_to_minus(63);
        // Longs pay what shorts receive.
        let funded = &a * int(-sign * slot.funding_per_unit_sec as i128 * secs as i128);
        let per_share = (int(index.k.get() - leg.k_entry.get()) + funded) * two_to_minus(64);
        (&shares * a * int(sign), shares * per_share + int(leg.cash_atoms as i128))
    }

    /// What rounding may take from NAV and from `NAV - R`, micro-dollars: an atom and a last bit of an index for each
    /// balance, three atoms and a unit for each perp, twice the micro-dollar that a value is rounded by, each at the
    /// largest weight; and the last bits of unit prices.
    pub fn slack(&self, exact: &Portfolio) -> Q {
        let highest = |price: &Price| {
            let top = if price.spot > price.fast { &price.spot } else { &price.fast };
            let top = if *top > price.slow { top } else { &price.slow };
            // A width and an edge raise it by less than its half.
            top * ratio(3, 2)
        };
        let (mut units, mut gross) = (int(0), int(0));
        for balance in &exact.balances {
            let price = highest(&balance.price);
            let magnitude = if balance.amount < int(0) { -&balance.amount } else { balance.amount.clone() };
            units += &price * (int(3) + &magnitude * two_to_minus(46)) + int(2);
            gross += magnitude * price;
        }
        let quote = highest(&exact.balances[0].price);
        for perp in &exact.perps {
            let price = highest(&perp.price);
            let magnitude = if perp.base < int(0) { -&perp.base } else { perp.base.clone() };
            let cash = if perp.cash < int(0) { -&perp.cash } else { perp.cash.clone() };
            units += (&price * int(2) + int(6)) * &quote;
            gross += (magnitude * price + cash) * &quote;
        }
        (units + gross * two_to_minus(54)) * int(2)
    }
}

/// Deposits at the registry's index; debts with the interest since it was written.
fn atoms(slot: &BankSlot, shares: i64, now: i64) -> Q {
    let index = if shares >= 0 {
        int(slot.deposit_index as i128)
    } else {
        let grown = int(slot.borrow_rate_per_sec as i128 * (now - slot.accrued_at).max(0) as i128) * two_to_minus(64);
        int(slot.borrow_index as i128) * (int(1) + grown)
    };
    int(shares as i128) * index * two_to_minus(48)
}

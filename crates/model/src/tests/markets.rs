use num_traits::{Signed, Zero};

use super::prng::Prng;
use crate::accounting::market_imbalance;
use crate::index::{Direction, Holding};
use crate::market::{hourly_allowance, Market};
use crate::rational::{int, min, positive, ppm, Q};

const ACCOUNTS: usize = 3;

/// Longs and shorts of one market.
struct Book {
    market: Market,
    longs: Vec<Holding>,
    shorts: Vec<Holding>,
    losses: usize,
    deleverages: usize,
}

impl Book {
    fn new() -> Book {
        let empty = vec![Holding::empty(); ACCOUNTS];
        Book { market: Market::default(), longs: empty.clone(), shorts: empty, losses: 0, deleverages: 0 }
    }

    fn trade(&mut self, rng: &mut Prng, price: &Q) {
        let (buyer, seller, quantity) = (rng.index(ACCOUNTS), rng.index(ACCOUNTS), int(rng.range(1, 40)));
        // Both sides are touched first: carrying positions over may be what frees the ring.
        self.market.long.touch(&mut self.longs[buyer]);
        self.market.short.touch(&mut self.shorts[seller]);
        if !self.market.long.ring_is_full() && !self.market.short.ring_is_full() {
            assert!(self.market.long.open(&mut self.longs[buyer], &quantity, price));
            assert!(self.market.short.open(&mut self.shorts[seller], &quantity, price));
        }
    }

    fn holding(&mut self, direction: Direction, who: usize) -> &mut Holding {
        match direction {
            Direction::Long => &mut self.longs[who],
            Direction::Short => &mut self.shorts[who],
        }
    }

    fn pnl(&self, direction: Direction, who: usize, spot: &Q) -> Q {
        let holding = match direction {
            Direction::Long => &self.longs[who],
            Direction::Short => &self.shorts[who],
        };
        let (size, cash) = self.market.side(direction).read(holding);
        cash + direction.sign() * size * spot
    }

    fn total_pnl(&self, spot: &Q) -> Q {
        let both = |who| self.pnl(Direction::Long, who, spot) + self.pnl(Direction::Short, who, spot);
        (0..ACCOUNTS).fold(Q::zero(), |total, who| total + both(who))
    }

    fn settle(&mut self, direction: Direction, who: usize, spot: &Q) {
        let pnl = self.pnl(direction, who, spot);
        if pnl.is_negative() {
            self.market.pay_in(&-pnl.clone());
            self.holding(direction, who).cash -= pnl;
        } else {
            let struck = self.market.pay_out(&pnl).1;
            self.holding(direction, who).cash -= struck;
        }
    }

    fn deleverage(&mut self, direction: Direction, who: usize, spot: &Q, share: Q) {
        let mut holding = self.holding(direction, who).clone();
        let quantity = self.market.side(direction).read(&holding).0 * share;
        let written_off = self.market.deleverage(direction, &mut holding, &quantity, spot);
        assert!(written_off.is_zero(), "exact books have equal open interest");
        *self.holding(direction, who) = holding;
        self.deleverages += usize::from(!quantity.is_zero());
    }

    /// A bankrupt position: insurance pays part of its loss, the opposite side bears what it may, the rest is U;
    /// only then is its base closed.
    fn bankrupt(&mut self, rng: &mut Prng, direction: Direction, who: usize, spot: &Q) {
        let loss = positive(&-self.pnl(direction, who, spot));
        if loss.is_zero() {
            return;
        }
        let insured = &loss * rng.ratio(0, 4, 8);
        self.market.pay_in(&insured);
        let allowance = hourly_allowance(&ppm(50_000), spot, &Q::zero());
        let opposite = direction.opposite();
        let most = &allowance * self.market.side(opposite).open_interest();
        let borne = self.market.socialize(&(&loss - insured), opposite, &allowance);
        assert!(borne <= most);
        self.holding(direction, who).cash += loss;
        self.deleverage(direction, who, spot, int(1));
        assert!(self.pnl(direction, who, spot).is_zero());
        self.losses += 1;
    }

    fn step(&mut self, rng: &mut Prng, spot: &Q) {
        let direction = if rng.one_in(2) { Direction::Long } else { Direction::Short };
        let who = rng.index(ACCOUNTS);
        match rng.range(0, 8) {
            0..=2 => self.trade(rng, spot),
            3 => self.market.accrue_funding(&rng.ratio(-4, 4, 8)),
            4 => self.settle(direction, who, spot),
            5 => {
                let share = rng.ratio(1, 4, 4);
                self.deleverage(direction, who, spot, share);
            }
            6 => self.bankrupt(rng, direction, who, spot),
            7 => {
                let fee = min(&int(rng.range(0, 5)), &positive(&self.pnl(direction, who, spot)));
                self.holding(direction, who).cash -= &fee;
                self.market.add_own_claim(&fee);
            }
            _ => {
                let value = &self.market.pool * rng.ratio(15, 17, 16);
                self.market.revalue_pool(&value);
            }
        }
    }
}

#[test]
fn what_winners_hold_and_what_the_pool_and_the_deficit_say_always_agree() {
    let mut rng = Prng::new(60);
    let (mut losses, mut deleverages) = (0, 0);
    for _ in 0..600 {
        let mut book = Book::new();
        for _ in 0..30 {
            let spot = int(rng.range(40, 160));
            book.step(&mut rng, &spot);
            let elsewhere = int(rng.range(1, 300));
            for price in [spot, elsewhere] {
                assert!(market_imbalance(&book.total_pnl(&price), &book.market).is_zero());
            }
            assert_eq!(book.market.long.open_interest(), book.market.short.open_interest());
            assert!(!book.market.pool.is_negative() && !book.market.deficit.is_negative());
        }
        losses += book.losses;
        deleverages += book.deleverages;
    }
    println!("socialized losses: {losses}, deleverages: {deleverages}");
    assert!(losses > 300 && deleverages > 500);
}

#[test]
fn a_socialized_loss_never_takes_more_of_a_unit_than_its_maintenance_margin() {
    let mut rng = Prng::new(61);
    for _ in 0..5_000 {
        let mut market = Market::default();
        let mut holding = Holding::empty();
        let (size, spot, rate) = (int(rng.range(1, 90)), int(rng.range(1, 90)), ppm(rng.range(12_000, 90_000)));
        market.long.open(&mut holding, &size, &spot);
        let loss = int(rng.range(1, 400));
        let allowance = hourly_allowance(&rate, &spot, &Q::zero());
        let borne = market.socialize(&loss, Direction::Long, &allowance);
        assert!(borne <= &rate * &spot * &size);
        assert_eq!(&borne + &market.deficit, loss);
        // The hour is used up by what each unit bore.
        let left = hourly_allowance(&rate, &spot, &(&borne / &size));
        let again = market.socialize(&loss, Direction::Long, &left);
        assert!(borne + again <= &rate * &spot * &size);
    }
}

#[test]
fn a_loss_that_finds_no_position_is_the_deficit_and_is_repaid_first() {
    let mut market = Market::default();
    assert!(market.socialize(&int(10), Direction::Short, &int(5)).is_zero());
    market.add_own_claim(&int(4));
    assert_eq!((market.deficit.clone(), market.own_claim.clone()), (int(6), int(0)));
    market.add_own_claim(&int(9));
    assert_eq!((market.deficit.clone(), market.own_claim.clone()), (int(0), int(3)));
    assert!(market.collect_own_claim().is_zero());
    market.pay_in(&int(2));
    assert_eq!(market.collect_own_claim(), int(2));
}

use num_traits::Zero;

use super::prng::Prng;
use crate::index::{Direction, Holding, Side};
use crate::ledger::Ledger;
use crate::rational::{int, ppm, ratio, sum, Q};

const POSITIONS: usize = 5;

/// The lazy side and its twin, fed the same events.
struct Both {
    side: Side,
    holdings: Vec<Holding>,
    ledger: Ledger,
    closes: usize,
}

impl Both {
    fn new(direction: Direction) -> Both {
        Both {
            side: Side::new(direction),
            holdings: vec![Holding::empty(); POSITIONS],
            ledger: Ledger::new(direction, POSITIONS),
            closes: 0,
        }
    }

    fn open(&mut self, rng: &mut Prng) -> bool {
        let (who, quantity, price) = (rng.index(POSITIONS), int(rng.range(1, 50)), int(rng.range(1, 90)));
        let opened = self.side.open(&mut self.holdings[who], &quantity, &price);
        if opened {
            self.ledger.open(who, &quantity, &price);
        }
        opened
    }

    fn reduce(&mut self, rng: &mut Prng) {
        let (who, price) = (rng.index(POSITIONS), int(rng.range(1, 90)));
        let size = self.side.read(&self.holdings[who]).0;
        let quantity = size * rng.ratio(1, 2, 2);
        self.side.reduce(&mut self.holdings[who], &quantity, &price);
        self.ledger.reduce(who, &quantity, &price);
    }

    /// Closes a share of open interest; now and then nearly all of it, or all.
    fn close(&mut self, rng: &mut Prng) {
        let share = match rng.range(0, 5) {
            0 => int(1),
            1 | 2 => int(1) - ppm(1),
            _ => rng.ratio(1, 7, 8),
        };
        let (quantity, spot) = (self.side.open_interest() * share, int(rng.range(1, 90)));
        if !quantity.is_zero() {
            self.side.close(&quantity, &spot);
            self.ledger.close(&quantity, &spot);
            self.closes += 1;
        }
    }

    fn step(&mut self, rng: &mut Prng) {
        match rng.range(0, 9) {
            0..=2 => {
                self.open(rng);
            }
            3 => self.reduce(rng),
            4 | 5 => self.close(rng),
            6 => {
                let funding = rng.ratio(-8, 8, 8);
                self.side.accrue_funding(&funding);
                self.ledger.accrue_funding(&funding);
            }
            7 if !self.side.open_interest().is_zero() => {
                let total = int(rng.range(1, 100));
                self.side.charge(&total);
                self.ledger.charge(&total);
            }
            _ => self.side.touch(&mut self.holdings[rng.index(POSITIONS)]),
        }
    }

    fn assert_same(&self) {
        assert_eq!(self.side.open_interest(), self.ledger.open_interest());
        for (holding, entry) in self.holdings.iter().zip(&self.ledger.entries) {
            assert_eq!(self.side.read(holding), (entry.size.clone(), entry.cash.clone()));
        }
        let counted = self.holdings.iter().filter(|holding| !holding.shares.is_zero()).count();
        assert_eq!(self.side.all_holders(), counted as u64);
    }
}

#[test]
fn the_lazy_index_equals_explicit_bookkeeping_exactly() {
    let mut rng = Prng::new(50);
    let (mut closes, mut epochs) = (0, 0);
    for round in 0..600 {
        let direction = if round % 2 == 0 { Direction::Long } else { Direction::Short };
        let mut both = Both::new(direction);
        for _ in 0..40 {
            both.step(&mut rng);
            both.assert_same();
        }
        closes += both.closes;
        epochs += both.side.epoch;
    }
    println!("deleverages: {closes}, epoch ends: {epochs}");
    assert!(closes > 3_000 && epochs > 1_000);
}

#[test]
fn a_full_ring_opens_nothing_and_still_blocks_no_close() {
    let mut rng = Prng::new(51);
    let mut refused = 0;
    for _ in 0..300 {
        let mut both = Both::new(Direction::Long);
        // One position sleeps in the first epoch while the others wear the ring out.
        assert!(both.side.open(&mut both.holdings[0], &int(1_000), &int(1)));
        both.ledger.open(0, &int(1_000), &int(1));
        for _ in 0..8 {
            let quantity = both.side.open_interest() * (int(1) - ppm(1) / int(rng.range(2, 9)));
            both.side.close(&quantity, &int(7));
            both.ledger.close(&quantity, &int(7));
            both.assert_same();
        }
        assert!(both.side.ring_is_full());
        // A waking sleeper would free the ring by his own touch, so it is another who asks.
        assert!(!both.side.open(&mut Holding::empty(), &int(rng.range(1, 50)), &int(7)));
        refused += 1;
        let rest = both.side.open_interest();
        both.side.close(&rest, &int(7));
        both.ledger.close(&rest, &int(7));
        both.assert_same();
        let mut sleeper = both.holdings[0].clone();
        both.side.touch(&mut sleeper);
        both.holdings[0] = sleeper;
        assert!(both.open(&mut rng));
        both.assert_same();
    }
    assert_eq!(refused, 300);
}

#[test]
fn a_new_epoch_starts_with_shares_equal_to_open_interest_and_at_count_zero_there_are_none() {
    let mut rng = Prng::new(52);
    for _ in 0..500 {
        let mut side = Side::new(Direction::Short);
        let mut holdings = vec![Holding::empty(); 3];
        for holding in &mut holdings {
            assert!(side.open(holding, &int(rng.range(1, 99)), &int(5)));
        }
        let nearly = side.open_interest() * (int(1) - ppm(1) / int(4));
        side.close(&nearly, &int(9));
        assert_eq!((side.epoch, &side.size), (1, &int(1)));
        let sizes: Vec<Q> = holdings.iter().map(|holding| side.read(holding).0).collect();
        assert_eq!(side.shares, sum(&sizes));
        for (holding, size) in holdings.iter_mut().zip(&sizes) {
            side.reduce(holding, size, &int(9));
        }
        assert_eq!(side.all_holders(), 0);
        assert!(side.shares.is_zero());
    }
}

#[test]
fn closing_at_spot_moves_nobodys_pnl_at_spot() {
    let mut rng = Prng::new(53);
    for _ in 0..2_000 {
        let mut both = Both::new(Direction::Long);
        for _ in 0..6 {
            both.open(&mut rng);
        }
        let spot = rng.ratio(1, 800, 8);
        let pnl = |side: &Side, holding: &Holding| {
            let (size, cash) = side.read(holding);
            cash + size * &spot
        };
        let before: Vec<Q> = both.holdings.iter().map(|h| pnl(&both.side, h)).collect();
        let quantity = both.side.open_interest() * ratio(rng.range(1, 8), 8);
        both.side.close(&quantity, &spot);
        let after: Vec<Q> = both.holdings.iter().map(|h| pnl(&both.side, h)).collect();
        assert_eq!(before, after);
    }
}

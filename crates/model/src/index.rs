//! The lazy index of one market side: A is size per share, K is cash per share (INDEX-1).

use num_traits::Zero;

use crate::rational::{int, two_to_minus, Q};

/// Entries of the ring of ended epochs.
pub const RING: usize = 4;

/// The side of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Gains when the price rises.
    Long,
    /// Gains when the price falls.
    Short,
}

impl Direction {
    /// +1 for long, -1 for short: the sign of a base, and of the cash when it is sold.
    pub fn sign(self) -> Q {
        match self {
            Direction::Long => int(1),
            Direction::Short => int(-1),
        }
    }

    /// The other side.
    pub fn opposite(self) -> Direction {
        match self {
            Direction::Long => Direction::Short,
            Direction::Short => Direction::Long,
        }
    }
}

/// The final A and K of an ended epoch, and how many positions still refer to it.
#[derive(Clone, Debug, PartialEq)]
pub struct EndedEpoch {
    /// Number of the epoch.
    pub epoch: u64,
    /// Size per share at its end.
    pub size: Q,
    /// Cash per share at its end.
    pub cash: Q,
    /// Positions that still refer to it.
    pub holders: u64,
}

/// One side of a market.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// Which side it is.
    pub direction: Direction,
    /// Number of the present epoch.
    pub epoch: u64,
    /// A
    pub size: Q,
    /// K
    pub cash: Q,
    /// Σs of the current epoch, including what ended epochs will carry over.
    pub shares: Q,
    /// Positions of the current epoch.
    pub holders: u64,
    /// Epochs that ended and that positions may refer to.
    pub ring: [Option<EndedEpoch>; RING],
}

/// A position's shares, the K they were last read at, and the cash realised so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Holding {
    /// Shares of the side.
    pub shares: Q,
    /// Cash per share up to which `cash` includes the index.
    pub cash_mark: Q,
    /// Epoch of the shares.
    pub epoch: u64,
    /// Cash of its own: received less paid.
    pub cash: Q,
}

impl Holding {
    /// Holds nothing.
    pub fn empty() -> Holding {
        Holding { shares: Q::zero(), cash_mark: Q::zero(), epoch: 0, cash: Q::zero() }
    }
}

impl Side {
    /// A side that nobody has held yet.
    pub fn new(direction: Direction) -> Side {
        Side {
            direction,
            epoch: 0,
            size: int(1),
            cash: Q::zero(),
            shares: Q::zero(),
            holders: 0,
            ring: [None, None, None, None],
        }
    }

    /// `OI = Σs·A`, counted in shares.
    pub fn open_interest(&self) -> Q {
        &self.shares * &self.size
    }

    /// The entry that the running epoch would need is free once no position refers to it.
    pub fn ring_is_full(&self) -> bool {
        let entry = &self.ring[self.epoch as usize % RING];
        entry.as_ref().is_some_and(|ended| ended.holders > 0)
    }

    /// Funding f per unit, received if positive, adds `A·f` to K.
    pub fn accrue_funding(&mut self, per_unit: &Q) {
        self.cash += &self.size * per_unit;
    }

    /// A charge of C in all subtracts `C/Σs` from K.
    pub fn charge(&mut self, total: &Q) {
        assert!(!self.open_interest().is_zero(), "a charge needs a position to bear it");
        self.cash -= total / &self.shares;
    }

    /// Closing Q at spot S adds `±S·Q/Σs` to K and sets `A <- A·(1 - Q/OI)`; the epoch may end.
    pub fn close(&mut self, quantity: &Q, spot: &Q) {
        if quantity.is_zero() {
            return;
        }
        let open_interest = self.open_interest();
        assert!(*quantity <= open_interest, "more than the side holds");
        self.cash += self.direction.sign() * spot * quantity / &self.shares;
        self.size = &self.size * (int(1) - quantity / open_interest);
        self.end_epoch_if_due();
    }

    /// Below 2^-20 (or at zero) the epoch ends, unless the ring is full: then A keeps falling. The next epoch starts
    /// at A = 1 with `Σs = OI`; K restarts too, since only differences within an epoch are ever read.
    pub fn end_epoch_if_due(&mut self) {
        if self.size >= two_to_minus(20) || self.ring_is_full() {
            return;
        }
        let open_interest = self.open_interest();
        let ended = EndedEpoch {
            epoch: self.epoch,
            size: core::mem::replace(&mut self.size, int(1)),
            cash: core::mem::replace(&mut self.cash, Q::zero()),
            holders: core::mem::replace(&mut self.holders, 0),
        };
        self.ring[self.epoch as usize % RING] = Some(ended);
        self.shares = open_interest;
        self.epoch += 1;
    }

    /// Positions that refer to any epoch.
    pub fn all_holders(&self) -> u64 {
        self.holders + self.ring.iter().flatten().map(|ended| ended.holders).sum::<u64>()
    }

    fn forget(&mut self, epoch: u64) {
        match epoch == self.epoch {
            true => self.holders -= 1,
            false => self.ended_mut(epoch).holders -= 1,
        }
    }

    fn ended_mut(&mut self, epoch: u64) -> &mut EndedEpoch {
        let entry = self.ring[epoch as usize % RING].as_mut();
        entry.filter(|ended| ended.epoch == epoch).expect("an epoch with holders stays in the ring")
    }

    /// Carries a holding over epoch by epoch, then to the K of now. Only a size of zero closes it.
    pub fn touch(&mut self, holding: &mut Holding) {
        self.end_epoch_if_due();
        if holding.shares.is_zero() {
            holding.epoch = self.epoch;
            return;
        }
        while holding.epoch < self.epoch {
            let ended = self.ended_mut(holding.epoch);
            ended.holders -= 1;
            holding.cash += &holding.shares * (&ended.cash - &holding.cash_mark);
            holding.shares = &holding.shares * &ended.size;
            holding.cash_mark = Q::zero();
            holding.epoch += 1;
            if holding.shares.is_zero() {
                holding.epoch = self.epoch;
                return;
            }
            match holding.epoch == self.epoch {
                true => self.holders += 1,
                false => self.ended_mut(holding.epoch).holders += 1,
            }
        }
        holding.cash += &holding.shares * (&self.cash - &holding.cash_mark);
        holding.cash_mark = self.cash.clone();
    }

    /// Size and cash of a holding now, without writing.
    pub fn read(&self, holding: &Holding) -> (Q, Q) {
        let (mut side, mut holding) = (self.clone(), holding.clone());
        side.touch(&mut holding);
        (&holding.shares * &side.size, holding.cash)
    }

    /// Opens `quantity` at price; refused while the ring is full. `s = q/A`, K0 and the epoch are snapshots.
    pub fn open(&mut self, holding: &mut Holding, quantity: &Q, price: &Q) -> bool {
        self.touch(holding);
        if self.ring_is_full() {
            return false;
        }
        if holding.shares.is_zero() {
            self.holders += 1;
            holding.epoch = self.epoch;
            holding.cash_mark = self.cash.clone();
        }
        let shares = quantity / &self.size;
        self.shares += &shares;
        holding.shares += shares;
        holding.cash -= self.direction.sign() * price * quantity;
        true
    }

    /// Takes `quantity` off a holding at price. A count of zero leaves no shares.
    pub fn reduce(&mut self, holding: &mut Holding, quantity: &Q, price: &Q) {
        self.touch(holding);
        if quantity.is_zero() {
            return;
        }
        let shares = quantity / &self.size;
        assert!(shares <= holding.shares, "more than the holding has");
        self.shares -= &shares;
        holding.shares -= shares;
        holding.cash += self.direction.sign() * price * quantity;
        if holding.shares.is_zero() {
            self.forget(holding.epoch);
        }
    }
}

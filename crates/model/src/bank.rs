//! A bank's totals and indices without rounding (INTEREST-1, INTEREST-2, MONEY-1, LOSS-1).

use num_traits::{Signed, Zero};

use crate::rate::{utilization_ema, RateCurve};
use crate::rational::{int, min, positive, ppm, ratio, two_to_minus, Q};

/// One bank. Insurance, backstop and fees are atoms outside deposits.
#[derive(Clone, Debug, PartialEq)]
pub struct Bank {
    /// Atoms in the vault.
    pub vault: Q,
    /// What a deposit share is worth.
    pub deposit_index: Q,
    /// The borrow index at the last crank; between cranks it grows by the stored rate, linearly.
    pub borrow_index: Q,
    /// The borrow index up to which interest is booked.
    pub booked_index: Q,
    /// Deposit shares of all holders.
    pub deposit_shares: Q,
    /// Borrow shares of all debtors.
    pub borrow_shares: Q,
    /// Protocol fees.
    pub fees: Q,
    /// Insurance that does not wait.
    pub insurance: Q,
    /// The backstop pool.
    pub backstop: Q,
    /// Bad debt that no deposit could bear.
    pub uncovered: Q,
    /// Deposit shares that wait to become insurance.
    pub waiting_shares: Q,
    /// Stored at the last crank, per second.
    pub rate: Q,
    /// Seconds since the rate was set.
    pub secs_since_crank: Q,
    /// Integral of utilization over the seconds since the last crank.
    pub utilization_secs: Q,
    /// Average of utilization that the rate is read at.
    pub utilization_ema: Q,
    /// Rate by utilization.
    pub curve: RateCurve,
    /// Share of interest that goes to fees.
    pub fee_share: Q,
    /// Below this the deposit index never falls.
    pub index_floor: Q,
}

impl Default for Bank {
    fn default() -> Self {
        Bank {
            vault: Q::zero(),
            deposit_index: int(1),
            borrow_index: int(1),
            booked_index: int(1),
            deposit_shares: Q::zero(),
            borrow_shares: Q::zero(),
            fees: Q::zero(),
            insurance: Q::zero(),
            backstop: Q::zero(),
            uncovered: Q::zero(),
            waiting_shares: Q::zero(),
            rate: Q::zero(),
            secs_since_crank: Q::zero(),
            utilization_secs: Q::zero(),
            utilization_ema: Q::zero(),
            curve: RateCurve::default(),
            fee_share: ppm(150_000),
            index_floor: two_to_minus(10),
        }
    }
}

impl Bank {
    /// `index · (1 + rate · dt)`
    pub fn borrow_index_now(&self) -> Q {
        &self.borrow_index * (int(1) + &self.rate * &self.secs_since_crank)
    }

    /// What all deposits are worth.
    pub fn deposits(&self) -> Q {
        &self.deposit_shares * &self.deposit_index
    }

    /// What borrowers owe by the booked index.
    pub fn booked_borrows(&self) -> Q {
        &self.borrow_shares * &self.booked_index
    }

    /// What borrowers owe now.
    pub fn borrows(&self) -> Q {
        &self.borrow_shares * self.borrow_index_now()
    }

    /// `max(0, deposits - borrows - uncovered)`, never the vault's balance.
    pub fn free_liquidity(&self) -> Q {
        positive(&(self.deposits() - self.borrows() - &self.uncovered))
    }

    /// Borrows over deposits as of the last change, at most one.
    pub fn utilization(&self) -> Q {
        let (deposits, borrows) = (self.deposits(), self.booked_borrows());
        if borrows >= deposits {
            return if borrows.is_positive() { int(1) } else { Q::zero() };
        }
        borrows / deposits
    }

    /// Time passes; utilization counts as it stood since the last change.
    pub fn advance(&mut self, secs: &Q) {
        self.utilization_secs += self.utilization() * secs;
        self.secs_since_crank += secs;
    }

    /// Books what borrowers were charged since the last booking: the fee share to fees, the rest to the deposit index,
    /// which never grows faster than the borrow index; what the cap or an empty deposit side leaves goes to fees.
    /// While bad debt is uncovered, what would be fees pays for it. Returns the interest booked.
    pub fn book(&mut self) -> Q {
        let now = self.borrow_index_now();
        let interest = &self.borrow_shares * (&now - &self.booked_index);
        let to_deposits = &interest * (int(1) - &self.fee_share);
        let at_most = self.deposits() * (&now / &self.booked_index - int(1));
        let credited = min(&to_deposits, &at_most);
        if credited.is_positive() {
            self.deposit_index += &credited / &self.deposit_shares;
        }
        let earned = &interest - credited;
        let covering = min(&earned, &self.uncovered);
        self.uncovered -= &covering;
        self.fees += earned - covering;
        self.booked_index = now;
        interest
    }

    /// The crank: books, folds the linear growth into the index, and sets the rate for the next interval.
    pub fn accrue(&mut self) {
        self.book();
        if self.secs_since_crank.is_zero() {
            return;
        }
        self.borrow_index = self.booked_index.clone();
        let mean = &self.utilization_secs / &self.secs_since_crank;
        self.utilization_ema = utilization_ema(&self.utilization_ema, &mean, &self.secs_since_crank);
        self.rate = self.curve.per_second(&self.utilization_ema);
        self.secs_since_crank = Q::zero();
        self.utilization_secs = Q::zero();
    }

    /// Deposits atoms; returns the shares.
    pub fn deposit(&mut self, amount: &Q) -> Q {
        self.book();
        let shares = amount / &self.deposit_index;
        self.deposit_shares += &shares;
        self.vault += amount;
        shares
    }

    /// Withdraws what deposit shares are worth; returns the atoms. Free liquidity is the caller's to check.
    pub fn withdraw(&mut self, shares: &Q) -> Q {
        self.book();
        let amount = shares * &self.deposit_index;
        self.deposit_shares -= shares;
        self.vault -= &amount;
        amount
    }

    /// Borrows atoms; returns the borrow shares.
    pub fn borrow(&mut self, amount: &Q) -> Q {
        self.book();
        let shares = amount / &self.booked_index;
        self.borrow_shares += &shares;
        self.vault -= amount;
        shares
    }

    /// Repays borrow shares; returns the atoms paid.
    pub fn repay(&mut self, shares: &Q) -> Q {
        self.book();
        let amount = shares * &self.booked_index;
        self.borrow_shares -= shares;
        self.vault += &amount;
        amount
    }

    /// What waits as a deposit to become insurance.
    pub fn waiting(&self) -> Q {
        &self.waiting_shares * &self.deposit_index
    }

    /// Insurance pays for borrow shares whose owner cannot, what waits for liquidity first and without any: atoms stay in
    /// the vault, only their owner changes.
    pub fn cover_from_insurance(&mut self, shares: &Q) -> Q {
        self.book();
        let amount = shares * &self.booked_index;
        assert!(amount <= &self.insurance + self.waiting(), "insurance pays at most what it holds");
        self.borrow_shares -= shares;
        let from_waiting = min(&amount, &self.waiting());
        self.strike_waiting(&from_waiting);
        self.insurance -= &amount - from_waiting;
        amount
    }

    fn strike_waiting(&mut self, amount: &Q) {
        let shares = amount / &self.deposit_index;
        self.waiting_shares -= &shares;
        self.deposit_shares -= shares;
    }

    /// Somebody pays into the insurance: uncovered debt first.
    pub fn fund_insurance(&mut self, amount: &Q) {
        self.vault += amount;
        self.take_in(amount);
    }

    /// What waits pays uncovered debt, which asks for no liquidity, and becomes insurance as far as there is any.
    pub fn sweep(&mut self) {
        self.book();
        let covering = min(&self.waiting(), &self.uncovered);
        self.strike_waiting(&covering);
        self.uncovered -= covering;
        let free = min(&self.waiting(), &self.free_liquidity());
        self.strike_waiting(&free);
        self.insurance += free;
    }

    fn take_in(&mut self, amount: &Q) {
        let covering = min(amount, &self.uncovered);
        self.uncovered -= &covering;
        self.insurance += amount - covering;
    }

    /// Writes borrow shares off against depositors: the deposit index falls pro rata, never below its floor; what
    /// exceeds that is recorded as uncovered. Returns what depositors bore.
    pub fn socialize(&mut self, shares: &Q) -> Q {
        self.book();
        let loss = shares * &self.booked_index;
        let bearable = positive(&(self.deposits() - &self.deposit_shares * &self.index_floor));
        let borne = min(&loss, &bearable);
        if borne.is_positive() {
            self.deposit_index -= &borne / &self.deposit_shares;
        }
        self.borrow_shares -= shares;
        self.uncovered += loss - &borne;
        borne
    }

    /// At the floor a bank only takes repayments and pays withdrawals.
    pub fn is_terminal(&self) -> bool {
        self.deposit_index <= self.index_floor
    }

    /// Half of deposits lent out, a state to start tests and examples from.
    pub fn seeded(deposits: &Q) -> Bank {
        let mut bank = Bank::default();
        bank.deposit(deposits);
        bank.borrow(&(deposits * ratio(1, 2)));
        bank
    }
}

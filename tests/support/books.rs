//! The whole engine decoded, and what must hold of it after every instruction.

use plimsoll_ledger::pool;
use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use plimsoll_risk::lazy::Side;
use plimsoll_risk::num::PPM;
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::pda;
use plimsoll_sim::world::World;
use plimsoll_state::{
    AccountStatus, Bank, DerivativePosition, EngineAccount, FeedBook, MarginAccount, Market, MarketSlot, PositionKey,
    PositionKind, PriceBoard, Registry, Reserve,
};

/// Every account that holds money, at one moment.
#[derive(Clone)]
pub struct Books {
    /// The clock, Unix seconds.
    pub now: i64,
    /// The registry.
    pub registry: Box<Registry>,
    /// Prices.
    pub board: Box<PriceBoard>,
    /// Where they come from.
    pub feeds: Box<FeedBook>,
    /// Banks and the atoms in their vaults.
    pub banks: Vec<(Bank, u64)>,
    /// Markets.
    pub markets: Vec<Market>,
    /// Margin accounts by address.
    pub accounts: BTreeMap<Pubkey, MarginAccount>,
}

/// What a check found wrong.
pub type Checked = Result<(), String>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(what())
    }
}

impl Books {
    /// Reads the engine of a world.
    pub fn read(world: &World) -> Self {
        let registry = world.registry();
        let banks = (0..registry.bank_count).map(|index| {
            let keys = world.keys.bank(index);
            (world.read(&keys.bank), world.token_balance(&keys.vault))
        });
        let accounts = world.svm.get_program_accounts(&pda::PROGRAM_ID).into_iter();
        Self {
            now: world.now(),
            banks: banks.collect(),
            markets: (0..registry.market_count).map(|index| world.read(&world.keys.market(index))).collect(),
            accounts: accounts
                .filter_map(|(key, account)| Some((key, plimsoll_sdk::decode::account(&account.data)?)))
                .collect(),
            board: world.board(),
            feeds: world.feed_book(),
            registry,
        }
    }

    /// Everything that needs no other moment to compare with.
    ///
    /// # Errors
    /// The first fact that does not hold.
    pub fn check(&self) -> Checked {
        for (key, account) in &self.accounts {
            account.invariant().map_err(|e| format!("{key}: {}", e.0))?;
            self.check_account(key, account)?;
        }
        self.registry.invariant().map_err(|e| e.0.to_string())?;
        ensure(self.reserves_are_zero(), || "some account's reserve is not zero".to_owned())?;
        for (bank, vault) in &self.banks {
            bank.invariant().map_err(|e| format!("bank {}: {}", bank.index, e.0))?;
            let slot = self.registry.bank(bank.index as usize).ok_or("a bank without a slot")?;
            slot.invariant().map_err(|e| format!("bank slot {}: {}", bank.index, e.0))?;
            ensure(slot.deposit_index <= bank.deposit_index, || {
                format!("bank {}: the registry's deposit index is higher than the bank's", bank.index)
            })?;
            self.check_shares(bank)?;
            Self::check_insurance(bank)?;
            ensure(surplus(bank, *vault) >= 0, || {
                format!("INV-01: bank {}: the vault is short by {}", bank.index, -(surplus(bank, *vault) >> 48))
            })?;
        }
        for market in &self.markets {
            market.invariant().map_err(|e| format!("market {}: {}", market.index, e.0))?;
            self.check_market(market)?;
        }
        self.check_known_losses()
    }

    /// INV-19: insurance that came in is there, reserved, paid for losses, or taken out above its target.
    fn check_insurance(bank: &Bank) -> Checked {
        let held = bank.insurance_atoms as u128 + bank.reserved_atoms as u128;
        let gone = bank.insurance_out_atoms as u128 + bank.insurance_withdrawn_atoms as u128;
        ensure(bank.insurance_in_atoms as u128 == held + gone, || {
            format!(
                "INV-19: bank {}: {} came in, {held} are there and {gone} are gone",
                bank.index, bank.insurance_in_atoms
            )
        })
    }

    /// INV-15: the registry counts as known losses exactly what the legs of frozen accounts are counted with.
    fn check_known_losses(&self) -> Checked {
        let frozen = || self.accounts.values().filter(|account| account.status != AccountStatus::Active as u8);
        for (bank, _) in &self.banks {
            let debts = frozen().filter_map(|account| Some(account.tokens[account.token_index(bank.index)?]));
            let (known, counted) =
                (debts.map(|debt| debt.fixed_debt_atoms).sum::<u64>(), self.registry.banks[bank.index as usize]);
            ensure(known == counted.known_loss_atoms, || {
                format!("INV-15: bank {}: debts of {known} are counted as {}", bank.index, counted.known_loss_atoms)
            })?;
        }
        let (count, counted) = (frozen().count(), self.registry.frozen_accounts as usize);
        ensure(count == counted, || format!("INV-15: {count} accounts are frozen, the registry counts {counted}"))?;
        for market in &self.markets {
            let legs = frozen().filter_map(|account| Some(account.derivatives[account.perp_index(market.index)?]));
            let (known, counted) =
                (legs.map(|leg| leg.known_loss_atoms).sum::<u64>(), self.slot(market).known_loss().get());
            ensure(known == counted, || format!("INV-15: market {}: {known} are counted as {counted}", market.index))?;
        }
        Ok(())
    }

    /// What accounts keep free is zero, also where no instruction asks.
    fn reserves_are_zero(&self) -> bool {
        self.accounts.iter().all(|(_, account)| account.reserve_is_zero())
            && self.banks.iter().all(|(bank, _)| bank.reserve_is_zero())
            && self.markets.iter().all(Reserve::reserve_is_zero)
            && [self.registry.reserve_is_zero(), self.board.reserve_is_zero(), self.feeds.reserve_is_zero()]
                == [true; 3]
    }

    fn check_account(&self, key: &Pubkey, account: &MarginAccount) -> Checked {
        for token in account.tokens.iter().filter(|token| token.used == 1) {
            let waits = account.status != AccountStatus::Active as u8;
            ensure(token.shares != 0 || waits, || format!("{key}: bank {} is in use and holds nothing", token.bank))?;
        }
        for leg in &account.derivatives {
            let market = self.registry.market(leg.market as usize).filter(|_| leg.kind == PositionKind::Perp as u8);
            let expected = market.map_or_else(PositionKey::default, |market| PositionKey::perp(market.price_slot));
            ensure(leg.key() == expected, || format!("{key}: a position is of {:?}, not {expected:?}", leg.key()))?;
        }
        let reserved = account.tokens.iter().map(|t| t.reserved_atoms).sum::<u64>()
            + account.derivatives.iter().map(|d| d.reserved_atoms).sum::<u64>();
        let active = account.status == AccountStatus::Active as u8;
        ensure(!active || (reserved == 0 && account.estate_reserved_atoms == 0), || {
            format!("{key}: an active account has insurance reserved")
        })
    }

    /// INV-05: totals equal the sums of what holders have.
    fn check_shares(&self, bank: &Bank) -> Checked {
        let quote = bank.index as usize == Registry::QUOTE_BANK;
        let (mut deposits, mut borrows, mut reserved) = (bank.waiting_shares as i128, 0i128, 0i128);
        for account in self.accounts.values() {
            if let Some(place) = account.token_index(bank.index) {
                let shares = account.tokens[place].shares as i128;
                deposits += shares.max(0);
                borrows += (-shares).max(0);
            }
            reserved += if quote { account.estate_reserved_atoms as i128 } else { 0 };
        }
        if quote {
            deposits += self.markets.iter().map(|market| market.pool_shares as i128).sum::<i128>();
        }
        let sums = [deposits, borrows, reserved];
        let totals = [bank.deposit_shares, bank.borrow_shares, bank.reserved_atoms].map(|total| total as i128);
        ensure(sums == totals, || {
            format!("INV-05: bank {}: deposits, borrows, reserved are {sums:?}, the bank has {totals:?}", bank.index)
        })
    }

    /// Legs of a market with their owners.
    pub fn legs<'a>(&'a self, market: &'a Market) -> impl Iterator<Item = (&'a Pubkey, &'a DerivativePosition)> {
        self.accounts
            .iter()
            .flat_map(|(key, account)| account.derivatives.iter().map(move |leg| (key, leg)))
            .filter(|(_, leg)| leg.kind == PositionKind::Perp as u8 && leg.market == market.index)
    }

    /// The slot of a market.
    pub fn slot(&self, market: &Market) -> &MarketSlot {
        &self.registry.markets[market.index as usize]
    }

    /// INV-04: counts, shares and sizes of both sides.
    fn check_market(&self, market: &Market) -> Checked {
        let slot = self.slot(market);
        let legs = self.legs(market).count();
        ensure(legs == market.leg_count as usize, || {
            format!("market {}: {legs} legs, it counts {}", market.index, market.leg_count)
        })?;
        let rounding = market.rounding_units as u128;
        let mut held = [0u128; 2];
        for side in [Side::Long, Side::Short] {
            let (totals, index) = (&market.sides[side as usize], &slot.sides[side as usize]);
            let of_side = || self.legs(market).filter(|(_, leg)| Side::of(leg.shares) == Some(side));
            let current: Vec<_> = of_side().filter(|(_, leg)| leg.epoch == index.epoch).collect();
            let shares: u128 = current.iter().map(|(_, leg)| leg.shares.unsigned_abs() as u128).sum();
            let older = of_side().count() - current.len();
            ensure(current.len() as u32 == totals.count, || {
                format!("market {}: {} {side:?} positions, it counts {}", market.index, current.len(), totals.count)
            })?;
            ensure(older as u64 == totals.ring_counts.iter().map(|c| *c as u64).sum::<u64>(), || {
                format!("market {}: {older} older {side:?} positions, it counts {:?}", market.index, totals.ring_counts)
            })?;
            let exact = older == 0 && index.epoch == 0;
            ensure(if exact { shares == totals.shares as u128 } else { shares <= totals.shares as u128 }, || {
                format!("INV-05: market {}: {side:?} shares are {shares}, it has {}", market.index, totals.shares)
            })?;
            let open = slot.open_interest(market, side).get() as u128;
            let sizes: u128 = of_side().map(|(_, leg)| self.units(market, leg).unsigned_abs() as u128).sum();
            ensure(sizes <= open, || format!("INV-04: market {}: {side:?} sizes {sizes} exceed {open}", market.index))?;
            let most = sizes + of_side().count() as u128 + rounding;
            ensure(open <= most, || {
                format!("INV-04: market {}: {side:?} open interest is {open}, its sizes are {sizes}", market.index)
            })?;
            held[side as usize] = sizes;
        }
        // Fills, liquidations and settlements move whole units from one to another; only closings against a whole side
        // round, and the market counts by how much they may have.
        ensure(held[0].abs_diff(held[1]) <= rounding, || {
            format!("INV-04: market {}: longs hold {}, shorts {}, rounding {rounding}", market.index, held[0], held[1])
        })?;
        self.check_claims(market)
    }

    /// INV-09: margin counts no claim at more than the pool would pay for it, to an atom of the pool, however old the
    /// registry's copy is.
    fn check_claims(&self, market: &Market) -> Checked {
        let mut valued = *market;
        pool::touch_pool(&mut valued, self.banks[Registry::QUOTE_BANK].0.deposit_index)
            .map_err(|e| format!("{e:?}"))?;
        let counted = PPM as u128 - self.slot(market).deficit_share_ppm as u128;
        let (pool, deficit) = (valued.pool_atoms as u128, valued.deficit_atoms as u128);
        ensure(deficit == 0 || counted * (pool + deficit) <= (pool + 1) * PPM as u128, || {
            format!("INV-09: market {}: a claim counts at {counted} ppm of {pool} and {deficit}", market.index)
        })
    }

    /// A leg's size, signed, base units.
    ///
    /// # Panics
    /// Where it cannot be carried over.
    pub fn units(&self, market: &Market, leg: &DerivativePosition) -> i64 {
        let clock = self.registry.funding_at(UnixSecs::new(self.now));
        self.slot(market).project(leg, clock).expect("a leg can be projected").0.get()
    }

    /// What a market's pool and deficit cover beyond every claim on it, valued at `price` micro-atoms of quote a unit:
    /// `pool + U - own claim - sum of PnL`, in millionths of an atom. Rounding only ever adds to it.
    ///
    /// # Panics
    /// Where a leg cannot be carried over.
    pub fn pool_surplus(&self, market: &Market, price: i128) -> i128 {
        let clock = self.registry.funding_at(UnixSecs::new(self.now));
        let mut surplus = market.pool_atoms as i128 + market.deficit_atoms as i128 - market.own_claim_atoms as i128;
        surplus *= 1_000_000;
        for (_, leg) in self.legs(market) {
            let (units, cash) = self.slot(market).project(leg, clock).expect("a leg can be projected");
            surplus -= cash.get() as i128 * 1_000_000 + units.get() as i128 * price;
        }
        surplus
    }
}

/// What a vault holds beyond what its bank owes, by the indices up to which interest is booked, in units of 2^-48 atoms.
pub fn surplus(bank: &Bank, vault: u64) -> i128 {
    let deposits = bank.deposit_shares as i128 * bank.deposit_index as i128;
    let borrows = bank.borrow_shares as i128 * bank.booked_borrow_index as i128;
    let held = bank.insurance_atoms as i128 + bank.reserved_atoms as i128 + bank.fees_atoms as i128;
    ((vault as i128 - held + bank.uncovered_atoms as i128) << 48) - deposits + borrows
}

/// INV-02 between two moments: a vault and what its bank owes move by the same atoms, up to one per rounded leg (and a
/// share's worth where shares are rounded), which the bank keeps.
///
/// # Errors
/// What moved by more.
pub fn check_step(before: &Books, after: &Books) -> Checked {
    for ((old, old_vault), (new, new_vault)) in before.banks.iter().zip(&after.banks) {
        let kept = surplus(new, *new_vault) - surplus(old, *old_vault);
        let share = new.deposit_index.max(new.booked_borrow_index).max(old.deposit_index) as i128;
        // A fall of the deposit index is rounded up by one unit of it, on every share.
        let fall = if new.deposit_index < old.deposit_index { old.deposit_shares as i128 } else { 0 };
        let bound = 4 * ((1 << 48) + share) + fall;
        // What was booked is charged to borrowers to the unit, so booking alone never gives anything away either.
        ensure((0..=bound).contains(&kept), || {
            format!("INV-02: bank {}: the surplus moved by {} atoms", new.index, kept as f64 / (1u64 << 48) as f64)
        })?;
        if new_vault < old_vault {
            let totals = new.totals();
            ensure(totals.is_liquid(), || format!("bank {}: borrows exceed deposits after atoms left", new.index))?;
        }
    }
    Ok(())
}

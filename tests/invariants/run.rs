//! Runs actions and checks after each what must hold.

use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use plimsoll_risk::liquidate::{assess, Assessment};
use plimsoll_risk::margin::{initial_margins, margins};
use plimsoll_risk::portfolio::{Portfolio, PriceKind};
use plimsoll_risk::price::{BasePrice, TokenPrice};
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_risk::waterfall::check_bankrupt;
use plimsoll_sdk::view::Accounts;
use plimsoll_state::snapshot::Views;
use plimsoll_state::MarginAccount;
use plimsoll_tests::*;

use super::action::{instruction, legs, step, Action, TRADERS};
use super::coverage::Coverage;
use super::rebuild;

/// Facts that hold, or the one that does not.
pub type Checked = Result<(), String>;

/// By how much the roundings of one instruction may lower an account's margins: an atom or a share of each leg it moves,
/// at any weight; here of atoms worth at most a micro-dollar, pico-dollars.
const ROUNDING_PICO: i128 = 40_000_000;

pub fn ensure(holds: bool, what: impl FnOnce() -> String) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(what())
    }
}

const EVERY_VIEW: Views = Views { spot: true, fast: true, initial: true, edges: true };

/// An account as margin code sees it in some books.
pub fn portfolio(books: &Books, account: &MarginAccount) -> Box<Portfolio> {
    let accounts = Accounts { account, registry: &books.registry, board: &books.board, now: books.now };
    accounts.portfolio(EVERY_VIEW).expect("the account can be loaded")
}

/// NAV, and what is above each requirement, at every price.
pub fn standing(books: &Books, account: &MarginAccount) -> [i128; 7] {
    let p = portfolio(books, account);
    let (spot, fast, initial) =
        (margins(&p, PriceKind::Spot, false), margins(&p, PriceKind::Fast, false), initial_margins(&p));
    [
        spot.nav.get(),
        spot.maint_excess.get(),
        spot.target_excess.get(),
        fast.nav.get(),
        fast.maint_excess.get(),
        fast.target_excess.get(),
        initial.init_excess.get(),
    ]
}

pub fn assessed(books: &Books, account: &MarginAccount) -> Assessment {
    assess(&portfolio(books, account), &account.clocks(), UnixSecs::new(books.now))
}

/// A world in motion.
pub struct Run {
    pub stage: Stage,
    pub traders: Vec<Trader>,
    pub books: Books,
    /// Instructions that went through, by name of the action.
    pub done: BTreeMap<String, u32>,
    /// States that the engine was in.
    pub seen: Coverage,
    closings: i128,
    rebuilt: plimsoll_sim::rebuild::Rebuilt,
}

impl Run {
    /// Five traders with nothing, next to the stage's maker and liquidator; a venue that may report premiums; a
    /// settlement token of so many decimals.
    pub fn new(quote_decimals: u8) -> Self {
        let mut stage = Stage::with_quote(quote_decimals);
        let (keys, authority) = (stage.keys, stage.authority);
        let args = args::RegisterVenueArgs { signer: address("venue"), settle_markets: 3, premium_markets: 3 };
        let register = ix::register_venue(&keys, authority, authority, args);
        assert_sent(stage.send_as_authority(register));
        let mut traders: Vec<Trader> = (0..TRADERS).map(|number| stage.trader(&format!("trader {number}"))).collect();
        traders.extend([stage.maker, stage.liquidator]);
        stage.party("venue");
        let books = Books::read(&stage);
        let rebuilt = rebuild::of(&books);
        Self { stage, traders, books, done: BTreeMap::new(), seen: Coverage::default(), closings: 0, rebuilt }
    }

    /// [`ROUNDING_PICO`] where an atom of the settlement token is worth more than a micro-dollar, pico-dollars.
    pub fn rounding_pico(&self) -> i128 {
        let decimals = self.stage.mints[USDC as usize].decimals as u32;
        ROUNDING_PICO * 10i128.pow((QUOTE_DECIMALS as u32).saturating_sub(decimals))
    }

    /// Follows the events from here on: what the authority changed before is not an event of an account's.
    pub fn rebase(&mut self) {
        self.rebuilt = rebuild::of(&self.books);
    }

    /// Does one thing and checks everything.
    ///
    /// # Errors
    /// What does not hold.
    pub fn perform(&mut self, action: &Action) -> Checked {
        match *action {
            Action::Price { slot, factor_ppm, secs } => self.move_price(slot, factor_ppm, secs),
            Action::Crash { slot, factor_ppm } => {
                self.move_price(slot, factor_ppm, 2)?;
                self.stand(60)
            }
            Action::Wait => self.stand(300),
            Action::Hunt { by, leg, part } => {
                let under_water = |trader: &Trader| {
                    let account = &self.books.accounts[&trader.account];
                    account.status == 0 && assessed(&self.books, account).regime.is_some()
                };
                match self.traders.iter().position(under_water) {
                    Some(of) if of != by => self.liquidate(&Action::Liquidate { by, of, leg, part }, of, leg),
                    _ => Ok(()),
                }
            }
            Action::Bury { step } => self.bury(step),
            Action::Pass { secs } => {
                self.stage.advance(secs);
                self.stage.repeat_prices();
                self.books = Books::read(&self.stage);
                self.books.check()
            }
            Action::Liquidate { by, of, leg, .. } if by != of => self.liquidate(action, of, leg),
            _ => self.act(action),
        }
    }

    /// Prices stand, and who may be under water is observed every ten seconds.
    pub fn stand(&mut self, secs: i64) -> Checked {
        for _ in 0..secs / 10 {
            self.stage.hold_prices(10, 10);
            self.books = Books::read(&self.stage);
            for trader in self.traders.clone() {
                let account = self.books.accounts[&trader.account];
                let watched = account.observed != 0 || assessed(&self.books, &account).regime.is_some();
                if account.status == 0 && watched {
                    let observe = ix::observe_margin(&self.stage.keys, trader.account);
                    self.send("Observe", observe, self.stage.authority, true)?;
                }
            }
        }
        self.check_liveness()
    }

    /// The first step that works on the first account that is bankrupt, beginning with `first`.
    fn bury(&mut self, first: usize) -> Checked {
        let bankrupt = |trader: &&Trader| {
            let account = &self.books.accounts[&trader.account];
            let portfolio = portfolio(&self.books, account);
            account.status != 0 || check_bankrupt(&portfolio, &assessed(&self.books, account)).is_ok()
        };
        let Some(trader) = self.traders.iter().find(bankrupt).copied() else { return Ok(()) };
        for number in 0..16 {
            let resolve = ix::resolve_bankruptcy(&self.stage.keys, trader.account, step((first + number) % 16));
            if self.send("Resolve", resolve, self.stage.authority, false)?.is_some() {
                return Ok(());
            }
        }
        Err(format!("no step of the resolution of {} works", trader.account))
    }

    fn move_price(&mut self, slot: u8, factor_ppm: u32, secs: i64) -> Checked {
        self.stage.advance(secs);
        let feeds = self.stage.feeds.clone();
        for feed in feeds {
            let mut price = feed.last.expect("a price was posted").price_e8;
            if feed.slot == slot {
                let cap = [2, 20_000, 10_000_000][slot as usize] * E8;
                price = (price as i128 * factor_ppm as i128 / 1_000_000).clamp(1_000, cap as i128) as i64;
            }
            assert_sent(self.stage.set_price(feed.slot, price));
        }
        self.books = Books::read(&self.stage);
        self.books.check()
    }

    fn act(&mut self, action: &Action) -> Checked {
        let books = self.books.clone();
        let Some((instruction, payer)) = instruction(&mut self.stage, &books, &self.traders, action) else {
            return Ok(());
        };
        let name = format!("{action:?}").split([' ', '{']).next().unwrap_or_default().to_string();
        let socializes = matches!(action, Action::Resolve { .. });
        self.send(&name, instruction, payer, !socializes).map(|_| ())
    }

    /// Sends an instruction and compares both moments. Returns whether it went through.
    pub fn send(
        &mut self,
        name: &str,
        instruction: solana_instruction::Instruction,
        payer: Pubkey,
        harms_nobody: bool,
    ) -> Result<Option<litesvm::types::TransactionMetadata>, String> {
        // Wallets were funded since the last look.
        let before = self.stage.snapshot();
        let parties: Vec<Pubkey> = instruction.accounts.iter().map(|meta| meta.pubkey).collect();
        let sent = self.stage.send(&payer, &[instruction]);
        let Ok(meta) = sent else {
            let failure = sent.unwrap_err();
            self.seen.refused(failure.code);
            ensure(failure.code.is_some(), || format!("{name}: not the program's own refusal: {failure}"))?;
            *self.done.entry(format!("{name}{}", failure.code.unwrap_or_default())).or_default() += 1;
            ensure(before == self.stage.snapshot(), || format!("INV-61: {name} failed and changed a byte"))?;
            return Ok(None);
        };
        *self.done.entry(name.to_string()).or_default() += 1;
        let old = std::mem::replace(&mut self.books, Books::read(&self.stage));
        self.seen.look(&self.books);
        self.books.check().map_err(|fact| format!("after {name}: {fact}"))?;
        check_step(&old, &self.books).map_err(|fact| format!("after {name}: {fact}"))?;
        if name == "Resolve" {
            self.closings += 1;
        }
        rebuild::apply(&mut self.rebuilt, &meta, self.stage.now())?;
        rebuild::compare(&self.rebuilt, &self.books).map_err(|fact| format!("after {name}: {fact}"))?;
        self.check_pools(&old, name == "Resolve").map_err(|fact| format!("after {name}: {fact}"))?;
        if harms_nobody {
            self.check_others(&old, &parties, name)?;
        }
        Ok(Some(meta))
    }

    /// Nobody who is not a party of an instruction is worth less after it, nor nearer to any requirement; and of those who
    /// are, nobody who was not liquidatable before is so now (INV-21, INV-26).
    fn check_others(&self, old: &Books, parties: &[Pubkey], name: &str) -> Checked {
        for (key, account) in &self.books.accounts {
            let Some(before) = old.accounts.get(key) else { continue };
            let party = parties.contains(key);
            let changed = bytemuck::bytes_of(before) != bytemuck::bytes_of(account);
            ensure(party || !changed, || format!("INV-26: {name} changed a bystander's bytes"))?;
            if !party || name == "Settle" {
                // An accrual copies a deposit index that is only ever higher; a settlement costs an atom at most.
                let slack = if party { self.rounding_pico() + self.unseen_interest(before, account) } else { 0 };
                let (was, is) = (standing(old, before), standing(&self.books, account));
                let lower = was.iter().zip(&is).any(|(was, is)| is + slack < *was);
                ensure(!lower, || format!("{name} lowered a margin of {key} (a party: {party}): {was:?} to {is:?}"))?;
            }
            let (was, is) = (assessed(old, before), assessed(&self.books, account));
            ensure(was.regime.is_some() || is.regime.is_none(), || {
                format!("INV-21: {name} made {key} liquidatable: {:?} to {:?}", was.spot, is.spot)
            })?;
        }
        Ok(())
    }

    /// What a win lost in margin's eyes as it became a deposit: shares cost the bank's deposit index, and margin counts
    /// them at the registry's copy of it, which lacks the interest since the last `accrue`. Pico-dollars.
    fn unseen_interest(&self, before: &MarginAccount, after: &MarginAccount) -> i128 {
        let shares = |account: &MarginAccount| account.quote_shares().max(0) as i128;
        let bank = &self.books.banks[0].0;
        let lag = bank.deposit_index - self.books.registry.banks[0].deposit_index;
        (((shares(after) - shares(before)).max(0) * lag as i128) >> 48) * 1_010_000
    }

    /// Claims on a pool never exceed pool and deficit, but for base units that closings rounded away.
    ///
    /// A resolution moves the cash of everybody on a side. Each leg's is floored, so of a charge c a leg with a fraction
    /// of x shows `floor(x) - floor(x - c)`, by less than an atom too little: the fraction was kept before, and is given
    /// back. Where an atom is worth more than a base unit, the units that closings rounded do not cover that.
    fn check_pools(&self, old: &Books, resolved: bool) -> Checked {
        for (was, market) in old.markets.iter().zip(&self.books.markets) {
            let slot = self.books.slot(market);
            let price = &self.books.board.slots[slot.price_slot as usize];
            let unit = BasePrice::new_down(price.spot.get(), slot.scale.get());
            let price = ((unit.mantissa() as u128 * 1_000_000) >> unit.shift()) as i128;
            let surplus = self.books.pool_surplus(market, price);
            let legs = self.books.legs(market).count() as i128;
            let slack = self.closings * (legs + 1) * (price + 1);
            let fractions = if resolved { 1_000_000 * legs } else { 0 };
            ensure(surplus + slack >= 0, || format!("market {}: claims exceed the pool by {surplus}", market.index))?;
            let moved = surplus - old.pool_surplus(was, price);
            let rounded = 1_000_000 * (4 + 2 * legs);
            // With the last leg nobody has a claim any more, and what rounding had kept is the market's own.
            let ended = market.leg_count == 0;
            ensure((ended || moved + slack + fractions >= 0) && moved <= rounded + slack, || {
                format!("market {}: claims moved by {moved} millionths of an atom against the pool", market.index)
            })?;
        }
        Ok(())
    }

    /// What all accounts are worth beyond what stands behind them in the vaults, micro-dollars: nobody together can raise
    /// it while prices stand (INV-28).
    pub fn unbacked_usd_micro(&self) -> i128 {
        let worth: i128 =
            self.books.accounts.values().map(|account| standing(&self.books, account)[0] / 1_000_000).sum();
        let backing = |(bank, vault): &(plimsoll_state::Bank, u64)| {
            let slot = &self.books.registry.banks[bank.index as usize];
            let price = self.books.board.slots[slot.price_slot as usize].spot.get();
            let held = vault - bank.insurance_atoms - bank.reserved_atoms - bank.fees_atoms;
            TokenPrice::new_down(price, slot.scale.get()).value_up(Atoms::new(held)).get() as i128
        };
        worth - self.books.banks.iter().map(backing).sum::<i128>()
    }

    fn liquidate(&mut self, action: &Action, of: usize, leg: usize) -> Checked {
        let books = self.books.clone();
        let of = self.traders[of];
        let legs = legs(&books, &of);
        let Some(leg) = legs.get(leg % legs.len().max(1)).copied() else { return Ok(()) };
        let Some((instruction, payer)) = instruction(&mut self.stage, &books, &self.traders, action) else {
            return Ok(());
        };
        self.send_liquidation(&of, leg, instruction, payer)
    }
}

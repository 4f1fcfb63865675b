//! What everybody has, at prices that stand still, and what of it is gone after somebody else's transaction.

use std::collections::{BTreeMap, BTreeSet};

use anchor_lang::prelude::Pubkey;
use plimsoll::guard::powers::Toll;
use plimsoll_risk::num::PPM;
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::view::Accounts;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{AccountStatus, Bank, MarginAccount, Market, PriceBoard, Registry};
use plimsoll_tests::*;

/// What rounding may cost one account in one transaction, micro-dollars.
pub const ROUNDING_USD_MICRO: i128 = 20;
/// Slot and price of what the stage lists, in units of 1e-8 dollars, where they stand still.
pub type Prices<'a> = &'a [(u8, i64)];

/// What one margin account has, in micro-dollars.
#[derive(Clone, Copy, Debug)]
pub struct Holding {
    /// Whether it is frozen, and so being resolved.
    pub frozen: bool,
    /// What it is worth.
    pub worth: i128,
    /// What it needs at maintenance.
    pub maintenance: i128,
    /// What it holds and the notional of its positions.
    pub gross: i128,
    /// What it owes.
    pub owed: i128,
    /// Whether it may be liquidated.
    pub under_water: bool,
    /// Base units of its positions, by market.
    pub units: [i64; 2],
    /// What rounding may cost it in one transaction: the share that a market's deficit takes of a gain is of whole parts per
    /// million, rounded up, so that an atom missing in a pool takes one.
    pub rounding: i128,
}

/// What everybody has at one moment.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Margin accounts.
    pub holdings: BTreeMap<Pubkey, Holding>,
    /// Insurance of each bank with what is reserved and what waits, micro-dollars.
    pub insurance: Vec<i128>,
    /// What was drawn of each bank's insurance within the hour, which shares of it are counted with, micro-dollars.
    pub drawn: Vec<i128>,
    /// Insurance that waits for liquidity as deposit shares, with the deposit index: what depositors bear, it bears with them.
    pub waiting: Vec<(u64, u64)>,
    /// What markets will hand to quote's insurance once losers have paid it, micro-dollars.
    pub claims: i128,
    /// The same less what is missing in their pools, micro-dollars.
    pub backed: i128,
    /// Fees booked with each bank, micro-dollars.
    pub fees: Vec<i128>,
    /// Vaults hold what they owe.
    pub covered: bool,
    /// The highest fee of a fill that a market asks, ppm.
    fill_fee_ppm: u32,
    params: GlobalParams,
}

impl Measured {
    /// The engine's parameters then.
    pub const fn params(&self) -> &GlobalParams {
        &self.params
    }

    /// The steepest slope of a ramp, ppm an hour.
    pub fn slope_ppm(&self) -> i128 {
        let changes = &self.params.changes;
        changes.weight_ramp_ppm_per_hour.max(changes.rate_ramp_ppm_per_hour) as i128
    }

    /// Of these accounts.
    ///
    /// # Panics
    /// Where one cannot be loaded.
    pub fn of(world: &World, whose: &[Trader], prices: Prices) -> Self {
        let (registry, board, now) = (world.registry(), calm(world, prices), world.now());
        let holdings = whose.iter().map(|trader| {
            let account: MarginAccount = world.read(&trader.account);
            (trader.account, holding(&account, &registry, &board, now))
        });
        let banks: Vec<Bank> = (0..registry.bank_count).map(|bank| world.read(&world.keys.bank(bank).bank)).collect();
        let vault = |bank: &Bank| world.token_balance(&world.keys.bank(bank.index).vault);
        let dollars = |bank: &Bank, atoms: i128| {
            let (_, price_e8) = prices[bank.index as usize];
            atoms * price_e8 as i128 / 10i128.pow(bank.decimals as u32 + 2)
        };
        let insurance = |bank: &Bank| {
            let waiting = (bank.waiting_shares as i128 * bank.deposit_index as i128) >> 48;
            dollars(bank, bank.insurance_atoms as i128 + bank.reserved_atoms as i128 + waiting)
        };
        let insured: Vec<i128> = banks.iter().map(insurance).collect();
        let drawn = |bank: &Bank| dollars(bank, bank.drawable(UnixSecs::new(now)).hour_drawn.get() as i128);
        let markets = (0..registry.market_count).map(|market| world.read::<Market>(&world.keys.market(market)));
        let markets: Vec<Market> = markets.collect();
        let claims = markets.iter().map(|market| market.own_claim_atoms as i128).sum::<i128>();
        // A pool that lost by a socialization books it at the next touch, and a deficit takes what is claimed next.
        let backed = markets.iter().map(|market| {
            let value = market.pool_value_down(banks[0].deposit_index).get() as i128;
            market.own_claim_atoms as i128 - market.deficit_atoms as i128 + value - market.pool_atoms as i128
        });
        let backed = backed.sum::<i128>();
        Self {
            holdings: holdings.collect(),
            insurance: insured,
            drawn: banks.iter().map(drawn).collect(),
            waiting: banks.iter().map(|bank| (bank.waiting_shares, bank.deposit_index)).collect(),
            claims: dollars(&banks[0], claims),
            backed: dollars(&banks[0], backed),
            fees: banks.iter().map(|bank| dollars(bank, bank.fees_atoms as i128)).collect(),
            covered: banks.iter().all(|bank| surplus(bank, vault(bank)) >= 0),
            fill_fee_ppm: registry.markets.iter().map(|slot| slot.fees.fill_fee_ppm).max().unwrap_or(0),
            params: *registry.params(),
        }
    }
}

/// The board with every price of now and nothing that holds one back: what is compared is worth, not whether it is known.
fn calm(world: &World, prices: Prices) -> Box<PriceBoard> {
    let (mut board, now) = (world.board(), world.now());
    board.stopped_until_at = 0;
    for (slot, price) in prices {
        let slot = &mut board.slots[*slot as usize];
        (slot.published_at, slot.halted_until_at) = (now, 0);
        let price = plimsoll_risk::price::Price::from_decimal_down(*price as u64, -8).expect("it is a price").into();
        (slot.spot, slot.fast, slot.slow) = (price, price, price);
    }
    board
}

fn holding(account: &MarginAccount, registry: &Registry, board: &PriceBoard, now: i64) -> Holding {
    let accounts = Accounts { account, registry, board, now };
    let assessed = accounts.assessment().expect("it can be loaded");
    let portfolio = accounts.portfolio(Views::SPOT).expect("it can be loaded");
    let gains: i128 = portfolio.perps().iter().map(|leg| leg.pnl_at(leg.prices.spot).gain().get() as i128).sum();
    let spot = &assessed.spot;
    let worth = spot.nav.get() / 1_000_000;
    let assets = spot.assets.get() as i128;
    let units = |market: u8| account.perp_index(market).map_or(0, |leg| account.derivatives[leg].shares);
    Holding {
        frozen: account.status != AccountStatus::Active as u8,
        worth,
        maintenance: worth - spot.maint_excess.get() / 1_000_000,
        gross: assets + spot.notional_atoms as i128,
        owed: (assets - worth).max(0),
        under_water: assessed.regime.is_some(),
        units: [units(SOL_PERP), units(BTC_PERP)],
        rounding: ROUNDING_USD_MICRO + 2 * gains / PPM as i128,
    }
}

/// The most that was taken so far, micro-dollars, and the words for how ways out were closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worst {
    /// Worth of an account that was not under water.
    pub healthy: i128,
    /// Of one that was.
    pub under_water: i128,
    /// Of one that was bankrupt, and of lenders to it.
    pub by_loss: i128,
    /// Of an account whose owner gave the sender a right.
    pub giver: i128,
    /// Maintenance that was added, ppm of what the account holds and owes.
    pub maintenance_ppm: i128,
    /// Insurance.
    pub insurance: i128,
    /// Fees.
    pub fees: i128,
    /// How ways out were closed.
    pub exits: BTreeSet<&'static str>,
}

impl Worst {
    /// The worse of both.
    pub fn and(&mut self, other: &Self) {
        self.healthy = self.healthy.max(other.healthy);
        self.under_water = self.under_water.max(other.under_water);
        self.by_loss = self.by_loss.max(other.by_loss);
        self.giver = self.giver.max(other.giver);
        self.maintenance_ppm = self.maintenance_ppm.max(other.maintenance_ppm);
        self.insurance = self.insurance.max(other.insurance);
        self.fees = self.fees.max(other.fees);
        self.exits.extend(&other.exits);
    }
}

/// What one transaction may take.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// Of anybody.
    pub others: Vec<Toll>,
    /// Of those who gave the sender a right.
    pub givers: Vec<Toll>,
}

/// One transaction, seen by those who did not sign it.
pub struct Comparison<'a> {
    /// Before it.
    pub before: &'a Measured,
    /// After it.
    pub after: &'a Measured,
    /// What it may take.
    pub allowed: &'a Allowed,
    /// Whose accounts are the sender's own.
    pub own: &'a [Pubkey],
    /// Who gave the sender a right.
    pub givers: &'a [Pubkey],
    /// For how long a ramp may have been due, seconds.
    pub ramped_secs: i128,
}

impl Comparison<'_> {
    /// What it took.
    ///
    /// # Errors
    /// What it took beyond what it may.
    pub fn check(&self) -> Result<Worst, String> {
        let mut worst = Worst::default();
        let (mut lost, mut owed) = (0, 0);
        for (key, old) in self.before.holdings.iter().filter(|(key, _)| !self.own.contains(key)) {
            let new = &self.after.holdings[key];
            let giver = self.givers.contains(key);
            let tolls = if giver { &self.allowed.givers } else { &self.allowed.others };
            let taken = old.worth - new.worth;
            let most = tolls.iter().map(|toll| self.most_worth(*toll, old, new)).max().unwrap_or(0);
            if taken > most + old.rounding {
                return Err(format!("{key} lost {taken} micro-dollars, and may lose {most}: {old:?}, {new:?}"));
            }
            let insolvent = old.frozen || old.worth < 0;
            let place = match () {
                () if tolls.contains(&Toll::Loss) => &mut worst.by_loss,
                () if giver => &mut worst.giver,
                () if old.under_water => &mut worst.under_water,
                () => &mut worst.healthy,
            };
            *place = (*place).max(taken);
            if insolvent {
                owed += old.owed;
            } else {
                lost += taken.max(0);
            }
            self.check_maintenance(key, old, new, tolls, &mut worst)?;
        }
        self.check_funds(lost, owed, &mut worst)?;
        Ok(worst)
    }

    /// The most of an account's worth that a call of this toll takes, micro-dollars.
    fn most_worth(&self, toll: Toll, old: &Holding, new: &Holding) -> i128 {
        let params = &self.before.params;
        let (auction, perps) = (&params.auction, &params.perps);
        let traded: i128 = (0..2).map(|market| (old.units[market] as i128 - new.units[market] as i128).abs()).sum();
        match toll {
            Toll::Penalty if old.under_water => {
                let penalty = auction.penalty_cap_ppm.max(params.wind_down.wind_down_penalty_ppm);
                old.gross * penalty as i128 / PPM as i128
            }
            // What bears it is summed up beside what was lost.
            Toll::Loss => i128::MAX / 4,
            Toll::Fill | Toll::Trade => {
                let fee = self.before.fill_fee_ppm as i128 + perps.fill_insurance_ppm as i128;
                let band = if toll == Toll::Fill { perps.fill_band_ppm as i128 } else { 0 };
                traded * MOST_USD_MICRO_PER_UNIT * (fee + band) / PPM as i128
            }
            _ => 0,
        }
    }

    fn check_maintenance(
        &self,
        key: &Pubkey,
        old: &Holding,
        new: &Holding,
        tolls: &[Toll],
        worst: &mut Worst,
    ) -> Result<(), String> {
        // Whoever traded or took over needs margin for it; a loss that is borne leaves others as they are or smaller.
        let takes_over = tolls != &self.allowed.others[..] && tolls.contains(&Toll::Penalty);
        if old.units != new.units || takes_over || tolls.contains(&Toll::Loss) || tolls.contains(&Toll::Waited) {
            return Ok(());
        }
        // Whoever is paid funding or interest needs margin for it too, and is farther from maintenance all the same.
        let gained = (new.worth - old.worth).max(0);
        let added = new.maintenance - old.maintenance - gained;
        let steps = tolls.iter().any(|toll| matches!(toll, Toll::Step | Toll::Tightens)) as i128;
        let slope = self.before.slope_ppm();
        let hour = self.ramped_secs.min(3_600);
        // Several steps in one transaction are one: no time passes between them. A part per million is rounded.
        let most = steps * (old.gross + old.owed) * (slope * hour / 3_600 + 2) / PPM as i128;
        if added > most + ROUNDING_USD_MICRO {
            return Err(format!("{key} needs {added} micro-dollars more, and may need {most}: {old:?}, {new:?}"));
        }
        if added > ROUNDING_USD_MICRO {
            let part = added * PPM as i128 / (old.gross + old.owed).max(1);
            worst.maintenance_ppm = worst.maintenance_ppm.max(part);
        }
        Ok(())
    }

    /// Insurance pays for nothing but a known loss and fees leave only to their collector; vaults hold what they owe.
    fn check_funds(&self, lost: i128, owed: i128, worst: &mut Worst) -> Result<(), String> {
        let booked = self.allowed.others.contains(&Toll::Loss);
        let mut drawn = 0;
        for (bank, (old, new)) in self.before.insurance.iter().zip(&self.after.insurance).enumerate() {
            // A claim that is paid is insurance, and of a loss it bears the first part.
            let (claims, left, was_backed, is_backed) = match bank {
                0 => (self.before.claims, self.after.claims, self.before.backed, self.after.backed),
                _ => (0, 0, 0, 0),
            };
            let taken = if booked { old + claims - new - left } else { old + was_backed - new - is_backed };
            let whole = old + self.before.drawn[bank];
            let share = whole * self.before.params.draws.draw_event_ppm as i128 / PPM as i128;
            // What waits as a deposit bears the rest of a loss as every deposit does, by the fall of the index.
            let (was, is) = (self.before.waiting[bank], self.after.waiting[bank]);
            let borne = old * was.1.saturating_sub(is.1) as i128 / was.1.max(1) as i128;
            let most = if booked { share + claims + borne } else { 0 };
            if taken > most + ROUNDING_USD_MICRO {
                return Err(format!(
                    "insurance of bank {bank} lost {taken} of {old} micro-dollars, {most} at most; {was:?} and {is:?} waited"
                ));
            }
            worst.insurance = worst.insurance.max(taken);
            drawn += taken.max(0);
        }
        if booked && lost + drawn > owed + ROUNDING_USD_MICRO * self.before.holdings.len() as i128 {
            return Err(format!("others bore {lost} and insurance {drawn} micro-dollars of a loss of at most {owed}"));
        }
        let collected = self.allowed.others.contains(&Toll::Fees);
        for (bank, (old, new)) in self.before.fees.iter().zip(&self.after.fees).enumerate() {
            let taken = old - new;
            if taken > if collected { *old } else { 0 } {
                return Err(format!("{taken} micro-dollars of fees of bank {bank} are gone"));
            }
            worst.fees = worst.fees.max(taken);
        }
        if self.before.covered && !self.after.covered {
            return Err("a vault no longer holds what its bank owes".to_owned());
        }
        Ok(())
    }
}

/// The dearest base unit of the listed markets at the stage's prices: a millionth of a SOL, a billionth of a BTC.
const MOST_USD_MICRO_PER_UNIT: i128 = 200;
/// What closes somebody's way out, as the program names it, and which tolls may.
pub const CLOSINGS: [(EngineError, &str, &[Toll]); 9] = [
    (EngineError::Paused, "pause", &[Toll::Stops]),
    (EngineError::PriceHalted, "halt", &[Toll::Stops]),
    (EngineError::OutflowLimited, "outflow", &[Toll::Room]),
    (EngineError::LiquidityInsufficient, "outflow", &[Toll::Room]),
    (EngineError::LossKnown, "known loss", &[Toll::Loss]),
    // Also of whoever bore a part of a loss.
    (EngineError::InitialMarginInsufficient, MARGIN, &[Toll::Tightens, Toll::Loss]),
    (EngineError::PriceBreakerTripped, "breaker", &[Toll::Tightens]),
    (EngineError::ThroughputBreakerTripped, THROUGHPUT, &[Toll::Penalty]),
    (EngineError::DrawdownBreakerTripped, DRAWDOWN, &[Toll::Loss]),
];
/// The word for a way out that margin closes, which it does to nobody who owes nothing.
const MARGIN: &str = "initial margin";
/// The words for those that what is liquidated and what insurance pays close, likewise.
const THROUGHPUT: &str = "throughput";
/// See [`THROUGHPUT`].
const DRAWDOWN: &str = "drawdown";

/// Somebody tries to leave with a little.
#[derive(Clone, Copy, Debug)]
pub struct Leaver {
    /// Who.
    pub trader: Trader,
    /// Of which bank.
    pub bank: u8,
    /// What he wants, atoms.
    pub atoms: u64,
    /// Whether he has debts or positions, which margin asks about.
    pub owes: bool,
}

impl Leaver {
    /// How he is refused; none where he is let out.
    pub fn refused(&self, world: &World) -> Option<u32> {
        let mint = world.mints[self.bank as usize];
        let to = plimsoll_sdk::pda::associated_token(&self.trader.owner, &mint.key, &mint.program);
        let args = args::WithdrawArgs { amount_atoms: self.atoms, all: false };
        let (owner, account) = (self.trader.owner, self.trader.account);
        let withdraw = ix::withdraw(&world.keys, &world.token(self.bank), owner, account, to, args);
        world.simulate(&owner, &[withdraw]).err().map(|failure| failure.code.unwrap_or_default())
    }

    /// The word for how his way out was closed, if it was.
    ///
    /// # Errors
    /// Where nothing allows it to be.
    pub fn closed(&self, world: &World, allowed: &Allowed) -> Result<Option<&'static str>, String> {
        let Some(code) = self.refused(world) else { return Ok(None) };
        let known = CLOSINGS.iter().find(|(error, ..)| *error as u32 == code);
        match known {
            Some((_, word @ (MARGIN | THROUGHPUT | DRAWDOWN), _)) if !self.owes => {
                Err(format!("{:?} owes nothing, and {word} keeps him in", self.trader))
            }
            Some((_, word, tolls))
                if allowed.others.iter().any(|toll| tolls.contains(toll) || *toll == Toll::Waited) =>
            {
                Ok(Some(word))
            }
            _ => Err(format!("{:?} is kept in by error {code}", self.trader)),
        }
    }
}

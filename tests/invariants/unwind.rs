//! Every session can end: whatever has happened, everybody gets out, and nothing is left that is nobody's.
//!
//! Who is under water is liquidated, who is bankrupt is resolved; then positions are closed against each other, what
//! rounding left of them is written off, PnL is settled, debts are repaid and everything is withdrawn.

use anchor_lang::prelude::Pubkey;
use plimsoll::event::PositionTouched;
use plimsoll_risk::lazy::Side;
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_risk::waterfall::check_bankrupt;
use plimsoll_state::{AccountStatus, MarginAccount};
use plimsoll_tests::*;
use solana_instruction::Instruction;

use super::action::step;
use super::run::{assessed, ensure, portfolio, Checked, Run};

/// Who has enough of everything to close what others leave: the stage's maker and liquidator.
const RICH: usize = 2;
/// Rounds within which everybody under water is cured, wound down or resolved.
const ROUNDS: usize = 60;
/// Rounds in which nobody liquidates first, where so it is wanted: longer than wind-down takes to close a base.
const UNATTENDED: usize = 8;

impl Run {
    fn account(&self, trader: &Trader) -> &MarginAccount {
        &self.books.accounts[&trader.account]
    }

    fn do_once(&mut self, name: &str, instruction: Instruction, payer: Pubkey) -> Result<bool, String> {
        Ok(self.send(name, instruction, payer, name != "Resolve")?.is_some())
    }

    fn pays(&mut self, trader: &Trader, bank: u8, amount_atoms: u64) -> Result<bool, String> {
        let (token, source) = (self.stage.token(bank), self.stage.funded(&trader.owner, bank, amount_atoms));
        let args = args::DepositArgs { amount_atoms };
        let deposit = ix::deposit(&self.stage.keys, &token, trader.owner, trader.account, source, args);
        self.do_once("Deposit", deposit, trader.owner)
    }

    /// Pays in quote as much of an amount as the bank's cap leaves room for, to within half.
    fn pays_as_much(&mut self, trader: &Trader, mut amount_atoms: u64) -> Result<bool, String> {
        while amount_atoms > 0 {
            if self.pays(trader, USDC, amount_atoms)? {
                return Ok(true);
            }
            amount_atoms /= 2;
        }
        Ok(false)
    }

    /// Ends the session: every account closed, every pool and every vault empty but for insurance and fees.
    ///
    /// # Errors
    /// The first thing that cannot be ended.
    pub fn unwind(&mut self, attended: bool) -> Checked {
        self.open_everything()?;
        for rich in self.traders[self.traders.len() - RICH..].to_vec() {
            self.pays(&rich, USDC, self.stage.usd(50_000_000).min(MAX_ATOMS / 4))?;
        }
        self.settle_the_unhealthy(attended)?;
        self.close_positions()?;
        // A claim that is given up for less than its face may not be what creditors rely on.
        self.pay_back()?;
        self.settle_everything()?;
        self.pay_back()?;
        self.withdraw_everything()?;
        self.check_nothing_is_left()
    }

    /// A loss that may not become a borrow, or a position that may not pass through a full market, waits for its authority.
    fn open_everything(&mut self) -> Checked {
        let (keys, authority) = (self.stage.keys, self.stage.authority);
        for bank in 0..3u8 {
            let config = self.stage.bank_config(bank).args();
            let update = ix::update_bank(&keys, authority, bank, args::UpdateBankArgs { reduce_only: false, config });
            self.do_once("Caps", update, authority)?;
        }
        for market in 0..self.books.markets.len() as u8 {
            let terms = self.stage.market_config(market).args(market).terms;
            let update = ix::update_market(&keys, authority, market, args::UpdateMarketArgs { status: 1, terms });
            self.do_once("MarketCap", update, authority)?;
        }
        Ok(())
    }

    fn is_troubled(&self, trader: &Trader) -> bool {
        let account = self.account(trader);
        account.status != AccountStatus::Active as u8 || assessed(&self.books, account).regime.is_some()
    }

    /// Settles, liquidates and resolves until nobody is under water: a claim on a pool is nothing that a liquidator could
    /// take before it is paid, and the pool is paid by losers.
    fn settle_the_unhealthy(&mut self, attended: bool) -> Checked {
        for round in 0..ROUNDS {
            self.stand(60)?;
            for market in 0..self.books.markets.len() as u8 {
                for trader in self.traders.clone() {
                    if self.account(&trader).perp_index(market).is_some() {
                        let settle = ix::settle_pnl(&self.stage.keys, market, Some(trader.account));
                        self.do_once("Settle", settle, self.stage.authority)?;
                    }
                }
            }
            let troubled: Vec<Trader> =
                self.traders.iter().filter(|trader| self.is_troubled(trader)).copied().collect();
            if troubled.is_empty() {
                return Ok(());
            }
            for trader in troubled {
                self.resolve_or_liquidate(&trader, attended || round >= UNATTENDED)?;
            }
        }
        let left: Vec<String> =
            self.traders.iter().filter(|trader| self.is_troubled(trader)).map(|t| self.describe(t)).collect();
        ensure(left.is_empty(), || format!("nobody can end {left:?}"))
    }

    fn describe(&self, trader: &Trader) -> String {
        let account = self.account(trader);
        let p = portfolio(&self.books, account);
        format!("{}: status {}, {:?}, {p:?}", trader.account, account.status, assessed(&self.books, account).spot)
    }

    fn resolve_or_liquidate(&mut self, trader: &Trader, attended: bool) -> Checked {
        let account = self.account(trader);
        let bankrupt = check_bankrupt(&portfolio(&self.books, account), &assessed(&self.books, account)).is_ok();
        if account.status != AccountStatus::Active as u8 || bankrupt {
            for number in 0..16 {
                let resolve = ix::resolve_bankruptcy(&self.stage.keys, trader.account, step(number));
                self.do_once("Resolve", resolve, self.stage.authority)?;
            }
            return Ok(());
        }
        let rich = self.traders[self.traders.len() - RICH..].to_vec();
        for leg in super::action::legs(&self.books, trader).into_iter().filter(|_| attended) {
            for by in rich.iter().filter(|by| by.account != trader.account) {
                let liquidate = liquidate_ix(&self.stage, by, trader, leg, ANY, true);
                self.send_liquidation(trader, leg, liquidate, by.owner)?;
            }
        }
        Ok(())
    }

    fn touch_all(&mut self, market: u8) -> Checked {
        for trader in self.traders.clone() {
            if self.account(&trader).perp_index(market).is_some() {
                let touch = ix::touch_position(&self.stage.keys, trader.account, market);
                let sent = self.send("Touch", touch, self.stage.authority, true)?;
                let meta = sent.ok_or_else(|| format!("a leg of {} cannot be touched", trader.account))?;
                let touched: PositionTouched = event(&meta);
                for (name, ended) in
                    [("WrittenOff", touched.written_off_units != 0), ("Forgone", touched.forgone_atoms != 0)]
                {
                    *self.done.entry(name.to_string()).or_default() += ended as u32;
                }
            }
        }
        Ok(())
    }

    /// The first holder of a side, and how many units.
    fn holder(&self, market: u8, side: Side) -> Option<(Trader, u64)> {
        self.traders.iter().find_map(|trader| {
            let account = self.account(trader);
            let leg = &account.derivatives[account.perp_index(market)?];
            let units = self.books.units(&self.books.markets[market as usize], leg);
            (Side::of(units) == Some(side)).then_some((*trader, units.unsigned_abs()))
        })
    }

    /// Longs sell to shorts until one side has nothing; what the other keeps is written off.
    fn close_positions(&mut self) -> Checked {
        for market in 0..self.books.markets.len() as u8 {
            self.touch_all(market)?;
            while let (Some((long, sells)), Some((short, buys))) =
                (self.holder(market, Side::Long), self.holder(market, Side::Short))
            {
                self.refresh()?;
                self.close_against(market, &long, &short, sells.min(buys))?;
            }
            self.refresh()?;
            self.touch_all(market)?;
            for side in [Side::Long, Side::Short] {
                let held = self.holder(market, side);
                ensure(held.is_none(), || {
                    format!("{held:?} of market {market} is left without anybody to close it with")
                })?;
            }
        }
        Ok(())
    }

    /// Owners who want to get out pay what the check asks for.
    fn close_against(&mut self, market: u8, long: &Trader, short: &Trader, mut base_units: u64) -> Checked {
        if self.stage.quote_atoms(market, base_units, None) == 0 {
            // No price is nothing, and an atom is more than a ratio bears; so the rest goes with a larger trade.
            let whole = self.stage.whole_units(market);
            ensure(self.fills(market, long, short, whole)?, || format!("nothing can be opened in market {market}"))?;
            base_units += whole;
        }
        if self.fills(market, short, long, base_units)? {
            return Ok(());
        }
        let plenty = self.stage.usd(10_000_000).min(MAX_ATOMS / 16);
        let paid = self.pays_as_much(short, plenty)? && self.pays_as_much(long, plenty)?;
        let done = paid && self.fills(market, short, long, base_units)?;
        ensure(done, || format!("{base_units} units of market {market} cannot be closed: {:?}", self.done))
    }

    fn fills(&mut self, market: u8, buyer: &Trader, seller: &Trader, base_units: u64) -> Result<bool, String> {
        let quote_atoms = self.stage.quote_atoms(market, base_units, None);
        let sides = ix::FillAuthority::Sides { buyer: buyer.owner, seller: seller.owner };
        let args = args::SettleFillArgs { base_units, quote_atoms };
        let fill = ix::settle_fill(&self.stage.keys, market, buyer.account, seller.account, sides, args);
        self.do_once("Fill", fill, buyer.owner)
    }

    /// A second passes and every price is read again.
    fn refresh(&mut self) -> Checked {
        self.stage.advance(1);
        self.stage.repeat_prices();
        self.books = Books::read(&self.stage);
        self.books.check()
    }

    /// Losers pay in every market, winners are paid, and what then stays of claims ends.
    fn settle_everything(&mut self) -> Checked {
        for _ in 0..4 {
            for market in 0..self.books.markets.len() as u8 {
                self.refresh()?;
                for trader in self.traders.clone() {
                    self.settle_one(&trader, market)?;
                }
                self.touch_all(market)?;
            }
        }
        for market in 0..self.books.markets.len() as u8 {
            let left = &self.books.markets[market as usize];
            let claims: Vec<i64> = self.books.legs(left).map(|(_, leg)| leg.cash_atoms).collect();
            ensure(claims.is_empty(), || {
                let (pool, deficit) = (left.pool_atoms, left.deficit_atoms);
                format!("market {market}: claims {claims:?} of pool {pool} and deficit {deficit} stay: {:?}", self.done)
            })?;
            let own = ix::settle_pnl(&self.stage.keys, market, None);
            self.do_once("Settle", own, self.stage.authority)?;
        }
        Ok(())
    }

    fn settle_one(&mut self, trader: &Trader, market: u8) -> Checked {
        let Some(leg) = self.account(trader).perp_index(market) else { return Ok(()) };
        let cash = self.account(trader).derivatives[leg].cash_atoms;
        let settle = ix::settle_pnl(&self.stage.keys, market, Some(trader.account));
        if self.do_once("Settle", settle.clone(), self.stage.authority)? {
            return Ok(());
        }
        if cash < 0 {
            self.pays(trader, USDC, 2 * cash.unsigned_abs() + 10)?;
            self.do_once("Settle", settle, self.stage.authority)?;
        } else {
            let args = args::TakeWinArgs { claim_atoms: 0, all: true, min_paid_atoms: 0 };
            let take = ix::take_win(&self.stage.keys, market, trader.owner, trader.account, args);
            self.do_once("TakeWin", take, trader.owner)?;
        }
        Ok(())
    }

    fn pay_back(&mut self) -> Checked {
        for trader in self.traders.clone() {
            for bank in 0..self.books.banks.len() as u8 {
                let account = self.account(&trader);
                if account.token_index(bank).is_none_or(|place| account.tokens[place].shares >= 0) {
                    continue;
                }
                let source = self.stage.funded(&trader.owner, bank, MAX_ATOMS);
                let args = args::RepayArgs { amount_atoms: 0, all: true };
                let token = self.stage.token(bank);
                let repay = ix::repay(&self.stage.keys, &token, trader.owner, trader.account, source, args);
                let done = self.do_once("Repay", repay, trader.owner)?;
                ensure(done, || format!("{} cannot repay bank {bank}", trader.account))?;
            }
        }
        Ok(())
    }

    fn withdraw_everything(&mut self) -> Checked {
        for trader in self.traders.clone() {
            for bank in 0..self.books.banks.len() as u8 {
                if self.account(&trader).token_index(bank).is_none() {
                    continue;
                }
                let destination = self.stage.funded(&trader.owner, bank, 0);
                let args = args::WithdrawArgs { amount_atoms: 0, all: true };
                let token = self.stage.token(bank);
                let withdraw = ix::withdraw(&self.stage.keys, &token, trader.owner, trader.account, destination, args);
                let done = self.do_once("Withdraw", withdraw, trader.owner)?;
                ensure(done, || format!("{} cannot withdraw from bank {bank}: {:?}", trader.account, self.done))?;
            }
        }
        for trader in self.traders.clone() {
            let payer = Pubkey::new_from_array(self.account(&trader).rent_payer);
            let close = ix::close_account(trader.owner, trader.account, payer);
            let done = self.do_once("Close", close, trader.owner)?;
            ensure(done, || format!("{} cannot be closed", trader.account))?;
        }
        Ok(())
    }

    /// No account, no position, no claim and no share is left. A vault holds insurance, uncollected fees and what
    /// rounding kept, which the step checks have bounded and which `surplus` counts exactly; of waiting insurance stays
    /// what is worth too little to be swept, less than an atom and a share.
    fn check_nothing_is_left(&mut self) -> Checked {
        for bank in 0..self.books.banks.len() as u8 {
            let sweep = ix::sweep_insurance(&self.stage.keys, bank);
            self.do_once("Sweep", sweep, self.stage.authority)?;
        }
        ensure(self.books.accounts.is_empty(), || format!("{} accounts are left", self.books.accounts.len()))?;
        for market in &self.books.markets {
            let claims = [market.pool_shares, market.pool_atoms, market.deficit_atoms, market.own_claim_atoms];
            ensure(claims == [0; 4], || format!("market {}: pool and claims are {claims:?}", market.index))?;
            let sides = market.sides.map(|side| (side.shares, side.all_positions()));
            ensure(sides == [(0, 0); 2] && market.leg_count == 0 && market.rounding_units == 0, || {
                format!("market {}: {sides:?} and {} legs", market.index, market.leg_count)
            })?;
        }
        let steps: u32 = self.done.values().sum();
        for (bank, vault) in &self.books.banks {
            ensure(bank.borrow_shares == 0 && bank.reserved_atoms == 0, || format!("bank {} is owed", bank.index))?;
            let (shares, index) = (bank.deposit_shares as u128, bank.deposit_index as u128);
            ensure(bank.deposit_shares == bank.waiting_shares && shares * index < (1 << 48) + index, || {
                format!("bank {}: {} deposit shares, {} waiting", bank.index, bank.deposit_shares, bank.waiting_shares)
            })?;
            let kept = surplus(bank, *vault);
            ensure((0..=(steps as i128 * 16) << 48).contains(&kept), || {
                format!("bank {}: rounding kept {} atoms of {steps} steps", bank.index, kept >> 48)
            })?;
            let accounted = bank.insurance_atoms + bank.fees_atoms;
            let rest = *vault as i128 + bank.uncovered_atoms as i128 - accounted as i128;
            ensure((rest - (kept >> 48)).unsigned_abs() <= 2, || {
                format!("bank {}: {vault} atoms of {accounted}, rounding kept {}", bank.index, kept >> 48)
            })?;
        }
        Ok(())
    }
}

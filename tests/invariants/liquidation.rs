//! What holds of a liquidation: it is the plan's, it leaves the account better, and there is always one to be had.

use anchor_lang::prelude::Pubkey;
use plimsoll::liquidation::{Bounds, LiquidationBounds};
use plimsoll_risk::auction::Regime;
use plimsoll_risk::error::RiskError;
use plimsoll_risk::liquidate::{Leg, LegPart, Plan, Refusal};
use plimsoll_risk::num::cmp_products;
use plimsoll_risk::price::TokenPrice;
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_risk::waterfall::check_bankrupt;
use plimsoll_sdk::offer::pays_with;
use plimsoll_state::{AccountStatus, MarginAccount};
use plimsoll_tests::*;
use solana_instruction::Instruction;

use super::action::legs;
use super::run::{assessed, ensure, portfolio, Checked, Run};

impl Run {
    /// INV-65: the program does what the plan says on the bytes before, and refuses for the plan's reason.
    pub fn send_liquidation(&mut self, of: &Trader, leg: Leg, instruction: Instruction, payer: Pubkey) -> Checked {
        let bounds = bounds_of(&instruction);
        let request = bounds.request(leg).expect("a size");
        let old = self.books.clone();
        let planned = self.stage.plan(of, &request);
        let before = self.books.accounts[&of.account];
        if before.status != AccountStatus::Active as u8 {
            return self.send("Liquidate", instruction, payer, true).map(|_| ());
        }
        let code =
            self.stage.simulate(&payer, std::slice::from_ref(&instruction)).err().and_then(|failure| failure.code);
        let Some(meta) = self.send("Liquidate", instruction, payer, true)? else {
            if code == Some(EngineError::AccountBankrupt.into()) {
                // The liquidator's own account is being resolved.
                return Ok(());
            }
            if let Err(Refusal { reason, .. }) = planned {
                let expected: u32 = EngineError::from(reason).into();
                return ensure(code == Some(expected), || format!("refused with {code:?}, planned {reason:?}"));
            }
            // A size that is worth no share is refused when it is booked.
            let liquidator: [u32; 5] = [
                EngineError::AmountZero,
                EngineError::LiquidatorMarginInsufficient,
                EngineError::PriceStale,
                EngineError::PriceNotReady,
                EngineError::FillTooSmall,
            ]
            .map(u32::from);
            // A loss that he does not have the quote for is lent to him, where quote is lent (ADR 13).
            let closed = [EngineError::ReduceOnly, EngineError::BankTerminal, EngineError::BorrowCapReached];
            let lends = leg.parts().any(|part| matches!(part, LegPart::Loss(_)));
            let allowed = |code| liquidator.contains(&code) || lends && closed.map(u32::from).contains(&code);
            return ensure(code.is_some_and(allowed), || format!("{code:?} although the plan is {planned:?}"));
        };
        if leg.collateral().is_some() {
            self.seen.liquidated(&old, pays_with(&leg));
        }
        let plan = planned.map_err(|refusal| format!("liquidated although the plan is {refusal:?}"))?;
        let done = outcome(&meta);
        let same = (done.size, done.paid_atoms, done.fee_atoms, done.received_atoms, done.penalty_ppm)
            == (
                plan.size.get(),
                plan.paid_atoms.get(),
                plan.fee_atoms.get(),
                plan.received_atoms.get(),
                plan.penalty_ppm.get(),
            );
        ensure(same, || format!("INV-65: planned {plan:?}, done {done:?}"))?;
        self.check_after(&old, of, leg, &plan, bounds.max_size)
    }

    /// INV-22 to 25 on the bytes that the program left.
    fn check_after(&self, old: &Books, of: &Trader, leg: Leg, plan: &Plan, most: u64) -> Checked {
        let (before, after) = (&old.accounts[&of.account], &self.books.accounts[&of.account]);
        let (was, is) = (assessed(old, before), assessed(&self.books, after));
        let off = is.spot.nav.get() - plan.after.nav.get();
        // Whole shares move, worth up to two atoms of either leg.
        let p = portfolio(old, before);
        let atoms: u64 = p.tokens().iter().map(|leg| leg.prices.spot.value_up(Atoms::new(2)).get()).sum();
        let bound = self.rounding_pico() + atoms as i128 * 1_000_000;
        let kept = kept_interest(old, leg, plan);
        ensure((-bound..=bound + kept).contains(&off), || {
            format!("NAV is {off} pico-dollars beside the plan's: {leg:?} {plan:?} {p:?}")
        })?;
        let (m0, m1) = (was.spot.mmr().get(), is.spot.mmr().get());
        if plan.regime == Regime::Cure {
            // Of its own size a fill may lose by its rounding; one that the caller cut may not.
            let lost = if plan.size.get() == most { 0 } else { bound };
            let better = cmp_products(is.spot.nav.get() + lost, m0, was.spot.nav.get(), m1).is_ge();
            ensure(better || m1 == 0, || format!("INV-22: ratio fell: {:?} to {:?}", was.spot, is.spot))?;
        }
        let sign = |account: &MarginAccount, bank: u8| {
            account.token_index(bank).map_or(0, |place| account.tokens[place].shares.signum())
        };
        for bank in 0..3 {
            let (from, to) = (sign(before, bank), sign(after, bank));
            ensure(to == from || to == 0, || format!("INV-25: the balance in bank {bank} flipped"))?;
        }
        for part in leg.parts() {
            let LegPart::Position(market) = part else { continue };
            let units = |books: &Books, account: &MarginAccount| {
                account
                    .perp_index(market)
                    .map_or(0, |leg| books.units(&books.markets[market as usize], &account.derivatives[leg]))
            };
            let (from, to) = (units(old, before), units(&self.books, after));
            ensure(to.signum() * from.signum() >= 0 && to.abs() <= from.abs(), || format!("INV-25: {from} to {to}"))?;
        }
        Ok(())
    }

    /// INV-31: whoever is liquidatable with fresh prices has a leg that can be liquidated, or can be resolved (at the latest
    /// once wind-down has stood at its ceiling): what he has left may be too little to seize.
    pub fn check_liveness(&self) -> Checked {
        for trader in &self.traders {
            let account = &self.books.accounts[&trader.account];
            let cooling = self.books.now - account.passed_at < 2;
            let assessment = assessed(&self.books, account);
            if account.status != 0 || cooling || assessment.regime.is_none() {
                continue;
            }
            let refusals: Vec<(Leg, RiskError)> = legs(&self.books, trader)
                .into_iter()
                .filter_map(|leg| self.stage.plan(trader, &any_of(leg)).err().map(|refusal| (leg, refusal.reason)))
                .collect();
            let some = refusals.len() < legs(&self.books, trader).len();
            let nothing = refusals.iter().all(|(_, reason)| *reason == RiskError::LegEmpty);
            let p = portfolio(&self.books, account);
            let verdict = check_bankrupt(&p, &assessed(&self.books, account));
            let resolvable = matches!(verdict, Ok(()) | Err(RiskError::PerpsRemain));
            ensure(some || nothing || resolvable, || {
                format!("INV-31: no leg of {} can be liquidated: {refusals:?}\n{p:?}", trader.account)
            })?;
        }
        Ok(())
    }
}

/// The bounds in a liquidation's data.
fn bounds_of(instruction: &Instruction) -> LiquidationBounds {
    use anchor_lang::{AnchorDeserialize, AnchorSerialize};
    // They come last, whatever names the leg.
    let mut any = Vec::new();
    ANY.serialize(&mut any).expect("bounds");
    let names_the_leg = instruction.data.len() - any.len();
    AnchorDeserialize::try_from_slice(&instruction.data[names_the_leg..]).expect("bounds")
}

/// What stays with the liquidatee because shares of collateral are counted at the most that its bank's index can be,
/// at the registry's copy and at spot, pico-dollars.
fn kept_interest(old: &Books, leg: Leg, plan: &Plan) -> i128 {
    let Some(asset) = leg.collateral() else { return 0 };
    let slot = &old.registry.banks[asset as usize];
    let more = slot.deposit_index_at_most(UnixSecs::new(old.now)) - slot.deposit_index;
    let atoms = plan.received_atoms.get() as u128 * more as u128 / slot.deposit_index as u128 + 1;
    let price = &old.board.slots[slot.price_slot as usize];
    let price = TokenPrice::new_down(price.spot.get(), slot.scale.get());
    price.value_up(Atoms::new(atoms as u64)).pico().get()
}

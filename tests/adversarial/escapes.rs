//! Attempts to leave a health check behind by what is called before or after it within one instruction.

use plimsoll_tests::*;
use solana_instruction::Instruction;
use testkit_hostile::client::Script;

/// Alice holds 100 SOL and owes USDC; bob, hers too, holds USDC. Both owners sign whatever the attack asks for.
struct Attack {
    stage: Stage,
    alice: Trader,
    bob: Trader,
}

fn attack(borrowed_usd: u64) -> Attack {
    let mut stage = Stage::new();
    deploy_hostile(&mut stage);
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let bob = stage.funded_trader("bob", USDC, 50_000 * USD);
    let sent = stage.borrow(&alice, USDC, borrowed_usd * USD);
    stage.done(sent);
    stage.hold_prices(3, 1);
    Attack { stage, alice, bob }
}

impl Attack {
    fn deposit(&mut self, to: Trader, bank: u8, atoms: u64) -> Instruction {
        let source = self.stage.funded(&to.owner, bank, atoms);
        let (keys, token) = (self.stage.keys, self.stage.token(bank));
        ix::deposit(&keys, &token, to.owner, to.account, source, args::DepositArgs { amount_atoms: atoms })
    }

    fn withdraw(&mut self, from: Trader, bank: u8, atoms: u64) -> Instruction {
        let destination = self.stage.funded(&from.owner, bank, 0);
        let (keys, token) = (self.stage.keys, self.stage.token(bank));
        let args = args::WithdrawArgs { amount_atoms: atoms, all: false };
        ix::withdraw(&keys, &token, from.owner, from.account, destination, args)
    }

    fn borrow(&mut self, by: Trader, bank: u8, atoms: u64) -> Instruction {
        let destination = self.stage.funded(&by.owner, bank, 0);
        let (keys, token) = (self.stage.keys, self.stage.token(bank));
        ix::borrow(&keys, &token, by.owner, by.account, destination, args::BorrowArgs { amount_atoms: atoms })
    }

    /// A fill between the two at so many ppm of spot.
    fn fill(&self, buyer: Trader, seller: Trader, units: u64, price_ppm: u64) -> Instruction {
        let spot = self.stage.quote_atoms(SOL_PERP, units, None);
        let args = args::SettleFillArgs { base_units: units, quote_atoms: spot * price_ppm / 1_000_000 };
        let sides = ix::FillAuthority::Sides { buyer: buyer.owner, seller: seller.owner };
        ix::settle_fill(&self.stage.keys, SOL_PERP, buyer.account, seller.account, sides, args)
    }

    fn liquidate(&self, by: Trader, of: Trader) -> Instruction {
        liquidate_ix(&self.stage, &by, &of, pair(SOL, USDC), ANY, true)
    }

    fn script(&self, calls: &[Instruction]) -> Instruction {
        let script = calls.iter().fold(Script::new(), |script, call| script.call(call));
        script.instruction(&[self.alice.owner, self.bob.owner, self.stage.liquidator.owner])
    }

    #[track_caller]
    fn refused(&mut self, calls: &[Instruction], error: impl Into<u32>) {
        let (ix, payer) = (self.script(calls), self.alice.owner);
        assert_refused(&mut self.stage, &payer, &[ix], error);
    }

    #[track_caller]
    fn goes_through(&mut self, calls: &[Instruction]) {
        let (ix, payer) = (self.script(calls), self.alice.owner);
        let sent = self.stage.send(&payer, &[ix]);
        self.stage.done(sent);
    }
}

#[test]
fn what_was_borrowed_does_not_let_the_collateral_go() {
    let mut attack = attack(10_000);
    let (alice, bob) = (attack.alice, attack.bob);
    let borrow = attack.borrow(alice, USDC, 3_000 * USD);
    let take_collateral = attack.withdraw(alice, SOL, 60 * ONE_SOL);
    attack.refused(&[borrow.clone(), take_collateral.clone()], EngineError::InitialMarginInsufficient);
    attack.refused(&[take_collateral.clone(), borrow.clone()], EngineError::InitialMarginInsufficient);
    // Nor does a promise to bring it back: no instruction waits for the next.
    let bring_back = attack.deposit(alice, SOL, 60 * ONE_SOL);
    attack.refused(&[take_collateral.clone(), bring_back], EngineError::InitialMarginInsufficient);
    // A position opened in between counts as well.
    let open = attack.fill(alice, bob, 20 * SOL_UNITS, 1_000_000);
    let just_enough = attack.withdraw(alice, SOL, 20 * ONE_SOL);
    attack.refused(&[open, just_enough.clone(), borrow], EngineError::InitialMarginInsufficient);
    attack.goes_through(&[just_enough]);
}

#[test]
fn a_deposit_that_goes_out_again_leaves_an_account_as_liquidatable_as_before() {
    let mut attack = attack(13_900);
    let (alice, liquidator) = (attack.alice, attack.stage.liquidator);
    attack.stage.falls_to(SOL, 160, &alice, 60);
    let deposit = attack.deposit(alice, SOL, 30 * ONE_SOL);
    let withdraw = attack.withdraw(alice, SOL, 30 * ONE_SOL);
    let liquidate = attack.liquidate(liquidator, alice);
    // In between the account is healthy, and nobody may liquidate it; but then it may not go back either.
    attack.refused(&[deposit.clone(), liquidate.clone()], EngineError::AccountHealthy);
    attack.refused(&[deposit, withdraw], EngineError::InitialMarginInsufficient);
    attack.goes_through(&[liquidate]);
}

#[test]
fn a_cool_off_cannot_be_started_under_water() {
    let mut attack = attack(13_900);
    let (alice, bob, liquidator) = (attack.alice, attack.bob, attack.stage.liquidator);
    attack.stage.falls_to(SOL, 160, &alice, 60);
    let liquidate = attack.liquidate(liquidator, alice);
    let checks = [
        attack.withdraw(alice, SOL, 1),
        attack.borrow(alice, USDC, 1),
        attack.fill(alice, bob, SOL_UNITS / 1_000, 1_000_000),
    ];
    for check in checks {
        attack.refused(&[check, liquidate.clone()], EngineError::InitialMarginInsufficient);
    }
    attack.goes_through(&[liquidate]);
}

/// FILL-4
#[test]
fn an_account_under_water_is_not_emptied_to_a_friend_by_fills() {
    let mut attack = attack(10_000);
    let (alice, bob, liquidator) = (attack.alice, attack.bob, attack.stage.liquidator);
    let open = attack.fill(alice, bob, 50 * SOL_UNITS, 1_000_000);
    attack.goes_through(&[open]);
    attack.stage.falls_to(SOL, 145, &alice, 60);
    for (price_ppm, error) in [(500_000, EngineError::PriceOutsideBand), (999_000, EngineError::FillWorseThanSpot)] {
        let sell = attack.fill(bob, alice, 50 * SOL_UNITS, price_ppm);
        attack.refused(&[sell], error);
    }
    let more = attack.fill(alice, bob, SOL_UNITS, 1_000_000);
    attack.refused(&[more], EngineError::InitialMarginInsufficient);
    let liquidate = liquidate_ix(&attack.stage, &liquidator, &alice, pair(SOL, USDC), ANY, true);
    attack.goes_through(&[liquidate]);
}

#[test]
fn liquidating_oneself_takes_nothing_out_and_a_second_liquidation_has_nothing_left_to_do() {
    let mut attack = attack(13_900);
    let (alice, bob) = (attack.alice, attack.bob);
    attack.stage.falls_to(SOL, 160, &alice, 60);
    let own = attack.liquidate(alice, alice);
    attack.refused(&[own], EngineError::SelfLiquidation);
    let liquidate = attack.liquidate(bob, alice);
    attack.refused(&[liquidate.clone(), liquidate.clone()], EngineError::AccountAlreadyCured);
    // Neither the cured nor the liquidator's other hand gets around its own margin in the same instruction.
    let take_rest = attack.withdraw(alice, SOL, 60 * ONE_SOL);
    attack.refused(&[liquidate.clone(), take_rest], EngineError::InitialMarginInsufficient);
    let overdraw = attack.borrow(bob, USDC, 49_900 * USD);
    attack.refused(&[liquidate.clone(), overdraw], EngineError::InitialMarginInsufficient);
    attack.goes_through(&[liquidate]);
}

#[test]
fn a_liquidator_who_cannot_carry_what_he_takes_is_refused_whatever_he_deposits_afterwards() {
    let mut attack = attack(13_900);
    let (alice, bob) = (attack.alice, attack.bob);
    attack.stage.falls_to(SOL, 160, &alice, 60);
    let empty_bob = attack.withdraw(bob, USDC, 50_000 * USD);
    let liquidate = liquidate_ix(&attack.stage, &bob, &alice, pair(SOL, USDC), ANY, true);
    let refill = attack.deposit(bob, USDC, 50_000 * USD);
    attack.refused(&[empty_bob.clone(), liquidate.clone(), refill.clone()], EngineError::LiquidatorMarginInsufficient);
    attack.goes_through(&[empty_bob, refill, liquidate]);
}

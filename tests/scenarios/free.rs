//! What a client is told that it may take out now is what the program lets out, to the atom.

use plimsoll_ledger::free::{most_out, Bound, Free, Taking};
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::UnixSecs;
use plimsoll_risk::RiskError;
use plimsoll_sim::listing::BANKS;
use plimsoll_state::{Bank, Books, MarginAccount, PriceBoard, Registry};
use plimsoll_tests::*;

fn free(stage: &mut Stage, trader: &Trader, bank: u8, taking: Taking) -> Free {
    let account: MarginAccount = stage.read(&trader.account);
    let registry: Box<Registry> = Box::new(stage.read(&stage.keys.registry));
    let board: Box<PriceBoard> = Box::new(stage.read(&stage.keys.board));
    let held: Bank = stage.read(&stage.keys.bank(bank).bank);
    let books = Books { registry: &registry, board: &board, now: UnixSecs::new(stage.world.now()) };
    let mut buffer = Box::new(Portfolio::empty(*registry.params()));
    most_out(&account, &held, &books, taking, &mut buffer)
}

/// One atom more is refused with the reason that was told, and then the whole amount goes.
fn comes_true(stage: &mut Stage, trader: &Trader, bank: u8, taking: Taking, bound: Bound, code: EngineError) {
    let told = free(stage, trader, bank, taking);
    assert_eq!(told.bound, bound, "{told:?}");
    let mut take = |atoms: u64| match taking {
        Taking::Withdrawal => stage.withdraw(trader, bank, Some(atoms)),
        Taking::Borrow => stage.borrow(trader, bank, atoms),
    };
    assert_code(take(told.atoms.get() + 1), code);
    if told.atoms.get() > 0 {
        assert_sent(take(told.atoms.get()));
    }
}

#[test]
fn a_deposit_of_whoever_owes_nothing_goes_whole() {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", SOL, 10 * ONE_SOL);
    let bound = Bound::Refused(RiskError::BalanceInsufficient);
    comes_true(&mut stage, &alice, SOL, Taking::Withdrawal, bound, EngineError::BalanceInsufficient);
}

#[test]
fn margin_bounds_what_is_borrowed_and_what_is_withdrawn_beside_a_debt() {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let refused = EngineError::InitialMarginInsufficient;
    comes_true(&mut stage.clone(), &alice, USDC, Taking::Borrow, Bound::Margin, refused);
    assert_sent(stage.borrow(&alice, USDC, 1_000 * USD));
    comes_true(&mut stage, &alice, SOL, Taking::Withdrawal, Bound::Margin, refused);
}

#[test]
fn what_a_bank_lets_out_within_the_hour_bounds_whoever_takes_it() {
    let mut stage = Stage::new();
    let (keys, authority) = (stage.keys, stage.authority);
    let config = BankConfig { outflow_ppm: [250_000, 500_000], ..BankConfig::of(&BANKS[SOL as usize], SOL) }.args();
    let update = ix::update_bank(&keys, authority, SOL, args::UpdateBankArgs { reduce_only: false, config });
    assert_sent(stage.send_as_authority(update));
    stage.advance(3 * 86_400);
    stage.repeat_prices();
    let (maker, alice) = (stage.maker, stage.funded_trader("alice", USDC, 4_000_000 * USD));
    let (bound, refused) = (Bound::Refused(RiskError::OutflowLimited), EngineError::OutflowLimited);
    comes_true(&mut stage.clone(), &maker, SOL, Taking::Withdrawal, bound, refused);
    comes_true(&mut stage, &alice, SOL, Taking::Borrow, bound, refused);
}

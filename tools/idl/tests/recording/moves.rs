//! What the module says of an account after a move of money is what the program says once it is done.

use plimsoll_sim::world::{Sent, Trader, SOL, SOL_PERP, USDC};
use plimsoll_state::MarginView;
use plimsoll_tests::{assert_sent, Act, Stage, ONE_SOL, SOL_UNITS, USD};
use plimsoll_wasm::{margin_after, Accounts};

/// The account's margin after a move as the module says, and as the program says once `send` has done it. The bank is cranked
/// just before, so that the registry shows all interest.
fn both(stage: &Stage, of: &Trader, bank: u8, atoms: i64, send: impl Fn(&mut Stage) -> Sent) -> [MarginView; 2] {
    let mut stage = stage.clone();
    assert_sent(stage.accrue(bank));
    let (account, registry, board) = (stage.margin_account(of), stage.registry(), stage.board());
    let accounts = Accounts { account: &account, registry: &registry, board: &board, now: stage.now() };
    let told = margin_after(of.account.as_array(), &accounts, bank, atoms, true).expect("it can be valued");
    assert_sent(send(&mut stage));
    [told, stage.view(of)]
}

#[test]
fn what_the_module_says_of_a_move_is_what_the_program_says_after_it() {
    let mut stage = Stage::new();
    let maker = stage.maker;
    let erin = stage.funded_trader("erin", USDC, 15_000 * USD);
    assert_sent(stage.deposit(&erin, SOL, 10 * ONE_SOL));
    assert_sent(stage.fill(SOL_PERP, &erin, &maker, 20 * SOL_UNITS, None));
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    assert_sent(stage.borrow(&alice, USDC, 9_000 * USD));
    stage.advance(7_200);
    stage.repeat_prices();
    let (usd, sol) = (|n: u64| (n * USD) as i64, |n: u64| (n * ONE_SOL) as i64);
    let pairs = [
        both(&stage, &erin, USDC, usd(700), |stage| stage.deposit(&erin, USDC, 700 * USD)),
        both(&stage, &erin, USDC, -usd(700), |stage| stage.withdraw(&erin, USDC, Some(700 * USD))),
        both(&stage, &erin, SOL, -sol(12), |stage| stage.borrow(&erin, SOL, 12 * ONE_SOL)),
        both(&stage, &alice, USDC, usd(500), |stage| stage.repay(&alice, USDC, Some(500 * USD))),
        both(&stage, &alice, USDC, usd(9_500), |stage| stage.deposit(&alice, USDC, 9_500 * USD)),
        both(&stage, &alice, USDC, -usd(900), |stage| stage.borrow(&alice, USDC, 900 * USD)),
    ];
    for (place, [told, said]) in pairs.iter().enumerate() {
        // What the program has booked since is when it was observed; money and requirements are the same.
        let money = |view: &MarginView| {
            [view.spot, view.fast].map(|at| [at.nav_usd_pico.get(), at.mmr_usd_pico.get(), at.tmr_usd_pico.get()])
        };
        assert_eq!((money(told), told.imr_usd_pico.get()), (money(said), said.imr_usd_pico.get()), "{place}");
    }
}

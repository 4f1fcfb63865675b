//! `check_margin` is what the SDK sees, to the byte, and what the exact model makes of the stored bytes, within rounding;
//! and whoever adds risk passes where the model says so.

use plimsoll_model::in_tokens::margin_in_tokens;
use plimsoll_model::{int, At, Level, View, Q};
use plimsoll_sdk::view::Accounts;
use plimsoll_state::{Bank, MaintenanceView, MarginAccount, MarginView, PriceBoard, Registry};
use plimsoll_tests::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::bytes::{Bytes, For};
use super::convert::pico;
use super::random::{leg, peg, write, Leg};

const CASES: u32 = 400;

/// What the program returns.
fn returned(stage: &Stage, of: &Trader, views: u8) -> Result<MarginView, TestCaseError> {
    let check = ix::check_margin(&stage.keys, of.account, views);
    let meta = stage.simulate(&of.owner, &[check]).map_err(|failure| TestCaseError::fail(failure.to_string()))?;
    let mut view = MarginView::default();
    bytemuck::bytes_of_mut(&mut view)[..meta.return_data.data.len()].copy_from_slice(&meta.return_data.data);
    Ok(view)
}

/// The three accounts as stored.
struct Stored {
    account: MarginAccount,
    registry: Box<Registry>,
    board: Box<PriceBoard>,
    now: i64,
}

impl Stored {
    fn of(stage: &Stage, of: &Trader) -> Self {
        let (account, now) = (stage.margin_account(of), stage.now());
        Self { account, registry: stage.registry(), board: stage.board(), now }
    }

    fn bytes(&self) -> Bytes<'_> {
        Bytes { account: &self.account, registry: &self.registry, board: &self.board, now: self.now }
    }
}

/// The rounded number is within its rounding below the exact one; of a stale leg's edge the narrow and the wide one are
/// given, between which the exact one lies.
fn within(rounded: i128, exact: [&Q; 2], slack: &Q, what: &str) -> Result<(), TestCaseError> {
    let rounded = pico(rounded);
    let [narrow, wide] = exact;
    prop_assert!(rounded >= narrow - slack && rounded <= wide + slack, "{what}: {rounded}, exactly {narrow} to {wide}");
    Ok(())
}

fn maintenance(stored: &Stored, at: At, view: &MaintenanceView) -> Result<(), TestCaseError> {
    let bytes = stored.bytes();
    let exact = [true, false].map(|narrow| bytes.portfolio(For::Edges { narrow }));
    let slack = bytes.slack(&exact[0]);
    let at_level = |level| exact.each_ref().map(|exact| margin_in_tokens(exact, level, View::Plain(at)));
    let [narrow, wide] = at_level(Level::Maintenance);
    let nav = view.nav_usd_pico.get();
    within(nav, [&narrow.nav, &wide.nav], &slack, "NAV")?;
    within(nav - view.mmr_usd_pico.get(), [&narrow.excess(), &wide.excess()], &slack, "NAV - MMR")?;
    let [narrow, wide] = at_level(Level::Target).map(|margin| margin.excess());
    within(nav - view.tmr_usd_pico.get(), [&narrow, &wide], &slack, "NAV - TMR")
}

/// NAV and `NAV - IMR` of the model, and what rounding may take.
fn exact_initial(stored: &Stored) -> (Q, Q, Q) {
    let exact = stored.bytes().portfolio(For::Initial);
    let initial = margin_in_tokens(&exact, Level::Initial, View::Initial);
    (initial.nav.clone(), initial.excess(), stored.bytes().slack(&exact))
}

fn initial(stored: &Stored, view: &MarginView) -> Result<(), TestCaseError> {
    let (nav, excess, slack) = exact_initial(stored);
    within(view.init_nav_usd_pico.get(), [&nav; 2], &slack, "initial NAV")?;
    within(view.init_nav_usd_pico.get() - view.imr_usd_pico.get(), [&excess; 2], &slack, "NAV - IMR")
}

fn config() -> Config {
    Config { cases: CASES, failure_persistence: None, ..Config::default() }
}

/// MARGIN-9
#[test]
fn check_margin_returns_what_the_sdk_sees_and_what_the_model_makes_of_the_stored_bytes() {
    let legs =
        |most| (proptest::collection::vec(leg(50_000), 1..=most), proptest::collection::vec(leg(50_000), 0..=most));
    let mut stage = Stage::new();
    let of = stage.trader("random");
    let fresh = std::cell::RefCell::new(stage);
    TestRunner::new(config())
        .run(&(legs(16), leg(8)), |((banks, perps), quote)| {
            let mut stage = fresh.borrow().clone();
            write(&mut stage, &of, &banks, &perps);
            peg(&mut stage, &quote);
            let stored = Stored::of(&stage, &of);
            let (account, registry, board) = (&stored.account, &*stored.registry, &*stored.board);
            let accounts = Accounts { account, registry, board, now: stored.now };
            for views in [1, 3] {
                let seen =
                    accounts.margin_view(&of.account, views == 3).map_err(|e| TestCaseError::fail(format!("{e:?}")))?;
                prop_assert_eq!(returned(&stage, &of, views)?, seen);
                maintenance(&stored, At::Spot, &seen.spot)?;
                if views == 3 {
                    maintenance(&stored, At::Fast, &seen.fast)?;
                    initial(&stored, &seen)?;
                    prop_assert!(
                        seen.init_nav_usd_pico.get() - seen.imr_usd_pico.get()
                            <= seen.spot.nav_usd_pico.get() - seen.spot.tmr_usd_pico.get()
                    );
                }
            }
            Ok(())
        })
        .unwrap();
}

/// Totals of the quote bank that lend an atom at any index that is drawn.
fn liquid(stage: &mut Stage) {
    let key = stage.keys.bank(USDC).bank;
    let mut bank: Bank = stage.read(&key);
    let slot = stage.registry().banks[USDC as usize];
    (bank.deposit_shares, bank.borrow_shares) = (1 << 52, 1 << 40);
    (bank.deposit_index, bank.booked_borrow_index) = (slot.deposit_index, slot.borrow_index);
    (bank.utilization_at, bank.accrued_at) = (stage.now(), stage.now());
    stage.write(&key, &bank);
}

/// Puts quote into the account until the model sees this many micro-dollars above (or below) its initial requirement.
fn tune(stage: &mut Stage, of: &Trader, above_usd_micro: i64) {
    for _ in 0..6 {
        let stored = Stored::of(stage, of);
        let (_, excess, _) = exact_initial(&stored);
        let missing = int(above_usd_micro as i128) - excess;
        let index = stored.registry.banks[0].deposit_index as i128;
        let shares = (missing * int(1 << 48) / int(index)).to_integer();
        let mut account = stored.account;
        let held = account.tokens[0].shares as i128 + i128::try_from(shares).expect("some dollars");
        account.tokens[0].shares = held as i64;
        account.tokens[0].used = (held != 0) as u8;
        stage.write(&of.account, &account);
    }
}

/// RISK-1
#[test]
fn an_atom_is_lent_exactly_where_the_model_sees_initial_margin_in_the_stored_bytes() {
    let legs = |kinds: std::ops::RangeInclusive<usize>| proptest::collection::vec(fresh_leg(), kinds);
    let mut stage = Stage::new();
    let of = stage.trader("random");
    // Dollars above the requirement, either way, at most a hundredth of what is held.
    let near = prop_oneof![Just(1i64), Just(-1), 2i64..200, -200i64..-1];
    let (passed, refused) = (std::cell::Cell::new(0u32), std::cell::Cell::new(0u32));
    TestRunner::new(config())
        .run(&(legs(2..=6), legs(0..=6), near, any::<bool>()), |(banks, perps, near, stale)| {
            let mut stage = stage.clone();
            write(&mut stage, &of, &banks, &perps);
            liquid(&mut stage);
            tune(&mut stage, &of, near * 1_000_000);
            let stored = Stored::of(&stage, &of);
            let (_, excess, slack) = exact_initial(&stored);
            // The atom itself, and what is not tuned away within a few steps.
            let clear = &excess - int(4) > slack || &excess + &slack < int(0);
            prop_assume!(clear && (&excess - int(near as i128 * 1_000_000)) < int(900_000));
            let owes = stored.account.tokens.iter().any(|token| token.shares < 0) || !perps.is_empty();
            prop_assume!(owes);
            if stale {
                // Of a leg that is held: the last of the banks.
                let mut board = stage.board();
                board.slots[banks.len() - 1].published_at = stage.now() - 16;
                let key = stage.keys.board;
                stage.write(&key, &*board);
            }
            let held = stored.account.tokens[banks.len() - 1].used == 1;
            let expected = match (stale && held, excess > int(0)) {
                (true, _) => Some(EngineError::PriceStale),
                (false, false) => Some(EngineError::InitialMarginInsufficient),
                (false, true) => None,
            };
            let lent = stage.borrow(&of, USDC, 1);
            prop_assert_eq!(lent.err().map(|failure| failure.code), expected.map(|error| Some(error as u32)));
            let counter = if expected.is_none() { &passed } else { &refused };
            counter.set(counter.get() + 1);
            Ok(())
        })
        .unwrap();
    let (passed, refused) = (passed.get(), refused.get());
    assert!(passed > CASES / 8 && refused > CASES / 8, "{passed} passed, {refused} refused");
}

/// A leg whose price is as of now and whose averages are ready.
fn fresh_leg() -> impl Strategy<Value = Leg> {
    leg(20_000).prop_map(Leg::fresh)
}

//! Where a sequence starts: states that random instructions alone hardly ever reach, each built by instructions that
//! are checked like all others.

use plimsoll_risk::params::{Field, GlobalParams};
use plimsoll_tests::*;
use proptest::prelude::*;

use super::action::{Action, TRADERS};
use super::run::{Checked, Run};

/// A beginning.
#[derive(Clone, Debug)]
pub enum Preset {
    /// The listing as it is.
    Plain,
    /// Whatever the maker can withdraw is gone once somebody has borrowed.
    Lent,
    /// Every cap is where its total stands.
    Capped,
    /// A bank whose only borrower's collateral became worthless.
    Terminal,
    /// An account that owes more of the settlement token than it has, frozen, with insurance for a part of it.
    BadDebt,
    /// A market whose loser had a twentieth of what he lost.
    Deficit,
    /// The same with nobody to liquidate him, so that his base is closed against the other side: of more than his size, or
    /// (alone) of just his.
    Deleveraged { alone: bool },
    /// Parameters as drawn, as far as the program accepts them.
    Parameters(Vec<(usize, u32)>),
}

/// Each as often, and parameters as often as all others together.
pub fn any_preset() -> impl Strategy<Value = Preset> {
    let change = (0..drawn().len(), 200_000u32..3_000_000);
    prop_oneof![
        1 => Just(Preset::Plain),
        1 => Just(Preset::Lent),
        1 => Just(Preset::Capped),
        1 => Just(Preset::Terminal),
        1 => Just(Preset::BadDebt),
        1 => Just(Preset::Deficit),
        1 => deleveraged_or_not(),
        3 => proptest::collection::vec(change, 1..12).prop_map(Preset::Parameters),
    ]
}

/// A side that was closed against in part, or whole, or not at all.
pub fn deleveraged_or_not() -> impl Strategy<Value = Preset> {
    prop_oneof![
        1 => Just(Preset::Plain),
        1 => any::<bool>().prop_map(|alone| Preset::Deleveraged { alone }),
    ]
}

/// What is drawn: every parameter but those that the stage itself rests on, how old its prices may be and what is dust.
fn drawn() -> Vec<&'static Field> {
    GlobalParams::fields()
        .filter(|field| field.group != "prices" || field.name.contains("sigmas"))
        .filter(|field| field.bytes == 4)
        .collect()
}

impl Preset {
    /// Builds it, before anybody but the maker and the liquidator holds anything.
    ///
    /// # Errors
    /// What does not hold on the way.
    pub fn build(&self, run: &mut Run) -> Checked {
        match self {
            Self::Plain => Ok(()),
            Self::Lent => lent(run),
            Self::Capped => capped(run),
            Self::Terminal => terminal(run),
            Self::BadDebt => bad_debt(run),
            Self::Deficit => deficit(run),
            Self::Deleveraged { alone } => deleveraged(run, *alone),
            Self::Parameters(changes) => parameters(run, changes),
        }
    }
}

fn all(run: &mut Run, actions: &[Action]) -> Checked {
    actions.iter().try_for_each(|action| run.perform(action))
}

const WHOLE: u32 = 1_000_001;

fn lent(run: &mut Run) -> Checked {
    let borrows = (0..2).map(|who| Action::Borrow { who, bank: SOL, part: 900_000 });
    let deposits = (0..2).map(|who| Action::Deposit { who, bank: USDC, part: 900_000 });
    all(run, &deposits.chain(borrows).collect::<Vec<_>>())?;
    all(run, &[Action::Drain { bank: SOL }, Action::Drain { bank: USDC }])
}

fn capped(run: &mut Run) -> Checked {
    let deposit = |who, bank| Action::Deposit { who, bank, part: 500_000 };
    all(run, &[deposit(0, USDC), deposit(1, SOL), deposit(2, BTC)])?;
    all(
        run,
        &[Action::Borrow { who: 0, bank: SOL, part: 500_000 }, Action::Borrow { who: 1, bank: USDC, part: 500_000 }],
    )?;
    let fill = |market| Action::Fill { buyer: 0, seller: 1, market, part: 100_000, tilt_ppm: 0 };
    all(run, &[fill(SOL_PERP), fill(BTC_PERP)])?;
    let caps = [USDC, SOL, BTC].map(|bank| Action::Caps { bank, room_ppm: 0, reduce_only: bank == BTC });
    all(run, &caps)?;
    all(run, &[SOL_PERP, BTC_PERP].map(|market| Action::MarketCap { market, room_ppm: 0 }))
}

/// The borrower owes all SOL that is deposited; what stands behind it falls by nine tenths until it is dust.
fn terminal(run: &mut Run) -> Checked {
    let (who, by) = (0, TRADERS + 1);
    all(run, &[Action::Deposit { who, bank: BTC, part: WHOLE }, Action::Borrow { who, bank: SOL, part: 900_000 }])?;
    all(run, &[Action::Drain { bank: SOL }])?;
    for _ in 0..8 {
        all(run, &[Action::Crash { slot: BTC, factor_ppm: 100_000 }])?;
    }
    all(run, &[Action::Wait])?;
    for leg in 0..4 {
        all(run, &[Action::Hunt { by, leg, part: WHOLE }])?;
    }
    all(run, &(0..12).map(|step| Action::Bury { step }).collect::<Vec<_>>())
}

/// Owes SOL too, so that quote waits with its reserve once that is paid.
fn bad_debt(run: &mut Run) -> Checked {
    let (who, by) = (0, TRADERS + 1);
    all(run, &[Action::FundInsurance { bank: USDC, part: 10_000 }, Action::Deposit { who, bank: BTC, part: WHOLE }])?;
    all(run, &[(USDC, 900_000), (SOL, 450_000)].map(|(bank, part)| Action::Borrow { who, bank, part }))?;
    all(run, &[Action::Crash { slot: BTC, factor_ppm: 450_000 }, Action::Wait])?;
    // Half of the SOL is repaid, and then quote with whatever is left.
    all(run, &[(1, 500_000), (0, WHOLE)].map(|(leg, part)| Action::Hunt { by, leg, part }))?;
    // Freezes, and pays the SOL first.
    all(run, &[Action::Bury { step: 0 }, Action::Bury { step: 9 }])
}

/// A long of twenty times its margin, and a fall of a third.
fn deficit(run: &mut Run) -> Checked {
    let (who, by) = (0, TRADERS + 1);
    all(run, &[Action::Deposit { who, bank: USDC, part: 100_000 }])?;
    all(run, &[Action::Fill { buyer: who, seller: TRADERS, market: SOL_PERP, part: 900_000, tilt_ppm: 0 }])?;
    all(run, &[Action::Crash { slot: SOL, factor_ppm: 650_000 }, Action::Wait])?;
    all(run, &[Action::Hunt { by, leg: 0, part: WHOLE }])?;
    all(run, &(0..12).map(|step| Action::Bury { step }).collect::<Vec<_>>())
}

fn deleveraged(run: &mut Run, alone: bool) -> Checked {
    let long = |who| Action::Fill { buyer: who, seller: TRADERS, market: SOL_PERP, part: 900_000, tilt_ppm: 0 };
    if !alone {
        all(run, &[Action::Deposit { who: 1, bank: USDC, part: 100_000 }, long(1)])?;
        // Enough not to fall with the other.
        all(run, &[Action::Deposit { who: 1, bank: USDC, part: WHOLE }])?;
    }
    all(run, &[Action::Deposit { who: 0, bank: USDC, part: 100_000 }, long(0)])?;
    all(run, &[Action::Crash { slot: SOL, factor_ppm: 650_000 }, Action::Wait, Action::Wait])?;
    all(run, &(0..12).map(|step| Action::Bury { step }).collect::<Vec<_>>())
}

/// Changes that are refused together are tried one by one.
fn parameters(run: &mut Run, changes: &[(usize, u32)]) -> Checked {
    let mut params = *run.books.registry.params();
    for (knob, factor_ppm) in changes {
        let mut changed = params;
        let field = drawn()[*knob];
        let scaled = field.get(&changed) * *factor_ppm as u64 / 1_000_000;
        assert!(field.set(&mut changed, scaled), "{}", field.name);
        let update = ix::update_params(&run.stage.keys, run.stage.authority, &changed);
        if run.send("Params", update, run.stage.authority, false)?.is_some() {
            params = changed;
        }
    }
    run.rebase();
    Ok(())
}

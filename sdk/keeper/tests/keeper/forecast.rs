//! What the keeper expects of its own account is what the program does to it, whatever the leg, the size and the
//! account before.

use plimsoll_keeper::capital::{Fill, Forecast};
use plimsoll_keeper::state::Tracker;
use plimsoll_risk::liquidate::{LegPart, LegSize};
use plimsoll_sdk::ix::{self, owes_collateral, Parties};
use plimsoll_sdk::offer::{Offer, Planner, SLIPPAGE};
use plimsoll_sim::world::{World, BTC, SOL, SOL_PERP, USDC};
use plimsoll_state::snapshot::Views;
use plimsoll_state::{Bank, MarginAccount};
use solana_signer::Signer;

use crate::stage::{delegate, Stage, ONE_SOL, USD};

/// Alice is long of 50 SOL beside her loan: her legs are a borrow, a loss and a position.
const ALICES_UNITS: u64 = 50_000_000;

/// Dollars a SOL at which Alice is cured, by her best legs, and at which she is wound down, by any.
const PRICES: [i64; 2] = [170, 150];

/// How many fills the program took as expected, and how many it refused as expected.
async fn compare(prepare: impl Fn(&mut World, &Stage)) -> (usize, usize) {
    let (mut taken, mut refused) = (0, 0);
    for dollars in PRICES {
        let stage = Stage::new();
        stage.node.world(|world| {
            world.fill(SOL_PERP, &stage.alice, &stage.maker, ALICES_UNITS, None).expect("a fill");
            prepare(world, &stage);
        });
        stage.sol_falls_to(dollars);
        let context = stage.context(stage.config()).await;
        let mut tracker = context.tracker();
        let (liquidatee, offers) = offers(&mut tracker);
        if dollars == PRICES[1] {
            let parts = || offers.iter().flat_map(|offer| offer.request.leg.parts());
            assert!(parts().any(|part| matches!(part, LegPart::Borrow(_))));
            assert!(parts().any(|part| matches!(part, LegPart::Loss(_))));
            assert!(parts().any(|part| matches!(part, LegPart::Position(_))));
        }
        for offer in offers {
            if comes_true(&stage, &tracker, &offer, liquidatee) {
                taken += 1;
            } else {
                refused += 1;
            }
        }
    }
    (taken, refused)
}

/// Alice, and what the program would do for each leg, whole and in part.
fn offers(tracker: &mut Tracker) -> (MarginAccount, Vec<Offer>) {
    let id = tracker.assess_hot().first().expect("Alice is under water").id;
    let planned = tracker.with_loaded(id, Views::LIQUIDATION, |loaded| {
        let clocks = loaded.account.clocks();
        let planner = Planner::new(loaded.portfolio, &clocks, loaded.now, SLIPPAGE);
        let whole = planner.legs().into_iter().filter_map(|leg| planner.offer(leg, None).ok());
        let both = whole.flat_map(|whole| {
            let part = planner.offer(whole.request.leg, Some(LegSize::new(whole.plan.size.get() / 3))).ok();
            [Some(whole), part]
        });
        (*loaded.account, both.flatten().collect())
    });
    planned.expect("tracked").expect("evaluates")
}

/// Liquidates and undoes it; whether the program took it. Either was expected, and what was taken is what was booked.
fn comes_true(stage: &Stage, tracker: &Tracker, offer: &Offer, liquidatee: MarginAccount) -> bool {
    let own = stage.account(&stage.liquidator);
    let (leg, plan) = (offer.request.leg, offer.plan);
    let fill = Fill { leg, plan, liquidatee, with_asset_bank: owes_collateral(&own, &leg) };
    let mut forecast = Forecast::new(&own, &tracker.shared, tracker.now());
    let expected = forecast.can_take(&fill);
    let (signer, liquidator) = (delegate().pubkey(), stage.liquidator.account);
    let parties = Parties { signer, liquidator, liquidatee: stage.alice.account };
    let instruction = ix::liquidate(&tracker.shared.keys, parties, &offer.request, fill.with_asset_bank, false);
    let sent = stage.node.world(|world| {
        let before = world.snapshot();
        let sent = world.send(&signer, &[instruction]);
        let after = world.margin_account(&stage.liquidator);
        before.into_iter().for_each(|(key, account)| world.put(&key, account));
        sent.map(|_| after)
    });
    match sent {
        Ok(after) => {
            assert_eq!(expected, Ok(()), "{offer:?}");
            forecast.apply(&fill).expect("the fill is booked");
            assert_eq!(forecast.own.tokens, after.tokens, "{offer:?}");
            assert_eq!(forecast.own.derivatives, after.derivatives, "{offer:?}");
            assert_ne!((own.tokens, own.derivatives), (after.tokens, after.derivatives));
            true
        }
        Err(failure) => {
            assert!(expected.is_err(), "{failure:?} was not expected of {offer:?}");
            false
        }
    }
}

#[tokio::test]
async fn whoever_has_the_quote_pays_with_it() {
    let (taken, refused) = compare(|_, _| {}).await;
    assert!(taken >= 5 && refused == 0, "{taken} {refused}");
}

#[tokio::test]
async fn whoever_owes_the_collateral_repays_with_it() {
    let (taken, refused) = compare(|world, stage| {
        world.borrow(&stage.liquidator, SOL, 3 * ONE_SOL).expect("a borrow");
    })
    .await;
    assert!(taken >= 5 && refused == 0, "{taken} {refused}");
}

#[tokio::test]
async fn whoever_holds_either_side_of_the_perp_adds_to_it_or_nets() {
    for is_long in [true, false] {
        let (taken, refused) = compare(|world, stage| {
            let (long, short) =
                if is_long { (&stage.liquidator, &stage.maker) } else { (&stage.maker, &stage.liquidator) };
            world.fill(SOL_PERP, long, short, ALICES_UNITS / 4, None).expect("a fill");
        })
        .await;
        assert!(taken >= 5 && refused == 0, "{taken} {refused}");
    }
}

/// Instead of dollars the liquidator has Bitcoin.
fn exchanges_quote(world: &mut World, stage: &Stage) {
    world.deposit(&stage.liquidator, BTC, 100_000_000).expect("a deposit");
    world.withdraw(&stage.liquidator, USDC, None).expect("a withdrawal");
}

#[tokio::test]
async fn whoever_has_no_quote_owes_it_afterwards() {
    let (taken, refused) = compare(exchanges_quote).await;
    assert!(taken >= 5 && refused == 0, "{taken} {refused}");
}

#[tokio::test]
async fn where_the_bank_lends_no_more_a_borrow_is_passed_on_and_a_loss_is_not_paid() {
    let (taken, refused) = compare(|world, stage| {
        exchanges_quote(world, stage);
        let key = world.keys.bank(USDC).bank;
        let mut bank: Bank = world.read(&key);
        bank.caps.borrow_cap_atoms = 1;
        world.write(&key, &bank);
    })
    .await;
    assert!(taken >= 3 && refused >= 1, "{taken} {refused}");
}

#[tokio::test]
async fn whoever_has_little_is_refused_what_is_too_much() {
    let (taken, refused) = compare(|world, stage| {
        world.withdraw(&stage.liquidator, USDC, Some((1_000_000 - 1_000) * USD)).expect("a withdrawal");
    })
    .await;
    assert!(taken >= 1 && refused >= 1, "{taken} {refused}");
}

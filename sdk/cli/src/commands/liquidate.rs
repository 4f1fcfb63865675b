//! `plimsoll liquidate`.

use clap::Args;
use plimsoll_migrations::Result;
use plimsoll_risk::auction::Regime;
use plimsoll_risk::liquidate::{Leg, LegPart, LegSize, Refusal};
use plimsoll_risk::units::Ppm;
use plimsoll_risk::RiskError;
use plimsoll_sdk::ix::{self, Parties};
use plimsoll_sdk::offer::{is_paid_in, pays_with, sized_in, Instrument, Offer, Planner, SLIPPAGE};
use plimsoll_sdk::view::Accounts;
use plimsoll_sdk::EngineError;
use plimsoll_state::snapshot::Views;

use super::account::margins;
use crate::amount::{atoms, percent, ratio, show, usd_micro, usd_pico};
use crate::context::{Context, Loaded};
use crate::margin::Standing;
use crate::names::name_of;
use crate::output::Report;
use crate::usage::usage;

/// Whom, with which account, which leg.
#[derive(Args, Debug)]
pub struct LiquidateArgs {
    /// The account under water
    pub account: String,
    /// The signer's own margin account: an address, or its number
    #[arg(long, default_value = "0", value_name = "ACCOUNT")]
    pub with: String,
    /// Take collateral of this bank
    #[arg(long, value_name = "BANK")]
    pub asset: Option<String>,
    /// Repay a borrow of this bank
    #[arg(long, value_name = "BANK", conflicts_with = "loss")]
    pub borrow: Option<String>,
    /// Pay the loss of this market
    #[arg(long, value_name = "MARKET")]
    pub loss: Option<String>,
    /// Take over this market's position
    #[arg(long, value_name = "MARKET", conflicts_with_all = ["asset", "borrow", "loss"])]
    pub position: Option<String>,
    /// Most that is repaid or taken over, in whole units
    #[arg(long, value_name = "AMOUNT")]
    pub max: Option<String>,
}

/// A leg, and what the program would do.
type Planned = (Leg, std::result::Result<Offer, Refusal>);

/// Shows the plan of every leg, asks, sends the best.
///
/// # Errors
/// Whatever stops it; where nothing can be liquidated, the program's reason.
pub async fn run(context: &Context, args: &LiquidateArgs) -> Result<()> {
    let loaded = context.load().await?;
    let keys = &loaded.accounts.keys;
    let (liquidatee, account) = context.account(keys, &args.account).await?;
    let accounts = loaded.accounts.with(&account);
    let standing = Standing::of(&accounts)?;
    let planned = plans(&loaded, &accounts, args)?;
    let rows = planned.iter().map(|(leg, offer)| row(&loaded, leg, offer)).collect();
    let best = planned.iter().filter_map(|(_, offer)| offer.as_ref().ok());
    let best = best.max_by_key(|offer| offer.gain());
    let mut facts = vec![("account", liquidatee.to_string())];
    facts.extend(margins(&standing));
    facts.push(("state", standing.words().to_owned()));
    let columns = ["leg", "regime", "penalty", "closes", "pays", "takes", "notional", "ratio after"];
    let report = Report::default().with_facts("account", facts).with_rows("plans", &columns, rows);
    let Some(Offer { request, plan, .. }) = best else {
        report.print(context.json);
        let reason = planned.iter().find_map(|(_, offer)| offer.as_ref().err().map(|refusal| refusal.reason));
        let reason = reason.map_or("it has no leg to liquidate", in_words);
        return Err(usage(format!("{liquidatee} cannot be liquidated now: {} ({reason})", standing.words())));
    };
    if !context.json {
        report.print(false);
    }
    let leg = &request.leg;
    let what = format!(
        "liquidate {} of {liquidatee}: close {}, at a penalty of {} and a price at most {} worse than shown",
        leg_name(&loaded, leg),
        size_of(&loaded, leg, plan.size),
        percent(plan.penalty_ppm.get()),
        percent(SLIPPAGE.get())
    );
    let (liquidator, _) = context.account(keys, &args.with).await?;
    let parties = Parties { signer: context.session.address()?, liquidator, liquidatee };
    // By hand nothing is gained by leaving the collateral's bank out where it may be needed.
    let instruction = ix::liquidate(keys, parties, request, is_paid_in(leg) != pays_with(leg), false);
    let done = context.perform(&what, Some(&format!("{what}?")), &[], &[instruction]).await?;
    // The plan has been shown already, before the question.
    if context.json { report.and(done) } else { done }.print(context.json);
    Ok(())
}

/// The plan of each leg that the arguments leave.
fn plans(loaded: &Loaded, accounts: &Accounts, args: &LiquidateArgs) -> Result<Vec<Planned>> {
    let portfolio = accounts.portfolio(Views::LIQUIDATION).map_err(plimsoll_rpc::Error::from)?;
    let bank = |name: &Option<String>| name.as_ref().map(|name| loaded.names.bank(name)).transpose();
    let market = |name: &Option<String>| name.as_ref().map(|name| loaded.names.market(name)).transpose();
    let (asset, borrow) = (bank(&args.asset)?, bank(&args.borrow)?);
    let (loss, position) = (market(&args.loss)?, market(&args.position)?);
    let named = [
        asset.map(LegPart::Collateral),
        borrow.map(LegPart::Borrow),
        loss.map(LegPart::Loss),
        position.map(LegPart::Position),
    ];
    let wanted = |leg: &Leg| named.iter().flatten().all(|wanted| leg.parts().any(|part| part == *wanted));
    let clocks = accounts.account.clocks();
    let planner = Planner::new(&portfolio, &clocks, accounts.now, SLIPPAGE);
    let mut planned = Vec::new();
    for leg in planner.legs().into_iter().filter(wanted) {
        // As much of the leg as is allowed, or at most what the arguments say, in its own units.
        let max_size =
            args.max.as_ref().map(|max| atoms(max, size_decimals(loaded, &leg)).map(LegSize::new)).transpose()?;
        let offer = planner.offer(leg, max_size);
        // What the account does not hold is no leg of it.
        let absent = |refusal: &Refusal| matches!(refusal.reason, RiskError::LegEmpty | RiskError::AssetIsLiability);
        if !offer.as_ref().is_err_and(absent) {
            planned.push((leg, offer));
        }
    }
    Ok(planned)
}

/// The program's words for a formula's refusal.
fn in_words(reason: RiskError) -> &'static str {
    EngineError::from(reason).text().1
}

fn size_decimals(loaded: &Loaded, leg: &Leg) -> u8 {
    match sized_in(leg) {
        Instrument::Bank(bank) => loaded.decimals(bank),
        Instrument::Market(market) => loaded.accounts.registry.markets[market as usize].base_decimals,
    }
}

fn size_of(loaded: &Loaded, leg: &Leg, size: LegSize) -> String {
    show(size.get() as i128, size_decimals(loaded, leg) as u32)
}

fn leg_name(loaded: &Loaded, leg: &Leg) -> String {
    let bank = |slot: u8| name_of(&loaded.names.banks, slot);
    let market = |slot: u8| name_of(&loaded.names.markets, slot);
    let words = leg.parts().map(|part| match part {
        LegPart::Collateral(of) => bank(of),
        LegPart::Borrow(of) => format!("{} owed", bank(of)),
        LegPart::Loss(of) => format!("the loss in {}", market(of)),
        LegPart::Position(of) => format!("the position in {}", market(of)),
    });
    words.collect::<Vec<_>>().join(" for ")
}

fn row(loaded: &Loaded, leg: &Leg, offer: &std::result::Result<Offer, Refusal>) -> Vec<String> {
    let name = leg_name(loaded, leg);
    let plan = match offer {
        Ok(offer) => &offer.plan,
        Err(refusal) => {
            let mut row = vec![name, format!("refused: {}", in_words(refusal.reason))];
            row.extend(vec![String::new(); 6]);
            return row;
        }
    };
    let (paid, received) = (pays_with(leg), is_paid_in(leg));
    vec![
        name,
        if plan.regime == Regime::Cure { "cure" } else { "wind-down" }.to_owned(),
        percent(plan.penalty_ppm.get()),
        size_of(loaded, leg, plan.size),
        show(plan.paid_atoms.get() as i128, loaded.decimals(paid) as u32),
        show(plan.received_atoms.get() as i128, loaded.decimals(received) as u32),
        usd_micro(plan.notional.get() as i128),
        format!("{} ({})", ratio(plan.after.ratio_ppm_down(Ppm::MAX).get()), usd_pico(plan.after.nav.get())),
    ]
}

//! `plimsoll liquidate`.

use clap::Args;
use plimsoll_risk::auction::Regime;
use plimsoll_risk::liquidate::{Leg, LegPart, LegSize, Refusal};
use plimsoll_risk::units::Ppm;
use plimsoll_risk::RiskError;
use plimsoll_sdk::ix::{self, Parties};
use plimsoll_sdk::offer::{is_paid_in, pays_with, sized_in, Instrument, Offer, Planner, SLIPPAGE};
use plimsoll_sdk::view::Accounts;
use plimsoll_sdk::EngineError;
use plimsoll_state::snapshot::Views;
use schemars::JsonSchema;
use serde::Serialize;

use crate::amount::{atoms, percent, ratio};
use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::{Fault, Result};
use crate::health::Margin;
use crate::names::name_of;
use crate::quantity::{Amount, Usd};
use crate::row;
use crate::text::{Cell, Text};
use crate::transaction::Transaction;
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

/// What the program would do, leg by leg, and what was sent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Liquidation {
    /// The account under water.
    pub account: String,
    /// Its margins.
    pub margin: Margin,
    /// Leg by leg.
    pub plans: Vec<Plan>,
    /// What was sent, or would have been.
    pub transactions: Vec<Transaction>,
}

/// What the program would do with a leg.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Plan {
    /// The leg, in words.
    pub leg: String,
    /// Why the program would refuse; null where it would not.
    pub refused: Option<&'static str>,
    /// What it would do; null where it would refuse.
    pub offer: Option<Offered>,
}

/// What a liquidation closes, pays and takes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Offered {
    /// How.
    pub regime: Kind,
    /// The penalty.
    pub penalty_ppm: u32,
    /// What it closes, in the leg's own units.
    pub closes: Amount,
    /// What the liquidator pays.
    pub pays: Amount,
    /// What the liquidator gets.
    pub takes: Amount,
    /// What is closed, in dollars.
    pub notional: Usd,
    /// `NAV / MMR` of the account afterwards; null without a requirement.
    pub ratio_after_ppm: Option<u32>,
    /// Its net asset value afterwards.
    pub nav_after: Usd,
}

/// How an account is liquidated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// As much as brings it to its target.
    Cure,
    /// Any leg, whole.
    WindDown,
}

impl Kind {
    const fn words(self) -> &'static str {
        match self {
            Self::Cure => "cure",
            Self::WindDown => "wind-down",
        }
    }
}

impl Answer for Liquidation {
    fn text(&self) -> Text {
        let mut facts: Vec<(&str, Cell)> = vec![("account", self.account.as_str().into())];
        facts.extend(self.margin.lines());
        let rows = self.plans.iter().map(Plan::row).collect();
        let columns = ["leg", "regime", "penalty", "closes", "pays", "takes", "notional", "ratio after"];
        let text = Text::default().facts(facts).rows(&columns, rows);
        self.transactions.iter().fold(text, |text, sent| text.and(sent.text()))
    }
}

impl Plan {
    fn row(&self) -> Vec<Cell> {
        let Some(of) = &self.offer else {
            let refused = format!("refused: {}", self.refused.unwrap_or_default());
            return row![self.leg, refused, "", "", "", "", "", ""];
        };
        let after = format!("{} ({})", ratio(of.ratio_after_ppm.unwrap_or(u32::MAX)), of.nav_after.text());
        let (penalty, notional) = (percent(of.penalty_ppm), of.notional.text());
        row![self.leg, of.regime.words(), penalty, of.closes.text(), of.pays.text(), of.takes.text(), notional, after]
    }
}

/// Shows the plan of every leg, asks, sends the best.
///
/// # Errors
/// Whatever stops it; where nothing can be liquidated, where the account stands, and when that changes.
pub async fn run(context: &Context, args: &LiquidateArgs) -> Result<()> {
    let loaded = context.load().await?;
    let keys = &loaded.accounts.keys;
    let (liquidatee, account) = context.account(keys, &args.account).await?;
    let accounts = loaded.accounts.with(&account);
    let planned = plans(&loaded, &accounts, args)?;
    let best = planned.iter().filter_map(|(_, offer)| offer.as_ref().ok());
    let best = best.max_by_key(|offer| offer.gain());
    let mut answer = Liquidation {
        account: liquidatee.to_string(),
        margin: Margin::of(&accounts)?,
        plans: planned.iter().map(|(leg, offer)| plan_of(&loaded, leg, offer)).collect(),
        transactions: Vec::new(),
    };
    let Some(Offer { request, plan, .. }) = best else {
        answer.print(context.json);
        return Err(refusal(&answer, &planned));
    };
    if !context.json {
        answer.print(false);
    }
    let leg = &request.leg;
    let what = format!(
        "liquidate {} of {liquidatee}: close {}, at a penalty of {} and a price at most {} worse than shown",
        leg_name(&loaded, leg),
        size_of(&loaded, leg, plan.size).text(),
        percent(plan.penalty_ppm.get()),
        percent(SLIPPAGE.get())
    );
    let (liquidator, _) = context.account(keys, &args.with).await?;
    let parties = Parties { signer: context.session.address()?, liquidator, liquidatee };
    // By hand nothing is gained by leaving the collateral's bank out where it may be needed.
    let instruction = ix::liquidate(keys, parties, request, is_paid_in(leg) != pays_with(leg), false);
    let done = context.perform(&what, Some(&format!("{what}?")), &[], &[instruction]).await?;
    if context.json {
        answer.transactions.push(done);
        answer.print(true);
    } else {
        // The plan has been shown already, before the question.
        crate::transaction::Transactions::from(done).print(false);
    }
    Ok(())
}

/// Why nothing of an account can be liquidated: where it stands, and else the first leg's reason.
fn refusal(answer: &Liquidation, planned: &[Planned]) -> Fault {
    let stands = answer.margin.health_text();
    let reason = planned.iter().find_map(|(_, offer)| offer.as_ref().err().map(|refusal| refusal.reason));
    let why = match reason {
        // Where it stands says more.
        Some(RiskError::AccountHealthy) => String::new(),
        Some(reason) => format!(" ({})", in_words(reason)),
        None => " (it has no leg to liquidate)".to_owned(),
    };
    usage(format!("{} cannot be liquidated now: {stands}{why}", answer.account))
}

/// The plan of each leg that the arguments leave.
fn plans(loaded: &Loaded, accounts: &Accounts, args: &LiquidateArgs) -> Result<Vec<Planned>> {
    let portfolio = accounts.portfolio(Views::LIQUIDATION).map_err(Fault::of_risk)?;
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

fn size_of(loaded: &Loaded, leg: &Leg, size: LegSize) -> Amount {
    Amount::of(size.get(), size_decimals(loaded, leg))
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

fn plan_of(loaded: &Loaded, leg: &Leg, offer: &std::result::Result<Offer, Refusal>) -> Plan {
    let name = leg_name(loaded, leg);
    let plan = match offer {
        Ok(offer) => &offer.plan,
        Err(refusal) => return Plan { leg: name, refused: Some(in_words(refusal.reason)), offer: None },
    };
    let ratio = plan.after.ratio_ppm_down(Ppm::MAX).get();
    let offer = Offered {
        regime: if plan.regime == Regime::Cure { Kind::Cure } else { Kind::WindDown },
        penalty_ppm: plan.penalty_ppm.get(),
        closes: size_of(loaded, leg, plan.size),
        pays: Amount::of(plan.paid_atoms.get(), loaded.decimals(pays_with(leg))),
        takes: Amount::of(plan.received_atoms.get(), loaded.decimals(is_paid_in(leg))),
        notional: Usd::micro(plan.notional.get().into()),
        ratio_after_ppm: (ratio != u32::MAX).then_some(ratio),
        nav_after: Usd::pico(plan.after.nav.get()),
    };
    Plan { leg: name, refused: None, offer: Some(offer) }
}

//! What an account is worth by the SDK's own computation, from accounts read beside the command line.

use anyhow::{ensure, Context, Result};
use plimsoll_risk::margin::{initial_margins, margins};
use plimsoll_risk::portfolio::PriceKind;
use plimsoll_risk::price::Price;
use plimsoll_risk::units::Ppm;
use plimsoll_sdk::view::Accounts;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{MarginAccount, PriceBoard, StoredPrice};
use serde_json::Value;
use solana_pubkey::Pubkey;

use crate::world::{text, CliWorld};

/// A ten-thousandth of a cent: what rounding may change between two reads.
const SLACK_USD_PICO: i128 = 1_000_000;
/// Pico-dollars of a micro-dollar.
const MICRO: i128 = 1_000_000;
/// Liquidation prices are shown with eight decimals.
const PRICE_EXPONENT: i32 = -8;

/// An account's figures at one moment, pico-dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    nav: i128,
    mmr: i128,
    tmr: i128,
    init_nav: i128,
    imr: i128,
    /// Ppm.
    ratio_ppm: i128,
}

impl Figures {
    fn of(accounts: &Accounts) -> Result<Self> {
        let portfolio = accounts.portfolio(Views::ALL).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let (spot, init) = (margins(&portfolio, PriceKind::Spot, false), initial_margins(&portfolio));
        let ratio_ppm = spot.ratio_ppm_down(Ppm::MAX).get().into();
        let (nav, mmr, tmr) = (spot.nav.get(), spot.mmr().get(), spot.tmr().get());
        Ok(Self { nav, mmr, tmr, init_nav: init.nav.get(), imr: init.imr().get(), ratio_ppm })
    }

    /// The same figures as the command line has them.
    fn read(exact: &Value) -> Result<Self> {
        let number = |name: &str| -> Result<i128> { Ok(text(exact, &format!("/{name}"))?.parse::<i128>()? * MICRO) };
        Ok(Self {
            nav: number("nav_usd_micro")?,
            mmr: number("mmr_usd_micro")?,
            tmr: number("tmr_usd_micro")?,
            init_nav: number("init_nav_usd_micro")?,
            imr: number("imr_usd_micro")?,
            ratio_ppm: exact["ratio_ppm"].as_u64().context("no ratio")?.into(),
        })
    }

    fn parts(&self) -> [(&'static str, i128); 6] {
        let Self { nav, mmr, tmr, init_nav, imr, ratio_ppm } = *self;
        [("NAV", nav), ("MMR", mmr), ("TMR", tmr), ("init NAV", init_nav), ("IMR", imr), ("ratio", ratio_ppm)]
    }
}

/// What the SDK computes, from one read of the chain.
pub struct Read {
    /// The engine.
    pub engine: plimsoll_rpc::EngineAccounts,
    /// The account.
    pub account: MarginAccount,
}

impl Read {
    fn accounts<'a>(&'a self, board: &'a PriceBoard) -> Accounts<'a> {
        Accounts { board, ..self.engine.with(&self.account) }
    }

    /// Figures at other spot prices, by slot and units of 1e-8 dollars.
    pub fn figures(&self, moved: &[(usize, u64)]) -> Result<Figures> {
        let mut board = self.engine.board.clone();
        for (slot, price_e8) in moved {
            let price = Price::from_decimal_down(*price_e8, PRICE_EXPONENT);
            board.slots[*slot].spot = StoredPrice::from(price.map_err(|error| anyhow::anyhow!("{error:?}"))?);
        }
        Figures::of(&self.accounts(&board))
    }

    /// Whether the account is at or above maintenance at a spot price.
    pub fn is_healthy_at(&self, slot: usize, price_e8: u64) -> Result<bool> {
        let found = self.figures(&[(slot, price_e8)])?;
        Ok(found.nav >= found.mmr)
    }
}

impl CliWorld {
    /// Reads an account beside the command line.
    pub async fn read(&self, account: &Pubkey) -> Result<Read> {
        let engine = self.connection.engine(self.keys.engine).await?;
        Ok(Read { engine, account: self.connection.read("margin account", account).await? })
    }

    /// The command line's figures lie between the SDK's from before and from after: interest runs meanwhile, nothing else.
    pub fn agree(said: &Value, before: Figures, after: Figures) -> Result<()> {
        let said = Figures::read(said)?;
        for (((name, said), (_, before)), (_, after)) in said.parts().into_iter().zip(before.parts()).zip(after.parts())
        {
            let slack = if name == "ratio" { 1 } else { SLACK_USD_PICO };
            let (low, high) = (before.min(after) - slack, before.max(after) + slack);
            ensure!((low..=high).contains(&said), "{name}: {said}, the SDK has {before} and then {after}");
        }
        Ok(())
    }

    pub async fn an_account_is_inspected(&mut self) -> Result<()> {
        self.prices_until("200", "averages are at 200", 120, "price list", |found| {
            let near = |path| found.pointer(path).and_then(Value::as_str).is_some_and(|price| price >= "199.9");
            near("/board/1/fast_usd") && near("/board/1/slow_usd")
        })
        .await?;
        self.run("borrow USDC 14000 --keypair alice.json").await?.done()?;
        self.what_is_free_is_told().await?;
        let alice = self.account("alice")?;
        let before = self.read(&alice).await?;
        let shown = self.json(&format!("account show {alice}")).await?;
        let after = self.read(&alice).await?;
        Self::agree(&shown["margin"], before.figures(&[])?, after.figures(&[])?)?;
        // Where it comes under water: the SDK agrees on both sides of that price.
        let prices = shown["liquidation_prices"].as_array().context("no liquidation prices")?;
        ensure!(prices.len() == 1 && prices[0]["price"] == "SOL" && prices[0]["above_usd"].is_null(), "{prices:#?}");
        let below = e8(text(&prices[0], "/below_usd")?)?;
        let step = below / 100_000;
        ensure!(after.is_healthy_at(1, below + step)? && !after.is_healthy_at(1, below - step)?, "{prices:#?}");
        // The same in a table, for people.
        let table = self.run(&format!("account show {alice}")).await?.done()?;
        let ppm = shown["margin"]["ratio_ppm"].as_u64().context("no ratio")?;
        let ratio = &format!("{}.{:04}", ppm / 1_000_000, ppm % 1_000_000 / 100);
        let head = ["NAV", "MMR", ratio, "healthy", "balances:", "SOL-PERP", "liquidation prices", "venues that may"];
        let table = table.shows(&head)?.shows(&["-14,000"])?;
        // Each second's interest raises the price a little: the table's is between those before and after it.
        let again = self.json(&format!("account show {alice}")).await?;
        let range = below..=e8(text(&again, "/liquidation_prices/0/below_usd")?)?;
        let in_table = |word: &str| e8(word).is_ok_and(|price| range.contains(&price));
        ensure!(table.out.split_whitespace().any(in_table), "no price within {range:?}:\n{}", table.out);
        self.run("account list --everybody").await?.done()?.shows(&[&alice.to_string(), ratio])?;
        let list = self.json("account list --everybody").await?;
        // Least healthy first: the poor maker, then Alice.
        let second = &list["accounts"][1];
        ensure!(second["account"] == alice.to_string() && second["margin"]["ratio_ppm"] == ppm, "{list:#}");
        Ok(())
    }

    /// A refusal says how much would go, and that much does.
    async fn what_is_free_is_told(&self) -> Result<()> {
        self.prices("200").await?;
        let refused = self.run("borrow USDC 14000 --keypair alice.json --json").await?.ended(1)?;
        let fault: Value = serde_json::from_str(&refused.err)?;
        ensure!(
            fault["name"] == "InitialMarginInsufficient" && fault["free"]["bound"] == "initial_margin",
            "{fault:#}"
        );
        let free: f64 = text(&fault, "/free/most_decimal")?.parse()?;
        ensure!(free > 100.0 && free < 1_000.0, "{fault:#}");
        for command in ["borrow USDC max", "withdraw SOL max"] {
            self.prices("200").await?;
            let would = self.json(&format!("{command} --keypair alice.json --dry-run")).await?;
            ensure!(text(&would, "/moved_decimal")?.parse::<f64>()? > 0.0 && would["asked"].is_null(), "{would:#}");
            // Taking it leaves nothing that could be added.
            let left: f64 = text(&would, "/margin/after/free_usd")?.parse()?;
            ensure!((0.0..1.0).contains(&left), "{would:#}");
        }
        let more = self.run("withdraw SOL 100 --keypair alice.json").await?;
        more.failed_with(&["the engine refused", "SOL may be taken out now: initial margin bounds it"])?;
        Ok(())
    }

    pub async fn a_fall_is_simulated(&mut self) -> Result<()> {
        let alice = self.account("alice")?;
        let before = self.read(&alice).await?;
        let asked = format!("simulate {alice} --price SOL=168.25 --price BTC=90000");
        let shown = self.json(&asked).await?;
        let after = self.read(&alice).await?;
        let at = |read: &Read| read.figures(&[(1, 16_825_000_000)]);
        let then = &shown["margin"]["after"];
        // Averages follow here, so initial margins are another matter: spot's are the same.
        for name in ["nav_usd_micro", "mmr_usd_micro", "tmr_usd_micro"] {
            let said = text(then, &format!("/{name}"))?.parse::<i128>()? * MICRO;
            let of = |figures: Figures| match name {
                "nav_usd_micro" => figures.nav,
                "mmr_usd_micro" => figures.mmr,
                _ => figures.tmr,
            };
            let (one, two) = (of(at(&before)?), of(at(&after)?));
            let range = one.min(two) - SLACK_USD_PICO..=one.max(two) + SLACK_USD_PICO;
            ensure!(range.contains(&said), "{name}: {said}, the SDK has {one} and then {two}");
        }
        Self::agree(&shown["margin"]["before"], before.figures(&[])?, after.figures(&[])?)?;
        ensure!(
            then["may_be_liquidated"] == true && shown["margin"]["before"]["may_be_liquidated"] == false,
            "{shown:#}"
        );
        let table = self.run(&asked).await?.done()?;
        table.shows(&["SOL", "168.25", "under water: may be cured", "healthy"])?;
        // Right after a jump the average has not followed: nobody may liquidate yet.
        let jump = self.json(&format!("simulate {alice} --price SOL=168.25 --spot-only")).await?;
        let jumped = &jump["margin"]["after"];
        ensure!(jumped["may_be_liquidated"] == false, "{jump:#}");
        ensure!(jumped["health"] == "below_at_spot_not_yet_at_average", "{jump:#}");
        ensure!(jumped["liquidatable_in_secs"].as_u64().is_some_and(|secs| secs > 0), "{jump:#}");
        self.run(&format!("simulate {alice} --price ETC=5")).await?.failed_with(&["there is no price \"ETC\""])?;
        self.run(&format!("simulate {alice} --price SOL=0")).await?.failed_with(&["a price is above zero"])?;
        Ok(())
    }
}

/// Dollars with at most eight decimals, in units of 1e-8.
fn e8(dollars: &str) -> Result<u64> {
    let (whole, fraction) = dollars.split_once('.').unwrap_or((dollars, ""));
    ensure!(fraction.len() <= 8, "{dollars} has more than eight decimals");
    Ok(format!("{whole}{fraction:0<8}").parse()?)
}

//! Three falls of SOL and what must come of them: a cure, a loss that insurance pays, a loss that is socialized; with the
//! keeper killed before the second and cut off, or the validator killed, before the third.

use std::path::Path;
use std::time::Instant;

use anyhow::{bail, ensure, Context, Result};
use plimsoll_rpc::Error;
use plimsoll_sdk::ix::{self, args};
use plimsoll_sim::live::{FullReading, Party};
use plimsoll_sim::world::{SOL, SOL_PERP, USDC};
use solana_signer::Signer as _;
use tempfile::TempDir;

use crate::books::reconcile;
use crate::keeper::{Keeper, Setting};
use crate::rebuilt;
use crate::stage::{Stage, INSURANCE_USD, USD};
use crate::validator::Validator;
use plimsoll_risk::units::UnixSecs;

/// How long a keeper may take for anything.
const KEEPER_SECS: u64 = 120;
/// How long a fault lasts.
const FAULT_SECS: u64 = 4;

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Seconds that each part took, by name.
    pub parts_secs: Vec<(String, f64)>,
    /// Notional that the second keeper counts as liquidated, micro-dollars.
    pub liquidated_usd_micro: u64,
    /// Insurance that was paid out, quote atoms.
    pub insurance_paid_atoms: u64,
    /// Loss that depositors bore, quote atoms.
    pub socialized_atoms: u64,
    /// Loss that the other side of the market bore, quote atoms.
    pub charged_atoms: u64,
    /// Events from which everything was rebuilt.
    pub events: usize,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (part, secs) in &self.parts_secs {
            writeln!(f, "  {part:<62} {secs:>6.1} s")?;
        }
        let usd = |atoms: u64| atoms as f64 / USD as f64;
        write!(
            f,
            "  the second keeper liquidated ${:.2}; insurance paid ${:.2}, depositors bore ${:.2}, the other side ${:.2}",
            usd(self.liquidated_usd_micro),
            usd(self.insurance_paid_atoms),
            usd(self.socialized_atoms),
            usd(self.charged_atoms)
        )
    }
}

/// The story under way.
struct Story<'a, V> {
    validator: &'a mut V,
    stage: Stage,
    binary: &'a Path,
    directory: TempDir,
    report: Report,
    since: Instant,
}

/// Tells the whole story on a validator that has the programs.
///
/// # Errors
/// The first thing that does not come as it must.
pub async fn tell<V: Validator>(validator: &mut V, keeper: &Path) -> Result<Report> {
    let since = Instant::now();
    let stage = Stage::set(validator).await.context("setting the stage")?;
    let (directory, report) = (TempDir::new()?, Report::default());
    let mut story = Story { validator, stage, binary: keeper, directory, report, since };
    story.ends("engine, accounts and prices are set up");
    story.delegate_cannot_take_anything().await?;
    let keeper = story.a_cure().await?;
    let keeper = story.a_loss_that_insurance_pays(keeper).await?;
    let keeper = story.a_loss_that_is_socialized(keeper).await?;
    story.reconciled(keeper).await?;
    Ok(story.report)
}

impl<V: Validator> Story<'_, V> {
    fn ends(&mut self, part: &str) {
        self.report.parts_secs.push((part.to_owned(), self.since.elapsed().as_secs_f64()));
        self.since = Instant::now();
    }

    fn keeper(&self, name: &str) -> Result<Keeper> {
        let (cluster, engine) = (self.validator.keeper_cluster(), self.stage.live.keys.engine);
        let setting = Setting { cluster, engine, liquidator: self.stage.desk.account };
        let keeper = Keeper::start(self.binary, self.directory.path(), name, &self.stage.keeper_key, &setting)?;
        // From now on prices reach the board through the keeper alone.
        self.stage.poster.set_refreshing(false);
        Ok(keeper)
    }

    async fn until<T>(&self, keeper: &Keeper, what: &str, seen: impl Fn(&FullReading) -> Option<T>) -> Result<T> {
        let waited = self.stage.until(what, KEEPER_SECS, seen).await;
        waited.with_context(|| {
            format!(
                "poster: {:?}; the keeper's log ends with\n{}",
                self.stage.poster.last_failure(),
                keeper.last_words()
            )
        })
    }

    /// The keeper's key holds nobody's funds.
    async fn delegate_cannot_take_anything(&mut self) -> Result<()> {
        let (live, desk, key) = (&self.stage.live, &self.stage.desk, &self.stage.keeper_key);
        let (thief, token) = (key.pubkey(), live.token(USDC));
        let destination = live.wallet(&desk.owner(), USDC);
        let withdraw = args::WithdrawArgs { amount_atoms: 1, all: false };
        let borrow = args::BorrowArgs { amount_atoms: 1 };
        let attempts = [
            ix::withdraw(&live.keys, &token, thief, desk.account, destination, withdraw),
            ix::borrow(&live.keys, &token, thief, desk.account, destination, borrow),
        ];
        for attempt in attempts {
            match live.send("a delegate takes tokens", &[key], &[attempt]).await {
                Err(failed) if matches!(failed.error, Error::Rejected { .. }) => {}
                Err(failed) => return Err(failed.into()),
                Ok(_) => bail!("a delegate took tokens from the account"),
            }
        }
        Ok(())
    }

    async fn a_cure(&mut self) -> Result<Keeper> {
        let keeper = self.keeper("first")?;
        let first = published_at(&self.stage.live.read_all().await?);
        self.until(&keeper, "the keeper refreshes prices", |look| (published_at(look) > first + 2).then_some(()))
            .await?;
        self.ends("a keeper is started and refreshes prices");
        let before = units(&self.stage.live.read_all().await?, &self.stage.bob);
        self.stage.sol_falls_to(191);
        let bob = self.stage.bob.clone();
        let after = self
            .until(&keeper, "the long position is cured", |look| {
                let units = units(look, &bob);
                (units < before && is_healthy(look, &bob)).then_some(units)
            })
            .await?;
        ensure!(after > 0, "a cure closed the whole position");
        self.ends("SOL falls to 191: a long position is cured");
        Ok(keeper)
    }

    async fn a_loss_that_insurance_pays(&mut self, keeper: Keeper) -> Result<Keeper> {
        keeper.kill().await?;
        self.stage.poster.set_refreshing(true);
        self.stage.sol_falls_to(173);
        let (alice, bob) = (self.stage.alice.clone(), self.stage.bob.clone());
        let both =
            |look: &FullReading| (!is_healthy(look, &alice) && !is_healthy(look, &bob)).then_some(units(look, &bob));
        let held = self.stage.until("both accounts are under water", KEEPER_SECS, both).await?;
        ensure!(held > 0, "somebody liquidated without a keeper");
        self.ends("the keeper is killed, SOL falls to 173 and nobody acts");
        let keeper = self.keeper("second")?;
        self.until(&keeper, "the long position is resolved and the borrower cured", |look| {
            let resolved = is_empty(look, &bob) && look.shared.banks[0].insurance_out_atoms > 0;
            (resolved && is_healthy(look, &alice) && debt_shares(look, &alice) < 0).then_some(())
        })
        .await?;
        let bank = self.stage.live.read_all().await?.shared.banks[0];
        ensure!(bank.insurance_out_atoms < INSURANCE_USD * USD, "the first loss took all of the insurance");
        self.ends("the keeper is back: a borrower cured, insurance pays for the long");
        Ok(keeper)
    }

    async fn a_loss_that_is_socialized(&mut self, keeper: Keeper) -> Result<Keeper> {
        let before = self.stage.live.read_all().await?.shared.banks[0].deposit_index;
        self.validator.break_off().await?;
        self.stage.sol_falls_to(120);
        tokio::time::sleep(std::time::Duration::from_secs(FAULT_SECS)).await;
        let connections = self.validator.keeper_connections();
        // Where the node itself is up, it shows that nobody acts.
        if let Ok(look) = self.stage.live.read_all().await {
            ensure!(debt_shares(&look, &self.stage.alice) < 0, "the keeper acted without a connection");
        }
        self.validator.restore().await?;
        let fault = self.validator.fault();
        self.ends(&format!("{fault}, SOL falls to 120"));
        let alice = self.stage.alice.clone();
        let after = self.until(&keeper, "the borrower's loss is socialized", |look| {
            let bank = &look.shared.banks[0];
            let resolved = is_empty(look, &alice) && debt_shares(look, &alice) == 0;
            (resolved && bank.socialized_atoms > 0).then_some(bank.deposit_index)
        });
        let after = after.await?;
        if let (Some(before), Some(after)) = (connections, self.validator.keeper_connections()) {
            ensure!(after > before, "the keeper follows the node without a new subscription");
        }
        ensure!(after < before, "the deposit index went from {before} to {after}");
        self.ends("the keeper goes on: insurance pays what it has, depositors the rest");
        Ok(keeper)
    }

    async fn reconciled(&mut self, keeper: Keeper) -> Result<()> {
        let maker = self.stage.maker.clone();
        self.until(&keeper, "the maker's gain is settled and insurance swept", |look| {
            let settled = look.shared.banks.iter().all(|bank| bank.waiting_shares == 0);
            (settled && look.accounts.contains_key(&maker.account)).then_some(())
        })
        .await?;
        self.report.liquidated_usd_micro = keeper.metric("plimsoll_keeper_liquidated_usd_micro_total").await? as u64;
        ensure!(self.report.liquidated_usd_micro > 0, "the keeper counts no liquidation");
        ensure!(keeper.is_healthy().await?, "the keeper calls itself unhealthy\n{}", keeper.last_words());
        keeper.stop().await.context("the keeper's graceful stop")?;
        let people = [&self.stage.maker, &self.stage.desk, &self.stage.alice, &self.stage.bob];
        let mut owners: Vec<_> = people.map(Party::owner).to_vec();
        owners.push(self.stage.live.authority());
        let look = reconcile(&self.stage.live, &owners).await?;
        let bank = &look.shared.banks[0];
        self.report.insurance_paid_atoms = bank.insurance_out_atoms;
        self.report.socialized_atoms = bank.socialized_atoms;
        self.report.charged_atoms = look.shared.markets[SOL_PERP as usize].socialized_atoms;
        // One event draws at most half of the fund.
        let share = INSURANCE_USD * USD / 2;
        ensure!(bank.insurance_out_atoms >= share, "a loss was socialized before insurance paid its share");
        // Who lent can go on: the maker takes SOL out again.
        self.stage.live.withdraw(&self.stage.maker, SOL, Some(1_000_000_000)).await?;
        let look = reconcile(&self.stage.live, &owners).await?;
        self.ends("everything reconciles to the atom");
        self.report.events = rebuilt::from_events(&self.stage.live, &look).await?;
        self.ends("every balance is rebuilt from the stream of events");
        Ok(())
    }
}

fn published_at(look: &FullReading) -> i64 {
    look.shared.board.slot(SOL as usize).map_or(0, |slot| slot.published_at)
}

/// Base units of SOL-PERP that an account holds.
fn units(look: &FullReading, party: &Party) -> i64 {
    let Some(account) = look.accounts.get(&party.account) else { return 0 };
    let Some(place) = account.perp_index(SOL_PERP) else { return 0 };
    let slot = &look.shared.registry.markets[SOL_PERP as usize];
    slot.project(&account.derivatives[place], look.shared.registry.funding_at(UnixSecs::new(look.shared.now)))
        .map_or(0, |(units, _)| units.get())
}

/// Shares of USDC: negative for a debt.
fn debt_shares(look: &FullReading, party: &Party) -> i64 {
    let Some(account) = look.accounts.get(&party.account) else { return 0 };
    account.token_index(USDC).map_or(0, |place| account.tokens[place].shares)
}

fn is_healthy(look: &FullReading, party: &Party) -> bool {
    look.standing(&party.account).is_some_and(|(nav, mmr)| nav >= mmr)
}

/// Nothing held, nothing owed.
fn is_empty(look: &FullReading, party: &Party) -> bool {
    look.accounts.get(&party.account).is_some_and(plimsoll_state::MarginAccount::is_empty)
}

//! Sending steps one by one, reading the chain before each.

use std::time::{Duration, Instant};

use plimsoll_sdk::EngineError;
use serde::Serialize;
use solana_pubkey::Pubkey;

use super::build::Builder;
use super::{plan, Plan, Planned, Step};
use crate::chain::Chain;
use crate::config::{Config, Resolved};
use crate::error::{Error, Result};
use crate::session::Session;

/// Bytes of an SPL Token mint.
const MINT_LEN: usize = 82;
/// Between two attempts at a listing whose price is missing.
const PRICE_LOOK_EVERY: Duration = Duration::from_secs(2);

/// How to apply a file.
#[derive(Clone, Copy, Debug)]
pub struct ApplyOptions {
    /// How long a listing waits for its price.
    pub price_wait_secs: u64,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self { price_wait_secs: 300 }
    }
}

/// What was done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Applied {
    /// The engine.
    pub engine: String,
    /// Steps sent, with their signatures.
    pub sent: Vec<(String, String)>,
    /// What a dry run would have sent.
    pub would_send: Vec<Planned>,
}

/// Brings the chain to what the file says, or shows how.
///
/// # Errors
/// `Immutable`, and `Config` where a mint is not there, before anything is sent; `Step` where the program refuses one; `PriceMissing`; `OtherSigner` where the
/// session's key did all it can; `NotConfirmed`; `Rpc`.
pub async fn apply(
    session: &Session,
    config: &Config,
    options: &ApplyOptions,
    progress: impl FnMut(&str),
) -> Result<Applied> {
    session.connection.require_program().await?;
    let signer = session.address()?;
    let resolved = config.resolve(&signer)?;
    let (applied, refused) = (Applied::default(), Vec::new());
    let mut run = Run { session, resolved: &resolved, signer, options, progress, applied, refused, waiting: None };
    loop {
        let chain = Chain::read(&session.connection, &resolved).await?;
        run.applied.engine = chain.keys.engine.to_string();
        let plan = plan(&resolved, &chain)?;
        if !plan.immutable.is_empty() {
            return Err(Error::Immutable(plan.immutable));
        }
        require_mints(config, &chain, &plan)?;
        if session.dry_run {
            run.applied.would_send = plan.steps;
            return Ok(run.applied);
        }
        if run.has_not_begun() {
            ask(session, &plan, &chain.keys.engine, &signer)?;
        }
        match next(&plan, &signer, &run.refused)? {
            Some(next) => run.step(&chain, next).await?,
            None => return run.end(),
        }
    }
}

/// The mints that the file names by address are there.
fn require_mints(config: &Config, chain: &Chain, plan: &Plan) -> Result<()> {
    for planned in &plan.steps {
        let Step::ListBank { bank } = planned.step else { continue };
        let is_made_here = plan.steps.iter().any(|other| other.step == Step::CreateMint { bank });
        let is_there = chain.mints.get(bank as usize).is_some_and(Option::is_some);
        let named = config.banks.get(bank as usize).and_then(|bank| bank.mint_key());
        if let Some(key) = named.filter(|_| !is_made_here && !is_there) {
            return Err(Error::config(
                format!("bank[{bank}].mint"),
                format!("there is no mint {} on this cluster", key.0),
            ));
        }
    }
    Ok(())
}

/// An application under way.
struct Run<'a, P> {
    session: &'a Session,
    resolved: &'a Resolved,
    signer: Pubkey,
    options: &'a ApplyOptions,
    progress: P,
    applied: Applied,
    /// Steps refused since the last one that was not.
    refused: Vec<(Planned, plimsoll_rpc::Error)>,
    /// Since when a listing waits for its price.
    waiting: Option<Instant>,
}

impl<P: FnMut(&str)> Run<'_, P> {
    fn has_not_begun(&self) -> bool {
        self.applied.sent.is_empty() && self.refused.is_empty() && self.waiting.is_none()
    }

    async fn step(&mut self, chain: &Chain, next: Planned) -> Result<()> {
        let mint_rent_lamports = mint_rent(self.session, &next.step).await?;
        let builder = Builder { resolved: self.resolved, chain, signer: self.signer, mint_rent_lamports };
        match self.session.send(&[], &builder.instructions(&next.step)?).await {
            Ok(sent) => {
                (self.progress)(&format!("{}: {}", next.step, sent.signature));
                self.applied.sent.push((next.step.to_string(), sent.signature.to_string()));
                self.refused.clear();
                self.waiting = None;
                Ok(())
            }
            Err(Error::Rpc(error)) if waits_for_price(&error) => self.wait(&next.step, &error).await,
            // Values are checked against each other: what is out of bounds now may be within them after another step.
            Err(Error::Rpc(error)) if error.engine() == Some(EngineError::ParameterOutOfBounds) => {
                (self.progress)(&format!("{}: refused for now: {error}", next.step));
                self.refused.push((next, error));
                Ok(())
            }
            Err(Error::Rpc(source)) => Err(Error::Step { step: next.step.to_string(), source }),
            Err(error) => Err(error),
        }
    }

    /// Lets some time pass before a listing is tried again.
    async fn wait(&mut self, step: &Step, error: &plimsoll_rpc::Error) -> Result<()> {
        if self.waiting.is_none() {
            (self.progress)(&format!("{step}: waits for its price: {error}"));
        }
        let waited_secs = self.waiting.get_or_insert_with(Instant::now).elapsed().as_secs();
        if waited_secs >= self.options.price_wait_secs {
            return Err(Error::PriceMissing { step: step.to_string(), waited_secs, reason: error.to_string() });
        }
        tokio::time::sleep(PRICE_LOOK_EVERY).await;
        Ok(())
    }

    /// Nothing is left, or only what was refused.
    fn end(self) -> Result<Applied> {
        match self.refused.into_iter().next() {
            Some((step, source)) => Err(Error::Step { step: step.step.to_string(), source }),
            None => Ok(self.applied),
        }
    }
}

/// The first step that this key can sign and that was not just refused.
///
/// # Errors
/// `OtherSigner` where only other keys' steps are left.
fn next(plan: &Plan, signer: &Pubkey, refused: &[(Planned, plimsoll_rpc::Error)]) -> Result<Option<Planned>> {
    let ours = plan.steps.iter().filter(|planned| planned.signer == *signer);
    let is_refused = |planned: &Planned| refused.iter().any(|(one, _)| one.step == planned.step);
    if let Some(next) = ours.clone().find(|planned| !is_refused(planned)) {
        // What cannot be taken back comes last: nothing of before may be left behind.
        let last = matches!(next.step, Step::ProposeRole { .. } | Step::Launch);
        return Ok(if last && !refused.is_empty() { None } else { Some(next.clone()) });
    }
    match plan.steps.iter().find(|planned| planned.signer != *signer) {
        Some(other) if refused.is_empty() => {
            let theirs = plan.steps.iter().filter(|planned| planned.signer == other.signer);
            let steps = theirs.map(|planned| planned.step.to_string()).collect();
            Err(Error::OtherSigner { signer: other.signer, steps })
        }
        _ => Ok(None),
    }
}

fn ask(session: &Session, plan: &Plan, engine: &Pubkey, signer: &Pubkey) -> Result<()> {
    let ours = plan.steps.iter().filter(|planned| planned.signer == *signer).count();
    if ours == 0 {
        return Ok(());
    }
    let cluster = &session.wallet.cluster.name;
    session.confirm(&format!("send {ours} step(s) to engine {engine} on {cluster}, signed and paid by {signer}?"))
}

fn waits_for_price(error: &plimsoll_rpc::Error) -> bool {
    let waits = [
        EngineError::PriceStale,
        EngineError::PriceNotReady,
        EngineError::PriceFromFuture,
        EngineError::PriceNotPositive,
    ];
    error.engine().is_some_and(|error| waits.contains(&error))
}

async fn mint_rent(session: &Session, step: &Step) -> Result<u64> {
    if !matches!(step, Step::CreateMint { .. }) {
        return Ok(0);
    }
    let rent = session.connection.rpc.get_minimum_balance_for_rent_exemption(MINT_LEN).await;
    Ok(rent.map_err(plimsoll_rpc::Error::from)?)
}

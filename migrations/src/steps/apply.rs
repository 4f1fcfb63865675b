//! Sending steps one by one, reading the chain before each.

use std::time::{Duration, Instant};

use plimsoll_rpc::mock::MOCK_ORACLE;
use plimsoll_rpc::Connection;
use plimsoll_sdk::{ix, EngineError};
use serde::Serialize;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;
use solana_signature::Signature;

use super::build::Builder;
use super::waits::proposal;
use super::{plan, Part, Plan, Planned, Stage, Step};
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
    /// Only propose what has to wait; nothing comes into force.
    pub only_propose: bool,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self { price_wait_secs: 300, only_propose: false }
    }
}

/// A step that was proposed and is not due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// The step.
    pub step: String,
    /// The number of its change.
    pub id: u64,
    /// From when on anybody may execute it, Unix seconds.
    pub due_at: i64,
    /// How long that is, seconds.
    pub due_in_secs: i64,
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
    /// Steps that were proposed and are not due: the same command executes them when they are.
    pub waiting: Vec<Waiting>,
    /// Changes that wait and would not make the engine what the file says, by number.
    pub others: Vec<u64>,
}

/// Brings the chain to what the file says, or shows how. What has to wait in public is proposed, once, and executed when it
/// is due.
///
/// # Errors
/// `Immutable`, and `Config` where a mint or the mock oracle is not there, before anything is sent; `Step` where the program refuses one; `PriceMissing`; `OtherSigner` where the
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
        let plan = plan(&resolved, &chain)?.signed_by(&chain, &signer);
        if !plan.immutable.is_empty() {
            return Err(Error::Immutable(plan.immutable));
        }
        require_mints(config, &chain, &plan)?;
        require_mock(&session.connection, config, &plan).await?;
        (run.applied.waiting, run.applied.others) = (waiting(&plan, chain.now), plan.others.clone());
        if session.dry_run {
            run.applied.would_send = plan.steps;
            return Ok(run.applied);
        }
        if run.has_not_begun() {
            run.ask(&plan, &chain.keys.engine)?;
        }
        match run.next(&plan)? {
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

/// The mock oracle is there where a price is listed of it: without, no feed can be made and no price comes.
async fn require_mock(connection: &Connection, config: &Config, plan: &Plan) -> Result<()> {
    for planned in &plan.steps {
        let Step::ListPrice { price } = planned.step else { continue };
        let Some(listed) = config.prices.get(price as usize) else { continue };
        let named = [("primary", Some(&listed.primary)), ("secondary", listed.secondary.as_ref())];
        let mut named = named.into_iter().chain([("standby", listed.standby.as_ref())]);
        let Some((name, _)) = named.find(|(_, source)| source.is_some_and(|source| source.program.0 == MOCK_ORACLE))
        else {
            continue;
        };
        let (_, found) = connection.accounts(&[MOCK_ORACLE]).await?;
        if found.into_iter().flatten().any(|account| account.executable) {
            return Ok(());
        }
        return Err(Error::config(
            format!("price[{price}].{name}.program"),
            format!(
                "the mock oracle {MOCK_ORACLE} is not on this cluster: `cargo xtask localnet` brings it, elsewhere \
                 `solana program deploy` of mock_oracle.so"
            ),
        ));
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
        let (what, instructions) = self.instructions(chain, &next).await?;
        let tell = |signature: &Signature| (self.progress)(&format!("{what}: {signature}"));
        match self.session.send_telling(&[], &instructions, tell).await {
            Ok(sent) => {
                self.applied.sent.push((what, sent.signature.to_string()));
                self.refused.clear();
                self.waiting = None;
                Ok(())
            }
            Err(Error::Rpc(error)) if waits_for_price(&error) => self.wait(&next.step, &error).await,
            // Values are checked against each other: what is out of bounds now may be within them after another step.
            Err(Error::Rpc(error)) if may_pass_later(&error) => {
                (self.progress)(&format!("{what}: refused for now: {error}"));
                self.refused.push((next, error));
                Ok(())
            }
            Err(Error::Rpc(source)) => Err(Error::Step { step: what, source }),
            Err(error) => Err(error),
        }
    }

    /// A step's instructions and what they do: at once, or by a change that is proposed or due.
    async fn instructions(&self, chain: &Chain, next: &Planned) -> Result<(String, Vec<Instruction>)> {
        let (resolved, signer, keys) = (self.resolved, self.signer, &chain.keys);
        let mint_rent_lamports = mint_rent(self.session, &next.step).await?;
        let builder = Builder { resolved, chain, signer, payer: signer, mint_rent_lamports };
        if let Part::AtOnce(asked) = &next.part {
            return Ok((next.to_string(), asked.update(keys, signer).into_iter().collect()));
        }
        match next.waits.as_ref().map(|waits| waits.stage) {
            None => Ok((next.to_string(), builder.instructions(&next.step)?)),
            Some(Stage::Missing) => {
                let id = chain.engine.map_or(0, |engine| engine.changes_proposed);
                let asked = proposal(resolved, chain, signer, &next.step)?;
                let propose = asked.map(|asked| ix::propose_change(keys, (signer, signer), id, &asked));
                Ok((format!("propose change {id}: {next}"), propose.into_iter().collect()))
            }
            Some(Stage::Proposed { id, .. } | Stage::Due { id }) => {
                // A listing refreshes its price first, also when the change lists it.
                let mut instructions = builder.instructions(&next.step)?;
                instructions.pop();
                let change = chain.changes.iter().find(|change| change.id == id);
                instructions.extend(change.map(|change| ix::execute_change(keys, signer, change)));
                Ok((format!("execute change {id}: {}", next.step), instructions))
            }
        }
    }

    /// Whether something can be sent for a step now.
    fn is_ready(&self, planned: &Planned) -> bool {
        let stage = planned.waits.as_ref().map(|waits| waits.stage);
        if self.options.only_propose {
            return stage == Some(Stage::Missing);
        }
        !matches!(stage, Some(Stage::Proposed { .. }))
    }

    /// The first step that this key can sign, that need not wait and that was not just refused.
    ///
    /// # Errors
    /// `OtherSigner` where only other keys' steps are left.
    fn next(&self, plan: &Plan) -> Result<Option<Planned>> {
        let (signer, refused) = (&self.signer, &self.refused);
        let ready = plan.steps.iter().filter(|planned| self.is_ready(planned));
        let is_refused =
            |planned: &Planned| refused.iter().any(|(one, _)| one.step == planned.step && one.part == planned.part);
        if let Some(next) = ready.clone().find(|planned| planned.signer == *signer && !is_refused(planned)) {
            // What cannot be taken back comes last: nothing of before may be left behind.
            let last = matches!(next.step, Step::ProposeRole { .. } | Step::Launch);
            return Ok(if last && !refused.is_empty() { None } else { Some(next.clone()) });
        }
        match ready.clone().find(|planned| planned.signer != *signer) {
            Some(other) if refused.is_empty() => {
                let theirs = ready.filter(|planned| planned.signer == other.signer);
                let steps = theirs.map(ToString::to_string).collect();
                Err(Error::OtherSigner { signer: other.signer, steps })
            }
            _ => Ok(None),
        }
    }

    fn ask(&self, plan: &Plan, engine: &Pubkey) -> Result<()> {
        let (session, signer) = (self.session, &self.signer);
        let ready = plan.steps.iter().filter(|planned| self.is_ready(planned));
        let ours = ready.filter(|planned| planned.signer == *signer).count();
        if ours == 0 {
            return Ok(());
        }
        let cluster = &session.wallet.cluster.name;
        session.confirm(&format!("send {ours} step(s) to engine {engine} on {cluster}, signed and paid by {signer}?"))
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

/// What was proposed and is not due.
fn waiting(plan: &Plan, now: i64) -> Vec<Waiting> {
    let proposed = plan.steps.iter().filter_map(|planned| match planned.waits.as_ref()?.stage {
        Stage::Proposed { id, due_at } => {
            Some(Waiting { step: planned.step.to_string(), id, due_at, due_in_secs: due_at.saturating_sub(now) })
        }
        _ => None,
    });
    proposed.collect()
}

/// What a step needs of others, or of time, before it is accepted.
fn may_pass_later(error: &plimsoll_rpc::Error) -> bool {
    matches!(error.engine(), Some(EngineError::ParameterOutOfBounds | EngineError::CapGrowthLimited))
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

//! `plimsoll engine`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use plimsoll_migrations::chain::venues;
use plimsoll_migrations::config::{observe, Config, PauseBit};
use plimsoll_migrations::steps::{apply, Applied, ApplyOptions, Planned};
use plimsoll_migrations::verify::verify;
use plimsoll_migrations::Result;
use plimsoll_risk::breaker::{Pause, GUARDIAN_TERMS};
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::ix;
use plimsoll_sdk::ix::args::{RoleArg, SetPauseArgs};
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::{Registry, Venue};
use solana_pubkey::Pubkey;

use super::change::{act_or_propose, waiting, ChangeCommand};
use crate::context::{Context, Loaded};
use crate::output::{tell_left_out, Report};
use crate::usage::usage;

/// Commands on engines.
#[derive(Subcommand, Debug)]
pub enum EngineCommand {
    /// List every engine of the cluster
    List,
    /// Show an engine's authorities and listings
    Show {
        /// Print its whole configuration as a file instead
        #[arg(long)]
        toml: bool,
    },
    /// Create an engine and list everything in a file; continues where it stopped
    Create {
        /// The configuration
        #[arg(long, value_name = "PATH")]
        config: PathBuf,
    },
    /// Change an existing engine to match a file
    Configure {
        /// The configuration
        #[arg(long, value_name = "PATH")]
        config: PathBuf,
    },
    /// Report every difference between an engine and a file; fails where there is one
    Verify {
        /// The configuration
        #[arg(long, value_name = "PATH")]
        config: PathBuf,
    },
    /// Pause something for a while, by the guardian or the authority; what only reduces cannot be paused
    Pause {
        /// What: withdraw, borrow, fill, liquidate, settle, resolve, price, open-account
        #[arg(required = true, value_parser = parse_bit, value_name = "WHAT")]
        what: Vec<PauseBit>,
        /// For how long [default: as long as the signer may: the guardian six hours, the authority seven days]
        #[arg(long, value_name = "SECONDS")]
        for_secs: Option<u32>,
    },
    /// End pauses before they end by themselves; signed by the authority
    Unpause {
        /// Which
        #[arg(required_unless_present = "all", value_parser = parse_bit, value_name = "WHAT")]
        what: Vec<PauseBit>,
        /// All that stand
        #[arg(long, conflicts_with = "what")]
        all: bool,
    },
    /// Launch the engine: accounts can be opened, and changes wait from now on. Cannot be taken back
    Launch,
    /// Name who may take a role over, which its holder keeps until then. Once the engine is launched this has to wait
    ProposeRole {
        /// The role: authority, risk-authority, guardian or fee-collector
        #[arg(value_parser = parse_role, value_name = "ROLE")]
        role: RoleArg,
        /// The successor
        #[arg(required_unless_present = "none", value_name = "ADDRESS")]
        successor: Option<Pubkey>,
        /// Withdraw the proposal
        #[arg(long, conflicts_with = "successor")]
        none: bool,
    },
    /// Take a role over, signed by the key that was proposed for it
    AcceptRole {
        /// The role: authority, risk-authority, guardian or fee-collector
        #[arg(value_parser = parse_role, value_name = "ROLE")]
        role: RoleArg,
    },
    /// What waits in public, and what limits whom
    #[command(flatten)]
    Change(ChangeCommand),
}

/// Roles by the names that commands take.
const ROLES: [(&str, RoleArg); 4] = [
    ("authority", RoleArg::Authority),
    ("risk-authority", RoleArg::RiskAuthority),
    ("guardian", RoleArg::Guardian),
    ("fee-collector", RoleArg::FeeCollector),
];

fn parse_role(text: &str) -> std::result::Result<RoleArg, String> {
    let names = || ROLES.map(|(name, _)| name).join(", ");
    let found = ROLES.into_iter().find(|(name, _)| *name == text);
    found.map(|(_, role)| role).ok_or_else(|| format!("it is one of {}", names()))
}

/// The name that commands take of a role.
pub fn role_name(role: RoleArg) -> &'static str {
    ROLES.into_iter().find(|(_, known)| *known == role).map_or("role", |(name, _)| name)
}

fn parse_bit(text: &str) -> std::result::Result<PauseBit, String> {
    let names = || PauseBit::ALL.map(PauseBit::name).join(", ");
    PauseBit::ALL.into_iter().find(|bit| bit.name() == text).ok_or_else(|| format!("it is one of {}", names()))
}

/// Runs one; false where a verification finds a difference.
///
/// # Errors
/// Whatever stops it.
pub async fn run(context: &Context, command: EngineCommand) -> Result<bool> {
    match command {
        EngineCommand::List => list(context).await?,
        EngineCommand::Show { toml } => show(context, toml).await?,
        EngineCommand::Create { config } => create(context, Config::read(&config)?, ApplyOptions::default()).await?,
        EngineCommand::Configure { config } => {
            let config = Config::read(&config)?;
            let creator = creator(context, &config)?;
            let engine = EngineKeys::created_by(&creator, config.engine.id).engine;
            // Its absence is an error here: `create` is the command that makes one.
            context.session.connection.engine(engine).await?;
            create(context, config, ApplyOptions::default()).await?;
        }
        EngineCommand::Verify { config } => return differences(context, &Config::read(&config)?).await,
        EngineCommand::Pause { what, for_secs } => pause(context, &what, for_secs).await?,
        EngineCommand::Unpause { what, all } => unpause(context, &what, all).await?,
        EngineCommand::Launch => {
            let keys = EngineKeys::of(context.engine_address().await?);
            let what = format!("launch {}", keys.engine);
            let launch = ix::launch_engine(&keys, context.session.address()?);
            context.act(&what, Some(&format!("{what}, which cannot be taken back?")), &[], &[launch]).await?;
        }
        EngineCommand::ProposeRole { role, successor, .. } => {
            let keys = EngineKeys::of(context.engine_address().await?);
            let name = role_name(role);
            let what = match successor {
                Some(successor) => format!("propose {successor} as the {name} of {}", keys.engine),
                None => format!("withdraw the proposal of a {name} of {}", keys.engine),
            };
            act_or_propose(context, &what, |by| ix::propose_role(&keys, by, role, successor)).await?;
        }
        EngineCommand::AcceptRole { role } => {
            let keys = EngineKeys::of(context.engine_address().await?);
            let signer = context.session.address()?;
            let what = format!("make {signer} the {} of {}", role_name(role), keys.engine);
            context.act(&what, Some(&format!("{what}?")), &[], &[ix::accept_role(&keys, signer, role)]).await?;
        }
        EngineCommand::Change(command) => super::change::run(context, command).await?,
    }
    Ok(true)
}

async fn list(context: &Context) -> Result<()> {
    let listed = context.session.connection.engines().await?;
    let rows = listed.accounts.iter().map(|(address, engine)| {
        let authority = Pubkey::new_from_array(engine.authority);
        let kind = if engine.test_cluster == 1 { "test cluster" } else { "production" };
        vec![address.to_string(), engine.id.to_string(), authority.to_string(), kind.to_owned()]
    });
    Report::table("engines", &["engine", "id", "authority", "kind"], rows.collect()).print(context.json);
    tell_left_out(&listed.unreadable);
    Ok(())
}

async fn show(context: &Context, toml: bool) -> Result<()> {
    let loaded = context.load().await?;
    let venues = venues(&context.session.connection, &loaded.accounts.keys.engine).await?;
    if toml {
        let config = configuration(context, &loaded, &venues)?;
        let text = match (context.json, serde_json::to_value(&config)) {
            (true, Ok(value)) => format!("{value:#}\n"),
            _ => config.to_toml()?,
        };
        // A reader that has seen enough closes the pipe: that is no fault.
        let _ = std::io::stdout().write_all(text.as_bytes());
        return Ok(());
    }
    let (engine, registry) = (&loaded.accounts.engine, &loaded.accounts.registry);
    let key = |bytes: [u8; 32]| match Pubkey::new_from_array(bytes) {
        nobody if nobody == Pubkey::default() => "nobody".to_owned(),
        key => key.to_string(),
    };
    let now = UnixSecs::new(loaded.accounts.now);
    let standing = PauseBit::of_bits(registry.paused_at(now));
    let paused: Vec<String> = standing.into_iter().map(|bit| standing_pause(registry, bit, now)).collect();
    let facts = vec![
        ("engine", loaded.accounts.keys.engine.to_string()),
        ("registry", loaded.accounts.keys.registry.to_string()),
        ("price board", loaded.accounts.keys.board.to_string()),
        ("creator", key(engine.creator)),
        ("authority", key(engine.authority)),
        ("risk authority", key(engine.risk_authority)),
        ("guardian", key(engine.guardian)),
        ("fee collector", key(engine.fee_collector)),
        ("proposed", proposed(engine)),
        ("launched", if registry.launched == 1 { "yes" } else { "no" }.to_owned()),
        ("kind", if engine.test_cluster == 1 { "test cluster" } else { "production" }.to_owned()),
        ("paused", if paused.is_empty() { "nothing".to_owned() } else { paused.join(", ") }),
        ("prices", listed(&loaded.names.prices)),
        ("banks", listed(&loaded.names.banks)),
        ("markets", listed(&loaded.names.markets)),
        ("venues", listed(&venues.iter().map(|(address, _)| address.to_string()).collect::<Vec<_>>())),
        ("slot", loaded.accounts.slot.to_string()),
    ];
    Report::default().with_facts("engine", facts).print(context.json);
    Ok(())
}

/// Successors that were proposed, by role.
fn proposed(engine: &plimsoll_state::Engine) -> String {
    let named = ROLES.into_iter().filter_map(|(name, role)| {
        let key = *engine.pending(role.into());
        (key != [0; 32]).then(|| format!("{name} {}", Pubkey::new_from_array(key)))
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() {
        "nobody".to_owned()
    } else {
        named.join(", ")
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "none".into()
    } else {
        names.join(", ")
    }
}

/// The configuration that the chain has, named as the file of names or the chain has it.
fn configuration(context: &Context, loaded: &Loaded, venues: &[(Pubkey, Venue)]) -> Result<Config> {
    let accounts = &loaded.accounts;
    let empty = Config {
        engine: plimsoll_migrations::config::EngineConfig {
            id: accounts.engine.id,
            test_cluster: accounts.engine.test_cluster == 1,
            creator: None,
            authority: None,
            risk_authority: None,
            guardian: None,
            fee_collector: None,
            launch: true,
            pause: None,
        },
        params: plimsoll_risk::params::GlobalParams::DEFAULT,
        prices: Vec::new(),
        banks: Vec::new(),
        markets: Vec::new(),
        venues: Vec::new(),
    };
    let names = context.names.as_deref().map_or_else(|| Ok(empty), Config::read)?;
    let (engine, registry, board) = (&accounts.engine, &accounts.registry, &accounts.board);
    let venues: Vec<Venue> = venues.iter().map(|(_, venue)| *venue).collect();
    let mut config = observe(
        engine,
        (registry, accounts.now),
        (board, &accounts.feeds),
        &accounts.banks,
        &accounts.markets,
        &venues,
        &names,
    );
    if context.names.is_none() {
        config.prices.iter_mut().zip(&loaded.names.prices).for_each(|(price, name)| price.name.clone_from(name));
        config.banks.iter_mut().zip(&loaded.names.banks).for_each(|(bank, name)| bank.name.clone_from(name));
    }
    Ok(config)
}

fn creator(context: &Context, config: &Config) -> Result<Pubkey> {
    config.engine.creator.map_or_else(|| context.session.address(), |key| Ok(key.0))
}

/// Proposes what has to wait of a file.
///
/// # Errors
/// Whatever stops it.
pub async fn propose(context: &Context, file: &Path) -> Result<()> {
    create(context, Config::read(file)?, ApplyOptions { only_propose: true, ..ApplyOptions::default() }).await
}

async fn create(context: &Context, config: Config, options: ApplyOptions) -> Result<()> {
    let progress = |text: &str| eprintln!("{text}");
    let applied = apply(&context.session, &config, &options, progress).await?;
    let report = steps(&applied, context.session.dry_run);
    if context.json || context.session.dry_run {
        report.print(context.json);
        return Ok(());
    }
    // Each step has been said when it was sent.
    let facts = vec![("engine", applied.engine.clone()), ("steps sent", applied.sent.len().to_string())];
    let waits = waiting(&applied);
    let next = "`plimsoll price list` says when prices are ready for adding risk; --names FILE has banks and prices \
                called as in the file";
    Report::default().with_facts("engine", facts).and(waits).with_note(next).print(false);
    Ok(())
}

fn steps(applied: &Applied, dry_run: bool) -> Report {
    let report = Report::default().with_facts("engine", vec![("engine", applied.engine.clone())]);
    if dry_run {
        let rows = applied.would_send.iter().map(|planned| {
            vec![planned.to_string(), planned.signer.to_string(), planned.changes.join("\n"), waits(planned)]
        });
        let columns = ["step", "signed by", "changes", "waits"];
        return report.with_rows("would_send", &columns, rows.collect()).and(waiting(applied));
    }
    let rows = applied.sent.iter().map(|(step, signature)| vec![step.clone(), signature.clone()]);
    report.with_rows("sent", &["step", "signature"], rows.collect()).and(waiting(applied))
}

fn waits(planned: &Planned) -> String {
    planned.waits.as_ref().map(ToString::to_string).unwrap_or_default()
}

async fn differences(context: &Context, config: &Config) -> Result<bool> {
    let verified = verify(&context.session, config, &creator(context, config)?).await?;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let rows = verified.differences.iter().map(|d| vec![d.path.clone(), text(&d.on_chain), text(&d.in_file)]);
    let not_ready = verified.not_ready.iter().map(|price| vec![price.clone()]);
    Report::default()
        .with_facts("engine", vec![("engine", verified.engine.clone()), ("same", verified.is_same().to_string())])
        .with_note("differences:")
        .with_rows("differences", &["value", "on chain", "in the file"], rows.collect())
        .with_note("prices at which no risk may be added yet:")
        .with_rows("not_ready", &["price"], not_ready.collect())
        .print(context.json);
    Ok(verified.is_same())
}

/// A pause that stands, in words.
fn standing_pause(registry: &Registry, bit: PauseBit, now: UnixSecs) -> String {
    let held = registry.pauses[bit.bit().trailing_zeros() as usize].get();
    format!("{} for {}", bit.name(), left(&held, now))
}

/// How long a pause or a halt still stands, and by whom.
pub fn left(held: &Pause, now: UnixSecs) -> String {
    let by = match (held.guardian.stands(now), held.authority_until > now) {
        (true, false) => format!("guardian, {} of {} in a row", held.guardian.in_a_row, GUARDIAN_TERMS.most),
        _ => "authority".to_owned(),
    };
    format!("{} s more ({by})", held.until().elapsed_since(now).get())
}

fn names(bits: u32) -> String {
    PauseBit::of_bits(bits).into_iter().map(PauseBit::name).collect::<Vec<_>>().join(", ")
}

async fn pause(context: &Context, what: &[PauseBit], for_secs: Option<u32>) -> Result<()> {
    let keys = EngineKeys::of(context.engine_address().await?);
    let bits = PauseBit::bits(what);
    let args = SetPauseArgs { add_bits: bits, remove_bits: 0, lasts_secs: for_secs };
    let set = ix::set_pause(&keys, context.session.address()?, args);
    // Stopping is quick; starting again is asked about.
    context.act(&format!("pause {}", names(bits)), None, &[], &[set]).await
}

async fn unpause(context: &Context, what: &[PauseBit], all: bool) -> Result<()> {
    let loaded = context.load().await?;
    let held = loaded.accounts.registry.paused_at(UnixSecs::new(loaded.accounts.now));
    let bits = if all { held } else { PauseBit::bits(what) & held };
    if bits == 0 {
        return Err(usage("none of it is paused"));
    }
    let set = ix::unpause(&loaded.accounts.keys, context.session.address()?, bits);
    let what = format!("end the pause of {}", names(bits));
    context.act(&what, Some(&format!("{what}?")), &[], &[set]).await
}

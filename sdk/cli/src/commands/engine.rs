//! `plimsoll engine`.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;
use plimsoll_migrations::chain::venues;
use plimsoll_migrations::config::{observe, Config, PauseBit};
use plimsoll_migrations::steps::ApplyOptions;
use plimsoll_sdk::ix;
use plimsoll_sdk::ix::args::RoleArg;
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::Venue;
use schemars::JsonSchema;
use serde::Serialize;
use solana_pubkey::Pubkey;

use super::account_list::tell_left_out;
use super::change::{act_or_propose, ChangeCommand};
use super::configure::{create, creator, differences};
use super::pauses::{pause, standing, unpause, Standing};
use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::Result;
use crate::row;
use crate::text::{Cell, Text};

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

/// Every engine of the cluster.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EngineList {
    /// In no order.
    pub engines: Vec<Known>,
    /// Why others cannot be read; every sentence names its address.
    pub left_out: Vec<String>,
}

/// An engine in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Known {
    /// Its address.
    pub engine: String,
    /// Its number among its creator's.
    pub id: u16,
    /// Its authority.
    pub authority: String,
    /// Whether it is one for tests, whose changes may come at once.
    pub test_cluster: bool,
}

/// An engine.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Shown {
    /// Its address.
    pub engine: String,
    /// Its registry.
    pub registry: String,
    /// Its price board.
    pub price_board: String,
    /// Who created it.
    pub creator: String,
    /// Sets and stops everything.
    pub authority: String,
    /// Sets risk; null where nobody does.
    pub risk_authority: Option<String>,
    /// Stops; null where nobody does.
    pub guardian: Option<String>,
    /// Takes fees; null where nobody does.
    pub fee_collector: Option<String>,
    /// Who may take which role over.
    pub proposed: Vec<Successor>,
    /// Whether anybody can have an account.
    pub launched: bool,
    /// Whether it is one for tests, whose changes may come at once.
    pub test_cluster: bool,
    /// What does not work now.
    pub paused: Vec<Standing>,
    /// Prices by slot.
    pub prices: Vec<String>,
    /// Banks by slot.
    pub banks: Vec<String>,
    /// Markets by slot.
    pub markets: Vec<String>,
    /// Venues.
    pub venues: Vec<String>,
    /// The slot at which all that was read.
    pub slot: u64,
}

/// Who may take a role over.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Successor {
    /// The role.
    pub role: &'static str,
    /// Who.
    pub key: String,
}

const fn kind(test_cluster: bool) -> &'static str {
    if test_cluster {
        "test cluster"
    } else {
        "production"
    }
}

impl Answer for EngineList {
    fn text(&self) -> Text {
        let rows = self.engines.iter().map(|of| row![of.engine, of.id, of.authority, kind(of.test_cluster)]);
        Text::table(&["engine", "id", "authority", "kind"], rows.collect())
    }
}

impl Answer for Shown {
    fn text(&self) -> Text {
        let nobody = |key: &Option<String>| key.clone().unwrap_or_else(|| "nobody".to_owned());
        let or = |list: Vec<String>, none: &str| if list.is_empty() { none.to_owned() } else { list.join(", ") };
        let proposed = self.proposed.iter().map(|of| format!("{} {}", of.role, of.key)).collect();
        let paused = self.paused.iter().map(|of| format!("{} for {}", of.what, of.left())).collect();
        let facts: Vec<(&str, Cell)> = vec![
            ("engine", self.engine.as_str().into()),
            ("registry", self.registry.as_str().into()),
            ("price board", self.price_board.as_str().into()),
            ("creator", self.creator.as_str().into()),
            ("authority", self.authority.as_str().into()),
            ("risk authority", nobody(&self.risk_authority).into()),
            ("guardian", nobody(&self.guardian).into()),
            ("fee collector", nobody(&self.fee_collector).into()),
            ("proposed", or(proposed, "nobody").into()),
            ("launched", if self.launched { "yes" } else { "no" }.into()),
            ("kind", kind(self.test_cluster).into()),
            ("paused", or(paused, "nothing").into()),
            ("prices", or(self.prices.clone(), "none").into()),
            ("banks", or(self.banks.clone(), "none").into()),
            ("markets", or(self.markets.clone(), "none").into()),
            ("venues", or(self.venues.clone(), "none").into()),
            ("slot", self.slot.into()),
        ];
        Text::default().facts(facts)
    }
}

async fn list(context: &Context) -> Result<()> {
    let listed = context.session.connection.engines().await?;
    if listed.accounts.is_empty() && listed.unreadable.is_empty() {
        // Nothing is listed where the program is missing too, and that is another thing to do.
        context.session.connection.require_program().await?;
    }
    let engines = listed.accounts.iter().map(|(address, engine)| Known {
        engine: address.to_string(),
        id: engine.id,
        authority: Pubkey::new_from_array(engine.authority).to_string(),
        test_cluster: engine.test_cluster == 1,
    });
    let left_out = listed.unreadable.iter().map(ToString::to_string).collect();
    let answer = EngineList { engines: engines.collect(), left_out };
    answer.print(context.json);
    tell_left_out(&answer.left_out);
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
    shown(&loaded, &venues).print(context.json);
    Ok(())
}

fn shown(loaded: &Loaded, venues: &[(Pubkey, Venue)]) -> Shown {
    let (engine, registry) = (&loaded.accounts.engine, &loaded.accounts.registry);
    let key = |bytes: [u8; 32]| Pubkey::new_from_array(bytes).to_string();
    let perhaps = |bytes: [u8; 32]| (bytes != [0; 32]).then(|| key(bytes));
    let proposed = ROLES.into_iter().filter_map(|(role, arg)| {
        let key = perhaps(*engine.pending(arg.into()))?;
        Some(Successor { role, key })
    });
    Shown {
        engine: loaded.accounts.keys.engine.to_string(),
        registry: loaded.accounts.keys.registry.to_string(),
        price_board: loaded.accounts.keys.board.to_string(),
        creator: key(engine.creator),
        authority: key(engine.authority),
        risk_authority: perhaps(engine.risk_authority),
        guardian: perhaps(engine.guardian),
        fee_collector: perhaps(engine.fee_collector),
        proposed: proposed.collect(),
        launched: registry.launched == 1,
        test_cluster: engine.test_cluster == 1,
        paused: standing(registry, loaded.accounts.now),
        prices: loaded.names.prices.clone(),
        banks: loaded.names.banks.clone(),
        markets: loaded.names.markets.clone(),
        venues: venues.iter().map(|(address, _)| address.to_string()).collect(),
        slot: loaded.accounts.slot,
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

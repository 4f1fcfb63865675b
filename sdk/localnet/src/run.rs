//! All of it, from the first process to the last file.

use std::future::Future;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use anyhow::{anyhow, bail, Context as _, Result};
use plimsoll_migrations::{Session, SessionArgs};
use plimsoll_rpc::local::LocalConfig;
use plimsoll_rpc::{Cluster, Connection};
use tokio::task::JoinSet;

use crate::engine::Plan;
use crate::keep::{configuration, Kept};
use crate::people::{give_lamports, People, ALICE, AUTHORITY};
use crate::place::{Place, ENGINE, KEYS};
use crate::programs::programs;
use crate::proxy::Proxy;
use crate::surfnet::{find_addon, Surfnet};
use crate::told::{say, welcome};
use crate::walk::Walk;

/// Averages are ready a quarter of a minute after the first price; a busy machine takes its time.
const READY_SECS: u64 = 120;

/// What a localnet is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// The node's port; its subscriptions are on the next one, the keeper's metrics on the one after.
    pub port: u16,
    /// A validator that runs already.
    pub url: Option<String>,
    /// Where keys and files are.
    pub directory: PathBuf,
}

/// Starts everything, and ends everything when `stop` comes.
///
/// # Errors
/// What does not start, or ends by itself.
pub async fn run(options: &Options, stop: impl Future<Output = ()>) -> Result<()> {
    let place = Place::take(&options.directory)?;
    let mut stop = std::pin::pin!(stop);
    let node = tokio::select! {
        node = Node::start(options) => node?,
        () = &mut stop => return Ok(()),
    };
    let started = tokio::select! {
        started = Running::start(options, &place, &node.url) => started.map(Some),
        () = &mut stop => Ok(None),
    };
    let ended = match started {
        Ok(Some(running)) => running.until(&mut stop, node).await,
        Ok(None) => node.end().await,
        Err(error) => node.end().await.and(Err(error)),
    };
    drop(place);
    ended
}

/// The validator: surfpool at the ports that were asked for, or one that somebody else runs.
struct Node {
    url: String,
    own: Option<(Surfnet, [Proxy; 2])>,
}

impl Node {
    async fn start(options: &Options) -> Result<Self> {
        let [rpc, ws, http] = [0, 1, 2].map(|further| options.port + further);
        if let Some(url) = &options.url {
            free(http)?;
            let cluster: Cluster = url.parse()?;
            needs_programs(&cluster).await?;
            return Ok(Self { url: cluster.rpc_url, own: None });
        }
        [rpc, ws, http].into_iter().try_for_each(free)?;
        let addon = find_addon()
            .await
            .map_err(|reason| anyhow!("{reason}\n  -> or run a validator of your own and name it with --url"))?;
        say("starting surfpool and loading the programs");
        let surfnet = Surfnet::start(&addon, &programs()?).await?;
        let (of_rpc, of_ws) = surfnet.addresses()?;
        // surfpool chooses its ports; people and tools look where validators are.
        let proxies = [Proxy::at(rpc, of_rpc).context("the node's port")?, Proxy::at(ws, of_ws)?];
        Ok(Self { url: format!("http://127.0.0.1:{rpc}"), own: Some((surfnet, proxies)) })
    }

    /// Comes back when it has ended by itself.
    async fn ended(&mut self) -> String {
        match &mut self.own {
            Some((surfnet, _)) => format!("surfpool has ended: {:?}", surfnet.ended().await),
            None => std::future::pending().await,
        }
    }

    async fn end(self) -> Result<()> {
        match self.own {
            Some((surfnet, _proxies)) => surfnet.end().await,
            None => Ok(()),
        }
    }
}

/// Nobody listens on this port of the machine.
fn free(port: u16) -> Result<()> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop).map_err(|error| {
        anyhow!("port {port} is taken ({error}): a validator or another localnet may run; choose others with --port")
    })
}

/// A validator that somebody else runs has the programs, or is told how to start with them.
async fn needs_programs(cluster: &Cluster) -> Result<()> {
    let (programs, connection) = (programs()?, Connection::new(cluster));
    if Cluster::verify(&connection.rpc, None).await?.is_some() {
        bail!("{} is a public cluster: a localnet is for one of your own", cluster.rpc_url);
    }
    let ids: Vec<_> = programs.iter().map(|program| program.id).collect();
    let (_, found) = connection.accounts(&ids).await?;
    if found.iter().flatten().filter(|account| account.executable).count() < ids.len() {
        let loads: String = programs
            .iter()
            .map(|program| format!(" \\\n    --bpf-program {} {}", program.id, program.file.display()))
            .collect();
        bail!(
            "{} does not have the programs\n  -> start it with them:\n  solana-test-validator --reset{loads}",
            cluster.rpc_url
        );
    }
    Ok(())
}

/// What runs beside the node.
struct Running {
    // Ends with this value, also where something that is started after it fails.
    walk: JoinSet<()>,
    keeper: Kept,
}

impl Running {
    async fn start(options: &Options, place: &Place, url: &str) -> Result<Self> {
        let keys = place.path(KEYS);
        let authority = place.key(AUTHORITY)?;
        let args = SessionArgs {
            url: Some(url.to_owned()),
            keypair: Some(keys.join(format!("{AUTHORITY}.json"))),
            yes: true,
            ..SessionArgs::default()
        };
        let session = Session::open(&args).await?;
        give_lamports(&session.connection, place).await?;
        let plan = Plan::of(&session.address()?)?;
        let walk = Walk::new(session.connection.clone(), authority, &plan, place.directory().to_owned());
        let mut tasks = JoinSet::new();
        tasks.spawn(walk.run());
        say("creating the engine of migrations/localnet.toml");
        plan.make(&session, place).await?;
        say("giving tokens to alice, bob and others");
        let people = People::of(&session, place, &plan).await?;
        let liquidator = people.open_liquidator().await?;
        let http_port = options.port + 2;
        let config = configuration(place, url, &plan.keys.engine, &liquidator, http_port);
        let keeper = Kept::start(place, config).await?;
        people.settle_in().await?;
        say("waiting until prices are ready");
        people.until_ready(READY_SECS).await?;
        place.announce(&LocalConfig {
            url: url.to_owned(),
            engine: plan.keys.engine.to_string(),
            names: Some(ENGINE.into()),
            keys: KEYS.into(),
            signer: ALICE.to_owned(),
            poster: Some(AUTHORITY.to_owned()),
        })?;
        say(&welcome(url, http_port, &plan, place.directory()));
        Ok(Self { walk: tasks, keeper })
    }

    /// Until it is to stop, or a part has ended by itself; then everything has.
    async fn until(mut self, stop: impl Future<Output = ()>, mut node: Node) -> Result<()> {
        let reason = tokio::select! {
            () = stop => None,
            reason = self.keeper.ended() => Some(reason),
            reason = node.ended() => Some(reason),
        };
        self.walk.abort_all();
        if reason.is_none() {
            say("\nending");
            self.keeper.end().await;
        }
        node.end().await?;
        reason.map_or(Ok(()), |reason| bail!("{reason}"))
    }
}

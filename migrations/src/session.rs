//! Who signs, where, and how careful to be: the arguments that every command takes.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use plimsoll_rpc::{Cluster, Connection, Fee, SendOptions, Sent, Wallet};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::Signer;

use crate::error::{Error, Result};

/// Arguments of every command that talks to a cluster.
#[derive(Args, Clone, Debug, Default)]
pub struct SessionArgs {
    /// Cluster: localnet, devnet, testnet, mainnet-beta, or an http(s) address. Else the Solana CLI's
    #[arg(short, long, global = true, env = "PLIMSOLL_URL", hide_env_values = true, help_heading = "Cluster and keys")]
    pub url: Option<String>,
    /// Key file that signs and pays. Else the Solana CLI's
    #[arg(
        short,
        long,
        global = true,
        value_name = "PATH",
        env = "PLIMSOLL_KEYPAIR",
        hide_env_values = true,
        help_heading = "Cluster and keys"
    )]
    pub keypair: Option<PathBuf>,
    /// The Solana CLI's configuration file, where it is not in its usual place
    #[arg(long, global = true, value_name = "PATH", help_heading = "Cluster and keys")]
    pub solana_config: Option<PathBuf>,
    /// Priority fee, micro-lamports a compute unit. Else the median of what was recently paid for the same accounts
    #[arg(long, global = true, value_name = "MICRO_LAMPORTS", help_heading = "Cluster and keys")]
    pub priority_fee: Option<u64>,
    /// Show what would be done, send nothing
    #[arg(long, global = true, help_heading = "Caution")]
    pub dry_run: bool,
    /// Do not ask for confirmation before what cannot be undone
    #[arg(short, long, global = true, help_heading = "Caution")]
    pub yes: bool,
    /// Allow mainnet-beta, which is refused otherwise
    #[arg(long, global = true, help_heading = "Caution")]
    pub yes_mainnet: bool,
}

/// A connection to a verified cluster, and who signs.
pub struct Session {
    /// The node.
    pub connection: Connection,
    /// The cluster, and where the key is.
    pub wallet: Wallet,
    /// What the genesis hash says the cluster is; none for a local or private one.
    pub cluster: Option<&'static str>,
    /// How transactions are sent.
    pub options: SendOptions,
    /// Show, send nothing.
    pub dry_run: bool,
    /// Ask nothing.
    pub yes: bool,
    /// What was sent and is not confirmed yet.
    pub on_way: OnWay,
}

/// The transaction that was sent and is not confirmed yet, for whoever ends the waiting.
#[derive(Clone, Debug, Default)]
pub struct OnWay(Arc<Mutex<Option<Signature>>>);

impl OnWay {
    fn set(&self, signature: Option<Signature>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = signature;
    }

    /// Its signature, where there is one.
    pub fn signature(&self) -> Option<Signature> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionArgs {
    /// Completes the arguments from the Solana CLI's configuration.
    ///
    /// # Errors
    /// `Rpc` where a file or the cluster's name is wrong.
    pub fn wallet(&self) -> Result<Wallet> {
        Ok(Wallet::find(self.url.as_deref(), self.keypair.as_deref(), self.solana_config.as_deref())?)
    }

    /// How transactions are sent.
    pub fn send_options(&self) -> SendOptions {
        let fee = self.priority_fee.map_or(SendOptions::default().fee, Fee::Fixed);
        SendOptions { fee, ..SendOptions::default() }
    }
}

impl Session {
    /// Connects, and makes sure that the node belongs to the cluster that was meant.
    ///
    /// # Errors
    /// `Rpc` where the node belongs to another cluster or does not answer, and on mainnet-beta without its flag.
    pub async fn open(args: &SessionArgs) -> Result<Self> {
        let wallet = args.wallet()?;
        let connection = Connection::new(&wallet.cluster);
        let cluster = Cluster::verify(&connection.rpc, Some(&wallet.cluster.name)).await?;
        if cluster == Some("mainnet-beta") && !args.yes_mainnet {
            return Err(plimsoll_rpc::Error::Configuration(
                "this is mainnet-beta: the program is not audited; pass --yes-mainnet if you mean it".into(),
            )
            .into());
        }
        let options = args.send_options();
        Ok(Self {
            connection,
            wallet,
            cluster,
            options,
            dry_run: args.dry_run,
            yes: args.yes,
            on_way: OnWay::default(),
        })
    }

    /// The key that signs and pays.
    ///
    /// # Errors
    /// `Rpc`, with the command that makes a key.
    pub fn keypair(&self) -> Result<Keypair> {
        Ok(self.wallet.keypair()?)
    }

    /// Its address.
    ///
    /// # Errors
    /// As [`Session::keypair`].
    pub fn address(&self) -> Result<Pubkey> {
        Ok(self.keypair()?.pubkey())
    }

    /// Asks before something that cannot be undone, unless told not to.
    ///
    /// # Errors
    /// `NotConfirmed` where the answer is no, or there is nobody to ask.
    pub fn confirm(&self, question: &str) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(Error::NotConfirmed(format!("{question} (there is no terminal on which to ask)")));
        }
        let answer = dialoguer::Confirm::new().with_prompt(question).default(false).interact();
        match answer {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::NotConfirmed(question.to_owned())),
            Err(error) => Err(Error::NotConfirmed(format!("{question}: {error}"))),
        }
    }

    /// Sends instructions that the session's key pays for.
    ///
    /// # Errors
    /// `Rpc`.
    pub async fn send(&self, signers: &[&(dyn Signer + Sync)], instructions: &[Instruction]) -> Result<Sent> {
        self.send_telling(signers, instructions, |_| {}).await
    }

    /// The same; `tell` hears the signature when it is sent, before anybody knows whether it lands.
    ///
    /// # Errors
    /// `Rpc`.
    pub async fn send_telling(
        &self,
        signers: &[&(dyn Signer + Sync)],
        instructions: &[Instruction],
        tell: impl FnOnce(&Signature),
    ) -> Result<Sent> {
        let payer = self.keypair()?;
        let prepared = self.connection.prepare(&payer, signers, instructions, &self.options).await?;
        let signature = prepared.signature();
        self.on_way.set(Some(signature));
        tell(&signature);
        let sent = self.connection.finish(&prepared).await;
        self.on_way.set(None);
        Ok(sent?)
    }
}

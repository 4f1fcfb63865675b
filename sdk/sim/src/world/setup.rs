//! The engine and its margin accounts.

use std::ops::{Deref, DerefMut};

use plimsoll_risk::params::GlobalParams;
use plimsoll_sdk::ix::{self, args};
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::{FeedBook, MarginAccount, PriceBoard, Registry};
use solana_pubkey::Pubkey;

use super::{Chain, Mint, Sent};

/// The defaults, but that changes do not wait and nothing ramps: for an engine of a test cluster.
pub const AT_ONCE: GlobalParams = {
    let mut params = GlobalParams::DEFAULT;
    params.changes.change_delay_secs = 0;
    params
};

/// Whoever creates the engine of a [`World`].
pub const AUTHORITY: &str = "authority";

/// An engine on a chain. Everything of [`Chain`] can be called on it.
#[derive(Clone)]
pub struct World {
    /// The chain.
    pub chain: Chain,
    /// Addresses of the engine.
    pub keys: EngineKeys,
    /// Its creator, who holds every role and also pays for set-up.
    pub authority: Pubkey,
    /// Mint of each listed bank, by slot.
    pub mints: Vec<Mint>,
    /// Each listed price, by slot.
    pub feeds: Vec<super::Feed>,
}

/// An owner with one margin account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trader {
    /// Signs.
    pub owner: Pubkey,
    /// The margin account.
    pub account: Pubkey,
}

impl Deref for World {
    type Target = Chain;
    fn deref(&self) -> &Chain {
        &self.chain
    }
}

impl DerefMut for World {
    fn deref_mut(&mut self) -> &mut Chain {
        &mut self.chain
    }
}

impl World {
    /// A chain with a complete, empty engine for a test cluster with default parameters, but that changes do not wait.
    ///
    /// # Panics
    /// Where set-up fails.
    pub fn new() -> Self {
        Self::with_params(&AT_ONCE, true)
    }

    /// A chain with a complete, empty engine.
    ///
    /// # Panics
    /// Where set-up fails.
    pub fn with_params(params: &GlobalParams, test_cluster: bool) -> Self {
        let mut world = Self::without_engine();
        world.create_engine(test_cluster).expect("create_engine");
        world.grow_all(params);
        world
    }

    /// A chain on which the engine is still to be created.
    pub fn without_engine() -> Self {
        Self::on(Chain::new())
    }

    /// The same on a chain of the caller's.
    pub fn on(mut chain: Chain) -> Self {
        let authority = chain.party(AUTHORITY);
        Self { chain, keys: EngineKeys::created_by(&authority, 0), authority, mints: Vec::new(), feeds: Vec::new() }
    }

    /// Sends `create_engine` for engine 0 of the authority.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn create_engine(&mut self, test_cluster: bool) -> Sent {
        let args = args::CreateEngineArgs::held_by(self.authority, 0, test_cluster);
        let create = ix::create_engine(self.authority, self.authority, args);
        self.send_as_authority(create)
    }

    /// Sends every step of `grow_registry`, `grow_board` and `grow_feeds`.
    ///
    /// # Panics
    /// Where the program refuses one.
    pub fn grow_all(&mut self, params: &GlobalParams) {
        (0..ix::REGISTRY_STEPS).for_each(|_| drop(self.grow_registry(params).expect("grow_registry")));
        (0..ix::BOARD_STEPS).for_each(|_| drop(self.grow_board().expect("grow_board")));
        (0..ix::FEEDS_STEPS).for_each(|_| drop(self.grow_feeds().expect("grow_feeds")));
    }

    /// Sends one step of `grow_registry`.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn grow_registry(&mut self, params: &GlobalParams) -> Sent {
        let grow = ix::grow_registry(&self.keys, self.authority, self.authority, params);
        self.send_as_authority(grow)
    }

    /// Sends one step of `grow_board`.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn grow_board(&mut self) -> Sent {
        let grow = ix::grow_board(&self.keys, self.authority);
        self.send_as_authority(grow)
    }

    /// Sends one step of `grow_feeds`.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn grow_feeds(&mut self) -> Sent {
        let grow = ix::grow_feeds(&self.keys, self.authority);
        self.send_as_authority(grow)
    }

    /// Sends one instruction, paid and signed by the authority.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn send_as_authority(&mut self, instruction: solana_instruction::Instruction) -> Sent {
        let authority = self.authority;
        self.send(&authority, &[instruction])
    }

    /// The registry as it stands.
    pub fn registry(&self) -> Box<Registry> {
        Box::new(self.read(&self.keys.registry))
    }

    /// The price board as it stands.
    pub fn board(&self) -> Box<PriceBoard> {
        Box::new(self.read(&self.keys.board))
    }

    /// The feed book as it stands.
    pub fn feed_book(&self) -> Box<FeedBook> {
        Box::new(self.read(&self.keys.feeds))
    }

    /// Opens margin account 0 of the owner that `name` stands for.
    ///
    /// # Panics
    /// Where the program refuses it.
    pub fn trader(&mut self, name: &str) -> Trader {
        let owner = self.party(name);
        self.open_account(owner, 0, None).expect("open_account")
    }

    /// Launches the engine.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn launch(&mut self) -> Sent {
        let launch = ix::launch_engine(&self.keys, self.authority);
        self.send_as_authority(launch)
    }

    /// Opens a margin account, paid by its owner; launches the engine before where it is not.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn open_account(
        &mut self,
        owner: Pubkey,
        id: u16,
        delegate: Option<args::DelegateArgs>,
    ) -> Result<Trader, super::Failure> {
        if self.registry().launched == 0 {
            self.launch()?;
        }
        let open = ix::open_account(&self.keys, owner, owner, args::OpenAccountArgs { id, delegate });
        self.send(&owner, &[open])?;
        Ok(Trader { owner, account: self.keys.margin_account(&owner, id) })
    }

    /// A trader's margin account as it stands.
    pub fn margin_account(&self, trader: &Trader) -> MarginAccount {
        self.read(&trader.account)
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

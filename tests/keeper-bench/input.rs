//! An engine and accounts in a file, so that a process whose instructions are counted need not make them: under valgrind
//! a chain in the process takes minutes.

use std::path::Path;

use plimsoll_keeper::config::IndexConfig;
use plimsoll_keeper::state::{Tracker, Update};
use plimsoll_rpc::EngineAccounts;
use plimsoll_sdk::decode;
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::{EngineAccount, MarginAccount};
use solana_pubkey::Pubkey;

use crate::population::{account, engine, Kind, Random};
use crate::stage::Stage;

/// What is counted with.
pub struct Input {
    /// The engine.
    pub engine: EngineAccounts,
    /// The account that pays.
    pub own: MarginAccount,
    /// Those that are evaluated, encoded: the first ones on the brink, the others healthy.
    pub accounts: Vec<Vec<u8>>,
}

impl Input {
    /// So many accounts, so many of them on the brink.
    pub fn new(stage: &Stage, accounts: usize, brink: usize) -> Self {
        let engine = engine(&stage.world);
        let mut random = Random::new(20_251_010);
        let kind = |at: usize| if at < brink { Kind::Brink } else { Kind::Healthy };
        let accounts =
            (0..accounts).map(|at| decode::encode(&account(stage, &engine, &mut random, kind(at)))).collect();
        Self { engine, own: stage.world.margin_account(&stage.maker), accounts }
    }

    /// The address of an account by its place.
    pub fn key(place: usize) -> Pubkey {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&(place as u64).to_le_bytes());
        Pubkey::new_from_array(bytes)
    }

    /// A tracker that knows all of it.
    pub fn tracker(&self) -> Tracker {
        let mut tracker = Tracker::new(self.engine.clone(), None, &IndexConfig::default());
        for (place, data) in self.accounts.iter().enumerate() {
            tracker.apply(Update::Account { key: Self::key(place), slot: 1, data: data.clone() });
        }
        tracker
    }

    /// Writes all of it to a file.
    ///
    /// # Errors
    /// That of the file system.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let of = &self.engine;
        let mut records: Vec<Vec<u8>> = vec![
            of.keys.engine.to_bytes().to_vec(),
            of.now.to_le_bytes().to_vec(),
            decode::encode(&of.engine),
            decode::encode(&*of.registry),
            decode::encode(&*of.board),
            decode::encode(&*of.feeds),
            decode::encode(&self.own),
        ];
        records.push(vec![of.banks.len() as u8, of.markets.len() as u8]);
        records.extend(of.banks.iter().map(decode::encode));
        records.extend(of.markets.iter().map(decode::encode));
        records.extend(self.accounts.iter().cloned());
        let framed = records.into_iter().flat_map(|record| [(record.len() as u32).to_le_bytes().to_vec(), record]);
        std::fs::write(path, framed.flatten().collect::<Vec<u8>>())
    }

    /// Reads what [`Input::write`] wrote.
    ///
    /// # Panics
    /// Where it wrote something else.
    pub fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).expect("the file is there");
        let mut rest = bytes.as_slice();
        let mut records = std::iter::from_fn(|| {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let (record, after) = after.split_at(u32::from_le_bytes(*length) as usize);
            rest = after;
            Some(record)
        });
        let mut next = || records.next().expect("a record");
        let keys = EngineKeys::of(Pubkey::try_from(next()).expect("an address"));
        let now = i64::from_le_bytes(next().try_into().expect("a time"));
        let (engine, registry, board, feeds) = (read(next()), read(next()), read(next()), read(next()));
        let (own, counts) = (read(next()), next().to_vec());
        let banks = (0..counts[0]).map(|_| read(next())).collect();
        let markets = (0..counts[1]).map(|_| read(next())).collect();
        let (registry, board, feeds) = (Box::new(registry), Box::new(board), Box::new(feeds));
        let engine = EngineAccounts { slot: 1, now, keys, engine, registry, board, feeds, banks, markets };
        Self { engine, own, accounts: records.map(<[u8]>::to_vec).collect() }
    }
}

fn read<T: EngineAccount>(record: &[u8]) -> T {
    decode::account(record).expect("an account")
}

//! The chain behind the node: the head that it has processed and, while that is a fork, the block that it has confirmed.

use std::collections::HashMap;

use plimsoll_sim::world::World;
use solana_hash::Hash;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

/// Blocks that a blockhash lives.
const BLOCKHASH_BLOCKS: u64 = 150;

/// The state after a block.
#[derive(Clone)]
pub struct Block {
    pub world: World,
    pub slot: u64,
    pub height: u64,
    /// Slot and error of every transaction that it or a block before it has.
    landed: HashMap<Signature, (u64, Option<TransactionError>)>,
    /// Blockhashes and the last height at which each counts.
    blockhashes: HashMap<Hash, u64>,
}

impl Block {
    /// A new blockhash and its last height.
    fn blockhash(&mut self, hash: Hash) -> u64 {
        let last = self.height + BLOCKHASH_BLOCKS;
        self.blockhashes.insert(hash, last);
        last
    }

    /// Takes a transaction into the next block, as often as it is sent once; one whose blockhash is of another fork or
    /// has expired is dropped without a word.
    fn take(&mut self, transaction: VersionedTransaction) {
        let (signature, hash) = (transaction.signatures[0], *transaction.message.recent_blockhash());
        let counts = self.blockhashes.get(&hash).is_some_and(|last| *last >= self.height);
        if self.landed.contains_key(&signature) || !counts {
            return;
        }
        self.slot += 1;
        self.height += 1;
        let error = self.world.svm.send_transaction(transaction).err().map(|failed| failed.err);
        self.landed.insert(signature, (self.slot, error));
    }
}

/// The chain.
pub struct Chain {
    pub head: Block,
    /// The last confirmed block, where it is not the head.
    confirmed: Option<Block>,
}

impl Chain {
    pub fn of(world: World) -> Self {
        let (landed, blockhashes) = (HashMap::new(), HashMap::new());
        Self { head: Block { world, slot: 1_000, height: 900, landed, blockhashes }, confirmed: None }
    }

    /// The block that a commitment stands for.
    pub fn at(&self, commitment: &str) -> &Block {
        match (commitment, &self.confirmed) {
            ("processed", _) | (_, None) => &self.head,
            (_, Some(confirmed)) => confirmed,
        }
    }

    /// From here on the head is a fork that is not confirmed.
    pub fn fork(&mut self) {
        self.confirmed = Some(self.head.clone());
    }

    /// The fork is the chain.
    pub fn confirm_fork(&mut self) {
        self.confirmed = None;
    }

    /// The fork is dropped: blocks, accounts, transactions and blockhashes since it began are gone, and the chain goes on
    /// from where it was, so many slots and blocks further.
    pub fn abandon_fork(&mut self, slots: u64, blocks: u64) {
        self.head = self.confirmed.take().expect("there is a fork");
        self.head.slot += slots;
        self.head.height += blocks;
    }

    /// Blocks go by everywhere.
    pub fn grow(&mut self, blocks: u64) {
        for block in [Some(&mut self.head), self.confirmed.as_mut()].into_iter().flatten() {
            block.height += blocks;
            block.slot += blocks;
        }
    }

    /// A blockhash of the block that a commitment stands for; what descends from it knows it too.
    pub fn blockhash(&mut self, commitment: &str) -> (Hash, u64) {
        let hash = Hash::new_unique();
        let last = self.head.blockhash(hash);
        match &mut self.confirmed {
            Some(confirmed) if commitment != "processed" => (hash, confirmed.blockhash(hash)),
            _ => (hash, last),
        }
    }

    pub fn take(&mut self, transaction: VersionedTransaction) {
        self.head.take(transaction);
    }

    /// Takes all of a bundle's transactions or none: the first error.
    pub fn take_bundle(&mut self, transactions: &[VersionedTransaction]) -> Result<u64, TransactionError> {
        let before = self.head.clone();
        for transaction in transactions {
            self.head.take(transaction.clone());
            match self.head.landed.get(&transaction.signatures[0]) {
                Some((_, None)) => {}
                Some((_, Some(error))) => {
                    let error = error.clone();
                    self.head = before;
                    return Err(error);
                }
                None => {
                    self.head = before;
                    return Err(TransactionError::BlockhashNotFound);
                }
            }
        }
        Ok(self.head.slot)
    }

    /// Slot, error and commitment of a transaction.
    pub fn status(&self, signature: &Signature) -> Option<(u64, Option<TransactionError>, &'static str)> {
        let (slot, error) = self.head.landed.get(signature)?.clone();
        let is_confirmed = self.confirmed.as_ref().is_none_or(|block| block.landed.contains_key(signature));
        Some((slot, error, if is_confirmed { "confirmed" } else { "processed" }))
    }

    /// Transactions on the chain as the head has it, those that failed left out.
    pub fn succeeded(&self) -> usize {
        self.head.landed.values().filter(|(_, error)| error.is_none()).count()
    }
}

/// What a transaction offers for being served first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bid {
    /// Micro-lamports a compute unit.
    pub price_micro_lamports: u64,
    /// Units that are paid for.
    pub units: u64,
    /// Signatures.
    pub signatures: u64,
}

impl Bid {
    /// Reads it.
    pub fn of(transaction: &VersionedTransaction) -> Self {
        let keys = transaction.message.static_account_keys();
        let mut bid = Self { signatures: transaction.signatures.len() as u64, ..Self::default() };
        for instruction in transaction.message.instructions() {
            if keys[instruction.program_id_index as usize] != solana_sdk_ids::compute_budget::ID {
                continue;
            }
            match (instruction.data[0], &instruction.data[1..]) {
                (2, units) => bid.units = u32::from_le_bytes(units.try_into().expect("four bytes")).into(),
                (3, price) => bid.price_micro_lamports = u64::from_le_bytes(price.try_into().expect("eight bytes")),
                _ => {}
            }
        }
        bid
    }

    /// What the transaction costs, lamports.
    pub const fn lamports(&self) -> u64 {
        self.signatures * 5_000 + (self.price_micro_lamports * self.units).div_ceil(1_000_000)
    }
}

//! Whatever the order in which news of several forks arrive, and whatever was lost on the way: after everything has been
//! read anew the tracker knows the surviving chain, as one does that never knew another.

use std::collections::BTreeMap;

use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::{Engine, TokenPosition};
use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_760_130_600;
/// Addresses that accounts may be opened at.
const KEYS: usize = 6;

/// What a block has.
#[derive(Clone, Debug)]
struct Block {
    slot: u64,
    unix_secs: i64,
    /// Dollars of the one volatile token.
    dollars: u64,
    /// Debt of each account that is open, quote atoms.
    debts: BTreeMap<usize, i64>,
}

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    /// A block in which an account opens, changes or closes, or the price moves.
    Grow { skipped: u64, account: usize, debt: Option<i64>, dollars: u64 },
    /// The last blocks, so many, are dropped; the chain goes on in slots that may have been seen already.
    RollBack { blocks: usize },
    /// Updates of an account as of a block some way back, dropped or not, arrive now.
    Notified { back: usize, account: usize },
    /// Updates of the price do.
    Priced { back: usize },
    /// A snapshot of a block some way back arrives, so much of it, and ends or fails.
    Snapshot { back: usize, accounts: usize, ends: bool },
    /// A reading of the clock does.
    Clock { back: usize },
}

fn event() -> impl Strategy<Value = Event> {
    let back = || 0usize..12;
    prop_oneof![
        4 => (0u64..3, 0..KEYS, proptest::option::weighted(0.8, -20_000_000_000i64..0), 100u64..300)
            .prop_map(|(skipped, account, debt, dollars)| Event::Grow { skipped, account, debt, dollars }),
        1 => (1usize..8).prop_map(|blocks| Event::RollBack { blocks }),
        4 => (back(), 0..KEYS).prop_map(|(back, account)| Event::Notified { back, account }),
        2 => back().prop_map(|back| Event::Priced { back }),
        1 => (back(), 0..=KEYS, any::<bool>()).prop_map(|(back, accounts, ends)| Event::Snapshot { back, accounts, ends }),
        1 => back().prop_map(|back| Event::Clock { back }),
    ]
}

struct Model {
    keys: Vec<Pubkey>,
    registry: Box<Registry>,
    board: Box<PriceBoard>,
    engine: EngineKeys,
    chain: Vec<Block>,
    /// Every block there ever was, dropped ones too, as they came.
    seen: Vec<Block>,
}

impl Model {
    fn new() -> Self {
        let (registry, board) = super::tests::an_engine();
        let first = Block { slot: 10, unix_secs: NOW, dollars: 200, debts: BTreeMap::new() };
        Self {
            keys: (0..KEYS).map(|_| Pubkey::new_unique()).collect(),
            registry,
            board,
            engine: EngineKeys::of(Pubkey::new_unique()),
            chain: vec![first.clone()],
            seen: vec![first],
        }
    }

    fn tracker(&self) -> Tracker {
        let (registry, board) = (self.registry.clone(), self.board.clone());
        let (banks, markets, keys) = (Vec::new(), Vec::new(), self.engine);
        let engine = Engine::zeroed();
        let read = EngineAccounts {
            slot: 1,
            now: NOW,
            keys,
            engine,
            registry,
            board,
            feeds: bytemuck::zeroed_box(),
            banks,
            markets,
        };
        Tracker::new(read, None, &IndexConfig::default())
    }

    fn data(&self, block: &Block, account: usize) -> Vec<u8> {
        let Some(debt) = block.debts.get(&account) else { return Vec::new() };
        let mut open = MarginAccount { version: LAYOUT_VERSION, ..MarginAccount::zeroed() };
        open.tokens[0] = TokenPosition { shares: *debt, bank: 0, used: 1, ..Default::default() };
        open.tokens[1] = TokenPosition { shares: 100_000_000, bank: 1, used: 1, ..Default::default() };
        plimsoll_sdk::decode::encode(&open)
    }

    fn board(&self, block: &Block) -> Update {
        let mut board = self.board.clone();
        super::tests::set_price(&mut board.slots[1], block.dollars as f64, block.unix_secs);
        Update::Account { key: self.engine.board, slot: block.slot, data: plimsoll_sdk::decode::encode(&*board) }
    }

    fn back(&self, back: usize) -> &Block {
        &self.seen[self.seen.len() - 1 - back % self.seen.len()]
    }

    fn snapshot(&self, block: &Block, most: usize, ends: bool) -> Vec<Update> {
        let mut updates = vec![Update::SnapshotBegins];
        for account in block.debts.keys().take(most) {
            let accounts = vec![(self.keys[*account], self.data(block, *account))];
            updates.push(Update::SnapshotPart { slot: block.slot, accounts });
        }
        // One that lacks accounts did not end.
        if ends && block.debts.len() <= most {
            updates.push(Update::SnapshotEnds { slot: block.slot });
        }
        updates
    }

    /// What the tracker hears of an event.
    fn happen(&mut self, event: &Event) -> Vec<Update> {
        match *event {
            Event::Grow { skipped, account, debt, dollars } => {
                let mut block = self.chain.last().expect("a first block").clone();
                (block.slot, block.unix_secs) = (block.slot + 1 + skipped, block.unix_secs + 1);
                block.dollars = dollars;
                match debt {
                    Some(debt) => block.debts.insert(account, debt),
                    None => block.debts.remove(&account),
                };
                self.chain.push(block.clone());
                self.seen.push(block);
                Vec::new()
            }
            Event::RollBack { blocks } => {
                self.chain.truncate(self.chain.len().saturating_sub(blocks).max(1));
                Vec::new()
            }
            Event::Notified { back, account } => {
                let block = self.back(back);
                let data = self.data(block, account);
                vec![Update::Account { key: self.keys[account], slot: block.slot, data }]
            }
            Event::Priced { back } => vec![self.board(self.back(back))],
            Event::Snapshot { back, accounts, ends } => self.snapshot(self.back(back), accounts, ends),
            Event::Clock { back } => {
                let block = self.back(back);
                vec![Update::Clock { slot: block.slot, unix_secs: block.unix_secs }]
            }
        }
    }

    /// The surviving chain has passed every slot that was seen, and everything is read of its last block.
    fn resynchronise(&mut self) -> Vec<Update> {
        let highest = self.seen.iter().map(|block| block.slot).max().unwrap_or_default();
        let last = Block { slot: highest, ..self.chain.last().expect("a first block").clone() };
        let clock = Update::Clock { slot: last.slot + 1, unix_secs: last.unix_secs };
        let mut updates = vec![clock, self.board(&last)];
        updates.extend(self.snapshot(&last, KEYS, true));
        updates
    }
}

/// What a tracker holds of every account, and whom it would liquidate or resolve, by address.
fn known(tracker: &mut Tracker) -> (BTreeMap<Pubkey, String>, Vec<Pubkey>, Vec<Pubkey>) {
    // Who recovered leaves the hot ones when they are assessed.
    let mut hot: Vec<Pubkey> = tracker.assess_hot_with_all().into_iter().map(|candidate| candidate.key).collect();
    let of = |id: &u32| tracker.accounts.get(*id).map(|account| account.key);
    let mut bankrupt: Vec<Pubkey> = tracker.bankrupt.iter().filter_map(of).collect();
    // The slot is when it was heard, and differs.
    let held = tracker.accounts.iter().map(|(_, account)| {
        let mut account = account.clone();
        account.slot = 0;
        account
    });
    hot.sort_unstable();
    bankrupt.sort_unstable();
    (held.map(|account| (account.key, format!("{account:?}"))).collect(), hot, bankrupt)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn after_everything_is_read_anew_only_the_surviving_chain_is_known(
        events in proptest::collection::vec(event(), 1..80),
    ) {
        let mut model = Model::new();
        let mut tracker = model.tracker();
        for event in &events {
            for update in model.happen(event) {
                tracker.apply(update);
            }
        }
        let resynchronised = model.resynchronise();
        let mut fresh = model.tracker();
        for update in resynchronised {
            tracker.apply(update.clone());
            fresh.apply(update);
        }
        prop_assert_eq!(known(&mut tracker), known(&mut fresh));
        prop_assert_eq!(bytemuck::bytes_of(&*tracker.shared.board), bytemuck::bytes_of(&*fresh.shared.board));
        // The clock of the surviving chain, were that of a dropped fork ahead of it.
        prop_assert!((tracker.now() - fresh.now()).abs() <= 1, "{} {}", tracker.now(), fresh.now());
        prop_assert!(tracker.tally.poison.is_empty() && tracker.tally.unreadable.is_empty());
    }
}

//! Every way of passing the wrong account in one slot of a call.

use anchor_lang::prelude::Pubkey;
use plimsoll_state::{Bank, Engine, EngineAccount, FeedBook, MarginAccount, Market, PriceBoard, Registry, Venue};
use plimsoll_tests::valid::twin;
use plimsoll_tests::*;
use solana_account::Account;
use solana_instruction::Instruction;

use super::calls::Call;
use super::program::{Kind, Slot};
use super::stage::Stage;

/// A call with one thing wrong.
#[derive(Clone, Debug)]
pub struct Mutation {
    /// What is wrong.
    pub kind: &'static str,
    /// The slot's name, or two names joined by `=`.
    pub slot: String,
    /// What the slot demands.
    pub of: Kind,
    /// The account that was there, and the one that is.
    pub keys: [Pubkey; 2],
    /// The call.
    pub ix: Instruction,
    /// Accounts to write first.
    pub puts: Vec<(Pubkey, Account)>,
}

/// The types of accounts that the engine has.
const TYPES: [(&str, [u8; 8]); 8] = [
    ("Engine", Engine::ACCOUNT_DISCRIMINATOR),
    ("Registry", Registry::ACCOUNT_DISCRIMINATOR),
    ("PriceBoard", PriceBoard::ACCOUNT_DISCRIMINATOR),
    ("FeedBook", FeedBook::ACCOUNT_DISCRIMINATOR),
    ("Bank", Bank::ACCOUNT_DISCRIMINATOR),
    ("Market", Market::ACCOUNT_DISCRIMINATOR),
    ("MarginAccount", MarginAccount::ACCOUNT_DISCRIMINATOR),
    ("Venue", Venue::ACCOUNT_DISCRIMINATOR),
];

/// All mutations of a call.
pub fn mutations(stage: &Stage, call: &Call, slots: &[Slot]) -> Vec<Mutation> {
    let mut maker = Maker { of: Kind::Unchecked, stage, call, slot: String::new(), at: 0, made: Vec::new() };
    for (at, slot) in slots.iter().enumerate() {
        (maker.at, maker.slot, maker.of) = (at, slot.name.clone(), slot.kind.clone());
        maker.mutate(slot);
    }
    // Oracle accounts follow the named ones.
    for at in slots.len()..call.ix.accounts.len() {
        (maker.at, maker.slot) = (at, format!("oracle {}", at - slots.len()));
        maker.of = Kind::Unchecked;
        maker.unchecked();
    }
    maker.duplicates(slots);
    maker.made
}

struct Maker<'a> {
    of: Kind,
    stage: &'a Stage,
    call: &'a Call,
    slot: String,
    at: usize,
    made: Vec<Mutation>,
}

impl Maker<'_> {
    fn key(&self) -> Pubkey {
        self.call.ix.accounts[self.at].pubkey
    }

    fn account(&self, key: &Pubkey) -> Option<Account> {
        self.stage.world.svm.get_account(key).filter(|account| account.lamports > 0)
    }

    fn push(&mut self, kind: &'static str, keys: [Pubkey; 2], ix: Instruction) -> &mut Mutation {
        let (slot, of) = (self.slot.clone(), self.of.clone());
        self.made.push(Mutation { kind, slot, of, keys, ix, puts: Vec::new() });
        self.made.last_mut().expect("just pushed")
    }

    /// Another account in the slot.
    fn replace(&mut self, kind: &'static str, with: Pubkey) -> &mut Mutation {
        let mut ix = self.call.ix.clone();
        ix.accounts[self.at].pubkey = with;
        self.push(kind, [self.key(), with], ix)
    }

    /// Another account at the slot's address.
    fn rewrite(&mut self, kind: &'static str, account: Account) {
        let key = self.key();
        self.push(kind, [key; 2], self.call.ix.clone()).puts.push((key, account));
    }

    /// The slot's bytes at another address, under this owner.
    fn copy(&mut self, kind: &'static str, account: Account) {
        let elsewhere = address("elsewhere");
        self.replace(kind, elsewhere).puts.push((elsewhere, account));
    }

    fn flags(&mut self) {
        let meta = self.call.ix.accounts[self.at].clone();
        let key = meta.pubkey;
        for (kind, drop) in [("unsigned", meta.is_signer), ("read-only", meta.is_writable)] {
            if drop {
                let mut ix = self.call.ix.clone();
                let meta = &mut ix.accounts[self.at];
                (meta.is_signer, meta.is_writable) =
                    (meta.is_signer && kind != "unsigned", meta.is_writable && kind != "read-only");
                self.push(kind, [key; 2], ix);
            }
        }
    }

    fn mutate(&mut self, slot: &Slot) {
        self.flags();
        let left_out = slot.optional && self.key() == pda::PROGRAM_ID;
        if slot.optional && !left_out {
            let mut ix = self.call.ix.clone();
            ix.accounts[self.at] = solana_instruction::AccountMeta::new_readonly(pda::PROGRAM_ID, false);
            let keys = [self.key(), pda::PROGRAM_ID];
            self.push("left out", keys, ix);
        }
        match &slot.kind {
            _ if slot.created => self.created(),
            Kind::Signer if left_out => self.signed_by_stranger("added"),
            Kind::Signer => self.signed_by_stranger("stranger"),
            Kind::Loader(of) => self.loader(of, left_out),
            Kind::Program | Kind::OwnProgram => self.program(),
            Kind::EventAuthority => {
                self.replace("stranger", address("stranger"));
                self.replace("non-canonical", non_canonical(&[b"__event_authority"]));
            }
            Kind::Token | Kind::Unchecked => self.unchecked(),
        }
    }

    fn signed_by_stranger(&mut self, kind: &'static str) {
        let at = self.at;
        self.replace(kind, address("stranger")).ix.accounts[at].is_signer = true;
    }

    /// An account that the call creates.
    fn created(&mut self) {
        self.replace("another address", address("elsewhere"));
        self.replace("another program's account", self.stage.hostile);
        self.replace("existing", self.stage.alice.account);
        if let Some(seeds) = self.seeds() {
            let seeds: Vec<&[u8]> = seeds.iter().map(Vec::as_slice).collect();
            self.replace("non-canonical", non_canonical(&seeds));
        }
    }

    /// Seeds of what the call creates in this slot.
    fn seeds(&self) -> Option<Vec<Vec<u8>>> {
        let keys = &self.stage.world.keys;
        let key = |at: usize| self.call.ix.accounts[at].pubkey.to_bytes().to_vec();
        let engine = keys.engine.to_bytes().to_vec();
        Some(match (self.call.name, self.slot.as_str()) {
            ("create_engine", "engine") => vec![b"engine".to_vec(), key(0), 7u16.to_le_bytes().to_vec()],
            ("grow_registry", "registry") => vec![b"registry".to_vec(), key(2)],
            ("grow_board", "board") => vec![b"board".to_vec(), key(1)],
            ("grow_feeds", "feeds") => vec![b"feeds".to_vec(), key(1)],
            ("list_bank", "bank") => vec![b"bank".to_vec(), engine, vec![3]],
            ("list_bank", "vault") => vec![b"vault".to_vec(), key(6)],
            ("list_market", "market") => vec![b"market".to_vec(), engine, vec![2]],
            ("register_venue", "venue") => vec![b"venue".to_vec(), engine, address("founder").to_bytes().to_vec()],
            ("open_account", "margin_account") => vec![b"margin".to_vec(), engine, key(0), vec![0, 0]],
            _ => return None,
        })
    }

    fn loader(&mut self, of: &str, left_out: bool) {
        let key = self.key();
        let (ours, theirs) = (self.stage.world.keys, self.stage.other);
        if let Some(account) = self.account(&key).filter(|_| !left_out) {
            self.spoilt(&account);
            let hostile = Account { owner: self.stage.hostile, ..account };
            self.copy("foreign owner elsewhere", hostile);
        }
        for (name, discriminator) in TYPES {
            let own = self.first(discriminator, &ours.engine, &key);
            let foreign = twin(self.stage, &key).or_else(|| self.first(discriminator, &theirs.engine, &key));
            if name != of {
                self.replace("other type", own.expect("the stage has every type"));
            } else {
                let kind = if left_out { "added" } else { "sibling" };
                if let Some(own) = own {
                    self.replace(kind, own);
                }
                self.replace("other engine", foreign.expect("the other engine has every type"));
            }
        }
    }

    /// The first account of a type and engine that is not `except`.
    fn first(&self, discriminator: [u8; 8], engine: &Pubkey, except: &Pubkey) -> Option<Pubkey> {
        let preferred = [self.stage.bob.account, self.stage.alice.account];
        let is = |key: &Pubkey, account: &Account| {
            let of = if discriminator == Engine::ACCOUNT_DISCRIMINATOR { key.as_ref() } else { &account.data[16..48] };
            key != except && account.data[..8] == discriminator && of == engine.as_ref()
        };
        let all = self.stage.world.svm.get_program_accounts(&pda::PROGRAM_ID);
        let mut found: Vec<Pubkey> =
            all.iter().filter(|(key, account)| is(key, account)).map(|found| found.0).collect();
        found.sort_by_key(|key| (!preferred.contains(key), *key));
        found.first().copied()
    }

    /// The account at its own address, spoilt.
    fn spoilt(&mut self, account: &Account) {
        self.rewrite("foreign owner", Account { owner: self.stage.hostile, ..account.clone() });
        let mut zeroed = account.clone();
        zeroed.data[..8].fill(0);
        self.rewrite("zero discriminator", zeroed);
        for length in [0, 7, 8, account.data.len() - 1] {
            let kind = if length > 8 { "one byte short" } else { "truncated" };
            self.rewrite(kind, Account { data: account.data[..length].to_vec(), ..account.clone() });
        }
        self.rewrite("empty", Account { lamports: account.lamports, ..Account::default() });
        self.rewrite("closed", Account::default());
    }

    fn program(&mut self) {
        for with in [self.stage.hostile, pda::TOKEN_2022_PROGRAM, pda::TOKEN_PROGRAM, Pubkey::default()] {
            if with != self.key() {
                self.replace("hostile program", with);
            }
        }
        self.replace("no program", address("stranger"));
    }

    fn unchecked(&mut self) {
        let key = self.key();
        let world = &self.stage.world;
        let Some(account) = self.account(&key) else {
            return self.created();
        };
        if account.executable {
            return self.program();
        }
        match (account.owner, account.data.len()) {
            (owner, 82) if owner == pda::TOKEN_PROGRAM => {
                self.copy("copy", account.clone());
                self.copy("foreign owner elsewhere", Account { owner: self.stage.hostile, ..account });
                self.replace("sibling", world.mints[BTC as usize].key);
                self.replace("token account for mint", world.keys.bank(USDC).vault);
            }
            (owner, 165) if owner == pda::TOKEN_PROGRAM => {
                self.token_account(account);
            }
            (_, 0) => {
                self.replace("stranger", address("stranger"));
            }
            (owner, _) if owner == pda::PROGRAM_ID => {
                // A registry, board or feed book that grows.
                let founder = pda::EngineKeys::created_by(&address("founder"), 1);
                let (complete, other) = match self.slot.as_str() {
                    "board" => (world.keys.board, founder.registry),
                    "feeds" => (world.keys.feeds, founder.board),
                    _ => (world.keys.registry, founder.board),
                };
                self.replace("sibling", complete);
                self.replace("other type", other);
                self.rewrite("foreign owner", Account { owner: self.stage.hostile, ..account });
            }
            _ => {
                self.copy("copy", account.clone());
                self.replace("sibling", world.feeds[USDC as usize].primary);
                self.spoilt(&account);
            }
        }
    }

    fn token_account(&mut self, account: Account) {
        let (keys, other) = (self.stage.world.keys, self.stage.other);
        let vault = keys.bank(USDC).vault;
        self.copy("copy", account.clone());
        self.copy("foreign owner elsewhere", Account { owner: self.stage.hostile, ..account.clone() });
        self.rewrite("foreign owner", Account { owner: self.stage.hostile, ..account.clone() });
        let mut stolen = account.clone();
        stolen.data[32..64].copy_from_slice(address("stranger").as_ref());
        self.copy("stranger's", stolen);
        let mut reminted = account.clone();
        reminted.data[..32].copy_from_slice(self.stage.world.mints[BTC as usize].key.as_ref());
        self.copy("other mint", reminted);
        let mut frozen = account.clone();
        frozen.data[108] = 2;
        self.rewrite("frozen", frozen);
        for length in [0, 64, 164] {
            self.rewrite("truncated", Account { data: account.data[..length].to_vec(), ..account.clone() });
        }
        self.rewrite("closed", Account::default());
        if self.key() != vault {
            self.replace("vault", vault);
        }
        self.replace("other engine's vault", other.bank(USDC).vault);
        self.replace("sibling's vault", keys.bank(BTC).vault);
        self.replace("mint for token account", self.stage.world.mints[USDC as usize].key);
    }

    /// Two writable slots with one key.
    fn duplicates(&mut self, slots: &[Slot]) {
        let metas = &self.call.ix.accounts;
        let writable: Vec<usize> = (0..slots.len()).filter(|at| metas[*at].is_writable).collect();
        for &i in &writable {
            for &j in writable.iter().filter(|j| **j != i) {
                let mut ix = self.call.ix.clone();
                ix.accounts[i].pubkey = metas[j].pubkey;
                (self.slot, self.of) = (format!("{}={}", slots[i].name, slots[j].name), slots[i].kind.clone());
                self.push("duplicate", [metas[i].pubkey, metas[j].pubkey], ix);
            }
        }
    }
}

/// An address of these seeds with another bump than the canonical one.
pub fn non_canonical(seeds: &[&[u8]]) -> Pubkey {
    let (_, canonical) = Pubkey::find_program_address(seeds, &pda::PROGRAM_ID);
    (0..canonical)
        .rev()
        .find_map(|bump| {
            let bump = [bump];
            let seeds: Vec<&[u8]> = seeds.iter().copied().chain([bump.as_slice()]).collect();
            Pubkey::create_program_address(&seeds, &pda::PROGRAM_ID).ok()
        })
        .expect("about every second bump is off the curve")
}

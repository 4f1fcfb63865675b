//! Every instruction on a margin account in every state: what goes through, and with which error the rest is refused.
//!
//! An account that is flagged in the middle of anything (under water, just checked, frozen, paying, run by a delegate)
//! cannot be used to get around a check. Each row is a call that succeeds as it stands and the role of one margin account
//! in it; each column puts this account into a state before the call.

mod table;

use std::collections::{BTreeMap, BTreeSet};

use anchor_lang::prelude::Pubkey;
use plimsoll::guard::{Rule, SignedBy, Works, RULES};
use plimsoll_sdk::view::Accounts;
use plimsoll_state::{AccountStatus, Bank, EngineAccount, MarginAccount, MarginView, Registry, TokenPosition};
use plimsoll_tests::*;
use solana_instruction::Instruction;

use super::calls::{calls, Call};
use super::clean::{complaint, named};
use super::program::{self, Kind};
use super::stage::Stage;
use table::TABLE;

/// A state of the account in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// As it is, but its delegate signs where its owner did.
    ByDelegate,
    /// As it is, but somebody else signs where its owner did.
    ByStranger,
    /// Owes so much BTC that half its requirement is left; observed like that for a minute.
    UnderWater,
    /// The same, and has passed an initial check one second ago.
    CoolOff,
    /// Frozen: its assets are being seized.
    Seizing,
    /// Frozen: its debts are being paid, with insurance reserved for a quote borrow.
    Paying,
    /// Holds nothing, and is active.
    Empty,
    /// Holds what it holds, and is active.
    Active,
}

use State::*;

/// Insurance that is promised to a paying account's quote borrow.
const RESERVED_ATOMS: u64 = 1_000;

/// The columns of [`TABLE`].
const COLUMNS: [State; 8] = [ByDelegate, ByStranger, UnderWater, CoolOff, Seizing, Paying, Empty, Active];

/// One margin account in a call, by the name of its slot.
struct Role<'a> {
    call: &'a Call,
    at: usize,
    name: String,
    key: Pubkey,
}

fn roles<'a>(world: &World, call: &'a Call) -> Vec<Role<'a>> {
    let slots = program::slots(call.name);
    let accounts = slots.iter().enumerate().filter(|(_, slot)| slot.kind == Kind::Loader("MarginAccount".into()));
    let present = accounts.filter_map(|(at, slot)| {
        let key = call.ix.accounts[at].pubkey;
        world.try_read::<MarginAccount>(&key)?;
        Some(Role { call, at, name: slot.name.clone(), key })
    });
    present.collect()
}

impl Role<'_> {
    fn title(&self) -> String {
        match self.name.as_str() {
            "margin_account" => self.call.title(),
            role => format!("{} / {role}", self.call.title()),
        }
    }

    /// The call with `other` signing for the account; none where its owner does not sign.
    fn signed_by(&self, account: &MarginAccount, other: Pubkey) -> Option<Instruction> {
        let owner = Pubkey::new_from_array(account.owner);
        let mut ix = self.call.ix.clone();
        // Who signs for the account stands before it in the list, or is named after it.
        let slots = program::slots(self.call.name);
        let authority = slots.iter().position(|slot| match self.name.as_str() {
            "buyer" => slot.name == "buyer_authority",
            "seller" => slot.name == "seller_authority",
            "liquidatee" => false,
            "liquidator" => slot.name == "signer",
            _ => slot.kind == Kind::Signer && slot.name != "payer",
        })?;
        let meta = &mut ix.accounts[authority];
        if meta.pubkey != owner || !meta.is_signer {
            return None;
        }
        meta.pubkey = other;
        Some(ix)
    }

    /// What comes of the call with the account in a state.
    fn outcome(&self, world: &mut World, state: State) -> String {
        let payer = world.party("fees");
        let other = world.party("other hand");
        let account: MarginAccount = world.read(&self.key);
        let changed = in_state(world, &account, state, other);
        let ix = match state {
            ByDelegate | ByStranger => match self.signed_by(&account, other) {
                Some(ix) => ix,
                None => return "-".to_owned(),
            },
            _ => self.call.ix.clone(),
        };
        debug_assert_eq!(ix.accounts[self.at].pubkey, self.key);
        let quote_bank = world.keys.bank(USDC).bank;
        let saved = [self.key, quote_bank].map(|key| (key, world.svm.get_account(&key).expect("it exists")));
        let mut bank: Bank = world.read(&quote_bank);
        bank.reserved_atoms += changed.estate_reserved_atoms;
        world.write(&quote_bank, &bank);
        world.write(&self.key, &changed);
        let before = world.snapshot();
        let sent = world.simulate(&payer, &[ix]);
        assert_same(&before, &world.snapshot());
        saved.into_iter().for_each(|(key, account)| world.put(&key, account));
        match sent {
            Ok(_) => "ok".to_owned(),
            Err(failure) => {
                assert_eq!(complaint(&failure, &Pubkey::default()), None, "{} {state:?}", self.title());
                named(&failure)
            }
        }
    }
}

fn in_state(world: &World, account: &MarginAccount, state: State, other: Pubkey) -> MarginAccount {
    let mut account = *account;
    match state {
        ByDelegate => give_all_rights(&mut account, &other),
        ByStranger => {}
        UnderWater => sink(world, &mut account),
        CoolOff => {
            sink(world, &mut account);
            account.passed_at = world.now() - 1;
        }
        Seizing => account.status = AccountStatus::Seizing as u8,
        Paying => {
            account.status = AccountStatus::Paying as u8;
            let borrow = account.tokens.iter_mut().find(|token| token.used == 1 && token.shares < 0);
            if let Some(borrow) = borrow.filter(|token| token.bank as usize == Registry::QUOTE_BANK) {
                (borrow.reserved_atoms, borrow.fixed_debt_atoms) = (RESERVED_ATOMS, borrow.shares.unsigned_abs());
                account.estate_reserved_atoms = RESERVED_ATOMS;
            }
        }
        Empty => {
            account.status = AccountStatus::Active as u8;
            account.tokens = Default::default();
            account.derivatives = Default::default();
        }
        Active => account.status = AccountStatus::Active as u8,
    }
    assert_eq!(account.invariant(), Ok(()), "{state:?}");
    account
}

/// Adds a debt in BTC that leaves half of the maintenance requirement.
fn sink(world: &World, account: &mut MarginAccount) {
    /// Pico-dollars that an atom of BTC is worth at the stage's 100,000 dollars.
    const PICO_PER_ATOM: i128 = 1_000_000_000;
    let view = margin_of(world, account);
    let (nav, mmr) = (view.spot.nav_usd_pico.get(), view.spot.mmr_usd_pico.get());
    // Shares are worth an atom or a little more.
    let shares = -((nav - mmr / 2) / PICO_PER_ATOM).max(1) as i64;
    assert_eq!(account.token_index(BTC), None);
    let free = account.tokens.iter().position(|token| token.used == 0).expect("a free place");
    account.tokens[free] = TokenPosition { used: 1, bank: BTC, shares, ..TokenPosition::default() };
    (account.under_water_secs, account.observed, account.observed_at) = (60, 1, world.now());
    let view = margin_of(world, account);
    assert!(view.spot.nav_usd_pico.get() < view.spot.mmr_usd_pico.get(), "not under water");
}

fn margin_of(world: &World, account: &MarginAccount) -> MarginView {
    let address = world.keys.margin_account(&Pubkey::from(account.owner), account.id);
    let (registry, board) = (world.registry(), world.board());
    let accounts = Accounts { account, registry: &registry, board: &board, now: world.now() };
    accounts.margin_view(&address, true).expect("the account can be loaded")
}

/// Cells of the table by call, in the order of [`COLUMNS`].
fn listed() -> BTreeMap<&'static str, Vec<&'static str>> {
    let rows = TABLE.iter().flat_map(|row| {
        let cells = [row.signed_by, row.sunk, row.frozen, row.active].concat();
        row.calls.iter().map(move |call| (*call, cells.clone()))
    });
    rows.collect()
}

/// What the guards alone say of a call: who else may sign, and that an account in resolution is refused where the
/// instruction works on active ones.
fn by_the_guards(rule: &Rule) -> Vec<&'static str> {
    let signed_by = match rule.signed_by {
        SignedBy::Owner => ["NotOwner"; 2],
        SignedBy::OwnerOr(_) => ["ok", "NotOwnerOrDelegate"],
        _ => ["-"; 2],
    };
    let frozen = if rule.works == Works::OnActive { "AccountBankrupt" } else { "ok" };
    [signed_by, ["ok"; 2], [frozen; 2], ["ok"; 2]].concat()
}

fn rule(name: &str) -> &'static Rule {
    RULES.iter().find(|rule| rule.instruction == name).expect("every instruction has a row")
}

/// Calls without a margin account: no state of one can matter.
fn without_account() -> BTreeSet<String> {
    let rules = RULES.iter().filter(|rule| rule.works == Works::WithoutAccount);
    // Opening makes its account: there is none yet that could be in a state.
    let names = rules.map(|rule| rule.instruction).filter(|name| *name != "open_account");
    names.chain(["settle_pnl: the market's own claim"]).map(str::to_owned).collect()
}

#[test]
fn every_instruction_on_an_account_in_every_state_ends_as_the_table_says() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let listed = listed();
    let (mut wrong, mut unneeded, mut used) = (Vec::new(), Vec::new(), 0);
    let mut without = BTreeSet::new();
    for call in calls.iter().filter(|call| call.name != "open_account") {
        let roles = roles(&stage.world, call);
        if roles.is_empty() {
            without.insert(if call.name == "settle_pnl" { call.title() } else { call.name.to_owned() });
        }
        for role in roles {
            let cells = COLUMNS.map(|state| role.outcome(&mut stage.world, state)).to_vec();
            let (title, by_the_guards) = (role.title(), by_the_guards(rule(call.name)));
            let row = listed.get(title.as_str());
            used += row.is_some() as usize;
            if *row.unwrap_or(&by_the_guards) != cells {
                wrong.push(format!("{title} | {}", cells.join(" | ")));
            } else if row == Some(&by_the_guards) {
                unneeded.push(title);
            }
        }
    }
    assert_eq!(without, without_account());
    assert!(wrong.is_empty(), "rows that are not in the table like this:\n{}", wrong.join("\n"));
    assert!(unneeded.is_empty(), "the guards say the same by themselves: {unneeded:?}");
    assert_eq!(used, listed.len(), "the table has rows of no call");
}

//! Every instruction on a margin account in every state: what goes through, and with which error the rest is refused.
//!
//! An account that is flagged in the middle of anything (under water, just checked, frozen, paying, run by a delegate)
//! cannot be used to get around a check. Each row is a call that succeeds as it stands and the role of one margin account
//! in it; each column puts this account into a state before the call.

mod table;

use std::collections::{BTreeMap, BTreeSet};

use anchor_lang::prelude::Pubkey;
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

/// Calls without a margin account: no state of one can matter.
const WITHOUT_ACCOUNT: &[&str] = &[
    "accept_authority",
    "accrue",
    "collect_fees",
    "crank_funding",
    "create_engine",
    "fund_insurance",
    "grow_board",
    "grow_feeds",
    "grow_registry",
    "list_bank",
    "list_market",
    "list_price",
    "propose_authority",
    "refresh_price",
    "register_venue",
    "report_premium",
    "set_pause",
    "settle_pnl: the market's own claim",
    "sweep_insurance",
    "update_bank",
    "update_market",
    "update_params",
    "update_price",
    "update_venue",
];

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

/// Cells by call, in the order of [`COLUMNS`].
fn expected() -> BTreeMap<&'static str, Vec<&'static str>> {
    let rows = TABLE.iter().flat_map(|row| {
        let cells = [row.signed_by, row.sunk, row.frozen, row.active].concat();
        row.calls.iter().map(move |call| (*call, cells.clone()))
    });
    rows.collect()
}

#[test]
fn every_instruction_on_an_account_in_every_state_ends_as_the_table_says() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let expected = expected();
    let mut found = Vec::new();
    let mut without = BTreeSet::new();
    for call in &calls {
        let roles = roles(&stage.world, call);
        if roles.is_empty() {
            without.insert(if call.name == "settle_pnl" { call.title() } else { call.name.to_owned() });
        }
        for role in roles {
            let cells = COLUMNS.map(|state| role.outcome(&mut stage.world, state));
            found.push((role.title(), cells.to_vec()));
        }
    }
    // Opening makes its account: there is none yet that could be in a state.
    without.remove("open_account");
    assert_eq!(without, WITHOUT_ACCOUNT.iter().map(|name| (*name).to_owned()).collect());
    let wrong: Vec<String> = found
        .iter()
        .filter(|(title, cells)| expected.get(title.as_str()).is_none_or(|expected| expected != cells))
        .map(|(title, cells)| format!("{title} | {}", cells.join(" | ")))
        .collect();
    assert!(wrong.is_empty(), "rows that are not in the table like this:\n{}", wrong.join("\n"));
    assert_eq!(found.len(), expected.len(), "the table has rows of no call");
}

#[test]
fn the_table_of_states_names_every_instruction() {
    let titles: BTreeSet<&str> = expected().into_keys().collect();
    let named = |name: &str| {
        let starts = |title: &str| title.split([':', ' ']).next() == Some(name);
        titles.iter().any(|title| starts(title)) || WITHOUT_ACCOUNT.iter().any(|title| starts(title))
    };
    let missing: Vec<String> =
        program::instructions().into_iter().filter(|name| name != "open_account" && !named(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

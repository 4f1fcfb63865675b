//! Mints that the ledger could be cheated with or that its numbers cannot hold, and those that it takes.

use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_sim::feeds::{pyth_account_bytes, PythUpdate, Verification};
use plimsoll_tests::*;

use super::calls::{bank_config, calls};
use super::clean::complaint;
use super::stage::{Stage, USD};

/// An engine with the default listing.
pub fn listed() -> World {
    let mut world = World::new();
    world.default_listing();
    world
}

/// LISTING-6
#[test]
fn every_extension_that_is_not_on_the_list_is_refused_at_listing() {
    let mut world = listed();
    let (keys, authority, payer) = (world.keys, world.authority, world.party("payer"));
    let refused = [
        (Extension::TRANSFER_FEE, "TransferFeeConfig"),
        (Extension::CLOSE_AUTHORITY, "MintCloseAuthority"),
        (Extension::CONFIDENTIAL, "ConfidentialTransferMint"),
        (Extension::DEFAULT_STATE, "DefaultAccountState"),
        (Extension::NON_TRANSFERABLE, "NonTransferable"),
        (Extension::INTEREST_BEARING, "InterestBearingConfig"),
        (Extension::PERMANENT_DELEGATE, "PermanentDelegate"),
        (Extension::TRANSFER_HOOK, "TransferHook"),
        (Extension::SCALED_UI_AMOUNT, "ScaledUiAmount"),
        (Extension::PAUSABLE, "Pausable"),
        ((16, 129), "ConfidentialTransferFeeConfig"),
        ((24, 129), "ConfidentialMintBurn"),
        ((28, 32), "one of tomorrow"),
        ((99, 0), "an unknown one"),
        ((u16::MAX, 8), "the last number"),
    ];
    for (kind, name) in refused {
        for beside in [vec![], vec![Extension::zeroed(Extension::METADATA_POINTER)]] {
            let mut extensions = beside;
            extensions.push(Extension::zeroed(kind));
            if kind == Extension::DEFAULT_STATE {
                // Accounts are born frozen.
                extensions.last_mut().expect("just pushed").data = vec![2];
            }
            let mint = world.create_mint_2022(name, 6, &extensions);
            let args = args::ListBankArgs { index: 3, price_slot: USDC, config: bank_config().args() };
            let list = ix::list_bank(&keys, authority, payer, (mint.key, mint.program), args);
            let before = world.snapshot();
            let failure = world.send(&payer, &[list]).expect_err(name);
            // An extension that the token program does not know it refuses itself, when the vault is made.
            let known = failure.code == Some(EngineError::MintExtensionNotAllowed as u32);
            let unknown = kind.0 >= 28 && failure.text.contains("invalid account data");
            assert!(known || unknown, "{name}: {failure}");
            assert_same(&before, &world.snapshot());
        }
    }
}

#[test]
fn every_allowed_extension_is_listed_and_its_tokens_go_in_and_out() {
    let allowed = [
        vec![],
        vec![Extension::METADATA_POINTER],
        vec![Extension::METADATA_POINTER, Extension::METADATA],
        vec![Extension::GROUP_POINTER],
        vec![Extension::GROUP_POINTER, Extension::GROUP],
        vec![Extension::GROUP_MEMBER_POINTER],
        vec![Extension::GROUP_MEMBER_POINTER, Extension::GROUP_MEMBER],
        vec![Extension::METADATA_POINTER, Extension::GROUP_POINTER, Extension::GROUP_MEMBER_POINTER],
    ];
    for kinds in allowed {
        let mut world = listed();
        let extensions: Vec<Extension> = kinds.iter().copied().map(Extension::zeroed).collect();
        let mint = world.create_mint_2022("T22", 6, &extensions);
        let bank = world.list_bank(mint, &BankConfig { price_slot: USDC, ..bank_config() });
        let bank = bank.unwrap_or_else(|failure| panic!("{kinds:?}: {failure}"));
        let alice = world.trader("alice");
        assert_sent(world.deposit(&alice, bank, 1_000 * USD));
        assert_sent(world.withdraw(&alice, bank, Some(400 * USD)));
        assert_sent(world.withdraw(&alice, bank, None));
        assert!(world.margin_account(&alice).is_empty());
        assert_eq!(world.token_balance(&world.keys.bank(bank).vault), 0);
    }
}

#[test]
fn an_unfinished_mint_and_a_program_that_is_not_the_mints_are_refused() {
    let mut world = listed();
    let (keys, authority, payer) = (world.keys, world.authority, world.party("payer"));
    let args = args::ListBankArgs { index: 3, price_slot: USDC, config: bank_config().args() };
    let (old, new) = (world.create_mint("old", 6), world.create_mint_2022("new", 6, &[]));
    for (mint, program) in [(old.key, new.program), (new.key, old.program), (old.key, address("no program"))] {
        let list = ix::list_bank(&keys, authority, payer, (mint, program), args);
        let failure = world.simulate(&payer, &[list]).expect_err("another token program");
        assert_eq!(complaint(&failure, &address("hostile program")), None);
    }
    let mut account = world.svm.get_account(&old.key).expect("the mint exists");
    account.data[45] = 0;
    world.put(&old.key, account);
    let list = ix::list_bank(&keys, authority, payer, (old.key, old.program), args);
    let failure = world.simulate(&payer, &[list]).expect_err("not initialised");
    assert_eq!(complaint(&failure, &address("hostile program")), None);
}

/// LIQ-1
#[test]
fn a_frozen_vault_stops_its_own_transfers_and_no_liquidation() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    for bank in [USDC, SOL] {
        let vault = stage.world.keys.bank(bank).vault;
        stage.world.set_frozen(&vault, true);
    }
    for call in &calls {
        let moves = ["deposit", "withdraw", "borrow", "repay", "fund_insurance", "withdraw_insurance", "collect_fees"];
        let moves = moves.contains(&call.name);
        let sent = stage.world.simulate(&payer, std::slice::from_ref(&call.ix));
        // The token program's `AccountFrozen`.
        let code = sent.as_ref().err().map(|failure| failure.code);
        assert_eq!(code, moves.then_some(Some(17)), "{}: {:?}", call.title(), sent.err());
    }
}

/// Turns a listed mint and its accounts into ones with a transfer fee of 1 %, which no authority of such a mint can do.
fn tax(world: &mut World, mint: &Mint, accounts: &[anchor_lang::prelude::Pubkey]) {
    // Authorities and withheld atoms, then the fee twice: epoch, largest fee, basis points.
    let fee = [&[0; 8][..], &u64::MAX.to_le_bytes(), &100u16.to_le_bytes()].concat();
    let config = Extension { kind: Extension::TRANSFER_FEE.0, data: [&[0; 72][..], &fee, &fee].concat() };
    let supply = world.data(&mint.key)[36..44].to_vec();
    world.create_mint_2022("T22", mint.decimals, &[config]);
    let mut account = world.svm.get_account(&mint.key).expect("the mint exists");
    account.data[36..44].copy_from_slice(&supply);
    world.put(&mint.key, account);
    for key in accounts {
        let mut account = world.svm.get_account(key).expect("the token account exists");
        if account.data.len() == 165 {
            account.data.push(2);
        }
        // `TransferFeeAmount`: what is withheld.
        account.data.extend([2, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        account.lamports *= 2;
        world.put(key, account);
    }
}

/// MONEY-4
#[test]
fn what_arrives_is_credited_and_not_what_was_sent() {
    let mut world = listed();
    let mint = world.create_mint_2022("T22", 6, &[]);
    let bank = world.list_bank(mint, &BankConfig { price_slot: USDC, ..bank_config() });
    let bank = bank.unwrap_or_else(|failure| panic!("{failure}"));
    let (alice, keys) = (world.trader("alice"), world.keys);
    let purse = world.funded(&alice.owner, bank, 1_000 * USD);
    let vault = keys.bank(bank).vault;
    tax(&mut world, &mint, &[purse, vault]);
    let (token, args) = (world.token(bank), args::DepositArgs { amount_atoms: 1_000 * USD });
    let deposit = ix::deposit(&keys, &token, alice.owner, alice.account, purse, args);
    assert_sent(world.send(&alice.owner, &[deposit]));
    assert_eq!(world.token_balance(&vault), 990 * USD);
    let place = world.margin_account(&alice).token_index(bank).expect("it is credited");
    assert_eq!(world.margin_account(&alice).tokens[place].shares, 990 * USD as i64);
    // Paying out takes from the vault what is booked; the recipient bears the tax.
    let args = args::WithdrawArgs { amount_atoms: 0, all: true };
    let withdraw = ix::withdraw(&keys, &token, alice.owner, alice.account, purse, args);
    assert_sent(world.send(&alice.owner, &[withdraw]));
    assert_eq!((world.token_balance(&vault), world.token_balance(&purse)), (0, 980_100_000));
}

/// Posts a price of `mantissa * 10^exponent` dollars for a slot and refreshes.
pub fn set_raw_price(world: &mut World, slot: u8, mantissa: i64, exponent: i32) {
    let feed = world.feeds[slot as usize];
    let update = PythUpdate {
        feed_id: feed.feed_id,
        price: mantissa,
        conf: 0,
        exponent,
        published_at: world.now(),
        previous_at: world.now() - 1,
        verification: Verification::Full,
    };
    world.put_data(&feed.primary, &PYTH_RECEIVER, pyth_account_bytes(&update));
    assert_sent(world.refresh(&[slot]));
}

/// Largest caps whose position fits a tenth of the range: 1.8 * 10^18 micro-dollars.
pub fn cap_atoms(dollars: f64, decimals: u8) -> u64 {
    let atoms = 1.8e12 / dollars * 10f64.powi(decimals as i32);
    atoms.min(MAX_ATOMS as f64) as u64
}

/// LISTING-5
#[test]
fn decimals_and_the_value_of_an_atom_decide_what_is_listed() {
    let mut world = listed();
    let slot = world.list_price(&PriceConfig::named("NEW"));
    let mut accepted = 0;
    for (mantissa, exponent, dollars) in [(1, -9, 1e-9), (1, -6, 1e-6), (1, 0, 1.0), (2, 2, 2e2), (1, 12, 1e12)] {
        world.advance(3);
        set_raw_price(&mut world, slot, mantissa, exponent);
        for decimals in (0..=20).chain([64, 255]) {
            let mut world = world.clone();
            let mint = world.create_mint(&format!("{decimals}"), decimals);
            let cap = cap_atoms(dollars, decimals);
            let config =
                BankConfig { price_slot: slot, deposit_cap_atoms: cap, borrow_cap_atoms: cap, ..bank_config() };
            let listed = world.list_bank(mint, &config);
            // One atom is worth at most a hundredth of dust: ten cents.
            let fits = decimals <= 18 && dollars / 10f64.powi(decimals as i32) <= 0.1;
            let title = format!("{decimals} decimals at {dollars} dollars");
            match listed {
                Ok(_) => assert!(fits, "{title} is listed"),
                Err(failure) => {
                    assert!(!fits, "{title}: {failure}");
                    assert_eq!(failure.code, Some(EngineError::MintNotRepresentable as u32), "{title}");
                }
            }
            accepted += fits as usize;
        }
    }
    assert!(accepted > 70, "{accepted}");
}

/// LISTING-5
#[test]
fn a_cap_whose_position_leaves_the_range_is_refused() {
    let mut world = listed();
    let mint = world.create_mint("NEW", 6);
    // 2^52 atoms of 10^-6 SOL at 200 dollars are 9 * 10^17 micro-dollars; of whole cents they are far too many.
    for (decimals, cap, fits) in
        [(9, MAX_ATOMS, true), (4, MAX_ATOMS, false), (4, 1 << 40, true), (4, MAX_ATOMS + 1, false)]
    {
        let mut world = world.clone();
        let mint = Mint { decimals, ..mint };
        let mut account = world.svm.get_account(&mint.key).expect("the mint exists");
        account.data[44] = decimals;
        world.put(&mint.key, account);
        let config = BankConfig { deposit_cap_atoms: cap, borrow_cap_atoms: 0, ..bank_config() };
        let code = world.list_bank(mint, &config).err().map(|failure| failure.code);
        let error = if cap > MAX_ATOMS { EngineError::ParameterOutOfBounds } else { EngineError::MintNotRepresentable };
        assert_eq!(code, (!fits).then_some(Some(error as u32)), "{decimals} {cap}");
    }
}

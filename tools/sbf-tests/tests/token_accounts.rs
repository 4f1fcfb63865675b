//! An Anchor instruction with two mutable token accounts runs: Anchor checks it with a `HashSet`, whose seed the
//! standard library keeps in a thread-local variable.

use anchor_lang::error::ErrorCode;
use anchor_lang::solana_program::program_pack::Pack;
use anchor_lang::{Discriminator, InstructionData};
use plimsoll_sbf::Arch;
use plimsoll_sbf_tests::{built_program, Machine, ARCHS};
use plimsoll_sbf_two_token_accounts::{instruction::AddBalances, ID};
use solana_account::Account;
use solana_instruction::AccountMeta;
use solana_pubkey::Pubkey;
use spl_token_interface::state::{Account as TokenAccount, AccountState};

#[test]
fn two_different_token_accounts_are_accepted() {
    for arch in ARCHS {
        let mut machine = load(arch);
        let (one, other) = (token_account(&mut machine, 40), token_account(&mut machine, 2));
        let returned = add_balances(&mut machine, one, other).unwrap();
        assert_eq!(returned, 42u64.to_le_bytes(), "{arch}");
    }
}

#[test]
fn one_token_account_passed_twice_is_refused() {
    for arch in ARCHS {
        let mut machine = load(arch);
        let one = token_account(&mut machine, 40);
        let error = add_balances(&mut machine, one, one).unwrap_err();
        let code = u32::from(ErrorCode::ConstraintDuplicateMutableAccount);
        assert!(error.contains(&format!("Custom({code})")), "{arch}: {error}");
    }
}

#[test]
fn an_account_that_is_no_token_account_is_refused() {
    for arch in ARCHS {
        let mut machine = load(arch);
        let (one, nothing) = (token_account(&mut machine, 40), Pubkey::new_unique());
        let error = add_balances(&mut machine, one, nothing).unwrap_err();
        let code = u32::from(ErrorCode::AccountNotInitialized);
        assert!(error.contains(&format!("Custom({code})")), "{arch}: {error}");
    }
}

#[test]
fn an_unknown_instruction_is_refused() {
    for arch in ARCHS {
        let error = load(arch).send(Vec::new(), vec![7; 8]).unwrap_err();
        let code = u32::from(ErrorCode::InstructionFallbackNotFound);
        assert!(error.contains(&format!("Custom({code})")), "{arch}: {error}");
    }
    assert_ne!(AddBalances::DISCRIMINATOR, [7; 8]);
}

fn load(arch: Arch) -> Machine {
    Machine::load(ID, &built_program("plimsoll-sbf-two-token-accounts", arch))
}

fn add_balances(machine: &mut Machine, one: Pubkey, other: Pubkey) -> Result<Vec<u8>, String> {
    let accounts = vec![AccountMeta::new(one, false), AccountMeta::new(other, false)];
    machine.send(accounts, AddBalances {}.data())
}

fn token_account(machine: &mut Machine, amount: u64) -> Pubkey {
    let state = TokenAccount {
        mint: Pubkey::new_unique(),
        owner: Pubkey::new_unique(),
        amount,
        state: AccountState::Initialized,
        ..TokenAccount::default()
    };
    let mut data = vec![0; TokenAccount::LEN];
    state.pack_into_slice(&mut data);
    let lamports = machine.chain.minimum_balance_for_rent_exemption(data.len());
    let address = Pubkey::new_unique();
    let account = Account { lamports, data, owner: spl_token_interface::ID, executable: false, rent_epoch: 0 };
    machine.chain.set_account(address, account).expect("an account can be set");
    address
}

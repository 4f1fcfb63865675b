//! Banks: listing, money in and out, interest, insurance, fees.

use plimsoll_interface as interface;
use plimsoll_interface::args::{
    BorrowArgs, CollectFeesArgs, DepositArgs, FundInsuranceArgs, ListBankArgs, RepayArgs, UpdateBankArgs, WithdrawArgs,
    WithdrawInsuranceArgs,
};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::SYSTEM_PROGRAM;
use crate::pda::EngineKeys;

/// A listed token: the slot of its bank, and what its vault holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Slot of the registry.
    pub bank: u8,
    /// The mint.
    pub mint: Pubkey,
    /// Its token program.
    pub token_program: Pubkey,
}

/// Lists a token in the next free slot.
pub fn list_bank(
    keys: &EngineKeys,
    authority: Pubkey,
    payer: Pubkey,
    (mint, token_program): (Pubkey, Pubkey),
    args: ListBankArgs,
) -> Instruction {
    let bank = keys.bank(args.index);
    let accounts = interface::ListBank {
        authority,
        payer,
        engine: keys.engine,
        registry: keys.registry,
        board: keys.board,
        mint,
        bank: bank.bank,
        vault: bank.vault,
        token_program,
        system_program: SYSTEM_PROGRAM,
    };
    interface::list_bank(&accounts, args)
}

/// Changes a bank's weights, rates and caps.
pub fn update_bank(keys: &EngineKeys, authority: Pubkey, bank: u8, args: UpdateBankArgs) -> Instruction {
    let accounts = interface::UpdateBank {
        authority,
        engine: keys.engine,
        registry: keys.registry,
        board: keys.board,
        bank: keys.bank(bank).bank,
    };
    interface::update_bank(&accounts, args)
}

/// Deposits from `source`, a token account of `authority`, the account's owner or its delegate with the right
/// to deposit.
pub fn deposit(
    keys: &EngineKeys,
    token: &Token,
    authority: Pubkey,
    margin_account: Pubkey,
    source: Pubkey,
    args: DepositArgs,
) -> Instruction {
    let bank = keys.bank(token.bank);
    let accounts = interface::Deposit {
        authority,
        margin_account,
        registry: keys.registry,
        board: keys.board,
        bank: bank.bank,
        vault: bank.vault,
        source,
        mint: token.mint,
        token_program: token.token_program,
    };
    interface::deposit(&accounts, args.amount_atoms)
}

/// Withdraws to any token account; stops at zero.
pub fn withdraw(
    keys: &EngineKeys,
    token: &Token,
    owner: Pubkey,
    margin_account: Pubkey,
    destination: Pubkey,
    args: WithdrawArgs,
) -> Instruction {
    let bank = keys.bank(token.bank);
    let accounts = interface::Withdraw {
        owner,
        margin_account,
        registry: keys.registry,
        board: keys.board,
        bank: bank.bank,
        vault: bank.vault,
        destination,
        mint: token.mint,
        token_program: token.token_program,
    };
    interface::withdraw(&accounts, args.amount_atoms, args.all)
}

/// Borrows to any token account; takes the deposit first.
pub fn borrow(
    keys: &EngineKeys,
    token: &Token,
    owner: Pubkey,
    margin_account: Pubkey,
    destination: Pubkey,
    args: BorrowArgs,
) -> Instruction {
    let bank = keys.bank(token.bank);
    let accounts = interface::Borrow {
        owner,
        margin_account,
        registry: keys.registry,
        board: keys.board,
        bank: bank.bank,
        vault: bank.vault,
        destination,
        mint: token.mint,
        token_program: token.token_program,
    };
    interface::borrow(&accounts, args.amount_atoms)
}

/// Repays anyone's debt from `source`, a token account of `payer`.
pub fn repay(
    keys: &EngineKeys,
    token: &Token,
    payer: Pubkey,
    margin_account: Pubkey,
    source: Pubkey,
    args: RepayArgs,
) -> Instruction {
    let bank = keys.bank(token.bank);
    let accounts = interface::Repay {
        payer,
        margin_account,
        registry: keys.registry,
        board: keys.board,
        bank: bank.bank,
        vault: bank.vault,
        source,
        mint: token.mint,
        token_program: token.token_program,
    };
    interface::repay(&accounts, args.amount_atoms, args.all)
}

/// Books interest and sets the next rate; anyone may send it.
pub fn accrue(keys: &EngineKeys, bank: u8) -> Instruction {
    let accounts = interface::Accrue { registry: keys.registry, bank: keys.bank(bank).bank };
    interface::accrue(&accounts)
}

/// Gives tokens to a bank's insurance; anyone may.
pub fn fund_insurance(
    keys: &EngineKeys,
    token: &Token,
    funder: Pubkey,
    source: Pubkey,
    args: FundInsuranceArgs,
) -> Instruction {
    let bank = keys.bank(token.bank);
    let accounts = interface::FundInsurance {
        funder,
        bank: bank.bank,
        vault: bank.vault,
        source,
        mint: token.mint,
        token_program: token.token_program,
    };
    interface::fund_insurance(&accounts, args.amount_atoms)
}

/// Takes insurance above its target out to any token account. Once the engine is launched, a change of which
/// [`EngineKeys::executor`] is the authority.
pub fn withdraw_insurance(
    keys: &EngineKeys,
    token: &Token,
    authority: Pubkey,
    destination: Pubkey,
    args: WithdrawInsuranceArgs,
) -> Instruction {
    let bank = keys.bank(token.bank);
    let accounts = interface::WithdrawInsurance {
        authority,
        engine: keys.engine,
        registry: keys.registry,
        bank: bank.bank,
        vault: bank.vault,
        destination,
        mint: token.mint,
        token_program: token.token_program,
    };
    interface::withdraw_insurance(&accounts, args.most_atoms)
}

/// Turns waiting deposits into insurance where there is liquidity; anyone may send it.
pub fn sweep_insurance(keys: &EngineKeys, bank: u8) -> Instruction {
    let accounts = interface::SweepInsurance { registry: keys.registry, bank: keys.bank(bank).bank };
    interface::sweep_insurance(&accounts)
}

/// Takes protocol fees out; signed by the fee collector.
pub fn collect_fees(
    keys: &EngineKeys,
    token: &Token,
    fee_collector: Pubkey,
    destination: Pubkey,
    args: CollectFeesArgs,
) -> Instruction {
    let bank = keys.bank(token.bank);
    let accounts = interface::CollectFees {
        fee_collector,
        engine: keys.engine,
        registry: keys.registry,
        bank: bank.bank,
        vault: bank.vault,
        destination,
        mint: token.mint,
        token_program: token.token_program,
    };
    interface::collect_fees(&accounts, args)
}

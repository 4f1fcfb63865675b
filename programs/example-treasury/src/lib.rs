//! A treasury: a margin account that belongs to this program and is run by an operator, who may borrow only as long as the
//! account is worth five times its maintenance requirement, whatever the engine would allow.
#![allow(missing_docs, reason = "an example")]

use plimsoll_interface::{answer, borrow, check_margin, deposit, open_account, pda};
use plimsoll_interface::{Borrow, CheckMargin, Deposit, OpenAccount};
use solana_account_info::AccountInfo;
use solana_cpi::{get_return_data, invoke, invoke_signed};
use solana_program_error::{ProgramError, ProgramResult};
use solana_pubkey::Pubkey;

#[cfg(not(feature = "no-entrypoint"))]
solana_program_entrypoint::entrypoint!(process);

/// NAV over maintenance requirement below which nothing is borrowed, ppm.
const LEAST_RATIO_PPM: u32 = 5_000_000;
/// The account would be worth less than [`LEAST_RATIO_PPM`] of its requirement.
pub const TOO_THIN: ProgramError = ProgramError::Custom(1);

/// The treasury of an operator in an engine: it owns the margin account, and its address says which engine it trusts.
pub fn treasury(program: &Pubkey, operator: &Pubkey, engine: &Pubkey) -> (Pubkey, u8) {
    Pubkey::find_program_address(&[b"treasury", operator.as_ref(), engine.as_ref()], program)
}

/// Instructions are a byte and, but for the first, an amount in atoms: 0 opens the account, 1 deposits the treasury's own tokens, 2
/// borrows to them. All begin with operator (signer, writable), treasury, engine, margin account (writable) and registry.
pub fn process(program: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult {
    let [operator, owner, engine, margin_account, registry, others @ ..] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let (address, bump) = treasury(program, operator.key, engine.key);
    if !operator.is_signer || *owner.key != address {
        return Err(ProgramError::MissingRequiredSignature);
    }
    // Anybody can create an engine in which he is rich: the account has to be the one in the engine that the treasury is of.
    if *margin_account.key != pda::margin_account(engine.key, owner.key, 0).0 {
        return Err(ProgramError::InvalidSeeds);
    }
    let seeds: &[&[u8]] = &[b"treasury", operator.key.as_ref(), engine.key.as_ref(), &[bump]];
    let (instruction, argument) = data.split_first().ok_or(ProgramError::InvalidInstructionData)?;
    let amount = || argument.try_into().map(u64::from_le_bytes).map_err(|_| ProgramError::InvalidInstructionData);
    let (owner, margin_account, registry) = (*owner.key, *margin_account.key, *registry.key);
    let call = match (instruction, others) {
        (0, [system_program, ..]) => {
            let (payer, engine, system_program) = (*operator.key, *engine.key, *system_program.key);
            open_account(&OpenAccount { owner, payer, engine, registry, margin_account, system_program }, 0, None)
        }
        (1 | 2, [board, bank, vault, tokens, mint, token_program, ..]) => {
            let [board, bank, vault, tokens, mint, token_program] =
                [board, bank, vault, tokens, mint, token_program].map(|account| *account.key);
            if *instruction == 1 {
                let (authority, source) = (owner, tokens);
                deposit(
                    &Deposit { authority, margin_account, registry, board, bank, vault, source, mint, token_program },
                    amount()?,
                )
            } else {
                let destination = tokens;
                borrow(
                    &Borrow { owner, margin_account, registry, board, bank, vault, destination, mint, token_program },
                    amount()?,
                )
            }
        }
        _ => return Err(ProgramError::InvalidInstructionData),
    };
    invoke_signed(&call, accounts, &[seeds])?;
    match (instruction, others) {
        (2, [board, ..]) => require_margin(accounts, &margin_account, &registry, board.key, engine.key),
        _ => Ok(()),
    }
}

/// Asks the engine how the account stands now, and refuses what leaves too little.
fn require_margin(
    accounts: &[AccountInfo],
    margin_account: &Pubkey,
    registry: &Pubkey,
    board: &Pubkey,
    engine: &Pubkey,
) -> ProgramResult {
    let asked = CheckMargin { margin_account: *margin_account, registry: *registry, board: *board };
    invoke(&check_margin(&asked, 1), accounts)?;
    // Any program can set return data: `answer` takes it from the engine's alone, about this account in this engine.
    let (answered, data) = get_return_data().ok_or(ProgramError::InvalidAccountData)?;
    let view = answer::margin_view(&answered, &data, &answer::of_account(engine, margin_account))
        .map_err(|_| ProgramError::InvalidAccountData)?;
    if view.ratio_ppm < LEAST_RATIO_PPM {
        return Err(TOO_THIN);
    }
    Ok(())
}

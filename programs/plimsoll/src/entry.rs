//! Where execution starts, in place of what `#[program]` would generate.
//!
//! Anchor compares an instruction's discriminator with every instruction's, one after the other, and last of all with
//! the tag of the program's own events, which every instruction that moves money sends: about 900 compute units each
//! time. Here it is one 64-bit number in a table. The handlers, their accounts and errors are Anchor's.

use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::*;
use anchor_lang::Discriminator;

use crate::__private::{__events, __global};
use crate::access::same;
use crate::guard::RULES;
use crate::instruction;

/// First eight bytes of an instruction's data.
#[expect(clippy::panic, reason = "runs when the table is compiled: a discriminator of another length does not compile")]
const fn tag_of(discriminator: &[u8]) -> u64 {
    match discriminator.first_chunk::<8>() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => panic!("a discriminator has eight bytes"),
    }
}

/// What Anchor makes of an instruction's handler: reads the arguments, checks the accounts, calls it.
type Handler = for<'info> fn(&'info Pubkey, &'info [AccountInfo<'info>], &'info [u8]) -> Result<()>;

/// Defines the table, one entry a row of the guards, and the names in it for the test that none is missing.
macro_rules! dispatch {
    ($($instruction:ident $handler:ident: $signed_by:expr, $stopped_by:expr, $works:ident $(, $growth:expr, $held_by:expr)?;)+) => {
        /// First eight bytes of an instruction's data, and its handler. What runs in a crash comes first.
        static HANDLERS: &[(u64, Handler)] =
            &[$((tag_of(instruction::$instruction::DISCRIMINATOR), __global::$handler)),+];

        #[cfg(test)]
        const DISPATCHED: &[&str] = &[$(stringify!($handler)),+];
    };
}

crate::guard::each_instruction!(dispatch);

/// Whether the data begin like an instruction that a change can execute.
pub fn takes_a_change(data: &[u8]) -> bool {
    let Some(tag) = data.first_chunk::<8>() else { return false };
    let tag = u64::from_le_bytes(*tag);
    HANDLERS.iter().zip(RULES).any(|((known, _), rule)| *known == tag && rule.takes_a_change())
}

const EVENT: u64 = tag_of(anchor_lang::event::EVENT_IX_TAG_LE);

fn dispatch<'info>(
    program_id: &'info Pubkey,
    accounts: &'info [AccountInfo<'info>],
    tag: u64,
    rest: &'info [u8],
) -> Result<()> {
    if tag == EVENT {
        return __events::__event_dispatch(program_id, accounts, rest);
    }
    match HANDLERS.iter().find(|(known, _)| *known == tag) {
        Some((_, handler)) => handler(program_id, accounts, rest),
        None => Err(ErrorCode::InstructionFallbackNotFound.into()),
    }
}

/// Runs one instruction.
///
/// # Errors
/// `DeclaredProgramIdMismatch`, `InstructionFallbackNotFound` for data that begins like no instruction's, and the
/// instruction's own; logged.
pub fn process<'info>(
    program_id: &'info Pubkey,
    accounts: &'info [AccountInfo<'info>],
    data: &'info [u8],
) -> core::result::Result<(), ProgramError> {
    let result = match data.split_first_chunk::<8>() {
        _ if !same(program_id, &crate::ID) => Err(ErrorCode::DeclaredProgramIdMismatch.into()),
        Some((tag, rest)) => dispatch(program_id, accounts, u64::from_le_bytes(*tag), rest),
        None => Err(ErrorCode::InstructionFallbackNotFound.into()),
    };
    result.map_err(|error| {
        crate::report::error(&error);
        error.into()
    })
}

#[cfg(all(target_os = "solana", feature = "entrypoint"))]
#[expect(unsafe_code, reason = "the loader hands over a pointer to what it has serialised")]
mod start {
    use core::mem::MaybeUninit;
    use core::slice::from_raw_parts;

    use anchor_lang::prelude::{AccountInfo, ProgramError};
    use anchor_lang::solana_program::entrypoint::{custom_panic_default, deserialize_into, SUCCESS};

    /// As many as a transaction can lock.
    const MAX_ACCOUNTS: usize = 64;

    custom_panic_default!();

    /// The loader jumps here.
    ///
    /// # Safety
    /// `input` is the runtime's serialisation of an instruction.
    #[no_mangle]
    pub unsafe extern "C" fn entrypoint(input: *mut u8) -> u64 {
        // SAFETY: this is where execution starts.
        unsafe { crate::heap::begin() };
        // SAFETY: the serialisation starts with the number of accounts.
        if unsafe { *input.cast::<u64>() } > MAX_ACCOUNTS as u64 {
            return ProgramError::MaxAccountsDataAllocationsExceeded.into();
        }
        let mut accounts = [const { MaybeUninit::<AccountInfo>::uninit() }; MAX_ACCOUNTS];
        // SAFETY: as the caller promises; there are no more accounts than the array has places.
        let (program_id, count, data) = unsafe { deserialize_into(input, &mut accounts) };
        // SAFETY: the first `count` were written just now. They are never dropped: the heap ends with the instruction.
        let accounts = unsafe { from_raw_parts(accounts.as_ptr().cast::<AccountInfo>(), count) };
        match super::process(program_id, accounts, data) {
            Ok(()) => SUCCESS,
            Err(error) => error.into(),
        }
    }
}

#[cfg(all(target_os = "solana", feature = "entrypoint"))]
solana_security_txt::security_txt! {
    name: "Plimsoll",
    project_url: "https://github.com/plimsoll/plimsoll",
    contacts: "link:https://github.com/plimsoll/plimsoll/security/advisories/new",
    policy: "https://github.com/plimsoll/plimsoll/blob/main/SECURITY.md",
    preferred_languages: "en",
    source_code: "https://github.com/plimsoll/plimsoll",
    auditors: "None"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_of_the_list_is_dispatched() {
        let listed = include_str!("lib.rs");
        let listed = listed.lines().filter_map(|line| line.trim().strip_prefix("pub fn ")?.split(['<', '(']).next());
        assert_eq!(listed.collect::<Vec<_>>(), DISPATCHED);
    }

    #[test]
    fn a_copy_deployed_at_another_address_runs_nothing() {
        let elsewhere: &'static Pubkey = Box::leak(Box::new(Pubkey::new_from_array([7; 32])));
        let refused = ProgramError::from(Error::from(ErrorCode::DeclaredProgramIdMismatch));
        assert_eq!(process(elsewhere, &[], &[]), Err(refused.clone()));
        assert_eq!(process(elsewhere, &[], &[0; 8]), Err(refused));
    }

    #[test]
    fn data_that_begins_like_no_instruction_is_refused_by_anchors_code() {
        let refused = ProgramError::from(Error::from(ErrorCode::InstructionFallbackNotFound));
        assert_eq!(process(&crate::ID, &[], &[7; 16]), Err(refused.clone()));
        assert_eq!(process(&crate::ID, &[], &[7; 3]), Err(refused));
        let other = ProgramError::from(Error::from(ErrorCode::DeclaredProgramIdMismatch));
        assert_eq!(process(&System::id(), &[], &[7; 16]), Err(other));
    }
}

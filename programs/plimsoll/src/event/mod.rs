//! Events of everything that moves money, complete enough to rebuild every balance, and of everything that changes who
//! may do what, complete enough to see a stolen key at work without reading an account. Emitted as Anchor's
//! `emit_cpi!` does: as instruction data of a call to ourselves, which no log limit can truncate.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::{AccountMeta, Instruction};
use anchor_lang::solana_program::program::invoke_signed_unchecked;

mod account;
mod bank;
mod bankruptcy;
mod liquidation;
mod perp;
mod price;
mod venue;

pub use account::*;
pub use bank::*;
pub use bankruptcy::*;
pub use liquidation::*;
pub use perp::*;
pub use price::*;
pub use venue::*;

/// Emits an event as Anchor's `emit_cpi!` does, of which indexers see no difference; the macro itself would write the
/// whole call into every instruction, a tenth of the program's size, and copy the data byte by byte.
macro_rules! emit_event {
    ($ctx:ident, $event:expr) => {
        $crate::event::send(&$ctx.accounts.event_authority, &anchor_lang::Event::data(&$event))?
    };
}
pub(crate) use emit_event;

/// Calls the program's own event instruction, signed by the event authority (ACCOUNT-5).
///
/// # Errors
/// `ConstraintAddress` where the account is not the event authority; the runtime's, where compute units or the depth of
/// calls are exhausted.
#[inline(never)]
pub fn send(authority: &AccountInfo<'_>, event: &[u8]) -> Result<()> {
    if !crate::access::same(authority.key, &crate::EVENT_AUTHORITY_AND_BUMP.0) {
        return Err(ErrorCode::ConstraintAddress.into());
    }
    let mut data = Vec::with_capacity(8 + event.len());
    data.extend_from_slice(anchor_lang::event::EVENT_IX_TAG_LE);
    data.extend_from_slice(event);
    let accounts = vec![AccountMeta::new_readonly(*authority.key, true)];
    let instruction = Instruction { program_id: crate::ID, accounts, data };
    let seeds: &[&[u8]] = &[plimsoll_state::seeds::EVENT_AUTHORITY, &[crate::EVENT_AUTHORITY_AND_BUMP.1]];
    invoke_signed_unchecked(&instruction, core::slice::from_ref(authority), &[seeds])?;
    Ok(())
}

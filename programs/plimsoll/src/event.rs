//! Events of everything that moves money, complete enough to rebuild every balance, and of everything that changes who
//! may do what, complete enough to notice the use of a stolen key without reading an account. Emitted as Anchor's
//! `emit_cpi!` does: as instruction data of a call to ourselves, which no log limit can truncate.

use std::io::Write;

use crate::error::Result;
use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::{AccountMeta, Instruction};
use anchor_lang::solana_program::log::sol_log_data;
use anchor_lang::solana_program::program::invoke_signed_unchecked;

pub use plimsoll_interface::event::*;

/// Bytes of a tag.
const TAG_LEN: usize = 8;
/// Bytes of Anchor's tag and the event's discriminator, before its fields.
const TAGS_LEN: usize = 2 * TAG_LEN;

/// Emits an event as Anchor's `emit_cpi!` does, of which indexers see no difference; the macro itself would write the
/// whole call into every instruction, a tenth of the program's size, and copy the data byte by byte.
macro_rules! emit_event {
    ($ctx:ident, $event:expr) => {
        $crate::event::send(&$ctx.accounts.event_authority, &$event)?
    };
}
pub(crate) use emit_event;

/// Calls the program's own event instruction, signed by the event authority (ACCOUNT-5).
///
/// # Errors
/// `ConstraintAddress` where the account is not the event authority; `AccountDidNotSerialize` for an event with a list,
/// see [`send_listing`]; the runtime's, where compute units or the depth of calls are exhausted.
#[inline(never)]
pub fn send<E: Event>(authority: &AccountInfo<'_>, event: &E) -> Result<()> {
    send_encoded(authority, event, 0)
}

/// [`send`] of an event with lists, which take this many bytes at most beside what its type takes.
///
/// # Errors
/// Those of [`send`], but for lists that are longer.
#[inline(never)]
pub fn send_listing<E: Event>(authority: &AccountInfo<'_>, event: &E, listed_bytes: usize) -> Result<()> {
    send_encoded(authority, event, listed_bytes)
}

/// [`send_listing`], or the event in the log as Anchor's `emit!` writes it, where the instruction does not have the
/// authority: a log may be truncated, and whoever fills it can make it so.
///
/// # Errors
/// Those of [`send_listing`].
#[inline(never)]
pub fn send_or_log<E: Event>(authority: Option<&AccountInfo<'_>>, event: &E, listed_bytes: usize) -> Result<()> {
    let (data, left) = encoded(event, listed_bytes);
    match authority {
        Some(authority) => call(authority, data, left),
        None => {
            sol_log_data(&[fitted(data, left)?.get(TAG_LEN..).unwrap_or_default()]);
            Ok(())
        }
    }
}

#[inline(always)]
fn send_encoded<E: Event>(authority: &AccountInfo<'_>, event: &E, listed_bytes: usize) -> Result<()> {
    let (data, left) = encoded(event, listed_bytes);
    call(authority, data, left)
}

/// An event's bytes, tags included, and how many of them are not used. Without its lists an event takes no more bytes than
/// its type. In a place of constant length the compiler sees that every field fits; a vector that may grow would ask at each
/// of them whether it must. A byte more than that is left of an event that fits.
#[inline(always)]
#[expect(clippy::arithmetic_side_effects, reason = "sizes of a type, its lists and two tags: some hundred bytes")]
fn encoded<E: Event>(event: &E, listed_bytes: usize) -> (Vec<u8>, usize) {
    let len = core::mem::size_of::<E>() + listed_bytes + 1;
    let mut data = with_tags(u64::from_le_bytes(E::DISCRIMINATOR), len);
    let mut fields = Fields(data.get_mut(TAGS_LEN..TAGS_LEN + len).unwrap_or_default());
    // Writing there returns no error.
    let _ = event.serialize(&mut fields);
    let left = fields.0.len();
    (data, left)
}

/// Anchor's tag and the event's discriminator, before room for this many bytes.
#[inline(never)]
#[expect(clippy::arithmetic_side_effects, reason = "sizes of an event and two tags: some hundred bytes")]
fn with_tags(discriminator: u64, len: usize) -> Vec<u8> {
    let mut data = vec![0; TAGS_LEN + len];
    if let [tag, own, ..] = data.as_chunks_mut::<TAG_LEN>().0 {
        *tag = EVENT_TAG;
        *own = discriminator.to_le_bytes();
    }
    data
}

/// A place to write, without an error at each field, which would be most of the code: nothing is left of it once
/// something did not fit.
struct Fields<'a>(&'a mut [u8]);

impl Write for Fields<'_> {
    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    #[inline(always)]
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if let Some((field, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(bytes.len()) {
            field.copy_from_slice(bytes);
            self.0 = rest;
        }
        Ok(())
    }

    #[inline(always)]
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// All but the bytes that are left; an event of which none are did not fit.
fn fitted(mut data: Vec<u8>, left: usize) -> Result<Vec<u8>> {
    if left == 0 {
        return Err(ErrorCode::AccountDidNotSerialize.into());
    }
    data.truncate(data.len().saturating_sub(left));
    Ok(data)
}

/// Sends what is used of an event's bytes.
#[inline(never)]
fn call(authority: &AccountInfo<'_>, data: Vec<u8>, left: usize) -> Result<()> {
    let data = fitted(data, left)?;
    if !crate::access::same(authority.key, &crate::EVENT_AUTHORITY_AND_BUMP.0) {
        return Err(ErrorCode::ConstraintAddress.into());
    }
    let accounts = vec![AccountMeta::new_readonly(*authority.key, true)];
    let instruction = Instruction { program_id: crate::ID, accounts, data };
    let seeds: &[&[u8]] = &[plimsoll_state::seeds::EVENT_AUTHORITY, &[crate::EVENT_AUTHORITY_AND_BUMP.1]];
    invoke_signed_unchecked(&instruction, core::slice::from_ref(authority), &[seeds])?;
    Ok(())
}

/// Anchor's builder of the interface description reads what these tests print.
#[cfg(all(test, feature = "idl-build"))]
mod description {
    use anchor_lang::idl::serde_json::json;

    #[test]
    fn __anchor_private_print_idl_events() {
        for described in plimsoll_interface::event::descriptions() {
            let (event, types) = (described.event, described.types);
            println!("--- IDL begin event ---\n{:#}\n--- IDL end event ---", json!({ "event": event, "types": types }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_leaves_nothing_whatever_is_written_after_it() {
        let mut place = [7; 6];
        let mut fields = Fields(&mut place);
        fields.write_all(&[1, 2]).unwrap();
        assert_eq!(fields.0.len(), 4);
        fields.write_all(&[3; 5]).unwrap();
        fields.write_all(&[4]).unwrap();
        fields.write_all(&[]).unwrap();
        assert_eq!((fields.0.len(), place), (0, [1, 2, 7, 7, 7, 7]));
    }

    #[test]
    fn an_event_with_a_list_fits_its_type_and_its_list_and_has_the_bytes_that_anchor_gives_it() {
        let leg = |market| ReservedLeg { market, fixed_debt_atoms: u64::MAX, reserved_atoms: 5 };
        let event = InsuranceReserved {
            engine: Pubkey::new_from_array([1; 32]),
            account: Pubkey::new_from_array([2; 32]),
            reserved_atoms: 3,
            borrow_fixed_debt_atoms: 4,
            borrow_reserved_atoms: 5,
            legs: (0..16).map(leg).collect(),
            bank: EstateBank::from(&<plimsoll_state::Bank as bytemuck::Zeroable>::zeroed()),
        };
        let len = core::mem::size_of_val(&event) + core::mem::size_of_val(event.legs.as_slice()) + 1;
        let mut place = vec![0; len];
        let mut fields = Fields(&mut place);
        event.serialize(&mut fields).unwrap();
        let left = fields.0.len();
        assert!(left > 0);
        let mut expected = Vec::new();
        event.serialize(&mut expected).unwrap();
        assert_eq!(place[..len - left], expected);
    }
}

//! What an account's margin is after a move of money, by the ledger that the program books it with.

use plimsoll_ledger::free::moved;
use plimsoll_risk::units::{SignedAtoms, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::{Address, MarginView};

use crate::answer::{margin_view, Accounts};
use crate::code::engine_code;

/// What `check_margin` returns of the margin account at `address` once it has deposited or repaid so many atoms of a bank, or
/// withdrawn or borrowed them where they are negative. What the bank, its caps and its limits say of the move is not looked at,
/// nor interest on deposits that no crank has put into the registry.
///
/// # Errors
/// The program's code: `SlotEmpty`, `AmountZero`, `TokenTableFull`, `NumberOutOfRange`; for an account that cannot be valued.
pub fn margin_after(
    address: &Address,
    accounts: &Accounts<'_>,
    bank: u8,
    change_atoms: i64,
    all: bool,
) -> Result<MarginView, u32> {
    let slot = accounts.registry.bank(bank as usize).ok_or(engine_code(RiskError::SlotEmpty))?;
    let (change, now) = (SignedAtoms::new(change_atoms), UnixSecs::new(accounts.now));
    let account = moved(accounts.account, slot, bank, change, now).map_err(engine_code)?;
    margin_view(address, &Accounts { account: &account, ..*accounts }, all)
}

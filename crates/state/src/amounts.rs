//! Stored numbers as amounts of their unit: accounts store plain integers, named by it, and everything that reckons with
//! them asks here (NUMBER-3).

use plimsoll_risk::units::{Atoms, BaseUnits, SignedAtoms};

use crate::wrap::read_as;
use crate::{Bank, BankSlot, DerivativePosition, MarginAccount, Market, MarketSlot, TokenPosition};

read_as! {
    /// Cash of the position, quote.
    DerivativePosition.cash_atoms as cash: SignedAtoms,
    /// Insurance promised to the leg, quote.
    DerivativePosition.reserved_atoms as reserved: Atoms,
    /// Negative PnL when insurance was reserved, quote.
    DerivativePosition.fixed_debt_atoms as fixed_debt: Atoms,
    /// Insurance promised to the debt.
    TokenPosition.reserved_atoms as reserved: Atoms,
    /// Known loss that the leg is counted with, quote.
    DerivativePosition.known_loss_atoms as known_loss: Atoms,
    /// Known losses of the bank.
    BankSlot.known_loss_atoms as known_loss: Atoms,
    /// What insurance pays on known losses of the market, as last seen, quote.
    MarketSlot.loss_cover_atoms as loss_cover: Atoms,
    /// The debt when the account was frozen, or insurance reserved.
    TokenPosition.fixed_debt_atoms as fixed_debt: Atoms,
    /// Insurance that a resolution has reserved and not yet paid, quote.
    MarginAccount.estate_reserved_atoms as estate_reserved: Atoms,
    /// Insurance that a resolution has drawn, quote.
    MarginAccount.estate_drawn_atoms as estate_drawn: Atoms,
    /// What the delegate may trade within any day, quote.
    MarginAccount.delegate_limit_atoms_per_day as delegate_limit_per_day: Atoms,
    /// What the pool holds, quote.
    Market.pool_atoms as pool: Atoms,
    /// What claims on the pool exceed it by, quote.
    Market.deficit_atoms as deficit: Atoms,
    /// The market's own claim on the pool, quote.
    Market.own_claim_atoms as own_claim: Atoms,
    /// Most insurance that one event of the market may draw, quote.
    Market.caps.draw_cap_event_atoms as draw_cap_event: Atoms,
    /// Largest open interest of a side.
    Market.caps.open_interest_cap_units as open_interest_cap: BaseUnits,
    /// Insurance that nobody has reserved.
    Bank.insurance_atoms as insurance: Atoms,
    /// Insurance promised to bankrupt legs.
    Bank.reserved_atoms as reserved: Atoms,
    /// Bad debt beyond what deposits could bear.
    Bank.uncovered_atoms as uncovered: Atoms,
    /// Protocol fees not yet collected.
    Bank.fees_atoms as fees: Atoms,
    /// Largest borrows of all accounts together.
    Bank.caps.borrow_cap_atoms as borrow_cap: Atoms,
    /// Largest deposits of all accounts together.
    Bank.caps.deposit_cap_atoms as deposit_cap: Atoms,
    /// Most insurance that one event may draw.
    Bank.caps.draw_cap_event_atoms as draw_cap_event: Atoms,
    /// Most insurance that any hour may draw.
    Bank.caps.draw_cap_hour_atoms as draw_cap_hour: Atoms,
    /// Insurance above which some may be taken out.
    Bank.caps.insurance_target_atoms as insurance_target: Atoms,
    /// Insurance that pays nothing but debts that deposits cannot bear.
    Bank.caps.insurance_floor_atoms as insurance_floor: Atoms,
}

//! Banks: listings, moves of tokens, interest, insurance and fees.

use plimsoll_state::Bank;
use solana_pubkey::Pubkey;

use crate::args::{wire, BankConfigArgs};

wire! {
    /// A bank's totals after the event, so that no history is needed to read it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BankRecord {
        /// Deposit shares of all holders.
        pub deposit_shares: u64,
        /// Borrow shares of all debtors.
        pub borrow_shares: u64,
        /// Deposit index, 48 fraction bits.
        pub deposit_index: u64,
        /// Booked borrow index, 48 fraction bits.
        pub borrow_index: u64,
        /// Protocol fees, atoms.
        pub fees_atoms: u64,
        /// Insurance, reserved part not included, atoms.
        pub insurance_atoms: u64,
        /// Reserved insurance, atoms.
        pub reserved_atoms: u64,
        /// Deposit shares that wait to become insurance.
        pub waiting_shares: u64,
        /// Bad debt beyond deposits, atoms.
        pub uncovered_atoms: u64,
    }
}

impl From<&Bank> for BankRecord {
    #[inline(never)]
    fn from(bank: &Bank) -> Self {
        Self {
            deposit_shares: bank.deposit_shares,
            borrow_shares: bank.borrow_shares,
            deposit_index: bank.deposit_index,
            borrow_index: bank.booked_borrow_index,
            fees_atoms: bank.fees_atoms,
            insurance_atoms: bank.insurance_atoms,
            reserved_atoms: bank.reserved_atoms,
            waiting_shares: bank.waiting_shares,
            uncovered_atoms: bank.uncovered_atoms,
        }
    }
}

wire! {
    /// Tokens that moved between a vault and outside, and what they changed in a margin account.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct TokenMove {
        /// The margin account.
        pub account: Pubkey,
        /// Slot of the bank.
        pub bank: u8,
        /// Atoms that entered or left the vault.
        pub atoms: u64,
        /// Change of the account's deposit shares.
        pub deposit_shares_delta: i64,
        /// Change of the account's borrow shares.
        pub borrow_shares_delta: i64,
        /// The bank afterwards.
        pub after: BankRecord,
    }
}

wire! {
    /// A bank was listed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BankListed {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the registry.
        pub bank: u8,
        /// The bank's account.
        pub address: Pubkey,
        /// The mint.
        pub mint: Pubkey,
        /// The vault.
        pub vault: Pubkey,
        /// Slot of the price board.
        pub price_slot: u8,
        /// Everything that can be changed later.
        pub config: BankConfigArgs,
    }
}

wire! {
    /// A bank's configuration was replaced.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BankUpdated {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the registry.
        pub bank: u8,
        /// The slot's status from now on.
        pub status: u8,
        /// The new configuration.
        pub config: BankConfigArgs,
        /// The bank afterwards: interest was booked first.
        pub after: BankRecord,
    }
}

wire! {
    /// Tokens were deposited; debts were repaid first.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Deposited {
        /// The engine.
        pub engine: Pubkey,
        /// Owner or delegate who deposited.
        pub authority: Pubkey,
        /// What moved.
        pub moved: TokenMove,
    }
}

wire! {
    /// A deposit was withdrawn.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Withdrawn {
        /// The engine.
        pub engine: Pubkey,
        /// The token account that received.
        pub destination: Pubkey,
        /// What moved.
        pub moved: TokenMove,
    }
}

wire! {
    /// Tokens were borrowed, deposits of the same token used up first.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Borrowed {
        /// The engine.
        pub engine: Pubkey,
        /// The token account that received.
        pub destination: Pubkey,
        /// What moved.
        pub moved: TokenMove,
    }
}

wire! {
    /// A debt was repaid; by anyone.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Repaid {
        /// The engine.
        pub engine: Pubkey,
        /// Who paid.
        pub payer: Pubkey,
        /// What moved.
        pub moved: TokenMove,
    }
}

wire! {
    /// Interest was booked and the borrow rate set.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BankAccrued {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the registry.
        pub bank: u8,
        /// Moving average of utilization, ppm.
        pub utilization_ema_ppm: u32,
        /// Borrow rate per second from now on, in units of 2^-64.
        pub borrow_rate_per_sec: u64,
        /// The bank afterwards.
        pub after: BankRecord,
    }
}

wire! {
    /// Somebody paid into a bank's insurance; what was uncovered is paid first.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct InsuranceFunded {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the registry.
        pub bank: u8,
        /// Who paid.
        pub funder: Pubkey,
        /// Atoms that arrived.
        pub atoms: u64,
        /// The bank afterwards.
        pub after: BankRecord,
    }
}

wire! {
    /// Insurance above its target left the vault.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct InsuranceWithdrawn {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the registry.
        pub bank: u8,
        /// The token account that received.
        pub destination: Pubkey,
        /// Atoms that left.
        pub atoms: u64,
        /// The bank afterwards.
        pub after: BankRecord,
    }
}

wire! {
    /// Waiting deposits paid uncovered debt or became insurance.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct InsuranceSwept {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the registry.
        pub bank: u8,
        /// Atoms that paid or became it.
        pub atoms: u64,
        /// The bank afterwards.
        pub after: BankRecord,
    }
}

wire! {
    /// Protocol fees left the vault.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct FeesCollected {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the registry.
        pub bank: u8,
        /// The token account that received.
        pub destination: Pubkey,
        /// Atoms that left.
        pub atoms: u64,
        /// The bank afterwards.
        pub after: BankRecord,
    }
}

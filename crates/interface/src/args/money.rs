//! Tokens in and out.

use super::wire;

wire! {
    /// How much.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct DepositArgs {
        /// Atoms to send; what arrives is measured.
        pub amount_atoms: u64,
    }
}

wire! {
    /// How much.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct WithdrawArgs {
        /// Atoms; not read where `all`.
        pub amount_atoms: u64,
        /// The whole deposit.
        pub all: bool,
    }
}

wire! {
    /// How much.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BorrowArgs {
        /// Atoms.
        pub amount_atoms: u64,
    }
}

wire! {
    /// How much.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RepayArgs {
        /// Most atoms to pay; never more than is owed. Not read where `all`.
        pub amount_atoms: u64,
        /// The whole debt.
        pub all: bool,
    }
}

wire! {
    /// How much.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct WithdrawInsuranceArgs {
        /// Most atoms to take out; never more than is above the target and the floor when it happens.
        pub most_atoms: u64,
    }
}

wire! {
    /// How much.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct FundInsuranceArgs {
        /// Atoms to send; what arrives is measured.
        pub amount_atoms: u64,
    }
}

//! Changes that wait in public.

use alloc::vec::Vec;

use super::wire;

wire! {
    /// The instruction that will be executed; its accounts follow those of the proposal.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ProposeChangeArgs {
        /// Its data: the discriminator and the arguments.
        pub data: Vec<u8>,
    }
}

wire! {
    /// Whose numbers ramp.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum RampArg {
        /// The engine's parameters.
        Params,
        /// The weights of a bank, by its slot.
        Bank(u8),
        /// The rate of a market, by its slot.
        Market(u8),
    }
}

wire! {
    /// What is moved.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct AdvanceRampArgs {
        /// Whose numbers.
        pub of: RampArg,
    }
}

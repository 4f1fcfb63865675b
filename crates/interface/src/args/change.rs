//! Changes that wait in public.

use alloc::vec::Vec;

use plimsoll_state::MAX_CHANGE_DATA;

use super::wire;

wire! {
    /// The instruction that will be executed; its accounts follow those of the proposal.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ProposeChangeArgs {
        /// Its number: as many as the engine has had changes before.
        pub id: u64,
        /// Its data: the discriminator and the arguments.
        pub data: ChangeData,
    }
}

/// Data of a change's instruction, at most [`MAX_CHANGE_DATA`] bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "idl-build", derive(anchor_lang::AnchorSerialize, anchor_lang::AnchorDeserialize))]
#[cfg_attr(not(feature = "idl-build"), derive(borsh::BorshSerialize))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ChangeData {
    /// The bytes.
    pub bytes: Vec<u8>,
}

// Borsh reserves a megabyte for whatever says that it has many bytes, of the 32 kilobytes that an instruction has.
#[cfg(not(feature = "idl-build"))]
impl borsh::BorshDeserialize for ChangeData {
    fn deserialize_reader<R: borsh::io::Read>(reader: &mut R) -> borsh::io::Result<Self> {
        let length = usize::try_from(u32::deserialize_reader(reader)?).unwrap_or(usize::MAX);
        if length > MAX_CHANGE_DATA {
            return Err(borsh::io::ErrorKind::InvalidData.into());
        }
        let mut bytes = alloc::vec![0; length];
        reader.read_exact(&mut bytes)?;
        Ok(Self { bytes })
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

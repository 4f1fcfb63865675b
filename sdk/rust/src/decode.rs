//! Account bytes to layouts.

use plimsoll_state::{EngineAccount, DISCRIMINATOR_LEN};

/// Copies an account out of its data, discriminator included, whatever the alignment of the buffer.
///
/// None where the discriminator or the length is another type's.
pub fn account<T: EngineAccount>(data: &[u8]) -> Option<T> {
    if data.len() != T::SPACE || data[..DISCRIMINATOR_LEN] != T::ACCOUNT_DISCRIMINATOR {
        return None;
    }
    bytemuck::try_pod_read_unaligned(&data[DISCRIMINATOR_LEN..]).ok()
}

/// The bytes of an account as they are stored, discriminator included.
pub fn encode<T: EngineAccount>(account: &T) -> Vec<u8> {
    let mut data = Vec::with_capacity(T::SPACE);
    data.extend_from_slice(&T::ACCOUNT_DISCRIMINATOR);
    data.extend_from_slice(bytemuck::bytes_of(account));
    data
}

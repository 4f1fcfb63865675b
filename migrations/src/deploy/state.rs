//! What the loader's accounts hold.

use plimsoll_rpc::Connection;
use sha2::{Digest, Sha256};
use solana_account::Account;
use solana_loader_v3_interface::get_program_data_address;
use solana_loader_v3_interface::state::UpgradeableLoaderState;
use solana_pubkey::Pubkey;
use solana_sdk_ids::bpf_loader_upgradeable;

use crate::error::{Error, Result};

/// A deployed program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramState {
    /// Who may upgrade it; none where it is final.
    pub authority: Option<Pubkey>,
    /// The slot of the last deployment.
    pub slot: u64,
    /// The program's bytes, zeros up to its capacity included.
    pub bytes: Vec<u8>,
}

impl ProgramState {
    /// Reads a program; none where nothing is at its address.
    ///
    /// # Errors
    /// `Program` where something else is; `Rpc`.
    pub async fn read(connection: &Connection, program: &Pubkey) -> Result<Option<Self>> {
        let (_, found) = connection.accounts(&[*program, get_program_data_address(program)]).await?;
        let failed = |reason: String| Error::Program { address: *program, reason };
        let [account, data] = found.as_slice() else { return Ok(None) };
        let Some(account) = account.as_ref().filter(|account| !account.data.is_empty() || account.executable) else {
            return Ok(None);
        };
        if account.owner != bpf_loader_upgradeable::ID {
            return Err(failed(format!("its owner is {}, not the upgradeable loader", account.owner)));
        }
        let data = data.as_ref().ok_or_else(|| failed("its program data is gone: it was closed".into()))?;
        let len = UpgradeableLoaderState::size_of_programdata_metadata();
        match (parse(data), data.data.get(len..)) {
            (Some(UpgradeableLoaderState::ProgramData { slot, upgrade_authority_address }), Some(bytes)) => {
                Ok(Some(Self { authority: upgrade_authority_address, slot, bytes: bytes.to_vec() }))
            }
            _ => Err(failed("its program data account is of another kind".into())),
        }
    }

    /// Whether these bytes are deployed, followed by nothing but zeros.
    pub fn holds(&self, elf: &[u8]) -> bool {
        self.bytes.len() >= elf.len()
            && sha256(&self.bytes[..elf.len()]) == sha256(elf)
            && self.bytes[elf.len()..].iter().all(|byte| *byte == 0)
    }
}

/// A buffer's authority and content.
pub(super) fn buffer_content(account: &Account) -> Option<(Option<Pubkey>, &[u8])> {
    if account.owner != bpf_loader_upgradeable::ID {
        return None;
    }
    let content = account.data.get(UpgradeableLoaderState::size_of_buffer_metadata()..)?;
    match parse(account)? {
        UpgradeableLoaderState::Buffer { authority_address } => Some((authority_address, content)),
        _ => None,
    }
}

fn parse(account: &Account) -> Option<UpgradeableLoaderState> {
    bincode::deserialize(&account.data).ok()
}

/// SHA-256.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 without the zeros at the end, as verifiable builds compare programs: their accounts are longer than they.
pub fn executable_hash(bytes: &[u8]) -> [u8; 32] {
    let len = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    sha256(&bytes[..len])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_holds_a_file_only_with_zeros_behind_it() {
        let state = |bytes: &[u8]| ProgramState { authority: None, slot: 1, bytes: bytes.to_vec() };
        assert!(state(&[1, 2, 0, 0]).holds(&[1, 2]) && state(&[1, 2]).holds(&[1, 2]));
        assert!(!state(&[1, 2, 3]).holds(&[1, 2]) && !state(&[1]).holds(&[1, 2]) && !state(&[1, 3, 0]).holds(&[1, 2]));
    }

    #[test]
    fn the_hash_of_an_executable_does_not_depend_on_the_zeros_behind_it() {
        assert_eq!(executable_hash(&[7, 0, 7, 0, 0]), sha256(&[7, 0, 7]));
        assert_eq!(executable_hash(&[0, 0]), sha256(&[]));
    }

    #[test]
    fn buffers_are_read_as_the_loader_writes_them() {
        let authority = Pubkey::new_unique();
        let state = UpgradeableLoaderState::Buffer { authority_address: Some(authority) };
        let mut data = bincode::serialize(&state).unwrap();
        data.extend_from_slice(&[9, 8]);
        let mut account = Account { data, owner: bpf_loader_upgradeable::ID, ..Account::default() };
        assert_eq!(buffer_content(&account), Some((Some(authority), &[9, 8][..])));
        account.owner = Pubkey::new_unique();
        assert_eq!(buffer_content(&account), None);
    }
}

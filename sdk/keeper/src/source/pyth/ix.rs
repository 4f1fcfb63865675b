//! Instructions of Pyth's programs, as their own client makes them.

use plimsoll_state::Address;
use pyth_solana_receiver_sdk::PostUpdateParams;
use pythnet_sdk::wire::v1::MerklePriceUpdate;
use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;
use solana_sdk_ids::system_program;

use super::programs::{Programs, VAA_SEED};

/// What an encoded VAA's account holds before the VAA.
pub const VAA_HEADER_LEN: usize = 46;
/// Bytes of a VAA that are written in one instruction; the rest of one with 13 signatures fits the next transaction.
pub const VAA_PART_LEN: usize = 721;

const INIT_ENCODED_VAA: [u8; 8] = [209, 193, 173, 25, 91, 202, 181, 218];
const WRITE_ENCODED_VAA: [u8; 8] = [199, 208, 110, 177, 150, 76, 118, 42];
const VERIFY_ENCODED_VAA_V1: [u8; 8] = [103, 56, 177, 229, 240, 103, 68, 73];
const CLOSE_ENCODED_VAA: [u8; 8] = [48, 221, 174, 198, 231, 7, 152, 38];
const POST_UPDATE: [u8; 8] = [133, 95, 207, 175, 11, 79, 118, 44];
const RECLAIM_RENT: [u8; 8] = [218, 200, 19, 197, 227, 89, 192, 22];
const UPDATE_PRICE_FEED: [u8; 8] = [28, 9, 93, 150, 86, 153, 188, 115];

/// Who posts, and through which programs.
#[derive(Clone, Copy, Debug)]
pub struct Poster {
    /// The programs.
    pub programs: Programs,
    /// Pays, and may write and close what it made.
    pub key: Pubkey,
    /// Which of the 256 treasuries update fees go to.
    pub treasury: u8,
}

impl Poster {
    /// The account of the VAA.
    pub fn vaa(&self) -> Pubkey {
        self.programs.encoded_vaa(&self.key)
    }

    /// Makes the account of a VAA of `vaa_len` bytes with the rent that it must hold.
    pub fn create_vaa(&self, vaa_len: usize, rent_lamports: u64) -> Instruction {
        let space = (VAA_HEADER_LEN + vaa_len) as u64;
        let (key, bridge) = (&self.key, &self.programs.bridge);
        solana_system_interface::instruction::create_account_with_seed(
            key,
            &self.vaa(),
            key,
            VAA_SEED,
            rent_lamports,
            space,
            bridge,
        )
    }

    /// Begins a VAA.
    pub fn init_vaa(&self) -> Instruction {
        self.to_bridge(INIT_ENCODED_VAA.to_vec(), false, &[])
    }

    /// Writes part of a VAA from the byte `index` on.
    pub fn write_vaa(&self, index: usize, part: &[u8]) -> Instruction {
        let mut data = WRITE_ENCODED_VAA.to_vec();
        data.extend_from_slice(&(index as u32).to_le_bytes());
        data.extend_from_slice(&(part.len() as u32).to_le_bytes());
        data.extend_from_slice(part);
        self.to_bridge(data, false, &[])
    }

    /// Verifies the signatures of a VAA that is written.
    pub fn verify_vaa(&self, guardian_set: u32) -> Instruction {
        let guardians = AccountMeta::new_readonly(self.programs.guardian_set(guardian_set), false);
        self.to_bridge(VERIFY_ENCODED_VAA_V1.to_vec(), false, &[guardians])
    }

    /// Closes the account of the VAA; its rent goes back to the poster.
    pub fn close_vaa(&self) -> Instruction {
        self.to_bridge(CLOSE_ENCODED_VAA.to_vec(), true, &[])
    }

    fn to_bridge(&self, data: Vec<u8>, takes_lamports: bool, more: &[AccountMeta]) -> Instruction {
        let authority = AccountMeta { pubkey: self.key, is_signer: true, is_writable: takes_lamports };
        let mut accounts = vec![authority, AccountMeta::new(self.vaa(), false)];
        accounts.extend_from_slice(more);
        Instruction { program_id: self.programs.bridge, accounts, data }
    }

    /// Writes a price under the verified VAA to an account of the poster's own, which signs. Made where it is not there.
    pub fn post_update(&self, account: Pubkey, update: MerklePriceUpdate) -> Instruction {
        let accounts = vec![
            AccountMeta::new(self.key, true),
            AccountMeta::new_readonly(self.vaa(), false),
            AccountMeta::new_readonly(self.programs.config(), false),
            AccountMeta::new(self.programs.treasury(self.treasury), false),
            AccountMeta::new(account, true),
            AccountMeta::new_readonly(system_program::ID, false),
            AccountMeta::new_readonly(self.key, true),
        ];
        Instruction { program_id: self.programs.receiver, accounts, data: self.params(POST_UPDATE, update) }
    }

    /// Closes such an account; its rent goes back to the poster.
    pub fn reclaim_rent(&self, account: Pubkey) -> Instruction {
        let accounts = vec![AccountMeta::new(self.key, true), AccountMeta::new(account, false)];
        Instruction { program_id: self.programs.receiver, accounts, data: RECLAIM_RENT.to_vec() }
    }

    /// Writes a price under the verified VAA to a feed's push account, which everybody shares. An older price than it
    /// holds changes nothing.
    pub fn update_price_feed(&self, shard: u16, feed_id: &Address, update: MerklePriceUpdate) -> Instruction {
        let accounts = vec![
            AccountMeta::new(self.key, true),
            AccountMeta::new_readonly(self.programs.receiver, false),
            AccountMeta::new_readonly(self.vaa(), false),
            AccountMeta::new_readonly(self.programs.config(), false),
            AccountMeta::new(self.programs.treasury(self.treasury), false),
            AccountMeta::new(self.programs.push_feed(shard, feed_id), false),
            AccountMeta::new_readonly(system_program::ID, false),
        ];
        let mut data = self.params(UPDATE_PRICE_FEED, update);
        data.extend_from_slice(&shard.to_le_bytes());
        data.extend_from_slice(feed_id);
        Instruction { program_id: self.programs.push_oracle, accounts, data }
    }

    fn params(&self, discriminator: [u8; 8], merkle_price_update: MerklePriceUpdate) -> Vec<u8> {
        let params = PostUpdateParams { merkle_price_update, treasury_id: self.treasury };
        let mut data = discriminator.to_vec();
        // Writing to a vector does not fail.
        let _ = borsh::BorshSerialize::serialize(&params, &mut data);
        data
    }
}

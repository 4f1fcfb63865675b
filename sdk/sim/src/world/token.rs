//! Mints and token accounts, written as the token programs store them.

use plimsoll_sdk::pda;
use solana_pubkey::Pubkey;

use super::Chain;

const MINT_LEN: usize = 82;
const ACCOUNT_LEN: usize = 165;
const ACCOUNT_TYPE_MINT: u8 = 1;
const ACCOUNT_TYPE_ACCOUNT: u8 = 2;

/// A mint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mint {
    /// Its address.
    pub key: Pubkey,
    /// Its token program.
    pub program: Pubkey,
    /// Decimals.
    pub decimals: u8,
}

/// An extension of a Token-2022 mint as stored: its number in the program's enum and its bytes.
#[derive(Clone, Debug)]
pub struct Extension {
    /// `ExtensionType`.
    pub kind: u16,
    /// Its data; all zero means that nobody holds its authority.
    pub data: Vec<u8>,
}

impl Extension {
    /// `TransferFeeConfig`.
    pub const TRANSFER_FEE: (u16, usize) = (1, 108);
    /// `MintCloseAuthority`.
    pub const CLOSE_AUTHORITY: (u16, usize) = (3, 32);
    /// `ConfidentialTransferMint`.
    pub const CONFIDENTIAL: (u16, usize) = (4, 65);
    /// `DefaultAccountState`.
    pub const DEFAULT_STATE: (u16, usize) = (6, 1);
    /// `NonTransferable`.
    pub const NON_TRANSFERABLE: (u16, usize) = (9, 0);
    /// `InterestBearingConfig`.
    pub const INTEREST_BEARING: (u16, usize) = (10, 52);
    /// `PermanentDelegate`.
    pub const PERMANENT_DELEGATE: (u16, usize) = (12, 32);
    /// `TransferHook`.
    pub const TRANSFER_HOOK: (u16, usize) = (14, 64);
    /// `MetadataPointer`.
    pub const METADATA_POINTER: (u16, usize) = (18, 64);
    /// `TokenMetadata`, whose length varies; this is one with empty strings.
    pub const METADATA: (u16, usize) = (19, 80);
    /// `GroupPointer`.
    pub const GROUP_POINTER: (u16, usize) = (20, 64);
    /// `TokenGroup`.
    pub const GROUP: (u16, usize) = (21, 80);
    /// `GroupMemberPointer`.
    pub const GROUP_MEMBER_POINTER: (u16, usize) = (22, 64);
    /// `TokenGroupMember`.
    pub const GROUP_MEMBER: (u16, usize) = (23, 72);
    /// `ScaledUiAmount`.
    pub const SCALED_UI_AMOUNT: (u16, usize) = (25, 56);
    /// `Pausable`.
    pub const PAUSABLE: (u16, usize) = (26, 33);

    /// An extension of zeros.
    pub fn zeroed((kind, length): (u16, usize)) -> Self {
        Self { kind, data: vec![0; length] }
    }
}

impl Chain {
    /// An SPL Token mint at the address that `name` stands for.
    pub fn create_mint(&mut self, name: &str, decimals: u8) -> Mint {
        let key = super::address(name);
        self.put_data(&key, &pda::TOKEN_PROGRAM, mint_bytes(decimals));
        Mint { key, program: pda::TOKEN_PROGRAM, decimals }
    }

    /// A Token-2022 mint with extensions.
    pub fn create_mint_2022(&mut self, name: &str, decimals: u8, extensions: &[Extension]) -> Mint {
        let key = super::address(name);
        let mut data = mint_bytes(decimals);
        if !extensions.is_empty() {
            data.resize(ACCOUNT_LEN, 0);
            data.push(ACCOUNT_TYPE_MINT);
            extensions.iter().for_each(|extension| push_extension(&mut data, extension));
        }
        self.put_data(&key, &pda::TOKEN_2022_PROGRAM, data);
        Mint { key, program: pda::TOKEN_2022_PROGRAM, decimals }
    }

    /// The owner's associated token account, created empty where it does not exist.
    pub fn token_account(&mut self, owner: &Pubkey, mint: &Mint) -> Pubkey {
        let key = pda::associated_token(owner, &mint.key, &mint.program);
        if self.data(&key).is_empty() {
            self.create_token_account(&key, owner, mint);
        }
        key
    }

    /// An empty token account at any address.
    pub fn create_token_account(&mut self, key: &Pubkey, owner: &Pubkey, mint: &Mint) {
        let mut data = vec![0; ACCOUNT_LEN];
        data[..32].copy_from_slice(mint.key.as_ref());
        data[32..64].copy_from_slice(owner.as_ref());
        // AccountState::Initialized
        data[108] = 1;
        if mint.program == pda::TOKEN_2022_PROGRAM {
            data.push(ACCOUNT_TYPE_ACCOUNT);
            // ImmutableOwner, as the associated-token program creates them.
            push_extension(&mut data, &Extension { kind: 7, data: Vec::new() });
        }
        self.put_data(key, &mint.program, data);
    }

    /// Mints into a token account: raises its balance and the mint's supply.
    ///
    /// # Panics
    /// Where either does not exist, or the supply overflows.
    pub fn mint_to(&mut self, mint: &Mint, token_account: &Pubkey, atoms: u64) {
        for (key, offset) in [(mint.key, 36), (*token_account, 64)] {
            let mut account = self.svm.get_account(&key).expect("mint and token account exist");
            let held = u64::from_le_bytes(account.data[offset..offset + 8].try_into().expect("eight bytes"));
            let new = held.checked_add(atoms).expect("the supply fits 64 bits");
            account.data[offset..offset + 8].copy_from_slice(&new.to_le_bytes());
            self.put(&key, account);
        }
    }

    /// Freezes or thaws a token account.
    ///
    /// # Panics
    /// Where it does not exist.
    pub fn set_frozen(&mut self, token_account: &Pubkey, frozen: bool) {
        let mut account = self.svm.get_account(token_account).expect("the token account exists");
        account.data[108] = if frozen { 2 } else { 1 };
        self.put(token_account, account);
    }

    /// Atoms of a token account; 0 where there is none.
    pub fn token_balance(&self, token_account: &Pubkey) -> u64 {
        let data = self.data(token_account);
        data.get(64..72).map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().expect("eight bytes")))
    }
}

/// A mint without authorities.
fn mint_bytes(decimals: u8) -> Vec<u8> {
    let mut data = vec![0; MINT_LEN];
    data[44] = decimals;
    data[45] = 1;
    data
}

fn push_extension(data: &mut Vec<u8>, extension: &Extension) {
    data.extend_from_slice(&extension.kind.to_le_bytes());
    data.extend_from_slice(&(extension.data.len() as u16).to_le_bytes());
    data.extend_from_slice(&extension.data);
}

//! Mints and token accounts, by the token program's own instructions.

use plimsoll_sdk::pda;
use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;
use spl_token_interface::instruction as token;

use super::send::of;
use super::{Failed, Live, Tried};
use crate::world::Mint;

const MINT_LEN: usize = 82;
/// `CreateIdempotent` of the associated-token program.
const CREATE_IDEMPOTENT: u8 = 1;
const ASSOCIATED_TOKEN_PROGRAM: Pubkey = Pubkey::from_str_const("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
const SYSTEM_PROGRAM: Pubkey = Pubkey::new_from_array([0; 32]);

impl Live {
    /// An SPL Token mint at the address that `name` stands for; the authority mints.
    ///
    /// # Errors
    /// What the cluster refuses.
    pub async fn create_mint(&self, name: &str, decimals: u8) -> Tried<Mint> {
        let key = self.key(&format!("mint {name}"));
        let what = format!("creating the mint of {name}");
        let rent = self.connection.rpc.get_minimum_balance_for_rent_exemption(MINT_LEN).await;
        let lamports = of(&what, rent.map_err(Into::into))?;
        let (payer, program) = (self.authority(), pda::TOKEN_PROGRAM);
        let create = solana_system_interface::instruction::create_account(
            &payer,
            &key.pubkey(),
            lamports,
            MINT_LEN as u64,
            &program,
        );
        let initialise = token::initialize_mint2(&program, &key.pubkey(), &payer, None, decimals)
            .map_err(|error| Failed::because(&what, error.to_string()))?;
        self.send(&what, &[&key], &[create, initialise]).await?;
        Ok(Mint { key: key.pubkey(), program, decimals })
    }

    /// Where an owner keeps the tokens of a bank.
    pub fn wallet(&self, owner: &Pubkey, bank: u8) -> Pubkey {
        let mint = &self.mints[bank as usize];
        pda::associated_token(owner, &mint.key, &mint.program)
    }

    /// Creates the owner's token account of a bank where there is none, and mints into it.
    pub(super) fn mint_instructions(&self, owner: &Pubkey, bank: u8, atoms: u64) -> Vec<Instruction> {
        let (mint, wallet, payer) = (self.mints[bank as usize], self.wallet(owner, bank), self.authority());
        let accounts = vec![
            AccountMeta::new(payer, true),
            AccountMeta::new(wallet, false),
            AccountMeta::new_readonly(*owner, false),
            AccountMeta::new_readonly(mint.key, false),
            AccountMeta::new_readonly(SYSTEM_PROGRAM, false),
            AccountMeta::new_readonly(mint.program, false),
        ];
        let create = Instruction::new_with_bytes(ASSOCIATED_TOKEN_PROGRAM, &[CREATE_IDEMPOTENT], accounts);
        // The builder only refuses other programs than the token programs.
        let minted = (atoms > 0).then(|| token::mint_to(&mint.program, &mint.key, &wallet, &payer, &[], atoms).ok());
        std::iter::once(create).chain(minted.flatten()).collect()
    }
}

//! Margin accounts: opened, funded, indebted, with positions.

use std::sync::Arc;

use plimsoll_sdk::ix::{self, args, FillAuthority, Token};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use super::{Live, Tried};

/// An owner with one margin account. He holds no lamports: the authority pays.
#[derive(Clone, Debug)]
pub struct Party {
    /// Signs.
    pub key: Arc<Keypair>,
    /// The margin account.
    pub account: Pubkey,
}

impl Party {
    /// The owner.
    pub fn owner(&self) -> Pubkey {
        self.key.pubkey()
    }
}

impl Live {
    /// Account 0 of the owner that a name stands for, whether it is open or not.
    pub fn party(&self, name: &str) -> Party {
        let key = self.key(name);
        let account = self.keys.margin_account(&key.pubkey(), 0);
        Party { key: Arc::new(key), account }
    }

    /// What instructions need to know about a bank's token.
    pub fn token(&self, bank: u8) -> Token {
        let mint = &self.mints[bank as usize];
        Token { bank, mint: mint.key, token_program: mint.program }
    }

    /// Opens account 0 of the owner that `name` stands for and deposits fresh tokens of one bank.
    ///
    /// # Errors
    /// What the programs refuse.
    pub async fn open(&self, name: &str, delegate: Option<args::DelegateArgs>, bank: u8, atoms: u64) -> Tried<Party> {
        let party = self.party(name);
        let args = args::OpenAccountArgs { id: 0, delegate };
        let mut all = vec![ix::open_account(&self.keys, party.owner(), self.authority(), args)];
        all.extend(self.deposit_instructions(&party, bank, atoms));
        self.send(&format!("opening the account of {name}"), &[&party.key], &all).await?;
        Ok(party)
    }

    fn deposit_instructions(&self, party: &Party, bank: u8, atoms: u64) -> Vec<Instruction> {
        let (owner, source) = (party.owner(), self.wallet(&party.owner(), bank));
        let args = args::DepositArgs { amount_atoms: atoms };
        let mut all = self.mint_instructions(&owner, bank, atoms);
        all.push(ix::deposit(&self.keys, &self.token(bank), owner, party.account, source, args));
        all
    }

    /// Deposits fresh tokens.
    ///
    /// # Errors
    /// What the programs refuse.
    pub async fn deposit(&self, party: &Party, bank: u8, atoms: u64) -> Tried<()> {
        let all = self.deposit_instructions(party, bank, atoms);
        self.send("deposit", &[&party.key], &all).await.map(drop)
    }

    /// Borrows to the owner's token account.
    ///
    /// # Errors
    /// What the programs refuse.
    pub async fn borrow(&self, party: &Party, bank: u8, atoms: u64) -> Tried<()> {
        let owner = party.owner();
        let mut all = self.mint_instructions(&owner, bank, 0);
        let (destination, args) = (self.wallet(&owner, bank), args::BorrowArgs { amount_atoms: atoms });
        all.push(ix::borrow(&self.keys, &self.token(bank), owner, party.account, destination, args));
        self.send("borrow", &[&party.key], &all).await.map(drop)
    }

    /// Withdraws to the owner's token account; everything where no amount is given.
    ///
    /// # Errors
    /// What the programs refuse.
    pub async fn withdraw(&self, party: &Party, bank: u8, atoms: Option<u64>) -> Tried<()> {
        let owner = party.owner();
        let mut all = self.mint_instructions(&owner, bank, 0);
        let args = args::WithdrawArgs { amount_atoms: atoms.unwrap_or(0), all: atoms.is_none() };
        let destination = self.wallet(&owner, bank);
        all.push(ix::withdraw(&self.keys, &self.token(bank), owner, party.account, destination, args));
        self.send("withdraw", &[&party.key], &all).await.map(drop)
    }

    /// `buyer` buys base units of a market from `seller` for quote atoms, both owners signing.
    ///
    /// # Errors
    /// What the program refuses.
    pub async fn fill(&self, market: u8, buyer: &Party, seller: &Party, units: u64, quote_atoms: u64) -> Tried<()> {
        let sides = FillAuthority::Sides { buyer: buyer.owner(), seller: seller.owner() };
        let args = args::SettleFillArgs { base_units: units, quote_atoms };
        let fill = ix::settle_fill(&self.keys, market, buyer.account, seller.account, sides, args);
        self.send("settle_fill", &[&buyer.key, &seller.key], &[fill]).await.map(drop)
    }

    /// Gives fresh tokens to a bank's insurance.
    ///
    /// # Errors
    /// What the programs refuse.
    pub async fn fund_insurance(&self, bank: u8, atoms: u64) -> Tried<()> {
        let funder = self.authority();
        let mut all = self.mint_instructions(&funder, bank, atoms);
        let (source, args) = (self.wallet(&funder, bank), args::FundInsuranceArgs { amount_atoms: atoms });
        all.push(ix::fund_insurance(&self.keys, &self.token(bank), funder, source, args));
        self.send("fund_insurance", &[], &all).await.map(drop)
    }
}

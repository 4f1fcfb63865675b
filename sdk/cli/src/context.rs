//! What every command needs: the session, the engine, names, and how to answer.

use std::path::{Path, PathBuf};

use plimsoll_migrations::config::Config;
use plimsoll_migrations::Session;
use plimsoll_rpc::wallet::read_key;
use plimsoll_rpc::{EngineAccounts, Local};
use plimsoll_sdk::ix::Token;
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::MarginAccount;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::Signer;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;

use crate::answer::Answer;
use crate::fault::Result;
use crate::names::Names;
use crate::quantity::Amount;
use crate::transaction::{Transaction, Transactions};
use crate::usage::usage;

/// Where a token account keeps its amount.
const TOKEN_AMOUNT: std::ops::Range<usize> = 64..72;

/// What every command needs.
pub struct Context {
    /// Cluster, key, caution.
    pub session: Session,
    /// The engine that was named.
    pub engine: Option<Pubkey>,
    /// Where names come from.
    pub names: Option<PathBuf>,
    /// Answers in JSON.
    pub json: bool,
    /// The local engine that is spoken to, whose people have names.
    pub local: Option<Local>,
}

/// An engine's accounts and what people call its parts.
pub struct Loaded {
    /// The accounts.
    pub accounts: EngineAccounts,
    /// Names.
    pub names: Names,
}

impl Context {
    /// The engine that was named, else the only one there is, else the signer's first.
    ///
    /// # Errors
    /// Where that does not decide.
    pub async fn engine_address(&self) -> Result<Pubkey> {
        if let Some(engine) = self.engine {
            return Ok(engine);
        }
        let engines = self.session.connection.engines().await?.accounts;
        if let [(address, _)] = engines.as_slice() {
            return Ok(*address);
        }
        let own = self.session.address().ok().map(|signer| EngineKeys::created_by(&signer, 0).engine);
        if let Some((address, _)) = engines.iter().find(|(address, _)| Some(*address) == own) {
            return Ok(*address);
        }
        match engines.len() {
            0 => {
                self.session.connection.require_program().await?;
                Err(usage("there is no engine on this cluster: create one with `plimsoll engine create --config FILE`"))
            }
            count => Err(usage(format!("there are {count} engines: name one with --engine (`plimsoll engine list`)"))),
        }
    }

    /// Everything shared of the engine.
    ///
    /// # Errors
    /// `Rpc`; where the file of names cannot be read.
    pub async fn load(&self) -> Result<Loaded> {
        self.load_engine(self.engine_address().await?).await
    }

    /// Everything shared of an engine.
    ///
    /// # Errors
    /// As [`Context::load`].
    pub async fn load_engine(&self, engine: Pubkey) -> Result<Loaded> {
        let accounts = self.session.connection.engine(engine).await?;
        let file = self.names.as_deref().map(Config::read).transpose()?;
        let names = Names::of(&accounts, file.as_ref());
        Ok(Loaded { accounts, names })
    }

    /// A margin account by address, the signer's by its number, or the first of a person of the local engine.
    ///
    /// # Errors
    /// Where the text is neither.
    pub fn account_address(&self, engine: &EngineKeys, text: &str) -> Result<Pubkey> {
        if let Ok(id) = text.parse::<u16>() {
            return Ok(engine.margin_account(&self.session.address()?, id));
        }
        if let Ok(address) = text.parse() {
            return Ok(address);
        }
        let Some(local) = &self.local else {
            return Err(usage(format!("{text:?} is neither an address nor the number of an account of yours")));
        };
        Ok(engine.margin_account(&read_key(&local.key_file(text)?)?.pubkey(), 0))
    }

    /// Who signs for a margin account: a key file that was named, else the person of the local engine as whom it was named,
    /// else the session's key.
    ///
    /// # Errors
    /// `Rpc`, with the command that makes a key.
    pub fn key_of(&self, account: &str, path: Option<&Path>) -> Result<Keypair> {
        let of_person = || self.local.as_ref()?.key_file(account).ok();
        match path.map(Path::to_path_buf).or_else(of_person) {
            Some(path) => Ok(read_key(&path)?),
            None => Ok(self.session.keypair()?),
        }
    }

    /// Who posts prices: whom the local engine names, else the session's key.
    ///
    /// # Errors
    /// `Rpc`, with the command that makes a key.
    pub fn poster(&self) -> Result<Keypair> {
        let named = self.local.as_ref().and_then(|local| Some((local, local.config.poster.as_ref()?)));
        match named {
            Some((local, name)) => Ok(read_key(&local.key_file(name)?)?),
            None => Ok(self.session.keypair()?),
        }
    }

    /// Keeps the local engine from moving its prices until the value is dropped.
    ///
    /// # Errors
    /// `Rpc` where the system refuses.
    pub fn hold_prices(&self) -> Result<Option<std::fs::File>> {
        Ok(self.local.as_ref().map(Local::lock_prices).transpose()?)
    }

    /// Reads a margin account.
    ///
    /// # Errors
    /// As [`Context::account_address`]; `Rpc`; where it belongs to another engine.
    pub async fn account(&self, engine: &EngineKeys, text: &str) -> Result<(Pubkey, Box<MarginAccount>)> {
        let address = self.account_address(engine, text)?;
        let account: MarginAccount = self.session.connection.read("margin account", &address).await?;
        if account.engine != engine.engine.to_bytes() {
            let other = Pubkey::new_from_array(account.engine);
            return Err(usage(format!("{address} belongs to the engine {other}: name it with --engine")));
        }
        Ok((address, Box::new(account)))
    }

    /// Atoms in a token account of a bank's token; none where there is no account.
    ///
    /// # Errors
    /// Where it is no token account; `Rpc`.
    pub async fn atoms_in(&self, token: &Token, address: &Pubkey) -> Result<Option<u64>> {
        let (_, found) = self.session.connection.accounts(std::slice::from_ref(address)).await?;
        let Some(account) = found.into_iter().next().flatten() else { return Ok(None) };
        let held = account.data.get(TOKEN_AMOUNT).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
        let held = held.filter(|_| account.owner == token.token_program);
        held.map(Some).ok_or_else(|| usage(format!("{address} is not a token account of {}", token.token_program)))
    }

    /// There is a token account with at least so many atoms, and how many there are: what the token program says otherwise
    /// nobody understands.
    ///
    /// # Errors
    /// Where it is missing, is no token account, or holds less; `Rpc`.
    pub async fn require_tokens(&self, loaded: &Loaded, bank: u8, source: &Pubkey, atoms: u64) -> Result<u64> {
        let (name, token) = (&loaded.names.banks[bank as usize], loaded.token(bank));
        let held = self.atoms_in(&token, source).await?;
        let missing =
            || usage(format!("there is no token account {source}: it would hold {name}, mint {}", token.mint));
        let held = held.ok_or_else(missing)?;
        if held < atoms {
            let units = |atoms: u64| Amount::of(atoms, loaded.decimals(bank)).text();
            return Err(usage(format!("{source} holds {} {name}, not {}", units(held), units(atoms))));
        }
        Ok(held)
    }

    /// Sends instructions, or simulates them under a dry run, and says so.
    ///
    /// # Errors
    /// As [`Context::perform`].
    pub async fn act(
        &self,
        what: &str,
        question: Option<&str>,
        signers: &[&(dyn Signer + Sync)],
        instructions: &[Instruction],
    ) -> Result<()> {
        Transactions::from(self.perform(what, question, signers, instructions).await?).print(self.json);
        Ok(())
    }

    /// Sends instructions, or simulates them under a dry run. People are told the signature as soon as it is sent.
    ///
    /// # Errors
    /// `NotConfirmed` where `question` is asked and not answered with yes; `Rpc`.
    pub async fn perform(
        &self,
        what: &str,
        question: Option<&str>,
        signers: &[&(dyn Signer + Sync)],
        instructions: &[Instruction],
    ) -> Result<Transaction> {
        let what = what.to_owned();
        if self.session.dry_run {
            let simulated = self.session.connection.simulate(&self.session.address()?, instructions).await?;
            let (slot, compute_units) = (simulated.slot, simulated.compute_units);
            return Ok(Transaction { what, dry_run: true, signature: None, slot, compute_units });
        }
        if let Some(question) = question {
            self.session.confirm(question)?;
        }
        let tell = |signature: &Signature| {
            if !self.json {
                eprintln!("sent {signature}: Ctrl-C ends the waiting, not the transaction");
            }
        };
        let sent = self.session.send_telling(signers, instructions, tell).await?;
        let (signature, slot, compute_units) = (Some(sent.signature.to_string()), sent.slot, sent.compute_units);
        Ok(Transaction { what, dry_run: false, signature, slot, compute_units })
    }
}

impl Loaded {
    /// What instructions of a bank need to know about its token.
    pub fn token(&self, bank: u8) -> Token {
        let account = &self.accounts.banks[bank as usize];
        Token {
            bank,
            mint: Pubkey::new_from_array(account.mint),
            token_program: Pubkey::new_from_array(account.token_program),
        }
    }

    /// Decimals of a bank's token.
    pub fn decimals(&self, bank: u8) -> u8 {
        self.accounts.registry.banks[bank as usize].decimals
    }

    /// Decimals of the settlement token.
    pub fn quote_decimals(&self) -> u8 {
        self.decimals(plimsoll_state::Registry::QUOTE_BANK as u8)
    }
}

/// Creates an owner's associated token account where there is none.
pub fn create_token_account(payer: &Pubkey, owner: &Pubkey, token: &Token) -> Instruction {
    create_associated_token_account_idempotent(payer, owner, &token.mint, &token.token_program)
}

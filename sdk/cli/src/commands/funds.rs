//! `plimsoll deposit`, `withdraw`, `borrow`, `repay`.

use clap::Args;
use plimsoll_migrations::Result;
use plimsoll_sdk::ix::args::{BorrowArgs, DepositArgs, RepayArgs, WithdrawArgs};
use plimsoll_sdk::{ix, pda};
use plimsoll_state::MarginAccount;
use solana_pubkey::Pubkey;

use crate::amount::{show, Amount};
use crate::context::{create_token_account, Context, Loaded};

/// Which token, how much, between which accounts.
#[derive(Args, Debug)]
pub struct FundsArgs {
    /// The bank: a name, a slot or a mint
    pub bank: String,
    /// How much in whole units, such as 12.5; `all` where the program can take everything (withdraw, repay)
    pub amount: Amount,
    /// The margin account: an address, or the number of one of yours
    #[arg(short, long, default_value = "0")]
    pub account: String,
    /// The token account outside [default: the signer's associated one; made where it receives and is missing]
    #[arg(long, value_name = "ADDRESS")]
    pub token_account: Option<Pubkey>,
}

/// What the four commands share.
struct Move {
    loaded: Loaded,
    bank: u8,
    account: Pubkey,
    held: Box<MarginAccount>,
    signer: Pubkey,
    outside: Pubkey,
}

impl Move {
    async fn of(context: &Context, args: &FundsArgs) -> Result<Self> {
        let loaded = context.load().await?;
        let bank = loaded.names.bank(&args.bank)?;
        let (account, held) = context.account(&loaded.accounts.keys, &args.account).await?;
        let (token, signer) = (loaded.token(bank), context.session.address()?);
        let associated = pda::associated_token(&signer, &token.mint, &token.token_program);
        Ok(Self { bank, account, held, signer, outside: args.token_account.unwrap_or(associated), loaded })
    }

    fn describe(&self, verb: &str, atoms: u64, all: bool) -> String {
        let name = &self.loaded.names.banks[self.bank as usize];
        let amount = if all { "all".to_owned() } else { show(atoms as i128, self.loaded.decimals(self.bank) as u32) };
        format!("{verb} {amount} {name} (account {})", self.account)
    }
}

/// Deposits.
///
/// # Errors
/// Whatever stops it.
pub async fn deposit(context: &Context, args: &FundsArgs) -> Result<()> {
    let this = Move::of(context, args).await?;
    let amount_atoms = args.amount.atoms(this.loaded.decimals(this.bank))?;
    context.require_tokens(&this.loaded, this.bank, &this.outside, amount_atoms).await?;
    let (keys, token) = (&this.loaded.accounts.keys, this.loaded.token(this.bank));
    let deposit = ix::deposit(keys, &token, this.signer, this.account, this.outside, DepositArgs { amount_atoms });
    context.act(&this.describe("deposit", amount_atoms, false), None, &[], &[deposit]).await
}

/// Withdraws.
///
/// # Errors
/// Whatever stops it.
pub async fn withdraw(context: &Context, args: &FundsArgs) -> Result<()> {
    let this = Move::of(context, args).await?;
    let (amount_atoms, all) = args.amount.atoms_or_all(this.loaded.decimals(this.bank))?;
    let (keys, token) = (&this.loaded.accounts.keys, this.loaded.token(this.bank));
    let withdraw = WithdrawArgs { amount_atoms, all };
    let withdraw = ix::withdraw(keys, &token, this.signer, this.account, this.outside, withdraw);
    let mut instructions = Vec::new();
    // Whoever owes nothing needs no price.
    if !this.held.is_debt_free() {
        instructions.extend(this.loaded.freshen(&[&this.held], None, None));
    }
    if args.token_account.is_none() {
        instructions.push(create_token_account(&this.signer, &this.signer, &token));
    }
    instructions.push(withdraw);
    context.act(&this.describe("withdraw", amount_atoms, all), None, &[], &instructions).await
}

/// Borrows.
///
/// # Errors
/// Whatever stops it.
pub async fn borrow(context: &Context, args: &FundsArgs) -> Result<()> {
    let this = Move::of(context, args).await?;
    let amount_atoms = args.amount.atoms(this.loaded.decimals(this.bank))?;
    let (keys, token) = (&this.loaded.accounts.keys, this.loaded.token(this.bank));
    let borrow = ix::borrow(keys, &token, this.signer, this.account, this.outside, BorrowArgs { amount_atoms });
    let mut instructions = Vec::from_iter(this.loaded.freshen(&[&this.held], Some(this.bank), None));
    if args.token_account.is_none() {
        instructions.push(create_token_account(&this.signer, &this.signer, &token));
    }
    instructions.push(borrow);
    context.act(&this.describe("borrow", amount_atoms, false), None, &[], &instructions).await
}

/// Repays.
///
/// # Errors
/// Whatever stops it.
pub async fn repay(context: &Context, args: &FundsArgs) -> Result<()> {
    let this = Move::of(context, args).await?;
    let (amount_atoms, all) = args.amount.atoms_or_all(this.loaded.decimals(this.bank))?;
    context.require_tokens(&this.loaded, this.bank, &this.outside, amount_atoms).await?;
    let (keys, token) = (&this.loaded.accounts.keys, this.loaded.token(this.bank));
    let repay = RepayArgs { amount_atoms, all };
    let repay = ix::repay(keys, &token, this.signer, this.account, this.outside, repay);
    context.act(&this.describe("repay", amount_atoms, all), None, &[], &[repay]).await
}

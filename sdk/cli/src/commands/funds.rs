//! `plimsoll deposit`, `withdraw`, `borrow`, `repay`.

use clap::Args;
use plimsoll_ledger::free::{moved, Taking};
use plimsoll_ledger::token::{debt_atoms, deposit_atoms};
use plimsoll_risk::units::{SignedAtoms, UnixSecs};
use plimsoll_sdk::ix::args::{BorrowArgs, DepositArgs, RepayArgs, WithdrawArgs};
use plimsoll_sdk::{ix, pda};
use plimsoll_state::MarginAccount;
use schemars::JsonSchema;
use serde::Serialize;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::free::{free_of, Request};
use super::wrap;
use crate::amount::Amount;
use crate::answer::Answer;
use crate::context::{create_token_account, Context, Loaded};
use crate::fault::{Fault, Result};
use crate::health::{Change, Margin};
use crate::quantity;
use crate::text::Text;
use crate::transaction::Transaction;

/// Which token, how much, between which accounts.
#[derive(Args, Debug)]
pub struct FundsArgs {
    /// The bank: a name, a slot or a mint
    pub bank: String,
    /// How much in whole units, such as 12.5; `all` is everything that is held or owed (withdraw, repay), `max` as much as
    /// is free now (withdraw, borrow)
    pub amount: Amount,
    /// The margin account: an address, or the number of one of yours
    #[arg(short, long, default_value = "0")]
    pub account: String,
    /// The token account outside [default: the signer's associated one; made where it receives and is missing]
    #[arg(long, value_name = "ADDRESS")]
    pub token_account: Option<Pubkey>,
}

/// What a deposit needs beside that.
#[derive(Args, Debug)]
pub struct IntoArgs {
    #[command(flatten)]
    pub funds: FundsArgs,
    /// Of the bank of wrapped SOL: wrap so much of the signer's lamports first as the token account lacks
    #[arg(long)]
    pub wrap: bool,
}

/// Which way tokens went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Into a margin account.
    Deposit,
    /// Out of it.
    Withdraw,
    /// Out of it, on credit where there is no deposit.
    Borrow,
    /// Into it, against a debt.
    Repay,
}

/// What moved, and what that did to the account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Moved {
    /// Which way.
    pub way: Way,
    /// The margin account.
    pub account: String,
    /// The bank.
    pub bank: String,
    /// The token account outside.
    pub token_account: String,
    /// What was asked for; null where everything or the most was.
    pub asked: Option<Asked>,
    /// What moved, or under a dry run would.
    pub moved: quantity::Amount,
    /// What the account holds of the bank afterwards, below zero where it owes; null where it could not be read.
    pub balance: Option<Balance>,
    /// The account's margins.
    pub margin: Change,
    /// How it was sent.
    pub transactions: Vec<Transaction>,
}

/// An amount that was asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Asked {
    /// So much.
    pub amount: quantity::Amount,
}

/// A balance, below zero where it is owed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Balance {
    /// So much.
    pub amount: quantity::Amount,
}

impl Moved {
    /// Where less moved than was asked for, why.
    fn less(&self) -> Option<String> {
        let asked = self.asked.as_ref().filter(|asked| asked.amount != self.moved)?;
        let (moved, bank) = (self.moved.text(), &self.bank);
        Some(match self.way {
            Way::Repay => format!(
                "{moved} {bank} of the {} asked for: no more was owed, and the rest stayed in {}",
                asked.amount.text(),
                self.token_account
            ),
            _ => format!("{moved} {bank} of the {} asked for", asked.amount.text()),
        })
    }
}

impl Answer for Moved {
    fn text(&self) -> Text {
        let done = self.transactions.iter().fold(Text::default(), |text, sent| text.and(sent.text()));
        let balance = self.balance.as_ref().map(|balance| format!("{} {}", balance.amount.text(), self.bank));
        let facts = vec![
            ("moved", self.less().unwrap_or_else(|| format!("{} {}", self.moved.text(), self.bank)).into()),
            ("balance", balance.unwrap_or_default().into()),
        ];
        done.facts(facts).and(self.margin.text(["margin", "before", "after"]))
    }
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

    fn name(&self) -> &str {
        &self.loaded.names.banks[self.bank as usize]
    }

    fn amount(&self, atoms: impl Into<i128>) -> quantity::Amount {
        quantity::Amount::of(atoms, self.loaded.decimals(self.bank))
    }

    fn describe(&self, verb: &str, atoms: u64, all: bool) -> String {
        let amount = if all { "all".to_owned() } else { self.amount(atoms).text() };
        format!("{verb} {amount} {} (account {})", self.name(), self.account)
    }

    /// What the account holds of the bank, atoms rounded down, and what it owes, rounded up.
    fn balances(&self) -> (u64, u64) {
        let slot = &self.loaded.accounts.registry.banks[self.bank as usize];
        let indices = slot.indices_at(UnixSecs::new(self.loaded.accounts.now));
        (deposit_atoms(&self.held, self.bank, &indices).get(), debt_atoms(&self.held, self.bank, &indices).get())
    }

    fn request<'a>(&'a self, taking: Taking) -> Request<'a> {
        Request { loaded: &self.loaded, account: &self.held, bank: self.bank, taking }
    }

    /// What a withdrawal or a borrow asks for, atoms, and whether it is a whole deposit.
    fn asked(&self, amount: &Amount, taking: Taking) -> Result<(u64, bool)> {
        let decimals = self.loaded.decimals(self.bank);
        match (amount, taking) {
            (Amount::Max, _) => {
                let free = free_of(&self.request(taking));
                if free.most.is_zero() {
                    let text = format!("nothing of {} may be taken out now", self.name());
                    return Err(crate::usage::usage(text).with_free(free));
                }
                let atoms = free.most.atoms();
                Ok((atoms, taking == Taking::Withdrawal && atoms == self.balances().0))
            }
            (_, Taking::Withdrawal) => amount.atoms_or_all(decimals),
            (_, Taking::Borrow) => Ok((amount.atoms(decimals)?, false)),
        }
    }

    /// Sends, reads again, and says what moved: by the token account outside, which knows it to the atom.
    async fn act(
        self,
        context: &Context,
        way: Way,
        args: &FundsArgs,
        (what, expected): (String, u64),
        instructions: &[Instruction],
    ) -> Result<()> {
        let token = self.loaded.token(self.bank);
        let before = Margin::of(&self.loaded.accounts.with(&self.held))?;
        let outside = context.atoms_in(&token, &self.outside).await?.unwrap_or(0);
        let sent = context.perform(&what, None, &[], instructions).await.map_err(|fault| self.explained(way, fault))?;
        let sign = if matches!(way, Way::Deposit | Way::Repay) { 1 } else { -1 };
        let (moved, after) = if sent.dry_run {
            (expected, self.would_be(sign * expected as i64))
        } else {
            let now = context.atoms_in(&token, &self.outside).await.ok().flatten();
            (now.map_or(expected, |now| now.abs_diff(outside)), Self::of(context, args).await.ok())
        };
        let decimals = self.loaded.decimals(self.bank);
        let asked = match &args.amount {
            Amount::Some(text) => Some(Asked { amount: self.amount(crate::amount::atoms(text, decimals)?) }),
            Amount::All | Amount::Max => None,
        };
        let balance = after.as_ref().map(|after| {
            let (held, owed) = after.balances();
            Balance { amount: after.amount(held as i128 - owed as i128) }
        });
        let margin = after.and_then(|after| Margin::of(&after.loaded.accounts.with(&after.held)).ok());
        Moved {
            way,
            account: self.account.to_string(),
            bank: self.name().to_owned(),
            token_account: self.outside.to_string(),
            asked,
            moved: self.amount(moved),
            balance,
            margin: Change { before, after: margin },
            transactions: vec![sent],
        }
        .print(context.json);
        Ok(())
    }

    /// The same after so many atoms have come in, or gone out where they are negative, by the ledger.
    fn would_be(&self, change: i64) -> Option<Self> {
        let slot = &self.loaded.accounts.registry.banks[self.bank as usize];
        let now = UnixSecs::new(self.loaded.accounts.now);
        let held = moved(&self.held, slot, self.bank, SignedAtoms::new(change), now).ok()?;
        let loaded = Loaded { accounts: self.loaded.accounts.clone(), names: self.loaded.names.clone() };
        Some(Self { held: Box::new(held), loaded, ..*self })
    }

    /// A refusal with what may be taken out instead.
    fn explained(&self, way: Way, fault: Fault) -> Fault {
        match way {
            Way::Withdraw if fault.is_refusal() => fault.with_free(free_of(&self.request(Taking::Withdrawal))),
            Way::Borrow if fault.is_refusal() => fault.with_free(free_of(&self.request(Taking::Borrow))),
            _ => fault,
        }
    }
}

/// Deposits.
///
/// # Errors
/// Whatever stops it.
pub async fn deposit(context: &Context, args: &IntoArgs) -> Result<()> {
    let (this, wrapped) = (Move::of(context, &args.funds).await?, args.wrap);
    let args = &args.funds;
    let amount_atoms = args.amount.atoms(this.loaded.decimals(this.bank))?;
    let (keys, token) = (&this.loaded.accounts.keys, this.loaded.token(this.bank));
    let mut instructions = Vec::new();
    if wrapped {
        let own = args.token_account.is_none();
        instructions = wrap::missing(context, &token, (this.signer, this.outside, own), amount_atoms).await?;
    } else {
        let required = context.require_tokens(&this.loaded, this.bank, &this.outside, amount_atoms).await;
        required.map_err(|fault| wrap::offered(&token, fault))?;
    }
    let deposit = DepositArgs { amount_atoms };
    instructions.push(ix::deposit(keys, &token, this.signer, this.account, this.outside, deposit));
    let what = this.describe(if wrapped { "wrap what is missing and deposit" } else { "deposit" }, amount_atoms, false);
    this.act(context, Way::Deposit, args, (what, amount_atoms), &instructions).await
}

/// Withdraws.
///
/// # Errors
/// Whatever stops it.
pub async fn withdraw(context: &Context, args: &FundsArgs) -> Result<()> {
    let this = Move::of(context, args).await?;
    let (amount_atoms, all) = this.asked(&args.amount, Taking::Withdrawal)?;
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
    let expected = if all { this.balances().0 } else { amount_atoms };
    let what = (this.describe("withdraw", amount_atoms, all), expected);
    this.act(context, Way::Withdraw, args, what, &instructions).await
}

/// Borrows.
///
/// # Errors
/// Whatever stops it.
pub async fn borrow(context: &Context, args: &FundsArgs) -> Result<()> {
    let this = Move::of(context, args).await?;
    let (amount_atoms, _) = this.asked(&args.amount, Taking::Borrow)?;
    let (keys, token) = (&this.loaded.accounts.keys, this.loaded.token(this.bank));
    let borrow = ix::borrow(keys, &token, this.signer, this.account, this.outside, BorrowArgs { amount_atoms });
    let mut instructions = Vec::from_iter(this.loaded.freshen(&[&this.held], Some(this.bank), None));
    if args.token_account.is_none() {
        instructions.push(create_token_account(&this.signer, &this.signer, &token));
    }
    instructions.push(borrow);
    let what = (this.describe("borrow", amount_atoms, false), amount_atoms);
    this.act(context, Way::Borrow, args, what, &instructions).await
}

/// Repays.
///
/// # Errors
/// Whatever stops it.
pub async fn repay(context: &Context, args: &FundsArgs) -> Result<()> {
    let this = Move::of(context, args).await?;
    let (amount_atoms, all) = args.amount.atoms_or_all(this.loaded.decimals(this.bank))?;
    let owed = this.balances().1;
    let expected = if all { owed } else { amount_atoms.min(owed) };
    // No more is taken than is owed, so no more has to be there.
    context.require_tokens(&this.loaded, this.bank, &this.outside, expected).await?;
    let (keys, token) = (&this.loaded.accounts.keys, this.loaded.token(this.bank));
    let repay = RepayArgs { amount_atoms, all };
    let repay = ix::repay(keys, &token, this.signer, this.account, this.outside, repay);
    let what = (this.describe("repay", amount_atoms, all), expected);
    this.act(context, Way::Repay, args, what, &[repay]).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::tests::{world, SOL, USDC};

    fn margin(owed: i64) -> Margin {
        let mut world = world();
        world.hold(0, SOL, 100_000_000_000).hold(1, USDC, -owed);
        Margin::of(&world.accounts()).unwrap()
    }

    #[test]
    fn a_repayment_of_more_than_is_owed_says_what_moved() {
        let moved = Moved {
            way: Way::Repay,
            account: "account".into(),
            bank: "USDC".into(),
            token_account: "wallet".into(),
            asked: Some(Asked { amount: quantity::Amount::of(100_000_000_000u64, 6) }),
            moved: quantity::Amount::of(4_459_170_000u64, 6),
            balance: Some(Balance { amount: quantity::Amount::of(0, 6) }),
            margin: Change { before: margin(4_459_170_000), after: Some(margin(1)) },
            transactions: Vec::new(),
        };
        let text = moved.text().shown(80, false);
        assert!(text.starts_with("moved    4,459.17 USDC of the 100,000 asked for: no more was owed"), "{text}");
        let json = moved.json();
        assert_eq!((&json["moved_decimal"], &json["asked"]["amount_decimal"]), (&"4459.17".into(), &"100000".into()));
        assert_eq!(json["margin"]["after"]["health"], "healthy");
    }
}

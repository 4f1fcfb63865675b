//! Addresses and instructions of the venue, for clients.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::Instruction;
use anchor_lang::{system_program, InstructionData, ToAccountMetas};
use plimsoll_interface as interface;

use crate::instructions::{LiquidateArgs, PostQuoteArgs, DESK_ID};
use crate::state::{CONFIG, QUOTE, SIGNER};
use crate::{accounts, instruction};

/// A venue on an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Venue {
    /// Runs it.
    pub operator: Pubkey,
    /// The engine.
    pub engine: Pubkey,
    /// Its registry.
    pub registry: Pubkey,
    /// Its prices.
    pub board: Pubkey,
    /// The venue's account.
    pub config: Pubkey,
    /// The address that signs for it, to be registered with the engine.
    pub signer: Pubkey,
    /// The venue as the engine knows it, to be approved by owners.
    pub registered: Pubkey,
    /// Its own margin account.
    pub desk: Pubkey,
}

/// Where a token goes in and out of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeskFunds {
    /// Slot of the token's bank.
    pub bank: u8,
    /// The mint.
    pub mint: Pubkey,
    /// Its token program.
    pub token_program: Pubkey,
    /// The token account outside: of a deposit one of the venue's signer.
    pub outside: Pubkey,
}

/// Accounts of a liquidation that depend on the leg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegAccounts {
    /// Bank of the debt.
    pub liability_bank: Option<Pubkey>,
    /// Bank of the collateral, where the desk owes that token.
    pub asset_bank: Option<Pubkey>,
    /// The market.
    pub market: Option<Pubkey>,
}

fn find(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &crate::ID).0
}

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: crate::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

impl Venue {
    /// The venue of an operator.
    pub fn of(operator: Pubkey, engine: Pubkey) -> Self {
        let config = find(&[CONFIG, operator.as_ref()]);
        let signer = find(&[SIGNER, config.as_ref()]);
        Self {
            operator,
            engine,
            registry: interface::pda::registry(&engine).0,
            board: interface::pda::board(&engine).0,
            config,
            signer,
            registered: interface::pda::venue(&engine, &signer).0,
            desk: interface::pda::margin_account(&engine, &signer, DESK_ID).0,
        }
    }

    /// A maker's quote.
    pub fn quote(&self, maker: &Pubkey, id: u64) -> Pubkey {
        find(&[QUOTE, self.config.as_ref(), maker.as_ref(), &id.to_le_bytes()])
    }

    /// Creates the venue; signed by its operator.
    pub fn create(&self) -> Instruction {
        let accounts = accounts::CreateVenue {
            operator: self.operator,
            engine: self.engine,
            config: self.config,
            signer: self.signer,
            system_program: system_program::ID,
        };
        build(accounts, instruction::CreateVenue {})
    }

    /// Posts a quote; signed by the owner of the maker's account.
    pub fn post_quote(&self, maker: Pubkey, maker_account: Pubkey, market: Pubkey, args: PostQuoteArgs) -> Instruction {
        let accounts = accounts::PostQuote {
            maker,
            config: self.config,
            maker_account,
            market,
            registry: self.registry,
            board: self.board,
            quote: self.quote(&maker, args.id),
            engine_program: interface::ID,
            system_program: system_program::ID,
        };
        build(accounts, instruction::PostQuote { args })
    }

    /// Takes a quote back; signed by who posted it.
    pub fn cancel_quote(&self, maker: Pubkey, id: u64) -> Instruction {
        build(accounts::CancelQuote { maker, quote: self.quote(&maker, id) }, instruction::CancelQuote {})
    }

    /// Takes a quote; signed by the owner of the taker's account.
    pub fn take_quote(
        &self,
        (maker, maker_account): (Pubkey, Pubkey),
        id: u64,
        (taker, taker_account): (Pubkey, Pubkey),
        market: Pubkey,
    ) -> Instruction {
        let accounts = accounts::TakeQuote {
            taker,
            maker,
            config: self.config,
            quote: self.quote(&maker, id),
            venue_signer: self.signer,
            maker_account,
            taker_account,
            market,
            registry: self.registry,
            board: self.board,
            venue: self.registered,
            event_authority: interface::EVENT_AUTHORITY,
            engine_program: interface::ID,
        };
        build(accounts, instruction::TakeQuote {})
    }

    /// Reports a premium; signed by the operator.
    pub fn report_premium(&self, market: Pubkey, premium_ppm: i32) -> Instruction {
        let accounts = accounts::ReportPremium {
            operator: self.operator,
            config: self.config,
            venue_signer: self.signer,
            venue: self.registered,
            registry: self.registry,
            market,
            event_authority: interface::EVENT_AUTHORITY,
            engine_program: interface::ID,
        };
        build(accounts, instruction::ReportPremium { premium_ppm })
    }

    /// Opens the desk's margin account; signed and paid by the operator.
    pub fn open_desk(&self) -> Instruction {
        let accounts = accounts::OpenDesk {
            operator: self.operator,
            config: self.config,
            venue_signer: self.signer,
            engine: self.engine,
            registry: self.registry,
            desk: self.desk,
            event_authority: interface::EVENT_AUTHORITY,
            engine_program: interface::ID,
            system_program: system_program::ID,
        };
        build(accounts, instruction::OpenDesk {})
    }

    fn desk_funds(&self, funds: &DeskFunds) -> accounts::MoveDeskFunds {
        let bank = interface::pda::bank(&self.engine, funds.bank).0;
        accounts::MoveDeskFunds {
            operator: self.operator,
            config: self.config,
            venue_signer: self.signer,
            desk: self.desk,
            registry: self.registry,
            board: self.board,
            bank,
            vault: interface::pda::vault(&bank).0,
            outside: funds.outside,
            mint: funds.mint,
            token_program: funds.token_program,
            event_authority: interface::EVENT_AUTHORITY,
            engine_program: interface::ID,
        }
    }

    /// Deposits from a token account of the venue's signer; signed by the operator.
    pub fn fund_desk(&self, funds: &DeskFunds, amount_atoms: u64) -> Instruction {
        build(self.desk_funds(funds), instruction::FundDesk { amount_atoms })
    }

    /// Withdraws to any token account; signed by the operator.
    pub fn withdraw_from_desk(&self, funds: &DeskFunds, amount_atoms: u64, all: bool) -> Instruction {
        build(self.desk_funds(funds), instruction::WithdrawFromDesk { amount_atoms, all })
    }

    /// Liquidates through `desk`, the venue's own account or one whose delegate with the right to liquidate the venue's
    /// signer is; signed by the operator.
    pub fn liquidate(&self, desk: Pubkey, liquidatee: Pubkey, leg: LegAccounts, args: LiquidateArgs) -> Instruction {
        let accounts = accounts::Liquidate {
            operator: self.operator,
            config: self.config,
            venue_signer: self.signer,
            desk,
            liquidatee,
            registry: self.registry,
            board: self.board,
            liability_bank: leg.liability_bank,
            asset_bank: leg.asset_bank,
            market: leg.market,
            event_authority: interface::EVENT_AUTHORITY,
            engine_program: interface::ID,
        };
        build(accounts, instruction::Liquidate { args })
    }
}

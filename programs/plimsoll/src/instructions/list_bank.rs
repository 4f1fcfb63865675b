//! Lists a token: its bank, vault and slot in the registry.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};
use plimsoll_risk::params::{Contradiction, INDEX_ONE, MAX_BANKS};
use plimsoll_risk::price::token_scale_down;
use plimsoll_risk::ratchet::Standing;
use plimsoll_risk::units::{Ppm, UnixSecs};
use plimsoll_state::{seeds, Bank, BankSlot, Engine, EngineAccount, PriceBoard, Registry, SlotStatus};

use crate::access::{now, require_of_engine};
use crate::error::{EngineError, Failure, Result};
use crate::event::BankListed;
use crate::growth::Growth;
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::ratchet;
use crate::vault::mint_extensions_allowed;

pub use plimsoll_interface::args::{BankConfigArgs, ListBankArgs};

/// Bank and vault are created here.
#[derive(Accounts)]
#[instruction(args: ListBankArgs)]
pub struct ListBank<'info> {
    /// The engine's executor; before the launch its authority.
    pub authority: Signer<'info>,
    /// Pays the rent.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// Its registry.
    /// CHECK: a [`Registry`] by `loader::write`.
    #[account(mut)]
    pub registry: UncheckedAccount<'info>,
    /// Its prices.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
    /// The token.
    #[account(mint::token_program = token_program)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    /// `["bank", engine, index]`, which is created.
    /// CHECK: its address is verified by its seeds, its owner and state by `Growth::step`.
    #[account(mut, seeds = [seeds::BANK, engine.key().as_ref(), &[args.index]], bump)]
    pub bank: UncheckedAccount<'info>,
    /// `["vault", bank]`; belongs to the bank's address.
    #[account(
        init, payer = payer, seeds = [seeds::VAULT, bank.key().as_ref()], bump,
        token::mint = mint, token::authority = bank, token::token_program = token_program,
    )]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    /// SPL Token or Token-2022.
    pub token_program: Interface<'info, TokenInterface>,
    /// Creates the accounts.
    pub system_program: Program<'info, System>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl ListBank<'_> {
    /// When a cap was raised, if it was.
    #[inline(never)]
    fn validate(&self, args: &ListBankArgs, now: UnixSecs) -> Result<UnixSecs> {
        let (registry, board) = (read::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?);
        let engine = self.engine.key().to_bytes();
        // Registry and board are this engine's.
        require_of_engine(&*registry, &engine)?;
        require_of_engine(&*board, &engine)?;
        permit(Action::ListBank).in_engine(&registry)?;
        // A listing decides over everybody's collateral.
        let standing =
            permit(Action::ListBank).standing_in(&*read::<Engine>(&self.engine)?, &registry, self.authority.key)?;
        // Slots are used in order, so that the first bank is the quote bank.
        ensure!((registry.bank_count as usize) < MAX_BANKS, EngineError::SlotsFull);
        ensure!(args.index == registry.bank_count, EngineError::SlotTaken);
        // Extensions could tax, seize, hide or stop what the ledger counts on.
        let info = self.mint.to_account_info();
        ensure!(mint_extensions_allowed(&info.try_borrow_data()?), EngineError::MintExtensionNotAllowed);
        // Weights, curve, caps, and what the numbers can hold at the token's price.
        let price = board.slot(args.price_slot as usize).ok_or(EngineError::PriceSlotEmpty)?.spot.get();
        let (decimals, params) = (self.mint.decimals, registry.params());
        args.config.validate::<Failure>(decimals, price, params)?;
        // A new token borrows nothing at first, and its caps start low.
        let begins = standing == Standing::SettingUp || args.config.asset_init_ppm == 0;
        Contradiction::FIRST_WEIGHT.unless(begins)?;
        let changes = args.config.cap_changes(&BankConfigArgs::default(), decimals, price)?;
        ratchet::caps(standing, &changes, &params.changes, UnixSecs::new(0), now)
    }

    #[inline(never)]
    fn create(&self, index: u8, bump: u8) -> Result<()> {
        let (payer, system_program) = (&self.payer, &self.system_program);
        let seeds: &[&[u8]] = &[seeds::BANK, self.engine.key.as_array(), &[index]];
        Growth { account: &self.bank, payer, system_program, seeds, bump }.step::<Bank>()?;
        Ok(())
    }

    #[inline(never)]
    #[expect(clippy::arithmetic_side_effects, reason = "validated: there are fewer banks than slots, 64")]
    fn apply(&self, args: &ListBankArgs, raised_at: UnixSecs, bumps: &ListBankBumps, now: UnixSecs) -> Result<()> {
        self.create(args.index, bumps.bank)?;
        let mut registry = write::<Registry>(&self.registry)?;
        let params = *registry.params();
        let mut bank = write::<Bank>(&self.bank)?;
        bank.vault_bump = bumps.vault;
        bank.index = args.index;
        bank.decimals = self.mint.decimals;
        bank.engine = registry.engine;
        bank.mint = self.mint.key().to_bytes();
        bank.vault = self.vault.key().to_bytes();
        bank.token_program = self.token_program.key().to_bytes();
        bank.deposit_index = INDEX_ONE;
        bank.booked_borrow_index = INDEX_ONE;
        bank.utilization_at = now.get();
        bank.accrued_at = now.get();
        bank.cap_raised_at = raised_at.get();

        registry.bank_count += 1;
        let slot: &mut BankSlot = registry.banks.get_mut(args.index as usize).ok_or(EngineError::SlotsFull)?;
        slot.status = SlotStatus::Active as u8;
        slot.decimals = bank.decimals;
        slot.price_slot = args.price_slot;
        slot.scale = token_scale_down(bank.decimals)?.into();
        slot.deposit_index = INDEX_ONE;
        slot.borrow_index = INDEX_ONE;
        slot.accrued_at = now.get();
        args.config.write(false, &params, &mut bank, slot, now);
        slot.borrow_rate_per_sec = bank.rate_curve().rate_per_sec_up(Ppm::ZERO)?;
        slot.invariant()?;
        bank.invariant()?;
        registry.invariant()?;
        // Beside every other token and at its price's calibration.
        Ok(registry.check_listings(&*read::<PriceBoard>(&self.board)?)?)
    }
}

/// Creates bank and vault and fills the next slot.
///
/// # Errors
/// `NotAuthority`, `ChangeWaits`, `CapGrowthLimited`, `VersionUnknown`, `EngineMismatch`, `SlotsFull`, `SlotTaken`, `MintExtensionNotAllowed`,
/// `PriceSlotEmpty`; those of [`BankConfigArgs::validate`]; `ParameterOutOfBounds` beside what else is
/// listed.
pub fn handler(ctx: Context<ListBank>, args: ListBankArgs) -> Result<()> {
    let now = now()?;
    let raised_at = ctx.accounts.validate(&args, now)?;
    ctx.accounts.apply(&args, raised_at, &ctx.bumps, now)?;
    crate::event::emit_event!(
        ctx,
        BankListed {
            engine: ctx.accounts.engine.key(),
            bank: args.index,
            address: ctx.accounts.bank.key(),
            mint: ctx.accounts.mint.key(),
            vault: ctx.accounts.vault.key(),
            price_slot: args.price_slot,
            config: args.config,
        }
    );
    Ok(())
}

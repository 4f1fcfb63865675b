//! The desk takes over what its customers can no longer hold.
//!
//! It liquidates through the venue's own account, or through any account that named the venue's address as delegate with
//! the right to liquidate, which is all that such a delegate may do.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::program::{get_return_data, set_return_data};
use plimsoll_interface as interface;
use plimsoll_interface::{answer, LiabilityArg, LiquidationBounds};

use crate::engine::{self, Engine};
use crate::state::{VenueConfig, SIGNER};
use crate::VenueError;

/// Which leg, and within which bounds.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub enum DeskLeg {
    /// A perp.
    Position {
        /// Slot of its market.
        market: u8,
    },
    /// Collateral against a borrow.
    Borrow {
        /// Slot of the collateral's bank.
        asset_bank: u8,
        /// Slot of the debt's bank.
        bank: u8,
    },
    /// Collateral against negative PnL.
    NegativePnl {
        /// Slot of the collateral's bank.
        asset_bank: u8,
        /// Slot of the market.
        market: u8,
    },
}

/// A liquidation.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct LiquidateArgs {
    /// The leg.
    pub leg: DeskLeg,
    /// Most debt atoms or base units; none for as much as the engine allows.
    pub max_size: Option<u64>,
}

/// Liquidates. Bank and market only where the leg has them.
#[derive(Accounts)]
pub struct Liquidate<'info> {
    /// The venue's operator.
    pub operator: Signer<'info>,
    /// The venue.
    #[account(has_one = operator @ VenueError::NotOperator)]
    pub config: Account<'info, VenueConfig>,
    /// CHECK: this program's address, which signs.
    #[account(seeds = [SIGNER, config.key().as_ref()], bump = config.signer_bump)]
    pub venue_signer: UncheckedAccount<'info>,
    /// CHECK: the engine checks it: an account that this venue's address owns or may liquidate through.
    #[account(mut)]
    pub desk: UncheckedAccount<'info>,
    /// CHECK: the engine checks it: the account under water.
    #[account(mut)]
    pub liquidatee: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub registry: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub board: UncheckedAccount<'info>,
    /// CHECK: the engine checks it: the bank of the debt, the quote bank for negative PnL.
    #[account(mut)]
    pub liability_bank: Option<UncheckedAccount<'info>>,
    /// CHECK: the engine checks it: the bank of the collateral, where the desk owes that token.
    #[account(mut)]
    pub asset_bank: Option<UncheckedAccount<'info>>,
    /// CHECK: the engine checks it: the market of the position or of the negative PnL.
    #[account(mut)]
    pub market: Option<UncheckedAccount<'info>>,
    /// CHECK: the engine checks it.
    pub event_authority: UncheckedAccount<'info>,
    /// The engine's program.
    pub engine_program: Program<'info, Engine>,
}

/// Liquidates, and passes the engine's answer on as its own. Where nothing can be done nothing changes and the answer
/// says why: an operator who comes too late has not failed.
pub(crate) fn liquidate(ctx: Context<Liquidate>, args: LiquidateArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let instruction = accounts.instruction(&args)?;
    engine::call(&instruction, &accounts.to_account_infos(), &accounts.config)?;
    let (program, data) = get_return_data().ok_or(VenueError::NoOutcome)?;
    let outcome = answer::liquidation_outcome(&program, &data).map_err(|_| VenueError::NoOutcome)?;
    if let Some(reason) = outcome.refusal() {
        msg!("nothing done: {}", reason.name());
    }
    set_return_data(&data);
    Ok(())
}

impl Liquidate<'_> {
    fn instruction(&self, args: &LiquidateArgs) -> Result<anchor_lang::solana_program::instruction::Instruction> {
        let bounds = LiquidationBounds {
            max_size: args.max_size.unwrap_or_default(),
            as_much_as_allowed: args.max_size.is_none(),
            no_op_if_refused: true,
            ..LiquidationBounds::ANY
        };
        let market = self.market.as_ref().map(|account| account.key());
        let (asset_bank, liability) = match args.leg {
            DeskLeg::Position { market: index } => {
                let market = market.ok_or(VenueError::LegAccountMissing)?;
                return Ok(interface::liquidate_position(&self.position(market), index, bounds));
            }
            DeskLeg::Borrow { asset_bank, bank } => (asset_bank, LiabilityArg::Borrow(bank)),
            DeskLeg::NegativePnl { asset_bank, market } => (asset_bank, LiabilityArg::NegativePnl(market)),
        };
        let accounts = interface::LiquidateCollateral {
            signer: self.venue_signer.key(),
            liquidator: self.desk.key(),
            liquidatee: self.liquidatee.key(),
            registry: self.registry.key(),
            board: self.board.key(),
            liability_bank: self.liability_bank.as_ref().ok_or(VenueError::LegAccountMissing)?.key(),
            asset_bank: self.asset_bank.as_ref().map(|account| account.key()),
            market,
        };
        Ok(interface::liquidate_collateral(&accounts, asset_bank, liability, bounds))
    }

    fn position(&self, market: Pubkey) -> interface::LiquidatePosition {
        interface::LiquidatePosition {
            signer: self.venue_signer.key(),
            liquidator: self.desk.key(),
            liquidatee: self.liquidatee.key(),
            registry: self.registry.key(),
            board: self.board.key(),
            market,
        }
    }
}

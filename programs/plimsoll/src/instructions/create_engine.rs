//! Creates an engine: its authorities and the addresses of its registry and board.

use anchor_lang::prelude::*;
use plimsoll_state::{seeds, Engine, EngineAccount};

use crate::error::{EngineError, Result};
use crate::event::EngineCreated;
use crate::growth::Growth;
use crate::loader::write;

pub use plimsoll_interface::args::CreateEngineArgs;

/// The registry, the board and the feed book are created afterwards, by `grow_registry`, `grow_board` and `grow_feeds`.
#[derive(Accounts)]
#[instruction(args: CreateEngineArgs)]
pub struct CreateEngine<'info> {
    /// A seed of the engine's address, so nobody can take that address first, and its first authority.
    pub creator: Signer<'info>,
    /// Pays the rent.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The engine, which is created.
    /// CHECK: its address is verified by its seeds, its owner and state by `Growth::step`.
    #[account(mut, seeds = [seeds::ENGINE, creator.key().as_ref(), &args.id.to_le_bytes()], bump)]
    pub engine: UncheckedAccount<'info>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl CreateEngine<'_> {
    fn validate(&self, args: &CreateEngineArgs) -> Result<()> {
        // An engine that nobody can stop is a mistake; whoever wants no second key names the authority itself.
        let keys = [args.risk_authority, args.guardian, args.fee_collector];
        ensure!(!keys.contains(&Pubkey::default()), EngineError::ParameterOutOfBounds);
        Ok(())
    }
}

/// Writes the engine.
///
/// # Errors
/// `ParameterOutOfBounds` without a key for each role; `AlreadyComplete`.
pub fn handler(ctx: Context<CreateEngine>, args: CreateEngineArgs) -> Result<()> {
    ctx.accounts.validate(&args)?;
    let (key, creator) = (ctx.accounts.engine.key(), ctx.accounts.creator.key());
    let (registry, _) = Pubkey::find_program_address(&[seeds::REGISTRY, key.as_ref()], &crate::ID);
    let (board, _) = Pubkey::find_program_address(&[seeds::BOARD, key.as_ref()], &crate::ID);
    let (executor, executor_bump) = Pubkey::find_program_address(&[seeds::EXECUTOR, key.as_ref()], &crate::ID);
    let growth = Growth {
        account: &ctx.accounts.engine,
        payer: &ctx.accounts.payer,
        system_program: &ctx.accounts.system_program,
        seeds: &[seeds::ENGINE, creator.as_ref(), &args.id.to_le_bytes()],
        bump: ctx.bumps.engine,
    };
    growth.step::<Engine>()?;
    {
        let mut engine = write::<Engine>(&ctx.accounts.engine)?;
        engine.id = args.id;
        engine.test_cluster = args.test_cluster as u8;
        engine.creator = creator.to_bytes();
        engine.authority = creator.to_bytes();
        engine.risk_authority = args.risk_authority.to_bytes();
        engine.guardian = args.guardian.to_bytes();
        engine.fee_collector = args.fee_collector.to_bytes();
        engine.registry = registry.to_bytes();
        engine.board = board.to_bytes();
        engine.executor = executor.to_bytes();
        engine.executor_bump = executor_bump;
        engine.invariant()?;
    }
    crate::event::emit_event!(
        ctx,
        EngineCreated {
            engine: key,
            authority: creator,
            risk_authority: args.risk_authority,
            guardian: args.guardian,
            fee_collector: args.fee_collector,
            test_cluster: args.test_cluster,
        }
    );
    Ok(())
}

//! One story of an engine from its creation to a bankruptcy, in the order in which things happen to one, with a handful of
//! refusals. What it leaves out goes through in [`crate::each`].
//!
//! It is told on a [`World`] and recorded; [`crate::replay`] tells it again on another runtime. So it uses nothing
//! that only LiteSVM can do: whoever signs is a party of the chain, and accounts are written from outside only where no
//! instruction of ours could (mints, token balances, oracle accounts).

mod admin;
mod crash;
mod trade;

use anchor_lang::prelude::Pubkey;
use plimsoll_sdk::ix;
use plimsoll_sim::world::{Sent, Step, Trader, World};
use solana_instruction::Instruction;

/// Atoms of a dollar.
const USD: u64 = 1_000_000;
/// Atoms of a SOL.
const ONE_SOL: u64 = 1_000_000_000;
/// Base units of a SOL in SOL-PERP.
const ONE_SOL_PERP: u64 = 1_000_000;
/// Base units of a BTC in BTC-PERP.
const ONE_BTC_PERP: u64 = 1_000_000_000;

/// What the story was and how it ended.
pub struct Tour {
    /// The chain as it ended.
    pub world: World,
    /// Every step from the empty chain on.
    pub steps: Vec<Step>,
}

impl Tour {
    /// Tells the story on a world with both programs and nothing else.
    ///
    /// # Panics
    /// Where a step does not end as it must.
    pub fn take(mut world: World, return_data: bool) -> Self {
        world.start_recording();
        let mut story = Story { world, return_data };
        story.administration();
        let cast = story.trade();
        story.crash(&cast);
        let steps = story.world.recorded();
        Self { world: story.world, steps }
    }
}

/// Who is needed by more than one chapter.
struct Cast {
    /// Takes the other side of every fill.
    maker: Trader,
    /// Lends SOL and BTC, and repays another's debt.
    lender: Trader,
}

struct Story {
    world: World,
    /// Whether a caller gets what the called program returns.
    return_data: bool,
}

impl Story {
    /// One instruction goes through.
    #[track_caller]
    fn sent(&mut self, payer: &Pubkey, instruction: Instruction) {
        went_through(self.world.send(payer, &[instruction]));
    }

    /// One instruction, signed by the authority, goes through.
    #[track_caller]
    fn sent_by_authority(&mut self, instruction: Instruction) {
        let authority = self.world.authority;
        self.sent(&authority, instruction);
    }

    /// One instruction is refused with this code.
    #[track_caller]
    fn refused(&mut self, payer: &Pubkey, instruction: Instruction, code: impl Into<u32>) {
        let refused = self.world.send(payer, &[instruction]).expect_err("it is refused");
        assert_eq!(refused.code, Some(code.into()), "{refused}");
    }

    /// A trader with an account and a deposit.
    fn funded_trader(&mut self, name: &str, bank: u8, atoms: u64) -> Trader {
        let trader = self.world.trader(name);
        went_through(self.world.deposit(&trader, bank, atoms));
        trader
    }

    fn settle_pnl(&mut self, market: u8, of: Option<&Trader>) {
        let settle = ix::settle_pnl(&self.world.keys, market, of.map(|trader| trader.account));
        self.sent_by_authority(settle);
    }
}

/// The transaction went through.
#[track_caller]
fn went_through(sent: Sent) {
    if let Err(failure) = sent {
        panic!("{failure}");
    }
}

//! Liquidations, settlements and resolutions as one call each, and the events they leave behind.

use anchor_lang::prelude::Pubkey;
use litesvm::types::TransactionMetadata;
use plimsoll::event::{Event, EVENT_TAG};
use plimsoll::instructions::{ResolveStep, TakeWinArgs};
use plimsoll::liquidation::LiquidationBounds;
use plimsoll_risk::liquidate::{Leg, LegSize, Liability, Plan, Refusal, Request};
use plimsoll_sdk::ix::{self, Parties};
use plimsoll_sdk::view::Accounts;
use plimsoll_sdk::LiquidationOutcome;
use plimsoll_sim::world::{Sent, Trader, World};
use solana_instruction::Instruction;

/// As much as the plan allows, at any price, failing where nothing can be done.
pub const ANY: LiquidationBounds = LiquidationBounds {
    max_size: 0,
    as_much_as_allowed: true,
    min_size: 0,
    limit_numerator: 0,
    limit_denominator: 0,
    no_op_if_refused: false,
};

/// At most this size.
pub const fn at_most(max_size: u64) -> LiquidationBounds {
    LiquidationBounds { max_size, as_much_as_allowed: false, ..ANY }
}

/// The instruction that liquidates a leg; with the collateral's bank where `with_bank`.
pub fn liquidate_ix(
    world: &World,
    by: &Trader,
    of: &Trader,
    leg: Leg,
    bounds: LiquidationBounds,
    with_bank: bool,
) -> Instruction {
    let parties = Parties { signer: by.owner, liquidator: by.account, liquidatee: of.account };
    ix::liquidate_leg(&world.keys, parties, leg, bounds, with_bank)
}

/// What these tests send besides what [`World`] offers.
pub trait Act {
    /// Liquidates a leg; see [`liquidate_ix`].
    ///
    /// # Errors
    /// What the program refuses.
    fn liquidate(&mut self, by: &Trader, of: &Trader, leg: Leg, bounds: LiquidationBounds) -> Sent;
    /// What the SDK says a liquidation would do now.
    fn plan(&self, of: &Trader, request: &Request) -> Result<Plan, Refusal>;
    /// Settles an account's PnL, or the market's own claim where there is none.
    ///
    /// # Errors
    /// What the program refuses.
    fn settle(&mut self, market: u8, of: Option<&Trader>) -> Sent;
    /// The owner takes his share of a win.
    ///
    /// # Errors
    /// What the program refuses.
    fn take_win(&mut self, market: u8, of: &Trader, claim_atoms: Option<u64>) -> Sent;
    /// One step of a resolution.
    ///
    /// # Errors
    /// What the program refuses.
    fn resolve(&mut self, of: &Trader, step: ResolveStep) -> Sent;
    /// Makes waiting deposits insurance.
    ///
    /// # Errors
    /// What the program refuses.
    fn sweep(&mut self, bank: u8) -> Sent;
    /// Applies a market's indices to a position.
    ///
    /// # Errors
    /// What the program refuses.
    fn touch(&mut self, of: &Trader, market: u8) -> Sent;
    /// Opens a trader's account and deposits into it.
    fn funded_trader(&mut self, name: &str, bank: u8, atoms: u64) -> Trader;
    /// Observes an account and holds every price for `secs`, observing every five of them.
    fn watch(&mut self, of: &Trader, secs: i64);
}

impl Act for World {
    fn liquidate(&mut self, by: &Trader, of: &Trader, leg: Leg, bounds: LiquidationBounds) -> Sent {
        let instruction = liquidate_ix(self, by, of, leg, bounds, true);
        self.send(&by.owner, &[instruction])
    }

    fn plan(&self, of: &Trader, request: &Request) -> Result<Plan, Refusal> {
        let (account, registry, board) = (self.margin_account(of), self.registry(), self.board());
        let accounts = Accounts { account: &account, registry: &registry, board: &board, now: self.now() };
        accounts.plan(request).expect("the account can be loaded")
    }

    fn settle(&mut self, market: u8, of: Option<&Trader>) -> Sent {
        let settle = ix::settle_pnl(&self.keys, market, of.map(|trader| trader.account));
        self.send_as_authority(settle)
    }

    fn take_win(&mut self, market: u8, of: &Trader, claim_atoms: Option<u64>) -> Sent {
        let args =
            TakeWinArgs { claim_atoms: claim_atoms.unwrap_or_default(), all: claim_atoms.is_none(), min_paid_atoms: 0 };
        let take = ix::take_win(&self.keys, market, of.owner, of.account, args);
        self.send(&of.owner, &[take])
    }

    fn resolve(&mut self, of: &Trader, step: ResolveStep) -> Sent {
        let resolve = ix::resolve_bankruptcy(&self.keys, of.account, step);
        self.send_as_authority(resolve)
    }

    fn sweep(&mut self, bank: u8) -> Sent {
        let sweep = ix::sweep_insurance(&self.keys, bank);
        self.send_as_authority(sweep)
    }

    fn touch(&mut self, of: &Trader, market: u8) -> Sent {
        let touch = ix::touch_position(&self.keys, of.account, market);
        self.send_as_authority(touch)
    }

    fn funded_trader(&mut self, name: &str, bank: u8, atoms: u64) -> Trader {
        let trader = self.trader(name);
        self.deposit(&trader, bank, atoms).unwrap_or_else(|failure| panic!("{name}: {failure}"));
        trader
    }

    fn watch(&mut self, of: &Trader, secs: i64) {
        self.observe(of).unwrap_or_else(|failure| panic!("{failure}"));
        let end = self.now() + secs;
        while self.now() < end {
            let step = (end - self.now()).min(5);
            self.hold_prices(step, step);
            self.observe(of).unwrap_or_else(|failure| panic!("{failure}"));
        }
    }
}

/// The request that [`ANY`] makes of a leg.
pub const fn any_of(leg: Leg) -> Request {
    Request { leg, max_size: None, min_size: LegSize::ZERO, limit_numerator: 0, limit_denominator: 0 }
}

/// Collateral against a borrow.
pub const fn pair(asset: u8, borrow: u8) -> Leg {
    Leg::Pair { asset, liability: Liability::Borrow(borrow) }
}

/// Collateral against negative PnL.
pub const fn pnl_pair(asset: u8, market: u8) -> Leg {
    Leg::Pair { asset, liability: Liability::NegativePnl(market) }
}

/// A perp.
pub const fn perp(market: u8) -> Leg {
    Leg::Perp { market }
}

/// What a liquidation returned; trailing zeros were stripped by the runtime.
pub fn outcome(meta: &TransactionMetadata) -> LiquidationOutcome {
    let mut outcome = LiquidationOutcome::default();
    let bytes = bytemuck::bytes_of_mut(&mut outcome);
    bytes[..meta.return_data.data.len()].copy_from_slice(&meta.return_data.data);
    outcome
}

/// Data of every event of a transaction, in order, its discriminator included.
pub fn event_data(meta: &TransactionMetadata) -> Vec<Vec<u8>> {
    let inner = meta.inner_instructions.iter().flatten();
    let data = inner.map(|inner| &inner.instruction.data);
    data.filter_map(|data| data.strip_prefix(&EVENT_TAG)).map(<[u8]>::to_vec).collect()
}

/// An event as its type, if the data is of this type.
pub fn decode_event<E: Event>(data: &[u8]) -> Option<E> {
    E::decode(data)
}

/// The engine that an event is of.
pub fn engine_of(data: &[u8]) -> Option<Pubkey> {
    Some(plimsoll::event::EngineEvent::decode(data)?.engine())
}

/// The one event of this type in a transaction.
///
/// # Panics
/// Where there is none, or more than one.
#[track_caller]
pub fn event<E: Event>(meta: &TransactionMetadata) -> E {
    let mut found: Vec<E> = event_data(meta).iter().filter_map(|data| decode_event(data)).collect();
    assert_eq!(found.len(), 1, "events of {}", std::any::type_name::<E>());
    found.remove(0)
}

/// Where an owner keeps the tokens of a bank.
pub fn wallet(world: &World, owner: &Pubkey, bank: u8) -> Pubkey {
    let mint = world.mints[bank as usize];
    plimsoll_sdk::pda::associated_token(owner, &mint.key, &mint.program)
}

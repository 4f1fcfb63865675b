//! Moves a position from a seller to a buyer at an agreed price.

use anchor_lang::prelude::*;
use plimsoll_ledger::{account, perp};
use plimsoll_risk::lazy::Side;
use plimsoll_risk::oracle::MaxAge;
use plimsoll_risk::params::{MAX_ATOMS, MAX_BASE_UNITS};
use plimsoll_risk::perp::{change_of, fill_fee_up, is_within_band, is_worse_than_spot, Change};
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::{Atoms, BaseUnits, Secs, SignedBaseUnits, UnixSecs};
use plimsoll_state::{
    pause, Books, EngineAccount, MarginAccount, Market, MarketSlot, PriceBoard, Registry, SlotStatus, Venue,
    VenueApproval,
};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::{FillSettled, PoolState, PositionState};
use crate::gate::{self, MarginBefore};
use crate::guard::{permit, Action, Role};
use crate::known;
use crate::loader::{read, write};

pub use plimsoll_interface::args::SettleFillArgs;

/// Two margin accounts, and who lets the fill happen: a venue that both owners approved, or both sides by their owner or
/// by a delegate that may trade.
#[derive(Accounts)]
pub struct SettleFill<'info> {
    /// The account that gains base.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub buyer: UncheckedAccount<'info>,
    /// The account that loses base.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub seller: UncheckedAccount<'info>,
    /// The engine's registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// The engine's prices.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
    /// The market.
    /// CHECK: a [`Market`] by `loader::write`.
    #[account(mut)]
    pub market: UncheckedAccount<'info>,
    /// The venue, where one settles.
    /// CHECK: a [`Venue`] by `loader::read`.
    pub venue: Option<UncheckedAccount<'info>>,
    /// The PDA of the venue's program.
    pub venue_signer: Option<Signer<'info>>,
    /// Without a venue: the buyer's owner, or its delegate with the right to trade.
    pub buyer_authority: Option<Signer<'info>>,
    /// Without a venue: the seller's owner, or its delegate with the right to trade; may be the same signer.
    pub seller_authority: Option<Signer<'info>>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

/// Who lets the fill happen (FILL-1).
#[derive(Clone, Copy)]
enum By {
    Venue,
    Sides { buyer: Role, seller: Role },
}

impl By {
    /// Whether the account of one side is signed for by its delegate.
    fn delegate_of(self, buys: bool) -> bool {
        match self {
            Self::Venue => false,
            Self::Sides { buyer, seller } => (if buys { buyer } else { seller }) == Role::Delegate,
        }
    }
}

/// What one side of the fill has to satisfy afterwards.
enum Duty {
    /// Grows or flips: initial margin.
    Initial,
    /// Only reduces: the ratio does not fall.
    RatioNotLower(MarginBefore),
}

impl SettleFill<'_> {
    fn validate(&self, args: &SettleFillArgs) -> Result<By> {
        // Amounts the numbers hold; a fill of nothing is an error.
        ensure!(args.base_units != 0 && args.quote_atoms != 0, EngineError::AmountZero);
        ensure!(args.base_units <= MAX_BASE_UNITS && args.quote_atoms <= MAX_ATOMS, EngineError::AmountTooLarge);
        // Two accounts: both are writable and of one type, which Anchor does not compare.
        ensure!(self.buyer.key() != self.seller.key(), EngineError::SameAccount);
        // Everything of one engine.
        let (registry, market) = (read::<Registry>(&self.registry)?, read::<Market>(&self.market)?);
        let (buyer, seller) = (read::<MarginAccount>(&self.buyer)?, read::<MarginAccount>(&self.seller)?);
        require_same_engine(&*registry, &*read::<PriceBoard>(&self.board)?)?;
        require_same_engine(&*registry, &*market)?;
        require_same_engine(&*registry, &*buyer)?;
        require_same_engine(&*registry, &*seller)?;
        permit(Action::SettleFill).in_engine(&registry)?;
        // An account that is being resolved does not trade.
        permit(Action::SettleFill).on(&buyer)?;
        permit(Action::SettleFill).on(&seller)?;
        // A venue's own signer, or both sides.
        match (&self.venue, &self.venue_signer) {
            (Some(venue), Some(signer)) => {
                let venue = read::<Venue>(venue)?;
                require_same_engine(&*registry, &*venue)?;
                let named = venue.signer == signer.key().to_bytes();
                let may_settle = venue.settle_markets & (1 << market.index) != 0;
                ensure!(venue.active == 1 && named && may_settle, EngineError::VenueInactive);
                Ok(By::Venue)
            }
            (None, None) => {
                let missing = EngineError::NotOwnerOrDelegate;
                let (buys, sells) =
                    (self.buyer_authority.as_ref().ok_or(missing)?, self.seller_authority.as_ref().ok_or(missing)?);
                Ok(By::Sides {
                    buyer: permit(Action::SettleFill).signed_for(&buyer, buys.key)?,
                    seller: permit(Action::SettleFill).signed_for(&seller, sells.key)?,
                })
            }
            _ => Err(crate::error::fail(EngineError::VenueInactive)),
        }
    }

    fn settle(&self, args: &SettleFillArgs, by: By, now: UnixSecs) -> Result<FillSettled> {
        let (registry, board) = (read::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?);
        let mut market = write::<Market>(&self.market)?;
        let (mut buyer, mut seller) = (write::<MarginAccount>(&self.buyer)?, write::<MarginAccount>(&self.seller)?);
        let params = registry.params();
        let slot = registry.market(market.index as usize).ok_or(EngineError::SlotEmpty)?;
        let by_delegate = by.delegate_of(true) || by.delegate_of(false);
        // A delegate's price is bounded by the board's alone, which is then as new as for adding risk, whatever it does.
        let max_age = if by_delegate { params.prices.risk_age() } else { params.prices.read_age() };
        let spot = fresh_spot(slot, &board, max_age, now)?;
        let (quote, units) = (Atoms::new(args.quote_atoms), BaseUnits::new(args.base_units));
        ensure!(
            is_within_band(quote, units, spot, slot.rates.0.fill_band_ppm_down(params)),
            EngineError::PriceOutsideBand
        );
        let fee_atoms = fill_fee_up(units, spot, slot.fill_fee(), params)?;
        let notional = spot.value_up(units).max(quote);
        if let Some(venue) = &self.venue {
            let venue = venue.key();
            use_approval(&mut buyer, &venue, market.index, notional, now)?;
            use_approval(&mut seller, &venue, market.index, notional, now)?;
        }
        let books = Books { registry: &registry, board: &board, now };
        let event_authority = &self.event_authority;
        let context = FillContext { books: &books, slot, index: market.index, spot, quote, units, event_authority };
        if by_delegate {
            context.use_delegates(by, &mut buyer, &mut seller, notional)?;
        }
        let buyer_duty = context.duty(&buyer, &market, true)?;
        let seller_duty = context.duty(&seller, &market, false)?;
        let growing = [&buyer_duty, &seller_duty].into_iter().filter(|duty| matches!(duty, Duty::Initial)).count();
        if growing != 0 {
            // Whoever signs himself may take over from one who reduces: fills are paused so that nobody is drawn in.
            let takes_over = growing == 1 && matches!(by, By::Sides { .. });
            permit(Action::SettleFill).growth_in(&registry, if takes_over { pause::FILL } else { 0 })?;
            // Where one side shrinks nothing is added, and liquidators have to get rid of what they took.
            if growing == 2 {
                permit(Action::SettleFill).calm_in("market ", market.index, &market.throughput, now)?;
            }
        }
        let (exchanged, buyer_position, seller_position) =
            context.apply(&mut market, &mut buyer, &mut seller, fee_atoms)?;
        context.discharge(&buyer_duty, &mut buyer)?;
        context.discharge(&seller_duty, &mut seller)?;
        buyer.invariant()?;
        seller.invariant()?;
        market.invariant()?;
        Ok(FillSettled {
            engine: Pubkey::new_from_array(registry.engine),
            market: market.index,
            venue: self.venue.as_ref().map(|v| v.key()).unwrap_or_default(),
            buyer: self.buyer.key(),
            seller: self.seller.key(),
            buyer_signer: self.buyer_authority.as_ref().map(|signer| signer.key()).unwrap_or_default(),
            seller_signer: self.seller_authority.as_ref().map(|signer| signer.key()).unwrap_or_default(),
            base_units: args.base_units,
            quote_atoms: args.quote_atoms,
            fee_atoms: fee_atoms.get(),
            opened_units: exchanged.opened_units.get(),
            netted_units: exchanged.netted_units.get(),
            buyer_position,
            seller_position,
            pool: PoolState::from(&*market),
        })
    }
}

/// The board's price of the market, which a fill needs fresh: it bounds the price and feeds both sides' margins.
fn fresh_spot(slot: &MarketSlot, board: &PriceBoard, max_age: Secs, now: UnixSecs) -> Result<BasePrice> {
    let price = board.slot(slot.price_slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
    if !price.is_fresh(MaxAge::new(max_age, now)) {
        return Err(gate::not_fresh(price, slot.price_slot, now));
    }
    Ok(BasePrice::new_down(price.spot.get(), slot.scale.get()))
}

/// The owner approved the venue, for this market, until later than now, and for this much more notional (KEY-3).
fn use_approval(account: &mut MarginAccount, venue: &Pubkey, market: u8, notional: Atoms, now: UnixSecs) -> Result<()> {
    let key = venue.to_bytes();
    let approved = |a: &&mut VenueApproval| a.venue == key && a.markets >> market & 1 == 1;
    let approval = account.venues.iter_mut().find(approved).ok_or(EngineError::VenueNotApproved)?;
    ensure!(!approval.has_expired(now), EngineError::VenueApprovalExpired);
    approval.notional_left_atoms =
        approval.notional_left_atoms.checked_sub(notional.get()).ok_or(EngineError::VenueNotionalExceeded)?;
    Ok(())
}

/// What every step of a fill reads.
struct FillContext<'a, 'info> {
    books: &'a Books<'a>,
    slot: &'a MarketSlot,
    index: u8,
    spot: BasePrice,
    /// What is paid for the base.
    quote: Atoms,
    units: BaseUnits,
    event_authority: &'a AccountInfo<'info>,
}

impl FillContext<'_, '_> {
    /// Books the notional against the day of each side whose delegate signs, at a price that costs the fee (KEY-2).
    #[cold]
    #[inline(never)]
    fn use_delegates(
        &self,
        by: By,
        buyer: &mut MarginAccount,
        seller: &mut MarginAccount,
        notional: Atoms,
    ) -> Result<()> {
        for (account, buys) in [(buyer, true), (seller, false)] {
            if by.delegate_of(buys) {
                let worse = is_worse_than_spot(buys, self.quote, self.units, self.spot);
                ensure!(!worse, EngineError::DelegateWorseThanSpot);
                ensure!(
                    account::spend_delegate_limit(account, notional, self.books.now),
                    EngineError::DelegateLimitExceeded
                );
            }
        }
        Ok(())
    }

    /// What a side must satisfy afterwards, decided on its position before.
    #[inline(never)]
    #[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
    fn duty(&self, account: &MarginAccount, market: &Market, buys: bool) -> Result<Duty> {
        let held = match account.perp_index(self.index) {
            Some(leg) => self.slot.holding(&account.derivatives[leg], self.books.funding())?.0,
            None => SignedBaseUnits::ZERO,
        };
        let units = if buys { self.units.signed()? } else { self.units.negative()? };
        if !self.slot.known_loss().is_zero() {
            self.require_covered(market, held, units)?;
        }
        if change_of(held, units) == Change::Grows {
            ensure!(self.slot.status == SlotStatus::Active as u8, EngineError::ReduceOnly);
            return Ok(Duty::Initial);
        }
        let before = gate::margin_before(account, self.books)?;
        // The band bounds the loss of a side that reduces; below maintenance there is nothing left to lose.
        let worse = is_worse_than_spot(buys, self.quote, self.units, self.spot);
        ensure!(!(before.is_under_water() && worse), EngineError::FillWorseThanSpot);
        Ok(Duty::RatioNotLower(before))
    }

    /// Nobody leaves or joins a side that a known loss will be charged to: whoever closed before it would leave his part of it
    /// to whoever is there afterwards (KNOWN-3).
    #[cold]
    #[inline(never)]
    fn require_covered(&self, market: &Market, held: SignedBaseUnits, units: SignedBaseUnits) -> Result<()> {
        let after = held.try_add(units)?;
        for (side, changes) in [
            (Side::Long, held.is_positive() || after.is_positive()),
            (Side::Short, held.is_negative() || after.is_negative()),
        ] {
            if changes {
                known::require_side_covered(self.slot, market, side, self.books.now)?;
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn discharge(&self, duty: &Duty, account: &mut MarginAccount) -> Result<()> {
        match duty {
            Duty::Initial => gate::require_initial(account, self.books),
            Duty::RatioNotLower(before) => {
                gate::require_ratio_not_lower(before, account, self.books, self.event_authority)
            }
        }
    }

    /// Moves base and cash, and holds what is open afterwards against the cap.
    #[inline(never)]
    #[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
    fn apply(
        &self,
        market: &mut Market,
        buyer: &mut MarginAccount,
        seller: &mut MarginAccount,
        fee: Atoms,
    ) -> Result<(perp::Exchanged, PositionState, PositionState)> {
        let trade = perp::Trade { units: self.units, quote: self.quote, fee };
        let filled = perp::fill(self.slot, market, buyer, seller, &trade, self.books.funding())?;
        if !filled.exchanged.opened_units.is_zero() {
            for side in [Side::Long, Side::Short] {
                let open_interest = self.slot.open_interest(market, side);
                ensure!(open_interest <= market.open_interest_cap(), EngineError::OpenInterestCapReached);
            }
        }
        let state = |account: &MarginAccount, leg: usize| PositionState::from(&account.derivatives[leg]);
        Ok((filled.exchanged, state(buyer, filled.buyer_leg), state(seller, filled.seller_leg)))
    }
}

/// Settles the fill: within the band of the board's price, each side paying the fee, under the open-interest cap; a
/// side that grows or flips passes initial margin, one that only reduces keeps its ratio (FILL-3, FILL-4).
///
/// # Errors
/// `AmountZero`, `AmountTooLarge`, `SameAccount`, `VersionUnknown`, `EngineMismatch`, `Paused`, `AccountBankrupt`,
/// `VenueInactive`, `VenueNotApproved`, `VenueApprovalExpired`, `VenueNotionalExceeded`, `NotOwnerOrDelegate`,
/// `DelegateMayNotTrade`, `DelegateWorseThanSpot`, `DelegateLimitExceeded`, `PriceStale`, `PriceOutsideBand`, `ReduceOnly`, `FillWorseThanSpot`, `PositionTableFull`, `PositionTooLarge`, `EpochRingFull`,
/// `OpenInterestCapReached`, `LossKnown`, `ThroughputBreakerTripped`, `MarginRatioFalls`; those of
/// [`gate::require_initial`].
pub fn handler(ctx: Context<SettleFill>, args: SettleFillArgs) -> Result<()> {
    let by = ctx.accounts.validate(&args)?;
    let fill = ctx.accounts.settle(&args, by, now()?)?;
    crate::event::emit_event!(ctx, fill);
    Ok(())
}

//! Margin checks, observations and liquidations.

use plimsoll_interface as interface;
use plimsoll_interface::args::{LiabilityArg, LiquidateCollateralArgs, LiquidatePositionArgs, LiquidationBounds};
use plimsoll_risk::liquidate::{Leg, Request};
use plimsoll_state::{MarginAccount, Registry};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use crate::offer;
use crate::pda::{self, EngineKeys};

/// Returns a `MarginView` as return data; `views` is 1 or 3.
pub fn check_margin(keys: &EngineKeys, margin_account: Pubkey, views: u8) -> Instruction {
    let accounts = interface::CheckMargin { margin_account, registry: keys.registry, board: keys.board };
    interface::check_margin(&accounts, views)
}

/// Records whether the account is under water; anyone may send it.
pub fn observe_margin(keys: &EngineKeys, margin_account: Pubkey) -> Instruction {
    let accounts = interface::ObserveMargin { margin_account, registry: keys.registry, board: keys.board };
    interface::observe_margin(&accounts)
}

/// Who liquidates whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parties {
    /// Owner of the liquidator's account, or its delegate with the right to liquidate.
    pub signer: Pubkey,
    /// The liquidator's margin account.
    pub liquidator: Pubkey,
    /// The account under water.
    pub liquidatee: Pubkey,
}

/// Repays a borrow or negative PnL and takes collateral.
///
/// `with_asset_bank` passes the collateral's bank too, which is needed where the seizure changes its totals (the
/// program answers `TotalsRequired` where it is missing). The program then counts shares at that bank's own deposit
/// index; without it at the most that the index can be, so that a liquidator who comes long after a crank gets a little
/// less, unless he sends `accrue` first.
pub fn liquidate_collateral(
    keys: &EngineKeys,
    parties: Parties,
    args: LiquidateCollateralArgs,
    with_asset_bank: bool,
) -> Instruction {
    let (liability_bank, market) = match args.liability {
        LiabilityArg::Borrow(bank) => (bank, None),
        LiabilityArg::NegativePnl(market) => (Registry::QUOTE_BANK as u8, Some(keys.market(market))),
    };
    let accounts = interface::LiquidateCollateral {
        signer: parties.signer,
        liquidator: parties.liquidator,
        liquidatee: parties.liquidatee,
        registry: keys.registry,
        board: keys.board,
        liability_bank: pda::bank(&keys.engine, liability_bank),
        asset_bank: with_asset_bank.then(|| pda::bank(&keys.engine, args.asset_bank)),
        market,
    };
    interface::liquidate_collateral(&accounts, args.asset_bank, args.liability, args.bounds)
}

/// The liquidation that a request asks for, whichever kind of leg it names; `with_asset_bank` as in
/// [`liquidate_collateral`]. With `no_op_if_refused` it changes nothing, and says so in its return data, where it would
/// fail.
pub fn liquidate(
    keys: &EngineKeys,
    parties: Parties,
    request: &Request,
    with_asset_bank: bool,
    no_op_if_refused: bool,
) -> Instruction {
    let bounds = LiquidationBounds {
        max_size: request.max_size.unwrap_or_default().get(),
        as_much_as_allowed: request.max_size.is_none(),
        min_size: request.min_size.get(),
        limit_numerator: request.limit_numerator,
        limit_denominator: request.limit_denominator,
        no_op_if_refused,
    };
    liquidate_leg(keys, parties, request.leg, bounds, with_asset_bank)
}

/// [`liquidate`] with the program's own bounds.
pub fn liquidate_leg(
    keys: &EngineKeys,
    parties: Parties,
    leg: Leg,
    bounds: LiquidationBounds,
    with_asset_bank: bool,
) -> Instruction {
    offer::instruction(leg, keys, parties, bounds, with_asset_bank)
}

/// Whether a liquidator's account owes the token that the leg would give it, so that the token's bank must go along.
pub fn owes_collateral(liquidator: &MarginAccount, leg: &Leg) -> bool {
    let place = leg.collateral().and_then(|asset| liquidator.token_index(asset));
    place.is_some_and(|place| liquidator.tokens[place].shares < 0)
}

/// Takes over a perp.
pub fn liquidate_position(keys: &EngineKeys, parties: Parties, args: LiquidatePositionArgs) -> Instruction {
    let accounts = interface::LiquidatePosition {
        signer: parties.signer,
        liquidator: parties.liquidator,
        liquidatee: parties.liquidatee,
        registry: keys.registry,
        board: keys.board,
        market: keys.market(args.market),
    };
    interface::liquidate_position(&accounts, args.market, args.bounds)
}

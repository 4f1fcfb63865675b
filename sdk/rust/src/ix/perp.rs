//! Markets: listing, fills, funding, settlement.

use plimsoll_interface as interface;
use plimsoll_interface::args::{ListMarketArgs, SettleFillArgs, UpdateMarketArgs};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::SYSTEM_PROGRAM;
use crate::pda::EngineKeys;

/// Lists a perp in the next free slot.
pub fn list_market(keys: &EngineKeys, authority: Pubkey, payer: Pubkey, args: ListMarketArgs) -> Instruction {
    let accounts = interface::ListMarket {
        authority,
        payer,
        engine: keys.engine,
        registry: keys.registry,
        board: keys.board,
        market: keys.market(args.index),
        system_program: SYSTEM_PROGRAM,
    };
    interface::list_market(&accounts, args)
}

/// Changes a market's status and terms.
pub fn update_market(keys: &EngineKeys, authority: Pubkey, market: u8, args: UpdateMarketArgs) -> Instruction {
    let accounts = interface::UpdateMarket {
        authority,
        engine: keys.engine,
        registry: keys.registry,
        board: keys.board,
        market: keys.market(market),
    };
    interface::update_market(&accounts, args)
}

/// Who lets a fill happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillAuthority {
    /// A venue that both owners approved, by its PDA.
    Venue {
        /// The PDA of the venue's program.
        signer: Pubkey,
    },
    /// The owner of each side, or its delegate with the right to trade.
    Sides {
        /// Of the buyer.
        buyer: Pubkey,
        /// Of the seller.
        seller: Pubkey,
    },
}

/// Moves a position from `seller` to `buyer`, both margin accounts.
pub fn settle_fill(
    keys: &EngineKeys,
    market: u8,
    buyer: Pubkey,
    seller: Pubkey,
    authority: FillAuthority,
    args: SettleFillArgs,
) -> Instruction {
    let (venue_signer, sides) = match authority {
        FillAuthority::Venue { signer } => (Some(signer), None),
        FillAuthority::Sides { buyer, seller } => (None, Some((buyer, seller))),
    };
    let accounts = interface::SettleFill {
        buyer,
        seller,
        registry: keys.registry,
        board: keys.board,
        market: keys.market(market),
        venue: venue_signer.map(|signer| keys.venue(&signer)),
        venue_signer,
        buyer_authority: sides.map(|sides| sides.0),
        seller_authority: sides.map(|sides| sides.1),
    };
    interface::settle_fill(&accounts, args.base_units, args.quote_atoms)
}

/// Reports a market's premium; signed by the venue's PDA.
pub fn report_premium(keys: &EngineKeys, market: u8, venue_signer: Pubkey, premium_ppm: i32) -> Instruction {
    let accounts = interface::ReportPremium {
        venue_signer,
        venue: keys.venue(&venue_signer),
        registry: keys.registry,
        market: keys.market(market),
    };
    interface::report_premium(&accounts, premium_ppm)
}

/// Books funding since the last crank; anyone may send it.
pub fn crank_funding(keys: &EngineKeys, market: u8) -> Instruction {
    let accounts = interface::CrankFunding { registry: keys.registry, board: keys.board, market: keys.market(market) };
    interface::crank_funding(&accounts)
}

/// Carries a position over to the current epoch, applies the index and ends what rounding left; anyone may send it.
pub fn touch_position(keys: &EngineKeys, margin_account: Pubkey, market: u8) -> Instruction {
    let accounts = interface::TouchPosition {
        margin_account,
        registry: keys.registry,
        board: keys.board,
        market: keys.market(market),
    };
    interface::touch_position(&accounts)
}

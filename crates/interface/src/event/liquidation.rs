//! Liquidations.

use solana_pubkey::Pubkey;

use crate::args::wire;

wire! {
    /// Debt was repaid against collateral.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct CollateralLiquidated {
        /// The engine.
        pub engine: Pubkey,
        /// The account that was liquidated.
        pub liquidatee: Pubkey,
        /// The account that liquidated it.
        pub liquidator: Pubkey,
        /// That account's owner or delegate, who signed.
        pub signer: Pubkey,
        /// Bank of the collateral.
        pub asset_bank: u8,
        /// Bank of the debt.
        pub liability_bank: u8,
        /// Market whose negative PnL was repaid; 255 for a borrow.
        pub market: u8,
        /// 0 cure, 1 wind-down.
        pub regime: u8,
        /// Penalty, ppm of the debt repaid.
        pub penalty_ppm: u32,
        /// Seconds the account had been under water.
        pub under_water_secs: u32,
        /// Debt repaid, atoms.
        pub repaid_atoms: u64,
        /// Insurance share of the penalty, atoms of the debt's mint, on top of what was repaid.
        pub insurance_fee_atoms: u64,
        /// Collateral moved, atoms, by the registry's copy of the deposit index.
        pub seized_atoms: u64,
        /// Deposit shares moved; interest that the registry's copy did not show stayed with the liquidatee.
        pub seized_shares: u64,
        /// Notional closed at spot, micro-dollars.
        pub notional_usd_micro: u64,
        /// NAV of the liquidatee at spot before, pico-dollars.
        pub nav_before_usd_pico: i128,
        /// NAV of the liquidatee at spot afterwards, pico-dollars.
        pub nav_after_usd_pico: i128,
        /// Maintenance requirement of the liquidatee at spot before, pico-dollars.
        pub mmr_before_usd_pico: i128,
        /// Maintenance requirement of the liquidatee at spot afterwards, pico-dollars.
        pub mmr_after_usd_pico: i128,
    }
}

wire! {
    /// A perp was taken over at spot.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PositionLiquidated {
        /// The engine.
        pub engine: Pubkey,
        /// The account that was liquidated.
        pub liquidatee: Pubkey,
        /// The account that liquidated it.
        pub liquidator: Pubkey,
        /// That account's owner or delegate, who signed.
        pub signer: Pubkey,
        /// The market.
        pub market: u8,
        /// 1 where a long was taken over, 0 where a short.
        pub long: u8,
        /// 0 cure, 1 wind-down.
        pub regime: u8,
        /// Penalty, ppm of the notional.
        pub penalty_ppm: u32,
        /// Seconds the account had been under water.
        pub under_water_secs: u32,
        /// Base units moved.
        pub units: u64,
        /// What they are worth at spot, quote atoms.
        pub notional_atoms: u64,
        /// The liquidator's part of the penalty, quote atoms.
        pub liquidator_penalty_atoms: u64,
        /// Insurance share of the penalty, which became the market's own claim, quote atoms.
        pub insurance_fee_atoms: u64,
        /// Units by which both sides' open interest fell.
        pub netted_units: u64,
        /// Notional closed at spot, micro-dollars.
        pub notional_usd_micro: u64,
        /// NAV of the liquidatee at spot before, pico-dollars.
        pub nav_before_usd_pico: i128,
        /// NAV of the liquidatee at spot afterwards, pico-dollars.
        pub nav_after_usd_pico: i128,
        /// Maintenance requirement of the liquidatee at spot before, pico-dollars.
        pub mmr_before_usd_pico: i128,
        /// Maintenance requirement of the liquidatee at spot afterwards, pico-dollars.
        pub mmr_after_usd_pico: i128,
    }
}

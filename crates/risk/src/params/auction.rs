//! The Dutch auction of a cure: its penalty, and who gets it.

use super::field::{group, quantities};

/// Hands the list of this group's parameters to the macro `$with`: name, type, default, bounds, class.
#[macro_export]
macro_rules! auction_params {
    ($with:ident) => {
        $with! {
            /// The Dutch auction of a cure: its penalty, and who gets it.
            auction: AuctionParams, AuctionArgs, 48 bytes, |all|
            /// p0: penalty at the start of the auction.
            penalty_start_ppm: u32 = 1_000, from 0, to all.auction.penalty_cap_ppm,
                class [any waits, "a rise costs whoever is liquidated, a fall delays whoever would liquidate"];
            /// pcap: penalty at the ceiling of the auction.
            penalty_cap_ppm: u32 = 50_000, from 1, to 200_000,
                class [any waits,
                    "a rise costs whoever is liquidated; too low for a liquidator, losses become those of lenders"];
            /// T_a: time from p0 to pcap.
            auction_secs: u32 = 40, from 1, to 3_600,
                class [any waits, "shorter, penalties rise sooner; longer, liquidations come later"];
            /// s: slope of the depth term.
            depth_slope_ppm: u32 = 250_000, from 0, to 2_000_000,
                class [any waits, "a rise costs whoever falls fast, a fall delays the liquidation of him"];
            /// k: factor below the bound at which a liquidation stops improving the ratio.
            improvement_factor_ppm: u32 = 800_000, from 100_000, to 950_000,
                class [any waits, "a rise lets penalties take more, a fall makes wind-downs of cures"];
            /// The h in `p_max` is at most this.
            health_cap_ppm: u32 = 500_000, from 1, to 500_000,
                class [any waits, "a rise lets penalties take more, a fall makes wind-downs of cures"];
            /// c: insurance share of a penalty.
            insurance_share_ppm: u32 = 250_000, from 0, to 900_000,
                class [any waits,
                    "a fall starves insurance; a rise starves liquidators and makes wind-downs of cures"];
            /// p_floor: what the cheapest liquidation costs a liquidator.
            penalty_floor_ppm: u32 = 1_000, from 1, to all.auction.penalty_cap_ppm,
                class [any waits, "a rise makes wind-downs of cures, a fall leaves liquidations unpaid"];
        }
    };
}

auction_params!(group);
quantities! {
    AuctionParams:
    penalty_start_ppm as penalty_start: Ppm,
    penalty_cap_ppm as penalty_cap: Ppm,
    auction_secs as auction: Secs,
    depth_slope_ppm as depth_slope: Ppm,
    improvement_factor_ppm as improvement_factor: Ppm,
    health_cap_ppm as health_cap: Ppm,
    insurance_share_ppm as insurance_share: Ppm,
    penalty_floor_ppm as penalty_floor: Ppm,
}

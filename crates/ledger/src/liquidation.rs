//! What a liquidation moves between two accounts: shares of the ledger, never tokens, so that no cap, pause of a mint
//! or lack of liquidity can stop it. One file a kind of leg, as in [`plimsoll_risk::liquidate`], which plans.

mod pair;
mod perp;

pub use pair::*;
pub use perp::*;

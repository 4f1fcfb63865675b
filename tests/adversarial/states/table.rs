//! What every instruction does with an account in every state.

/// What calls end with, by the state of the account in question. `ok`, or the name of the error; `-` where nobody signs
/// for the account.
pub struct Row {
    /// Calls of the table of valid calls, each with the account's role where there are two.
    pub calls: &'static [&'static str],
    /// Signed by the account's delegate, and by a stranger.
    pub signed_by: [&'static str; 2],
    /// Under water, and under water one second after an initial check.
    pub sunk: [&'static str; 2],
    /// Frozen: assets are being seized; debts are being paid, with insurance reserved.
    pub frozen: [&'static str; 2],
    /// Active: holding nothing, and holding what the call needs.
    pub active: [&'static str; 2],
}

/// Calls of which the guards do not say everything; any other goes through but for who signs and what is frozen.
pub const TABLE: &[Row] = &[
    Row {
        calls: &["close_account"],
        signed_by: ["NotOwner", "NotOwner"],
        sunk: ["AccountNotEmpty", "AccountNotEmpty"],
        frozen: ["AccountBankrupt", "AccountBankrupt"],
        active: ["ok", "ok"],
    },
    Row {
        calls: &["deposit"],
        signed_by: ["token: owner mismatch", "NotOwnerOrDelegate"],
        sunk: ["ok", "ok"],
        frozen: ["AccountBankrupt", "AccountBankrupt"],
        active: ["ok", "ok"],
    },
    Row {
        calls: &["withdraw"],
        signed_by: ["NotOwner", "NotOwner"],
        sunk: ["InitialMarginInsufficient", "InitialMarginInsufficient"],
        frozen: ["AccountBankrupt", "AccountBankrupt"],
        active: ["BalanceInsufficient", "ok"],
    },
    Row {
        calls: &["borrow"],
        signed_by: ["NotOwner", "NotOwner"],
        sunk: ["InitialMarginInsufficient", "InitialMarginInsufficient"],
        frozen: ["AccountBankrupt", "AccountBankrupt"],
        active: ["InitialMarginInsufficient", "ok"],
    },
    Row {
        calls: &["repay"],
        signed_by: ["-", "-"],
        sunk: ["ok", "ok"],
        frozen: ["ok", "ok"],
        active: ["NothingOwed", "ok"],
    },
    Row {
        calls: &["settle_fill: a venue / buyer", "settle_fill: a venue / seller"],
        signed_by: ["-", "-"],
        sunk: ["InitialMarginInsufficient", "InitialMarginInsufficient"],
        frozen: ["AccountBankrupt", "AccountBankrupt"],
        active: ["InitialMarginInsufficient", "ok"],
    },
    Row {
        calls: &["settle_fill: both sides / buyer", "settle_fill: both sides / seller"],
        signed_by: ["ok", "NotOwnerOrDelegate"],
        sunk: ["InitialMarginInsufficient", "InitialMarginInsufficient"],
        frozen: ["AccountBankrupt", "AccountBankrupt"],
        active: ["InitialMarginInsufficient", "ok"],
    },
    Row {
        calls: &["settle_pnl: a loss"],
        signed_by: ["-", "-"],
        sunk: ["ok", "ok"],
        frozen: ["AccountBankrupt", "AccountBankrupt"],
        active: ["PositionMissing", "ok"],
    },
    Row {
        calls: &["take_win"],
        signed_by: ["NotOwner", "NotOwner"],
        sunk: ["ok", "ok"],
        frozen: ["AccountBankrupt", "AccountBankrupt"],
        active: ["PositionMissing", "ok"],
    },
    Row {
        calls: &["touch_position"],
        signed_by: ["-", "-"],
        sunk: ["ok", "ok"],
        frozen: ["ok", "ok"],
        active: ["PositionMissing", "ok"],
    },
    Row {
        calls: &[
            "liquidate_collateral: a borrow / liquidator",
            "liquidate_collateral: a borrow, both banks / liquidator",
            "liquidate_collateral: negative PnL / liquidator",
            "liquidate_position / liquidator",
        ],
        signed_by: ["ok", "NotOwnerOrDelegate"],
        sunk: ["LiquidatorMarginInsufficient", "LiquidatorMarginInsufficient"],
        frozen: ["AccountBankrupt", "AccountBankrupt"],
        active: ["LiquidatorMarginInsufficient", "ok"],
    },
    Row {
        calls: &[
            "liquidate_collateral: a borrow / liquidatee",
            "liquidate_collateral: a borrow, both banks / liquidatee",
        ],
        signed_by: ["-", "-"],
        sunk: ["NotBestLeg", "CoolOff"],
        frozen: ["AccountBankrupt", "AccountBankrupt"],
        active: ["AccountHealthy", "ok"],
    },
    Row {
        calls: &["liquidate_collateral: negative PnL / liquidatee", "liquidate_position / liquidatee"],
        signed_by: ["-", "-"],
        sunk: ["ok", "CoolOff"],
        frozen: ["AccountBankrupt", "AccountBankrupt"],
        active: ["AccountHealthy", "ok"],
    },
    Row {
        calls: &["resolve_bankruptcy: freeze"],
        signed_by: ["-", "-"],
        sunk: ["ok", "ok"],
        frozen: ["WrongStage", "WrongStage"],
        active: ["NotBankrupt", "ok"],
    },
    Row {
        calls: &[
            "resolve_bankruptcy: seize a token",
            "resolve_bankruptcy: seize quote",
            "resolve_bankruptcy: seize a gain",
        ],
        signed_by: ["-", "-"],
        sunk: ["ok", "ok"],
        frozen: ["ok", "WrongStage"],
        active: ["WrongStage", "WrongStage"],
    },
    Row {
        calls: &[
            "resolve_bankruptcy: pay the quote borrow",
            "resolve_bankruptcy: pay another borrow",
            "resolve_bankruptcy: pay a loss",
        ],
        signed_by: ["-", "-"],
        sunk: ["ok", "ok"],
        frozen: ["ok", "ok"],
        active: ["WrongStage", "WrongStage"],
    },
    Row {
        calls: &["resolve_bankruptcy: finish"],
        signed_by: ["-", "-"],
        sunk: ["WrongStage", "WrongStage"],
        frozen: ["ok", "ok"],
        active: ["WrongStage", "WrongStage"],
    },
];

//! The settings of each job.

use plimsoll_sdk::offer::{LEAST_GAIN, SLIPPAGE};
use serde::{Deserialize, Serialize};

/// Name of the job that liquidates, in counters and logs.
pub const LIQUIDATE: &str = "liquidate";

/// Declares a job's configuration with its defaults beside the fields.
macro_rules! job_config {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty = $default:expr,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            /// Runs this job.
            pub enabled: bool,
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { enabled: true, $($field: $default,)* }
            }
        }
    };
}

/// The jobs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jobs {
    /// Takes newer prices into the board.
    pub refresh_price: RefreshConfig,
    /// Books interest.
    pub accrue: AccrueConfig,
    /// Books funding.
    pub crank_funding: FundingConfig,
    /// Turns PnL into quote.
    pub settle_pnl: SettleConfig,
    /// Keeps the auction clocks running.
    pub observe: ObserveConfig,
    /// Liquidates.
    pub liquidate: LiquidateConfig,
    /// Resolves bankrupt accounts.
    pub bankruptcy: BankruptcyConfig,
    /// Turns waiting penalties and fees into insurance.
    pub sweep: SweepConfig,
    /// Executes changes of the engine that are due, and clears away those that have expired.
    pub execute_changes: ChangesConfig,
    /// Moves what ramps.
    pub advance_ramps: RampsConfig,
}

job_config! {
    /// Takes newer prices into the board.
    RefreshConfig {
        /// How often it looks.
        every_millis: u64 = 1_000,
        /// A held price older than this is refreshed even where it has not moved.
        max_age_secs: u32 = 8,
        /// A price that moved by this much is refreshed at once.
        min_move_ppm: u32 = 200,
        /// Most feeds in one transaction.
        feeds_per_transaction: usize = 8,
    }
}

job_config! {
    /// Books interest.
    AccrueConfig {
        /// How often it looks.
        every_millis: u64 = 10_000,
        /// A bank is accrued when it was last this long ago.
        max_age_secs: u32 = 600,
    }
}

job_config! {
    /// Books funding.
    FundingConfig {
        /// How often it looks.
        every_millis: u64 = 10_000,
        /// A market is cranked when it was last this long ago.
        max_age_secs: u32 = 600,
    }
}

job_config! {
    /// Turns PnL into quote: losses first, so that the pool has what gains are due.
    SettleConfig {
        /// How often it looks.
        every_millis: u64 = 60_000,
        /// PnL and claims below this are left to accumulate, quote atoms.
        least_atoms: u64 = 5_000_000,
        /// Most accounts in one turn.
        accounts_per_turn: usize = 50,
    }
}

job_config! {
    /// Keeps the auction clocks of accounts under water running.
    ObserveConfig {
        /// How often it looks.
        every_millis: u64 = 1_000,
        /// An account under water is observed when it was last this long ago; below the engine's observation gap.
        max_age_secs: u32 = 10,
        /// Observes accounts that come near maintenance as well, once an entry, so that the program calls their owners.
        call_owners: bool = true,
        /// Most accounts in one turn, but for those that fill up a transaction.
        accounts_per_turn: usize = 50,
        /// An account that liquidating can gain less by is observed where its standing changes, and not again and again,
        /// micro-dollars.
        min_gain_usd_micro: u64 = LEAST_GAIN.get(),
    }
}

job_config! {
    /// Liquidates.
    LiquidateConfig {
        /// How often it looks; a change of prices wakes it at once.
        every_millis: u64 = 400,
        /// Transactions under way at once.
        max_in_flight: usize = 8,
        /// Least gain at spot that is worth a transaction, micro-dollars.
        min_gain_usd_micro: u64 = LEAST_GAIN.get(),
        /// Room of the limit price below the plan.
        slippage_ppm: u32 = SLIPPAGE.get(),
        /// Largest notional of one liquidation, micro-dollars.
        max_notional_usd_micro: u64 = 1_000_000_000_000,
        /// Wait after a failure at the same account; doubles with each.
        backoff_millis: u64 = 1_000,
        /// Longest such wait.
        backoff_max_millis: u64 = 60_000,
    }
}

job_config! {
    /// Resolves bankrupt accounts.
    BankruptcyConfig {
        /// How often it looks.
        every_millis: u64 = 5_000,
        /// Most calls for one account in one turn.
        calls_per_turn: usize = 40,
    }
}

job_config! {
    /// Turns waiting penalties and fees into insurance.
    SweepConfig {
        /// How often it looks.
        every_millis: u64 = 60_000,
        /// Less than this is left waiting, atoms.
        least_atoms: u64 = 1,
    }
}

job_config! {
    /// Executes changes of the engine that are due, and clears away those that have expired; whoever proposed them is known,
    /// and they waited in public.
    ChangesConfig {
        /// How often it looks.
        every_millis: u64 = 60_000,
        /// Wait after a change that was refused; doubles with each.
        backoff_millis: u64 = 60_000,
        /// Longest such wait.
        backoff_max_millis: u64 = 3_600_000,
    }
}

job_config! {
    /// Moves what ramps: a step that comes late is not made up for.
    RampsConfig {
        /// How often it looks.
        every_millis: u64 = 10_000,
        /// What ramps is moved when it was last this long ago; above an hour, ramps come later than they were announced.
        max_age_secs: u32 = 600,
    }
}

//! Keys of an engine, by what they may do.

use std::fmt;

use plimsoll_sdk::ix::args::RoleArg;
use plimsoll_state::EngineRole;
use serde::Serialize;

use super::{EngineConfig, Key};

/// A key of an engine, by what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sets the engine up, proposes changes, makes those that tighten.
    Authority,
    /// Proposes changes and makes those that tighten.
    RiskAuthority,
    /// Pauses, and cancels changes.
    Guardian,
    /// Takes the protocol's fees.
    FeeCollector,
}

impl Role {
    /// Every one; the authority last, who hands the others over.
    pub const ALL: [Self; 4] = [Self::RiskAuthority, Self::Guardian, Self::FeeCollector, Self::Authority];

    /// As instructions take it.
    pub const fn arg(self) -> RoleArg {
        match self {
            Self::Authority => RoleArg::Authority,
            Self::RiskAuthority => RoleArg::RiskAuthority,
            Self::Guardian => RoleArg::Guardian,
            Self::FeeCollector => RoleArg::FeeCollector,
        }
    }

    /// As it is stored.
    pub fn stored(self) -> EngineRole {
        self.arg().into()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authority => "authority",
            Self::RiskAuthority => "risk authority",
            Self::Guardian => "guardian",
            Self::FeeCollector => "fee collector",
        })
    }
}

impl EngineConfig {
    /// Whom the file names for a role.
    pub const fn holder(&self, role: Role) -> Option<Key> {
        match role {
            Role::Authority => self.authority,
            Role::RiskAuthority => self.risk_authority,
            Role::Guardian => self.guardian,
            Role::FeeCollector => self.fee_collector,
        }
    }
}

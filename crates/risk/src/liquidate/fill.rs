//! Amounts of one fill, and the caller's limit on them (LIQ-6).

use super::terms::{Kind, Terms};
use super::Request;
use crate::error::RiskError;
use crate::num::mul_wide;

/// Amounts of one fill, see [`super::Plan`].
pub(super) struct Fill {
    pub(super) size: u64,
    pub(super) paid_atoms: u64,
    pub(super) fee_atoms: u64,
    pub(super) received_atoms: u64,
    pub(super) notional_usd_micro: u64,
}

impl Fill {
    pub(super) fn check_limit(&self, terms: &Terms, request: &Request) -> Result<(), RiskError> {
        if request.limit_denominator == 0 {
            return Ok(());
        }
        let (numerator, denominator) = (request.limit_numerator, request.limit_denominator);
        let reached = match &terms.kind {
            Kind::Pair { .. } => mul_wide(self.received_atoms, denominator) >= mul_wide(self.paid_atoms, numerator),
            Kind::Perp { long: true, .. } => {
                let cost = self.paid_atoms.saturating_sub(self.received_atoms);
                mul_wide(cost, denominator) <= mul_wide(self.size, numerator)
            }
            Kind::Perp { long: false, .. } => {
                let proceeds = self.paid_atoms.saturating_add(self.received_atoms);
                mul_wide(proceeds, denominator) >= mul_wide(self.size, numerator)
            }
        };
        if reached {
            Ok(())
        } else {
            Err(RiskError::BelowLimit)
        }
    }
}

//! Which source of a price counts, and the switches between them (PRICE-10).

use plimsoll_risk::breaker::Spell;
use plimsoll_risk::oracle::{PriceSource, SwitchedBy, Switches};
use plimsoll_risk::units::UnixSecs;

use crate::{Feed, OracleKind, OracleSource};

impl Feed {
    /// The source that a refresh takes where it is shown one: the standby while the price is switched to it, else the
    /// primary.
    #[inline(always)]
    pub const fn in_use(&self) -> PriceSource {
        if self.on_standby == 1 {
            PriceSource::Standby
        } else {
            PriceSource::Primary
        }
    }

    /// A source as it is stored.
    #[inline(always)]
    pub const fn source(&self, of: PriceSource) -> &OracleSource {
        let [primary, secondary, standby] = &self.sources;
        match of {
            PriceSource::Primary => primary,
            PriceSource::Secondary => secondary,
            PriceSource::Standby => standby,
        }
    }

    /// Whether a standby is listed.
    pub const fn has_standby(&self) -> bool {
        self.source(PriceSource::Standby).kind != OracleKind::None as u8
    }

    /// The switches so far.
    pub const fn switches(&self) -> Switches {
        Switches {
            last_by: if self.switched_by == 0 { SwitchedBy::Authority } else { SwitchedBy::RiskAuthority },
            authority: Spell { until: UnixSecs::new(self.authority_switched_at), in_a_row: self.authority_switches },
            risk_authority: Spell {
                until: UnixSecs::new(self.risk_authority_switched_at),
                in_a_row: self.risk_authority_switches,
            },
        }
    }

    /// Stores the switches.
    pub const fn set_switches(&mut self, switches: &Switches) {
        self.switched_by = switches.last_by as u8;
        (self.authority_switched_at, self.authority_switches) =
            (switches.authority.until.get(), switches.authority.in_a_row);
        (self.risk_authority_switched_at, self.risk_authority_switches) =
            (switches.risk_authority.until.get(), switches.risk_authority.in_a_row);
    }
}

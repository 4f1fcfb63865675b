//! What is in force, read out of the accounts as the argument that would set it, and what setting another does to users.

use plimsoll_risk::class;
use plimsoll_risk::ratchet::{compare, Change, Class, Ratcheted};
use plimsoll_state::{
    Bank, BankSlot, Feed, Market, MarketSlot, OracleKind, OracleSource, PriceSlot, SlotStatus, Venue,
};
use solana_pubkey::Pubkey;

use crate::{
    BankConfigArgs, MarketTerms, OracleSourceArgs, OtherSetting, PriceConfigArgs, RegisterVenueArgs, UpdateBankArgs,
    UpdateMarketArgs, UpdateVenueArgs,
};

/// Into reduce-only at once, out of it in public.
const REDUCE_ONLY: Class = class!(of [up at once, down waits]);
const WHY_REDUCE_ONLY: &str = "what is held can be reduced, as before";

impl BankConfigArgs {
    /// What is in force of a bank.
    pub fn in_force(bank: &Bank, slot: &BankSlot) -> Self {
        Self::default().stored(bank, slot)
    }
}

impl MarketTerms {
    /// What is in force of a market.
    pub fn in_force(market: &Market, slot: &MarketSlot) -> Self {
        Self::default().stored(market, slot)
    }
}

impl PriceConfigArgs {
    /// What is in force of a price. A slot without a primary gives one of no kind, which is never accepted.
    pub fn in_force(feed: &Feed, slot: &PriceSlot) -> Self {
        let [primary, secondary, standby] = feed.sources.each_ref().map(OracleSourceArgs::in_force);
        Self { primary: primary.unwrap_or_default(), secondary, standby, ..Self::default() }.stored(feed, slot)
    }
}

impl OracleSourceArgs {
    /// What is in force of a source, without the time of its last update; none where there is no source.
    pub fn in_force(source: &OracleSource) -> Option<Self> {
        let of_kind = source.kind != OracleKind::None as u8;
        of_kind.then(|| Self {
            kind: source.kind,
            address: Pubkey::new_from_array(source.address),
            program: Pubkey::new_from_array(source.program),
            feed_id: source.feed_id,
            queue: Pubkey::new_from_array(source.queue),
            min_samples: source.min_samples,
        })
    }
}

impl UpdateBankArgs {
    /// What this sets beside the configuration.
    pub const OTHERS: &'static [OtherSetting] =
        &[OtherSetting { name: "reduce_only", class: REDUCE_ONLY, why: WHY_REDUCE_ONLY }];

    /// What is in force of a bank; one that is terminal accepts only what reduces positions, for ever.
    pub fn in_force(bank: &Bank, slot: &BankSlot) -> Self {
        let reduce_only = slot.status != SlotStatus::Active as u8;
        Self { reduce_only, config: BankConfigArgs::in_force(bank, slot) }
    }
}

impl Ratcheted for UpdateBankArgs {
    fn changes(&self, asked: &Self, each: &mut dyn FnMut(Change)) {
        compare("reduce_only", self.reduce_only.into(), asked.reduce_only.into(), REDUCE_ONLY, each);
        self.config.changes(&asked.config, each);
    }
}

impl RegisterVenueArgs {
    /// What the venue may do then.
    pub const fn permissions(&self) -> UpdateVenueArgs {
        UpdateVenueArgs { active: true, settle_markets: self.settle_markets, premium_markets: self.premium_markets }
    }
}

const VENUE: [OtherSetting; 3] = [
    OtherSetting {
        name: "active",
        class: class!(of [up waits, down at once]),
        why: "a venue that is stopped takes nothing from anybody who holds positions",
    },
    OtherSetting {
        name: "settle_markets",
        class: class!(of [any harmless]),
        why: "owners name the markets of an approval themselves",
    },
    OtherSetting {
        name: "premium_markets",
        class: class!(of [up waits, down at once]),
        why: "funding follows the premium that is reported, of everybody who holds positions in the market",
    },
];

impl UpdateVenueArgs {
    /// What this sets, all of it. Markets are a set: up with another one in it, down with one less.
    pub const OTHERS: &'static [OtherSetting] = &VENUE;
    /// What a venue begins with.
    pub const NEW: Self = Self { active: true, settle_markets: 0, premium_markets: 0 };

    /// What is in force of a venue.
    pub const fn in_force(venue: &Venue) -> Self {
        Self { active: venue.active == 1, settle_markets: venue.settle_markets, premium_markets: venue.premium_markets }
    }
}

impl Ratcheted for UpdateVenueArgs {
    fn changes(&self, asked: &Self, each: &mut dyn FnMut(Change)) {
        let [active, settle, premium] = VENUE;
        compare(active.name, self.active.into(), asked.active.into(), active.class, each);
        compare(settle.name, self.settle_markets.into(), asked.settle_markets.into(), settle.class, each);
        let (from, to) = (self.premium_markets, asked.premium_markets);
        let effect = if to & !from != 0 { premium.class.up } else { premium.class.down };
        if from != to {
            each(Change { name: premium.name, numbers: Some((from.into(), to.into())), effect });
        }
    }
}

impl UpdateMarketArgs {
    /// What this sets beside the terms: `SlotStatus` 1 is active and 2 reduce only, so that up is into reduce-only.
    pub const OTHERS: &'static [OtherSetting] =
        &[OtherSetting { name: "status", class: REDUCE_ONLY, why: WHY_REDUCE_ONLY }];

    /// What is in force of a market.
    pub fn in_force(market: &Market, slot: &MarketSlot) -> Self {
        Self { status: slot.status, terms: MarketTerms::in_force(market, slot) }
    }
}

impl Ratcheted for UpdateMarketArgs {
    fn changes(&self, asked: &Self, each: &mut dyn FnMut(Change)) {
        // Whatever else a status may be asked to be waits, as if it left reduce-only.
        let known = asked.status == SlotStatus::ReduceOnly as u8 && self.status == SlotStatus::Active as u8;
        let class = if known { REDUCE_ONLY } else { class!(of [any waits]) };
        compare("status", self.status.into(), asked.status.into(), class, each);
        self.terms.changes(&asked.terms, each);
    }
}

//! What of a change that mixes need not wait: it can be set now, and the whole proposed.

use plimsoll_interface::args::{
    BankConfigArgs, MarketTerms, PriceConfigArgs, Setting, UpdateBankArgs, UpdateMarketArgs, UpdatePriceArgs,
    UpdateVenueArgs,
};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::ratchet::Effect;
use plimsoll_risk::units::UnixSecs;

use super::{Asked, InForce};

impl InForce<'_> {
    /// What is asked without whatever of it has to wait, which stays as `goals` has it: the same engine with what ramps where
    /// it goes. None where nothing is left that `goals` does not have, where what is asked waits as a whole, as listings
    /// and successors do, and where it would not be accepted without the rest.
    ///
    /// `launched` and a direct signature are taken for granted; `now` is Unix seconds.
    pub fn at_once(&self, goals: &InForce<'_>, asked: &Asked, now: i64) -> Option<Asked> {
        let left = match asked {
            Asked::Params(params) => {
                let (held, goal, mut left) = (self.registry.params(), goals.registry.params(), **params);
                for field in GlobalParams::fields() {
                    if field.class.of_change(field.get(held), field.get(params)) == Some(Effect::Waits) {
                        // A number that has been of this type.
                        let _ = field.set(&mut left, field.get(goal));
                    }
                }
                Asked::Params(Box::new(left))
            }
            Asked::Bank { bank, args } => {
                let (held, goal) = (self.bank(*bank)?, goals.bank(*bank)?);
                let config = kept(BankConfigArgs::SETTINGS, &held.config, &goal.config, args.config);
                let reduce_only = args.reduce_only || held.reduce_only;
                Asked::Bank { bank: *bank, args: UpdateBankArgs { reduce_only, config } }
            }
            Asked::Market { market, args } => {
                let (held, goal) = (self.market(*market)?, goals.market(*market)?);
                let terms = kept(MarketTerms::SETTINGS, &held.terms, &goal.terms, args.terms);
                // Up is into reduce-only; out of it waits.
                Asked::Market {
                    market: *market,
                    args: UpdateMarketArgs { status: args.status.max(held.status), terms },
                }
            }
            Asked::Price(args) => {
                let (held, goal) = (self.price(args.slot)?, goals.price(args.slot)?);
                let config = kept(PriceConfigArgs::SETTINGS, &held, &goal, args.config);
                // Whoever names a source names the price.
                let (primary, secondary, standby) = (held.primary, held.secondary, held.standby);
                let config = PriceConfigArgs { primary, secondary, standby, ..config };
                Asked::Price(UpdatePriceArgs { slot: args.slot, config })
            }
            Asked::Venue { venue, args } => {
                let (_, held) = self.venues.iter().find(|(address, _)| address == venue)?;
                let held = UpdateVenueArgs::in_force(held);
                let (active, premium_markets) =
                    (args.active && held.active, args.premium_markets & held.premium_markets);
                Asked::Venue { venue: *venue, args: UpdateVenueArgs { active, premium_markets, ..*args } }
            }
            Asked::RegisterVenue(_)
            | Asked::ListPrice(_)
            | Asked::ListBank(_)
            | Asked::ListMarket(_)
            | Asked::ProposeRole(_)
            | Asked::WithdrawInsurance { .. } => return None,
        };
        let nothing = goals.changes(&left)?.is_empty();
        let waits = self.verdict(&left)?.waits.is_some();
        (!nothing && !waits && self.accepts(&left, UnixSecs::new(now))).then_some(left)
    }

    fn bank(&self, bank: u8) -> Option<UpdateBankArgs> {
        Some(UpdateBankArgs::in_force(self.banks.get(bank as usize)?, self.registry.bank(bank as usize)?))
    }

    fn market(&self, market: u8) -> Option<UpdateMarketArgs> {
        Some(UpdateMarketArgs::in_force(self.markets.get(market as usize)?, self.registry.market(market as usize)?))
    }

    fn price(&self, slot: u8) -> Option<PriceConfigArgs> {
        let (slot, feed) = (self.board.slots.get(slot as usize)?, self.feeds.feeds.get(slot as usize)?);
        Some(PriceConfigArgs::in_force(feed, slot))
    }

    /// Whether everything listed is accepted beside it, now and where all ramps end: the program asks the same.
    fn accepts(&self, asked: &Asked, now: UnixSecs) -> bool {
        let (mut registry, mut board) = (Box::new(*self.registry), Box::new(*self.board));
        registry.advance_params(now);
        let params = match asked {
            Asked::Params(params) => **params,
            _ => *registry.params(),
        };
        let placed = match asked {
            Asked::Params(params) => {
                let landing = params.landing(registry.params());
                registry.set_params(&landing, params, now);
                params.validate().is_ok() && registry.check_units(&board).is_ok()
            }
            Asked::Bank { bank, args } => {
                let (account, slot) = (self.banks.get(*bank as usize), registry.banks.get_mut(*bank as usize));
                account.zip(slot).is_some_and(|(account, slot)| {
                    slot.advance_ramps(&params, now);
                    args.config.write(true, &params, &mut account.clone(), slot, now);
                    args.config.is_within_bounds(&params)
                })
            }
            Asked::Market { market, args } => {
                let (account, slot) = (self.markets.get(*market as usize), registry.markets.get_mut(*market as usize));
                account.zip(slot).is_some_and(|(account, slot)| {
                    slot.advance_ramps(&params, now);
                    args.terms.write(true, &params, &mut account.clone(), slot, now);
                    args.terms.is_within_bounds(&params)
                })
            }
            Asked::Price(args) => {
                let (slot, feed) = (board.slots.get_mut(args.slot as usize), self.feeds.feeds.get(args.slot as usize));
                slot.zip(feed).is_some_and(|(slot, feed)| {
                    args.config.write(slot, &mut feed.clone());
                    args.config.is_within_bounds(&params)
                })
            }
            _ => true,
        };
        placed && registry.check_listings(&board).is_ok() && registry.check_goals(&board).is_ok()
    }
}

/// What is asked, with each number that has to wait as it goes now.
fn kept<Args: Copy>(settings: &[Setting<Args>], held: &Args, goal: &Args, asked: Args) -> Args {
    let mut left = asked;
    for setting in settings {
        if setting.class.of_change(setting.get(held), setting.get(&asked)) == Some(Effect::Waits) {
            // A number that has been of this type.
            let _ = setting.set(&mut left, setting.get(goal));
        }
    }
    left
}

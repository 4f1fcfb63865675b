//! The engine is created, filled and handed over.

use plimsoll::EngineError;
use plimsoll_sdk::ix::{self, args};
use plimsoll_sim::listing::BANKS;
use plimsoll_sim::world::{BankConfig, MarketConfig, PriceConfig, AT_ONCE, BTC, BTC_PERP};
use plimsoll_state::{pause, SlotStatus};

use super::{went_through, Story};

/// Test clusters may list averages that are ready within a test.
const TEST_CLUSTER: bool = true;

impl Story {
    /// Creates the engine, lists everything, changes everything that can be changed, and changes hands.
    pub(super) fn administration(&mut self) {
        went_through(self.world.create_engine(TEST_CLUSTER));
        self.world.grow_all(&AT_ONCE);
        let (keys, authority) = (self.world.keys, self.world.authority);
        self.refused(&authority, ix::grow_board(&keys, authority), EngineError::AlreadyComplete);
        self.refused(&authority, ix::grow_feeds(&keys, authority), EngineError::AlreadyComplete);
        self.world.default_listing();
        self.updates();
        self.succession();
    }

    fn updates(&mut self) {
        let keys = self.world.keys;
        let (authority, mallory) = (self.world.authority, self.world.party("mallory"));
        let params = AT_ONCE.with(|new| new.observation.cool_off_secs = 3);
        self.refused(&mallory, ix::update_params(&keys, mallory, &params), EngineError::NotAuthority);
        self.sent(&authority, ix::update_params(&keys, authority, &params));

        let (listed, _) = self.world.price_args(&PriceConfig { update_secs: 3, ..PriceConfig::named("BTC") });
        let price = args::UpdatePriceArgs { slot: BTC, config: listed.config };
        self.sent(&authority, ix::update_price(&keys, authority, price));

        let config = BankConfig { interest_fee_ppm: 200_000, ..BankConfig::of(&BANKS[BTC as usize], BTC) };
        let bank = args::UpdateBankArgs { reduce_only: false, config: config.args() };
        self.sent(&authority, ix::update_bank(&keys, authority, BTC, bank));

        let config = MarketConfig { fill_fee_ppm: 200, ..MarketConfig::BTC };
        let market = args::UpdateMarketArgs { status: SlotStatus::Active as u8, terms: config.args(BTC_PERP).terms };
        self.sent(&authority, ix::update_market(&keys, authority, BTC_PERP, market));
    }

    /// A guard who may pause is named, and a successor becomes the authority.
    fn succession(&mut self) {
        let keys = self.world.keys;
        let (authority, heir, guard) = (self.world.authority, self.world.party("heir"), self.world.party("guard"));
        for (role, next) in [(args::RoleArg::Guardian, guard), (args::RoleArg::Authority, heir)] {
            self.sent(&authority, ix::propose_role(&keys, authority, role, Some(next)));
            self.sent(&next, ix::accept_role(&keys, next, role));
        }
        self.world.authority = heir;
        self.sent(&guard, ix::pause(&keys, guard, pause::BORROW));
        self.refused(&guard, ix::unpause(&keys, guard, pause::ALL), EngineError::PauseOnly);
        let halt = |halted| args::HaltPriceArgs { slot: BTC, halted, lasts_secs: Some(60) };
        self.sent(&guard, ix::halt_price(&keys, guard, halt(true)));
        self.refused(&guard, ix::halt_price(&keys, guard, halt(false)), EngineError::PauseOnly);
        self.sent(&heir, ix::halt_price(&keys, heir, halt(false)));
    }
}

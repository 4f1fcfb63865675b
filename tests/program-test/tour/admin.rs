//! The engine is created, filled and handed over.

use plimsoll::EngineError;
use plimsoll_sdk::ix::{self, args};
use plimsoll_sim::listing::BANKS;
use plimsoll_sim::world::{BankConfig, MarketConfig, PriceConfig, Tick, AT_ONCE, BTC, BTC_PERP};
use plimsoll_state::{pause, SlotStatus};
use solana_pubkey::Pubkey;

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
        self.launch();
        self.changes();
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

    fn launch(&mut self) {
        let (keys, authority) = (self.world.keys, self.world.authority);
        self.sent(&authority, ix::launch_engine(&keys, authority));
        self.refused(&authority, ix::launch_engine(&keys, authority), EngineError::AlreadyComplete);
    }

    /// With a delay of a minute: what loosens is proposed, executed and cancelled, what can liquidate ramps; then without one
    /// again.
    fn changes(&mut self) {
        let (keys, authority) = (self.world.keys, self.world.authority);
        let held = *self.world.registry().params();
        let waiting = held.with(|new| new.changes.change_delay_secs = 60);
        self.sent(&authority, ix::update_params(&keys, authority, &waiting));

        let tighter = |tighter_ppm: u32| {
            let mut config = BankConfig::of(&BANKS[BTC as usize], BTC).args();
            config.interest_fee_ppm = 200_000;
            config.asset_maint_ppm -= tighter_ppm;
            config.asset_init_ppm -= tighter_ppm;
            args::UpdateBankArgs { reduce_only: false, config }
        };
        self.sent(&authority, ix::update_bank(&keys, authority, BTC, tighter(1_000)));
        self.world.advance(400);
        self.sent(&authority, ix::advance_ramp(&keys, args::RampArg::Bank(BTC)));
        let back = ix::update_bank(&keys, authority, BTC, tighter(0));
        self.refused(&authority, back, EngineError::ChangeWaits);

        let by_executor = [
            ix::update_bank(&keys, keys.executor(), BTC, tighter(0)),
            ix::update_params(&keys, keys.executor(), &held),
        ];
        for (change, id) in by_executor.iter().chain(&by_executor[..1]).zip(0..) {
            self.sent(&authority, ix::propose_change(&keys, (authority, authority), id, change));
        }
        let change = |story: &Self, id| story.world.read(&keys.change(id));
        let early = ix::execute_change(&keys, authority, &change(self, 0));
        self.refused(&authority, early, EngineError::ChangeNotDue);
        let unwanted = ix::cancel_change(&keys, authority, &change(self, 2));
        self.sent(&authority, unwanted);
        self.world.advance(60);
        for id in 0..2 {
            let execute = ix::execute_change(&keys, authority, &change(self, id));
            self.sent(&authority, execute);
        }
        self.world.hold_prices(10, 5);
    }

    /// A guard who may pause is named, and a successor becomes the authority.
    fn succession(&mut self) {
        let keys = self.world.keys;
        let (authority, heir, guard) = (self.world.authority, self.world.party("heir"), self.world.party("guard"));
        let roles = [
            (args::RoleArg::Guardian, guard),
            (args::RoleArg::FeeCollector, heir),
            (args::RoleArg::RiskAuthority, heir),
            (args::RoleArg::Authority, heir),
        ];
        for (role, next) in roles {
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
        self.switch_sources(&guard, &heir);
    }

    /// To the standby and back, by who may; the averages are waited for.
    fn switch_sources(&mut self, guard: &Pubkey, heir: &Pubkey) {
        let (keys, feed) = (self.world.keys, self.world.feeds[BTC as usize]);
        let standby = feed.standby.expect("it has a standby").0;
        for (to_standby, source) in [(true, standby), (false, feed.primary)] {
            self.world.advance(1);
            let tick = Tick { published_at: self.world.now(), ..feed.last.expect("a price was posted") };
            self.world.post_standby(BTC, tick);
            self.world.post_primary(BTC, tick);
            let args = args::SwitchSourceArgs { slot: BTC, to_standby };
            self.refused(guard, ix::switch_source(&keys, *guard, source, args), EngineError::NotAuthority);
            self.sent(heir, ix::switch_source(&keys, *heir, source, args));
        }
        self.world.hold_prices(125, 5);
    }
}

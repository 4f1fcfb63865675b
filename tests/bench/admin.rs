//! Listing, parameters, authorities, venues, opening and closing accounts: none has a goal.

use anchor_lang::prelude::Pubkey;
use plimsoll_state::SlotStatus;
use plimsoll_tests::{args, ix, pda, program_file, BankConfig, MarketConfig, PriceConfig, Trader, World, AT_ONCE, E8};
use solana_instruction::Instruction;

use super::measure::measure as run;
use super::row::Row;

/// A world that measures every instruction before it sends it.
struct Meter<'a> {
    world: World,
    rows: &'a mut Vec<Row>,
}

/// Adds the rows.
pub fn measure(rows: &mut Vec<Row>) {
    let mut meter = Meter { world: World::without_engine(), rows };
    meter.engine();
    meter.listings();
    meter.venues();
    meter.accounts();
    meter.authorities();
    meter.migrations();
}

impl Meter<'_> {
    fn sent(&mut self, operation: &'static str, case: &str, payer: Pubkey, instruction: Instruction) {
        self.rows.push(Row::new(operation, case, &run(&self.world, &payer, &instruction, operation)));
        self.world.send(&payer, &[instruction]).unwrap_or_else(|failure| panic!("{operation}: {failure}"));
    }

    fn engine(&mut self) {
        let (keys, authority, params) = (self.world.keys, self.world.authority, AT_ONCE);
        let args = args::CreateEngineArgs::held_by(authority, 0, true);
        self.sent("create_engine", "", authority, ix::create_engine(authority, authority, args));
        for step in 1..=ix::REGISTRY_STEPS {
            let grow = ix::grow_registry(&keys, authority, authority, &params);
            self.sent("grow_registry", &format!("step {step}"), authority, grow);
        }
        for step in 1..=ix::BOARD_STEPS {
            self.sent("grow_board", &format!("step {step}"), authority, ix::grow_board(&keys, authority));
        }
        for step in 1..=ix::FEEDS_STEPS {
            self.sent("grow_feeds", &format!("step {step}"), authority, ix::grow_feeds(&keys, authority));
        }
    }

    fn listings(&mut self) {
        let (keys, authority) = (self.world.keys, self.world.authority);
        let config = PriceConfig { fastest_fall_ppm_per_sec: 100, ..PriceConfig::named("USDC") };
        let (args, feed) = self.world.price_args(&config);
        let update = args::UpdatePriceArgs { slot: 0, config: args.config };
        self.sent("list_price", "", authority, ix::list_price(&keys, authority, args));
        self.world.feeds.push(feed);
        self.sent("update_price", "", authority, ix::update_price(&keys, authority, update));
        self.world.set_price(0, E8).unwrap_or_else(|failure| panic!("refresh_price: {failure}"));

        let mint = self.world.create_mint("USDC", 6);
        let bank = BankConfig::of(&plimsoll_sim::listing::BANKS[0], 0).args();
        let args = args::ListBankArgs { index: 0, price_slot: 0, config: bank };
        let list = ix::list_bank(&keys, authority, authority, (mint.key, mint.program), args);
        self.sent("list_bank", "", authority, list);
        let args = args::UpdateBankArgs { reduce_only: false, config: bank };
        self.sent("update_bank", "", authority, ix::update_bank(&keys, authority, 0, args));

        let market = MarketConfig::of(&plimsoll_sim::listing::MARKETS[0], 0).args(0);
        let args = args::UpdateMarketArgs { status: SlotStatus::Active as u8, terms: market.terms };
        self.sent("list_market", "", authority, ix::list_market(&keys, authority, authority, market));
        self.sent("update_market", "", authority, ix::update_market(&keys, authority, 0, args));
        self.sent("update_params", "", authority, ix::update_params(&keys, authority, &AT_ONCE));
    }

    fn venues(&mut self) {
        let (keys, authority) = (self.world.keys, self.world.authority);
        let signer = self.world.party("venue");
        let args = args::RegisterVenueArgs { signer, settle_markets: 1, premium_markets: 1 };
        self.sent("register_venue", "", authority, ix::register_venue(&keys, authority, authority, args));
        let args = args::UpdateVenueArgs { active: true, settle_markets: 1, premium_markets: 0 };
        self.sent("update_venue", "", authority, ix::update_venue(&keys, authority, keys.venue(&signer), args));
    }

    fn accounts(&mut self) {
        let keys = self.world.keys;
        let (owner, venue) = (self.world.party("owner"), keys.venue(&self.world.party("venue")));
        let account = keys.margin_account(&owner, 0);
        let authority = self.world.authority;
        self.sent("launch_engine", "", authority, ix::launch_engine(&keys, authority));
        let open = ix::open_account(&keys, owner, owner, args::OpenAccountArgs { id: 0, delegate: None });
        self.sent("open_account", "", owner, open);
        self.sent(
            "set_delegate",
            "",
            owner,
            ix::set_delegate(owner, account, Some(args::DelegateArgs::liquidator(pda::PROGRAM_ID))),
        );
        let approve = self.world.approve_venue(&Trader { owner, account }, venue, 1_000_000);
        self.sent("approve_venue", "", owner, approve);
        self.sent("revoke_venue", "", owner, ix::revoke_venue(owner, account, venue));
        self.sent("close_account", "", owner, ix::close_account(owner, account, owner));
    }

    /// Everything so far has the first layout; the program becomes the one with the next.
    fn migrations(&mut self) {
        let (keys, payer) = (self.world.keys, self.world.authority);
        let owner = self.world.party("owner");
        let open = ix::open_account(&keys, owner, owner, args::OpenAccountArgs { id: 1, delegate: None });
        self.world.send(&owner, &[open]).unwrap_or_else(|failure| panic!("open_account: {failure}"));
        self.world.add_program(pda::PROGRAM_ID, &program_file("PLIMSOLL_NEXT_SO", "plimsoll_next"));
        for (case, account) in [
            ("registry", keys.registry),
            ("board", keys.board),
            ("bank", keys.bank(0).bank),
            ("market", keys.market(0)),
            ("margin account", keys.margin_account(&owner, 1)),
        ] {
            self.sent("migrate_account", case, payer, ix::migrate_account(account));
        }
    }

    fn authorities(&mut self) {
        let (keys, authority) = (self.world.keys, self.world.authority);
        self.sent("set_pause", "", authority, ix::pause(&keys, authority, 1));
        let halt = args::HaltPriceArgs { slot: 0, halted: true, lasts_secs: None };
        self.sent("halt_price", "", authority, ix::halt_price(&keys, authority, halt));
        let successor = self.world.party("successor");
        let role = args::RoleArg::Authority;
        self.sent("propose_role", "", authority, ix::propose_role(&keys, authority, role, Some(successor)));
        self.sent("accept_role", "", successor, ix::accept_role(&keys, successor, role));
    }
}

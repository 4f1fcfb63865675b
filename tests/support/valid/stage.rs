//! Two engines on one chain with the same mints, owners and feeds, and an account in every state that an instruction
//! can be called on.

use anchor_lang::prelude::Pubkey;
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::{AccountStatus, Bank, EngineAccount, MarginAccount, Market, Registry, TokenPosition};
use solana_instruction::Instruction;

use super::mirror::mirror;
use crate::*;

/// Atoms of a dollar.
pub const USD: u64 = 1_000_000;
/// Atoms of a SOL.
pub const SOLS: u64 = 1_000_000_000;
/// Base units of a SOL.
pub const UNITS: u64 = 1_000_000;
/// The change that is due.
pub const DUE: u64 = 0;
/// The change that is to be cancelled.
pub const UNWANTED: u64 = 1;
/// The founder's engine that only has to be launched.
pub const WHOLE: u16 = 2;
/// Price at which positions are opened.
const OPEN_E8: i64 = 200 * E8;
/// Price after the fall.
pub const FALLEN_E8: i64 = 162 * E8;

/// Everything that the tables of this directory call on.
#[derive(Clone)]
pub struct Stage {
    /// The chain and the engine under attack.
    pub world: World,
    /// The other engine, whose authority is the attacker.
    pub other: EngineKeys,
    /// An executable that is none of the programs that an instruction calls.
    pub hostile: Pubkey,
    /// Signs for the venue.
    pub venue_signer: Pubkey,
    /// A second venue's signer.
    pub other_signer: Pubkey,
    /// Quote and SOL, positions both ways.
    pub alice: Trader,
    /// The same.
    pub bob: Trader,
    /// Holds quote for every liquidation.
    pub liquidator: Trader,
    /// Holds quote and owes nothing.
    pub lender: Trader,
    /// SOL against a quote borrow, a few dollars above maintenance.
    pub near: Trader,
    /// SOL against a quote borrow, under water.
    pub debtor: Trader,
    /// A long, under water.
    pub long: Trader,
    /// SOL against the loss of a long, under water.
    pub loser: Trader,
    /// A loss that can be settled.
    pub owing: Trader,
    /// A gain that can be taken.
    pub winner: Trader,
    /// Empty, and its rent paid by another.
    pub empty: Trader,
    /// Paid the rent of `empty`.
    pub rent_payer: Pubkey,
    /// Owes quote and holds nothing, not frozen yet.
    pub bankrupt: Trader,
    /// Frozen: holds SOL and quote, owes nothing.
    pub seized: Trader,
    /// Frozen: a gain, and a quote borrow.
    pub seized_gain: Trader,
    /// Frozen: owes quote.
    pub owing_quote: Trader,
    /// Frozen: owes SOL.
    pub owing_sol: Trader,
    /// Frozen: a loss.
    pub owing_pnl: Trader,
    /// Paying, with nothing left.
    pub paid: Trader,
}

impl Stage {
    /// On a chain of its own, with another program of ours as the hostile one.
    ///
    /// # Panics
    /// Where a program's file is missing, or the program refuses a step.
    pub fn new() -> Self {
        let (mut chain, hostile) = (Chain::new(), address("hostile program"));
        chain.add_program(hostile, &program_file("PLIMSOLL_VENUE_SO", "example_venue"));
        Self::on(chain, hostile)
    }

    /// On a chain that has the engine's program and an executable that is none of those that an instruction calls.
    ///
    /// # Panics
    /// Where the program refuses a step.
    pub fn on(mut chain: Chain, hostile: Pubkey) -> Self {
        let attacker = chain.party("attacker");
        let (world, other) = (engine_of(chain, attacker), EngineKeys::created_by(&attacker, 0));
        let authority = address("authority");
        let mut world = engine_of(world.chain, authority);
        let trader = |world: &mut World, name: &str| open_in_both(world, &other, name);
        let mut stage = Self {
            other,
            hostile,
            venue_signer: world.party("venue signer"),
            other_signer: world.party("other venue signer"),
            alice: trader(&mut world, "alice"),
            bob: trader(&mut world, "bob"),
            liquidator: trader(&mut world, "liquidator"),
            lender: trader(&mut world, "lender"),
            near: trader(&mut world, "near"),
            debtor: trader(&mut world, "debtor"),
            long: trader(&mut world, "long"),
            loser: trader(&mut world, "loser"),
            owing: trader(&mut world, "owing"),
            winner: trader(&mut world, "winner"),
            empty: Trader { owner: world.party("empty"), account: world.keys.margin_account(&address("empty"), 0) },
            rent_payer: world.party("rent payer"),
            bankrupt: trader(&mut world, "bankrupt"),
            seized: trader(&mut world, "seized"),
            seized_gain: trader(&mut world, "seized gain"),
            owing_quote: trader(&mut world, "owing quote"),
            owing_sol: trader(&mut world, "owing sol"),
            owing_pnl: trader(&mut world, "owing pnl"),
            paid: trader(&mut world, "paid"),
            world,
        };
        stage.prepare_engine();
        stage.prepare_venues();
        stage.open_positions();
        stage.fall();
        stage.fill_pool();
        stage.write_bankruptcies();
        stage.prepare_changes();
        stage.grow_halfway();
        stage.grow_whole(WHOLE);
        stage.world.hold_prices(2, 1);
        stage.refresh_other();
        stage.post_newer();
        mirror(&mut stage);
        stage
    }

    /// Sends one instruction; whoever it names as signer has signed.
    ///
    /// # Panics
    /// Where it is refused.
    #[track_caller]
    pub fn sent(&mut self, instruction: Instruction) {
        let payer = self.world.party("fees");
        assert_sent(self.world.send(&payer, &[instruction]));
    }

    fn prepare_engine(&mut self) {
        let (keys, authority) = (self.world.keys, self.world.authority);
        let (successor, guard) = (self.world.party("successor"), self.world.party("guard"));
        self.sent(ix::propose_role(&keys, authority, args::RoleArg::Guardian, Some(guard)));
        self.sent(ix::accept_role(&keys, guard, args::RoleArg::Guardian));
        self.sent(ix::propose_role(&keys, authority, args::RoleArg::Authority, Some(successor)));
        let open = args::OpenAccountArgs { id: 0, delegate: None };
        self.sent(ix::open_account(&keys, self.empty.owner, self.rent_payer, open));
        self.sent(ix::set_delegate(self.alice.owner, self.alice.account, Some(all_rights(address("delegate")))));
        self.world.party("delegate");
        self.world.party("stranger");
    }

    /// Two changes that are due, and a weight on its way; an engine that only has to be launched.
    fn prepare_changes(&mut self) {
        let (keys, authority) = (self.world.keys, self.world.authority);
        let update = ix::update_params(&keys, keys.executor(), &AT_ONCE);
        for id in [DUE, UNWANTED] {
            self.sent(ix::propose_change(&keys, (authority, authority), id, &update));
        }
        let mut registry = self.world.registry();
        let slot = &mut registry.banks[SOL as usize];
        slot.ramped_at = self.world.now() - 60;
        let [asset_to_ppm, liability_to_ppm] = slot.ramped();
        slot.goals[0].to_ppm = asset_to_ppm - 1_000;
        slot.goals[1].to_ppm = liability_to_ppm;
        self.world.write(&keys.registry, &*registry);
    }

    /// The engine of this number of the founder's, to which nothing is missing but its launch.
    fn grow_whole(&mut self, id: u16) {
        let founder = self.world.party("founder");
        let keys = EngineKeys::created_by(&founder, id);
        self.sent(ix::create_engine(founder, founder, args::CreateEngineArgs::held_by(founder, id, true)));
        for _ in 0..ix::REGISTRY_STEPS {
            self.sent(ix::grow_registry(&keys, founder, founder, &AT_ONCE));
        }
        let mut registry: Box<Registry> = Box::new(self.world.read(&keys.registry));
        registry.banks[0] = self.world.registry().banks[0];
        registry.bank_count = 1;
        self.world.write(&keys.registry, &*registry);
    }

    fn prepare_venues(&mut self) {
        let (keys, authority) = (self.world.keys, self.world.authority);
        for signer in [self.venue_signer, self.other_signer] {
            let args = args::RegisterVenueArgs { signer, settle_markets: 3, premium_markets: 3 };
            self.sent(ix::register_venue(&keys, authority, authority, args));
            self.sent(ix::register_venue(&self.other, address("attacker"), authority, args));
        }
        for trader in [self.alice, self.bob] {
            let venue = keys.venue(&self.venue_signer);
            let approve = self.world.approve_venue(&trader, venue, MAX_ATOMS);
            self.sent(approve);
        }
    }

    fn deposit(&mut self, trader: Trader, usd: u64, sols: u64) {
        for (bank, atoms) in [(USDC, usd * USD), (SOL, sols * SOLS)] {
            if atoms > 0 {
                assert_sent(self.world.deposit(&trader, bank, atoms));
            }
        }
    }

    fn open_positions(&mut self) {
        for trader in [self.alice, self.bob, self.liquidator] {
            self.deposit(trader, 1_000_000, 1_000);
        }
        let (alice, bob) = (self.alice, self.bob);
        let deposits = [
            (self.lender, 500_000, 0),
            (self.near, 0, 100),
            (self.debtor, 0, 100),
            (self.long, 2_100, 0),
            (self.loser, 0, 100),
            (self.owing, 5_000, 0),
            (self.winner, 5_000, 0),
            (self.bankrupt, 0, 100),
            (self.seized, 100, 1),
            (self.seized_gain, 0, 100),
            (self.owing_quote, 0, 100),
            (self.owing_sol, 50_000, 0),
            (self.owing_pnl, 5_000, 0),
        ];
        for (trader, usd, sols) in deposits {
            self.deposit(trader, usd, sols);
        }
        for (trader, bank, atoms) in [
            (self.near, USDC, 13_760 * USD),
            (self.debtor, USDC, 14_000 * USD),
            (self.bankrupt, USDC, 10_000 * USD),
            (self.seized_gain, USDC, 1_000 * USD),
            (self.owing_quote, USDC, 10_000 * USD),
            (self.owing_sol, SOL, 100 * SOLS),
        ] {
            assert_sent(self.world.borrow(&trader, bank, atoms));
        }
        let longs = [
            (self.long, 50),
            (self.loser, 400),
            (self.owing, 10),
            (alice, 20),
            (self.owing_pnl, 10),
            (self.liquidator, 1),
        ];
        for (trader, units) in longs {
            assert_sent(self.world.fill(SOL_PERP, &trader, &bob, units * UNITS, None));
        }
        for trader in [self.winner, self.seized_gain] {
            assert_sent(self.world.fill(SOL_PERP, &bob, &trader, 10 * UNITS, None));
        }
        assert_sent(self.world.fill(BTC_PERP, &alice, &bob, 1_000_000, None));
    }

    /// Both averages follow, and interest is charged on the way.
    fn fall(&mut self) {
        self.world.advance(5);
        assert_sent(self.world.set_price(SOL, FALLEN_E8));
        for _ in 0..3 {
            self.world.hold_prices(200, 5);
            for bank in [USDC, SOL] {
                self.sent(ix::accrue(&self.world.keys, bank));
            }
        }
    }

    /// A loser pays in, the market's own claim becomes waiting insurance, and a fill leaves the next claim.
    fn fill_pool(&mut self) {
        let keys = self.world.keys;
        self.sent(ix::settle_pnl(&keys, SOL_PERP, Some(self.alice.account)));
        self.sent(ix::settle_pnl(&keys, SOL_PERP, None));
        let (alice, bob) = (self.alice, self.bob);
        assert_sent(self.world.fill(SOL_PERP, &alice, &bob, 10 * UNITS, None));
        assert!(self.world.read::<Market>(&keys.market(SOL_PERP)).own_claim_atoms > 0);
        // Insurance, half of which is above its target.
        assert_sent(self.world.fund_insurance(USDC, 100 * USD));
        let mut bank: Bank = self.world.read(&keys.bank(USDC).bank);
        bank.caps.insurance_target_atoms = 50 * USD;
        self.world.write(&keys.bank(USDC).bank, &bank);
        assert!(self.world.read::<Bank>(&keys.bank(USDC).bank).waiting_shares > 0);
        assert!(self.world.read::<Bank>(&keys.bank(USDC).bank).fees_atoms > 0);
    }

    /// Writes accounts into the stages of a resolution; what they lose on the way stays in the totals.
    fn write_bankruptcies(&mut self) {
        let frozen = AccountStatus::Seizing as u8;
        for (trader, status, dropped) in [
            (self.bankrupt, AccountStatus::Active as u8, Some(SOL)),
            (self.seized, frozen, None),
            (self.seized_gain, frozen, Some(SOL)),
            (self.owing_quote, frozen, Some(SOL)),
            (self.owing_sol, frozen, Some(USDC)),
            (self.owing_pnl, frozen, Some(USDC)),
            (self.paid, AccountStatus::Paying as u8, None),
        ] {
            let mut account: MarginAccount = self.world.margin_account(&trader);
            account.status = status;
            if let Some(place) = dropped.and_then(|bank| account.token_index(bank)) {
                account.tokens[place] = TokenPosition::default();
            }
            assert_eq!(account.invariant(), Ok(()));
            self.world.write(&trader.account, &account);
        }
    }

    /// Two engines of the founder: one without registry, board and feed book, one with each before its last step.
    fn grow_halfway(&mut self) {
        let founder = self.world.party("founder");
        for id in [0, 1] {
            let keys = EngineKeys::created_by(&founder, id);
            let args = args::CreateEngineArgs::held_by(founder, id, true);
            self.sent(ix::create_engine(founder, founder, args));
            let steps = |all: usize| if id == 0 { 0 } else { all - 1 };
            for _ in 0..steps(ix::REGISTRY_STEPS) {
                self.sent(ix::grow_registry(&keys, founder, founder, &AT_ONCE));
            }
            for _ in 0..steps(ix::BOARD_STEPS) {
                self.sent(ix::grow_board(&keys, founder));
            }
            for _ in 0..steps(ix::FEEDS_STEPS) {
                self.sent(ix::grow_feeds(&keys, founder));
            }
        }
    }

    /// Oracles have posted what no board has read yet.
    fn post_newer(&mut self) {
        self.world.advance(1);
        let published_at = self.world.now();
        for slot in [SOL, BTC] {
            let last = self.world.feeds[slot as usize].last.expect("a price was posted");
            self.world.post_primary(slot, Tick { published_at, ..last });
            self.world.post_secondary(slot, Tick { published_at, ..last });
            self.world.post_standby(slot, Tick { published_at, ..last });
        }
    }

    /// The other engine reads the same feeds.
    fn refresh_other(&mut self) {
        let feeds: Vec<ix::Refresh> = [USDC, SOL, BTC]
            .map(|slot| ix::Refresh { slot, primary: self.world.feeds[slot as usize].primary, secondary: None })
            .into();
        let refresh = ix::refresh_price(&self.other, &feeds);
        self.sent(refresh);
    }
}

fn engine_of(chain: Chain, authority: Pubkey) -> World {
    let keys = EngineKeys::created_by(&authority, 0);
    let mut world = World { chain, keys, authority, mints: Vec::new(), feeds: Vec::new() };
    world.party("authority");
    assert_sent(world.create_engine(true));
    world.grow_all(&AT_ONCE);
    world.default_listing();
    assert_sent(world.launch());
    assert_eq!(world.feeds[SOL as usize].last.map(|tick| tick.price_e8), Some(OPEN_E8));
    world
}

fn open_in_both(world: &mut World, other: &EngineKeys, name: &str) -> Trader {
    let owner = world.party(name);
    let args = args::OpenAccountArgs { id: 0, delegate: None };
    assert_sent(world.send(&owner, &[ix::open_account(other, owner, owner, args)]));
    world.trader(name)
}

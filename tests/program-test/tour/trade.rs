//! Money goes in and out, a venue settles a fill by CPI, funding runs.

use anchor_lang::prelude::Pubkey;
use anchor_lang::{InstructionData, ToAccountMetas};
use example_venue::state::{CONFIG, QUOTE, SIGNER};
use example_venue::VenueError;
use plimsoll::EngineError;
use plimsoll_sdk::ix::{self, args};
use plimsoll_sdk::pda;
use plimsoll_sim::listing::BANKS;
use plimsoll_sim::world::{BankConfig, Extension, Trader, BTC, BTC_PERP, SOL, SOL_PERP, USDC};
use solana_instruction::Instruction;

use super::{went_through, Cast, Story, ONE_SOL, ONE_SOL_PERP, USD};

const BOTH_MARKETS: u32 = 1 << SOL_PERP | 1 << BTC_PERP;

/// A venue of the example program.
struct Venue {
    operator: Pubkey,
    config: Pubkey,
    signer: Pubkey,
}

impl Venue {
    fn operated_by(operator: Pubkey) -> Self {
        let find = |seeds: &[&[u8]]| Pubkey::find_program_address(seeds, &example_venue::ID).0;
        let config = find(&[CONFIG, operator.as_ref()]);
        Self { operator, config, signer: find(&[SIGNER, config.as_ref()]) }
    }

    fn quote(&self, maker: &Trader, id: u64) -> Pubkey {
        let seeds = [QUOTE, self.config.as_ref(), maker.owner.as_ref(), &id.to_le_bytes()];
        Pubkey::find_program_address(&seeds, &example_venue::ID).0
    }
}

/// An instruction of the example program.
fn venue_instruction(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: example_venue::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

impl Story {
    /// Deposits, a loan, fills and funding in calm prices.
    pub(super) fn trade(&mut self) -> Cast {
        let maker = self.funded_trader("maker", USDC, 2_000_000 * USD);
        let lender = self.funded_trader("lender", SOL, 1_000 * ONE_SOL);
        went_through(self.world.deposit(&lender, BTC, 100_000_000));
        self.loan();
        let (alice, bob) = (self.world.trader("alice"), self.funded_trader("bob", USDC, 5_000 * USD));
        went_through(self.world.deposit(&alice, USDC, 5_000 * USD));
        self.venue(&maker, &alice);
        self.desk(&alice, &bob);
        self.other_token_program(&bob);
        Cast { maker, lender }
    }

    /// A loan, its interest, its repayment, and what it leaves to the protocol.
    fn loan(&mut self) {
        let (keys, authority) = (self.world.keys, self.world.authority);
        let carol = self.funded_trader("carol", SOL, 10_000 * ONE_SOL);
        let purse = self.world.funded(&carol.owner, USDC, 0);
        let loan = args::BorrowArgs { amount_atoms: 1_200_000 * USD };
        let borrow = ix::borrow(&keys, &self.world.token(USDC), carol.owner, carol.account, purse, loan);
        self.refused(&carol.owner, borrow.clone(), EngineError::Paused);
        self.sent(&authority, ix::set_pause(&keys, authority, 0));
        self.sent(&carol.owner, borrow);
        self.world.hold_prices(60, 5);
        went_through(self.world.accrue(USDC));
        self.world.hold_prices(60, 5);
        went_through(self.world.accrue(USDC));
        let withdraw = args::WithdrawArgs { amount_atoms: 5_000 * ONE_SOL, all: false };
        let purse = self.world.funded(&carol.owner, SOL, 0);
        let withdraw = ix::withdraw(&keys, &self.world.token(SOL), carol.owner, carol.account, purse, withdraw);
        self.refused(&carol.owner, withdraw, EngineError::InitialMarginInsufficient);
        went_through(self.world.repay(&carol, USDC, Some(200_000 * USD)));
        went_through(self.world.repay(&carol, USDC, None));
        went_through(self.world.withdraw(&carol, SOL, None));
        self.sent(&carol.owner, ix::close_account(carol.owner, carol.account, carol.owner));

        let destination = self.world.funded(&authority, USDC, 0);
        let all = args::CollectFeesArgs { amount_atoms: 0, all: true };
        self.sent(&authority, ix::collect_fees(&keys, &self.world.token(USDC), authority, destination, all));
        went_through(self.world.fund_insurance(USDC, 50 * USD));
    }

    /// A fill and a premium by CPI.
    fn venue(&mut self, maker: &Trader, alice: &Trader) {
        let (keys, authority) = (self.world.keys, self.world.authority);
        let venue = Venue::operated_by(self.world.party("operator"));
        let create = example_venue::accounts::CreateVenue {
            operator: venue.operator,
            config: venue.config,
            signer: venue.signer,
            system_program: anchor_lang::system_program::ID,
        };
        self.sent(&venue.operator, venue_instruction(create, example_venue::instruction::CreateVenue {}));
        let terms = args::RegisterVenueArgs { signer: venue.signer, settle_markets: BOTH_MARKETS, premium_markets: 0 };
        self.sent(&authority, ix::register_venue(&keys, authority, authority, terms));
        let terms = args::UpdateVenueArgs { active: true, settle_markets: BOTH_MARKETS, premium_markets: BOTH_MARKETS };
        let registered = keys.venue(&venue.signer);
        self.sent(&authority, ix::update_venue(&keys, authority, registered, terms));
        for side in [maker, alice] {
            self.sent(&side.owner, ix::approve_venue(side.owner, side.account, registered, 1_000 * USD));
        }
        self.post_quote(&venue, maker, 0);
        self.post_quote(&venue, maker, 1);
        let take = self.take_quote(&venue, maker, alice, 0);
        self.sent(&alice.owner, take);

        self.sent(&alice.owner, ix::revoke_venue(alice.owner, alice.account, registered));
        let take = self.take_quote(&venue, maker, alice, 1);
        self.refused(&alice.owner, take, EngineError::VenueNotApproved);
        let cancel = example_venue::accounts::CancelQuote { maker: maker.owner, quote: venue.quote(maker, 1) };
        self.sent(&maker.owner, venue_instruction(cancel, example_venue::instruction::CancelQuote {}));
        self.report_and_read(&venue, alice);
    }

    /// The maker offers to sell two SOL at spot.
    fn post_quote(&mut self, venue: &Venue, maker: &Trader, id: u64) {
        let base_units = 2 * ONE_SOL_PERP;
        let args = example_venue::instructions::PostQuoteArgs {
            id,
            maker_buys: false,
            base_units,
            quote_atoms: self.world.quote_atoms(SOL_PERP, base_units, None),
            expires_at: self.world.now() + 60,
        };
        let accounts = example_venue::accounts::PostQuote {
            maker: maker.owner,
            config: venue.config,
            maker_account: maker.account,
            market: self.world.keys.market(SOL_PERP),
            quote: venue.quote(maker, id),
            system_program: anchor_lang::system_program::ID,
        };
        self.sent(&maker.owner, venue_instruction(accounts, example_venue::instruction::PostQuote { args }));
    }

    fn take_quote(&self, venue: &Venue, maker: &Trader, taker: &Trader, id: u64) -> Instruction {
        let keys = self.world.keys;
        let accounts = example_venue::accounts::TakeQuote {
            taker: taker.owner,
            maker: maker.owner,
            config: venue.config,
            quote: venue.quote(maker, id),
            venue_signer: venue.signer,
            maker_account: maker.account,
            taker_account: taker.account,
            market: keys.market(SOL_PERP),
            registry: keys.registry,
            board: keys.board,
            venue: keys.venue(&venue.signer),
            event_authority: pda::event_authority(),
            engine_program: pda::PROGRAM_ID,
        };
        venue_instruction(accounts, example_venue::instruction::TakeQuote {})
    }

    fn report_and_read(&mut self, venue: &Venue, alice: &Trader) {
        let keys = self.world.keys;
        let report = example_venue::accounts::ReportPremium {
            operator: venue.operator,
            config: venue.config,
            venue_signer: venue.signer,
            venue: keys.venue(&venue.signer),
            registry: keys.registry,
            market: keys.market(SOL_PERP),
            event_authority: pda::event_authority(),
            engine_program: pda::PROGRAM_ID,
        };
        let data = example_venue::instruction::ReportPremium { premium_ppm: 200 };
        self.sent(&venue.operator, venue_instruction(report, data));
        let read = example_venue::accounts::ReadMargin {
            margin_account: alice.account,
            registry: keys.registry,
            board: keys.board,
            engine_program: pda::PROGRAM_ID,
        };
        let read = venue_instruction(read, example_venue::instruction::ReadMargin { views: 3 });
        if self.return_data {
            self.sent(&alice.owner, read);
        } else {
            self.refused(&alice.owner, read, VenueError::NoMargin);
        }
    }

    /// A fill that both owners' side signs, one of them by a delegate, and funding from a venue that signs itself.
    fn desk(&mut self, alice: &Trader, bob: &Trader) {
        let (keys, authority) = (self.world.keys, self.world.authority);
        let desk = self.world.party("desk");
        let terms = args::RegisterVenueArgs { signer: desk, settle_markets: 0, premium_markets: BOTH_MARKETS };
        self.sent(&authority, ix::register_venue(&keys, authority, authority, terms));
        self.sent(&desk, ix::report_premium(&keys, BTC_PERP, desk, 100));

        self.sent(&bob.owner, ix::set_delegate(bob.owner, bob.account, Some(desk)));
        let base_units = 3 * ONE_SOL_PERP;
        let args = args::SettleFillArgs { base_units, quote_atoms: self.world.quote_atoms(SOL_PERP, base_units, None) };
        let sides = ix::FillAuthority::Sides { buyer: alice.owner, seller: desk };
        self.sent(&desk, ix::settle_fill(&keys, SOL_PERP, alice.account, bob.account, sides, args));
        self.world.hold_prices(60, 5);
        for market in [SOL_PERP, BTC_PERP] {
            went_through(self.world.crank_funding(market));
        }
        self.world.hold_prices(30, 5);
        self.sent(&desk, ix::touch_position(&keys, alice.account, SOL_PERP));
    }

    /// A Token-2022 dollar with the one kind of extension that may be listed.
    fn other_token_program(&mut self, bob: &Trader) {
        let mint = self.world.create_mint_2022("USD-2022", 6, &[Extension::zeroed(Extension::METADATA_POINTER)]);
        let config = BankConfig {
            asset_ppm: [980_000, 950_000],
            liability_ppm: [1_020_000, 1_050_000],
            ..BankConfig::of(&BANKS[USDC as usize], USDC)
        };
        let bank = self.world.list_bank(mint, &config).unwrap_or_else(|failure| panic!("{failure}"));
        went_through(self.world.deposit(bob, bank, 100 * USD));
        went_through(self.world.withdraw(bob, bank, None));
    }
}

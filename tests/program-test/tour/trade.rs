//! Money goes in and out, a venue settles a fill by CPI, funding runs.

use anchor_lang::{InstructionData, ToAccountMetas};
use example_venue::client::Venue;
use example_venue::instructions::PostQuoteArgs;
use example_venue::VenueError;
use plimsoll::EngineError;
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_sdk::ix::{self, args};
use plimsoll_sdk::pda;
use plimsoll_sim::listing::BANKS;
use plimsoll_sim::world::{BankConfig, Extension, Trader, BTC, BTC_PERP, SOL, SOL_PERP, USDC};
use plimsoll_state::right;
use solana_instruction::Instruction;

use super::{went_through, Cast, Story, ONE_SOL, ONE_SOL_PERP, USD};

/// Base units of every quote.
const QUOTED_UNITS: u64 = 2 * ONE_SOL_PERP;
const BOTH_MARKETS: u32 = 1 << SOL_PERP | 1 << BTC_PERP;

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
        self.sent(&authority, ix::unpause(&keys, authority, plimsoll_state::pause::BORROW));
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
        let most = args::WithdrawInsuranceArgs { most_atoms: USD };
        let take = ix::withdraw_insurance(&keys, &self.world.token(USDC), authority, destination, most);
        self.refused(&authority, take.clone(), EngineError::InsuranceWithinTarget);
        let config = BankConfig::of(&BANKS[USDC as usize], USDC).args();
        let config = args::BankConfigArgs { insurance_target_atoms: Some(10 * USD), ..config };
        let update = args::UpdateBankArgs { reduce_only: false, config };
        self.sent(&authority, ix::update_bank(&keys, authority, USDC, update));
        self.sent(&authority, take);
    }

    /// A fill and a premium by CPI.
    fn venue(&mut self, maker: &Trader, alice: &Trader) {
        let (keys, authority) = (self.world.keys, self.world.authority);
        let venue = Venue::of(self.world.party("operator"), keys.engine);
        self.sent(&venue.operator, venue.create());
        let terms = args::RegisterVenueArgs { signer: venue.signer, settle_markets: BOTH_MARKETS, premium_markets: 0 };
        self.sent(&authority, ix::register_venue(&keys, authority, authority, terms));
        let terms = args::UpdateVenueArgs { active: true, settle_markets: BOTH_MARKETS, premium_markets: BOTH_MARKETS };
        self.sent(&authority, ix::update_venue(&keys, authority, venue.registered, terms));
        for side in [maker, alice] {
            let approve = self.world.approve_venue(side, venue.registered, 1_000 * USD);
            self.sent(&side.owner, approve);
        }
        if self.return_data {
            self.quoted_fill(&venue, maker, alice);
        } else {
            self.fill_without_quote(&venue, maker, alice);
        }
        self.report_and_read(&venue, alice);
    }

    /// One quote is taken, the other loses its venue's approval and is taken back.
    fn quoted_fill(&mut self, venue: &Venue, maker: &Trader, alice: &Trader) {
        for id in [0, 1] {
            let post = self.post_quote(venue, maker, id);
            self.sent(&maker.owner, post);
        }
        let market = self.world.keys.market(SOL_PERP);
        let take = |id| venue.take_quote((maker.owner, maker.account), id, (alice.owner, alice.account), market);
        self.sent(&alice.owner, take(0));
        self.sent(&alice.owner, ix::revoke_venue(alice.owner, alice.account, venue.registered));
        self.refused(&alice.owner, take(1), EngineError::VenueNotApproved);
        self.sent(&maker.owner, venue.cancel_quote(maker.owner, 1));
    }

    /// Where there is no return data the venue gets no answer about the maker's margin, so it takes no quote.
    fn fill_without_quote(&mut self, venue: &Venue, maker: &Trader, alice: &Trader) {
        let post = self.post_quote(venue, maker, 0);
        self.refused(&maker.owner, post, VenueError::NoMargin);
        went_through(self.world.fill(SOL_PERP, alice, maker, QUOTED_UNITS, None));
        self.sent(&alice.owner, ix::revoke_venue(alice.owner, alice.account, venue.registered));
    }

    /// The maker offers to sell two SOL at spot.
    fn post_quote(&self, venue: &Venue, maker: &Trader, id: u64) -> Instruction {
        let args = PostQuoteArgs {
            id,
            for_account: None,
            maker_buys: false,
            base_units: QUOTED_UNITS,
            quote_atoms: self.world.quote_atoms(SOL_PERP, QUOTED_UNITS, None),
            expires_at: self.world.now() + 60,
        };
        venue.post_quote(maker.owner, maker.account, self.world.keys.market(SOL_PERP), args)
    }

    fn report_and_read(&mut self, venue: &Venue, alice: &Trader) {
        let keys = self.world.keys;
        self.sent(&venue.operator, venue.report_premium(keys.market(SOL_PERP), 200));
        let read = example_venue::accounts::ReadMargin {
            config: venue.config,
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

        self.sent(
            &bob.owner,
            ix::set_delegate(
                bob.owner,
                bob.account,
                Some(args::DelegateArgs { key: desk, rights: right::ALL, trade_limit_atoms_per_day: MAX_ATOMS }),
            ),
        );
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
            asset_ppm: [970_000, 940_000],
            liability_ppm: [1_030_000, 1_060_000],
            ..BankConfig::of(&BANKS[USDC as usize], USDC)
        };
        let bank = self.world.list_bank(mint, &config).unwrap_or_else(|failure| panic!("{failure}"));
        went_through(self.world.deposit(bob, bank, 100 * USD));
        went_through(self.world.withdraw(bob, bank, None));
    }
}

//! The example venue: quotes that are firm, and a desk that liquidates through an account of its own or a customer's.

use anchor_lang::prelude::Pubkey;
use example_venue::client::{DeskFunds, LegAccounts, Venue};
use example_venue::instructions::{DeskLeg, LiquidateArgs, PostQuoteArgs};
use example_venue::VenueError;
use litesvm::types::TransactionMetadata;
use plimsoll_interface::answer::{self, LiquidationOutcome};
use plimsoll_tests::*;
use solana_instruction::Instruction;

/// A stage with a venue that maker and alice approved.
struct Floor {
    stage: Stage,
    venue: Venue,
    maker: Trader,
    alice: Trader,
}

fn floor() -> Floor {
    let mut stage = Stage::new();
    deploy_example_venue(&mut stage);
    let operator = stage.party("operator");
    let venue = Venue::of(operator, stage.keys.engine);
    assert_sent(stage.send(&operator, &[venue.create()]));
    let (keys, authority) = (stage.keys, stage.authority);
    let args = args::RegisterVenueArgs { signer: venue.signer, settle_markets: 3, premium_markets: 3 };
    assert_sent(stage.send_as_authority(ix::register_venue(&keys, authority, authority, args)));
    let (maker, alice) = (stage.maker, stage.funded_trader("alice", USDC, 20_000 * USD));
    for trader in [maker, alice] {
        let approve = stage.approve_venue(&trader, venue.registered, 1_000_000 * USD);
        assert_sent(stage.send(&trader.owner, &[approve]));
    }
    Floor { stage, venue, maker, alice }
}

impl Floor {
    /// One SOL at spot, sold by the maker to anybody for ten seconds.
    fn quote(&self, id: u64) -> PostQuoteArgs {
        PostQuoteArgs {
            id,
            for_account: None,
            maker_buys: false,
            base_units: SOL_UNITS,
            quote_atoms: self.stage.quote_atoms(SOL_PERP, SOL_UNITS, None),
            expires_at: self.stage.now() + 10,
        }
    }

    fn post(&mut self, maker: &Trader, args: PostQuoteArgs) -> Sent {
        let market = self.stage.keys.market(SOL_PERP);
        self.stage.send(&maker.owner, &[self.venue.post_quote(maker.owner, maker.account, market, args)])
    }

    fn take_ix(&self, id: u64, taker: &Trader) -> Instruction {
        let (maker, market) = (self.maker, self.stage.keys.market(SOL_PERP));
        self.venue.take_quote((maker.owner, maker.account), id, (taker.owner, taker.account), market)
    }

    fn take(&mut self, id: u64, taker: &Trader) -> Sent {
        let take = self.take_ix(id, taker);
        self.stage.send(&taker.owner, &[take])
    }

    fn units(&self, of: &Trader) -> i64 {
        let account = self.stage.margin_account(of);
        account.perp_index(SOL_PERP).map_or(0, |leg| account.derivatives[leg].shares)
    }

    /// Opens the desk and moves dollars into it.
    fn open_desk(&mut self, dollars: u64) {
        let operator = self.venue.operator;
        let funds = self.funds(self.venue.signer, dollars);
        assert_sent(self.stage.send(&operator, &[self.venue.open_desk()]));
        let sent = self.stage.send(&operator, &[self.venue.fund_desk(&funds, dollars * USD)]);
        self.stage.done(sent);
    }

    /// USDC in or out, through a token account of `owner` that holds `dollars`.
    fn funds(&mut self, owner: Pubkey, dollars: u64) -> DeskFunds {
        let token = self.stage.token(USDC);
        let outside = self.stage.funded(&owner, USDC, dollars * USD);
        DeskFunds { bank: USDC, mint: token.mint, token_program: token.token_program, outside }
    }

    fn liquidate(&mut self, by: Pubkey, desk: Pubkey, of: &Trader, leg: DeskLeg) -> Sent {
        let keys = self.stage.keys;
        let accounts = match leg {
            DeskLeg::Position { market } => LegAccounts { market: Some(keys.market(market)), ..Default::default() },
            DeskLeg::Borrow { bank, .. } => {
                LegAccounts { liability_bank: Some(keys.bank(bank).bank), ..Default::default() }
            }
            DeskLeg::NegativePnl { market, .. } => LegAccounts {
                liability_bank: Some(keys.bank(USDC).bank),
                market: Some(keys.market(market)),
                ..Default::default()
            },
        };
        let args = LiquidateArgs { leg, max_size: None };
        let mut liquidate = self.venue.liquidate(desk, of.account, accounts, args);
        liquidate.accounts[0].pubkey = by;
        self.stage.send(&by, &[liquidate])
    }
}

fn outcome_of(meta: &TransactionMetadata) -> LiquidationOutcome {
    // The venue passes the engine's answer on as its own.
    assert_eq!(meta.return_data.program_id, example_venue::ID);
    answer::liquidation_outcome(&pda::PROGRAM_ID, &meta.return_data.data).expect("an outcome")
}

#[test]
fn a_quote_that_is_taken_is_settled_and_its_rent_goes_back() {
    let mut floor = floor();
    let (maker, alice) = (floor.maker, floor.alice);
    let quote = floor.venue.quote(&maker.owner, 0);
    let args = floor.quote(0);
    assert_sent(floor.post(&maker, args));
    let (rent, purse) = (floor.stage.lamports(&quote), floor.stage.lamports(&maker.owner));
    let sent = floor.take(0, &alice);
    floor.stage.done(sent);
    assert_eq!((floor.units(&alice), floor.units(&maker)), (SOL_UNITS as i64, -(SOL_UNITS as i64)));
    assert_eq!(floor.stage.lamports(&maker.owner), purse + rent);
    assert!(floor.stage.data(&quote).is_empty());
    let args = PostQuoteArgs { maker_buys: true, ..floor.quote(1) };
    assert_sent(floor.post(&maker, args));
    let sent = floor.take(1, &alice);
    floor.stage.done(sent);
    assert_eq!((floor.units(&alice), floor.units(&maker)), (0, 0));
}

#[test]
fn a_maker_whose_account_may_add_no_risk_posts_nothing() {
    let mut floor = floor();
    let poor = floor.stage.funded_trader("poor", SOL, 100 * ONE_SOL);
    let args = floor.quote(0);
    assert_sent(floor.post(&poor, args));
    let sent = floor.stage.borrow(&poor, USDC, 13_000 * USD);
    floor.stage.done(sent);
    floor.stage.falls_to(SOL, 175, &poor, 2);
    let args = floor.quote(1);
    assert_code(floor.post(&poor, args), VenueError::MarginTooThin);
    // The same where a price of its has grown old, whatever it is worth.
    let maker = floor.maker;
    assert_sent(floor.post(&maker, args));
    floor.stage.advance(16);
    let args = floor.quote(2);
    assert_code(floor.post(&maker, args), VenueError::MarginTooThin);
}

#[test]
fn a_quote_for_one_account_is_taken_by_no_other() {
    let mut floor = floor();
    let (maker, alice) = (floor.maker, floor.alice);
    let bob = floor.stage.funded_trader("bob", USDC, 20_000 * USD);
    let approve = floor.stage.approve_venue(&bob, floor.venue.registered, 1_000_000 * USD);
    assert_sent(floor.stage.send(&bob.owner, &[approve]));
    let args = PostQuoteArgs { for_account: Some(alice.account), ..floor.quote(0) };
    assert_sent(floor.post(&maker, args));
    let take = floor.take_ix(0, &bob);
    assert_refused(&mut floor.stage, &bob.owner, &[take], VenueError::QuoteForAnother);
    let sent = floor.take(0, &alice);
    floor.stage.done(sent);
}

#[test]
fn nobody_takes_an_expired_quote_or_takes_or_posts_for_an_account_of_another() {
    let mut floor = floor();
    let (maker, alice) = (floor.maker, floor.alice);
    let mallory = floor.stage.party("mallory");
    let args = floor.quote(0);
    let stolen = Trader { owner: mallory, ..maker };
    assert_code(floor.post(&stolen, args), VenueError::NotOwner);
    assert_code(floor.post(&maker, PostQuoteArgs { base_units: 0, ..args }), VenueError::QuoteEmpty);
    assert_sent(floor.post(&maker, args));
    let stolen = floor.take_ix(0, &Trader { owner: mallory, ..alice });
    assert_refused(&mut floor.stage, &mallory, &[stolen], VenueError::NotOwner);
    let mut foreign = floor.take_ix(0, &alice);
    foreign.accounts[7].pubkey = floor.stage.keys.market(BTC_PERP);
    assert_refused(&mut floor.stage, &alice.owner, &[foreign], VenueError::QuoteMismatch);
    floor.stage.advance(11);
    floor.stage.repeat_prices();
    let late = floor.take_ix(0, &alice);
    assert_refused(&mut floor.stage, &alice.owner, &[late], VenueError::QuoteExpired);
    let mut cancel = floor.venue.cancel_quote(maker.owner, 0);
    cancel.accounts[0].pubkey = mallory;
    assert_refused(&mut floor.stage, &mallory, &[cancel], VenueError::QuoteMismatch);
    assert_sent(floor.stage.send(&maker.owner, &[floor.venue.cancel_quote(maker.owner, 0)]));
}

#[test]
fn a_delegate_agrees_to_no_trade_on_the_venue_and_no_quote_outlives_the_approval() {
    let mut floor = floor();
    let (maker, alice) = (floor.maker, floor.alice);
    let delegate = floor.stage.party("delegate");
    for of in [maker, alice] {
        let named = ix::set_delegate(of.owner, of.account, Some(all_rights(delegate)));
        assert_sent(floor.stage.send(&of.owner, &[named]));
    }
    // The owner's approval has room for a million at the edge of the band; a delegate's own fills have none.
    let args = floor.quote(0);
    assert_code(floor.post(&Trader { owner: delegate, ..maker }, args), VenueError::NotOwner);
    assert_sent(floor.post(&maker, args));
    let take = floor.take_ix(0, &Trader { owner: delegate, ..alice });
    assert_refused(&mut floor.stage, &delegate, &[take], VenueError::NotOwner);

    let args = floor.quote(1);
    assert_sent(floor.post(&maker, args));
    let revoke = ix::revoke_venue(maker.owner, maker.account, floor.venue.registered);
    assert_sent(floor.stage.send(&maker.owner, &[revoke]));
    let take = floor.take_ix(1, &alice);
    assert_refused(&mut floor.stage, &alice.owner, &[take], EngineError::VenueNotApproved);
}

#[test]
fn the_desk_liquidates_collateral_and_positions_and_its_operator_takes_the_profit_out() {
    let mut floor = floor();
    floor.open_desk(100_000);
    let (operator, desk) = (floor.venue.operator, floor.venue.desk);
    let borrower = floor.stage.funded_trader("borrower", SOL, 100 * ONE_SOL);
    let sent = floor.stage.borrow(&borrower, USDC, 13_900 * USD);
    floor.stage.done(sent);
    let long = floor.stage.funded_trader("long", USDC, 2_150 * USD);
    let maker = floor.maker;
    let sent = floor.stage.fill(SOL_PERP, &long, &maker, 50 * SOL_UNITS, None);
    floor.stage.done(sent);
    let (collateral, position) =
        (DeskLeg::Borrow { asset_bank: SOL, bank: USDC }, DeskLeg::Position { market: SOL_PERP });

    let early = assert_sent(floor.liquidate(operator, desk, &borrower, collateral));
    let early = outcome_of(&early);
    assert_eq!((early.reason, early.size), (EngineError::AccountHealthy as u32, 0));

    floor.stage.falls_to(SOL, 160, &borrower, 60);
    for (of, leg) in [(borrower, collateral), (long, position)] {
        let sent = floor.liquidate(operator, desk, &of, leg);
        let meta = floor.stage.done(sent);
        let outcome = outcome_of(&meta);
        assert!(outcome.reason == 0 && outcome.size > 0 && outcome.received_atoms > 0, "{outcome:?}");
    }
    let own = Trader { owner: floor.venue.signer, account: desk };
    assert!(floor.units(&own) > 0);
    assert!(floor.stage.margin_account(&own).token_index(SOL).is_some());

    let out = floor.funds(operator, 0);
    let sent = floor.stage.send(&operator, &[floor.venue.withdraw_from_desk(&out, 1_000 * USD, false)]);
    floor.stage.done(sent);
    assert_eq!(floor.stage.token_balance(&out.outside), 1_000 * USD);
    let too_much = floor.venue.withdraw_from_desk(&out, 100_000 * USD, false);
    assert_refused(&mut floor.stage, &operator, &[too_much], EngineError::BalanceInsufficient);
}

#[test]
fn the_desk_repays_a_loss_with_the_quote_bank() {
    let mut floor = floor();
    floor.open_desk(100_000);
    let (operator, desk, maker) = (floor.venue.operator, floor.venue.desk, floor.maker);
    let loser = floor.stage.funded_trader("loser", SOL, 100 * ONE_SOL);
    let sent = floor.stage.fill(SOL_PERP, &loser, &maker, 320 * SOL_UNITS, None);
    floor.stage.done(sent);
    floor.stage.falls_to(SOL, 160, &loser, 60);
    let leg = DeskLeg::NegativePnl { asset_bank: SOL, market: SOL_PERP };
    let sent = floor.liquidate(operator, desk, &loser, leg);
    let meta = floor.stage.done(sent);
    let outcome = outcome_of(&meta);
    assert!(outcome.reason == 0 && outcome.paid_atoms > 0, "{outcome:?}");
}

#[test]
fn the_desk_liquidates_for_a_customer_who_named_the_venue_as_delegate_and_cannot_withdraw() {
    let mut floor = floor();
    let (operator, signer, alice) = (floor.venue.operator, floor.venue.signer, floor.alice);
    let borrower = floor.stage.funded_trader("borrower", SOL, 100 * ONE_SOL);
    let sent = floor.stage.borrow(&borrower, USDC, 13_900 * USD);
    floor.stage.done(sent);
    floor.stage.falls_to(SOL, 160, &borrower, 60);
    let leg = DeskLeg::Borrow { asset_bank: SOL, bank: USDC };
    assert_code(floor.liquidate(operator, alice.account, &borrower, leg), EngineError::NotOwnerOrDelegate);
    let named = ix::set_delegate(alice.owner, alice.account, Some(args::DelegateArgs::liquidator(signer)));
    assert_sent(floor.stage.send(&alice.owner, &[named]));
    let sent = floor.liquidate(operator, alice.account, &borrower, leg);
    let meta = floor.stage.done(sent);
    assert_eq!(outcome_of(&meta).reason, 0);

    let out = floor.funds(operator, 0);
    let mut withdraw = floor.venue.withdraw_from_desk(&out, USD, false);
    withdraw.accounts[3].pubkey = alice.account;
    assert_refused(&mut floor.stage, &operator, &[withdraw], EngineError::NotOwner);
}

#[test]
fn nobody_but_the_operator_runs_the_desk_or_reports_a_premium() {
    let mut floor = floor();
    floor.open_desk(1_000);
    let mallory = floor.stage.party("mallory");
    let out = floor.funds(mallory, 0);
    let leg = LiquidateArgs { leg: DeskLeg::Position { market: SOL_PERP }, max_size: None };
    let (venue, market) = (floor.venue, floor.stage.keys.market(SOL_PERP));
    let accounts = LegAccounts { market: Some(market), ..Default::default() };
    for mut ix in [
        venue.open_desk(),
        venue.fund_desk(&out, USD),
        venue.withdraw_from_desk(&out, USD, false),
        venue.liquidate(venue.desk, floor.alice.account, accounts, leg),
        venue.report_premium(market, 100),
    ] {
        ix.accounts[0].pubkey = mallory;
        assert_refused(&mut floor.stage, &mallory, &[ix], VenueError::NotOperator);
    }
    assert_sent(floor.stage.send(&venue.operator, &[venue.report_premium(market, 100)]));
    let missing = venue.liquidate(venue.desk, floor.alice.account, LegAccounts::default(), leg);
    assert_refused(&mut floor.stage, &venue.operator, &[missing], VenueError::LegAccountMissing);
}

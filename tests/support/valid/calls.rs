//! One valid call of every instruction, and of every shape that it has.

use anchor_lang::prelude::Pubkey;
use plimsoll::liquidation::LiquidationBounds;
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::SlotStatus;
use solana_instruction::Instruction;

use super::stage::{Stage, DUE, FALLEN_E8, SOLS, UNITS, UNWANTED, USD, WHOLE};
use crate::*;

/// A call that succeeds on the stage.
#[derive(Clone, Debug)]
pub struct Call {
    /// The instruction's name.
    pub name: &'static str,
    /// Which shape of it; empty where it has only one.
    pub case: &'static str,
    /// The call.
    pub ix: Instruction,
}

impl Call {
    /// Name and shape.
    pub fn title(&self) -> String {
        [self.name, self.case].join(": ").trim_end_matches(": ").to_owned()
    }
}

/// All of it that a plan allows.
pub const ALL: LiquidationBounds = LiquidationBounds {
    max_size: 0,
    as_much_as_allowed: true,
    min_size: 1,
    limit_numerator: 0,
    limit_denominator: 0,
    no_op_if_refused: false,
};

struct Table<'a> {
    stage: &'a mut Stage,
    keys: EngineKeys,
    authority: Pubkey,
    payer: Pubkey,
    calls: Vec<Call>,
}

/// The table.
pub fn calls(stage: &mut Stage) -> Vec<Call> {
    let (keys, authority, payer) = (stage.world.keys, stage.world.authority, stage.world.party("payer"));
    let mut table = Table { stage, keys, authority, payer, calls: Vec::new() };
    table.engine();
    table.listing();
    table.accounts();
    table.money();
    table.perps();
    table.liquidations();
    table.resolutions();
    table.calls
}

/// A bank's configuration that the program accepts for SOL.
pub fn bank_config() -> BankConfig {
    BankConfig::of(&plimsoll_sim::listing::BANKS[SOL as usize], SOL)
}

impl Table<'_> {
    fn add(&mut self, name: &'static str, case: &'static str, ix: Instruction) {
        self.calls.push(Call { name, case, ix });
    }

    fn engine(&mut self) {
        let (keys, authority, payer) = (self.keys, self.authority, self.payer);
        let world = &mut self.stage.world;
        let (founder, successor) = (world.party("founder"), world.party("successor"));
        let args = args::CreateEngineArgs::held_by(founder, 7, false);
        self.add("create_engine", "", ix::create_engine(founder, payer, args));
        for (case, id) in [("first step", 0), ("last step", 1)] {
            let keys = EngineKeys::created_by(&founder, id);
            self.add("grow_registry", case, ix::grow_registry(&keys, founder, payer, &AT_ONCE));
            self.add("grow_board", case, ix::grow_board(&keys, payer));
            self.add("grow_feeds", case, ix::grow_feeds(&keys, payer));
        }
        self.add("update_params", "", ix::update_params(&keys, authority, &AT_ONCE));
        self.add("set_pause", "", ix::pause(&keys, authority, 1));
        let halt = args::HaltPriceArgs { slot: 0, halted: true, lasts_secs: None };
        self.add("halt_price", "", ix::halt_price(&keys, authority, halt));
        let propose = ix::propose_role(&keys, authority, args::RoleArg::RiskAuthority, Some(founder));
        self.add("propose_role", "", propose);
        let whole = EngineKeys::created_by(&founder, WHOLE);
        self.add("launch_engine", "", ix::launch_engine(&whole, founder));
        let update = ix::update_params(&keys, keys.executor(), &AT_ONCE);
        let next = UNWANTED + 1;
        self.add("propose_change", "", ix::propose_change(&keys, (authority, payer), next, &update));
        let change = |id| self.stage.world.read(&keys.change(id));
        let (execute, cancel) =
            (ix::execute_change(&keys, payer, &change(DUE)), ix::cancel_change(&keys, authority, &change(UNWANTED)));
        self.add("execute_change", "", execute);
        self.add("cancel_change", "", cancel);
        self.add("advance_ramp", "", ix::advance_ramp(&keys, args::RampArg::Bank(SOL)));
        self.add("accept_role", "", ix::accept_role(&keys, successor, args::RoleArg::Authority));
        let args = args::RegisterVenueArgs { signer: founder, settle_markets: 1, premium_markets: 1 };
        self.add("register_venue", "", ix::register_venue(&keys, authority, payer, args));
        let args = args::UpdateVenueArgs { active: false, settle_markets: 1, premium_markets: 1 };
        let venue = keys.venue(&self.stage.venue_signer);
        self.add("update_venue", "", ix::update_venue(&keys, authority, venue, args));
    }

    fn listing(&mut self) {
        let (keys, authority, payer) = (self.keys, self.authority, self.payer);
        let (list_price, _) = self.stage.world.price_args(&PriceConfig::named("NEW"));
        let config = self.stage.world.price_args(&PriceConfig::named("SOL")).0.config;
        self.add("list_price", "", ix::list_price(&keys, authority, list_price));
        self.add("update_price", "", ix::update_price(&keys, authority, args::UpdatePriceArgs { slot: SOL, config }));
        let (one, pair) = (
            self.stage.world.refresh_instruction(&[SOL, BTC], false),
            self.stage.world.refresh_instruction(&[SOL], true),
        );
        self.add("refresh_price", "two primaries", one);
        self.add("refresh_price", "a pair", pair);
        let standby = self.stage.world.feeds[SOL as usize].standby.expect("it has a standby").0;
        let args = args::SwitchSourceArgs { slot: SOL, to_standby: true };
        self.add("switch_source", "", ix::switch_source(&keys, authority, standby, args));

        let mint = self.stage.world.create_mint("NEW", 9);
        let args = args::ListBankArgs { index: 3, price_slot: SOL, config: bank_config().args() };
        self.add("list_bank", "", ix::list_bank(&keys, authority, payer, (mint.key, mint.program), args));
        let args = args::UpdateBankArgs { reduce_only: false, config: bank_config().args() };
        self.add("update_bank", "", ix::update_bank(&keys, authority, SOL, args));
        let market = MarketConfig::SOL.args(2);
        self.add("list_market", "", ix::list_market(&keys, authority, payer, market));
        let args = args::UpdateMarketArgs { status: SlotStatus::ReduceOnly as u8, terms: market.terms };
        self.add("update_market", "", ix::update_market(&keys, authority, SOL_PERP, args));
    }

    fn accounts(&mut self) {
        let (keys, payer) = (self.keys, self.payer);
        let newcomer = self.stage.world.party("newcomer");
        let (alice, empty, rent_payer) = (self.stage.alice, self.stage.empty, self.stage.rent_payer);
        let venue = keys.venue(&self.stage.venue_signer);
        let args = args::OpenAccountArgs { id: 0, delegate: None };
        self.add("open_account", "", ix::open_account(&keys, newcomer, payer, args));
        self.add("close_account", "", ix::close_account(empty.owner, empty.account, rent_payer));
        self.add("set_delegate", "", ix::set_delegate(alice.owner, alice.account, None));
        let approve = self.stage.world.approve_venue(&alice, venue, 1_000);
        self.add("approve_venue", "", approve);
        self.add("revoke_venue", "", ix::revoke_venue(alice.owner, alice.account, venue));
        self.add("check_margin", "", ix::check_margin(&keys, alice.account, 3));
        self.add("observe_margin", "", ix::observe_margin(&keys, alice.account));
    }

    fn money(&mut self) {
        let (keys, authority) = (self.keys, self.authority);
        let (alice, debtor) = (self.stage.alice, self.stage.debtor);
        let funder = self.stage.world.party("funder");
        let quote = self.stage.world.token(USDC);
        let own = self.stage.world.funded(&alice.owner, USDC, 1_000 * USD);
        let funds = self.stage.world.funded(&funder, USDC, 1_000 * USD);
        let fees = self.stage.world.funded(&authority, USDC, 0);
        let amount_atoms = 10 * USD;
        let args = args::DepositArgs { amount_atoms };
        self.add("deposit", "", ix::deposit(&keys, &quote, alice.owner, alice.account, own, args));
        let args = args::WithdrawArgs { amount_atoms, all: false };
        self.add("withdraw", "", ix::withdraw(&keys, &quote, alice.owner, alice.account, own, args));
        let sol = self.stage.world.token(SOL);
        let wallet = self.stage.world.funded(&self.stage.liquidator.owner, SOL, 0);
        let taker = self.stage.liquidator;
        let args = args::BorrowArgs { amount_atoms: 1_001 * SOLS };
        self.add("borrow", "", ix::borrow(&keys, &sol, taker.owner, taker.account, wallet, args));
        let args = args::RepayArgs { amount_atoms, all: false };
        self.add("repay", "", ix::repay(&keys, &quote, funder, debtor.account, funds, args));
        self.add("accrue", "", ix::accrue(&keys, USDC));
        let args = args::FundInsuranceArgs { amount_atoms };
        self.add("fund_insurance", "", ix::fund_insurance(&keys, &quote, funder, funds, args));
        let args = args::WithdrawInsuranceArgs { most_atoms: amount_atoms };
        self.add("withdraw_insurance", "", ix::withdraw_insurance(&keys, &quote, authority, fees, args));
        self.add("sweep_insurance", "", ix::sweep_insurance(&keys, USDC));
        let args = args::CollectFeesArgs { amount_atoms: 0, all: true };
        self.add("collect_fees", "", ix::collect_fees(&keys, &quote, authority, fees, args));
    }

    fn perps(&mut self) {
        let keys = self.keys;
        let (alice, bob, owing, winner) = (self.stage.alice, self.stage.bob, self.stage.owing, self.stage.winner);
        let signer = self.stage.venue_signer;
        let quote_atoms = self.stage.world.quote_atoms(SOL_PERP, UNITS, Some(FALLEN_E8));
        let fill = args::SettleFillArgs { base_units: UNITS, quote_atoms };
        for (case, by) in [
            ("a venue", ix::FillAuthority::Venue { signer }),
            ("both sides", ix::FillAuthority::Sides { buyer: alice.owner, seller: bob.owner }),
        ] {
            let settle = ix::settle_fill(&keys, SOL_PERP, alice.account, bob.account, by, fill);
            self.add("settle_fill", case, settle);
        }
        self.add("report_premium", "", ix::report_premium(&keys, SOL_PERP, signer, 100));
        self.add("crank_funding", "", ix::crank_funding(&keys, SOL_PERP));
        self.add("settle_pnl", "a loss", ix::settle_pnl(&keys, SOL_PERP, Some(owing.account)));
        self.add("settle_pnl", "the market's own claim", ix::settle_pnl(&keys, SOL_PERP, None));
        let args = args::TakeWinArgs { claim_atoms: 0, all: true, min_paid_atoms: 0 };
        self.add("take_win", "", ix::take_win(&keys, SOL_PERP, winner.owner, winner.account, args));
        self.add("touch_position", "", ix::touch_position(&keys, alice.account, SOL_PERP));
    }

    fn liquidations(&mut self) {
        let (keys, by) = (self.keys, self.stage.liquidator);
        let parties = |of: Trader| ix::Parties { signer: by.owner, liquidator: by.account, liquidatee: of.account };
        let borrow =
            args::LiquidateCollateralArgs { asset_bank: SOL, liability: args::LiabilityArg::Borrow(USDC), bounds: ALL };
        let debtor = parties(self.stage.debtor);
        for (case, with_asset_bank) in [("a borrow", false), ("a borrow, both banks", true)] {
            let ix = ix::liquidate_collateral(&keys, debtor, borrow, with_asset_bank);
            self.add("liquidate_collateral", case, ix);
        }
        let pnl = args::LiquidateCollateralArgs { liability: args::LiabilityArg::NegativePnl(SOL_PERP), ..borrow };
        let loser = parties(self.stage.loser);
        self.add("liquidate_collateral", "negative PnL", ix::liquidate_collateral(&keys, loser, pnl, false));
        let position = args::LiquidatePositionArgs { market: SOL_PERP, bounds: ALL };
        let long = parties(self.stage.long);
        self.add("liquidate_position", "", ix::liquidate_position(&keys, long, position));
    }

    fn resolutions(&mut self) {
        use args::ResolveStep::*;
        let stage = &self.stage;
        let steps = [
            ("freeze", stage.bankrupt, Freeze),
            ("seize a token", stage.seized, SeizeToken { bank: SOL }),
            ("seize quote", stage.seized, SeizeToken { bank: USDC }),
            ("seize a gain", stage.seized_gain, SeizePnl { market: SOL_PERP }),
            ("pay the quote borrow", stage.owing_quote, PayBorrow { bank: USDC }),
            ("pay another borrow", stage.owing_sol, PayBorrow { bank: SOL }),
            ("pay a loss", stage.owing_pnl, PayPnl { market: SOL_PERP }),
            ("finish", stage.paid, Finish),
        ];
        for (case, trader, step) in steps {
            self.add("resolve_bankruptcy", case, ix::resolve_bankruptcy(&self.keys, trader.account, step));
        }
    }
}

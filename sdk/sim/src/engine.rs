//! The engine under replay: its chain, everyone's accounts, and every transaction measured.

use anchor_lang::prelude::Pubkey;
use litesvm::types::TransactionMetadata;
use plimsoll::liquidation::LiquidationOutcome;
use plimsoll_risk::margin::{margins, quote_sides};
use plimsoll_risk::portfolio::{At, Portfolio};
use plimsoll_sdk::view::Accounts;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{Bank, MarginAccount, Market, PriceBoard, Registry};
use solana_instruction::Instruction;

use crate::conserve::{self, Ledger};
use crate::listing::{BANKS, MARKETS};
use crate::measure::Meter;
use crate::result::{bounded_ratio, Conservation};
use crate::world::{size_and_keys, Failure, Trader, World, BUDGET_INSTRUCTION_UNITS};

/// The chain and who is on it.
pub struct Engine {
    /// The chain with the engine.
    pub world: World,
    /// What transactions cost.
    pub meter: Meter,
    /// Accounts of the population.
    pub accounts: Vec<Trader>,
    /// Accounts of the liquidators.
    pub liquidators: Vec<Trader>,
    /// The market maker: takes what longs and shorts do not match, and the other side when a liquidator closes.
    pub maker: Trader,
    /// Signs for the venue that reports premiums.
    pub venue_signer: Pubkey,
}

/// What margin is decided on, decoded at one instant.
pub struct Snapshot {
    /// The registry.
    pub registry: Box<Registry>,
    /// Prices.
    pub board: Box<PriceBoard>,
    /// Unix seconds.
    pub now: i64,
}

impl Snapshot {
    /// A margin account beside registry and prices, as the SDK takes them.
    pub fn with<'a>(&'a self, account: &'a MarginAccount) -> Accounts<'a> {
        Accounts { account, registry: &self.registry, board: &self.board, now: self.now }
    }

    /// NAV, maintenance requirement and gross liabilities at spot; none where a leg cannot be valued.
    pub fn standing(&self, account: &MarginAccount) -> Option<Standing> {
        let portfolio = self.with(account).portfolio(Views::SPOT).ok()?;
        let margins = margins(&portfolio, At::Spot, false);
        let usd = |pico: i128| pico as f64 / 1e12;
        Some(Standing {
            nav_usd: usd(margins.nav),
            mmr_usd: usd(margins.mmr()),
            under_water: margins.is_under_water(),
            exposure_usd: exposure_usd(&portfolio),
        })
    }
}

/// How an account stands at spot; dollars.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// NAV.
    pub nav_usd: f64,
    /// Maintenance requirement.
    pub mmr_usd: f64,
    /// Below maintenance.
    pub under_water: bool,
    /// Debts plus perp notional: what liquidations can close.
    pub exposure_usd: f64,
}

impl Standing {
    /// NAV / MMR, bounded.
    pub fn ratio(&self) -> f64 {
        bounded_ratio(self.nav_usd, self.mmr_usd)
    }
}

/// Debts and notional, dollars: borrows, what is owed in quote after netting PnL, and perps.
fn exposure_usd(portfolio: &Portfolio) -> f64 {
    let debts: u64 = portfolio
        .tokens()
        .iter()
        .filter(|l| l.amount_atoms < 0)
        .map(|l| l.prices.spot.value_up(l.amount_atoms.unsigned_abs()))
        .sum();
    let (_, owed) = quote_sides(portfolio, &margins(portfolio, At::Spot, false));
    let perps: u64 = portfolio.perps().iter().map(|l| l.prices.spot.value_up(l.units.unsigned_abs())).sum();
    let quote = portfolio.quote.prices.spot;
    (debts as f64 + quote.value_up(owed) as f64 + quote.value_up(perps) as f64) / 1e6
}

/// A refused transaction's reason: the program's error by name, else what the runtime said.
pub fn reason(failure: &Failure) -> String {
    let named = failure.logs.iter().find_map(|log| log.split("Error Code: ").nth(1)?.split('.').next());
    named.map_or_else(|| failure.text.clone(), str::to_owned)
}

impl Engine {
    /// A chain on which nobody has an account yet.
    pub fn new(mut world: World) -> Self {
        let venue_signer = world.party("venue");
        let maker = Trader { owner: world.authority, account: world.authority };
        Self { world, meter: Meter::default(), accounts: Vec::new(), liquidators: Vec::new(), maker, venue_signer }
    }

    /// Sends one instruction in a transaction of its own and measures it under `name`.
    ///
    /// # Errors
    /// What was refused; it is counted.
    pub fn send(
        &mut self,
        name: &str,
        payer: &Pubkey,
        instruction: Instruction,
    ) -> Result<TransactionMetadata, Failure> {
        let instructions = [instruction];
        let (bytes, keys) = size_and_keys(payer, &instructions);
        match self.world.send(payer, &instructions) {
            Ok(meta) => {
                let units = meta.compute_units_consumed.saturating_sub(BUDGET_INSTRUCTION_UNITS);
                self.meter.succeeded(self.measured_name(name, &meta), units, bytes, keys);
                Ok(meta)
            }
            Err(failure) => {
                self.meter.refused(name, &reason(&failure));
                Err(failure)
            }
        }
    }

    /// A liquidation that found nothing to do is measured apart.
    fn measured_name<'a>(&self, name: &'a str, meta: &TransactionMetadata) -> &'a str {
        let lost = outcome(meta).is_some_and(|o| o.reason != 0);
        match name {
            "liquidate_collateral" if lost => "liquidate_collateral (no-op)",
            "liquidate_position" if lost => "liquidate_position (no-op)",
            other => other,
        }
    }

    /// Registry and prices now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { registry: self.world.registry(), board: self.world.board(), now: self.world.now() }
    }

    /// An account of the population.
    pub fn account(&self, index: usize) -> MarginAccount {
        self.world.margin_account(&self.accounts[index])
    }

    /// A bank.
    pub fn bank(&self, index: usize) -> Bank {
        self.world.read(&self.world.keys.bank(index as u8).bank)
    }

    /// A market.
    pub fn market(&self, index: usize) -> Market {
        self.world.read(&self.world.keys.market(index as u8))
    }

    /// Every margin account of the engine.
    pub fn everyone(&self) -> Vec<MarginAccount> {
        let all = self.accounts.iter().chain(&self.liquidators).chain(std::iter::once(&self.maker));
        all.map(|trader| self.world.margin_account(trader)).collect()
    }

    /// Checks that every atom is accounted for.
    pub fn check_conservation(&self, found: &mut Conservation) {
        let snapshot = self.snapshot();
        let vault = |i: usize| self.world.token_balance(&self.world.keys.bank(i as u8).vault);
        let banks: Vec<(Bank, u64)> = (0..BANKS.len()).map(|i| (self.bank(i), vault(i))).collect();
        let markets: Vec<Market> = (0..MARKETS.len()).map(|i| self.market(i)).collect();
        let ledger = Ledger {
            registry: &snapshot.registry,
            board: &snapshot.board,
            banks: &banks,
            markets: &markets,
            accounts: &self.everyone(),
            now: snapshot.now,
            transactions: self.meter.total(),
            closings: self.meter.count("resolve_bankruptcy (seize PnL)")
                + self.meter.count("resolve_bankruptcy (pay PnL)"),
        };
        conserve::check(&ledger, found);
    }
}

/// What a liquidation reported.
pub fn outcome(meta: &TransactionMetadata) -> Option<LiquidationOutcome> {
    let data = &meta.return_data.data;
    // The runtime strips trailing zeros of return data.
    let mut bytes = [0u8; core::mem::size_of::<LiquidationOutcome>()];
    bytes.get_mut(..data.len())?.copy_from_slice(data);
    (!data.is_empty()).then(|| bytemuck::pod_read_unaligned(&bytes))
}

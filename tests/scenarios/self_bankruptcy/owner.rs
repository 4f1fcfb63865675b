//! The owner of all accounts of an attack: what he has, what of it the market gave him, what others paid.

use anchor_lang::prelude::Pubkey;
use plimsoll_sim::world::{Tick, E8};
use plimsoll_state::{AccountStatus, Bank};
use plimsoll_tests::*;

/// The banks that attacks use, with the decimals of their tokens.
const BANKS: [(u8, u32); 3] = [(USDC, 6), (SOL, 9), (BTC, 8)];
/// Millionths of a dollar.
const MICRO: i128 = 1_000_000;

/// What an attack came to, dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// Insurance paid.
    pub insurance: i64,
    /// Lenders bore what insurance did not.
    pub lenders: i64,
    /// The account was liquidatable or frozen at some time, so that the attack came to something.
    pub fell: bool,
    /// All accounts and wallets of the owner together, afterwards less before, but for what prices moved of what he held.
    pub gained: i64,
}

impl Outcome {
    /// What others paid.
    pub(super) fn taken(&self) -> i64 {
        self.insurance + self.lenders
    }

    /// What it cost the owner beside what he took.
    pub(super) fn cost(&self) -> i64 {
        self.taken() - self.gained
    }
}

/// An owner under watch.
pub(super) struct Owner {
    accounts: Vec<Trader>,
    keys: Vec<Pubkey>,
    before: i128,
    by_market: i128,
    paid_atoms: [[u64; 2]; BANKS.len()],
    /// By insurance and by lenders, millionths of a dollar.
    paid: [i128; 2],
    fell: bool,
}

impl Owner {
    /// With all that he has put in.
    pub(super) fn of(stage: &Stage, accounts: &[Trader]) -> Self {
        let mut keys: Vec<Pubkey> = accounts.iter().map(|trader| trader.owner).collect();
        keys.dedup();
        let mut owner = Self {
            accounts: accounts.to_vec(),
            keys,
            before: 0,
            by_market: 0,
            paid_atoms: BANKS.map(|(bank, _)| paid_atoms(stage, bank)),
            paid: [0; 2],
            fell: false,
        };
        owner.before = owner.wealth(stage);
        owner
    }

    /// Everything of his, millionths of a dollar; a frozen account is no longer his.
    fn wealth(&self, stage: &Stage) -> i128 {
        let nav = |trader: &Trader| match AccountStatus::try_from(stage.margin_account(trader).status) {
            Ok(AccountStatus::Active) => stage.view(trader).spot.nav_usd_pico.get() / MICRO,
            _ => 0,
        };
        let held = |key: &Pubkey| -> i128 {
            let of_bank =
                |(bank, decimals)| value(stage, bank, decimals, stage.token_balance(&wallet(stage, key, bank)));
            BANKS.into_iter().map(of_bank).sum()
        };
        self.accounts.iter().map(nav).sum::<i128>() + self.keys.iter().map(held).sum::<i128>()
    }

    /// Every feed publishes, with these prices beside the dollar's; what that changes of his is the market's doing.
    pub(super) fn publish(&mut self, stage: &mut Stage, prices_e8: [i64; 2]) {
        let before = self.wealth(stage);
        for (slot, price_e8) in [SOL, BTC].into_iter().zip(prices_e8) {
            let last = stage.feeds[slot as usize].last.expect("a price was posted");
            let published_at = stage.now();
            stage.post_primary(slot, Tick { price_e8, published_at, ..last });
        }
        stage.repeat_prices();
        self.by_market += self.wealth(stage) - before;
    }

    /// Whether an account of his can be liquidated or resolved.
    pub(super) fn is_under_water(&mut self, stage: &Stage, account: &Trader) -> bool {
        let frozen = stage.margin_account(account).status != AccountStatus::Active as u8;
        let under_water = frozen || stage.view(account).ratio_ppm < 1_000_000;
        self.fell |= under_water;
        under_water
    }

    /// Counts what insurance and lenders have paid since the last look, at the prices of now.
    pub(super) fn count(&mut self, stage: &Stage) {
        for (counted, (bank, decimals)) in self.paid_atoms.iter_mut().zip(BANKS) {
            let paid = paid_atoms(stage, bank);
            for (who, before) in counted.iter_mut().enumerate() {
                self.paid[who] += value(stage, bank, decimals, paid[who] - std::mem::replace(before, paid[who]));
            }
        }
    }

    /// What came of it.
    pub(super) fn outcome(mut self, stage: &Stage) -> Outcome {
        self.count(stage);
        let dollars = |micro: i128| i64::try_from(micro / MICRO).expect("dollars");
        let gained = self.wealth(stage) - self.before - self.by_market;
        let [insurance, lenders] = self.paid.map(dollars);
        Outcome { insurance, lenders, gained: dollars(gained), fell: self.fell }
    }
}

/// What a bank's insurance and its lenders have paid so far.
fn paid_atoms(stage: &Stage, bank: u8) -> [u64; 2] {
    let bank: Bank = stage.read(&stage.keys.bank(bank).bank);
    [bank.insurance_out_atoms, bank.socialized_atoms]
}

/// Atoms at the price that was posted last, millionths of a dollar.
fn value(stage: &Stage, bank: u8, decimals: u32, atoms: u64) -> i128 {
    let price_e8 = stage.feeds[bank as usize].last.expect("a price was posted").price_e8;
    i128::from(atoms) * i128::from(price_e8) * MICRO / i128::from(E8) / 10i128.pow(decimals)
}

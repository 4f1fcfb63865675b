//! Who plans and signs in the benchmark.

use plimsoll_keeper::capital::Forecast;
use plimsoll_keeper::config::LiquidateConfig;
use plimsoll_keeper::offer::{best_offer, Affordable, Means};
use plimsoll_keeper::state::{Candidate, Tracker, Update};
use plimsoll_rpc::send::sign;
use plimsoll_rpc::EngineAccounts;
use plimsoll_sdk::ix::{self, Parties};
use plimsoll_state::snapshot::Views;
use plimsoll_state::MarginAccount;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_hash::Hash;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::input::Input;
use crate::stage::Stage;

/// Somebody who could pay for all of it.
pub struct Liquidator {
    key: Keypair,
    account: Pubkey,
    own: MarginAccount,
    config: LiquidateConfig,
}

impl Liquidator {
    /// The engine's maker, with a key of its own.
    pub fn new(stage: &Stage) -> Self {
        let own = stage.world.margin_account(&stage.maker);
        // Whatever pays a liquidator anything is taken: the penalty has just begun to rise.
        let config = LiquidateConfig { min_gain_usd_micro: 0, ..LiquidateConfig::default() };
        Self { key: Keypair::new(), account: stage.maker.account, own, config }
    }

    /// The account of an input, with a key that is the same in every run.
    pub fn fixed(input: &Input) -> Self {
        let config = LiquidateConfig { min_gain_usd_micro: 0, ..LiquidateConfig::default() };
        Self { key: Keypair::new_from_array([7; 32]), account: Input::key(usize::MAX), own: input.own, config }
    }

    /// Takes a board, assesses who is below maintenance, plans every leg of the worst `most`, signs the best.
    pub fn tick(
        &self,
        tracker: &mut Tracker,
        engine: &EngineAccounts,
        slot: u64,
        board: Vec<u8>,
        most: usize,
    ) -> usize {
        tracker.apply(Update::Account { key: engine.keys.board, slot, data: board });
        let mut candidates = tracker.assess_hot();
        candidates.sort_by_key(|candidate| candidate.assessment.health_ppm);
        let mut signed = 0;
        for candidate in candidates.iter().take(most) {
            let offered = tracker.with_loaded(candidate.id, Views::LIQUIDATION, |loaded| {
                let forecast = Forecast::new(&self.own, loaded.shared, loaded.now);
                best_offer(&loaded, &Means { own: &self.own, forecast: &forecast, config: &self.config })
            });
            let offer = offered.expect("tracked").expect("evaluates").unwrap_or_else(|none| panic!("{none:?}"));
            self.sign(engine, candidate, &offer);
            signed += 1;
        }
        signed
    }

    fn sign(&self, engine: &EngineAccounts, candidate: &Candidate, affordable: &Affordable) {
        let parties = Parties { signer: self.key.pubkey(), liquidator: self.account, liquidatee: candidate.key };
        let Affordable { offer, fill } = affordable;
        let instruction = ix::liquidate(&engine.keys, parties, &offer.request, fill.with_asset_bank, false);
        let limits = [
            ComputeBudgetInstruction::set_compute_unit_limit(60_000),
            ComputeBudgetInstruction::set_compute_unit_price(1_000),
            ComputeBudgetInstruction::set_loaded_accounts_data_size_limit(1_000_000),
            instruction,
        ];
        let transaction = sign(&self.key, &[], &limits, Hash::default()).expect("the keeper's key is the only signer");
        assert_eq!(transaction.signatures.len(), 1);
    }
}

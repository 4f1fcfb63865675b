//! What a person can do about an error.

use plimsoll_migrations::Error;
use plimsoll_rpc::Local;
use plimsoll_sdk::EngineError;

/// What a person can do; `local` is the file that named the cluster, where one did.
pub fn of(error: &Error, local: Option<&Local>) -> Option<String> {
    match (error, local) {
        (Error::Rpc(plimsoll_rpc::Error::Unreachable(_)), Some(local)) => Some(format!(
            "{} names this cluster, which `cargo xtask localnet` runs: start it, or delete the file, or name another cluster \
             with --url",
            local.path.display()
        )),
        _ => of_error(error).map(str::to_owned),
    }
}

/// The error's own advice, else what the engine's refusal asks for.
fn of_error(error: &Error) -> Option<&'static str> {
    error.advice().or_else(|| match error {
        Error::Rpc(plimsoll_rpc::Error::Missing { what: "margin account", .. }) => Some(
            "open it first: `plimsoll account open`, or check the number; name another key's account by its address",
        ),
        Error::Rpc(error) | Error::Step { source: error, .. } => error.engine().and_then(of_engine),
        _ => None,
    })
}

fn of_engine(error: EngineError) -> Option<&'static str> {
    Some(match error {
        EngineError::NotAuthority => "sign with the authority's key (`plimsoll engine show`), by --keypair",
        EngineError::NotOwner | EngineError::NotOwnerOrDelegate => {
            "sign with the owner's key, by --keypair (`plimsoll account show` names the owner)"
        }
        EngineError::DelegateMayNotLiquidate
        | EngineError::DelegateMayNotDeposit
        | EngineError::DelegateMayNotTrade => "the owner gives a delegate its rights: `plimsoll account delegate --may`",
        EngineError::DelegateLimitExceeded => {
            "wait for a part of the day to pass, or the owner raises the limit: `plimsoll account delegate --trade-limit`"
        }
        EngineError::DelegateWorseThanSpot => "a delegate trades at spot or better: `plimsoll price list`",
        EngineError::Paused => "`plimsoll engine show` says what is paused and until when; repay and deposit always work",
        EngineError::PauseSpent => "the program's log says from when on the guardian may again; the authority may now",
        EngineError::PriceBreakerTripped => "`plimsoll price list` says until when; what reduces risk always works",
        EngineError::ThroughputBreakerTripped | EngineError::DrawdownBreakerTripped => {
            "`plimsoll engine limits` says until when; what reduces risk always works"
        }
        EngineError::PriceHalted => "`plimsoll price list` says until when; repay and deposit always work",
        EngineError::ChangeWaits => {
            "propose it: `plimsoll engine propose --config FILE`, `plimsoll engine configure` or `plimsoll engine propose-role`; the \
             program's log names what has to wait"
        }
        EngineError::ChangeNotDue => "`plimsoll engine pending` says when it is due",
        EngineError::ChangeExpired => "propose it again; `plimsoll engine cancel` clears it away",
        EngineError::NotLaunched => "the authority launches the engine first: `plimsoll engine launch`",
        EngineError::NothingRamps => "`plimsoll engine powers` says how many ramps are under way",
        EngineError::CapGrowthLimited => {
            "a cap at most doubles, once a day, and a first one is limited: `plimsoll engine limits` says when it may rise"
        }
        EngineError::ReplacesCanceller => "whichever of authority and guardian is not replaced may cancel it",
        EngineError::StandbyMissing => "list one first: `[price.standby]` in the file, then `plimsoll engine propose`",
        EngineError::SwitchSpent => "`plimsoll price standby` says who may switch when; the guardian may halt the price",
        EngineError::OnStandby => "leave out --secondary: a standby in use counts alone (`plimsoll price list`)",
        EngineError::PauseOnly => "only the authority can end a pause",
        EngineError::PriceStale => {
            "refresh it: `plimsoll price refresh`, just before adding risk; where the source is silent, see `plimsoll price list`"
        }
        EngineError::PriceNotReady => "wait until the averages are ready: `plimsoll price list` says what is missing",
        EngineError::InitialMarginInsufficient | EngineError::MaintenanceMarginInsufficient => {
            "deposit or repay first; `plimsoll account show` says what is free for adding risk"
        }
        EngineError::LiquidatorMarginInsufficient => "take less with --max, or deposit into the liquidator's account",
        EngineError::AccountHealthy => "`plimsoll account show` says where it stands at spot and at the average, and when that changes",
        EngineError::AccountAlreadyCured => "there is nothing to do: the account is cured",
        EngineError::VenueNotionalExceeded | EngineError::VenueApprovalExpired => {
            "its owners may let it settle more: `plimsoll account approve-venue`"
        }
        EngineError::ApprovalMarketsInvalid => "`plimsoll venue list` says what it settles",
        EngineError::PriceOutsideBand => "`plimsoll price list` shows the board's price and its averages",
        EngineError::VersionUnknown => {
            "the program and the accounts, or this client, are of different versions: `plimsoll-migrate accounts`"
        }
        EngineError::VenueNotApproved => "both owners have to approve the venue for the market: `plimsoll account approve-venue`",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_engine_comes_with_what_to_do() {
        let custom = solana_instruction::error::InstructionError::Custom(EngineError::PriceNotReady as u32);
        let refused = plimsoll_rpc::Error::rejected(custom_at(0, custom), Vec::new());
        assert!(of(&Error::Rpc(refused), None).is_some_and(|advice| advice.contains("plimsoll price list")));
        for error in [
            EngineError::ChangeWaits,
            EngineError::ChangeNotDue,
            EngineError::ChangeExpired,
            EngineError::NotLaunched,
            EngineError::NothingRamps,
            EngineError::CapGrowthLimited,
            EngineError::ThroughputBreakerTripped,
            EngineError::DrawdownBreakerTripped,
        ] {
            assert!(of_engine(error).is_some_and(|advice| advice.contains("plimsoll engine")), "{error:?}");
        }
        assert_eq!(of(crate::usage::usage("a word").error(), None), None);
    }

    #[test]
    fn a_local_engine_that_does_not_answer_is_started_by_its_own_command() {
        let silent = || Error::Rpc(plimsoll_rpc::Error::Unreachable("refused".into()));
        let local = Local { path: "target/localnet/plimsoll.toml".into(), config: Default::default() };
        let advice = of(&silent(), Some(&local)).unwrap();
        assert!(
            advice.contains("target/localnet/plimsoll.toml") && advice.contains("cargo xtask localnet"),
            "{advice}"
        );
        assert!(of(&silent(), None).is_some_and(|advice| advice.contains("--url") && !advice.contains("localnet")));
    }

    fn custom_at(
        index: u8,
        error: solana_instruction::error::InstructionError,
    ) -> solana_transaction_error::TransactionError {
        solana_transaction_error::TransactionError::InstructionError(index, error)
    }
}

//! What this crate builds by hand is what Anchor's generated code builds: addresses, account lists, data, codes.

use anchor_lang::prelude::AccountInfo;
use anchor_lang::{InstructionData, ToAccountMetas};
use plimsoll::instructions::{self as theirs};
use plimsoll::{accounts, instruction};
use plimsoll_interface::*;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

/// A different address for every number.
fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

#[track_caller]
fn same(ours: Instruction, accounts: impl ToAccountMetas, data: impl InstructionData) {
    assert_eq!(ours.program_id, plimsoll::ID);
    assert_eq!(ours.accounts, accounts.to_account_metas(None));
    assert_eq!(ours.data, data.data());
}

/// Compares one instruction whose accounts have the same names on both sides, numbered from 1.
macro_rules! compare {
    (@accounts $name:ident {$($account:ident),*} $($extra:ident: $value:expr),*) => {{
        let mut next = 0;
        let mut number = || { next += 1; key(next) };
        ($name { $($account: number().into()),* }, {
            let mut next = 0;
            let mut number = || { next += 1; key(next) };
            accounts::$name { $($account: number().into(),)* $($extra: $value),* }
        })
    }};
    (quiet $function:ident $name:ident {$($account:ident),*} ($($arg:expr),*) $data:expr) => {{
        let (ours, anchors) = compare!(@accounts $name {$($account),*});
        same($function(&ours $(, $arg)*), anchors, $data);
    }};
    (events $function:ident $name:ident {$($account:ident),*} ($($arg:expr),*) $data:expr) => {{
        let (ours, anchors) = compare!(@accounts $name {$($account),*}
            event_authority: plimsoll::EVENT_AUTHORITY_AND_BUMP.0, program: plimsoll::ID);
        same($function(&ours $(, $arg)*), anchors, $data);
    }};
}

#[test]
fn instructions_on_accounts_are_those_of_anchor() {
    let (rights, trade_limit_atoms_per_day) = (plimsoll_state::right::ALL, 1 << 41);
    for delegate in [None, Some(DelegateArgs { key: key(99), rights, trade_limit_atoms_per_day })] {
        compare!(events open_account OpenAccount {owner, payer, engine, registry, margin_account, system_program}
            (513, delegate) instruction::OpenAccount { args: theirs::OpenAccountArgs { id: 513, delegate } });
        compare!(events set_delegate SetDelegate {owner, margin_account}
            (delegate) instruction::SetDelegate { args: theirs::SetDelegateArgs { delegate } });
    }
    compare!(events close_account CloseAccount {owner, margin_account, rent_payer} () instruction::CloseAccount {});
    let args = theirs::ApproveVenueArgs { markets: 5, notional_limit_atoms: 1 << 40, expires_at: -6 };
    compare!(events approve_venue ApproveVenue {owner, margin_account, venue} (5, 1 << 40, -6)
        instruction::ApproveVenue { args });
    compare!(events revoke_venue RevokeVenue {owner, margin_account} (key(98))
        instruction::RevokeVenue { args: theirs::RevokeVenueArgs { venue: key(98) } });
    compare!(quiet check_margin CheckMargin {margin_account, registry, board} (3)
        instruction::CheckMargin { args: theirs::CheckMarginArgs { views: 3 } });
    compare!(quiet observe_margin ObserveMargin {margin_account, registry, board} () instruction::ObserveMargin {});
}

#[test]
fn instructions_that_move_tokens_are_those_of_anchor() {
    compare!(events deposit Deposit {authority, margin_account, registry, board, bank, vault, source, mint, token_program}
        (7) instruction::Deposit { args: theirs::DepositArgs { amount_atoms: 7 } });
    compare!(events borrow Borrow {owner, margin_account, registry, board, bank, vault, destination, mint, token_program}
        (u64::MAX) instruction::Borrow { args: theirs::BorrowArgs { amount_atoms: u64::MAX } });
    compare!(events fund_insurance FundInsurance {funder, bank, vault, source, mint, token_program}
        (9) instruction::FundInsurance { args: theirs::FundInsuranceArgs { amount_atoms: 9 } });
    for all in [false, true] {
        let args = theirs::WithdrawArgs { amount_atoms: 8, all };
        compare!(events withdraw Withdraw
            {owner, margin_account, registry, board, bank, vault, destination, mint, token_program}
            (8, all) instruction::Withdraw { args });
        let args = theirs::RepayArgs { amount_atoms: 8, all };
        compare!(events repay Repay {payer, margin_account, registry, board, bank, vault, source, mint, token_program}
            (8, all) instruction::Repay { args });
    }
}

/// What an Anchor program may call the engine with instead (README).
#[test]
fn the_module_for_calls_by_other_anchor_programs_names_the_same_accounts() {
    let keys = [key(1), key(2), key(3), key(4), plimsoll::EVENT_AUTHORITY_AND_BUMP.0, plimsoll::ID];
    let (mut lamports, owner) = ([0; 6], Pubkey::default());
    let info = |(key, lamports)| AccountInfo::new(key, false, false, lamports, &mut [], &owner, false);
    let [venue_signer, venue, registry, market, event_authority, program] =
        <[AccountInfo; 6]>::try_from(keys.iter().zip(&mut lamports).map(info).collect::<Vec<_>>()).unwrap();
    let theirs =
        plimsoll::cpi::accounts::ReportPremium { venue_signer, venue, registry, market, event_authority, program };
    let ours = ReportPremium { venue_signer: key(1), venue: key(2), registry: key(3), market: key(4) };
    assert_eq!(report_premium(&ours, -5).accounts, theirs.to_account_metas(None));
}

#[test]
fn instructions_on_markets_are_those_of_anchor() {
    compare!(events report_premium ReportPremium {venue_signer, venue, registry, market} (-5)
        instruction::ReportPremium { args: theirs::ReportPremiumArgs { premium_ppm: -5 } });
    let args = theirs::TakeWinArgs { claim_atoms: 1, all: true, min_paid_atoms: 2 };
    compare!(events take_win TakeWin {signer, margin_account, registry, board, market, quote_bank} (1, true, 2)
        instruction::TakeWin { args });
    compare!(events touch_position TouchPosition {margin_account, registry, board, market} () instruction::TouchPosition {});
    compare!(events settle_pnl SettlePnl {margin_account, registry, board, market, quote_bank} ()
        instruction::SettlePnl {});
    compare!(events settle_fill SettleFill
        {buyer, seller, registry, board, market, venue, venue_signer, buyer_authority, seller_authority} (3, 4)
        instruction::SettleFill { args: theirs::SettleFillArgs { base_units: 3, quote_atoms: 4 } });
}

#[test]
fn accounts_that_are_left_out_are_left_out_as_anchor_does_it() {
    let (event_authority, program) = (plimsoll::EVENT_AUTHORITY_AND_BUMP.0, plimsoll::ID);
    let [registry, board, market, quote_bank] = [1, 2, 3, 4].map(key);
    same(
        settle_pnl(&SettlePnl { margin_account: None, registry, board, market, quote_bank }),
        accounts::SettlePnl { margin_account: None, registry, board, market, quote_bank, event_authority, program },
        instruction::SettlePnl {},
    );
    let margin_account = key(5);
    let (quote_bank, bank, market) = (None, None, None);
    same(
        resolve_bankruptcy(
            &ResolveBankruptcy { margin_account, registry, board, quote_bank, bank, market },
            ResolveStep::Freeze,
        ),
        accounts::ResolveBankruptcy {
            margin_account,
            registry,
            board,
            quote_bank,
            bank,
            market,
            event_authority,
            program,
        },
        instruction::ResolveBankruptcy { args: theirs::ResolveBankruptcyArgs { step: theirs::ResolveStep::Freeze } },
    );
}

#[test]
fn liquidations_and_resolutions_are_those_of_anchor() {
    let narrow = LiquidationBounds {
        max_size: 6,
        as_much_as_allowed: false,
        min_size: 5,
        limit_numerator: 3,
        limit_denominator: 4,
        no_op_if_refused: true,
    };
    for bounds in [narrow, LiquidationBounds::ANY] {
        compare!(events liquidate_position LiquidatePosition {signer, liquidator, liquidatee, registry, board, market}
            (9, bounds) instruction::LiquidatePosition { args: LiquidatePositionArgs { market: 9, bounds } });
        for liability in [LiabilityArg::Borrow(4), LiabilityArg::NegativePnl(5)] {
            let args = LiquidateCollateralArgs { asset_bank: 2, liability, bounds };
            compare!(events liquidate_collateral LiquidateCollateral
                {signer, liquidator, liquidatee, registry, board, liability_bank, asset_bank, market}
                (2, liability, bounds) instruction::LiquidateCollateral { args });
        }
    }
    for step in [
        ResolveStep::Freeze,
        ResolveStep::SeizeToken { bank: 1 },
        ResolveStep::SeizePnl { market: 2 },
        ResolveStep::PayBorrow { bank: 3 },
        ResolveStep::PayPnl { market: 4 },
        ResolveStep::Finish,
    ] {
        compare!(events resolve_bankruptcy ResolveBankruptcy
            {margin_account, registry, board, quote_bank, bank, market}
            (step) instruction::ResolveBankruptcy { args: ResolveBankruptcyArgs { step } });
    }
}

#[test]
fn settings_are_those_of_anchor() {
    let args = CreateEngineArgs {
        id: 3,
        test_cluster: true,
        risk_authority: key(8),
        guardian: key(9),
        fee_collector: key(10),
    };
    compare!(events create_engine CreateEngine {creator, payer, engine, system_program} (args)
        instruction::CreateEngine { args });
    let params = plimsoll_risk::params::GlobalParams::DEFAULT.into();
    compare!(events grow_registry GrowRegistry {authority, payer, engine, registry, system_program}
        (GrowRegistryArgs { params }) instruction::GrowRegistry { args: GrowRegistryArgs { params } });
    compare!(events grow_board GrowBoard {payer, engine, board, system_program} () instruction::GrowBoard {});
    compare!(events grow_feeds GrowFeeds {payer, engine, feeds, system_program} () instruction::GrowFeeds {});
    compare!(events update_params UpdateParams {authority, engine, registry, board} (UpdateParamsArgs { params })
        instruction::UpdateParams { args: UpdateParamsArgs { params } });
    compare!(events set_pause SetPause {signer, engine, registry} (SetPauseArgs { add_bits: 5, remove_bits: 2, lasts_secs: Some(60) })
        instruction::SetPause { args: SetPauseArgs { add_bits: 5, remove_bits: 2, lasts_secs: Some(60) } });
    compare!(events halt_price HaltPrice {signer, engine, board} (HaltPriceArgs { slot: 3, halted: true, lasts_secs: None })
        instruction::HaltPrice { args: HaltPriceArgs { slot: 3, halted: true, lasts_secs: None } });
    compare!(events launch_engine LaunchEngine {authority, engine, registry} () instruction::LaunchEngine {});
    for role in [RoleArg::Authority, RoleArg::RiskAuthority, RoleArg::Guardian, RoleArg::FeeCollector] {
        for key in [None, Some(key(4))] {
            compare!(events propose_role ProposeRole {authority, engine, registry} (ProposeRoleArgs { role, key })
                instruction::ProposeRole { args: ProposeRoleArgs { role, key } });
        }
        compare!(events accept_role AcceptRole {signer, engine} (AcceptRoleArgs { role })
            instruction::AcceptRole { args: AcceptRoleArgs { role } });
    }
    compare!(events migrate_account MigrateAccount {account} () instruction::MigrateAccount {});
}

#[test]
fn changes_are_those_of_anchor() {
    let args = || ProposeChangeArgs { id: 7, data: ChangeData { bytes: vec![1, 2, 3] } };
    compare!(events propose_change ProposeChange {proposer, payer, engine, registry, change, system_program} (args())
        instruction::ProposeChange { args: args() });
    compare!(events execute_change ExecuteChange {payer, engine, executor, change, rent_payer} ()
        instruction::ExecuteChange {});
    compare!(events cancel_change CancelChange {signer, engine, change, rent_payer} () instruction::CancelChange {});
    for of in [RampArg::Params, RampArg::Bank(3), RampArg::Market(4)] {
        compare!(events advance_ramp AdvanceRamp {registry, board} (AdvanceRampArgs { of })
            instruction::AdvanceRamp { args: AdvanceRampArgs { of } });
    }
}

#[test]
fn upkeep_is_that_of_anchor() {
    compare!(events accrue Accrue {registry, bank} () instruction::Accrue {});
    compare!(events crank_funding CrankFunding {registry, board, market} () instruction::CrankFunding {});
    compare!(events sweep_insurance SweepInsurance {registry, bank} () instruction::SweepInsurance {});

    let (registry, board, feeds) = (key(1), key(2), key(6));
    let entries = [
        Refresh { slot: 3, primary: key(3), secondary: None },
        Refresh { slot: 7, primary: key(4), secondary: Some(key(5)) },
    ];
    let mut expected = accounts::RefreshPrice { registry, board, feeds }.to_account_metas(None);
    expected.extend([3, 4, 5].map(|number| solana_instruction::AccountMeta::new_readonly(key(number), false)));
    let ours = refresh_price(&RefreshPrice { registry, board, feeds }, &entries);
    assert_eq!(ours.accounts, expected);
    let entries = [(3, false), (7, true)].map(|(slot, with_secondary)| theirs::RefreshEntry { slot, with_secondary });
    let args = theirs::RefreshPriceArgs { entries: entries.to_vec() };
    assert_eq!(ours.data, instruction::RefreshPrice { args }.data());
    let args = || SwitchSourceArgs { slot: 3, to_standby: true };
    compare!(events switch_source SwitchSource {signer, engine, registry, board, feeds, source} (args())
        instruction::SwitchSource { args: args() });
}

#[test]
fn error_codes_are_those_of_the_program() {
    let ours: Vec<(u32, &str)> = EngineError::ALL.iter().map(|error| (error.code(), error.name())).collect();
    let anchors: Vec<(u32, &str)> =
        plimsoll::EngineError::ALL.iter().map(|error| (*error as u32, error.text().0)).collect();
    assert_eq!(ours, anchors);
    assert!(EngineError::ALL.iter().all(|error| EngineError::from_code(error.code()) == Some(*error)));
    assert_eq!(EngineError::from_code(5_999), None);
}

#[test]
fn addresses_are_those_of_the_program() {
    assert_eq!(plimsoll_interface::ID, plimsoll::ID);
    let (authority, bump) = plimsoll::EVENT_AUTHORITY_AND_BUMP;
    assert_eq!((EVENT_AUTHORITY, pda::event_authority()), (authority, (authority, bump)));
    let engine = key(1);
    let by_hand = |seeds: &[&[u8]]| Pubkey::find_program_address(seeds, &plimsoll::ID);
    assert_eq!(pda::engine(&key(2), 258), by_hand(&[b"engine", key(2).as_ref(), &[2, 1]]));
    assert_eq!(pda::registry(&engine), by_hand(&[b"registry", engine.as_ref()]));
    assert_eq!(pda::board(&engine), by_hand(&[b"board", engine.as_ref()]));
    assert_eq!(pda::feeds(&engine), by_hand(&[b"feeds", engine.as_ref()]));
    assert_eq!(pda::bank(&engine, 3), by_hand(&[b"bank", engine.as_ref(), &[3]]));
    assert_eq!(pda::vault(&key(3)), by_hand(&[b"vault", key(3).as_ref()]));
    assert_eq!(pda::market(&engine, 4), by_hand(&[b"market", engine.as_ref(), &[4]]));
    assert_eq!(
        pda::margin_account(&engine, &key(4), 1),
        by_hand(&[b"margin", engine.as_ref(), key(4).as_ref(), &[1, 0]])
    );
    assert_eq!(pda::venue(&engine, &key(5)), by_hand(&[b"venue", engine.as_ref(), key(5).as_ref()]));
}

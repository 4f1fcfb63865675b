//! Golden bytes of every account: a change of a layout changes a file under `golden/` or does not pass.
//!
//! Each field holds a value of its own. Its first byte is the field's number in the order of the declaration, so a
//! field can be found in the hex at a glance; of an array the first and the last element are filled, padding is zero.

use std::fmt::Write as _;
use std::mem::offset_of;

use bytemuck::Zeroable;
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::units::Ppm;
use plimsoll_state::*;
use sha2::{Digest, Sha256};

/// Numbers the fields.
struct Fill(u8);

trait Field: Sized {
    fn field(fill: &mut Fill) -> Self;
}

macro_rules! integers {
    ($($type:ty),+) => {$(
        impl Field for $type {
            fn field(fill: &mut Fill) -> Self {
                fill.0 = fill.0.checked_add(1).expect("fewer than 256 fields");
                let mut bytes = [0; size_of::<$type>()];
                bytes.iter_mut().enumerate().for_each(|(i, byte)| *byte = i as u8);
                bytes[0] = fill.0;
                <$type>::from_le_bytes(bytes)
            }
        }
    )+};
}
integers!(u8, i8, u16, i16, u32, i32, u64, i64, i128, u128);

impl Field for Ppm {
    fn field(fill: &mut Fill) -> Self {
        Self::new(Field::field(fill))
    }
}

impl Field for I128Le {
    fn field(fill: &mut Fill) -> Self {
        Self::new(Field::field(fill))
    }
}

impl Field for U128Le {
    fn field(fill: &mut Fill) -> Self {
        Self::new(Field::field(fill))
    }
}

impl<T: Field + Zeroable + Copy, const N: usize> Field for [T; N] {
    fn field(fill: &mut Fill) -> Self {
        let mut array = [T::zeroed(); N];
        array[0] = T::field(fill);
        array[N - 1] = T::field(fill);
        array
    }
}

/// Fills the named fields in order; the others are padding.
macro_rules! filled {
    ($type:ident { $($field:ident),+ ; $($zero:ident),* }) => {
        impl Field for $type {
            fn field(fill: &mut Fill) -> Self {
                $type { $($field: Field::field(fill),)+ $($zero: Zeroable::zeroed(),)* }
            }
        }
    };
}

macro_rules! wrapped {
    ($($outer:ident($inner:ty)),+) => {$(
        impl Field for $outer {
            fn field(fill: &mut Fill) -> Self {
                Self(<$inner>::field(fill))
            }
        }
    )+};
}
impl Field for StoredParams {
    fn field(fill: &mut Fill) -> Self {
        let mut params = Self::zeroed();
        for field in GlobalParams::fields() {
            let value = if field.bytes == 8 { u64::field(fill) } else { u32::field(fill) as u64 };
            assert!(field.set(&mut params.0, value), "{} has {} bytes", field.name, field.bytes);
        }
        params
    }
}

/// Structs that lists make: each number in order, room zero.
macro_rules! listed {
    ($($type:ident),+) => {$(
        impl Field for $type {
            fn field(fill: &mut Fill) -> Self {
                let mut settings = Self::zeroed();
                let bytes = bytemuck::bytes_of_mut(&mut settings);
                for field in Self::TABLE.fields {
                    let place = &mut bytes[field.offset..field.offset + field.bytes];
                    match field.bytes {
                        8 => place.copy_from_slice(&u64::field(fill).to_le_bytes()),
                        _ => place.copy_from_slice(&u32::field(fill).to_le_bytes()),
                    }
                }
                settings
            }
        }
    )+};
}
listed!(BankLending, BankCaps, MarketFees, MarketCaps, PriceTerms);

wrapped!(StoredWeights(TokenWeights), StoredRates(MarketRates));

filled!(TokenWeights {
    asset_maint_ppm, asset_target_ppm, asset_init_ppm, liability_maint_ppm, liability_target_ppm,
    liability_init_ppm ;
});
filled!(MarketRates { maint_ppm, target_ppm, init_ppm ;  });
filled!(StoredPrice { mantissa, exponent ; _pad });
filled!(OracleSource { address, program, feed_id, queue, published_at, kind, min_samples ; _pad });
filled!(PriceSlot {
    active, source, sigma_ppm, vol_ppm_per_sqrt_sec, update_count, published_at, first_published_at, spot, fast,
    slow, low, high, terms, slow_vol_ppm_per_sqrt_sec, halted_until_at, halt, tripped_until_at,
    tripped_in_a_row, tripped_by, before ; _pad, _pad2,
    _reserved
});
filled!(Feed {
    sources, sample, sampled_at, variance, slow_variance, on_standby, switched_by, authority_switched_at,
    risk_authority_switched_at, authority_switches, risk_authority_switches ; _pad, _reserved
});
filled!(EpochEnd { k, a, epoch, used ;  });
filled!(SideIndex { k, a, epoch, ring ; _pad });
filled!(BankSlot {
    status, decimals, price_slot, weights, scale, deposit_index, borrow_index, borrow_rate_per_sec, accrued_at,
    known_loss_atoms, ramped_at, goals, drawdown ; _pad
});
filled!(MarketSlot {
    status, base_decimals, price_slot, rates, scale, funding_per_unit_sec, funding_at, sides, deficit_share_ppm,
    fees, known_loss_atoms, loss_cover_atoms, ramped_at, goals ; _pad, _pad2, _reserved
});
filled!(StoredPause { authority_until_at, guardian_until_at, guardian_in_a_row ; _pad });
filled!(StoredBreaker { until_at, in_a_row ; _pad });
filled!(StoredThroughput { at_bucket, liquidated, breaker ; });
filled!(SpentAtoms { at_bucket, spent ; });
filled!(SpentPerUnit { at_bucket, spent ; });
filled!(StoredFlow { at_bucket, vault_atoms, deposit_shares ; });
filled!(SideTotals { shares, count, ring_counts, charged ; _pad });
filled!(VenueApproval { venue, notional_left_atoms, expires_at, markets ; _pad });
filled!(TokenPosition { shares, reserved_atoms, fixed_debt_atoms, bank, used ; _pad });
filled!(DerivativePosition {
    shares, k_entry, cash_atoms, reserved_atoms, fixed_debt_atoms, strike, expiry, epoch, kind, market, last_sign,
    option_kind, underlying, known_loss_atoms ; _pad, _reserved
});
filled!(Engine {
    version, bump, id, test_cluster, executor_bump, creator, authority, risk_authority, guardian, fee_collector, pending,
    registry, board, executor, changes_proposed ; _pad, _reserved
});
filled!(Venue { version, bump, active, engine, signer, settle_markets, premium_markets ; _pad, _reserved });
filled!(Registry {
    version, bump, test_cluster, bank_count, market_count, launched, engine, pause_bits, frozen_accounts, params,
    params_ramped_at, params_goals, drawn_until_at, banks, markets, pauses ; _pad, _tail
});
filled!(StoredGoal { to_ppm, rounded_off ; _pad });
filled!(ChangeAccount { key, flags ; });
filled!(PendingChange {
    version, bump, account_count, data_len, engine, id, proposer, rent_payer, proposed_at, due_at, expires_at, accounts,
    data ; _pad, _reserved
});
filled!(PriceBoard { version, bump, count, engine, stopped_until_at, slots ; _pad, _reserved });
filled!(FeedBook { version, bump, engine, feeds ; _pad, _reserved });
filled!(Bank {
    version, bump, vault_bump, index, decimals, engine, mint, vault, token_program, deposit_shares,
    borrow_shares, deposit_index, booked_borrow_index, utilization_integral, utilization_at, accrued_at,
    utilization_ema_ppm, lending, caps, fees_atoms, insurance_atoms, reserved_atoms, waiting_shares,
    uncovered_atoms, drawn, outflow_hour, outflow_day,
    insurance_in_atoms, insurance_out_atoms, socialized_atoms, debts_drawn, cap_raised_at, insurance_withdrawn_atoms, throughput ; _pad, _reserved
});
filled!(Market {
    version, bump, index, price_slot, engine, name, sides, pool_shares, pool_atoms, deficit_atoms, own_claim_atoms,
    caps, premium_integral, premium_at, premium_from, premium_ppm, socialized_atoms, leg_count, premium_reported_at, rounding_units, cap_raised_at, drawn, throughput ; _pad, _pad_premium, _pad2, _reserved
});
filled!(MarginAccount {
    version, bump, status, delegate_rights, id, engine, owner, delegate, rent_payer, delegate_limit_atoms_per_day,
    delegate_traded, venues, under_water_secs, wind_down_secs,
    observed, called, observed_at, passed_at, bypass_published_at, bypass, tokens, derivatives, estate_reserved_atoms,
    estate_drawn_atoms ; _pad2, _pad_clocks, _pad3, _pad4, _intents, _reserved
});

/// The length, then every line of 32 bytes that is not zero, after its offset.
fn dump(data: &[u8]) -> String {
    let mut text = format!("{} bytes\n", data.len());
    for (i, line) in data.chunks(32).enumerate().filter(|(_, line)| line.iter().any(|byte| *byte != 0)) {
        write!(text, "{:5} ", i * 32).unwrap();
        line.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
        text.push('\n');
    }
    text
}

fn account_data<T: EngineAccount>(account: &T) -> Vec<u8> {
    [T::ACCOUNT_DISCRIMINATOR.as_slice(), bytemuck::bytes_of(account)].concat()
}

fn assert_golden<T: EngineAccount + Field>(name: &str, golden: &str) {
    let account = T::field(&mut Fill(0));
    let data = account_data(&account);
    let text = dump(&data);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = format!("{}/tests/golden/{name}.hex", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(path, &text).unwrap();
    } else {
        assert!(text == golden, "the bytes of {name} are not the golden ones but:\n{text}");
    }
    // Aligned as the runtime aligns accounts.
    let mut aligned = vec![0u64; data.len().div_ceil(8)];
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut aligned);
    bytes[..data.len()].copy_from_slice(&data);
    let read = T::from_account_data(&bytes[..data.len()]).expect("its own bytes decode");
    assert_eq!(bytemuck::bytes_of(read), bytemuck::bytes_of(&account));
    assert!(T::from_account_data(&bytes[..data.len() - 1]).is_none(), "a truncated {name} must not decode");
    bytes[0] ^= 1;
    assert!(T::from_account_data(&bytes[..data.len()]).is_none(), "another type must not decode as {name}");
}

fn discriminator(name: &str) -> [u8; 8] {
    let hash = Sha256::digest(format!("account:{name}"));
    hash[..8].try_into().unwrap()
}

macro_rules! golden_tests {
    ($($test:ident: $type:ident),+ $(,)?) => {$(
        #[test]
        fn $test() {
            let name = stringify!($type);
            assert_eq!($type::ACCOUNT_DISCRIMINATOR, discriminator(name));
            assert_golden::<$type>(name, include_str!(concat!("golden/", stringify!($type), ".hex")));
        }
    )+};
}

golden_tests! {
    the_engine_has_its_golden_bytes: Engine,
    the_venue_has_its_golden_bytes: Venue,
    a_pending_change_has_its_golden_bytes: PendingChange,
    the_registry_has_its_golden_bytes: Registry,
    the_price_board_has_its_golden_bytes: PriceBoard,
    the_feed_book_has_its_golden_bytes: FeedBook,
    the_bank_has_its_golden_bytes: Bank,
    the_market_has_its_golden_bytes: Market,
    the_margin_account_has_its_golden_bytes: MarginAccount,
}

/// ACCOUNT-1
#[test]
fn what_clients_filter_on_stands_at_the_documented_offsets() {
    // Offsets in the account's data, its discriminator included.
    let at = |offset: usize| DISCRIMINATOR_LEN + offset;
    assert_eq!(at(offset_of!(Engine, authority)), 48);
    for engine in [
        offset_of!(Venue, engine),
        offset_of!(Registry, engine),
        offset_of!(PriceBoard, engine),
        offset_of!(FeedBook, engine),
        offset_of!(Bank, engine),
        offset_of!(Market, engine),
        offset_of!(MarginAccount, engine),
    ] {
        assert_eq!(at(engine), 16);
    }
    assert_eq!(at(offset_of!(Venue, signer)), 48);
    assert_eq!(at(offset_of!(Bank, mint)), 48);
    assert_eq!(at(offset_of!(MarginAccount, owner)), 48);
    assert_eq!(at(offset_of!(MarginAccount, delegate)), 80);
}

/// ACCOUNT-1
#[test]
fn version_and_bump_are_the_first_two_bytes_of_every_account() {
    macro_rules! check {
        ($($type:ident),+) => {$(
            assert_eq!((offset_of!($type, version), offset_of!($type, bump)), (0, 1));
        )+};
    }
    check!(Engine, Venue, Registry, PriceBoard, FeedBook, Bank, Market, MarginAccount);
}

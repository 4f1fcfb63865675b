//! `docs/accounts.md` lists every field of every account at its real offset, and nothing else.

use std::mem::{offset_of, size_of};

use plimsoll_state::*;

#[path = "docs/params.rs"]
mod params;

const PAGE: &str = include_str!("../../../docs/accounts.md");

/// A type's section of the page, and its fields as (name, offset, bytes).
struct Layout {
    section: &'static str,
    fields: Vec<(&'static str, usize, usize)>,
}

const fn size_of_field<Type, Field>(_: fn(&Type) -> &Field) -> usize {
    size_of::<Field>()
}

/// Lists the fields in order; `start` is where the type's first byte stands.
macro_rules! layout {
    ($type:ident at $start:expr => $($field:ident),+ $(,)?) => {{
        // A field that is missing from the list does not compile.
        #[allow(dead_code, reason = "only has to compile")]
        fn complete($type { $($field: _),+ }: $type) {}
        let fields = vec![$((
            stringify!($field),
            $start + offset_of!($type, $field),
            size_of_field::<$type, _>(|value| &value.$field),
        )),+];
        Layout { section: stringify!($type), fields }
    }};
}

/// Where an account's fields begin.
const BODY: usize = DISCRIMINATOR_LEN;

fn accounts() -> Vec<Layout> {
    vec![
        layout!(Engine at BODY => version, bump, id, test_cluster, executor_bump, _pad, creator, authority,
            risk_authority, guardian, fee_collector, pending, registry, board, executor, changes_proposed, _reserved),
        layout!(Registry at BODY => version, bump, test_cluster, bank_count, market_count, launched, _pad, engine,
            pause_bits, frozen_accounts, params, params_ramped_at, params_goals, drawn_until_at, banks, markets, pauses, _tail),
        layout!(PriceBoard at BODY => version, bump, count, _pad, engine, stopped_until_at, _reserved, slots),
        layout!(FeedBook at BODY => version, bump, _pad, engine, _reserved, feeds),
        layout!(Bank at BODY => version, bump, vault_bump, index, decimals, _pad, engine, mint, vault, token_program,
            deposit_shares, borrow_shares, deposit_index, booked_borrow_index, utilization_integral, utilization_at,
            accrued_at, utilization_ema_ppm, lending, caps, fees_atoms, insurance_atoms, reserved_atoms, waiting_shares,
            uncovered_atoms, drawn, outflow_hour, outflow_day,
            insurance_in_atoms, insurance_out_atoms, socialized_atoms, debts_drawn, cap_raised_at, insurance_withdrawn_atoms, throughput, _reserved),
        layout!(Market at BODY => version, bump, index, price_slot, _pad, engine, name, sides, pool_shares, pool_atoms,
            deficit_atoms, own_claim_atoms, caps, premium_integral, premium_at, premium_from,
            premium_ppm, _pad_premium, socialized_atoms, leg_count, _pad2, premium_reported_at,
            rounding_units, cap_raised_at, drawn, throughput, _reserved),
        layout!(MarginAccount at BODY => version, bump, status, delegate_rights, id, _pad2, engine, owner, delegate,
            rent_payer, delegate_limit_atoms_per_day, delegate_traded, venues, under_water_secs, wind_down_secs, _pad_clocks, observed, called, _pad3, observed_at, passed_at,
            bypass_published_at, bypass, _pad4, _intents, tokens, derivatives, estate_reserved_atoms,
            estate_drawn_atoms, _reserved),
        layout!(Venue at BODY => version, bump, active, _pad, engine, signer, settle_markets, premium_markets,
            _reserved),
        layout!(PendingChange at BODY => version, bump, account_count, _pad, data_len, engine, id, proposer, rent_payer,
            proposed_at, due_at, expires_at, _reserved, accounts, data),
    ]
}

fn parts() -> Vec<Layout> {
    vec![
        layout!(BankSlot at 0 => status, decimals, price_slot, _pad, weights, scale, deposit_index, borrow_index,
            borrow_rate_per_sec, accrued_at, known_loss_atoms, ramped_at, goals, drawdown),
        layout!(MarketSlot at 0 => status, base_decimals, price_slot, _pad, rates, scale, funding_per_unit_sec,
            funding_at, sides, deficit_share_ppm, fees, _pad2, known_loss_atoms, loss_cover_atoms, ramped_at, goals,
            _reserved),
        layout!(StoredGoal at 0 => to_ppm, rounded_off, _pad),
        layout!(ChangeAccount at 0 => key, flags),
        layout!(SideIndex at 0 => k, a, epoch, _pad, ring),
        layout!(EpochEnd at 0 => k, a, epoch, used),
        layout!(PriceSlot at 0 => active, source, _pad, sigma_ppm, vol_ppm_per_sqrt_sec, update_count, published_at,
            first_published_at, spot, fast, slow, low, high, terms, slow_vol_ppm_per_sqrt_sec, _pad2,
            halted_until_at, halt, tripped_until_at, tripped_in_a_row, tripped_by, before, _reserved),
        layout!(Feed at 0 => sources, sample, sampled_at, variance, slow_variance, on_standby, switched_by, _pad,
            authority_switched_at, risk_authority_switched_at, authority_switches, risk_authority_switches, _reserved),
        layout!(OracleSource at 0 => address, program, feed_id, queue, published_at, kind, min_samples, _pad),
        layout!(SideTotals at 0 => shares, count, ring_counts, _pad, charged),
        layout!(StoredPause at 0 => authority_until_at, guardian_until_at, guardian_in_a_row, _pad),
        layout!(StoredBreaker at 0 => until_at, in_a_row, _pad),
        layout!(StoredThroughput at 0 => at_bucket, liquidated, breaker),
        layout!(SpentAtoms at 0 => at_bucket, spent),
        layout!(SpentPerUnit at 0 => at_bucket, spent),
        layout!(StoredFlow at 0 => at_bucket, vault_atoms, deposit_shares),
        layout!(TokenPosition at 0 => shares, reserved_atoms, fixed_debt_atoms, bank, used, _pad),
        layout!(DerivativePosition at 0 => shares, k_entry, cash_atoms, reserved_atoms, fixed_debt_atoms, strike, expiry,
            epoch, kind, market, last_sign, option_kind, underlying, _pad, known_loss_atoms, _reserved),
        layout!(VenueApproval at 0 => venue, notional_left_atoms, expires_at, markets, _pad),
        layout!(MarginView at 0 => ratio_ppm, flags, views, _pad, engine, account, owner, spot, fast, init_nav_usd_pico, imr_usd_pico),
    ]
}

/// The rows of a section's table, without their last column.
fn rows(section: &str) -> Vec<String> {
    let heading = |line: &str| line.trim_start_matches('#').trim() == section && line.starts_with("##");
    PAGE.lines()
        .skip_while(|line| !heading(line))
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit())
        .map(|line| line.split('|').take(4).map(str::trim).collect::<Vec<_>>().join("|"))
        .collect()
}

#[test]
fn every_field_stands_in_the_documentation_at_its_offset_and_size() {
    for Layout { section, fields } in accounts().into_iter().chain(parts()) {
        let expected: Vec<String> =
            fields.iter().map(|(name, offset, bytes)| format!("|{offset}|{bytes}|`{name}`")).collect();
        assert_eq!(rows(section), expected, "the table of {section} in docs/accounts.md");
    }
}

#[test]
fn the_overview_gives_every_accounts_size() {
    let sizes = [
        ("Engine", Engine::SPACE),
        ("Registry", Registry::SPACE),
        ("PriceBoard", PriceBoard::SPACE),
        ("FeedBook", FeedBook::SPACE),
        ("Bank", Bank::SPACE),
        ("Market", Market::SPACE),
        ("MarginAccount", MarginAccount::SPACE),
        ("Venue", Venue::SPACE),
        ("PendingChange", PendingChange::SPACE),
    ];
    for (name, size) in sizes {
        let size = if size >= 1_000 { format!("{},{:03}", size / 1_000, size % 1_000) } else { size.to_string() };
        let row = PAGE.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap();
        assert_eq!(row.split('|').nth(3).map(str::trim), Some(size.as_str()), "{name}");
    }
}

#[test]
fn slots_begin_where_the_documentation_says() {
    let places = [
        format!("bank `i` begins at byte {} + {} i", BODY + offset_of!(Registry, banks), size_of::<BankSlot>()),
        format!("market `i` begins at byte 8,648 + {} i", size_of::<MarketSlot>()),
        format!("slot `i` begins at byte {} + {} i", BODY + offset_of!(PriceBoard, slots), size_of::<PriceSlot>()),
        format!("feed `i` begins at byte {} + {} i", BODY + offset_of!(FeedBook, feeds), size_of::<Feed>()),
    ];
    assert_eq!(BODY + offset_of!(Registry, markets), 8_648);
    for place in places {
        assert!(PAGE.contains(&place), "docs/accounts.md does not say: {place}");
    }
}

/// Reads every Rust file below a folder of the repository into one text.
fn sources(folder: &std::path::Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_test_that_invariants_and_findings_name_exists() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut code = String::new();
    for folder in ["crates", "programs", "tests", "sdk"] {
        sources(&root.join(folder), &mut code);
    }
    for page in ["docs/invariants.md", "docs/findings.md"] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        // Names of tests are sentences.
        let names = text.split('`').filter(|word| word.matches('_').count() >= 4 && !word.contains(['/', ' ']));
        let mut checked = 0;
        for name in names {
            assert!(code.contains(&format!("fn {name}(")), "{page} names {name}, which is not a test");
            checked += 1;
        }
        assert!(checked > 50, "{page}: {checked}");
    }
}

use plimsoll_sdk::ix::args::{BankConfigArgs, MarketTerms, PriceConfigArgs};

use super::*;

const DEVNET: &str = include_str!("../../devnet.toml");
const LOCALNET: &str = include_str!("../../localnet.toml");

/// The error of a file after `from` became `to`.
fn refused(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    Config::parse(&text.replacen(from, to, 1)).unwrap_err().to_string()
}

#[test]
fn both_files_are_valid_and_survive_being_written_and_read_again() {
    for text in [DEVNET, LOCALNET] {
        let config = Config::parse(text).unwrap();
        assert_eq!((config.prices.len(), config.banks.len(), config.markets.len()), (3, 3, 2));
        assert_eq!(Config::parse(&config.to_toml().unwrap()).unwrap(), config);
    }
}

#[test]
fn the_file_for_devnet_writes_out_every_parameter_at_its_default() {
    let config = Config::parse(DEVNET).unwrap();
    assert_eq!(config.params, GlobalParams::DEFAULT);
    let written: toml::Table = DEVNET.parse().unwrap();
    for field in GlobalParams::fields() {
        let named = written["params"].get(field.group).and_then(|group| group.get(field.name));
        assert!(named.is_some(), "params.{}.{} is missing", field.group, field.name);
    }
}

#[test]
fn the_addresses_of_pyths_push_feeds_follow_from_their_feed_ids() {
    let config = Config::parse(DEVNET).unwrap();
    for price in &config.prices {
        let derived = price.primary.derived_address(&solana_pubkey::Pubkey::default());
        assert_eq!(price.primary.address.map(|key| key.0), derived, "{}", price.name);
    }
}

#[test]
fn an_unknown_key_and_a_bad_value_are_named_with_path_and_line() {
    let error = refused(DEVNET, "auction_secs = 40", "auction_seconds = 40");
    assert!(error.starts_with("params.auction.auction_seconds: unknown field") && error.contains("(line "), "{error}");
    let error = refused(DEVNET, "asset_maint_ppm = 850000", "asset_maint_ppm = -1");
    assert!(error.starts_with("bank[1].asset_maint_ppm"), "{error}");
    let error = refused(DEVNET, "mint = \"So1", "mint = \"0o1");
    assert!(error.starts_with("bank[1].mint"), "{error}");
    let error = refused(DEVNET, "[[price]]", "[price");
    assert!(error.starts_with("the file"), "{error}");
}

#[test]
fn each_bad_value_is_named_with_its_path() {
    let cases = [
        ("penalty_cap_ppm = 50000", "penalty_cap_ppm = 500000", "params.auction.penalty_cap_ppm"),
        ("asset_maint_ppm = 850000", "asset_maint_ppm = 1000001", "bank[1].asset_maint_ppm"),
        ("asset_init_ppm = 820000", "asset_init_ppm = 950000", "bank[2]"),
        ("kink_ppm = 800000", "kink_ppm = 0", "bank[0].kink_ppm"),
        ("deposit_cap_atoms = 10000000000000", "deposit_cap_atoms = 9007199254740993", "bank[0].deposit_cap_atoms"),
        ("interest_fee_ppm = 150000", "interest_fee_ppm = 600000", "bank[0].interest_fee_ppm"),
        ("maint_rate_ppm = 30000", "maint_rate_ppm = 9000", "market[0]"),
        ("fill_fee_ppm = 200", "fill_fee_ppm = 5", "market[0].fill_fee_ppm"),
        ("name = \"SOL-PERP\"", "name = \"SOL-PERPETUAL-FUTURE\"", "market[0].name"),
        ("fast_secs = 15", "fast_secs = 0", "price[0].fast_secs"),
        ("kind = \"pyth-pinned\"", "kind = \"pyth-posted\"", "price[0].primary.address"),
        ("test_cluster = true", "test_cluster = false", "bank[2].mint"),
    ];
    for (from, to, path) in cases {
        let error = refused(DEVNET, from, to);
        assert!(error.starts_with(path), "{from} -> {to}: {error}");
    }
    let error = refused(LOCALNET, "price_e8 = 100000000", "price_e8 = 0");
    assert!(error.starts_with("price[0].mock.price_e8"), "{error}");
    let error = refused(LOCALNET, "[[market]]", "[[venue]]\nsigner = \"11111111111111111111111111111111\"\n[[market]]");
    assert!(error.starts_with("venue[0].signer"), "{error}");
}

/// Every number of every list is a value of the file, by its own name, and the list's bounds are asked of it.
#[test]
fn each_number_of_a_listing_is_named_where_it_leaves_its_bounds() {
    let file = Config::parse(DEVNET).unwrap();
    let (mut asked, written) = (0, toml::Table::try_from(&file).unwrap());
    let mut judge = |table: &str, name: &str, value: Option<u64>| {
        let Some(value) = value.and_then(|value| i64::try_from(value).ok()) else { return };
        let mut changed = written.clone();
        changed[table][0].as_table_mut().unwrap().insert(name.to_owned(), value.into());
        let error = Config::parse(&changed.to_string()).unwrap_err().to_string();
        // Where one number bounds another, either is named, and the other in the range.
        let named = error.starts_with(&format!("{table}[0].")) && error.contains(name);
        // What no number of its size could be is refused while the file is read.
        let refused =
            [" is out of its bounds, ", ": invalid value: integer "].iter().any(|words| error.contains(words));
        assert!(named && refused, "{name} = {value}: {error}");
        asked += 1;
    };
    macro_rules! beyond {
        ($table:literal, $Args:ident, $args:expr) => {
            for setting in $Args::SETTINGS {
                judge($table, setting.name, setting.low.at($args, &file.params).checked_sub(1));
                judge($table, setting.name, setting.high.at($args, &file.params).checked_add(1));
            }
        };
    }
    beyond!("bank", BankConfigArgs, &file.banks[0].settings());
    beyond!("market", MarketTerms, &file.markets[0].settings());
    beyond!("price", PriceConfigArgs, &file.prices[0].settings());
    assert!(asked > 20, "{asked}");
}

#[test]
fn a_number_that_is_left_out_is_its_default() {
    let file = Config::parse(&DEVNET.replace("fast_secs = 15\nslow_secs = 3600\n", "")).unwrap();
    assert_eq!((file.prices[0].fast_secs, file.prices[0].slow_secs), (None, None));
    assert_eq!(differences(&file, &Config::parse(DEVNET).unwrap()).unwrap(), []);
    let mut chain = file.clone();
    chain.prices[0].fast_secs = Some(16);
    chain.banks[0].draw_cap_hour_atoms = Some(u64::MAX);
    let found: Vec<String> = differences(&file, &chain).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(found, ["price[0].fast_secs: 16 on chain, 15 in the file"]);
}

#[test]
fn only_what_is_on_chain_is_compared_and_each_leaf_is_named() {
    let file = Config::parse(DEVNET).unwrap();
    let mut chain = file.clone();
    chain.prices[0].name = "another name".into();
    chain.banks[1].name = "wrapped".into();
    assert_eq!(differences(&file, &chain).unwrap(), []);
    chain.banks[1].asset_maint_ppm = 840_000;
    chain.params.auction.auction_secs = 41;
    chain.markets.pop();
    let found: Vec<String> = differences(&file, &chain).unwrap().iter().map(ToString::to_string).collect();
    let expected = [
        "bank[1].asset_maint_ppm: 840000 on chain, 850000 in the file",
        "market[1]: nothing on chain, an entry in the file",
        "params.auction.auction_secs: 41 on chain, 40 in the file",
    ];
    assert_eq!(found, expected);
}

#[test]
fn pause_bits_and_their_names_are_the_programs() {
    assert_eq!(PauseBit::bits(&PauseBit::ALL), plimsoll_state::pause::ALL);
    for bit in PauseBit::ALL {
        assert_eq!(PauseBit::of_bits(bit.bit()), [bit]);
        assert_eq!(serde_json::to_value(bit).unwrap(), bit.name());
    }
}

#[test]
fn addresses_that_depend_on_the_creator_are_derived_for_him() {
    let (one, two) = (solana_pubkey::Pubkey::new_unique(), solana_pubkey::Pubkey::new_unique());
    let config = Config::parse(LOCALNET).unwrap();
    let (first, second) = (config.resolve(&one).unwrap(), config.resolve(&two).unwrap());
    assert_eq!(first.creator, one);
    assert_eq!((first.mints.len(), first.feeds.len()), (3, 3));
    assert_ne!(first.mints[0].address, second.mints[0].address);
    assert_ne!(first.feeds[0].address, second.feeds[0].address);
    assert_eq!(first.config.banks[0].mint_key(), Some(Key(first.mints[0].address)));
    let named = Config { engine: EngineConfig { creator: Some(Key(one)), ..config.engine.clone() }, ..config };
    assert_eq!(named.resolve(&two).unwrap(), first);
}

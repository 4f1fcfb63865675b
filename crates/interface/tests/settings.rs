//! What an authority sets on a bank, a market and a price: bounds, places and the tables of `docs`, made from the lists.

use std::path::Path;

use bytemuck::Zeroable;
use plimsoll_interface::{
    BankConfigArgs, MarketTerms, OtherSetting, PriceConfigArgs, Setting, SettingBound, UpdateBankArgs,
    UpdateMarketArgs, UpdateVenueArgs,
};
use plimsoll_risk::params::GlobalParams;
use plimsoll_state::*;

const PARAMS: GlobalParams = GlobalParams::DEFAULT;

/// Something that a list makes.
trait Listed: Sized + Copy + Default + std::fmt::Debug + PartialEq + 'static {
    const NAME: &'static str;
    const ALL: &'static [Setting<Self>];

    fn is_within_bounds(&self) -> bool;
    /// What a fresh account and a fresh slot give back after it was stored there.
    fn stored_and_read(&self) -> Self;
}

macro_rules! listed {
    ($($Args:ident in $Account:ident and $Slot:ident as $name:literal;)+) => {
        $(impl Listed for $Args {
            const NAME: &'static str = $name;
            const ALL: &'static [Setting<Self>] = Self::SETTINGS;

            fn is_within_bounds(&self) -> bool {
                self.is_within_bounds(&PARAMS)
            }

            fn stored_and_read(&self) -> Self {
                let (mut account, mut slot) = ($Account::zeroed(), $Slot::zeroed());
                self.store(&mut account, &mut slot);
                Self::default().stored(&account, &slot)
            }
        })+

        #[test]
        fn every_number_is_accepted_at_both_of_its_bounds_and_refused_beyond() {
            let judged = [$(judge_bounds::<$Args>()),+].iter().sum::<usize>();
            assert!(judged > 60, "{judged}");
        }

        #[test]
        fn every_number_is_stored_in_a_place_of_its_own() {
            $(every_number_has_its_own_place::<$Args>();)+
        }

        fn rows() -> Vec<String> {
            [$($Args::ALL.iter().map(row).collect::<Vec<_>>()),+].concat()
        }
    };
}
listed! {
    BankConfigArgs in Bank and BankSlot as "bank";
    MarketTerms in Market and MarketSlot as "market";
    PriceConfigArgs in Feed and PriceSlot as "price";
}

/// The middle of what each may be, in an order that keeps those between others in their bounds.
fn accepted<T: Listed>() -> T {
    let mut args = T::default();
    // Whatever bounds another is set before it.
    for _ in T::ALL {
        for setting in T::ALL {
            let (low, high) = (setting.low.at(&args, &PARAMS), setting.high.at(&args, &PARAMS));
            let middle = low + high.saturating_sub(low) / 2;
            assert!(setting.set(&mut args, middle), "{}", setting.name);
        }
    }
    assert!(args.is_within_bounds(), "{args:?}");
    args
}

fn judge_bounds<T: Listed>() -> usize {
    let (kept, mut judged) = (accepted::<T>(), 0);
    for setting in T::ALL {
        let (low, high) = (setting.low.at(&kept, &PARAMS), setting.high.at(&kept, &PARAMS));
        assert!(low <= high, "{}", setting.name);
        // Beyond a bound that another setting is, and at one that others rise from, only this setting is asked.
        let own = |value: u64| {
            let mut args = kept;
            setting.set(&mut args, value).then_some(args)
        };
        let others = |args: &T| {
            T::ALL.iter().filter(|other| other.name != setting.name).all(|other| {
                let value = other.get(args);
                (other.low.at(args, &PARAMS)..=other.high.at(args, &PARAMS)).contains(&value)
            })
        };
        for (value, accepted) in
            [(Some(low), true), (Some(high), true), (low.checked_sub(1), false), (high.checked_add(1), false)]
        {
            let Some(args) = value.and_then(own) else { continue };
            assert_eq!(setting.get(&args), value.unwrap());
            assert_eq!(args.is_within_bounds(), accepted && others(&args), "{} = {value:?}", setting.name);
            judged += 1;
        }
    }
    judged
}

fn every_number_has_its_own_place<T: Listed>() {
    let mut args = T::default();
    for (setting, value) in T::ALL.iter().zip(1_000..) {
        assert!(setting.set(&mut args, value), "{}", setting.name);
    }
    let read = args.stored_and_read();
    for (setting, value) in T::ALL.iter().zip(1_000..) {
        assert_eq!(setting.get(&read), value, "{} of {}", setting.name, T::NAME);
    }
}

#[test]
fn what_is_left_out_is_stored_at_its_default() {
    let mut left_out = 0;
    let mut judge = |name: &str, default: Option<u64>, stored: u64| {
        left_out += usize::from(default.is_some());
        assert_eq!(stored, default.unwrap_or(0), "{name}");
    };
    let bank = BankConfigArgs::default().stored_and_read();
    BankConfigArgs::SETTINGS.iter().for_each(|setting| judge(setting.name, setting.default(), setting.get(&bank)));
    let market = MarketTerms::default().stored_and_read();
    MarketTerms::SETTINGS.iter().for_each(|setting| judge(setting.name, setting.default(), setting.get(&market)));
    let price = PriceConfigArgs::default().stored_and_read();
    PriceConfigArgs::SETTINGS.iter().for_each(|setting| judge(setting.name, setting.default(), setting.get(&price)));
    assert!(left_out >= 5, "{left_out}");
}

/// A number with separators.
fn number(value: u64) -> String {
    if value == u64::MAX {
        return "no limit".into();
    }
    let digits = value.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

fn bound<T: Listed>(bound: &SettingBound<T>) -> String {
    let name = bound.setting().or(bound.parameter());
    name.map_or_else(|| number(bound.at(&T::default(), &PARAMS)), |name| format!("`{name}`"))
}

fn row<T: Listed>(setting: &Setting<T>) -> String {
    let default = setting.default().map_or_else(|| "-".into(), number);
    let (low, high, doc) = (bound(&setting.low), bound(&setting.high), setting.doc().trim_end_matches('.'));
    let change = change(setting.class.to_string(), setting.why);
    format!("| {} | `{}` | {default} | {low} to {high} | {doc} | {change} |", T::NAME, setting.name)
}

/// What a change does, and why.
fn change(class: String, why: &str) -> String {
    if why.is_empty() {
        class
    } else {
        format!("{class}: {why}")
    }
}

fn others(of: &str, others: &[OtherSetting]) -> Vec<String> {
    let row =
        |other: &OtherSetting| format!("| {of} | `{}` | {} |", other.name, change(other.class.to_string(), other.why));
    others.iter().map(row).collect()
}

/// `UPDATE_GOLDEN=1` writes both tables. One test, since it may write the page.
#[test]
fn every_setting_stands_in_the_documentation_with_its_bounds_its_meaning_and_what_a_change_does() {
    assert_table("\n### Banks, markets and prices\n", &rows());
    let others = [
        others("bank", UpdateBankArgs::OTHERS),
        others("market", UpdateMarketArgs::OTHERS),
        others("price", PriceConfigArgs::OTHERS),
        others("venue", UpdateVenueArgs::OTHERS),
    ];
    assert_table("\nWhat is no number:\n", &others.concat());
}

fn assert_table(below: &str, rows: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/math.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let start = text.find(below).unwrap();
    let start = start + text[start..].find("|---|").unwrap();
    let start = start + text[start..].find('\n').unwrap() + 1;
    let length =
        text[start..].split_inclusive('\n').take_while(|line| line.starts_with('|')).map(str::len).sum::<usize>();
    let (found, wanted) = (&text[start..start + length], rows.join("\n") + "\n");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let (before, after) = (&text[..start], &text[start + length..]);
        std::fs::write(path, [before, &wanted, after].concat()).unwrap();
    } else {
        assert!(found == wanted, "the table of docs/math.md below {below:?} is to be:\n{wanted}");
    }
}

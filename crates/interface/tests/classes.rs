//! Whether the classes of all parameters are right, asked of an oracle that reads none of them: it moves each parameter, lets
//! the engine's formulas say what users get before and after, and sees who loses. Every mutant of the table of classes, one
//! class exchanged, two directions swapped or one row left out, is told apart by it.

#[path = "classes/market.rs"]
mod market;
#[path = "classes/outcomes.rs"]
mod outcomes;

use plimsoll_interface::{
    BankConfigArgs, MarketTerms, PriceConfigArgs, UpdateBankArgs, UpdateMarketArgs, UpdateVenueArgs,
};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::ratchet::{Class, Effect};

use outcomes::{another_source, outcomes, Asked};

/// A parameter as the engine's lists have it, and how it is moved.
struct Row {
    name: String,
    class: Class,
    /// Moves up and moves down: from what to what.
    moves: [Vec<(Asked, Asked)>; 2],
}

/// Values above and below one that is held, within its bounds.
fn values(held: u64, low: u64, high: u64) -> [Vec<u64>; 2] {
    let up = [held.saturating_add(1), held + held / 10 + 1, held.saturating_mul(2), held.saturating_mul(20), high];
    let down = [held.saturating_sub(1), held - held / 10, held / 2, held / 20, low];
    let up = up.into_iter().filter(|value| *value > held && *value <= high).collect();
    [up, down.into_iter().filter(|value| *value < held && *value >= low).collect()]
}

fn moved(values: [Vec<u64>; 2], set: impl Fn(&mut Asked, u64) -> bool) -> [Vec<(Asked, Asked)>; 2] {
    values.map(|values| {
        let moved = values.into_iter().filter_map(|value| {
            let mut asked = Asked::held();
            set(&mut asked, value).then_some((Asked::held(), asked))
        });
        moved.collect()
    })
}

fn rows() -> Vec<Row> {
    let held = Asked::held();
    let mut rows: Vec<Row> = GlobalParams::fields()
        .map(|field| {
            let (low, high) = (field.low.at(&held.params), field.high.at(&held.params));
            let values = values(field.get(&held.params), low, high);
            let name = format!("{}.{}", field.group, field.name);
            Row { name, class: field.class, moves: moved(values, |asked, value| field.set(&mut asked.params, value)) }
        })
        .collect();
    macro_rules! list {
        ($of:literal, $Args:ident, $args:ident in $($part:ident).+) => {
            rows.extend($Args::SETTINGS.iter().map(|setting| {
                let $args = held.$($part).+;
                let values = values(
                    setting.get(&$args),
                    setting.low.at(&$args, &held.params),
                    setting.high.at(&$args, &held.params),
                );
                Row {
                    name: format!("{}.{}", $of, setting.name),
                    class: setting.class,
                    moves: moved(values, |asked, value| setting.set(&mut asked.$($part).+, value)),
                }
            }));
        };
    }
    list!("bank", BankConfigArgs, args in bank.config);
    list!("market", MarketTerms, args in market.terms);
    list!("price", PriceConfigArgs, args in price);
    rows.extend(others());
    rows
}

/// What is set and is no number.
fn others() -> Vec<Row> {
    let change = |changes: [fn(&mut Asked); 2]| {
        changes.map(|change| {
            let mut asked = Asked::held();
            change(&mut asked);
            vec![(Asked::held(), asked)]
        })
    };
    let named = |of: &str, others: &'static [plimsoll_interface::OtherSetting], name: &str| {
        let found = others.iter().find(|other| other.name == name).expect("it is listed");
        (format!("{of}.{name}"), found.class)
    };
    let mut rows = Vec::new();
    let mut push = |(name, class): (String, Class), moves| rows.push(Row { name, class, moves });
    // Up is to set it, down from there back.
    let flag = |set: fn(&mut Asked)| {
        let up = change([set, set])[0].clone();
        let down = up.iter().map(|(before, after)| (*after, *before)).collect();
        [up, down]
    };
    push(named("bank", UpdateBankArgs::OTHERS, "reduce_only"), flag(|asked| asked.bank.reduce_only = true));
    push(named("market", UpdateMarketArgs::OTHERS, "status"), flag(|asked| asked.market.status = 2));
    let primary: [fn(&mut Asked); 2] =
        [|asked| asked.price.primary = another_source(), |asked| asked.price.primary = another_source()];
    push(named("price", PriceConfigArgs::OTHERS, "primary"), change(primary));
    let secondary: [fn(&mut Asked); 2] = [
        |asked| asked.price.secondary = Some(another_source()),
        |asked| asked.price.secondary = Some(another_source()),
    ];
    push(named("price", PriceConfigArgs::OTHERS, "secondary"), change(secondary));
    let standby: [fn(&mut Asked); 2] =
        [|asked| asked.price.standby = Some(another_source()), |asked| asked.price.standby = Some(another_source())];
    push(named("price", PriceConfigArgs::OTHERS, "standby"), change(standby));
    let stopped = flag(|asked| asked.venue.active = false);
    let [stop, start] = stopped;
    push(named("venue", UpdateVenueArgs::OTHERS, "active"), [start, stop]);
    // One market more and none at all.
    let settle: [fn(&mut Asked); 2] = [|asked| asked.venue.settle_markets = 3, |asked| asked.venue.settle_markets = 0];
    push(named("venue", UpdateVenueArgs::OTHERS, "settle_markets"), change(settle));
    let premium: [fn(&mut Asked); 2] =
        [|asked| asked.venue.premium_markets = 3, |asked| asked.venue.premium_markets = 0];
    push(named("venue", UpdateVenueArgs::OTHERS, "premium_markets"), change(premium));
    rows
}

const fn rank(effect: Effect) -> u8 {
    match effect {
        Effect::Harmless => 0,
        Effect::AtOnce => 1,
        Effect::Ramps => 2,
        Effect::Waits => 3,
    }
}

/// What moving a parameter does to users, as the formulas say; none where it could not be moved that way.
fn seen(moves: &[(Asked, Asked)]) -> Option<Effect> {
    let worst = moves.iter().map(|(before, after)| {
        let (before, after) = (outcomes(before), outcomes(after));
        assert_eq!(before.len(), after.len());
        before.iter().zip(&after).map(|(before, after)| before.effect(after)).max_by_key(|effect| rank(*effect))
    });
    worst.flatten().max_by_key(|effect| rank(*effect))
}

/// The oracle's verdict of every parameter, up and down.
fn verdicts(rows: &[Row]) -> Vec<[Option<Effect>; 2]> {
    rows.iter().map(|row| [seen(&row.moves[0]), seen(&row.moves[1])]).collect()
}

/// Parameters of which a table says something else than the oracle saw; one that the table leaves out counts as harmless, as
/// nothing then asks about it.
fn told_apart<'a>(rows: &'a [Row], seen: &[[Option<Effect>; 2]], table: &[Option<Class>]) -> Vec<&'a str> {
    let differs = |class: &Option<Class>, [up, down]: &[Option<Effect>; 2]| {
        let class = class.unwrap_or(Class { up: Effect::Harmless, down: Effect::Harmless });
        up.is_some_and(|up| up != class.up) || down.is_some_and(|down| down != class.down)
    };
    let rows = rows.iter().zip(seen).zip(table);
    rows.filter(|((_, seen), class)| differs(class, seen)).map(|((row, _), _)| row.name.as_str()).collect()
}

/// Every table that differs from the engine's in one row.
fn mutants(class: Class) -> Vec<Option<Class>> {
    let effects = [Effect::Harmless, Effect::AtOnce, Effect::Ramps, Effect::Waits];
    let ups = effects.map(|up| Class { up, ..class });
    let downs = effects.map(|down| Class { down, ..class });
    let swapped = Class { up: class.down, down: class.up };
    let all = ups.into_iter().chain(downs).chain([swapped]).filter(|mutant| *mutant != class);
    // Nothing is asked about what is left out, as about what is harmless.
    let left_out = (class != Class { up: Effect::Harmless, down: Effect::Harmless }).then_some(None);
    all.map(Some).chain(left_out).collect()
}

/// POWER-1
#[test]
fn every_class_is_what_the_formulas_say_and_every_mutant_of_the_table_is_told_apart() {
    let rows = rows();
    let seen = verdicts(&rows);
    let table: Vec<Option<Class>> = rows.iter().map(|row| Some(row.class)).collect();
    let wrong: Vec<String> = told_apart(&rows, &seen, &table)
        .into_iter()
        .map(|name| {
            let place = rows.iter().position(|row| row.name == name).expect("it is one of them");
            format!("{name}: {} and seen {:?}", rows[place].class, seen[place])
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let (mut tried, mut survivors) = (0, Vec::new());
    for (place, row) in rows.iter().enumerate() {
        for mutant in mutants(row.class) {
            let mut table = table.clone();
            table[place] = mutant;
            tried += 1;
            if told_apart(&rows, &seen, &table) != [row.name.as_str()] {
                let mutant = mutant.map_or("left out".to_owned(), |class| class.to_string());
                survivors.push(format!("{}: {mutant}", row.name));
            }
        }
    }
    println!("{} of {tried} mutants are told apart", tried - survivors.len());
    assert!(survivors.is_empty(), "not told apart:\n{}", survivors.join("\n"));
    assert!(rows.len() >= 79 && tried >= 79 * 7 - 1, "{} rows, {tried} mutants", rows.len());
}

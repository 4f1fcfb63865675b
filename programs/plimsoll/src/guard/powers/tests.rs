use super::*;
use crate::guard::RULES;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/powers.md");
/// The line above the rows, by which the table is found.
const HEAD: &str =
    "| instruction | authority | risk authority | guardian | fee collector | venue | delegate | anybody |\n\
    |---|---|---|---|---|---|---|---|\n";

fn words(toll: Toll) -> &'static str {
    // What takes nothing stays empty, so that what takes something stands out.
    match toll {
        Toll::Nothing => "",
        _ => toll.words(),
    }
}

fn cell(bound: Option<Bound>) -> String {
    match bound {
        None => "-".to_owned(),
        Some(Bound { others, givers }) if others == givers => words(others).to_owned(),
        Some(Bound { others: Toll::Nothing, givers }) => format!("of givers: {}", words(givers)),
        Some(Bound { others, givers }) => format!("{}; of givers: {}", words(others), words(givers)),
    }
}

fn row(action: Action) -> String {
    let cells = Key::ALL.map(|key| cell(bound(action, key)));
    format!("| `{}` | {} |", action.rule().instruction, cells.join(" | "))
}

/// POWER-5. `PLIMSOLL_RECORD=1` writes the table.
#[test]
fn the_documented_powers_are_those_of_the_table() {
    let wanted: Vec<String> = Action::ALL.iter().map(|action| row(*action)).collect();
    let text = std::fs::read_to_string(DOCUMENT).unwrap();
    let start = text.find(HEAD).expect("the document has the table") + HEAD.len();
    let length = text[start..].find("\n\n").expect("something follows it");
    if std::env::var_os("PLIMSOLL_RECORD").is_some() {
        let written = format!("{}{}{}", &text[..start], wanted.join("\n"), &text[start + length..]);
        std::fs::write(DOCUMENT, written).unwrap();
        return;
    }
    let documented: Vec<&str> = text[start..start + length].lines().collect();
    assert_eq!(documented, wanted);
}

/// Every toll that is in the table is explained below it, and no other.
#[test]
fn the_document_explains_every_toll_that_the_table_names() {
    let text = std::fs::read_to_string(DOCUMENT).unwrap();
    let mut named: Vec<Toll> = Action::ALL
        .iter()
        .flat_map(|action| Key::ALL.map(|key| bound(*action, key)))
        .flatten()
        .flat_map(|bound| [bound.others, bound.givers])
        .filter(|toll| *toll != Toll::Nothing)
        .collect();
    named.sort();
    named.dedup();
    assert_eq!(named.len(), 11);
    for toll in named {
        assert!(text.contains(&format!("- **{}**: ", toll.words())), "{toll:?} is not explained");
    }
}

#[test]
fn the_table_has_a_row_for_every_instruction_and_a_column_for_every_key() {
    let rows: Vec<_> = Action::ALL.iter().map(|action| action.rule().instruction).collect();
    let rules: Vec<_> = RULES.iter().map(|rule| rule.instruction).collect();
    assert_eq!(rows, rules);
    for (key, column) in Key::ALL.iter().zip(HEAD.lines().next().unwrap().split(" | ").skip(1)) {
        assert_eq!(key.words(), column.trim_end_matches(" |"));
    }
}

/// What waits for everybody is refused to everybody at once; what anybody may do no key is needed for.
#[test]
fn no_key_sends_what_has_to_wait_and_every_key_what_anybody_may() {
    let mut asked = [0; 2];
    for action in Action::ALL {
        let keys = Key::ALL.map(|key| bound(*action, key).is_some());
        match action.rule().signed_by {
            Lister | PendingRole => {
                assert_eq!(keys, [false; 7], "{action:?}");
                asked[0] += 1;
            }
            Anyone | Owner | OwnerOr(_) | OwnerOrUnderWater | VenueOrSides(_) | Canceller => {
                assert_eq!(keys, [true; 7], "{action:?}");
                asked[1] += 1;
            }
            _ => assert!(keys.contains(&true) && keys.contains(&false), "{action:?}"),
        }
    }
    assert!(asked[0] >= 5 && asked[1] >= 25, "{asked:?}");
}

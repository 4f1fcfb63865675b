use super::*;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guards.md");
const BITS: [(u32, &str); 8] = [
    (pause::WITHDRAW, "WITHDRAW"),
    (pause::BORROW, "BORROW"),
    (pause::FILL, "FILL"),
    (pause::LIQUIDATE, "LIQUIDATE"),
    (pause::SETTLE, "SETTLE"),
    (pause::RESOLVE, "RESOLVE"),
    (pause::PRICE, "PRICE"),
    (pause::OPEN_ACCOUNT, "OPEN_ACCOUNT"),
];

fn right_name(bit: u8) -> &'static str {
    match bit {
        right::LIQUIDATE => "liquidate",
        right::DEPOSIT => "deposit",
        right::TRADE => "trade",
        _ => panic!("a row names a right that has no name"),
    }
}

fn signer(rule: &Rule) -> String {
    match rule.signed_by {
        Anyone => "anyone".into(),
        Authority => "authority".into(),
        AuthorityOrGuardian => "authority; the pause authority may only add bits".into(),
        PendingAuthority => "proposed authority".into(),
        Owner => "owner".into(),
        OwnerOr(bit) => format!("owner, or delegate with the right to {}", right_name(bit)),
        OwnerOrUnderWater => "owner; anyone while the account is under water".into(),
        Venue => "venue".into(),
        VenueOrSides(bit) => format!(
            "venue that both owners approved, or both owners, or their delegates with the right to {}",
            right_name(bit)
        ),
    }
}

fn row(rule: &Rule) -> String {
    assert_eq!(rule.stopped_by & !pause::ALL, 0, "{}", rule.instruction);
    let bits: Vec<_> = BITS.iter().filter(|(bit, _)| rule.stopped_by & bit != 0).map(|(_, name)| *name).collect();
    let accounts = match rule.works {
        Works::WithoutAccount => "",
        Works::OnActive => "active",
        Works::OnAny => "any status",
        Works::ByStage => "as the stage says",
    };
    format!("| `{}` | {} | {} | {accounts} |", rule.instruction, signer(rule), bits.join(", "))
}

/// `PLIMSOLL_RECORD=1` writes the table.
#[test]
fn the_documented_guards_are_the_programs() {
    let wanted: Vec<String> = RULES.iter().map(row).collect();
    let text = std::fs::read_to_string(DOCUMENT).unwrap();
    let head = text.find("| `").expect("the document has a table");
    let length = text[head..].find("\n\n").unwrap_or(text.len() - head - 1);
    if std::env::var_os("PLIMSOLL_RECORD").is_some() {
        let written = format!("{}{}{}", &text[..head], wanted.join("\n"), &text[head + length..]);
        std::fs::write(DOCUMENT, written).unwrap();
        return;
    }
    let documented: Vec<&str> = text[head..head + length].lines().collect();
    assert_eq!(documented, wanted);
}

#[test]
fn every_instruction_has_a_row_and_asks_for_it() {
    let instructions = concat!(env!("CARGO_MANIFEST_DIR"), "/src/instructions");
    let listed = include_str!("../lib.rs");
    let listed = listed.lines().filter_map(|line| line.trim().strip_prefix("pub fn ")?.split(['<', '(']).next());
    let named: Vec<_> = RULES.iter().map(|rule| rule.instruction).collect();
    assert_eq!(listed.collect::<Vec<_>>(), named);
    let mut asked = 0;
    for rule in RULES {
        let file = format!("{instructions}/{}.rs", rule.instruction);
        let folder = format!("{instructions}/{}/mod.rs", rule.instruction);
        let text = std::fs::read_to_string(file).or_else(|_| std::fs::read_to_string(folder)).unwrap();
        let camel: String = rule.instruction.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        let count = |method: &str| text.matches(&format!("permit(Action::{camel}).{method}(")).count();
        let signed = matches!(rule.signed_by, Owner | OwnerOr(_) | VenueOrSides(_));
        let authority = matches!(rule.signed_by, Authority | PendingAuthority);
        assert_eq!(count("in_engine") > 0, rule.stopped_by != 0, "{}", rule.instruction);
        assert_eq!(count("signed_for") > 0, signed, "{}", rule.instruction);
        assert_eq!(count("signed_in") > 0, authority, "{}", rule.instruction);
        assert_eq!(count("on") > 0, rule.works == Works::OnActive, "{}", rule.instruction);
        asked += count("in_engine") + count("signed_for") + count("signed_in") + count("on");
    }
    assert!(asked >= 40, "{asked}");
}

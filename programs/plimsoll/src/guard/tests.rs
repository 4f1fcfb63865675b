use super::*;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guards.md");
/// Instructions that do not ask whether something stops them in their engine, and why: they do not take the registry, in
/// which that stands, or there is none yet. All others ask, also those that no bit stops today: a further column of the
/// table then needs no line in any handler, and for these a row without a bit costs nothing when it is compiled.
const WITHOUT_A_REGISTRY: [(&str, &str); 14] = [
    ("close_account", "the owner's own empty account"),
    ("create_engine", "there is no registry yet"),
    ("grow_registry", "there is no registry yet"),
    ("grow_board", "there is no engine to use yet"),
    ("grow_feeds", "there is no engine to use yet"),
    ("halt_price", "it stops, and nothing stops that"),
    ("accept_role", "the successor's own key"),
    ("execute_change", "the instruction that it calls asks"),
    ("cancel_change", "leaves everything as it is"),
    ("set_delegate", "the owner's own rights"),
    ("approve_venue", "the owner's own rights, and only fills use an approval"),
    ("revoke_venue", "the owner's own rights, which can always be taken back"),
    ("fund_insurance", "a gift to a bank"),
    ("migrate_account", "any account of the program, also one without an engine"),
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
        AuthorityOrGuardian => "authority; the guardian may only stop, for hours".into(),
        Setter => "authority or risk authority, for what tightens; executor, for a change that has waited".into(),
        Lister => "executor, for a change that has waited; before the launch the authority".into(),
        Proposer => "authority or risk authority".into(),
        Switcher => "authority or risk authority, each twice in a row and then not for a day".into(),
        PendingRole => "the key that the role was proposed to".into(),
        FeeCollector => "fee collector".into(),
        Canceller => "authority, guardian or proposer; anyone once it has expired".into(),
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
    let accounts = match rule.works {
        Works::WithoutAccount => "",
        Works::OnActive => "active",
        Works::OnAny => "any status",
        Works::ByStage => "as the stage says",
    };
    let (signed_by, writes) = (signer(rule), written(&source(rule)).join(", "));
    let growth = match rule.growth_stopped_by {
        0 => String::new(),
        bits => format!("where a position grows: {}", names(bits)),
    };
    let stopped_by = [names(rule.stopped_by), growth].join(" ");
    let held_by = breakers(rule.risk_held_by);
    format!("| `{}` | {signed_by} | {} | {held_by} | {accounts} | {writes} |", rule.instruction, stopped_by.trim())
}

/// Names of breakers.
fn breakers(bits: u8) -> String {
    assert_eq!(bits & !breaker::ALL, 0, "a bit without a name");
    let named = [(breaker::PRICE, "price"), (breaker::THROUGHPUT, "throughput"), (breaker::DRAWDOWN, "drawdown")];
    named.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

/// Names of pause bits.
fn names(bits: u32) -> String {
    assert_eq!(bits & !pause::ALL, 0, "a bit without a name");
    let bits = (0..pause::NAMES.len()).map(|place| 1 << place).filter(|bit| bits & bit != 0);
    bits.map(pause::name).collect::<Vec<_>>().join(", ")
}

/// The file of an instruction.
fn source(rule: &Rule) -> String {
    let instructions = concat!(env!("CARGO_MANIFEST_DIR"), "/src/instructions");
    let files = ["", "/mod"].map(|part| format!("{instructions}/{}{part}.rs", rule.instruction));
    files.iter().find_map(|file| std::fs::read_to_string(file).ok()).expect("every instruction has a file of its name")
}

/// Accounts that an instruction writes, in brackets those that can be left out.
fn written(text: &str) -> Vec<String> {
    let (_, accounts) = text.split_once("#[derive(Accounts)]").expect("every instruction names its accounts");
    let (_, fields) = accounts.split_once("> {\n").expect("a struct with a lifetime");
    let (fields, _) = fields.split_once("\n}").expect("the struct ends");
    let (mut names, mut attributes) = (Vec::new(), String::new());
    for line in fields.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        let Some((name, kind)) = line.strip_prefix("pub ").and_then(|field| field.split_once(": ")) else {
            attributes.push_str(line);
            continue;
        };
        let words = std::mem::take(&mut attributes);
        let mut words = words.split(|letter: char| !letter.is_alphanumeric());
        if words.any(|word| matches!(word, "mut" | "init")) {
            names.push(if kind.starts_with("Option<") { format!("({name})") } else { name.to_owned() });
        }
    }
    names
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
    let listed = include_str!("../lib.rs");
    let listed = listed.lines().filter_map(|line| line.trim().strip_prefix("pub fn ")?.split(['<', '(']).next());
    let named: Vec<_> = RULES.iter().map(|rule| rule.instruction).collect();
    assert_eq!(listed.collect::<Vec<_>>(), named);
    let mut asked = 0;
    assert!(WITHOUT_A_REGISTRY.iter().all(|(name, _)| named.contains(name)));
    for rule in RULES {
        let text = source(rule);
        let camel: String = rule.instruction.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        let count = |method: &str| text.matches(&format!("permit(Action::{camel}).{method}(")).count();
        let signed = matches!(rule.signed_by, Owner | OwnerOr(_) | VenueOrSides(_));
        let authority = matches!(rule.signed_by, Authority | Proposer | FeeCollector);
        let waits = matches!(rule.signed_by, Setter | Lister);
        let without = WITHOUT_A_REGISTRY.iter().any(|(name, _)| *name == rule.instruction);
        assert_eq!(count("in_engine") > 0, !without, "{}", rule.instruction);
        assert!(!without || rule.stopped_by == 0, "{}: a bit that nobody reads", rule.instruction);
        assert_eq!(count("growth_in") > 0, rule.growth_stopped_by != 0, "{}", rule.instruction);
        // The initial check asks for it, and nobody else does: a liquidator takes over at prices that are odd.
        let adds_risk = text.contains("gate::require_initial(");
        let insures = text.contains("insurance::withdraw_excess(");
        for (bit, asks) in [(breaker::PRICE, adds_risk), (breaker::DRAWDOWN, adds_risk || insures)] {
            assert_eq!(asks, rule.risk_held_by & bit != 0, "{}", rule.instruction);
        }
        assert_eq!(count("calm_in") > 0, rule.risk_held_by & breaker::THROUGHPUT != 0, "{}", rule.instruction);
        let stops = rule.signed_by == AuthorityOrGuardian;
        assert_eq!(count("pauser_in") > 0, stops, "{}", rule.instruction);
        assert_eq!(count("signed_for") > 0, signed, "{}", rule.instruction);
        assert_eq!(count("signed_in") > 0, authority, "{}", rule.instruction);
        assert_eq!(count("standing_in") > 0, waits, "{}", rule.instruction);
        assert_eq!(count("on") > 0, rule.works == Works::OnActive, "{}", rule.instruction);
        asked += count("in_engine") + count("signed_for") + count("signed_in") + count("standing_in") + count("on");
    }
    assert!(asked >= 60, "{asked}");
}

#[test]
fn what_an_instruction_writes_is_read_from_its_accounts() {
    let text = "#[derive(Accounts)]\npub struct Sail<'info> {\n    /// Signs; mut.\n    pub owner: Signer<'info>,\n\
        \x20   #[account(mut, has_one = owner)]\n    pub hull: AccountLoader<'info, Hull>,\n    #[account(mut)]\n\
        \x20   pub keel: Option<UncheckedAccount<'info>>,\n    #[account(\n        init,\n        payer = owner\n    )]\n\
        \x20   pub mast: Box<Mast<'info>>,\n    pub mutiny: Signer<'info>,\n}\n";
    assert_eq!(written(text), ["hull", "(keel)", "mast"]);
}

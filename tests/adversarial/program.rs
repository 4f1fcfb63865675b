//! The program's instructions and their accounts, read from its source: a new instruction or account cannot be
//! forgotten by the tables of this directory.

use std::path::PathBuf;

/// What an account slot demands of the account in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A signature.
    Signer,
    /// An account of the engine, by type.
    Loader(String),
    /// A program.
    Program,
    /// A mint or token account that Anchor deserialises.
    Token,
    /// Anything; the instruction compares it or leaves it to a token program.
    Unchecked,
    /// Signs events.
    EventAuthority,
    /// The program itself, for its event call.
    OwnProgram,
}

impl Kind {
    /// Its name in a table; of a loader its type's.
    pub fn title(&self) -> &str {
        match self {
            Self::Signer => "signer",
            Self::Loader(of) => of,
            Self::Program => "program",
            Self::Token => "token account",
            Self::Unchecked => "unchecked",
            Self::EventAuthority => "event authority",
            Self::OwnProgram => "own program",
        }
    }
}

/// One account of an instruction.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Field name.
    pub name: String,
    /// What is demanded.
    pub kind: Kind,
    /// May be left out.
    pub optional: bool,
    /// Its address is derived from seeds, as it is created here.
    pub derived: bool,
    /// Anchor creates it.
    pub created: bool,
}

fn source(path: &str) -> Option<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../programs/plimsoll/src");
    std::fs::read_to_string(root.join(path)).ok()
}

/// Refused by every build that has the first layout, so the tables of valid calls cannot have it; its attacks stand in
/// `tests/composition/migration.rs`.
const WITHOUT_VALID_CALL: &str = "migrate_account";

/// Names of all instructions of which there is a valid call, in the program's order.
pub fn instructions() -> Vec<String> {
    let lib = source("lib.rs").expect("the program's list of instructions");
    let body = lib.split("pub mod plimsoll {").nth(1).expect("the module of instructions");
    let names = body.lines().filter_map(|line| line.strip_prefix("    pub fn "));
    let names = names.map(|rest| rest.split(['(', '<']).next().expect("a name").to_owned());
    names.filter(|name| name != WITHOUT_VALID_CALL).collect()
}

/// Accounts of an instruction, in order.
pub fn slots(instruction: &str) -> Vec<Slot> {
    let files = [format!("instructions/{instruction}.rs"), format!("instructions/{instruction}/mod.rs")];
    let text = files.iter().find_map(|file| source(file)).expect("every instruction has a file of its name");
    let start = text.find("#[derive(Accounts)]").expect("every instruction has an Accounts struct");
    let body = text[start..].split_once("> {").expect("a struct with a lifetime").1;
    let body = body.split("\n}").next().expect("the struct ends");
    let mut slots = Vec::new();
    let mut attributes = String::new();
    let mut loaded: Option<String> = None;
    for line in body.lines().map(str::trim) {
        // An account that the instruction loads by `crate::loader` says so: "a [`Bank`] by `loader::write`".
        if line.starts_with("//") {
            if line.contains("by `loader::") {
                loaded = line.split("[`").nth(1).and_then(|rest| rest.split("`]").next()).map(str::to_owned);
            }
            continue;
        }
        match line.strip_prefix("pub ").and_then(|field| field.split_once(": ")) {
            Some((name, kind)) => {
                let slot = slot(name, kind, &std::mem::take(&mut attributes));
                slots.push(match loaded.take() {
                    Some(of) => Slot { kind: Kind::Loader(of), ..slot },
                    None => slot,
                });
            }
            None => attributes.push_str(line),
        }
    }
    slots
}

fn slot(name: &str, kind: &str, attributes: &str) -> Slot {
    let optional = kind.starts_with("Option<");
    let kind = kind.trim_start_matches("Option<");
    let kind = match kind.split('<').next().expect("a type") {
        _ if name == "event_authority" => Kind::EventAuthority,
        _ if name == "program" => Kind::OwnProgram,
        "Signer" => Kind::Signer,
        "AccountLoader" => {
            let of = kind.split("'info, ").nth(1).expect("the type of account");
            Kind::Loader(of.trim_end_matches([',', '>']).to_owned())
        }
        "Box" => Kind::Token,
        "Program" | "Interface" => Kind::Program,
        "UncheckedAccount" => Kind::Unchecked,
        other => panic!("{name}: unknown kind of account {other}"),
    };
    let created = attributes.contains("init,");
    Slot { name: name.into(), kind, optional, derived: attributes.contains("seeds ="), created }
}

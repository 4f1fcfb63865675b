//! Every instruction has a builder. Its accounts and arguments are the interface's, whose own tests compare them with the
//! program.

use std::path::Path;

#[test]
fn every_instruction_has_a_builder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ix");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    let sources: String = files.collect();
    let lacks = |name: &&str| {
        !sources.contains(&format!("pub fn {name}(")) || !sources.contains(&format!("interface::{name}("))
    };
    let missing: Vec<&str> = plimsoll_interface::outlines().map(|outline| outline.name).filter(lacks).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

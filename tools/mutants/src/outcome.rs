//! What was found, kept between runs, and compared with what is accepted.

use crate::mutant::Mutant;
use crate::run::Fate;
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

/// Breaks that no test notices, each with the reason, by stable name.
pub fn accepted(root: &Path) -> Result<BTreeMap<String, String>, String> {
    let file = root.join("tools/mutants/accepted.json");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let entries: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let entries = entries.as_object().ok_or("accepted.json: names with reasons")?;
    Ok(entries.iter().map(|(name, reason)| (name.clone(), reason.as_str().unwrap_or_default().to_owned())).collect())
}

/// Adds one finding to the file of findings.
///
/// # Errors
/// Where it cannot be written.
pub fn keep(file: &Path, mutant: &Mutant, fate: &Fate) -> Result<(), String> {
    let (fate, by) = match fate {
        Fate::Caught(by) => ("caught", by.as_str()),
        Fate::Timeout => ("timeout", ""),
        Fate::Missed => ("missed", ""),
    };
    let line = json!({ "name": mutant.name, "file": mutant.file, "fate": fate, "by": by });
    let open = std::fs::OpenOptions::new().create(true).append(true).open(file);
    open.and_then(|mut file| writeln!(file, "{line}")).map_err(|error| format!("{}: {error}", file.display()))
}

/// What is known of each break by name; one that was ever noticed is noticed, by whichever tests.
///
/// # Errors
/// Where the file cannot be read.
pub fn known(file: &Path) -> Result<BTreeMap<String, Fate>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut known = BTreeMap::new();
    for entry in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let fate = match entry["fate"].as_str() {
            Some("caught") => Fate::Caught(entry["by"].as_str().unwrap_or_default().to_owned()),
            Some("timeout") => Fate::Timeout,
            _ => Fate::Missed,
        };
        let name = entry["name"].as_str().unwrap_or_default().to_owned();
        let held = known.entry(name).or_insert_with(|| fate.clone());
        if *held == Fate::Missed {
            *held = fate;
        }
    }
    Ok(known)
}

/// Prints the share of each file, and what was missed; says whether all that was missed is accepted.
pub fn summarise(found: &[(Mutant, Fate)], unviable: usize, accepted: &BTreeMap<String, String>) -> bool {
    let mut files: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for (mutant, fate) in found {
        let counts = files.entry(&mutant.file).or_default();
        match fate {
            Fate::Caught(_) => counts[0] += 1,
            Fate::Timeout => counts[1] += 1,
            Fate::Missed => counts[2] += 1,
        }
    }
    for (file, [caught, timeout, missed]) in &files {
        println!("{file}: {caught} caught, {timeout} timeouts, {missed} missed");
    }
    let missed: Vec<&Mutant> = found.iter().filter(|(_, fate)| *fate == Fate::Missed).map(|(m, _)| m).collect();
    let new: Vec<&&Mutant> = missed.iter().filter(|mutant| !accepted.contains_key(&mutant.stable_name())).collect();
    for mutant in &missed {
        match accepted.get(&mutant.stable_name()) {
            Some(reason) => println!("missed, accepted: {} ({reason})", mutant.name),
            None => println!("missed: {}", mutant.name),
        }
    }
    let noticed = found.len() - missed.len();
    let share = 100.0 * noticed as f64 / found.len().max(1) as f64;
    println!(
        "{noticed} of {} noticed ({share:.1} %), {} missed of which {} are accepted; {unviable} do not compile",
        found.len(),
        missed.len(),
        missed.len() - new.len(),
    );
    new.is_empty()
}

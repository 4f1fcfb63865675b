//! What is printed once everything is there.

use std::io::Write as _;
use std::path::Path;

use crate::engine::Plan;
use crate::place::{KEEPER_LOG, KEYS};

/// What to type first, in another terminal. The README says the same, and a test types it.
pub const FIRST_COMMANDS: [&str; 6] = [
    "plimsoll --as alice account open",
    "plimsoll --as alice deposit SOL 100",
    "plimsoll --as alice borrow USDC 14000",
    "plimsoll --as alice fill SOL-PERP 10 --price 200 --buyer alice --seller maker --yes",
    "plimsoll --as alice account show",
    "plimsoll --as alice price crash 2025-10-10 --minutes 15 --watch alice",
];
/// The last line: from here on people can use it.
pub const READY: &str = "Ctrl-C ends all of it.";

/// Prints a line. Whoever reads may have seen enough: that is no fault, and everything goes on.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a line where errors go.
pub fn warn(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Everything that a person needs to know.
pub fn welcome(url: &str, http_port: u16, plan: &Plan, directory: &Path) -> String {
    let commands: String = FIRST_COMMANDS.iter().map(|command| format!("    {command}\n")).collect();
    let (directory, engine) = (directory.display(), plan.keys.engine);
    format!(
        "\nAn engine is running, with prices that walk and a keeper.\n\
         \n\
         \x20 node        {url}\n\
         \x20 engine      {engine}\n\
         \x20 keys        {directory}/{KEYS}: alice and bob have SOL, USDC and BTC in their wallets, maker lends and trades,\n\
         \x20             liquidator pays for what the keeper liquidates, authority owns the engine and posts prices\n\
         \x20 keeper      {directory}/{KEEPER_LOG}, http://127.0.0.1:{http_port}/metrics\n\
         \n\
         In another terminal, in this directory or below it, `plimsoll` finds all of that by itself:\n\
         \n\
         \x20   export PATH=\"$PWD/target/debug:$PATH\"\n\
         {commands}\
         \n\
         And: `plimsoll price set SOL 150`, `plimsoll --as bob …`, `plimsoll keeper top`, `plimsoll --help`.\n\
         {READY}\n"
    )
}

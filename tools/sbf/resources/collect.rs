//! Stands in for the linker: the module rustc hands over becomes cargo's output file as it is.
//!
//! Cargo then treats the bitcode as the artifact: it tracks it, and reports it when nothing had to be rebuilt.

use std::{env, fs, process};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let output = arguments.iter().position(|argument| argument == "-o").and_then(|at| arguments.get(at + 1));
    let Some(output) = output else {
        eprintln!("collect: no -o among the linker's arguments");
        process::exit(1);
    };
    let objects: Vec<&String> = arguments.iter().filter(|argument| argument.ends_with(".o")).collect();
    // Dependencies that are also cdylibs arrive here in pieces; nothing ever reads their output.
    let written = match objects[..] {
        [only] => fs::copy(only, output).map(|_| ()),
        _ => fs::write(output, format!("{} objects\n", objects.len())),
    };
    if let Err(error) = written {
        eprintln!("collect: cannot write {output}: {error}");
        process::exit(1);
    }
}

//! Command line of the builder: `plimsoll-sbf <package> <out.so>` with the options of its usage text.

use plimsoll_sbf::{build, Arch, BuildRequest, Error, Install, Result, Toolchain};
use std::process::ExitCode;

const USAGE: &str = "usage: plimsoll-sbf <package> <out.so> [--arch v3|v0] [--features a,b] [--sizes] [--no-install]";

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plimsoll-sbf: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<String>) -> Result<()> {
    let usage = || Error::Failed(USAGE.to_owned());
    let (mut arch, mut features, mut install, mut names) = (Arch::default(), Vec::new(), Install::Allowed, Vec::new());
    let mut sizes = false;
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--arch" => arch = arguments.next().ok_or_else(usage)?.parse()?,
            "--features" => features.extend(arguments.next().ok_or_else(usage)?.split(',').map(str::to_owned)),
            "--sizes" => sizes = true,
            "--no-install" => install = Install::Refused,
            other if other.starts_with('-') => return Err(usage()),
            _ => names.push(argument),
        }
    }
    let [package, out] = <[String; 2]>::try_from(names).map_err(|_| usage())?;
    let workspace = std::env::current_dir().map_err(|error| Error::Failed(format!("no current directory: {error}")))?;
    let toolchain = Toolchain::find(install)?;
    eprintln!("plimsoll-sbf: building with {}", toolchain.describe());
    let request = BuildRequest { out: workspace.join(out), workspace, package, arch, features };
    let report = build(&toolchain, &request)?;
    println!("{report}");
    if sizes {
        println!("{}", report.sizes_to_print());
    }
    Ok(())
}

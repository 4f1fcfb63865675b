//! In which form the programs run.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Once;

use anchor_lang::prelude::Pubkey;
use plimsoll_sim::world::{Chain, World};
use solana_program_test::{ProgramTest, ProgramTestContext};

use crate::native;

/// The programs, as the names of their files have it.
pub const PROGRAMS: [(&str, Pubkey); 2] = [("plimsoll", plimsoll::ID), ("example_venue", example_venue::ID)];

const NATIVE_NOTICE: &str = "
  !!  NATIVE MODE: SBF_OUT_DIR names no sBPF files, so the programs run as host code.
  !!  NOT checked: compute units, the 4 KiB stack frames, the 32 KiB heap, what the compiler makes of the code,
  !!  and return data to a calling program.
";

/// In which form the programs run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The sBPF files in this directory.
    Sbf(PathBuf),
    /// Host code.
    Native,
}

impl Form {
    /// sBPF where `SBF_OUT_DIR` has a file for each program; else native, with a loud notice.
    pub fn of_environment() -> Self {
        let directory = std::env::var_os("SBF_OUT_DIR").map(PathBuf::from);
        let complete = |directory: &PathBuf| PROGRAMS.iter().all(|(name, _)| file_in(directory, name).exists());
        let form = directory.filter(complete).map_or(Self::Native, Self::Sbf);
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // solana-program-test logs every instruction unless told otherwise.
            if std::env::var_os("RUST_LOG").is_none() {
                std::env::set_var("RUST_LOG", "error");
            }
            if form == Self::Native {
                // Not by a macro: the harness hides what those print in a test that passes.
                let _ = std::io::stderr().write_all(NATIVE_NOTICE.as_bytes());
            }
        });
        form
    }

    /// The bank with both programs, and nothing else of ours.
    pub async fn bank(&self) -> ProgramTestContext {
        let test = match self {
            Self::Native => native::program_test(),
            Self::Sbf(_) => {
                let mut test = ProgramTest::default();
                test.prefer_bpf(true);
                for (name, id) in PROGRAMS {
                    test.add_program(name, id, None);
                }
                test
            }
        };
        let context = test.start_with_context().await;
        if *self == Self::Native {
            native::connect();
        }
        context
    }

    /// LiteSVM with both programs. A native one needs a [`Form::bank`] before it, which answers its programs.
    ///
    /// # Panics
    /// Where the loader refuses a file.
    pub fn world(&self) -> World {
        let svm = match self {
            Self::Native => native::machine(),
            Self::Sbf(directory) => {
                let mut svm = Chain::machine();
                for (name, id) in PROGRAMS {
                    svm.add_program_from_file(id, file_in(directory, name)).expect("the loader takes the program");
                }
                svm
            }
        };
        World::on(Chain::on(svm))
    }

    /// Whether a caller gets what the called program returns.
    pub fn has_return_data(&self) -> bool {
        *self != Self::Native
    }
}

fn file_in(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.so"))
}

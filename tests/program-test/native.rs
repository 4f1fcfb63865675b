//! The programs as host code, for machines that build no sBPF.
//!
//! LiteSVM and the bank both take a program as a function. What it asks of the runtime goes through stubs: the
//! programs' (Anchor's version of `solana-sysvar`) are given those that solana-program-test installs (for its own
//! version). Compute units, stack frames, the heap and what the compiler makes of the code are not checked here, and
//! the host has no return data: Anchor's call for it does nothing.

use std::sync::Once;

use anchor_lang::prelude::Pubkey;
use anchor_lang::solana_program::account_info::AccountInfo;
use anchor_lang::solana_program::entrypoint::ProgramResult;
use anchor_lang::solana_program::instruction::Instruction;
use answering_sysvar::program_stubs as runtime;
use asked_sysvar::program_stubs::{set_syscall_stubs, SyscallStubs};
use litesvm::LiteSVM;
use plimsoll_sim::world::Chain;
use solana_program_test::{processor, ProgramTest};

/// A test with the programs as host code.
pub fn program_test() -> ProgramTest {
    let mut test = ProgramTest::default();
    test.prefer_bpf(false);
    test.add_program("plimsoll", plimsoll::ID, processor!(engine));
    test.add_program("example_venue", example_venue::ID, processor!(venue));
    test
}

/// Makes the runtime's stubs those of the programs. A [`program_test`] must have been started before, which installs them.
pub fn connect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let installed = runtime::set_syscall_stubs(Box::new(NoStubs));
        set_syscall_stubs(Box::new(Forward(installed)));
    });
}

/// LiteSVM with the programs as host code; they need [`connect`].
pub fn machine() -> LiteSVM {
    let mut svm = Chain::machine();
    svm.add_builtin(plimsoll::ID, processor!(engine).expect("the macro always gives one"));
    svm.add_builtin(example_venue::ID, processor!(venue).expect("the macro always gives one"));
    svm
}

fn engine(program: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult {
    plimsoll::entry::process(&kept(&[*program])[0], kept(accounts), kept(data))
}

fn venue(program: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult {
    example_venue::entry(&kept(&[*program])[0], kept(accounts), kept(data))
}

/// A copy that is never freed: Anchor wants all three arguments to live as long as what the accounts borrow.
fn kept<'info, T: Clone + 'info>(values: &[T]) -> &'info [T] {
    Box::leak(values.to_vec().into_boxed_slice())
}

/// Stands where the runtime's stubs stood.
struct NoStubs;

impl runtime::SyscallStubs for NoStubs {}

/// Passes on what the programs ask.
struct Forward(Box<dyn runtime::SyscallStubs>);

impl SyscallStubs for Forward {
    fn sol_log(&self, message: &str) {
        self.0.sol_log(message);
    }

    fn sol_invoke_signed(&self, instruction: &Instruction, infos: &[AccountInfo], seeds: &[&[&[u8]]]) -> ProgramResult {
        self.0.sol_invoke_signed(instruction, infos, seeds)
    }

    fn sol_get_stack_height(&self) -> u64 {
        self.0.sol_get_stack_height()
    }

    fn sol_get_clock_sysvar(&self, address: *mut u8) -> u64 {
        self.0.sol_get_clock_sysvar(address)
    }

    fn sol_get_rent_sysvar(&self, address: *mut u8) -> u64 {
        self.0.sol_get_rent_sysvar(address)
    }
}

//! The example treasury: a margin account that a program owns, whose own rule is stricter than the engine's.

use anchor_lang::prelude::{AccountMeta, Pubkey};
use plimsoll_tests::*;
use solana_instruction::Instruction;

/// It declares no address of its own, so it is wherever it is deployed.
fn program() -> Pubkey {
    address("a treasury's program")
}

/// A stage with the program, and whom it belongs to.
struct Vault {
    stage: Stage,
    operator: Pubkey,
    treasury: Pubkey,
    account: Pubkey,
}

fn vault() -> Vault {
    let mut stage = Stage::new();
    stage.add_program(program(), &program_file("PLIMSOLL_TREASURY_SO", "example_treasury"));
    let operator = stage.party("operator");
    let (treasury, _) = example_treasury::treasury(&program(), &operator, &stage.keys.engine);
    let account = stage.keys.margin_account(&treasury, 0);
    Vault { stage, operator, treasury, account }
}

impl Vault {
    fn call(&self, instruction: u8, amount_atoms: Option<u64>, others: &[(Pubkey, bool)]) -> Instruction {
        let keys = &self.stage.keys;
        let mut accounts = vec![
            AccountMeta::new(self.operator, true),
            AccountMeta::new_readonly(self.treasury, false),
            AccountMeta::new_readonly(keys.engine, false),
            AccountMeta::new(self.account, false),
            AccountMeta::new_readonly(keys.registry, false),
        ];
        let engine = [(pda::event_authority(), false), (pda::PROGRAM_ID, false)];
        accounts.extend(others.iter().chain(&engine).map(|(key, is_writable)| AccountMeta {
            pubkey: *key,
            is_signer: false,
            is_writable: *is_writable,
        }));
        let amount = amount_atoms.map(|atoms| atoms.to_le_bytes().to_vec()).unwrap_or_default();
        Instruction { program_id: program(), accounts, data: [vec![instruction], amount].concat() }
    }

    fn open(&mut self) -> Instruction {
        self.call(0, None, &[(Pubkey::default(), false)])
    }

    /// A deposit or borrow of a bank's token, to or from the treasury's own token account.
    fn money(&mut self, instruction: u8, bank: u8, atoms: u64) -> Instruction {
        let (token, keys) = (self.stage.token(bank), self.stage.keys.bank(bank));
        let tokens = self.stage.funded(&self.treasury, bank, if instruction == 1 { atoms } else { 0 });
        let others = [
            (self.stage.keys.board, false),
            (keys.bank, true),
            (keys.vault, true),
            (tokens, true),
            (token.mint, false),
            (token.token_program, false),
        ];
        self.call(instruction, Some(atoms), &others)
    }

    fn send(&mut self, call: Instruction) -> Sent {
        self.stage.send(&self.operator, &[call])
    }
}

#[test]
fn a_treasury_opens_deposits_and_borrows_as_long_as_its_own_rule_lets_it() {
    let mut vault = vault();
    let open = vault.open();
    assert_sent(vault.send(open));
    let deposit = vault.money(1, USDC, 30_000 * USD);
    assert_sent(vault.send(deposit));
    let borrow = vault.money(2, SOL, 10_000_000_000);
    assert_sent(vault.send(borrow));
    let owner = Trader { owner: vault.treasury, account: vault.account };
    let account = vault.stage.margin_account(&owner);
    assert_eq!(account.owner, vault.treasury.to_bytes());
    assert!(account.tokens.iter().any(|token| token.bank == SOL && token.shares < 0));

    // The engine would lend more; the treasury's rule does not, and nothing is left of the attempt.
    let borrow = vault.money(2, SOL, 90_000_000_000);
    let before = vault.stage.snapshot();
    assert_code(vault.send(borrow), 1u32);
    assert_same(&before, &vault.stage.snapshot());
}

#[test]
fn nobody_else_runs_it_and_in_no_other_engine() {
    let mut vault = vault();
    let open = vault.open();
    assert_sent(vault.send(open));
    let mut deposit = vault.money(1, USDC, USD);
    let mallory = vault.stage.party("mallory");
    deposit.accounts[0].pubkey = mallory;
    let refused = |sent: Sent, error: &str| {
        let failure = sent.expect_err("it is refused");
        assert!(failure.to_string().contains(error), "{failure}");
    };
    refused(vault.stage.send(&mallory, &[deposit]), "missing required signature");
    // Another account than the one of this engine, though it is the treasury's own.
    let mut deposit = vault.money(1, USDC, USD);
    deposit.accounts[3].pubkey = vault.stage.keys.margin_account(&vault.treasury, 1);
    refused(vault.send(deposit), "seeds do not result in a valid address");
    let mut deposit = vault.money(1, USDC, USD);
    deposit.accounts[2].pubkey = address("another engine");
    refused(vault.send(deposit), "missing required signature");
}

#[test]
fn the_page_has_the_whole_program() {
    let page = include_str!("../../crates/interface/README.md");
    let source = include_str!("../../programs/example-treasury/src/lib.rs");
    assert!(page.contains(&format!("```rust,ignore\n{source}```\n")), "crates/interface/README.md has another program");
}

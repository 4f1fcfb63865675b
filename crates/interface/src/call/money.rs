//! Tokens in and out.

use super::{call, event_metas, instructions, role_meta, role_type, role_words};

instructions! {
    Deposit, Withdraw, Borrow, Repay, FundInsurance, WithdrawInsurance,
}

call! {
    /// Deposits tokens of `authority`; a debt in the same token is repaid first.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `NotOwnerOrDelegate`, `DelegateMayNotDeposit`, `AccountBankrupt`, `EngineMismatch`, `VaultMismatch`,
    /// `MintMismatch`, `AccountMismatch`, `TokenTableFull`, `ReduceOnly`, `BankTerminal`, `DepositCapReached`; the token
    /// program's.
    deposit, Deposit, events, [242, 35, 198, 137, 82, 225, 242, 182];
    /// Owner of the account, or its delegate with the right to deposit, and owner of the tokens.
    authority: sign,
    /// The margin account.
    margin_account: write,
    /// Registry of the engine.
    registry: read,
    /// Prices of the engine.
    board: read,
    /// Bank of the token.
    bank: write,
    /// The bank's vault.
    vault: write,
    /// Token account that pays; its owner is the signer.
    source: write,
    /// The bank's mint.
    mint: read,
    /// Token program of the mint.
    token_program: read,
    ; amount_atoms: u64
}

call! {
    /// Withdraws a deposit, the whole of it where `all` (then `amount_atoms` is not read); never borrows.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `NotOwner`, `AccountBankrupt`, `EngineMismatch`, `Paused`, `VaultMismatch`,
    /// `MintMismatch`, `AccountMismatch`, `BalanceInsufficient`, `LiquidityInsufficient`, `InitialMarginInsufficient`,
    /// `PriceStale`, `PriceNotReady`; the token program's.
    withdraw, Withdraw, events, [183, 18, 70, 156, 148, 109, 161, 34];
    /// Owner of the margin account.
    owner: sign,
    /// The margin account.
    margin_account: write,
    /// Registry of the engine.
    registry: read,
    /// Prices of the engine.
    board: read,
    /// Bank of the token.
    bank: write,
    /// The bank's vault.
    vault: write,
    /// Token account that receives; any of this mint.
    destination: write,
    /// The bank's mint.
    mint: read,
    /// Token program of the mint.
    token_program: read,
    ; amount_atoms: u64, all: bool
}

call! {
    /// Takes tokens out on credit; a deposit in the same token is used up first.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `NotOwner`, `AccountBankrupt`, `EngineMismatch`, `Paused`, `VaultMismatch`,
    /// `MintMismatch`, `AccountMismatch`, `LiquidityInsufficient`, `TokenTableFull`, `ReduceOnly`, `BankTerminal`,
    /// `BorrowCapReached`, `InitialMarginInsufficient`, `PriceStale`, `PriceNotReady`; the token program's.
    borrow, Borrow, events, [228, 253, 131, 202, 207, 116, 89, 18];
    /// Owner of the margin account.
    owner: sign,
    /// The margin account.
    margin_account: write,
    /// Registry of the engine.
    registry: read,
    /// Prices of the engine.
    board: read,
    /// Bank of the token.
    bank: write,
    /// The bank's vault.
    vault: write,
    /// Token account that receives; any of this mint.
    destination: write,
    /// The bank's mint.
    mint: read,
    /// Token program of the mint.
    token_program: read,
    ; amount_atoms: u64
}

call! {
    /// Repays a debt of any account with tokens of `payer`, all of it where `all` (then `amount_atoms` is not read).
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `EngineMismatch`, `VaultMismatch`, `MintMismatch`, `AccountMismatch`, `NothingOwed`;
    /// the token program's.
    repay, Repay, events, [234, 103, 67, 82, 208, 234, 219, 166];
    /// Owner of the tokens; anyone.
    payer: sign,
    /// The margin account.
    margin_account: write,
    /// Registry of the engine.
    registry: read,
    /// Prices of the engine.
    board: read,
    /// Bank of the token.
    bank: write,
    /// The bank's vault.
    vault: write,
    /// Token account that pays; its owner is the signer.
    source: write,
    /// The bank's mint.
    mint: read,
    /// Token program of the mint.
    token_program: read,
    ; amount_atoms: u64, all: bool
}

call! {
    /// Takes insurance out that is above its target and its floor, at most `most_atoms`. Once the engine is launched, a change of
    /// which the executor is the authority.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `NotAuthority`, `ChangeWaits`, `EngineMismatch`, `VaultMismatch`, `MintMismatch`,
    /// `AccountMismatch`, `LossKnown`, `DrawdownBreakerTripped`, `InsuranceWithinTarget`, `LiquidityInsufficient`; the token
    /// program's.
    withdraw_insurance, WithdrawInsurance, events, [201, 133, 145, 118, 235, 89, 90, 189];
    /// The engine's executor; before the launch its authority.
    authority: sign,
    /// The engine.
    engine: read,
    /// Its registry.
    registry: read,
    /// Bank of the token.
    bank: write,
    /// The bank's vault.
    vault: write,
    /// Token account that receives; any of this mint.
    destination: write,
    /// The bank's mint.
    mint: read,
    /// Token program of the mint.
    token_program: read,
    ; most_atoms: u64
}

call! {
    /// Pays tokens of `funder` into a bank's insurance.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `VaultMismatch`, `MintMismatch`, `AccountMismatch`; the token program's.
    fund_insurance, FundInsurance, events, [58, 216, 37, 162, 201, 50, 20, 66];
    /// Owner of the tokens; anyone.
    funder: sign,
    /// Bank of the token.
    bank: write,
    /// The bank's vault.
    vault: write,
    /// Token account that pays; its owner is the signer.
    source: write,
    /// The bank's mint.
    mint: read,
    /// Token program of the mint.
    token_program: read,
    ; amount_atoms: u64
}

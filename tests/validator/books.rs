//! Every vault to the atom, once nothing moves.

use anyhow::{ensure, Context, Result};
use plimsoll_sim::live::{FullReading, Live};
use plimsoll_state::Bank;
use solana_pubkey::Pubkey;

/// More than the transactions of a story: each may leave an atom for each of its legs to a vault.
const TRANSACTIONS: u64 = 2_000;
/// More than the positions that a story closes against their opposite side.
const CLOSINGS: u64 = 20;

/// Atoms that a vault holds beyond `deposits - borrows - uncovered + insurance + reserved + fees`, in units of 2^-48.
fn surplus(bank: &Bank, vault_atoms: u64) -> i128 {
    let deposits = bank.deposit_shares as i128 * bank.deposit_index as i128;
    let borrows = bank.borrow_shares as i128 * bank.booked_borrow_index as i128;
    let held = bank.insurance_atoms as i128 + bank.reserved_atoms as i128 + bank.fees_atoms as i128;
    ((vault_atoms as i128 - held + bank.uncovered_atoms as i128) << 48) - deposits + borrows
}

/// Reads the engine at rest and compares everything that must agree; answers what it read.
///
/// # Errors
/// The first thing that does not agree.
pub async fn reconcile(live: &Live, owners: &[Pubkey]) -> Result<FullReading> {
    let look = live.read_steadily().await?;
    let found = look.conservation(TRANSACTIONS, CLOSINGS);
    ensure!(found.ok && found.checks > 0, "conservation: {:?}", found.failures);
    for (index, (bank, &vault)) in look.shared.banks.iter().zip(&look.vaults_atoms).enumerate() {
        let kept = surplus(bank, vault);
        ensure!(kept >= 0, "bank {index}: the vault is short by {} atoms", (-kept) >> 48);
        ensure!(kept >> 48 <= TRANSACTIONS as i128, "bank {index}: the vault has {} atoms too many", kept >> 48);
        ensure!(bank.reserved_atoms == 0, "bank {index}: {} atoms stay reserved", bank.reserved_atoms);
        // What was minted is in the vault or with an owner.
        let wallets: Vec<Pubkey> = owners.iter().map(|owner| live.wallet(owner, index as u8)).collect();
        let held = wallets_atoms(live, &wallets).await?;
        let supply = look.supplies_atoms[index];
        ensure!(vault + held == supply, "bank {index}: {vault} + {held} atoms, of {supply} minted");
    }
    for (key, account) in &look.accounts {
        ensure!(account.status == 0, "{key} is still being resolved");
    }
    Ok(look)
}

/// Atoms of all these token accounts that exist.
async fn wallets_atoms(live: &Live, wallets: &[Pubkey]) -> Result<u64> {
    let (_, found) = live.connection.accounts(wallets).await?;
    let amount = |data: &[u8]| Some(u64::from_le_bytes(data.get(64..72)?.try_into().ok()?));
    let amounts =
        found.iter().flatten().map(|account| amount(&account.data).context("a wallet is not a token account"));
    amounts.sum()
}

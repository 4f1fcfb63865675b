//! What has to be sent to get prices on chain: transactions in order, and what they leave open.

use std::sync::Arc;

use plimsoll_state::Address;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::Message;
use solana_pubkey::Pubkey;

use super::PostError;

/// Most bytes of a transaction.
pub const MOST_BYTES: usize = 1_232;
/// Bytes of a signature.
const SIGNATURE_LEN: usize = 64;

/// An account that is to be closed, and how.
pub type Opened = (Pubkey, Instruction);

/// An instruction of a posting.
#[derive(Clone, Debug)]
pub struct Part {
    /// The instruction.
    pub instruction: Instruction,
    /// Who signs besides the payer.
    pub signer: Option<Arc<Keypair>>,
    /// The account that it leaves open, and what closes it.
    pub opens: Option<Opened>,
    /// The account that it closes.
    pub closes: Option<Pubkey>,
    /// The feed whose price it posts, by id or hash.
    pub feed: Option<Address>,
}

impl Part {
    /// An instruction that the payer signs, opening and closing nothing.
    pub const fn of(instruction: Instruction) -> Self {
        Self { instruction, signer: None, opens: None, closes: None, feed: None }
    }
}

/// A transaction of a posting.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// What it does.
    pub parts: Vec<Part>,
}

impl Step {
    /// Its instructions.
    pub fn instructions(&self) -> Vec<Instruction> {
        self.parts.iter().map(|part| part.instruction.clone()).collect()
    }

    /// Who signs besides the payer.
    pub fn signers(&self) -> Vec<&Keypair> {
        self.parts.iter().filter_map(|part| part.signer.as_deref()).collect()
    }

    /// The feeds whose prices it posts.
    pub fn feeds(&self) -> Vec<Address> {
        self.parts.iter().filter_map(|part| part.feed).collect()
    }

    /// Takes a part if it still fits.
    pub fn take(&mut self, payer: &Pubkey, part: &Part) -> bool {
        let mut instructions = self.instructions();
        instructions.push(part.instruction.clone());
        let fits = size(payer, &instructions) <= MOST_BYTES;
        if fits {
            self.parts.push(part.clone());
        }
        fits
    }
}

/// Transactions in stages: those of one are sent at once, when all of the stage before are confirmed.
#[derive(Clone, Debug)]
pub struct Posting {
    /// Whose prices, in metrics and logs.
    pub oracle: &'static str,
    /// The stages.
    pub stages: Vec<Vec<Step>>,
}

/// Bytes of a transaction with these instructions and the compute-budget instructions that sending adds.
pub fn size(payer: &Pubkey, instructions: &[Instruction]) -> usize {
    let mut all = vec![
        ComputeBudgetInstruction::set_compute_unit_limit(u32::MAX),
        ComputeBudgetInstruction::set_compute_unit_price(u64::MAX),
        ComputeBudgetInstruction::set_loaded_accounts_data_size_limit(u32::MAX),
    ];
    all.extend_from_slice(instructions);
    let message = Message::new(&all, Some(payer));
    let signatures = usize::from(message.header.num_required_signatures);
    1 + signatures * SIGNATURE_LEN + message.serialize().len()
}

/// Parts in their order, as many in each transaction as fit it.
///
/// # Errors
/// `TooLarge` where one part alone does not fit.
pub fn pack(payer: &Pubkey, parts: Vec<Part>) -> Result<Vec<Step>, PostError> {
    let mut steps: Vec<Step> = Vec::new();
    for part in parts {
        let alone = size(payer, std::slice::from_ref(&part.instruction));
        if alone > MOST_BYTES {
            return Err(PostError::TooLarge { program: part.instruction.program_id, bytes: alone });
        }
        if !steps.last_mut().is_some_and(|step| step.take(payer, &part)) {
            steps.push(Step { parts: vec![part] });
        }
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_instruction::AccountMeta;

    fn part(bytes: usize) -> Part {
        let meta = AccountMeta::new(Pubkey::new_from_array([3; 32]), false);
        Part::of(Instruction::new_with_bytes(Pubkey::new_from_array([2; 32]), &vec![0; bytes], vec![meta]))
    }

    #[test]
    fn parts_keep_their_order_and_no_transaction_is_too_large() {
        let payer = Pubkey::new_from_array([1; 32]);
        let parts: Vec<Part> = [700, 200, 200, 10, 900].into_iter().map(part).collect();
        let steps = pack(&payer, parts.clone()).unwrap();
        let lengths = |step: &Step| step.parts.iter().map(|part| part.instruction.data.len()).collect::<Vec<_>>();
        assert_eq!(steps.iter().map(lengths).collect::<Vec<_>>(), [vec![700, 200], vec![200, 10], vec![900]]);
        assert!(steps.iter().all(|step| size(&payer, &step.instructions()) <= MOST_BYTES));
    }

    #[test]
    fn a_part_that_fits_no_transaction_is_refused_with_its_size() {
        let error = pack(&Pubkey::new_from_array([1; 32]), vec![part(1_232)]).unwrap_err();
        assert!(matches!(error, PostError::TooLarge { bytes, .. } if bytes > 1_232), "{error}");
    }
}

//! The bridge: VAAs are written in parts and verified by the guardians' signatures.

use libsecp256k1::{recover, Message, RecoveryId, Signature};
use pythnet_sdk::hashers::keccak256::Keccak256;
use pythnet_sdk::hashers::Hasher;
use solana_instruction::error::InstructionError;
use solana_program_runtime::declare_process_instruction;
use solana_program_runtime::invoke_context::InvokeContext;

use super::{close, ensure, malformed, refusal, write, Call, Done, Guardians, PROGRAMS};

/// First eight bytes of `sha256("account:EncodedVaa")`.
const ENCODED_VAA: [u8; 8] = [226, 101, 163, 4, 133, 160, 84, 245];
/// What stands before the VAA: discriminator, status, authority, version, length.
pub const HEADER_LEN: usize = 46;
const WRITING: u8 = 1;
const VERIFIED: u8 = 2;

declare_process_instruction!(Bridge, 5_000, |invoke_context| { run(invoke_context) });

/// A guardian set's account.
pub fn guardian_set(guardians: &Guardians) -> Vec<u8> {
    let mut data = guardians.index.to_le_bytes().to_vec();
    data.extend_from_slice(&(guardians.keys.len() as u32).to_le_bytes());
    guardians.keys.iter().for_each(|key| data.extend_from_slice(key));
    data.extend_from_slice(&[0; 8]);
    data
}

fn run(context: &InvokeContext) -> Done {
    let call = Call::of(context)?;
    let (instruction, arguments) = call.parts()?;
    let [authority, vaa, more @ ..] = &call.accounts[..] else { return Err(InstructionError::MissingAccount) };
    ensure(authority.signer && vaa.writable, refusal::AUTHORITY)?;
    ensure(vaa.owner == call.program, refusal::ADDRESS)?;
    if instruction == [209, 193, 173, 25, 91, 202, 181, 218] {
        ensure(vaa.data.len() > HEADER_LEN && vaa.data.iter().all(|byte| *byte == 0), refusal::STATUS)?;
        let mut data = vaa.data.clone();
        data[..8].copy_from_slice(&ENCODED_VAA);
        data[8] = WRITING;
        data[9..41].copy_from_slice(authority.key.as_ref());
        data[42..46].copy_from_slice(&((vaa.data.len() - HEADER_LEN) as u32).to_le_bytes());
        return write(context, 1, &data);
    }
    ensure(vaa.data.starts_with(&ENCODED_VAA), refusal::STATUS)?;
    ensure(vaa.data[9..41] == authority.key.to_bytes(), refusal::AUTHORITY)?;
    match instruction {
        [199, 208, 110, 177, 150, 76, 118, 42] => {
            ensure(vaa.data[8] == WRITING, refusal::STATUS)?;
            let (index, part) = write_arguments(arguments)?;
            let mut data = vaa.data.clone();
            let place = data.get_mut(HEADER_LEN + index..HEADER_LEN + index + part.len());
            place.ok_or(InstructionError::Custom(refusal::MALFORMED))?.copy_from_slice(part);
            write(context, 1, &data)
        }
        [103, 56, 177, 229, 240, 103, 68, 73] => {
            ensure(vaa.data[8] == WRITING, refusal::STATUS)?;
            let [set] = more else { return Err(InstructionError::MissingAccount) };
            ensure(set.owner == call.program, refusal::GUARDIAN_SET)?;
            verify(&vaa.data[HEADER_LEN..], &set.key, &set.data)?;
            let mut data = vaa.data.clone();
            (data[8], data[41]) = (VERIFIED, 1);
            write(context, 1, &data)
        }
        [48, 221, 174, 198, 231, 7, 152, 38] => {
            ensure(authority.writable && vaa.lamports > 0, refusal::AUTHORITY)?;
            close(context, 1)
        }
        _ => Err(InstructionError::InvalidInstructionData),
    }
}

fn write_arguments(arguments: &[u8]) -> Result<(usize, &[u8]), InstructionError> {
    let index = arguments.get(..4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let length = arguments.get(4..8).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let (Some(index), Some(length)) = (index, length) else { return Err(malformed(())) };
    let part = &arguments[8..];
    ensure(part.len() == length as usize && !part.is_empty(), refusal::MALFORMED)?;
    Ok((index as usize, part))
}

/// Every signature is of a guardian of the set, in order, and more than half of the set has signed.
fn verify(vaa: &[u8], set_key: &solana_pubkey::Pubkey, set: &[u8]) -> Done {
    let index = u32::from_be_bytes(vaa.get(1..5).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| malformed(()))?);
    ensure(vaa[0] == 1, refusal::MALFORMED)?;
    ensure(*set_key == PROGRAMS.guardian_set(index) && set[..4] == index.to_le_bytes(), refusal::GUARDIAN_SET)?;
    let keys: Vec<&[u8]> = set[8..set.len() - 8].chunks(20).collect();
    let count = vaa[5] as usize;
    ensure(count > keys.len() / 2, refusal::NO_QUORUM)?;
    let body = vaa.get(6 + count * 66..).ok_or_else(|| malformed(()))?;
    let digest = Message::parse(&Keccak256::hashv(&[Keccak256::hashv(&[body])]));
    let mut last = None;
    for signature in vaa[6..6 + count * 66].chunks(66) {
        let guardian = signature[0];
        ensure(last < Some(guardian), refusal::SIGNATURE)?;
        last = Some(guardian);
        let key = Signature::parse_standard_slice(&signature[1..65])
            .and_then(|parsed| recover(&digest, &parsed, &RecoveryId::parse(signature[65])?))
            .map_err(|_| InstructionError::Custom(refusal::SIGNATURE))?;
        let address = &Keccak256::hashv(&[&key.serialize()[1..]])[12..];
        ensure(keys.get(guardian as usize) == Some(&address), refusal::SIGNATURE)?;
    }
    Ok(())
}

/// The body of a VAA whose account says that it is verified.
pub fn verified_body(owner: &solana_pubkey::Pubkey, account: &[u8]) -> Result<Vec<u8>, InstructionError> {
    let is_verified = *owner == PROGRAMS.bridge && account.starts_with(&ENCODED_VAA) && account[8] == VERIFIED;
    ensure(is_verified, refusal::UNVERIFIED)?;
    let vaa = &account[HEADER_LEN..];
    Ok(vaa[6 + vaa[5] as usize * 66..].to_vec())
}

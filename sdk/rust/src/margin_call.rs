//! The event by which an owner is called (CALL-1), read where the program writes it: in the data of a call to itself, or in a
//! log.

use base64::Engine as _;
use borsh::BorshDeserialize;
use solana_pubkey::Pubkey;

/// How the data of a call begins that carries an event.
const EVENT_TAG: [u8; 8] = [228, 69, 165, 46, 81, 203, 154, 29];
/// How this event begins.
const DISCRIMINATOR: [u8; 8] = [11, 36, 230, 128, 84, 84, 219, 94];
/// What a log line with an event begins with.
const LOGGED: &str = "Program data: ";

/// An account has come below its target, or into the band above its maintenance margin (`observation.call_band_ppm`).
#[derive(BorshDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct MarginCall {
    /// The engine.
    pub engine: Pubkey,
    /// The account's owner.
    pub owner: Pubkey,
    /// Which of the owner's accounts.
    pub id: u16,
    /// `NAV / MMR` at spot, ppm, rounded down.
    pub ratio_ppm: u32,
    /// The move of each price that takes the account to maintenance or below if no other moves.
    pub distances: Vec<PriceDistance>,
}

/// How far a price is from where an account would be at maintenance.
#[derive(BorshDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceDistance {
    /// Slot of the price board.
    pub slot: u8,
    /// Parts per million of the price, toward zero; negative for a fall. It is at most so far: where a gain becomes a loss on
    /// the way, the account gets there sooner.
    pub move_ppm: i32,
}

impl MarginCall {
    /// Reads the data of an inner instruction of the program; none of any other event or call.
    pub fn in_call(data: &[u8]) -> Option<Self> {
        Self::in_event(data.strip_prefix(&EVENT_TAG)?)
    }

    /// Reads a line of a transaction's log; none of any other line. A line says nothing of who wrote it: only those between
    /// `Program <address> invoke` and the end of that call are this program's, and a long log is cut off.
    pub fn in_log(line: &str) -> Option<Self> {
        let data = base64::engine::general_purpose::STANDARD.decode(line.strip_prefix(LOGGED)?).ok()?;
        Self::in_event(&data)
    }

    fn in_event(event: &[u8]) -> Option<Self> {
        Self::try_from_slice(event.strip_prefix(&DISCRIMINATOR)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes() -> Vec<u8> {
        let fixed = [&DISCRIMINATOR[..], &[1; 32], &[2; 32], &7u16.to_le_bytes(), &1_050_000u32.to_le_bytes()];
        let distances = [&1u32.to_le_bytes()[..], &[3], &(-52_000i32).to_le_bytes()];
        fixed.into_iter().chain(distances).flatten().copied().collect()
    }

    #[test]
    fn a_call_is_read_where_it_was_sent_and_where_it_was_logged_and_nothing_else_is() {
        let expected = MarginCall {
            engine: Pubkey::new_from_array([1; 32]),
            owner: Pubkey::new_from_array([2; 32]),
            id: 7,
            ratio_ppm: 1_050_000,
            distances: vec![PriceDistance { slot: 3, move_ppm: -52_000 }],
        };
        let (event, sent) = (bytes(), [EVENT_TAG.to_vec(), bytes()].concat());
        let logged = |data: &[u8]| format!("{LOGGED}{}", base64::engine::general_purpose::STANDARD.encode(data));
        assert_eq!(MarginCall::in_call(&sent).as_ref(), Some(&expected));
        assert_eq!(MarginCall::in_log(&logged(&event)).as_ref(), Some(&expected));
        // An event is no call and a call no event; what ends early or goes on is neither.
        assert_eq!((MarginCall::in_call(&event), MarginCall::in_log(&logged(&sent))), (None, None));
        assert_eq!(MarginCall::in_call(&sent[..sent.len() - 1]), None);
        assert_eq!(MarginCall::in_log(&logged(&[event, vec![0]].concat())), None);
        assert_eq!(MarginCall::in_log("Program log: nothing"), None);
    }
}

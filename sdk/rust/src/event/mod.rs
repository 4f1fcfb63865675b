//! What the program recorded of what it did: the events in a call's data and in a log's lines, those of a whole transaction in
//! their order, and which of them are asked for.
//!
//! The kinds of events are those of [`plimsoll_interface::event`]. `plimsoll_rpc::history` reads them from a node.

use base64::Engine as _;

mod filter;
mod transaction;

pub use filter::Filter;
pub use plimsoll_interface::event::*;
pub use transaction::{events_of, RecordedEvent, RecordedInstruction, RecordedTransaction, Unreadable};

/// What a log line with an event begins with.
const LOGGED: &str = "Program data: ";

/// The event in the data of an inner instruction of the program; none of any other call, and none of an event of another
/// version.
pub fn in_call(data: &[u8]) -> Option<EngineEvent> {
    EngineEvent::decode(data.strip_prefix(&EVENT_TAG)?)
}

/// The event in a line of a transaction's log; none of any other line. A line says nothing of who wrote it: only those between
/// `Program <address> invoke` and the end of that call are this program's, and a long log is cut off.
pub fn in_log(line: &str) -> Option<EngineEvent> {
    EngineEvent::decode(&logged(line)?)
}

/// What a line of a log has as data.
fn logged(line: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(line.strip_prefix(LOGGED)?).ok()
}

#[cfg(test)]
mod tests {
    use solana_pubkey::Pubkey;

    use super::*;

    /// CALL-1
    #[test]
    fn an_event_is_read_where_it_was_sent_and_where_it_was_logged_and_nothing_else_is() {
        let call = MarginCalled {
            engine: Pubkey::new_from_array([1; 32]),
            owner: Pubkey::new_from_array([2; 32]),
            id: 7,
            ratio_ppm: 1_050_000,
            distances: vec![PriceDistance { slot: 3, move_ppm: -52_000 }],
        };
        let event = [&MarginCalled::DISCRIMINATOR[..], &borsh::to_vec(&call).unwrap()].concat();
        let sent = [&EVENT_TAG[..], &event].concat();
        let line = |data: &[u8]| format!("{LOGGED}{}", base64::engine::general_purpose::STANDARD.encode(data));
        let expected = EngineEvent::from(call);
        assert_eq!(in_call(&sent).as_ref(), Some(&expected));
        assert_eq!(in_log(&line(&event)).as_ref(), Some(&expected));
        // An event is no call and a call no event; what ends early or goes on is neither.
        assert_eq!((in_call(&event), in_log(&line(&sent))), (None, None));
        assert_eq!(in_call(&sent[..sent.len() - 1]), None);
        assert_eq!(in_log(&line(&[event, vec![0]].concat())), None);
        assert_eq!(in_log("Program log: nothing"), None);
    }
}

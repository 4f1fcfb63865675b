//! From where on events are read.

use std::path::PathBuf;
use std::str::FromStr;

use plimsoll_rpc::history::{CursorFile, Start};
use solana_signature::Signature;

use crate::fault::Result;

/// What `--from` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// From now on.
    Now,
    /// From this slot on.
    Slot(u64),
    /// After this transaction.
    Signature(Signature),
    /// After the cursor in this file, which is kept up to date.
    File(PathBuf),
}

impl FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if text == "now" {
            return Ok(Self::Now);
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(Self::Slot).map_err(|_| format!("{text} is not a slot"));
        }
        Ok(text.parse().map_or_else(|_| Self::File(text.into()), Self::Signature))
    }
}

impl From {
    /// Where that is, and the file to keep.
    ///
    /// # Errors
    /// Where the file cannot be read or holds no cursor.
    pub fn start(from: Option<Self>) -> Result<(Start, Option<CursorFile>)> {
        Ok(match from {
            None => (Start::Oldest, None),
            Some(Self::Now) => (Start::Now, None),
            Some(Self::Slot(slot)) => (Start::Slot(slot), None),
            Some(Self::Signature(signature)) => (Start::AfterSignature(signature), None),
            Some(Self::File(path)) => {
                let file = CursorFile::at(path);
                (file.start()?, Some(file))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_a_signature_and_a_file_are_told_apart() {
        let signature = Signature::from([7; 64]);
        assert_eq!("now".parse(), Ok(From::Now));
        assert_eq!("281474976710656".parse(), Ok(From::Slot(281_474_976_710_656)));
        assert_eq!(signature.to_string().parse(), Ok(From::Signature(signature)));
        assert_eq!("events.cursor".parse(), Ok(From::File("events.cursor".into())));
        assert_eq!("99999999999999999999999".parse::<From>(), Err("99999999999999999999999 is not a slot".into()));
    }
}

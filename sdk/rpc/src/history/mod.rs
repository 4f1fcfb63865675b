//! The program's events, read back from a node: each once, in the order in which they happened, from wherever one has come to.
//!
//! ```no_run
//! # async fn doc(connection: plimsoll_rpc::Connection, engine: solana_pubkey::Pubkey) -> plimsoll_rpc::Result<()> {
//! use plimsoll_rpc::history::{CursorFile, EventStream, ReadOptions};
//! use plimsoll_sdk::event::Filter;
//!
//! let file = CursorFile::at("events.cursor");
//! let filter = Filter { engine: Some(engine), account: None };
//! let options = ReadOptions { filter, from: file.start()?, ..ReadOptions::default() };
//! let mut events = EventStream::new(&connection, options);
//! while let Some(read) = events.next().await? {
//!     println!("{} {}", read.signature, read.recorded.name());
//!     // After whatever was made of it: who is ended in between reads this event again, and none is missed.
//!     file.store(&read.cursor)?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! It pages the transactions of an account where one is named, else of the program, and asks for each that succeeded. Requests
//! that fail are repeated; where a node lacks what it has listed, or its history does not reach the cursor, that is an error
//! ([`HistoryError`]) and never a gap. What happened since a cursor is listed before the first event is given out, a hundred
//! bytes or two for each transaction. The TypeScript client's cursors are the same.

mod answer;
mod cursor;
mod error;
mod file;
mod listing;
mod node;
mod stream;

pub use cursor::Cursor;
pub use error::HistoryError;
pub use file::CursorFile;
pub use stream::{EventStream, ReadEvent, ReadOptions, Start};

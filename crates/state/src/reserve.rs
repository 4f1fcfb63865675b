//! Bytes that every account keeps free for later fields. They are zero, so that a later field begins at zero.
//!
//! Where no crash waits for the instruction the type's invariant says so too; elsewhere asking would cost compute units at
//! every write, and tests ask.

use crate::{
    Bank, DerivativePosition, Engine, Feed, FeedBook, MarginAccount, Market, MarketSlot, PendingChange, PriceBoard,
    PriceSlot, Registry, Venue,
};

/// Something that is stored and has room.
pub trait Reserve {
    /// Whether the bytes that are kept free are zero, those of every slot or position included.
    fn reserve_is_zero(&self) -> bool;
}

fn is_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().all(|word| u64::from_le_bytes(*word) == 0) && rest.iter().all(|byte| *byte == 0)
}

/// The structs of lists, the fields that are free, and those whose elements have room of their own.
macro_rules! reserve {
    ($($type:ident $([$($lists:ident),+])? { $($free:ident),+ $(; $($of:ident),+)? })+) => {$(
        impl Reserve for $type {
            fn reserve_is_zero(&self) -> bool {
                $(is_zero(&self.$free))&&+
                    $($(&& self.$lists.reserve_is_zero())+)?
                    $($(&& self.$of.iter().all(Reserve::reserve_is_zero))+)?
            }
        }
    )+};
}

impl Reserve for Registry {
    fn reserve_is_zero(&self) -> bool {
        self.params().room_is_zero() && is_zero(&self._tail) && self.markets.iter().all(Reserve::reserve_is_zero)
    }
}

reserve! {
    Engine { _reserved }
    MarketSlot [fees] { _reserved }
    PriceBoard { _reserved; slots }
    PriceSlot [terms] { _reserved }
    FeedBook { _reserved; feeds }
    Feed { _reserved }
    Bank [lending, caps] { _reserved }
    Market [caps] { _reserved }
    MarginAccount { _intents, _reserved; derivatives }
    DerivativePosition { _reserved }
    Venue { _reserved }
    PendingChange { _reserved }
}

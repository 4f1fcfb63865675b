//! What the program records of what it did, complete enough to rebuild every balance from it. The program calls itself with
//! an event as the data, or logs it where an instruction has no event authority ([`MarginCalled`]).

use borsh::{BorshDeserialize, BorshSerialize};
use solana_pubkey::Pubkey;

mod account;
mod bank;
mod bankruptcy;
mod change;
#[cfg(feature = "idl-build")]
mod description;
mod liquidation;
mod perp;
mod price;
mod venue;

pub use account::*;
pub use bank::*;
pub use bankruptcy::*;
pub use change::*;
#[cfg(feature = "idl-build")]
pub use description::{descriptions, Description};
pub use liquidation::*;
pub use perp::*;
pub use price::*;
pub use venue::*;

/// How the data of a call begins that carries an event; its discriminator follows, then its fields.
pub const EVENT_TAG: [u8; 8] = [228, 69, 165, 46, 81, 203, 154, 29];

/// Bytes of a discriminator.
pub const EVENT_DISCRIMINATOR_LEN: usize = 8;

/// A kind of event.
pub trait Event: BorshSerialize + BorshDeserialize {
    /// Its name.
    const NAME: &'static str;
    /// First eight bytes of `sha256("event:<name>")`.
    const DISCRIMINATOR: [u8; EVENT_DISCRIMINATOR_LEN];

    /// The engine that it is of.
    fn engine(&self) -> Pubkey;

    /// An event of this kind, whose bytes begin with its discriminator; none of another kind, or where bytes are missing or
    /// left over.
    fn decode(event: &[u8]) -> Option<Self> {
        Self::try_from_slice(event.strip_prefix(&Self::DISCRIMINATOR)?).ok()
    }
}

/// Makes of the list of events what is needed of each.
macro_rules! events {
    ($($Name:ident $discriminator:expr;)+) => {
        $(
            impl Event for $Name {
                const NAME: &'static str = stringify!($Name);
                const DISCRIMINATOR: [u8; EVENT_DISCRIMINATOR_LEN] = $discriminator;

                fn engine(&self) -> Pubkey {
                    self.engine
                }
            }

            impl From<$Name> for EngineEvent {
                fn from(event: $Name) -> Self {
                    Self::$Name(event)
                }
            }
        )+

        /// Name and discriminator of every event, by name.
        pub const EVENTS: &[(&str, [u8; EVENT_DISCRIMINATOR_LEN])] = &[$(($Name::NAME, $Name::DISCRIMINATOR)),+];

        /// An event of any kind.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[cfg_attr(feature = "serde", serde(untagged))]
        #[expect(missing_docs, reason = "each is its type, where its documentation is")]
        pub enum EngineEvent {
            $($Name($Name),)+
        }

        impl EngineEvent {
            /// The event that bytes are which begin with a discriminator; none of a kind that is not known, or where bytes are
            /// missing or left over, as in another version.
            pub fn decode(event: &[u8]) -> Option<Self> {
                match *event.first_chunk()? {
                    $($Name::DISCRIMINATOR => $Name::decode(event).map(Self::$Name),)+
                    _ => None,
                }
            }

            /// Its name.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$Name(_) => $Name::NAME,)+
                }
            }

            /// The engine that it is of.
            pub const fn engine(&self) -> Pubkey {
                match self {
                    $(Self::$Name(event) => event.engine,)+
                }
            }
        }

        /// Describes each of them.
        #[cfg(feature = "idl-build")]
        macro_rules! for_each_event {
            ($function:ident) => {
                [$($function::<$Name>()),+]
            };
        }
        #[cfg(feature = "idl-build")]
        use for_each_event;
    };
}
events! {
    AccountClosed [19, 250, 79, 236, 91, 80, 148, 48];
    AccountGrown [204, 171, 145, 81, 172, 239, 55, 209];
    AccountMigrated [153, 121, 252, 128, 30, 241, 166, 101];
    AccountOpened [250, 89, 39, 67, 35, 119, 126, 63];
    BankAccrued [27, 151, 170, 149, 241, 107, 97, 110];
    BankListed [82, 130, 114, 184, 232, 152, 104, 100];
    BankUpdated [198, 113, 132, 53, 29, 57, 175, 56];
    BankruptcyFrozen [40, 3, 239, 232, 17, 224, 131, 62];
    BankruptcyResolved [94, 86, 196, 195, 106, 72, 227, 169];
    BorrowResolved [182, 145, 176, 244, 112, 56, 134, 189];
    Borrowed [225, 182, 241, 78, 34, 145, 253, 230];
    ChangeCancelled [139, 179, 97, 81, 214, 21, 119, 93];
    ChangeExecuted [50, 115, 8, 12, 139, 8, 191, 26];
    ChangeProposed [170, 10, 10, 8, 244, 196, 146, 151];
    CollateralLiquidated [148, 42, 28, 104, 72, 50, 124, 98];
    DelegateSet [103, 126, 239, 131, 201, 31, 212, 253];
    Deposited [111, 141, 26, 45, 161, 35, 100, 57];
    EngineCreated [115, 53, 191, 124, 85, 81, 135, 177];
    EngineLaunched [0, 161, 146, 152, 13, 233, 128, 22];
    FeesCollected [233, 23, 117, 225, 107, 178, 254, 8];
    FillSettled [47, 107, 42, 146, 115, 71, 20, 119];
    FundingCranked [121, 240, 240, 213, 178, 226, 113, 140];
    InsuranceFunded [158, 72, 23, 80, 138, 56, 33, 206];
    InsuranceReserved [249, 121, 236, 229, 191, 233, 113, 204];
    InsuranceSwept [71, 241, 247, 53, 59, 217, 227, 251];
    InsuranceWithdrawn [85, 95, 150, 170, 148, 235, 180, 156];
    MarginCalled [11, 36, 230, 128, 84, 84, 219, 94];
    MarketListed [29, 11, 143, 239, 139, 12, 79, 19];
    ParamsUpdated [2, 163, 138, 99, 135, 11, 136, 169];
    PauseSet [175, 57, 198, 136, 192, 66, 204, 73];
    PnlResolved [202, 10, 243, 221, 129, 232, 147, 116];
    PnlSeized [147, 91, 96, 118, 175, 99, 251, 100];
    PnlSettled [24, 113, 104, 254, 135, 46, 95, 203];
    PositionLiquidated [40, 107, 90, 214, 96, 30, 61, 128];
    PositionTouched [153, 185, 65, 58, 11, 29, 240, 8];
    PremiumReported [45, 237, 87, 135, 225, 126, 109, 167];
    PriceHalted [174, 128, 184, 168, 114, 203, 33, 12];
    PriceListed [226, 202, 149, 122, 125, 212, 169, 237];
    PriceUpdated [154, 72, 87, 150, 246, 230, 23, 217];
    RampAdvanced [78, 139, 118, 245, 67, 229, 142, 17];
    Repaid [38, 248, 231, 7, 150, 164, 172, 23];
    RoleAccepted [130, 219, 17, 167, 202, 238, 104, 50];
    RoleProposed [168, 105, 155, 70, 211, 61, 123, 252];
    SourceSwitched [75, 22, 169, 127, 107, 66, 116, 27];
    TokenSeized [130, 121, 96, 252, 214, 37, 13, 63];
    VenueApproved [224, 4, 67, 188, 7, 196, 137, 102];
    VenueRevoked [134, 122, 138, 178, 112, 175, 131, 35];
    VenueSet [8, 118, 132, 131, 255, 165, 181, 202];
    Withdrawn [20, 89, 223, 198, 194, 124, 219, 13];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of an event whose engine is all sevens and whose other fields are zero, as far as a type needs them.
    fn bytes_of(discriminator: [u8; EVENT_DISCRIMINATOR_LEN], len: usize) -> alloc::vec::Vec<u8> {
        let mut bytes = [&discriminator[..], &[7; 32]].concat();
        bytes.resize(EVENT_DISCRIMINATOR_LEN + len, 0);
        bytes
    }

    /// ACCOUNT-5
    #[test]
    fn every_event_begins_with_its_engine() {
        for (name, discriminator) in EVENTS {
            // Some length is its own, as zero is a value of everything and of no length but of an empty list.
            let decoded = (32..2_048).find_map(|len| EngineEvent::decode(&bytes_of(*discriminator, len)));
            let event = decoded.unwrap_or_else(|| panic!("{name} has no length"));
            assert_eq!((event.name(), event.engine()), (*name, Pubkey::new_from_array([7; 32])));
        }
    }

    #[test]
    fn an_event_is_read_whole_or_not_at_all() {
        let event = PremiumReported { engine: Pubkey::new_from_array([7; 32]), market: 3, premium_ppm: -5 };
        let fields = borsh::to_vec(&event).unwrap();
        let bytes = [&PremiumReported::DISCRIMINATOR[..], &fields].concat();
        assert_eq!(EngineEvent::decode(&bytes), Some(event.into()));
        assert_eq!(EngineEvent::decode(&bytes[..bytes.len() - 1]), None);
        assert_eq!(EngineEvent::decode(&[&bytes[..], &[0]].concat()), None);
        assert_eq!(EngineEvent::decode(&bytes[..5]), None);
        assert_eq!(EngineEvent::decode(&[&[0; 8], &fields[..]].concat()), None);
        assert_eq!(FundingCranked::decode(&bytes), None);
    }
}

//! Pyth's programs on Solana and the addresses that follow from them.

use plimsoll_state::Address;
use solana_pubkey::Pubkey;

/// Seed under which a poster's encoded VAA lies; with the poster's key and the bridge it makes the address.
pub const VAA_SEED: &str = "plimsoll-keeper-vaa";

/// A receiver with the programs that belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Programs {
    /// Owns price update accounts; an engine pins it.
    pub receiver: Pubkey,
    /// Writes the receiver's accounts at addresses that follow from shard and feed id.
    pub push_oracle: Pubkey,
    /// Verifies VAAs: what Wormhole's guardians, since August 2026 Pyth's routers, have signed.
    pub bridge: Pubkey,
}

/// The receivers that there are: the older one, and "Core Compatible".
pub const KNOWN: [Programs; 2] = [
    Programs {
        receiver: Pubkey::from_str_const("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ"),
        push_oracle: Pubkey::from_str_const("pythWSnswVUd12oZpeFP8e9CVaEqJg25g1Vtc2biRsT"),
        bridge: Pubkey::from_str_const("HDwcJBJXjL9FpJ7UBsYBtaDjsBUhuLCUYoz3zr8SWWaQ"),
    },
    Programs {
        receiver: Pubkey::from_str_const("rec2HHDDnjLfj4kE7VyEtFA1HPGQLK33259532cRyHp"),
        push_oracle: Pubkey::from_str_const("pyt2F414BA6dPttK6RddPZUdHfapoBN24GL5wbrPCou"),
        bridge: Pubkey::from_str_const("HDw2E7P8X1SkCyjvoGsfBGAVUutKcj874bXjHrpVYrVL"),
    },
];

impl Programs {
    /// The programs of a receiver; none where it is not a known one.
    pub fn of(receiver: &Address) -> Option<Self> {
        KNOWN.into_iter().find(|known| known.receiver.as_ref() == receiver)
    }

    /// The receiver's configuration: data sources, update fee, fewest signatures.
    pub fn config(&self) -> Pubkey {
        Pubkey::find_program_address(&[b"config"], &self.receiver).0
    }

    /// One of the accounts that update fees go to, so that not everybody writes the same.
    pub fn treasury(&self, id: u8) -> Pubkey {
        Pubkey::find_program_address(&[b"treasury", &[id]], &self.receiver).0
    }

    /// The keys of a guardian set.
    pub fn guardian_set(&self, index: u32) -> Pubkey {
        Pubkey::find_program_address(&[b"GuardianSet", &index.to_be_bytes()], &self.bridge).0
    }

    /// The account of a feed that anyone may push newer updates to.
    pub fn push_feed(&self, shard: u16, feed_id: &Address) -> Pubkey {
        Pubkey::find_program_address(&[&shard.to_le_bytes(), feed_id], &self.push_oracle).0
    }

    /// Where a poster writes the VAA that is to be verified: always the same place, so that what a crash leaves behind is
    /// found again.
    pub fn encoded_vaa(&self, poster: &Pubkey) -> Pubkey {
        // Cannot fail: the seed is shorter than 32 bytes, and the bridge's address is not a derived one.
        Pubkey::create_with_seed(poster, VAA_SEED, &self.bridge).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn push_feeds_lie_where_pyth_says() {
        let sol = "ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d";
        let sol: Address = hex::decode(sol).unwrap().try_into().unwrap();
        let expected = ["7UVimffxr9ow1uXYxsr4LHAcV58mLzhmwaeKvJ1pjLiE", "7AviUf9nL62mcxNbQGKm4nKDQnPjswo6c5MX4D57HmyE"];
        for (programs, expected) in KNOWN.iter().zip(expected) {
            assert_eq!(programs.push_feed(0, &sol).to_string(), expected);
            assert_eq!(Programs::of(&programs.receiver.to_bytes()), Some(*programs));
        }
        assert_eq!(Programs::of(&[1; 32]), None);
    }
}

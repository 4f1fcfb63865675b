//! What the registry and the board say of what is listed, and the numbers that they are stored as.

use bytemuck::Zeroable;
use plimsoll_risk::params::{MAX_BANKS, MAX_MARKETS, MAX_PRICES};
use plimsoll_risk::price::Price;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::*;

#[test]
fn only_what_is_listed_has_a_slot() {
    let (mut registry, mut board) = (Registry::zeroed(), PriceBoard::zeroed());
    for (index, slot) in registry.banks.iter_mut().enumerate() {
        (slot.status, slot.price_slot) = (index as u8 % 4, index as u8);
    }
    for (index, slot) in registry.markets.iter_mut().enumerate() {
        (slot.status, slot.price_slot) = (index as u8 % 4, index as u8);
    }
    for (index, slot) in board.slots.iter_mut().enumerate() {
        (slot.active, slot.update_count) = (index as u8 % 3, index as u32);
    }
    for index in 0..MAX_BANKS + 2 {
        let expected = (index < MAX_BANKS && !index.is_multiple_of(4)).then_some(index as u8);
        assert_eq!(registry.bank(index).map(|slot| slot.price_slot), expected);
    }
    for index in 0..MAX_MARKETS + 2 {
        let expected = (index < MAX_MARKETS && !index.is_multiple_of(4)).then_some(index as u8);
        assert_eq!(registry.market(index).map(|slot| slot.price_slot), expected);
    }
    for index in 0..MAX_PRICES + 2 {
        let expected = (index < MAX_PRICES && index % 3 == 1).then_some(index as u32);
        assert_eq!(board.slot(index).map(|slot| slot.update_count), expected);
    }
}

#[test]
fn any_of_the_bits_asked_for_pauses() {
    let mut registry = Box::new(Registry { pause_bits: 0b0110, ..Registry::zeroed() });
    registry.pauses.iter_mut().for_each(|pause| pause.guardian_until_at = 100);
    for (bits, paused) in [(0, false), (0b0001, false), (0b1001, false), (0b0010, true), (0b0110, true), (0b1100, true)]
    {
        assert_eq!(registry.is_paused(bits, UnixSecs::new(99)), paused, "{bits:b}");
        assert!(!registry.is_paused(bits, UnixSecs::new(100)), "{bits:b}");
    }
    assert!(!Registry::zeroed().is_paused(pause::ALL, UnixSecs::NEVER));
    // The one that ends last is named, whoever asked for it.
    registry.pauses[2].authority_until_at = 150;
    let named = [(0b0010, 100), (0b0110, 150)].map(|(bits, _)| registry.paused_until(bits, UnixSecs::new(99)));
    assert_eq!(named, [Some((0b0010, UnixSecs::new(100))), Some((0b0100, UnixSecs::new(150)))]);
    assert_eq!(registry.paused_until(0b0110, UnixSecs::new(150)), None);
}

#[test]
fn addresses_are_the_same_in_every_byte() {
    let address: Address = core::array::from_fn(|index| index as u8);
    assert!(same_address(&address, &address));
    for index in 0..32 {
        let mut other = address;
        other[index] ^= 0x80;
        assert!(!same_address(&address, &other), "byte {index}");
        // And where all of the others differ.
        let mut other = address.map(|byte| !byte);
        other[index] = address[index];
        assert!(!same_address(&address, &other), "byte {index}");
    }
    for word in 0..4 {
        let mut other = address.map(|byte| !byte);
        other[word * 8..][..8].copy_from_slice(&address[word * 8..][..8]);
        assert!(!same_address(&address, &other), "word {word}");
    }
}

#[test]
fn stored_numbers_are_read_as_they_were_written() {
    for value in [0, 1, -1, 7 << 64, i128::MIN, i128::MAX] {
        let mut stored = I128Le::new(5);
        stored.set(value);
        assert_eq!((stored.get(), stored), (value, I128Le::new(value)));
        assert_eq!(stored.bytes, value.to_le_bytes());
    }
    for value in [0, 1, 7 << 64, u128::MAX] {
        let mut stored = U128Le::new(5);
        stored.set(value);
        assert_eq!((stored.get(), stored), (value, U128Le::new(value)));
        assert_eq!(stored.bytes, value.to_le_bytes());
    }
    let price = Price::from_decimal_down(123, -2).unwrap();
    let stored = StoredPrice::from(price);
    assert_eq!((stored.mantissa, stored.exponent, stored.get()), (price.mantissa, price.exponent, price));
}

#[test]
fn stored_enums_read_every_number_that_they_write_and_no_other() {
    macro_rules! check {
        ($type:ident: $($variant:ident),+) => {{
            let known = [$($type::$variant),+];
            for value in 0..=u8::MAX {
                match known.get(value as usize) {
                    Some(variant) => assert_eq!($type::try_from(value), Ok(*variant)),
                    None => assert_eq!(
                        $type::try_from(value),
                        Err(InvariantViolation(concat!("unknown ", stringify!($type)))),
                    ),
                }
            }
        }};
    }
    check!(AccountStatus: Active, Seizing, Paying);
    check!(PositionKind: Empty, Perp, Option);
    check!(SlotStatus: Empty, Active, ReduceOnly, Terminal);
    check!(OracleKind: None, PythPinned, PythPosted, SwitchboardPull);
}

/// Decoded by division in decimal, not by the carries of the constant's own decoder.
#[test]
fn the_program_id_is_its_base58_address() {
    const ALPHABET: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes: Vec<u8> = vec![0];
    for character in "9BkS8UanPej9U7Y6JqbkKzU74nLaxT2uMMLNHdapcJ8a".chars() {
        let mut carry = ALPHABET.find(character).unwrap();
        for byte in bytes.iter_mut() {
            carry += *byte as usize * 58;
            *byte = (carry % 256) as u8;
            carry /= 256;
        }
        while carry > 0 {
            bytes.push((carry % 256) as u8);
            carry /= 256;
        }
    }
    bytes.reverse();
    assert_eq!(bytes, PROGRAM_ID_BYTES);
}

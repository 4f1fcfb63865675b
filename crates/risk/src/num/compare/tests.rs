//! The product of 256 bits, carry by carry.

use super::product;

/// The same in columns of 32 bits, as on paper.
fn on_paper(a: u128, b: u128) -> (u128, u128) {
    let digit = |n: u128, place: usize| n >> (32 * place) & 0xffff_ffff;
    let (mut columns, mut carry) = ([0u128; 8], 0u128);
    for (place, column) in columns.iter_mut().enumerate() {
        let pairs = (0..4).filter(|i| place >= *i && place - *i < 4);
        let sum = carry + pairs.map(|i| digit(a, i) * digit(b, place - i)).sum::<u128>();
        (*column, carry) = (sum & 0xffff_ffff, sum >> 32);
    }
    let half = |from: usize| (0..4).fold(0, |half, place| half | columns[from + place] << (32 * place));
    (half(4), half(0))
}

#[test]
fn a_product_of_128_bit_numbers_is_exact_with_every_carry() {
    let parts = [0, 1, 2, 1 << 32, 1 << 63, u64::MAX - 1, u64::MAX, 0x0123_4567_89ab_cdef];
    let numbers = || parts.iter().flat_map(|high| parts.iter().map(move |low| (*high as u128) << 64 | *low as u128));
    for a in numbers() {
        for b in numbers() {
            assert_eq!(product(a, b), on_paper(a, b), "{a:x} {b:x}");
        }
    }
}

//! Operations whose results on the host and in the virtual machine must not differ.
//!
//! The entrypoint applies one operation to every input in its only account's data. It is a program without Anchor or
//! Solana's crates, so that a difference can only come from the compiler.

mod calls;
mod floats;
mod memory;
mod narrow;
mod overflow;
mod wide;

/// Numbers for an operation, each of which takes what it needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Input {
    pub a: u128,
    pub b: u128,
    pub c: u64,
    pub d: u64,
}

/// Results of an operation: the words it wrote, then zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    words: [u64; Output::WORDS],
    used: usize,
}

/// Something to compare.
pub type Operation = fn(&Input, &mut Output);

/// Operations of one kind, each with its name.
pub type Group = &'static [(&'static str, Operation)];

/// Every group with its name.
pub const GROUPS: &[(&str, Group)] = &[
    ("wide", wide::OPERATIONS),
    ("narrow", narrow::OPERATIONS),
    ("floats", floats::OPERATIONS),
    ("calls", calls::OPERATIONS),
    ("memory", memory::OPERATIONS),
    ("overflow", overflow::OPERATIONS),
];

/// Bytes of the account's data before the inputs: group, operation, count.
pub const HEADER_BYTES: usize = 24;

impl Input {
    /// Bytes of an encoded input.
    pub const BYTES: usize = 48;

    /// The bytes the program reads.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..16].copy_from_slice(&self.a.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.b.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.c.to_le_bytes());
        bytes[40..].copy_from_slice(&self.d.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let wide = |at: usize| u128::from(word(bytes, at)) | u128::from(word(bytes, at + 8)) << 64;
        Input { a: wide(0), b: wide(16), c: word(bytes, 32), d: word(bytes, 40) }
    }
}

impl Default for Output {
    fn default() -> Self {
        Output { words: [0; Self::WORDS], used: 0 }
    }
}

impl Output {
    /// The most words an operation may write.
    pub const WORDS: usize = 16;
    /// Bytes of an encoded output.
    pub const BYTES: usize = 8 * Self::WORDS;

    /// The bytes the program writes.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        for (place, word) in bytes.chunks_exact_mut(8).zip(&self.words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    fn word(&mut self, word: u64) {
        self.words[self.used] = word;
        self.used += 1;
    }

    fn wide(&mut self, value: u128) {
        self.word(value as u64);
        self.word((value >> 64) as u64);
    }

    fn signed(&mut self, value: i128) {
        self.wide(value as u128);
    }

    fn flagged(&mut self, (value, flag): (u128, bool)) {
        self.wide(value);
        self.word(u64::from(flag));
    }

    fn optional(&mut self, value: Option<u128>) {
        self.flagged((value.unwrap_or_default(), value.is_some()));
    }
}

fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

/// Applies the operation that the data's header names to its inputs, and writes the outputs behind them.
pub fn run(data: &mut [u8]) {
    let (group, operation, count) = (word(data, 0) as usize, word(data, 8) as usize, word(data, 16) as usize);
    let (_, operation) = GROUPS[group].1[operation];
    let (inputs, outputs) = data[HEADER_BYTES..].split_at_mut(count * Input::BYTES);
    for (input, place) in inputs.chunks_exact(Input::BYTES).zip(outputs.chunks_exact_mut(Output::BYTES)) {
        let mut output = Output::default();
        operation(&Input::from_bytes(input), &mut output);
        place.copy_from_slice(&output.to_bytes());
    }
}

#[cfg(target_os = "solana")]
#[expect(unsafe_code, reason = "an entry point without any library: it reads what the loader passes")]
mod program {
    /// Before the only account's data stand its own and the list's headers, and the data's length.
    const LENGTH_AT: usize = 88;

    #[cfg(feature = "writable-static")]
    static CALLS: core::sync::atomic::AtomicU64 = core::sync::atomic::AtomicU64::new(0);

    /// # Safety
    /// `input` is what the loader passes for one account.
    #[no_mangle]
    pub unsafe extern "C" fn entrypoint(input: *mut u8) -> u64 {
        #[cfg(feature = "writable-static")]
        CALLS.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
        let length = input.add(LENGTH_AT).cast::<u64>().read() as usize;
        let data = core::slice::from_raw_parts_mut(input.add(LENGTH_AT + 8), length);
        #[cfg(feature = "large-frame")]
        spread_over_the_stack(data);
        super::run(data);
        0
    }

    #[cfg(feature = "large-frame")]
    #[inline(never)]
    fn spread_over_the_stack(data: &mut [u8]) {
        let mut copy = [0u8; 5000];
        for (place, byte) in copy.iter_mut().zip(data.iter()) {
            *place = byte.wrapping_mul(3);
        }
        let at = usize::from(data[0]);
        data[0] = core::hint::black_box(&mut copy)[at];
    }
}

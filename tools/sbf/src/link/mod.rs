//! Lays out a BPF object as a file that Solana's loader runs.

mod frames;
mod image;
mod input;
mod relocate;
mod v0;
mod v3;

pub use frames::Frame;
pub(crate) use frames::FRAME_LIMIT;

use crate::error::{Error, Result};
use crate::Arch;
use image::Image;
use input::Input;

/// A laid out program.
#[derive(Debug)]
pub(crate) struct Linked {
    pub(crate) elf: Vec<u8>,
    pub(crate) text_bytes: u64,
    /// Every function with its stack frame, the largest first.
    pub(crate) frames: Vec<Frame>,
}

/// Where the address space of programs starts: in v0 the whole file is mapped here, in v3 the code.
const CODE_ADDRESS: u64 = 0x1_0000_0000;
/// The symbol the loader starts at.
const ENTRYPOINT: &str = "entrypoint";

/// Links an object that `llc` wrote, and refuses what the runtime would.
pub(crate) fn link(object: &[u8], arch: Arch) -> Result<Linked> {
    let input = Input::parse(object)?;
    input.refuse_writable_data()?;
    let frames = frames::read(&input)?;
    frames::refuse_large(&frames)?;
    let mut image = Image::lay_out(&input, arch);
    let calls = relocate::apply(&input, &mut image)?;
    let entry = input
        .symbols
        .iter()
        .find(|symbol| symbol.name == ENTRYPOINT)
        .and_then(|symbol| image.position(symbol))
        .ok_or_else(|| {
            Error::Refused(format!("the program has no function named {ENTRYPOINT}: is no-entrypoint on?"))
        })?;
    let text_bytes = image.text.len() as u64;
    let elf = match arch {
        Arch::V0 => v0::write(image, entry, &calls),
        Arch::V3 => v3::write(image, entry),
    };
    Ok(Linked { elf, text_bytes, frames })
}

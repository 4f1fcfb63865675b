//! What a build tells the person who asked for it.

use crate::link::Frame;
use crate::sizes::Sizes;
use crate::toolchain::BUILDER_VARIABLE;
use crate::Arch;
use serde_json::{json, Value};
use std::fmt;
use std::path::PathBuf;

/// How many of the largest stack frames are printed.
const SHOWN_FRAMES: usize = 5;

/// A finished build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildReport {
    /// The cargo package.
    pub package: String,
    /// For which version of the runtime.
    pub arch: Arch,
    /// The program file.
    pub out: PathBuf,
    /// The file's size.
    pub bytes: u64,
    /// The size of its code; the official tools do not tell.
    pub text_bytes: Option<u64>,
    /// Every function's stack frame, the largest first; empty with the official tools.
    pub frames: Vec<Frame>,
    /// What the code consists of; the official tools do not tell.
    pub sizes: Option<Sizes>,
    /// Whether an earlier build's result was taken.
    pub cached: bool,
}

impl BuildReport {
    /// What the code consists of, as tables, or why that is not known.
    pub fn sizes_to_print(&self) -> String {
        let unknown = || {
            format!(
                "  only this repository's builder reports code by crate and function: {BUILDER_VARIABLE}=own builds \
                 with it"
            )
        };
        self.sizes.as_ref().map_or_else(unknown, Sizes::to_string)
    }

    pub(crate) fn to_json(&self) -> String {
        let frames = self.frames.iter().take(SHOWN_FRAMES).map(|frame| json!([frame.function, frame.bytes]));
        json!({
            "bytes": self.bytes,
            "text_bytes": self.text_bytes,
            "frames": frames.collect::<Vec<_>>(),
            "sizes": self.sizes.as_ref().map(Sizes::to_json),
        })
        .to_string()
    }

    /// Only the parts that the request does not tell.
    pub(crate) fn from_json(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let frame = |frame: &Value| Some(Frame { function: frame[0].as_str()?.to_owned(), bytes: frame[1].as_u64()? });
        Some(BuildReport {
            bytes: value["bytes"].as_u64()?,
            text_bytes: value["text_bytes"].as_u64(),
            frames: value["frames"].as_array()?.iter().map(frame).collect::<Option<_>>()?,
            sizes: Sizes::from_json(&value["sizes"]),
            ..BuildReport::default()
        })
    }
}

impl fmt::Display for BuildReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.cached { "unchanged" } else { "built" };
        write!(formatter, "{} {state} for {}: {}, {} bytes", self.package, self.arch, self.out.display(), self.bytes)?;
        if let Some(text) = self.text_bytes {
            write!(formatter, ", {text} of code")?;
        }
        if !self.frames.is_empty() {
            write!(formatter, "\n  largest stack frames of {} bytes allowed:", crate::link::FRAME_LIMIT)?;
        }
        for frame in self.frames.iter().take(SHOWN_FRAMES) {
            write!(formatter, "\n  {:>6}  {}", frame.bytes, frame.function)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sizes::Size;

    #[test]
    fn a_report_from_the_cache_says_what_the_first_one_said() {
        let frames = vec![Frame { function: "one".to_owned(), bytes: 512 }];
        let crates = vec![Size { name: "hull".to_owned(), bytes: 800 }];
        let functions = vec![Size { name: "hull::plank".to_owned(), bytes: 40 }];
        let sizes = Some(Sizes { crates, functions });
        let report = BuildReport { bytes: 1000, text_bytes: Some(800), frames, sizes, ..BuildReport::default() };
        assert_eq!(BuildReport::from_json(&report.to_json()), Some(report));
        assert_eq!(BuildReport::from_json("{}"), None);
    }

    #[test]
    fn a_report_without_sizes_says_who_tells_them() {
        let report = BuildReport { bytes: 1000, ..BuildReport::default() };
        assert_eq!(BuildReport::from_json(&report.to_json()), Some(report.clone()));
        assert!(report.sizes_to_print().contains("PLIMSOLL_SBF_BUILDER=own"), "{}", report.sizes_to_print());
    }
}

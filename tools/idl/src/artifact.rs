//! Files that are generated and committed.

use std::path::Path;

use anyhow::{bail, Context, Result};

/// The command that writes every interface description anew.
const REGENERATE: &str = "cargo run -p plimsoll-idl && npm --prefix sdk/ts run generate";

/// Writes a file, or fails where the committed one differs.
///
/// # Errors
/// The file cannot be read or written; or `check`, and it holds something else.
pub fn write_or_compare(path: &Path, content: &[u8], check: bool) -> Result<()> {
    let shown = path.file_name().unwrap_or_default().to_string_lossy();
    if check {
        let committed = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        if committed != content {
            bail!("{shown} is out of date{}; to regenerate it: {REGENERATE}", first_difference(&committed, content));
        }
        println!("{shown} is current");
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    std::fs::write(path, content).with_context(|| format!("writing {}", path.display()))?;
    println!("{shown}: {} bytes", content.len());
    Ok(())
}

/// The first line that differs, for a message.
fn first_difference(committed: &[u8], generated: &[u8]) -> String {
    let (committed, generated) = (String::from_utf8_lossy(committed), String::from_utf8_lossy(generated));
    let pairs = committed.lines().zip(generated.lines()).enumerate();
    match pairs.into_iter().find(|(_, (old, new))| old != new) {
        Some((index, (old, new))) => {
            format!(" (line {}: `{}` is now `{}`)", index + 1, old.trim(), new.trim())
        }
        None => " (it ends elsewhere)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference(b"a\n b\nc", b"a\n d\nc"), " (line 2: `b` is now `d`)");
        assert_eq!(first_difference(b"a\n", b"a\nb\n"), " (it ends elsewhere)");
    }
}

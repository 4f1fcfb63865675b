//! A pseudo-terminal: what a person sees on it and what they type.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail, Result};
use plimsoll_validator_tests::tool::Tool;
use portable_pty::{native_pty_system, Child, CommandBuilder, MasterPty, PtySize};
use vt100::{Parser, Screen};

const ROWS: u16 = 30;
const COLUMNS: u16 = 120;
const PATIENCE: Duration = Duration::from_secs(60);
const LOOKED_EVERY: Duration = Duration::from_millis(50);

/// A process on a terminal; killed when it is dropped.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    // Closed with this value.
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<Parser>>,
}

impl Terminal {
    /// Runs a line of the shell's on a fresh terminal; `plimsoll` in it is the tool's binary.
    pub fn run(tool: &Tool, line: &str) -> Result<Self> {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let mut shell = CommandBuilder::new("sh");
        shell.env_clear();
        tool.environment().iter().for_each(|(name, value)| shell.env(name, value));
        shell.env("TERM", "xterm-256color");
        shell.env("TOOL", tool.binary());
        shell.args(["-c", &format!("plimsoll() {{ \"$TOOL\" \"$@\"; }}\n{line}")]);
        let child = pair.slave.spawn_command(shell)?;
        drop(pair.slave);
        let (mut output, keys) = (pair.master.try_clone_reader()?, pair.master.take_writer()?);
        let (rows, columns) = (NonZeroU16::new(ROWS), NonZeroU16::new(COLUMNS));
        let (Some(rows), Some(columns)) = (rows, columns) else { bail!("a terminal has rows and columns") };
        let screen = Arc::new(Mutex::new(Parser::new(rows, columns, 0)));
        let shown = Arc::clone(&screen);
        // Ends when the last process of the terminal has.
        std::thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                shown.lock().unwrap_or_else(PoisonError::into_inner).process(&buffer[..count]);
            }
        });
        Ok(Self { child, _master: pair.master, keys, screen })
    }

    /// Types.
    pub fn keys(&mut self, keys: &str) -> Result<()> {
        self.keys.write_all(keys.as_bytes())?;
        Ok(self.keys.flush()?)
    }

    /// What the screen shows now.
    pub fn contents(&self) -> String {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner).screen().contents()
    }

    /// Looks at the screen until it shows what is waited for.
    pub async fn until<T>(&self, what: &str, seen: impl Fn(&Screen) -> Option<T>) -> Result<T> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(found) = seen(self.screen.lock().unwrap_or_else(PoisonError::into_inner).screen()) {
                return Ok(found);
            }
            tokio::time::sleep(LOOKED_EVERY).await;
        }
        Err(anyhow!("the terminal does not show {what}:\n{}", self.contents()))
    }

    /// Looks until a text is on the screen.
    pub async fn shows(&self, text: &str) -> Result<()> {
        self.until(&format!("{text:?}"), |screen| screen.contents().contains(text).then_some(())).await
    }

    /// Waits until everything on the terminal has ended; the shell's exit status.
    pub async fn ended(&mut self) -> Result<u32> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.exit_code());
            }
            tokio::time::sleep(LOOKED_EVERY).await;
        }
        Err(anyhow!("what runs on the terminal does not end:\n{}", self.contents()))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
    }
}

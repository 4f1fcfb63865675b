//! Processes that say where they are in one line of JSON and then obey one line after another.

use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{anyhow, bail, Context, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const ANSWER_SECS: u64 = 120;
/// How long a process that is told to end may take for it.
const END_SECS: u64 = 5;

/// A running process; killed when it is dropped.
#[derive(Debug)]
pub struct Spoken {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Spoken {
    /// Starts a process and reads what it says first.
    ///
    /// # Errors
    /// Where it does not start, or ends or says something else instead.
    pub async fn start<T: DeserializeOwned>(command: &mut Command) -> Result<(Self, T)> {
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().with_context(|| format!("starting {command:?}"))?;
        let input = process.stdin.take().ok_or_else(|| anyhow!("the process has no input"))?;
        let output = process.stdout.take().ok_or_else(|| anyhow!("the process has no output"))?;
        let mut spoken = Self { process, input, output: BufReader::new(output).lines() };
        let first = spoken.hear().await.with_context(|| format!("starting {command:?}"))?;
        Ok((spoken, serde_json::from_value(first)?))
    }

    /// The next line that is JSON; what else is printed is not an answer.
    async fn hear(&mut self) -> Result<Value> {
        let next = async {
            while let Some(line) = self.output.next_line().await? {
                if let Ok(value @ Value::Object(_)) = serde_json::from_str(&line) {
                    return Ok(value);
                }
            }
            bail!("the process ended: {:?}", self.process.wait().await?)
        };
        tokio::time::timeout(Duration::from_secs(ANSWER_SECS), next).await.context("the process does not answer")?
    }

    /// Has a command obeyed.
    ///
    /// # Errors
    /// What the process says against it.
    pub async fn order(&mut self, command: Value) -> Result<()> {
        self.input.write_all(format!("{command}\n").as_bytes()).await?;
        self.input.flush().await?;
        let answer = self.hear().await?;
        match answer.get("error") {
            Some(error) => bail!("{command}: {error}"),
            None => Ok(()),
        }
    }

    /// Kills it, as a power failure would.
    ///
    /// # Errors
    /// Where the system does not.
    pub async fn kill(&mut self) -> Result<()> {
        Ok(self.process.kill().await?)
    }

    /// Comes back when it has ended by itself.
    ///
    /// # Errors
    /// Where the system does not say.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        Ok(self.process.wait().await?)
    }

    /// Closes its input, by which it ends, and comes back when it is gone; what does not end is killed.
    ///
    /// # Errors
    /// Where the system does not kill it.
    pub async fn end(self) -> Result<()> {
        let Self { mut process, input, output: _output } = self;
        drop(input);
        match tokio::time::timeout(Duration::from_secs(END_SECS), process.wait()).await {
            Ok(ended) => Ok(ended.map(drop)?),
            Err(_) => Ok(process.kill().await?),
        }
    }
}

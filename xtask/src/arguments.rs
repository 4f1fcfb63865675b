//! Command-line arguments, taken out one by one.

use crate::failure::{Failure, Result};
use plimsoll_sbf::Install;

/// What has not been taken yet.
#[derive(Debug)]
pub struct Arguments(Vec<String>);

impl Arguments {
    /// The words after the command's name.
    pub fn new(words: Vec<String>) -> Self {
        Arguments(words)
    }

    /// Takes a flag and says whether it was there.
    pub fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| word != name);
        self.0.len() < before
    }

    /// Takes an option with its value.
    pub fn option(&mut self, name: &str) -> Result<Option<String>> {
        let Some(at) = self.0.iter().position(|word| word == name) else { return Ok(None) };
        if at + 1 >= self.0.len() {
            return Err(Failure::Message(format!("{name} needs a value")));
        }
        let value = self.0.remove(at + 1);
        self.0.remove(at);
        Ok(Some(value))
    }

    /// Takes `--no-install`.
    pub fn install(&mut self) -> Install {
        if self.flag("--no-install") {
            Install::Refused
        } else {
            Install::Allowed
        }
    }

    /// Whatever is left, for another program.
    pub fn rest(self) -> Vec<String> {
        self.0
    }

    /// Refuses whatever is left.
    pub fn finish(self) -> Result<()> {
        match self.0.first() {
            Some(word) => {
                Err(Failure::Message(format!("unknown argument {word:?}: cargo xtask help lists what there is")))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &str) -> Arguments {
        Arguments::new(words.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn arguments_that_are_not_ours_pass_through_in_order() {
        let mut words = arguments("--accounts 60 --no-install --program x");
        assert_eq!(words.install(), Install::Refused);
        assert_eq!(words.rest(), ["--accounts", "60", "--program", "x"]);
    }

    #[test]
    fn an_option_without_its_value_is_refused() {
        assert!(arguments("--arch").option("--arch").is_err());
        let mut words = arguments("--arch v0");
        assert_eq!(words.option("--arch").unwrap().as_deref(), Some("v0"));
        assert!(words.finish().is_ok());
    }

    #[test]
    fn an_unknown_argument_is_refused() {
        assert!(arguments("--fast").finish().is_err());
    }
}

//! What a personality's file defines.

use super::invocation::Invocation;
use crate::cli::bad_usage::BadUsage;
use crate::cli::command::Command;
use crate::cli::options::Opt;
use crate::cli::variables::Variables;

/// A tool whose command line is understood.
pub struct Personality {
    /// The name that picks it, as the program's own name or as the first argument.
    pub name: &'static str,
    /// What it is, in the words of help.
    pub about: &'static str,
    /// The flags that pick it where no name does. Each tells what to probe.
    pub flags: &'static [Opt],
    /// Translates its command line.
    pub command: fn(&Invocation, &Variables) -> Result<Command, BadUsage>,
}

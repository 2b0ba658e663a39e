//! The definition that the file of each personality provides.

use super::client::Client;
use super::invocation::Invocation;
use crate::cli::bad_usage::BadUsage;
use crate::cli::command::Command;
use crate::cli::options::Opt;
use crate::cli::reading::Reading;

/// A tool whose command line lprobe understands.
pub struct Personality {
    /// The name that picks it, as the program's own name or as the first argument.
    pub name: &'static str,
    /// Its description in the help.
    pub about: &'static str,
    /// The flags that pick it if no name does. Each flag says what to probe.
    pub flags: &'static [Opt],
    /// The flags of an HTTP client, which are translated before they are parsed.
    pub client: Option<Client>,
    /// Turns its command line into a command.
    pub command: fn(&mut Invocation, &Reading) -> Result<Command, BadUsage>,
}

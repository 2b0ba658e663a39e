//! What a command line asks for.

use std::path::PathBuf;

use crate::plan::Plan;

/// What a command line asks for.
#[derive(Debug)]
pub enum Command {
    /// A probe.
    Probe(Box<Plan>),
    /// A copy of the program at this path.
    Install(PathBuf),
    /// The screen of `-h`.
    ShortHelp,
    /// The text of `--help`.
    Help,
    /// The version.
    Version,
}

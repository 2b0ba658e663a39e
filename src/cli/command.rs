//! The command that a command line gives.

use std::path::PathBuf;

use crate::plan::Plan;

/// The command that a command line gives.
#[derive(Debug)]
pub enum Command {
    /// A probe.
    Probe(Box<Plan>),
    /// Installation of the program at this path.
    Install(PathBuf),
    /// The short help of `-h`.
    ShortHelp,
    /// The help of `--help`.
    Help,
    /// The version.
    Version,
}

//! The command that a command line gives.

use std::ffi::OsString;

use crate::install::Install;
use crate::plan::Plan;

/// The command that a command line gives.
#[derive(Debug)]
pub enum Command {
    /// A probe.
    Probe(Box<Plan>),
    /// Installation of copies.
    Install(Install),
    /// What a sealed copy does: its arguments.
    Sealed(Vec<OsString>),
    /// An alert, and what has happened.
    Alert(&'static str),
    /// The short help of `-h`.
    ShortHelp,
    /// The help of `--help`.
    Help,
    /// The version.
    Version,
}

//! Why a heartbeat file or a pid file is unhealthy.

use std::fmt;
use std::io;
use std::time::Duration;

use super::fault::Fault;
use crate::duration::milliseconds;

/// Why a heartbeat file or a pid file is unhealthy.
#[derive(Debug)]
pub enum BadFile {
    /// The kernel's error.
    Io(io::Error),
    /// The file is a folder, a device or a socket.
    NotRegular,
    /// The file was modified too long ago.
    Stale {
        /// The time since the file was modified.
        age: Duration,
        /// The longest time since then that is healthy.
        limit: Duration,
    },
    /// The file's modification time is in the future.
    ModifiedInFuture,
    /// The file is too short.
    Short {
        /// Its size in bytes.
        size: u64,
        /// The smallest size that is healthy.
        least: u64,
    },
    /// The first line of a pid file is not a process ID.
    NoPid,
    /// No process has the number in a pid file.
    NoProcess,
}

impl Fault for BadFile {}

impl fmt::Display for BadFile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(out, "{error}"),
            Self::NotRegular => out.write_str("not a regular file"),
            Self::Stale { age, limit } => {
                write!(out, "modified {} ms ago, expected {} ms at most", milliseconds(*age), milliseconds(*limit))
            }
            Self::Short { size, least } => write!(out, "{size} bytes, expected {least} at least"),
            Self::NoPid => out.write_str("expected a process ID in the first line"),
            Self::NoProcess => out.write_str("no process with this ID is running"),
            Self::ModifiedInFuture => out.write_str("its time stamp is in the future"),
        }
    }
}

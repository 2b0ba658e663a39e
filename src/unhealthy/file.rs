//! What can be wrong with a heartbeat file.

use std::fmt;
use std::io;
use std::time::Duration;

use super::fault::Fault;
use crate::duration::milliseconds;

/// Why a file is no sign of life.
#[derive(Debug)]
pub enum BadFile {
    /// The kernel's error.
    Io(io::Error),
    /// It is a folder, a device or a socket.
    NotRegular,
    /// It was modified too long ago.
    Stale {
        /// How long ago it was modified.
        age: Duration,
        /// How long ago it may have been modified.
        limit: Duration,
    },
    /// Its time stamp is in the future.
    ModifiedInFuture,
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
            Self::ModifiedInFuture => out.write_str("its time stamp is in the future"),
        }
    }
}

//! The step that a probe awaited when its time ran out.

use std::fmt;

use super::connection::Peer;

/// The step that a probe awaits. It prints as the middle of "no ... within 1000 ms".
#[derive(Debug)]
pub enum Awaiting {
    /// A connection.
    Connection(Peer),
    /// A step of the protocol.
    Step(&'static str),
}

impl Default for Awaiting {
    fn default() -> Self {
        Self::Step("start of the probe")
    }
}

impl fmt::Display for Awaiting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(peer) => write!(out, "connection to {peer}"),
            Self::Step(step) => out.write_str(step),
        }
    }
}

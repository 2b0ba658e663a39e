//! What a probe was waiting for when its time was over.

use std::fmt;

use super::connection::Peer;

/// What a probe is waiting for. It prints as the middle of "no ... within 1000 ms".
#[derive(Debug)]
pub enum Awaiting {
    /// A connection.
    Connection(Peer),
    /// A step of the protocol.
    Step(&'static str),
}

impl Default for Awaiting {
    fn default() -> Self {
        Self::Step("expected reply")
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

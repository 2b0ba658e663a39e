//! The definition that the file of each service provides.

use super::judgement::Judgement;

/// A kind of server whose handshake is known.
#[derive(Debug)]
pub struct Service {
    /// The scheme of its targets.
    pub scheme: &'static str,
    /// The port of a target that names none.
    pub port: u16,
    /// When the server is healthy, as the help says it.
    pub healthy: &'static str,
    /// The bytes that are sent first; empty if the server sends first.
    pub greeting: &'static [u8],
    /// The bytes that take leave of a healthy server, so that it logs no broken connection; empty if it logs none.
    pub farewell: &'static [u8],
    /// Judges the bytes of the reply that have arrived so far.
    pub judge: fn(&[u8]) -> Judgement,
}

/// Compares the schemes, which are unique.
impl PartialEq for Service {
    fn eq(&self, other: &Self) -> bool {
        self.scheme == other.scheme
    }
}

impl Eq for Service {}

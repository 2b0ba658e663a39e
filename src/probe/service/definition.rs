//! What a service's file defines.

use crate::probe::judgement::Judgement;

/// A kind of server whose handshake is known.
#[derive(Debug)]
pub struct Service {
    /// The scheme of its targets.
    pub scheme: &'static str,
    /// The port that it has unless told otherwise.
    pub port: u16,
    /// When it is healthy, in the words of help.
    pub healthy: &'static str,
    /// What is sent first; nothing where the server greets first.
    pub greeting: &'static [u8],
    /// Judges the reply, as far as it has come.
    pub judge: fn(&[u8]) -> Judgement,
}

/// Schemes are unique.
impl PartialEq for Service {
    fn eq(&self, other: &Self) -> bool {
        self.scheme == other.scheme
    }
}

impl Eq for Service {}

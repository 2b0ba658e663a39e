//! What stands in for TLS in the small build: connections without it.

use crate::connect::{self, Stream, Writes};
use crate::progress::Progress;
use crate::target::endpoint::Endpoint;
use crate::unhealthy::Unhealthy;
use crate::wire::Version;

/// How to speak TLS: there is no way.
#[derive(Debug)]
pub enum Settings {}

/// A connection that nothing has to be said of.
pub struct Session;

/// Opens a connection to `endpoint`.
pub async fn open(
    endpoint: &Endpoint,
    _tls: Option<&Settings>,
    version: Version,
    progress: &Progress,
) -> Result<(Stream, Session), Unhealthy> {
    let writes = if version == Version::Http2 { Writes::Often } else { Writes::Once };
    Ok((connect::open(endpoint, writes, progress).await?, Session))
}

impl Session {
    /// Returns the reason as it is.
    pub fn explain(&self, reason: Unhealthy) -> Unhealthy {
        reason
    }
}

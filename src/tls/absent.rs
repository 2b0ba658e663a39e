//! Replaces TLS in the small build, which opens connections without it.

use crate::connect::{self, Stream, Writes};
use crate::progress::Progress;
use crate::target::authority::Host;
use crate::target::endpoint::Endpoint;
use crate::unhealthy::Unhealthy;
use crate::wire::Version;

/// The TLS settings, which the small build can't have.
#[derive(Debug, Clone)]
pub enum Settings {}

impl Settings {
    /// Returns the settings for another host.
    pub fn of_other_host(self, _before: Host, _host: Host) -> Self {
        self
    }
}

/// The session of a connection without TLS, which explains nothing.
pub struct Session;

/// Opens a connection to `endpoint`.
pub async fn open(
    endpoint: &Endpoint,
    _tls: Option<&Settings>,
    version: Option<Version>,
    progress: &Progress,
) -> Result<(Stream, Session), Unhealthy> {
    let writes = if version == Some(Version::Http2) { Writes::Often } else { Writes::Once };
    Ok((connect::open(endpoint, writes, progress).await?, Session))
}

/// The alarm, which only TLS needs.
pub mod alarm {
    use std::fmt::Display;
    use std::time::Duration;

    /// An alarm that is not set.
    pub struct Alarm;

    /// Sets nothing.
    pub fn set(_any_is_over_tls: bool, _left: Duration) -> Alarm {
        Alarm
    }

    /// Returns the probe as it is.
    pub fn named<F>(_target: &dyn Display, _is_over_tls: bool, _timeout: Duration, probing: F) -> F {
        probing
    }
}

impl Session {
    /// Returns the reason unchanged.
    pub fn explain(&self, reason: Unhealthy) -> Unhealthy {
        reason
    }
}

//! What stands in for the options for TLS in the small build, in which no target is over TLS.

use super::arguments::Arguments;
use super::bad_usage::BadUsage;
use crate::target::authority::Host;
use crate::tls::Settings;

/// What the options for TLS say: nothing.
pub struct Tls;

impl Tls {
    /// Reads nothing.
    pub fn new() -> Self {
        Self
    }

    /// Returns how to speak to `host`: not over TLS.
    pub fn settings(&mut self, _arguments: &Arguments, _tls: bool, _host: Host) -> Result<Option<Settings>, BadUsage> {
        Ok(None)
    }
}

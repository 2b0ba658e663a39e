//! Replaces the options for TLS in the small build, in which no target uses TLS.

use super::arguments::Arguments;
use crate::target::authority::Host;
use crate::tls::Settings;

/// The options for TLS, of which there are none.
pub struct Tls;

impl Tls {
    /// Reads nothing.
    pub fn new() -> Self {
        Self
    }

    /// Returns `None`: no target uses TLS.
    pub fn settings(&mut self, _arguments: &Arguments, _tls: bool, _host: Host) -> Option<Settings> {
        None
    }
}

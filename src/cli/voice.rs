//! The user agent of a personality, and its defaults.

use std::time::Duration;

/// The default time limit of everything.
pub const TIMEOUT: Duration = Duration::from_secs(1);

/// The user agent of a personality, and its defaults.
#[derive(Debug)]
pub struct Voice {
    /// The user agent of its requests.
    pub user_agent: &'static str,
    /// The default time limit of a gRPC connection, if the personality has one.
    pub connect_timeout: Option<Duration>,
    /// The default time limit of a gRPC call, if the personality has one.
    pub rpc_timeout: Option<Duration>,
    /// Whether it follows redirects.
    pub follows: bool,
}

//! How a personality speaks: what its requests say of themselves, and its defaults.

use std::time::Duration;

/// The time for everything, unless told otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(1);

/// How a personality speaks.
#[derive(Debug)]
pub struct Voice {
    /// The user agent of its requests.
    pub user_agent: &'static str,
    /// The time for a gRPC connection, where it has its own.
    pub connect_timeout: Option<Duration>,
    /// The time for a gRPC call, where it has its own.
    pub rpc_timeout: Option<Duration>,
}

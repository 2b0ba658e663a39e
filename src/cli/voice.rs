//! The user agent of a personality, and its defaults.

use std::time::Duration;

/// The default time limit of lprobe, and of the tools for gRPC.
pub const TIMEOUT: Duration = Duration::from_secs(1);

/// The user agent of a personality, and its defaults.
#[derive(Debug)]
pub struct Voice {
    /// The user agent of its requests.
    pub user_agent: &'static str,
    /// The default time limit of an attempt, or of the connection alone if `rpc_timeout` limits the call.
    pub timeout: Duration,
    /// The default time limit of a gRPC call, if the personality has one.
    pub rpc_timeout: Option<Duration>,
    /// Whether the time limit of a gRPC call begins when the connection is there, and does not cover it.
    pub calls_after_connection: bool,
    /// Whether it follows each redirect.
    pub follows: bool,
    /// Whether it is an HTTP client's, which sends a body as a form, and follows each redirect if any.
    pub is_client: bool,
    /// Whether its body, and what it accepts, is JSON.
    pub is_json: bool,
    /// Whether a header takes the place of an earlier one of the same name.
    pub replaces_headers: bool,
    /// Whether it reads each body to its end, so that an answer that breaks off is unhealthy.
    pub reads_bodies: bool,
}

impl Voice {
    /// Returns a voice that has no default of its own.
    pub const fn new(user_agent: &'static str) -> Self {
        Self {
            user_agent,
            timeout: TIMEOUT,
            rpc_timeout: None,
            calls_after_connection: false,
            follows: false,
            is_client: false,
            is_json: false,
            replaces_headers: false,
            reads_bodies: false,
        }
    }
}

//! What one run is to do, once its arguments are understood.

use std::path::PathBuf;
use std::time::Duration;

use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};

use crate::status::Statuses;
use crate::target::Target;

/// Targets, what is expected of them, and the time there is.
#[derive(Debug)]
pub struct Plan {
    /// What to probe, all at once.
    pub targets: Vec<Target>,
    /// For `http://`.
    pub http: Http,
    /// For `tcp://`, `unix://` and `udp://`.
    pub exchange: Exchange,
    /// The time that one attempt has, for all targets together.
    pub timeout: Duration,
    /// The time that attempts may go on, until all targets are healthy.
    pub wait: Option<Duration>,
    /// A healthy target that took longer is unhealthy.
    pub max_latency: Option<Duration>,
    /// Whether to say how long each probe took.
    pub verbose: bool,
}

/// An HTTP request, and what its answer must be like.
#[derive(Debug)]
pub struct Http {
    /// GET, HEAD, OPTIONS or POST.
    pub method: Method,
    /// What is sent beside Host, or in place of it.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The statuses that are healthy.
    pub statuses: Statuses,
    /// Texts that the body must have, every one.
    pub contains: Vec<Vec<u8>>,
    /// Where to connect instead of to the target's host.
    pub unix_socket: Option<PathBuf>,
}

/// Bytes to send, and what to await.
#[derive(Debug, Default)]
pub struct Exchange {
    /// Sent first; nothing where it is empty.
    pub send: Vec<u8>,
    /// Any of these is healthy; where there is none, the reply is not awaited.
    pub expect: Vec<Vec<u8>>,
}

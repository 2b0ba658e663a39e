//! What one run is to do, once its arguments are understood.

use std::fmt::{self, Display};
use std::path::PathBuf;
use std::time::Duration;

use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};

#[cfg(feature = "full")]
use rustls::pki_types::ServerName;

#[cfg(feature = "full")]
use crate::credentials;
use crate::status::Statuses;
#[cfg(feature = "full")]
use crate::target::Authority;
use crate::target::Target;

/// Targets, what is expected of them, and the time there is.
#[derive(Debug)]
pub struct Plan {
    /// What to probe, all at once.
    pub targets: Vec<Target>,
    /// For `http://` and `https://`.
    pub http: Http,
    /// For `grpc://` and `grpcs://`.
    #[cfg(feature = "full")]
    pub grpc: Grpc,
    /// For targets over TLS; there where there is one.
    #[cfg(feature = "full")]
    pub tls: Option<Tls>,
    /// For `tcp://`, `unix://` and `udp://`.
    pub exchange: Exchange,
    /// The time that one attempt has, for all targets together.
    pub timeout: Duration,
    /// The time that attempts may go on, until all targets are healthy.
    pub wait: Option<Duration>,
    /// A healthy target that took longer is unhealthy.
    pub max_latency: Option<Duration>,
    /// Where HTTP and gRPC connect instead of to the target's host.
    pub unix_socket: Option<PathBuf>,
    /// Whether to say how long each probe took.
    pub verbose: bool,
    /// The variables that this is made from.
    pub variables: Variables,
}

/// The names of variables.
#[derive(Debug, Default)]
pub struct Variables {
    /// Those that an option is from.
    pub heeded: Vec<String>,
    /// One that is none of ours, but seems to be meant for one.
    pub misspelt: Option<Misspelt>,
}

/// A variable with a slip in its name.
#[derive(Debug)]
pub struct Misspelt {
    /// As it is set.
    pub name: String,
    /// What it is like.
    pub meant: String,
}

impl Display for Misspelt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} is set; did you mean {}?", self.name, self.meant)
    }
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
    /// Whether it is HTTP/2 that is spoken.
    #[cfg(feature = "full")]
    pub http2: bool,
}

/// A call of gRPC's health service.
#[cfg(feature = "full")]
#[derive(Debug)]
pub struct Grpc {
    /// Metadata and the user agent, as they are sent.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether messages are compressed, both ways.
    pub gzip: bool,
    /// The time for the connection and its handshakes, where that has its own.
    pub connect_timeout: Option<Duration>,
    /// The time for the call, where that has its own.
    pub rpc_timeout: Option<Duration>,
}

/// How a server proves who it is, and what it is shown.
#[cfg(feature = "full")]
#[derive(Debug)]
pub struct Tls {
    /// Whom to trust, and who we are.
    pub credentials: Credentials,
    /// What the certificate must be for, and what SNI says, instead of the target's host.
    pub server_name: Option<ServerName<'static>>,
}

/// Where [`Tls`] has its certificates from.
#[cfg(feature = "full")]
#[derive(Debug)]
pub enum Credentials {
    /// From files, read when the arguments were.
    Fixed(credentials::Credentials),
    /// From SPIFFE's Workload API, asked when the probe begins.
    Spiffe(WorkloadApi),
}

/// Where SPIFFE's Workload API is: its specification, section 4.
#[cfg(feature = "full")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkloadApi {
    /// A Unix socket.
    Unix(PathBuf),
    /// A port of this container.
    Tcp(Authority),
}

/// Bytes to send, and what to await.
#[derive(Debug, Default)]
pub struct Exchange {
    /// Sent first; nothing where it is empty.
    pub send: Vec<u8>,
    /// Any of these is healthy; where there is none, the reply is not awaited.
    pub expect: Vec<Vec<u8>>,
}

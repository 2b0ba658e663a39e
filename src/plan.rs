//! What one run is to do, once its arguments are understood. A check owns everything that its probe needs.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};

use crate::probe::service::Service;
use crate::status::Statuses;
#[cfg(feature = "full")]
use crate::target::GrpcTarget;
use crate::target::authority::Authority;
use crate::target::endpoint::Endpoint;
use crate::target::{FileTarget, HttpTarget};
use crate::tls;
use crate::wire::Version;

/// The checks, and the settings of the whole run.
#[derive(Debug)]
pub struct Plan {
    /// What to probe, all at once.
    pub checks: Vec<Check>,
    /// The time that one attempt has, for all checks together.
    pub timeout: Duration,
    /// The time that attempts may go on, until every check is healthy.
    pub wait: Option<Duration>,
    /// Whether to say how long each probe took.
    pub verbose: bool,
    /// The variables that the plan is made from.
    pub variables: Variables,
}

/// The names of variables.
#[derive(Debug, Default)]
pub struct Variables {
    /// Those that an option is from.
    pub heeded: Vec<String>,
    /// One that is no option's, but is close to one that is.
    pub misspelt: Option<Misspelt>,
}

/// A variable with a slip in its name.
#[derive(Debug)]
pub struct Misspelt {
    /// The name as it is set.
    pub name: String,
    /// The name that it is close to.
    pub meant: String,
}

/// One target, and what is expected of it.
#[derive(Debug)]
pub struct Check {
    /// What to ask, and whom.
    pub probe: Probe,
    /// A healthy target that took longer is unhealthy.
    pub max_latency: Option<Duration>,
}

/// What to ask, and whom.
#[derive(Debug)]
pub enum Probe {
    /// An HTTP request.
    Http(HttpProbe),
    /// A call of gRPC's health service.
    #[cfg(feature = "full")]
    Grpc(GrpcProbe),
    /// An exchange of bytes on a stream.
    Stream(Endpoint, Rc<Exchange>),
    /// An exchange of datagrams.
    Udp(Authority, Rc<Exchange>),
    /// A service's handshake.
    Service(&'static Service, Endpoint),
    /// A look at a heartbeat file.
    File(FileTarget),
}

/// An HTTP request: to whom, and what its answer must be like.
#[derive(Debug)]
pub struct HttpProbe {
    /// What to ask for.
    pub target: HttpTarget,
    /// Where to connect.
    pub endpoint: Endpoint,
    /// How to speak TLS, where it is spoken.
    pub tls: Option<tls::Settings>,
    /// The request and what its answer must be like.
    pub request: Rc<HttpRequest>,
}

/// An HTTP request, and what its answer must be like.
#[derive(Debug)]
pub struct HttpRequest {
    /// The version of HTTP that is spoken.
    pub version: Version,
    /// GET, HEAD, OPTIONS or POST.
    pub method: Method,
    /// What is sent beside Host, or in place of it.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The statuses that are healthy.
    pub statuses: Statuses,
    /// Texts that the body must have, every one.
    pub contains: Vec<Vec<u8>>,
}

/// A call of gRPC's health service: to whom, and how.
#[cfg(feature = "full")]
#[derive(Debug)]
pub struct GrpcProbe {
    /// The service to ask about.
    pub target: GrpcTarget,
    /// Where to connect.
    pub endpoint: Endpoint,
    /// How to speak TLS, where it is spoken.
    pub tls: Option<tls::Settings>,
    /// How to call.
    pub call: Rc<GrpcCall>,
}

/// How gRPC's health service is called.
#[cfg(feature = "full")]
#[derive(Debug)]
pub struct GrpcCall {
    /// Metadata and the user agent, as they are sent.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether messages are compressed, both ways.
    pub gzip: bool,
    /// The time for the connection and its handshakes.
    pub connect_timeout: Duration,
    /// The time for the call.
    pub timeout: Duration,
}

/// Bytes to send, and what to await.
#[derive(Debug, Default)]
pub struct Exchange {
    /// Sent first; nothing where it is empty.
    pub send: Vec<u8>,
    /// Any of these is healthy; where there is none, the reply is not awaited.
    pub expect: Vec<Vec<u8>>,
}

impl fmt::Display for Misspelt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} is set; did you mean {}?", self.name, self.meant)
    }
}

/// Prints the target as a log may show it: without its query, which may hold a token.
impl fmt::Display for Probe {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = match self {
            Self::Http(http) => {
                let target = http.target.to_string();
                match target.split_once('?') {
                    Some((before, _)) => write!(out, "{before}?...")?,
                    None => out.write_str(&target)?,
                }
                &http.endpoint
            }
            #[cfg(feature = "full")]
            Self::Grpc(grpc) => {
                write!(out, "{}", grpc.target)?;
                &grpc.endpoint
            }
            Self::Stream(endpoint, _) => return write!(out, "{endpoint}"),
            Self::Udp(authority, _) => return write!(out, "udp://{authority}"),
            Self::Service(service, Endpoint::Authority(authority)) => {
                return write!(out, "{}://{authority}", service.scheme);
            }
            Self::Service(service, Endpoint::Unix(path)) => {
                return write!(out, "{}:// on {}", service.scheme, path.display());
            }
            Self::File(file) => return write!(out, "{file}"),
        };
        if let Endpoint::Unix(path) = endpoint { write!(out, " on {}", path.display()) } else { Ok(()) }
    }
}

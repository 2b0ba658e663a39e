//! The plan of one run, made from its arguments. Each check owns everything that its probe needs.

use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use hyper::Method;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};

use crate::json::Condition;
use crate::probe::service::Service;
use crate::status::Statuses;
#[cfg(feature = "full")]
use crate::target::GrpcTarget;
use crate::target::authority::Authority;
use crate::target::endpoint::Endpoint;
use crate::target::scheme::Scheme;
use crate::target::{FileTarget, UrlTarget};
use crate::tls;
use crate::wire::Version;

/// The checks, and the settings of the whole run.
#[derive(Debug)]
pub struct Plan {
    /// The checks, which are probed all at once.
    pub checks: Vec<Check>,
    /// The time limit of one attempt, in which all checks run.
    pub timeout: Duration,
    /// How long attempts are repeated until every check is healthy. `None` makes one attempt.
    pub wait: Option<Duration>,
    /// Whether an attempt that begins within the wait has all of the time limit, as with curl's `--retry`.
    pub has_whole_attempts: bool,
    /// How attempts go on once every check is healthy. `None` makes no more of them.
    pub watch: Option<Watch>,
    /// Whether to print healthy targets, timings and the variables that were used.
    pub verbose: bool,
    /// The environment variables that the plan was made from.
    pub variables: Variables,
}

/// How attempts go on while every check is healthy.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// How long they go on, from the start of the first attempt, or after a wait from the start of the healthy one.
    pub time: Duration,
    /// The time from the start of one attempt to the start of the next.
    pub every: Duration,
    /// How many failed attempts in a row are forgiven.
    pub retries: u16,
}

/// The names of environment variables.
#[derive(Debug, Default)]
pub struct Variables {
    /// The variables that supplied an option.
    pub heeded: Vec<String>,
    /// A variable that supplies no option, but whose name is close to one that does.
    pub misspelt: Option<Misspelt>,
}

/// A variable whose name seems to be misspelt.
#[derive(Debug)]
pub struct Misspelt {
    /// The name as it is set.
    pub name: String,
    /// The known name that it is close to.
    pub meant: String,
}

/// One target, and the conditions under which it is healthy.
#[derive(Debug)]
pub struct Check {
    /// The probe of the target.
    pub probe: Probe,
    /// The time after which a healthy answer is too late.
    pub max_latency: Option<Duration>,
}

/// A target, and how to probe it.
#[derive(Debug)]
pub enum Probe {
    /// An HTTP request.
    Http(HttpProbe),
    /// A call to gRPC's health service.
    #[cfg(feature = "full")]
    Grpc(GrpcProbe),
    /// An exchange of bytes on a stream.
    Stream(StreamProbe, Rc<Exchange>),
    /// An exchange of datagrams.
    Udp(Authority, Rc<Exchange>),
    /// The handshake of a known service.
    Service(&'static Service, StreamProbe),
    /// The same over FastCGI, as far as its target, its endpoint and the healthy response go.
    Fcgi(HttpProbe),
    /// A query to a DNS server, for this name.
    Dns(Authority, String),
    /// A check of a heartbeat file.
    File(FileTarget),
    /// A check of the process that a pid file names.
    Pid(PathBuf),
}

/// A stream that bytes are exchanged on.
#[derive(Debug)]
pub struct StreamProbe {
    /// The scheme of the target.
    pub scheme: &'static Scheme,
    /// The endpoint to connect to.
    pub endpoint: Endpoint,
    /// The TLS settings; `None` without TLS.
    pub tls: Option<tls::Settings>,
}

/// An HTTP request, and where to send it.
#[derive(Debug)]
pub struct HttpProbe {
    /// The URL to request.
    pub target: UrlTarget,
    /// The endpoint to connect to.
    pub endpoint: Endpoint,
    /// The TLS settings. A target of http:// has some if a redirect from it may lead to https://.
    pub tls: Option<tls::Settings>,
    /// The request, and the response that is healthy.
    pub request: Rc<HttpRequest>,
    /// What a redirect has changed about the request.
    pub changes: Changes,
}

/// What a redirect changes about a request.
#[derive(Debug, Default, Clone, Copy)]
pub struct Changes {
    /// Whether it is a GET now, which has no body.
    pub to_get: bool,
    /// Whether it goes to another host or port, without the user's headers: they may be credentials.
    pub to_other: bool,
}

/// An HTTP request, and the response that is healthy.
#[derive(Debug)]
pub struct HttpRequest {
    /// The version of HTTP.
    pub version: Version,
    /// GET, HEAD, OPTIONS, POST or PUT.
    pub method: Method,
    /// The body to send. With GET, HEAD and OPTIONS it is empty.
    pub body: Rc<[u8]>,
    /// Which redirects are followed.
    pub follow: Follow,
    /// Whether the response's body is read to its end.
    pub whole: bool,
    /// The user's headers, perhaps Host among them.
    pub given: Vec<(HeaderName, HeaderValue)>,
    /// The headers that lprobe sends where the user gives none of the same name.
    pub own: Vec<(HeaderName, HeaderValue)>,
    /// The healthy statuses.
    pub statuses: Statuses,
    /// The texts to search the response's body for.
    pub texts: Texts,
}

/// Which redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// None.
    None,
    /// Those whose status is not an expected one.
    Unexpected,
    /// Each one, as Go's programs do.
    All,
    /// Each one, and any other status from 300 to 399 with a Location, as curl and wget do.
    Any,
}

/// The texts that a body is searched for.
#[derive(Debug, Default)]
pub struct Texts {
    /// Texts that it must contain, every one.
    pub all: Vec<Vec<u8>>,
    /// Texts of which it must contain at least one, if there are any.
    pub any: Vec<Vec<u8>>,
    /// Texts that it must not contain.
    pub none: Vec<Vec<u8>>,
    /// Values that it must have, as JSON.
    pub json: Vec<Condition>,
}

/// Returns whether a request of this method has a body, be it an empty one.
pub fn has_body(method: &Method) -> bool {
    [Method::POST, Method::PUT].contains(method)
}

impl HttpProbe {
    /// Returns the method to send.
    pub fn method(&self) -> &Method {
        if self.changes.to_get { &Method::GET } else { &self.request.method }
    }

    /// Returns the headers to send in addition to Host, or in place of it.
    pub fn headers(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        let Changes { to_get, to_other } = self.changes;
        let given = if to_other { &[] } else { &self.request.given[..] };
        let is_of_body = |name: &HeaderName| name == CONTENT_LENGTH || name == CONTENT_TYPE;
        given.iter().chain(&self.request.own).filter(move |(name, _)| !(to_get && is_of_body(name)))
    }

    /// Returns the body to send.
    pub fn body(&self) -> Rc<[u8]> {
        if self.changes.to_get { [].into() } else { self.request.body.clone() }
    }
}

impl Texts {
    /// Returns whether there is nothing to search for.
    pub fn is_empty(&self) -> bool {
        [&self.all, &self.any, &self.none].iter().all(|texts| texts.is_empty()) && self.json.is_empty()
    }
}

/// A call to gRPC's health service, and where to send it.
#[cfg(feature = "full")]
#[derive(Debug)]
pub struct GrpcProbe {
    /// The service to ask about.
    pub target: GrpcTarget,
    /// The endpoint to connect to.
    pub endpoint: Endpoint,
    /// The TLS settings; `None` without TLS.
    pub tls: Option<tls::Settings>,
    /// The settings of the call.
    pub call: Rc<GrpcCall>,
}

/// The settings of a call to gRPC's health service.
#[cfg(feature = "full")]
#[derive(Debug)]
pub struct GrpcCall {
    /// The metadata and the user agent.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether messages are compressed, in both directions.
    pub gzip: bool,
    /// The time limit of the connection, up to the server's first frame; `None` if that of the call covers it.
    pub connect_timeout: Option<Duration>,
    /// The time limit of the call.
    pub timeout: Duration,
}

/// Bytes to send, and the reply to expect.
#[derive(Debug, Default)]
pub struct Exchange {
    /// The bytes to send first; may be empty.
    pub send: Vec<u8>,
    /// The texts of which a healthy reply contains at least one. If there are none, no reply is awaited.
    pub expect: Vec<Vec<u8>>,
}

impl Probe {
    /// Returns whether the probe is over TLS.
    pub fn is_over_tls(&self) -> bool {
        match self {
            Self::Http(http) => http.tls.is_some(),
            #[cfg(feature = "full")]
            Self::Grpc(grpc) => grpc.tls.is_some(),
            Self::Stream(stream, _) | Self::Service(_, stream) => stream.tls.is_some(),
            _ => false,
        }
    }
}

impl fmt::Display for Misspelt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} is set; did you mean {}?", self.name, self.meant)
    }
}

impl fmt::Display for StreamProbe {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Endpoint::Unix(path) if self.scheme.has_host() => {
                write!(out, "{}:// on {}", self.scheme.name, path.display())
            }
            endpoint => write!(out, "{}://{endpoint}", self.scheme.name),
        }
    }
}

/// Prints the target without its query, which may contain a token.
impl fmt::Display for Probe {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (target, endpoint) = match self {
            Self::Http(http) | Self::Fcgi(http) => (http.target.to_string(), &http.endpoint),
            #[cfg(feature = "full")]
            Self::Grpc(grpc) => (grpc.target.to_string(), &grpc.endpoint),
            Self::Stream(stream, _) | Self::Service(_, stream) => return write!(out, "{stream}"),
            Self::Udp(authority, _) => return write!(out, "udp://{authority}"),
            Self::Dns(authority, name) => return write!(out, "dns://{authority}/{name}"),
            Self::File(file) => return write!(out, "{file}"),
            Self::Pid(path) => return write!(out, "pid://{}", path.display()),
        };
        match target.split_once('?') {
            Some((before, _)) => write!(out, "{before}?...")?,
            None => out.write_str(&target)?,
        }
        if let Endpoint::Unix(path) = endpoint { write!(out, " on {}", path.display()) } else { Ok(()) }
    }
}

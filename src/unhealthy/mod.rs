//! Every reason a probe can fail, each with the words that end its one line. A reason never holds bytes that
//! the server sent: promise 2.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

#[cfg(feature = "full")]
pub use self::grpc::{GrpcStatus, ServingStatus, WrongAnswer};
#[cfg(feature = "full")]
pub use self::tls::LongChain;
use crate::status::Statuses;

#[cfg(feature = "full")]
mod grpc;
#[cfg(feature = "full")]
mod http2;
#[cfg(feature = "full")]
mod tls;

/// Why a target is not healthy.
#[derive(Debug)]
pub enum Unhealthy {
    /// No address of the host let a connection open: each that was tried, and why not.
    NotConnected(Vec<(Peer, ConnectError)>),
    /// The deadline passed.
    Late {
        /// What was awaited.
        awaiting: Awaiting,
        /// How long the probe had gone on.
        after: Duration,
    },
    /// The answer's status is not an expected one.
    Status {
        /// What came.
        got: u16,
        /// What would have been healthy.
        expected: Statuses,
    },
    /// A healthy answer came, but late.
    Slow {
        /// How long it took.
        took: Duration,
        /// How long it may take.
        limit: Duration,
    },
    /// The response head has both Transfer-Encoding and Content-Length, so that recipients differ on where the body that is
    /// to be searched ends: RFC 9112, section 6.3.
    TwoFramings,
    /// The body that is to be searched has a transfer coding other than `chunked`, or more than one.
    Coded,
    /// The server closed the connection before its response head was complete.
    Closed,
    /// The body does not have a text: which of them, from 1. The text itself may be a secret.
    Lacks(usize),
    /// The server closed the connection before an expected reply.
    ClosedEarly,
    /// The reply is not an expected one.
    Reply,
    /// The connection broke.
    Broken(io::Error),
    /// The file can't be looked at.
    NoFile(io::Error),
    /// What is there is a folder, a device, a socket.
    NotAFile,
    /// The file was modified this long ago.
    Stale {
        /// How long ago.
        age: Duration,
        /// How long ago it may be.
        limit: Duration,
    },
    /// The file's time stamp is in the future.
    Future,
    /// What came back is no HTTP/1.1 response head, or the connection broke.
    Http(hyper::Error),
    /// The body broke off, or is framed as none is.
    Body(hyper::Error),
    /// What came back is not HTTP/2, or the connection or the stream broke.
    #[cfg(feature = "full")]
    Http2(hyper::Error),
    /// The server did not agree to HTTP/2 when it was offered.
    #[cfg(feature = "full")]
    NoHttp2,
    /// TLS failed.
    #[cfg(feature = "full")]
    Tls {
        /// rustls's error, or that of the connection.
        error: io::Error,
        /// The name that the certificate had to be for.
        name: String,
    },
    /// The server asked for a certificate, there was none, and then it came to this.
    #[cfg(feature = "full")]
    NoClientCertificate(Box<Unhealthy>),
    /// A call ended with another status than OK.
    #[cfg(feature = "full")]
    GrpcStatus(GrpcStatus),
    /// The health service answered another status than SERVING.
    #[cfg(feature = "full")]
    NotServing(ServingStatus),
    /// An answer that is not as gRPC has it.
    #[cfg(feature = "full")]
    WrongAnswer(WrongAnswer),
    /// SPIFFE's Workload API gave no certificates.
    #[cfg(feature = "full")]
    Spiffe(Box<Unhealthy>),
}

/// The other end of a connection.
#[derive(Debug, Clone)]
pub enum Peer {
    /// An address of this container.
    Ip(IpAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// What a probe was waiting for.
#[derive(Debug, Default)]
pub enum Awaiting {
    /// A connection.
    Connection(Peer),
    /// The end of a TLS handshake.
    #[cfg(feature = "full")]
    Handshake,
    /// A reply in an exchange.
    #[default]
    Reply,
    /// The end of an HTTP response head.
    ResponseHead,
    /// The message of a gRPC answer, or the trailers behind it.
    #[cfg(feature = "full")]
    Message,
    /// Certificates from SPIFFE's Workload API.
    #[cfg(feature = "full")]
    WorkloadApi,
    /// A text in the body that follows it.
    Contains,
}

/// Why a connection to one address did not open.
#[derive(Debug)]
pub enum ConnectError {
    /// The address is not one of this container's, by the kernel's word.
    NotOurs,
    /// The connection met its own other end, so nothing listens on the port.
    ToItself,
    /// Each port that a connection could begin at is taken.
    NoPort,
    /// What the kernel said.
    Io(io::Error),
}

impl fmt::Display for Unhealthy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected(tried) => {
                let mut separator = "";
                for (address, error) in tried {
                    write!(out, "{separator}{address}: {error}")?;
                    if matches!((address, error), (Peer::Ip(address), ConnectError::NotOurs) if address.is_loopback()) {
                        out.write_str(" (is loopback up, and IPv6 on?)")?;
                    }
                    separator = ", ";
                }
                Ok(())
            }
            Self::Late { awaiting, after } => write!(out, "no {awaiting} within {} ms", milliseconds(*after)),
            Self::Status { got, expected } => write!(out, "status {got}, expected {expected}"),
            Self::Slow { took, limit } => {
                write!(out, "healthy, but after {} ms, expected {} ms", milliseconds(*took), milliseconds(*limit))
            }
            Self::TwoFramings => {
                out.write_str("the answer has both Transfer-Encoding and Content-Length, expected one")
            }
            Self::Coded => {
                out.write_str("the body has a Transfer-Encoding that was not asked for, expected chunked alone")
            }
            Self::Lacks(number) => {
                write!(out, "the text of --contains (number {number}) is not in the first 64 KiB of the body")
            }
            Self::ClosedEarly => out.write_str("closed before an expected reply"),
            Self::Reply => out.write_str("the reply is not an expected one"),
            Self::Broken(error) => write!(out, "the connection broke: {error}"),
            Self::NoFile(error) => write!(out, "{error}"),
            Self::NotAFile => out.write_str("not a regular file"),
            Self::Stale { age, limit } => {
                write!(out, "modified {} ms ago, expected {} ms at most", milliseconds(*age), milliseconds(*limit))
            }
            Self::Future => out.write_str("its time stamp is in the future"),
            Self::Closed => out.write_str("closed before a complete response head"),
            Self::Http(error) if error.is_incomplete_message() => write!(out, "{}", Self::Closed),
            #[cfg(feature = "full")]
            Self::Http(error) if ended(error) => write!(out, "{}", Self::Closed),
            #[cfg(feature = "full")]
            Self::Http(error) if tls::cause(error).is_some() => tls::broken(tls::cause(error), out),
            // hyper's words name the fault and quote nothing; its cause, where there is one, is the kernel's error.
            Self::Http(error) => write!(out, "no HTTP/1.1 answer: {}", root(error)),
            Self::Body(error) if ended(error) => out.write_str("closed in the middle of the body"),
            #[cfg(feature = "full")]
            Self::Body(error) if tls::cause(error).is_some() => tls::broken(tls::cause(error), out),
            Self::Body(error) => write!(out, "no text of --contains: {}", root(error)),
            #[cfg(feature = "full")]
            Self::Http2(error) => http2::words(error, out),
            #[cfg(feature = "full")]
            Self::NoHttp2 => out.write_str("the server does not offer HTTP/2 (no ALPN h2)"),
            #[cfg(feature = "full")]
            Self::Tls { error, name } => tls::words(error, name, out),
            #[cfg(feature = "full")]
            Self::NoClientCertificate(reason) => write!(
                out,
                "{reason}; client certificate required, it seems (--tls-client-cert, \
                 --tls-client-key)"
            ),
            #[cfg(feature = "full")]
            Self::GrpcStatus(status) => write!(out, "{status}, expected OK"),
            #[cfg(feature = "full")]
            Self::NotServing(status) => write!(out, "{status}, expected SERVING"),
            #[cfg(feature = "full")]
            Self::WrongAnswer(answer) => write!(out, "{answer}"),
            #[cfg(feature = "full")]
            Self::Spiffe(reason) => write!(out, "no certificates from SPIFFE_ENDPOINT_SOCKET: {reason}"),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => write!(out, "{address}"),
            Self::Unix(path) => write!(out, "{}", path.display()),
        }
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for Awaiting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(peer) => write!(out, "connection to {peer}"),
            #[cfg(feature = "full")]
            Self::Handshake => out.write_str("TLS handshake"),
            Self::Reply => out.write_str("expected reply"),
            Self::ResponseHead => out.write_str("complete response head"),
            #[cfg(feature = "full")]
            Self::Message => out.write_str("message with its trailers"),
            #[cfg(feature = "full")]
            Self::WorkloadApi => out.write_str("certificates from SPIFFE_ENDPOINT_SOCKET"),
            Self::Contains => out.write_str("text of --contains"),
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOurs => {
                out.write_str("not an address of this container, and lprobe only reaches its own container")
            }
            Self::ToItself => out.write_str("nothing listens on the port"),
            Self::NoPort => out.write_str("no local port is free for the connection (ip_local_port_range)"),
            Self::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => out.write_str("connection refused"),
            // The way to an address of one's own is loopback.
            Self::Io(error) if error.kind() == io::ErrorKind::NetworkUnreachable => {
                out.write_str("network unreachable (is loopback up?)")
            }
            Self::Io(error) => write!(out, "{error}"),
        }
    }
}

#[cfg(feature = "full")]
impl Unhealthy {
    /// Whether a server that missed a client certificate might have caused it.
    pub fn may_lack_certificate(&self) -> bool {
        match self {
            Self::Status { got, .. } | Self::WrongAnswer(WrongAnswer::HttpStatus(got)) => *got == 400,
            // What came of the certificate that the server showed is no fault of ours.
            Self::Tls { error, .. } => tls::is_servers(error),
            Self::Closed | Self::Http(_) | Self::Http2(_) => true,
            _ => false,
        }
    }
}

/// Whether the connection ended, with or without TLS's own word for that.
fn ended(error: &hyper::Error) -> bool {
    let cause = root(error).downcast_ref::<io::Error>();
    cause.is_some_and(|error| {
        // h2 has made the second one up; the kernel's would have its number.
        error.kind() == io::ErrorKind::UnexpectedEof
            || error.kind() == io::ErrorKind::BrokenPipe && error.raw_os_error().is_none()
    })
}

/// What began it all.
fn root(error: &hyper::Error) -> &(dyn Error + 'static) {
    let mut root: &(dyn Error + 'static) = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root
}

impl Error for Unhealthy {}
impl Error for ConnectError {}

/// Whole milliseconds; `as_millis` would bring the code that prints 128 bits.
fn milliseconds(time: Duration) -> u64 {
    time.as_secs() * 1000 + u64::from(time.subsec_millis())
}

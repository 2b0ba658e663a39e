//! Why an exchange over HTTP/2 fails. h2's own messages are not printed: they would quote what the server sent with
//! GOAWAY.

use std::error::Error;
use std::fmt;
use std::io;

use h2::Reason;

use super::cause::{is_end, root};
use super::fault::Fault;
use super::http::BadAnswer;
use super::tls;

/// Why a response over HTTP/2 is unhealthy.
#[derive(Debug)]
pub enum BadHttp2 {
    /// The server did not agree to HTTP/2 when it was offered.
    NotOffered,
    /// The server closed the connection before the head was complete.
    Closed,
    /// The response is not HTTP/2, or the connection or the stream broke.
    Broken(hyper::Error),
}

impl Fault for BadHttp2 {
    fn may_lack_certificate(&self) -> bool {
        matches!(self, Self::Closed | Self::Broken(_))
    }

    fn hides_tls(&self) -> bool {
        matches!(self, Self::Closed | Self::Broken(_))
    }
}

impl fmt::Display for BadHttp2 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOffered => out.write_str("the server does not offer HTTP/2 (no ALPN h2)"),
            Self::Closed => write!(out, "{}", BadAnswer::Closed),
            Self::Broken(error) => describe(error, out),
        }
    }
}

fn describe(error: &hyper::Error, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(cause) = tls::cause(error) {
        return tls::describe_broken(Some(cause), out);
    }
    let cause = root(error);
    if is_end(error) || error.source().is_none() {
        return write!(out, "{}", BadAnswer::Closed);
    }
    let Some(error) = cause.downcast_ref::<h2::Error>() else { return write!(out, "no HTTP/2 answer: {cause}") };
    // Only the limited stream's errors have this kind. With any other kind, the connection ended.
    if let Some(error) = error.get_io().filter(|error| error.kind() == io::ErrorKind::Other) {
        return write!(out, "no HTTP/2 answer: {error}");
    }
    let reason = error.reason().unwrap_or(Reason::INTERNAL_ERROR);
    match (error.is_remote(), error.is_reset(), reason) {
        (true, true, _) => write!(out, "the server reset the stream: {reason}"),
        (true, false, _) => write!(out, "the server closed the connection: {reason}"),
        (false, _, Reason::INTERNAL_ERROR) => out.write_str("the connection ended in the middle of the answer"),
        (false, _, Reason::ENHANCE_YOUR_CALM) => write!(out, "the server sends too many frames: {reason}"),
        (false, ..) => write!(out, "the server breaks the rules of HTTP/2: {reason}"),
    }
}

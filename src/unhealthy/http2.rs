//! What can go wrong with HTTP/2. h2's own words would quote what the server sent with GOAWAY.

use std::error::Error;
use std::fmt;
use std::io;

use h2::Reason;

use super::{Unhealthy, ended, root, tls};

/// The end of a line about `error`.
pub fn words(error: &hyper::Error, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(cause) = tls::cause(error) {
        return tls::broken(Some(cause), out);
    }
    let cause = root(error);
    if ended(error) || error.source().is_none() {
        return write!(out, "{}", Unhealthy::Closed);
    }
    let Some(error) = cause.downcast_ref::<h2::Error>() else { return write!(out, "no HTTP/2 answer: {cause}") };
    // h2's own, when the connection ends, has no kind of its own.
    if let Some(error) = error.get_io().filter(|error| error.kind() == io::ErrorKind::Other) {
        return write!(out, "no HTTP/2 answer: {error}");
    }
    let reason = error.reason().unwrap_or(Reason::INTERNAL_ERROR);
    match (error.is_remote(), error.is_reset(), reason) {
        (true, true, _) => write!(out, "the server reset the stream: {reason}"),
        (true, false, _) => write!(out, "the server gave up the connection: {reason}"),
        (false, _, Reason::INTERNAL_ERROR) => out.write_str("the connection ended in the middle of the answer"),
        (false, _, Reason::ENHANCE_YOUR_CALM) => write!(out, "the server sends too much for too little: {reason}"),
        (false, ..) => write!(out, "the server breaks the rules of HTTP/2: {reason}"),
    }
}

//! What can go wrong with HTTP/2. h2's own words would quote what the server sent with GOAWAY.

use std::error::Error;
use std::fmt;
use std::io;

use super::{Unhealthy, tls};

/// The end of a line about `error`.
pub fn words(error: &hyper::Error, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(cause) = tls::cause(error) {
        return tls::broken(Some(cause), out);
    }
    let Some(cause) = error.source().filter(|_| !tls::ended(error)) else {
        return write!(out, "{}", Unhealthy::Closed);
    };
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return write!(out, "no HTTP/2 answer: {error}");
    }
    let Some(error) = cause.downcast_ref::<h2::Error>() else { return out.write_str("no HTTP/2 answer") };
    let reason = error.reason().unwrap_or(h2::Reason::INTERNAL_ERROR);
    match (error.is_remote(), error.is_reset()) {
        (true, true) => write!(out, "the server reset the stream: {reason}"),
        (true, false) => write!(out, "the server gave up the connection: {reason}"),
        (false, _) => write!(out, "what came back is not HTTP/2: {reason} (does the server speak it?)"),
    }
}

//! What can go wrong with HTTP/2. h2's own words would quote what the server sent with GOAWAY.

use std::error::Error;
use std::fmt;

use super::{Unhealthy, root, tls};

/// The end of a line about `error`.
pub fn words(error: &hyper::Error, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(cause) = tls::cause(error) {
        return tls::broken(Some(cause), out);
    }
    let cause = root(error);
    if tls::ended(error) || error.source().is_none() {
        return write!(out, "{}", Unhealthy::Closed);
    }
    let Some(error) = cause.downcast_ref::<h2::Error>() else { return write!(out, "no HTTP/2 answer: {cause}") };
    let reason = error.reason().unwrap_or(h2::Reason::INTERNAL_ERROR);
    match (error.is_remote(), error.is_reset()) {
        (true, true) => write!(out, "the server reset the stream: {reason}"),
        (true, false) => write!(out, "the server gave up the connection: {reason}"),
        (false, _) if error.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM) => {
            write!(out, "the server sends too much for too little: {reason}")
        }
        (false, _) => write!(out, "what came back is not HTTP/2 ({reason}); does the server speak it?"),
    }
}

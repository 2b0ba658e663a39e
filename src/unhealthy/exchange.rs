//! Why an exchange of bytes is unhealthy.

use super::fault::Fault;
#[cfg(feature = "full")]
use super::tls;
use std::fmt;
use std::io;

/// Why a reply is unhealthy.
#[derive(Debug)]
pub enum BadReply {
    /// The server closed the connection before an expected reply.
    Closed,
    /// The reply is not an expected one.
    Unexpected,
    /// The connection broke.
    Broken(io::Error),
}

impl Fault for BadReply {
    fn may_lack_certificate(&self) -> bool {
        matches!(self, Self::Closed | Self::Broken(_))
    }
}

impl fmt::Display for BadReply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "full")]
        if let Self::Broken(error) = self
            && let Some(cause) = tls::inner(error)
        {
            return tls::describe_broken(Some(cause), out);
        }
        match self {
            Self::Closed => out.write_str("closed before an expected reply"),
            Self::Unexpected => out.write_str("the reply is not an expected one"),
            Self::Broken(error) => write!(out, "the connection broke: {error}"),
        }
    }
}

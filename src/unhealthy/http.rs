//! What can be wrong with an HTTP answer, by HTTP/1.1 or HTTP/2.

use std::fmt;

use super::cause::{is_end, root};
use super::fault::Fault;
#[cfg(feature = "full")]
use super::tls;
use crate::status::Statuses;

/// Why an answer is not a healthy one.
#[derive(Debug)]
pub enum BadAnswer {
    /// The status is not an expected one.
    Status {
        /// What came.
        got: u16,
        /// What would have been healthy.
        expected: Statuses,
    },
    /// The head has both Transfer-Encoding and Content-Length, so that recipients differ on where the body that is to be
    /// searched ends: RFC 9112, section 6.3.
    TwoFramings,
    /// The body that is to be searched has a transfer coding other than `chunked`, or more than one.
    TransferCoding,
    /// The server closed the connection before the head was complete.
    Closed,
    /// The body does not have a text: which of them, from 1. The text itself may be a secret.
    MissingText(usize),
    /// The head is none of HTTP/1.1, or the connection broke.
    Head(hyper::Error),
    /// The body broke off, or is framed as none is.
    Body(hyper::Error),
}

impl Fault for BadAnswer {
    fn may_lack_certificate(&self) -> bool {
        // nginx refuses by a status of 400.
        matches!(self, Self::Status { got: 400, .. } | Self::Closed | Self::Head(_))
    }
}

impl fmt::Display for BadAnswer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "full")]
        if let Self::Head(error) | Self::Body(error) = self
            && let Some(cause) = tls::cause(error)
        {
            return tls::describe_broken(Some(cause), out);
        }
        match self {
            Self::Status { got, expected } => write!(out, "status {got}, expected {expected}"),
            Self::TwoFramings => {
                out.write_str("the answer has both Transfer-Encoding and Content-Length, expected one")
            }
            Self::TransferCoding => {
                out.write_str("the body has a Transfer-Encoding that was not asked for, expected chunked alone")
            }
            Self::MissingText(number) => {
                write!(out, "the text of --contains (number {number}) is not in the first 64 KiB of the body")
            }
            Self::Closed => out.write_str("closed before a complete response head"),
            Self::Head(error) if error.is_incomplete_message() || is_end(error) => write!(out, "{}", Self::Closed),
            // hyper's words name the fault and quote nothing; its cause, where there is one, is the kernel's error.
            Self::Head(error) => write!(out, "no HTTP/1.1 answer: {}", root(error)),
            Self::Body(error) if is_end(error) => out.write_str("closed in the middle of the body"),
            Self::Body(error) => write!(out, "no text of --contains: {}", root(error)),
        }
    }
}

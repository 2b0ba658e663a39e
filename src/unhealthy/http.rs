//! Why an HTTP response is unhealthy, over HTTP/1.1 or HTTP/2.

use std::fmt;

use super::cause::{is_end, root};
use super::fault::Fault;
#[cfg(feature = "full")]
use super::tls;
use crate::status::Statuses;

/// Why a response is unhealthy.
#[derive(Debug)]
pub enum BadAnswer {
    /// The status is not an expected one.
    Status {
        /// The status of the response.
        got: u16,
        /// The healthy statuses.
        expected: Statuses,
    },
    /// The head of a response whose body is searched has both Transfer-Encoding and Content-Length. Recipients differ
    /// on where such a body ends: RFC 9112, section 6.3.
    TwoFramings,
    /// The body that is searched has a transfer coding other than `chunked`, or more than one.
    TransferCoding,
    /// The body has a content coding, so that a text that must not be there could hide in it: RFC 9110, section 8.4.
    ContentCoding,
    /// The server closed the connection before the head was complete.
    Closed,
    /// The body does not contain a text; its number, from 1. The text itself may be a secret.
    MissingText(usize),
    /// The body contains none of the texts of which it must contain one.
    NoText,
    /// The body contains a text that it must not contain; its number, from 1.
    Text(usize),
    /// The body is longer than what is read of it; the message.
    Long(&'static str),
    /// The body that is read as JSON is none.
    #[cfg(feature = "full")]
    NotJson,
    /// The JSON has no value at this pointer; its number, from 1.
    #[cfg(feature = "full")]
    MissingValue(usize),
    /// The JSON has another value at this pointer; its number, from 1.
    #[cfg(feature = "full")]
    OtherValue(usize),
    /// A redirect that is not followed; where it leads.
    Redirect(&'static str),
    /// The head is not one of HTTP/1.1, or the connection broke.
    Head(hyper::Error),
    /// The body ended early, or its framing is malformed.
    Body(hyper::Error),
}

impl Fault for BadAnswer {
    fn may_lack_certificate(&self) -> bool {
        // nginx refuses a missing client certificate with status 400.
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
            Self::ContentCoding => out.write_str("the body has a Content-Encoding, and --lacks can't search it"),
            Self::MissingText(number) => {
                write!(out, "the text of --contains (number {number}) is not in the first 64 KiB of the body")
            }
            Self::NoText => out.write_str("no text of --contains-any is in the first 64 KiB of the body"),
            Self::Text(number) => write!(out, "the text of --lacks (number {number}) is in the body"),
            Self::Long(message) => out.write_str(message),
            #[cfg(feature = "full")]
            Self::NotJson => out.write_str("the body is not JSON, which --json expects"),
            #[cfg(feature = "full")]
            Self::MissingValue(number) => {
                write!(out, "the body has no value at the pointer of --json (number {number})")
            }
            #[cfg(feature = "full")]
            Self::OtherValue(number) => {
                write!(out, "the value at the pointer of --json (number {number}) is not the expected one")
            }
            Self::Redirect(place) => write!(out, "redirected {place}"),
            Self::Closed => out.write_str("closed before a complete response head"),
            Self::Head(error) if error.is_incomplete_message() || is_end(error) => write!(out, "{}", Self::Closed),
            // hyper's message names the fault and quotes nothing. Its root cause, if there is one, is the kernel's
            // error.
            Self::Head(error) => write!(out, "no HTTP/1.1 answer: {}", root(error)),
            Self::Body(error) if is_end(error) => out.write_str("closed in the middle of the body"),
            Self::Body(error) => write!(out, "the body is broken: {}", root(error)),
        }
    }
}

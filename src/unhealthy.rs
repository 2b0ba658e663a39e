//! Every reason a probe can fail, each with the words that end its one line. A reason never holds bytes that
//! the server sent: promise 2.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use crate::status::Statuses;

/// Why a target is not healthy.
#[derive(Debug)]
pub enum Unhealthy {
    /// No address of the host let a connection open: each that was tried, and why not.
    NotConnected(Vec<(IpAddr, ConnectError)>),
    /// The deadline passed.
    Late {
        /// What was awaited.
        awaiting: Awaiting,
        /// The time that the whole probe had.
        timeout: Duration,
    },
    /// The answer's status is not an expected one.
    Status {
        /// What came.
        got: u16,
        /// What would have been healthy.
        expected: Statuses,
    },
    /// The server closed the connection before its response head was complete.
    Closed,
    /// What came back is no HTTP/1.1 response head, or the connection broke.
    Http(hyper::Error),
    /// lprobe itself could not go on.
    NotStarted(io::Error),
}

/// What a probe was waiting for.
#[derive(Debug, Clone, Copy)]
pub enum Awaiting {
    /// A connection to this address.
    Connection(IpAddr),
    /// The end of an HTTP response head.
    ResponseHead,
}

/// Why a connection to one address did not open.
#[derive(Debug)]
pub enum ConnectError {
    /// The address is not one of this container's, by the kernel's word.
    NotOurs,
    /// The connection met its own other end, so nothing listens on the port.
    ToItself,
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
                    separator = ", ";
                }
                Ok(())
            }
            Self::Late { awaiting, timeout } => {
                write!(out, "no {awaiting} within {} ms", timeout.as_millis())
            }
            Self::Status { got, expected } => write!(out, "status {got}, expected {expected}"),
            Self::Closed => out.write_str("closed before a complete response head"),
            Self::Http(error) if error.is_incomplete_message() => write!(out, "{}", Self::Closed),
            // hyper's words name the fault and quote nothing; its cause, where there is one, is the kernel's error.
            Self::Http(error) => match error.source() {
                Some(cause) => write!(out, "no HTTP/1.1 answer: {cause}"),
                None => write!(out, "no HTTP/1.1 answer: {error}"),
            },
            Self::NotStarted(error) => write!(out, "the probe could not start: {error}"),
        }
    }
}

impl fmt::Display for Awaiting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(address) => write!(out, "connection to {address}"),
            Self::ResponseHead => out.write_str("complete response head"),
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
            Self::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => out.write_str("connection refused"),
            Self::Io(error) => write!(out, "{error}"),
        }
    }
}

impl Error for Unhealthy {}
impl Error for ConnectError {}

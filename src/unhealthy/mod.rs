//! Every reason why a target is unhealthy, one file for each protocol. Each reason prints as the end of the line of its
//! target. No reason contains bytes that the server sent: promise 2.

pub mod awaiting;
mod cause;
mod code;
pub mod connection;
pub mod dns;
pub mod exchange;
pub mod fault;
pub mod fcgi;
pub mod file;
#[cfg(feature = "full")]
pub mod grpc;
pub mod http;
#[cfg(feature = "full")]
pub mod http2;
#[cfg(feature = "full")]
pub mod tls;

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::duration::milliseconds;
use awaiting::Awaiting;
use connection::{ConnectError, Peer};
use fault::Fault;

/// Why a target is unhealthy.
#[derive(Debug)]
pub enum Unhealthy {
    /// No address accepted a connection: each address that was tried, and its error.
    NotConnected(Vec<(Peer, ConnectError)>),
    /// The time ran out.
    Late {
        /// The step that the probe awaited.
        awaiting: Awaiting,
        /// The time that the probe had.
        after: Duration,
    },
    /// A healthy answer arrived too late.
    Slow {
        /// The time that the answer took.
        took: Duration,
        /// The time that it may take.
        limit: Duration,
    },
    /// A protocol found something wrong.
    Fault(Box<dyn Fault>),
    /// Another reason, with an explanation around it.
    Explained {
        /// The text before the reason.
        before: &'static str,
        /// The reason.
        reason: Box<Unhealthy>,
        /// The text after the reason.
        after: &'static str,
    },
}

impl Unhealthy {
    /// Returns whether a missing client certificate may be the cause.
    pub fn may_lack_certificate(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.may_lack_certificate())
    }

    /// Returns whether an error of TLS may be lost in this reason.
    #[cfg(feature = "full")]
    pub fn hides_tls(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.hides_tls())
    }
}

impl fmt::Display for Unhealthy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected(tried) => connection::describe(tried, out),
            Self::Late { awaiting, after } => write!(out, "no {awaiting} within {} ms", milliseconds(*after)),
            Self::Slow { took, limit } => {
                write!(
                    out,
                    "healthy, but after {} ms, expected {} ms at most",
                    milliseconds(*took),
                    milliseconds(*limit)
                )
            }
            Self::Fault(fault) => write!(out, "{fault}"),
            Self::Explained { before, reason, after } => write!(out, "{before}{reason}{after}"),
        }
    }
}

impl Error for Unhealthy {}

impl<F: Fault + 'static> From<F> for Unhealthy {
    fn from(fault: F) -> Self {
        Self::Fault(Box::new(fault))
    }
}

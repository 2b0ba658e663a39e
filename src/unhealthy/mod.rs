//! Every reason a probe can fail, one file a protocol. Each reason prints as the end of its target's one line. None holds
//! bytes that the server sent: promise 2.

pub mod awaiting;
mod cause;
pub mod connection;
pub mod exchange;
pub mod fault;
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

/// Why a target is not healthy.
#[derive(Debug)]
pub enum Unhealthy {
    /// No address of the host let a connection open: each that was tried, and why not.
    NotConnected(Vec<(Peer, ConnectError)>),
    /// The time was over.
    Late {
        /// What was awaited.
        awaiting: Awaiting,
        /// How long the probe had.
        after: Duration,
    },
    /// A healthy answer came, but late.
    Slow {
        /// How long it took.
        took: Duration,
        /// How long it may take.
        limit: Duration,
    },
    /// A protocol found something wrong.
    Fault(Box<dyn Fault>),
    /// Another reason, and what is to be said around it.
    Explained {
        /// What stands before the reason.
        before: &'static str,
        /// The reason.
        reason: Box<Unhealthy>,
        /// What stands behind the reason.
        after: &'static str,
    },
}

impl Unhealthy {
    /// Returns whether a server that missed a client certificate might have caused it.
    pub fn may_lack_certificate(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.may_lack_certificate())
    }
}

impl fmt::Display for Unhealthy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected(tried) => connection::describe(tried, out),
            Self::Late { awaiting, after } => write!(out, "no {awaiting} within {} ms", milliseconds(*after)),
            Self::Slow { took, limit } => {
                write!(out, "healthy, but after {} ms, expected {} ms", milliseconds(*took), milliseconds(*limit))
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

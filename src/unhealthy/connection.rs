//! Why a connection did not open.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::target::bad_target::OUTSIDE;

/// The other end of a connection.
#[derive(Debug, Clone)]
pub enum Peer {
    /// An address of this container.
    Ip(IpAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// Why a connection to one address did not open.
#[derive(Debug)]
pub enum ConnectError {
    /// The address is not one of this container, according to the kernel.
    ForeignAddress,
    /// A self-connection: the socket connected to itself, so nothing listens on the port. RFC 9293, section 3.5.
    SelfConnection,
    /// All local ports that the connection could use are taken.
    NoLocalPort,
    /// The kernel's error.
    Io(io::Error),
}

/// Returns whether the kernel says that a peer is outside the container. A loopback address is not, where loopback is down.
pub fn is_outside(peer: &Peer, error: &ConnectError) -> bool {
    matches!((peer, error), (Peer::Ip(address), ConnectError::ForeignAddress) if !address.is_loopback())
}

/// Prints each peer that was tried, and why its connection did not open.
pub fn describe(tried: &[(Peer, ConnectError)], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut separator = "";
    for (peer, error) in tried {
        write!(out, "{separator}{peer}: {error}")?;
        match error {
            _ if is_outside(peer, error) => write!(out, ", and {OUTSIDE}")?,
            ConnectError::ForeignAddress => out.write_str(" (is loopback up, and IPv6 on?)")?,
            _ => {}
        }
        separator = ", ";
    }
    Ok(())
}

impl fmt::Display for Peer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => write!(out, "{address}"),
            Self::Unix(path) => write!(out, "{}", path.display()),
        }
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignAddress => out.write_str("not an address of this container"),
            Self::SelfConnection => out.write_str("nothing listens on the port"),
            Self::NoLocalPort => out.write_str("no local port is free for the connection (ip_local_port_range)"),
            Self::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => out.write_str("connection refused"),
            // A container reaches its own addresses through loopback.
            Self::Io(error) if error.kind() == io::ErrorKind::NetworkUnreachable => {
                out.write_str("network unreachable (is loopback up?)")
            }
            Self::Io(error) => write!(out, "{error}"),
        }
    }
}

impl Error for ConnectError {}

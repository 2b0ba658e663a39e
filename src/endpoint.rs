//! The only file that opens a connection, and so the only one to audit for promise 1: a probe reaches its own
//! container and nothing else. It knows addresses and nothing of the protocols that are spoken on them.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use tokio::net::{TcpSocket, TcpStream};

use crate::deadline::Deadline;
use crate::sys;
use crate::target::Authority;
use crate::unhealthy::{ConnectError, Unhealthy};

/// A connection to the first address of `authority` that takes one.
///
/// # Errors
///
/// [`Unhealthy::NotConnected`] when none does, [`Unhealthy::Late`] when the deadline passes first.
pub async fn connect(authority: &Authority, deadline: &Deadline) -> Result<TcpStream, Unhealthy> {
    let mut tried = Vec::new();
    for &address in authority.host.addresses() {
        let attempt = connect_to(SocketAddr::new(address, authority.port));
        match deadline.limit("connection", attempt).await? {
            Ok(stream) => return Ok(stream),
            // Where IPv6 is off there is no ::1, and what 127.0.0.1 said is the whole reason.
            Err(ConnectError::NotOurs) if !tried.is_empty() => {}
            Err(error) => tried.push((address, error)),
        }
    }
    Err(Unhealthy::NotConnected(tried))
}

async fn connect_to(target: SocketAddr) -> Result<TcpStream, ConnectError> {
    prove_ours(target)?;
    let socket = if target.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(not_ours)?;
    // Without this, bind takes a port that no other connection from this address has, and fails once a busy
    // proxy's connections, or their TIME_WAITs, hold them all. With it, connect picks one free for this target.
    sys::bind_address_no_port(&socket);
    // The kernel's proof that the target is this container: no one can bind an address that is another's, and
    // with one address on both ends the peer can only be us.
    socket.bind(SocketAddr::new(target.ip(), 0)).map_err(not_ours)?;
    let stream = socket.connect(target).await?;
    // Where nothing listens on a port of ip_local_port_range, connect can pick that port as the source too, and
    // TCP's simultaneous open (RFC 9293, section 3.5) then joins the socket to itself.
    if stream.local_addr()? == target {
        // Reset it: in TIME_WAIT, it would keep the port from the service that is about to listen there.
        stream.set_zero_linger()?;
        return Err(ConnectError::ToItself);
    }
    Ok(stream)
}

/// Where `ip_nonlocal_bind` is set, anything can be bound, and a connection to another's address would send
/// its first packet out. So an address that is not loopback is asked of the routing table too: connecting a UDP
/// socket sends nothing, and the source that it gets is the target itself only where that is our own.
fn prove_ours(target: SocketAddr) -> Result<(), ConnectError> {
    if target.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    let any = if target.is_ipv4() { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    let routed = socket.connect(target).and_then(|()| socket.local_addr());
    match routed {
        Ok(source) if source.ip() == target.ip() => Ok(()),
        _ => Err(ConnectError::NotOurs),
    }
}

fn not_ours(error: io::Error) -> ConnectError {
    match error.raw_os_error() {
        // The second where the kernel has no IPv6 at all.
        Some(libc::EADDRNOTAVAIL | libc::EAFNOSUPPORT) => ConnectError::NotOurs,
        _ => ConnectError::Io(error),
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

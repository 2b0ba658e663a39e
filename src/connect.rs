//! The only file that opens a connection, and so the only one to audit for promise 1: a probe reaches its own
//! container and nothing else. It knows addresses and nothing of the protocols that are spoken on them.

use std::io;
use std::net::{self, IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, UdpSocket, UnixStream};
use tokio::time::sleep;

use crate::progress::Progress;
use crate::sys::{socket::bind_address_no_port, stdio::block_write_signals};
use crate::target::authority::Authority;
use crate::target::endpoint::Endpoint;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::awaiting::Awaiting;
use crate::unhealthy::connection::{ConnectError, Peer};

/// A connection of either kind, so that what is spoken on it is compiled once.
pub type Stream = Box<dyn Duplex>;

/// Both directions of a connection.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Duplex for S {}

/// Opens a connection.
///
/// # Errors
///
/// [`Unhealthy::NotConnected`] when nothing takes one.
pub async fn open(endpoint: &Endpoint, writes: Writes, progress: &Progress) -> Result<Stream, Unhealthy> {
    match endpoint {
        Endpoint::Authority(authority) => open_tcp(authority, writes, progress).await,
        Endpoint::Unix(path) => open_unix(path, progress).await,
    }
}

/// How often a protocol writes before it reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// Once.
    Once,
    /// Several times. Nagle's algorithm would have each write wait for the one before to be acknowledged, which takes a
    /// peer that has nothing to say 40 ms.
    Often,
}

/// Connects to the first address of `authority` that takes a connection.
async fn open_tcp(authority: &Authority, writes: Writes, progress: &Progress) -> Result<Stream, Unhealthy> {
    let mut tried = Vec::new();
    for &address in authority.host.addresses() {
        progress.awaits(Awaiting::Connection(Peer::Ip(address)));
        match connect_to(SocketAddr::new(address, authority.port)).await {
            Ok(stream) => {
                progress.connected();
                if writes != Writes::Once {
                    // Where it fails, the probe is slower.
                    let _ = stream.set_nodelay(true);
                    // TLS writes by writev, which raises SIGPIPE where others fail.
                    block_write_signals();
                }
                return Ok(Box::new(stream));
            }
            // Where IPv6 is off there is no ::1, and what 127.0.0.1 said is the whole reason.
            Err(ConnectError::ForeignAddress) if !tried.is_empty() => {}
            Err(error) => tried.push((Peer::Ip(address), error)),
        }
    }
    Err(Unhealthy::NotConnected(tried))
}

/// Connects to the Unix socket at `path`.
async fn open_unix(path: &Path, progress: &Progress) -> Result<Stream, Unhealthy> {
    let peer = || Peer::Unix(path.to_owned());
    progress.awaits(Awaiting::Connection(peer()));
    block_write_signals();
    let stream = loop {
        match UnixStream::connect(path).await {
            // A full backlog: where TCP would try again, unix(7) leaves that to us.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(Duration::from_millis(10)).await,
            stream => break stream.map_err(|error| Unhealthy::NotConnected(vec![(peer(), error.into())]))?,
        }
    };
    progress.connected();
    Ok(Box::new(stream))
}

/// Opens sockets that exchange datagrams with each address of `authority`, and with nobody else.
///
/// # Errors
///
/// [`Unhealthy::NotConnected`] when there is none.
pub fn datagrams(authority: &Authority) -> Result<Vec<(IpAddr, UdpSocket)>, Unhealthy> {
    let mut tried = Vec::new();
    let mut sockets = Vec::new();
    for &address in authority.host.addresses() {
        match datagrams_with(SocketAddr::new(address, authority.port)) {
            Ok(socket) => sockets.push((address, socket)),
            Err(error) => tried.push((Peer::Ip(address), error)),
        }
    }
    if sockets.is_empty() { Err(Unhealthy::NotConnected(tried)) } else { Ok(sockets) }
}

fn datagrams_with(target: SocketAddr) -> Result<UdpSocket, ConnectError> {
    prove_own_address(target).map_err(bind_error)?;
    let socket = net::UdpSocket::bind(SocketAddr::new(target.ip(), 0)).map_err(bind_error)?;
    socket.connect(target)?;
    // A datagram to oneself would come back as its own reply.
    if socket.local_addr()? == target {
        return Err(ConnectError::SelfConnection);
    }
    socket.set_nonblocking(true)?;
    Ok(UdpSocket::from_std(socket)?)
}

async fn connect_to(target: SocketAddr) -> Result<TcpStream, ConnectError> {
    prove_own_address(target).map_err(bind_error)?;
    let socket = if target.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(bind_error)?;
    // Without this, bind takes a port that no other connection from this address has, and fails once a busy
    // proxy's connections, or their TIME_WAITs, hold them all. With it, connect picks one free for this target.
    bind_address_no_port(&socket);
    // The kernel's proof that the target is this container: no one can bind an address that is another's, and
    // with one address on both ends the peer can only be us.
    socket.bind(SocketAddr::new(target.ip(), 0)).map_err(bind_error)?;
    let stream = socket.connect(target).await.map_err(|error| match error.raw_os_error() {
        Some(libc::EADDRNOTAVAIL) => ConnectError::NoLocalPort,
        _ => ConnectError::Io(error),
    })?;
    // Where nothing listens on a port of ip_local_port_range, connect can pick that port as the source too, and
    // TCP's simultaneous open (RFC 9293, section 3.5) then joins the socket to itself.
    if stream.local_addr()? == target {
        // Reset it: in TIME_WAIT, it would keep the port from the service that is about to listen there.
        stream.set_zero_linger()?;
        return Err(ConnectError::SelfConnection);
    }
    Ok(stream)
}

/// Asks the kernel whether `target` is an address of this container, beside the bind that follows. Where
/// `ip_nonlocal_bind` is set, anything can be bound, and a connection to another's address would send its
/// first packet out. So the kernel is asked in a second way, which that setting does not touch and which sends
/// nothing.
fn prove_own_address(target: SocketAddr) -> io::Result<()> {
    match target.ip().to_canonical() {
        // The kernel lets no packet from 127/8 out by another device than loopback.
        IpAddr::V4(address) if address.is_loopback() => Ok(()),
        // An interface can be named by its address, and only by one that is here.
        IpAddr::V4(address) => {
            SockRef::from(&net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?).set_multicast_if_v4(&address)
        }
        // The source that is chosen for a destination is the destination itself, if that is here: RFC 6724, rule 1.
        // For IPv4 it would be the primary address of the interface.
        IpAddr::V6(address) => {
            let socket = net::UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?;
            let routed = socket.connect(target).and_then(|()| socket.local_addr());
            match routed {
                Ok(source) if source.ip() == address => Ok(()),
                _ => Err(io::Error::from_raw_os_error(libc::EADDRNOTAVAIL)),
            }
        }
    }
}

fn bind_error(error: io::Error) -> ConnectError {
    match error.raw_os_error() {
        // The second where the kernel has no IPv6 at all.
        Some(libc::EADDRNOTAVAIL | libc::EAFNOSUPPORT) => ConnectError::ForeignAddress,
        Some(libc::EADDRINUSE) => ConnectError::NoLocalPort,
        _ => ConnectError::Io(error),
    }
}

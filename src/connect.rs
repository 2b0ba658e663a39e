//! The only file that opens connections, and so the only one to audit for promise 1: a probe reaches its own container
//! and nothing else. This file knows addresses, and none of the protocols that are spoken on them.

use std::io;
use std::net::{self, IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, UdpSocket, UnixStream};
use tokio::time::sleep;

use crate::progress::Progress;
use crate::sys::file::read_beginning;
use crate::sys::socket::{bind_address_no_port, bind_to_loopback_device};
use crate::target::authority::Authority;
use crate::target::endpoint::Endpoint;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::awaiting::Awaiting;
use crate::unhealthy::connection::{ConnectError, Peer};

/// A TCP or Unix connection. It is a trait object, so that the protocols are compiled once.
pub type Stream = Box<dyn Duplex>;

/// Both directions of a connection.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Duplex for S {}

/// Opens a connection.
///
/// # Errors
///
/// [`Unhealthy::NotConnected`] if no address accepts the connection.
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
    /// Several times. Nagle's algorithm would delay each write until the peer acknowledges the one before. A peer that
    /// has nothing to send delays its acknowledgement by 40 ms.
    Often,
}

/// Opens a connection from which no answer is awaited. The connection is then the whole proof of a server, and on a port
/// that the kernel also gives to clients it is none: where nothing listens, two clients that connect to each other's port
/// at the same time are connected (RFC 9293, section 3.5). There, a second connection must open while the first is held.
///
/// # Errors
///
/// [`Unhealthy::NotConnected`] if no address accepts the connection.
pub async fn open_to_listener(endpoint: &Endpoint, progress: &Progress) -> Result<Stream, Unhealthy> {
    let authority = match endpoint {
        Endpoint::Authority(authority) => authority,
        Endpoint::Unix(path) => return open_unix(path, progress).await,
    };
    let stream = connect(authority, Source::Target, progress).await?;
    if is_given_to_clients(authority.port)
        && let Err(reason) = connect(authority, Source::Other, progress).await
    {
        // As for a self-connection.
        let _ = stream.set_zero_linger();
        return Err(reason);
    }
    Ok(Box::new(stream))
}

/// Returns whether the kernel may give `port` to a client. If it does not say, it may.
fn is_given_to_clients(port: u16) -> bool {
    let mut text = [0; 32];
    let read = read_beginning(Path::new("/proc/sys/net/ipv4/ip_local_port_range"), &mut text);
    let range = read.ok().and_then(|text| {
        let mut bounds = str::from_utf8(text).ok()?.split_ascii_whitespace().map(str::parse);
        Some(bounds.next()?.ok()?..=bounds.next()?.ok()?)
    });
    range.is_none_or(|range| range.contains(&port))
}

/// Opens a TCP connection to `authority`.
async fn open_tcp(authority: &Authority, writes: Writes, progress: &Progress) -> Result<Stream, Unhealthy> {
    let stream = connect(authority, Source::Target, progress).await?;
    if writes != Writes::Once {
        // A failure only makes the probe slower.
        let _ = stream.set_nodelay(true);
    }
    Ok(Box::new(stream))
}

/// The address that a connection comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// That of the target.
    Target,
    /// [`OTHER_LOOPBACK`], if the target is in 127/8. No client that connects from the target's address meets this one.
    Other,
}

const OTHER_LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 111, 0, 1)), 0);

/// Connects to the first address of `authority` that accepts a connection.
async fn connect(authority: &Authority, source: Source, progress: &Progress) -> Result<TcpStream, Unhealthy> {
    let mut tried = Vec::new();
    for &address in authority.host.addresses() {
        progress.awaits(Awaiting::Connection(Peer::Ip(address)));
        match connect_to(SocketAddr::new(address, authority.port), source).await {
            Ok(stream) => {
                progress.connected();
                return Ok(stream);
            }
            // Without IPv6 there is no ::1, and the error from 127.0.0.1 is the whole reason.
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
    let stream = loop {
        match connect_unix(path) {
            // The backlog is full. TCP retries by itself; with a Unix socket, the caller has to retry: unix(7).
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(Duration::from_millis(10)).await,
            stream => break stream.map_err(|error| Unhealthy::NotConnected(vec![(peer(), error.into())]))?,
        }
    };
    progress.connected();
    Ok(Box::new(stream))
}

/// Connects to a Unix socket, which is done at once or not at all.
fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)?;
    UnixStream::from_std(socket.into())
}

/// Opens a UDP socket for each address of `authority`. Each socket exchanges datagrams with its own address only.
///
/// # Errors
///
/// [`Unhealthy::NotConnected`] if no socket opens.
pub fn open_udp(authority: &Authority) -> Result<Vec<(IpAddr, UdpSocket)>, Unhealthy> {
    let mut tried = Vec::new();
    let mut sockets = Vec::new();
    for &address in authority.host.addresses() {
        match open_udp_socket(SocketAddr::new(address, authority.port)) {
            Ok(socket) => sockets.push((address, socket)),
            Err(error) => tried.push((Peer::Ip(address), error)),
        }
    }
    if sockets.is_empty() { Err(Unhealthy::NotConnected(tried)) } else { Ok(sockets) }
}

fn open_udp_socket(target: SocketAddr) -> Result<UdpSocket, ConnectError> {
    prove_own_address(target).map_err(bind_error)?;
    let socket = net::UdpSocket::bind(SocketAddr::new(target.ip(), 0)).map_err(bind_error)?;
    if target.ip().to_canonical().is_loopback() {
        bind_to_loopback_device(&socket);
    }
    socket.connect(target)?;
    // A socket that is connected to itself would receive its own datagram as the reply.
    if socket.local_addr()? == target {
        return Err(ConnectError::SelfConnection);
    }
    socket.set_nonblocking(true)?;
    Ok(UdpSocket::from_std(socket)?)
}

async fn connect_to(target: SocketAddr, source: Source) -> Result<TcpStream, ConnectError> {
    prove_own_address(target).map_err(bind_error)?;
    let socket = if target.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(bind_error)?;
    // Without this option, bind takes a port that no other connection from this address uses. It fails once the
    // connections of a busy proxy, or their TIME_WAITs, occupy all ports. With the option, connect picks a port that is
    // free for this target.
    bind_address_no_port(&socket);
    if target.ip().to_canonical().is_loopback() {
        bind_to_loopback_device(&socket);
    }
    // This bind proves that the target is this container. The kernel refuses to bind an address of another machine, and
    // with the same address on both ends the peer can only be this container.
    //
    // All of 127/8 is this container, unless someone has taken the rest of it off the loopback device.
    let is_loopback = matches!(target.ip(), IpAddr::V4(address) if address.is_loopback());
    if source == Source::Target || !is_loopback || socket.bind(OTHER_LOOPBACK).is_err() {
        socket.bind(SocketAddr::new(target.ip(), 0)).map_err(bind_error)?;
    }
    let stream = socket.connect(target).await.map_err(|error| match error.raw_os_error() {
        Some(libc::EADDRNOTAVAIL) => ConnectError::NoLocalPort,
        _ => ConnectError::Io(error),
    })?;
    // If nothing listens on a port of ip_local_port_range, connect can pick the same port as the source port. TCP's
    // simultaneous open (RFC 9293, section 3.5) then connects the socket to itself.
    if stream.local_addr()? == target {
        // Resets the connection: in TIME_WAIT, it would keep the port from a service that is about to listen there.
        stream.set_zero_linger()?;
        return Err(ConnectError::SelfConnection);
    }
    Ok(stream)
}

/// Checks with the kernel that `target` is an address of this container, in addition to the bind that follows. With
/// `ip_nonlocal_bind` set, any address can be bound, and a connection to a foreign address would send its first packet
/// out. This check does not depend on that setting, and sends nothing.
fn prove_own_address(target: SocketAddr) -> io::Result<()> {
    match target.ip().to_canonical() {
        // The kernel sends packets from 127/8 through the loopback device only, unless route_localnet is set. For that
        // case, the socket is bound to the device.
        IpAddr::V4(address) if address.is_loopback() => Ok(()),
        // This option names an interface by its address. The kernel accepts only an address of this container.
        IpAddr::V4(address) => {
            SockRef::from(&net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?).set_multicast_if_v4(&address)
        }
        // For a destination in this container, the kernel chooses the destination itself as the source: RFC 6724, rule
        // 1. For IPv4, it would choose the primary address of the interface.
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
        // The kernel returns EAFNOSUPPORT if it has no IPv6 at all.
        Some(libc::EADDRNOTAVAIL | libc::EAFNOSUPPORT) => ConnectError::ForeignAddress,
        Some(libc::EADDRINUSE) => ConnectError::NoLocalPort,
        _ => ConnectError::Io(error),
    }
}

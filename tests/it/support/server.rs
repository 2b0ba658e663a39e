//! Servers of our own, which do what no decent server would.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub const LOCALHOST6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// A server on a port that the kernel chose.
pub struct Server {
    pub port: u16,
    requests: Receiver<String>,
    _refused: Option<Socket>,
}

impl Server {
    /// Serves each connection to 127.0.0.1 by `serve`, once its request head is there.
    pub fn start(serve: impl FnMut(TcpStream) + Send + 'static) -> Self {
        Self::start_on(LOCALHOST, serve)
    }

    /// The same on another address.
    pub fn start_on(address: IpAddr, serve: impl FnMut(TcpStream) + Send + 'static) -> Self {
        Self::start_at(SocketAddr::new(address, 0), serve)
    }

    /// The same on a port of the caller's choice, which is free for sure in a network namespace alone.
    pub fn start_at(address: SocketAddr, mut serve: impl FnMut(TcpStream) + Send + 'static) -> Self {
        let (listener, port, refused) = listen_alone(address);
        let (sender, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                // A test that has seen enough hangs up.
                let _ = sender.send(request_head(&mut stream));
                serve(stream);
            }
        });
        Self { port, requests, _refused: refused }
    }

    /// The same, once the connection is there: what does not speak HTTP/1.1 has no head.
    pub fn greeting(mut serve: impl FnMut(TcpStream) + Send + 'static) -> Self {
        let (listener, port, refused) = listen_alone(SocketAddr::new(LOCALHOST, 0));
        let (_, requests) = channel();
        thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.expect("a connection"))));
        Self { port, requests, _refused: refused }
    }

    /// Answers each request with `answer`, whatever it was, and closes.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |mut stream| drop(stream.write_all(&answer)))
    }

    /// Accepts, and says nothing until the client has gone.
    pub fn silent() -> Self {
        Self::start(|stream| drop(until_closed(stream)))
    }

    /// The next request head.
    pub fn request(&self) -> String {
        self.requests.recv_timeout(PATIENCE).expect("a request")
    }

    /// Whether nothing has connected since the last [`Server::request`].
    pub fn untouched(&self) -> bool {
        self.requests.try_recv().is_err()
    }

    /// This server as an HTTP target.
    pub fn http(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// This server as a TCP target.
    pub fn tcp(&self) -> String {
        format!("tcp://localhost:{}", self.port)
    }
}

/// A listener on a port that the other family's loopback address refuses: another test's server might be given the
/// same port there, and its answers be taken for this one's.
pub fn listen_alone(address: SocketAddr) -> (TcpListener, u16, Option<Socket>) {
    let other = if address.is_ipv4() { LOCALHOST6 } else { LOCALHOST };
    loop {
        let listener = TcpListener::bind(address).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        match bound(SocketAddr::new(other, port)) {
            Ok(refused) => return (listener, port, Some(refused)),
            Err(error) if error.kind() == ErrorKind::AddrInUse && address.port() == 0 => {}
            // There is no such address to connect to.
            Err(error) if error.kind() == ErrorKind::AddrNotAvailable => return (listener, port, None),
            Err(error) => panic!("{other}:{port}: {error}"),
        }
    }
}

/// A socket that holds its port without listening, so that connections are refused.
fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A port that both loopback addresses refuse, for as long as the value lives.
pub struct ClosedPort {
    pub port: u16,
    _refused: (Socket, Option<Socket>),
}

impl ClosedPort {
    pub fn new() -> Self {
        let (listener, port, refused) = listen_alone(SocketAddr::new(LOCALHOST, 0));
        let socket = Socket::from(listener);
        // A listener that shuts down gives up listening and keeps its port.
        socket.shutdown(std::net::Shutdown::Both).expect("it is a listener");
        Self { port, _refused: (socket, refused) }
    }
}

/// A listener that has no room for another connection, its address, and the one that waits there.
pub fn full_backlog() -> (TcpListener, SocketAddr, TcpStream) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::new(LOCALHOST, 0).into()).expect("a free port");
    socket.listen(0).expect("it is bound");
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().expect("an address");
    let waiting = TcpStream::connect(address).expect("room for one");
    (listener, address, waiting)
}

/// What the client sends up to the empty line that ends its request head, or up to its end.
fn request_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        head.extend(byte);
    }
    String::from_utf8(head).expect("lprobe sends ASCII")
}

/// What else the client sends, until it closes or resets.
pub fn until_closed(mut stream: TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut rest);
    rest
}

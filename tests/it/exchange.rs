//! `--send` and `--expect` on TCP, Unix sockets and UDP, and what a preset makes of replies that no real server gives.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::support::lprobe;
use crate::support::server::ClosedPort;
use socket2::{Domain, SockAddr, Socket, Type};

/// Serves one connection: reads `request`, and then says `reply`, piece by piece.
fn replying(request: &'static [u8], reply: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.set_nodelay(true).expect("a connection");
        let mut received = vec![0; request.len()];
        stream.read_exact(&mut received).expect("as many bytes");
        assert_eq!(received, request);
        for piece in reply {
            stream.write_all(&piece).expect("the client listens");
            // A piece is to arrive by itself; if it does not, the test is only less of one.
            thread::sleep(Duration::from_millis(2));
        }
    });
    format!("127.0.0.1:{port}")
}

fn bytes(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    pieces.iter().map(|piece| piece.to_vec()).collect()
}

#[test]
fn a_reply_with_an_expected_text_is_healthy() {
    let target = |reply: &[&[u8]]| format!("tcp://{}", replying(b"", bytes(reply)));
    lprobe(["--expect=220 ", &target(&[b"220 ready\r\n"])]).healthy();
    lprobe(["--expect=ready", &target(&[b"220 re", b"ady\r\n"])]).healthy();
    lprobe(["--expect=nothing", "--expect=220", &target(&[b"220 ready\r\n"])]).healthy();
    lprobe(["--expect=220", &target(&[b"554 no\r\n"])]).unhealthy_saying(&["closed before an expected reply"]);
    lprobe(["--expect=220", &target(&[])]).unhealthy_saying(&["closed before an expected reply"]);
}

#[test]
fn only_the_first_four_kilobytes_are_looked_at() {
    let target = |before: usize| format!("tcp://{}", replying(b"", vec![vec![b'x'; before], b"ready".to_vec()]));
    lprobe(["--expect=ready", &target(4091)]).healthy();
    lprobe(["--expect=ready", &target(4092)]).unhealthy_saying(&["the reply is not an expected one"]);
}

#[test]
fn escapes_are_bytes() {
    let target = format!("tcp://{}", replying(b"a\r\n\t\0\xffA\\", bytes(&[b"\0\x01\xfe\r\n"])));
    lprobe([r"--send=a\r\n\t\0\xFf\x41\\", r"--expect=\0\x01\xfe\r\n", &target]).healthy();
    for bad in [r"\q", r"\", r"\x1", r"\xgg"] {
        lprobe([&format!("--send={bad}"), "tcp://:1"]).unhealthy_saying(&["--send", r"\xHH"]);
        lprobe([&format!("--expect={bad}"), "tcp://:1"]).unhealthy_saying(&["--expect", r"\xHH"]);
    }
    lprobe(["--expect=", "tcp://:1"]).unhealthy_saying(&["--expect"]);
}

#[test]
fn unix_sockets_are_reached() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("service.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 5];
            if stream.read_exact(&mut request).is_ok() && &request == b"ping\n" {
                stream.write_all(b"pong\n").expect("the client listens");
            }
        }
    });
    let target = format!("unix://{}", path.display());
    lprobe([&target]).healthy();
    lprobe([r"--send=ping\n", "--expect=pong", &target]).healthy();
    lprobe([r"--send=pang\n", "--expect=pong", &target]).unhealthy_saying(&["closed before an expected reply"]);
    lprobe([format!("unix://{}/none", folder.path().display())]).unhealthy_saying(&["No such file"]);
    full_backlog(&folder.path().join("full"));
    let deserted = folder.path().join("deserted");
    drop(UnixListener::bind(&deserted).expect("a socket"));
    lprobe([format!("unix://{}", deserted.display())]).unhealthy_saying(&["connection refused"]);
    lprobe(["unix://relative.sock"]).unhealthy_saying(&["absolute path"]);
    lprobe([format!("unix:///{}", "x".repeat(108))]).unhealthy_saying(&["107 bytes"]);
}

/// TCP tries again where a backlog is full, and so does a probe of a Unix socket.
fn full_backlog(path: &Path) {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
    socket.bind(&SockAddr::unix(path).expect("a path")).expect("a free name");
    socket.listen(0).expect("it is bound");
    let _waiting = UnixStream::connect(path).expect("room for one");
    let target = format!("unix://{}", path.display());
    lprobe(["--timeout=200ms", &target]).unhealthy_saying(&["no connection to ", "within 200 ms"]);
    let accepting = thread::spawn(move || {
        // The probe may come before this or after it.
        thread::sleep(Duration::from_millis(50));
        drop(socket.accept().expect("the one that waits"));
        socket
    });
    lprobe(["--timeout=30s", &target]).healthy();
    accepting.join().expect("it accepts");
}

#[test]
fn udp_needs_a_reply() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let port = socket.local_addr().expect("an address").port();
    thread::spawn(move || {
        let mut datagram = [0; 16];
        loop {
            let (length, client) = socket.recv_from(&mut datagram).expect("a datagram");
            let repeated =
                if &datagram[..length] == b"flood" { 100 } else { usize::from(&datagram[..length] == b"stall") };
            for _ in 0..repeated {
                socket.send_to(b"busy", client).unwrap_or_default();
            }
            if &datagram[..length] == b"ping" {
                // What is not expected is passed over.
                socket.send_to(b"busy", client).expect("it is sent");
                socket.send_to(b"pong", client).expect("it is sent");
            }
        }
    });
    let target = format!("udp://localhost:{port}");
    lprobe(["--timeout=200ms", "--send=stall", "--expect=pong", &target]).unhealthy_saying(&["no expected reply"]);
    lprobe(["--timeout=60s", "--send=flood", "--expect=pong", &target]).unhealthy_saying(&["not an expected one"]);
    lprobe(["--send=ping", "--expect=pong", &target]).healthy();
    lprobe(["--timeout=200ms", "--send=hello", "--expect=pong", &target])
        .unhealthy_saying(&["no expected reply within 200 ms"]);
    lprobe([&target]).unhealthy_saying(&["udp:// needs --send and --expect"]);
    lprobe(["--send=ping", &target]).unhealthy_saying(&["udp:// needs --send and --expect"]);
    let closed = ClosedPort::new();
    lprobe(["--send=ping", "--expect=pong", &format!("udp://127.0.0.1:{}", closed.port)])
        .unhealthy_saying(&["connection refused"]);
}

#[test]
fn presets_take_a_ready_servers_reply_and_no_other() {
    const STARTUP: &[u8] = b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0";
    const AMQP: &[u8] = b"AMQP\0\0\x09\x01";
    let error = |code: &str| {
        let fields = format!("SFATAL\0VFATAL\0C{code}\0Mno\0\0");
        let mut message = vec![b'E'];
        message.extend((fields.len() as u32 + 4).to_be_bytes());
        message.extend(fields.bytes());
        message
    };
    const LDAP: &[u8] = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0";
    const MQTT: &[u8] = b"\x10\x0c\0\x04MQTT\x04\x02\0\x0a\0\0";
    let (starting, no_role) = (error("57P03"), error("28000"));
    type Case<'a> = (&'a str, &'static [u8], &'a [&'a [u8]], bool);
    let cases: &[Case] = &[
        ("redis", b"PING\r\n", &[b"+PONG\r\n"], true),
        ("redis", b"PING\r\n", &[b"+PO", b"NG\r\n"], true),
        ("redis", b"PING\r\n", &[b"-NOAUTH Authentication required.\r\n"], true),
        ("redis", b"PING\r\n", &[b"-LOADING Redis is loading the dataset in memory\r\n"], false),
        ("redis", b"PING\r\n", &[b"+PO"], false),
        ("redis", b"PING\r\n", &[b"-NOAUTH Auth"], false),
        ("redis", b"PING\r\n", &[b"-ERR unknown command\r\n"], false),
        ("postgres", STARTUP, &[b"R\0\0\0\x08\0\0\0\0"], true),
        ("postgres", STARTUP, &[b"R\0\0", b"\0\x08\0\0\0", b"\0"], true),
        ("postgres", STARTUP, &[&no_role], true),
        ("postgres", STARTUP, &[&no_role[..20], &no_role[20..]], true),
        ("postgres", STARTUP, &[&starting], false),
        ("postgresql", STARTUP, &[&no_role], true),
        ("postgres", STARTUP, &[&no_role[..20]], false),
        ("postgres", STARTUP, &[b"E\0\0\0\x05\0"], false),
        ("postgres", STARTUP, &[b"R\0\0\0\x03"], false),
        ("postgres", STARTUP, &[b"E\xff\xff\xff\xff"], false),
        ("postgres", STARTUP, &[b"HTTP/1.1 400 Bad Request\r\n\r\n"], false),
        ("mysql", b"", &[b"\x17\0\0\0\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff"], true),
        ("mysql", b"", &[b"\x4a\0\0\0\x0a8.0.36\0"], false),
        ("mysql", b"", &[b"\x08\0\0\0\x0a8.0.36\0"], false),
        ("mysql", b"", &[b"\0\0\0\0\x0a8.0.36\0"], false),
        ("mysql", b"", &[b"\x1c\0", b"\0\0", b"\x0a5.5.5-10.11\0\x08\0\0\0abcdefgh\0\xff\xff"], true),
        ("mysql", b"", &[b"\x17\0\0\0\xff\x10\x04Too many connections"], false),
        ("mysql", b"", &[b"\x4a\0\0\0"], false),
        ("mysql", b"", &[b"220 mail.example ESMTP\r\n"], false),
        ("amqp", AMQP, &[b"\x01\0\0\0\0\0\x14\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x01P\0\0\0\x01e\xce"], true),
        ("amqp", AMQP, &[b"\x01\0\0\0\0\0\x14\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x01P\0\0\0\x01e\x00"], false),
        ("amqp", AMQP, &[b"\x01\0\0\0\0\x01\xfc\0\x0a\0\x0a\0\x09"], false),
        ("amqp", AMQP, &[b"\x01\0\0\0\0\0", b"\x14\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x01P\0\0\0\x01e", b"\xce"], true),
        ("amqp", AMQP, &[b"\x01\0\0\0\0\0\x06\0\x0a\0\x0a\0\x09\xce"], false),
        ("amqp", AMQP, &[b"AMQP\0\0\x09\x01"], false),
        ("amqp", AMQP, &[b"\x01\0\0\0\0\x01\xfc\0\x0a\0\x32"], false),
        ("amqp", AMQP, &[b"\x01\0\0"], false),
        ("mqtt", MQTT, &[b"\x20\x02", b"\0\0"], true),
        ("mqtt", MQTT, &[b"\x20\x02\0\x05"], false),
        ("ldap", LDAP, &[b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0", b"\x04\0\x04\0"], true),
        ("ldap", LDAP, &[b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x34\x04\0\x04\0"], false),
        ("smtp", b"", &[b"220-mail.example\r\n", b"220 ready\r\n"], true),
        ("smtp", b"", &[b"421 too many connections\r\n"], false),
        ("smtp", b"", &[b"554 no mail here\r\n"], false),
        ("ssh", b"", &[b"SSH-2.0-", b"x\r\n"], true),
        ("ssh", b"", &[b"Exceeded MaxStartups\r\n"], false),
    ];
    for (scheme, request, reply, healthy) in cases {
        let outcome = lprobe([format!("{scheme}://{}", replying(request, bytes(reply)))]);
        match healthy {
            true => outcome.healthy(),
            false => outcome.unhealthy_saying(&[scheme, "reply"]),
        }
    }
}

/// Not only HTTP's: a server may listen on nothing else.
#[test]
fn a_unix_socket_takes_the_place_of_a_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).expect("a socket");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            // Who only connects is gone by now.
            let _ = stream.read(&mut [0; 64]).and_then(|_| stream.write_all(b"+PONG\r\n"));
        }
    });
    let socket = format!("--unix-socket={}", path.display());
    lprobe([&*socket, "redis://"]).healthy();
    lprobe([&*socket, "tcp://localhost:1"]).healthy();
    lprobe([&*socket, "--send=a", "--expect=PONG", "tcp://localhost:1"]).healthy();
    let outcome = lprobe([&*socket, "amqp://"]);
    outcome.unhealthy_saying(&[&format!("amqp:// on {}: the reply is not", path.display())]);
}

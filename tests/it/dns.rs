//! `dns://`, against servers of our own that answer as no decent one would. services/unbound.rs has a decent one.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use crate::support::lprobe;
use crate::support::server::{ClosedPort, LOCALHOST, LOCALHOST6, until_closed};

/// A query for the A records of `ns.example`, without its ID.
const QUERY: &[u8] = b"\x01\0\0\x01\0\0\0\0\0\0\x02ns\x07example\0\0\x01\0\x01";
const A: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01";
const LATE: &str = "no expected reply within 300 ms";

/// Makes an answer to a query, or all that are sent.
type Make = fn(&[u8]) -> Vec<u8>;
type MakeAll = fn(&[u8]) -> Vec<Vec<u8>>;

/// The answer to `query` with these flags, this number of answers, and what follows the question.
fn answer(query: &[u8], flags: [u8; 2], answers: u8, rest: &[u8]) -> Vec<u8> {
    [&query[..2], &flags, &[0, 1, 0, answers, 0, 0, 0, 0], &query[12..], rest].concat()
}

fn well(query: &[u8]) -> Vec<u8> {
    answer(query, [0x81, 0x80], 1, A)
}

fn truncated(query: &[u8]) -> Vec<u8> {
    answer(query, [0x83, 0x80], 0, b"")
}

/// Answers each query on this socket by these datagrams.
fn serve_udp(socket: UdpSocket, replies: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) {
    thread::spawn(move || {
        let mut query = [0; 512];
        loop {
            let (length, client) = socket.recv_from(&mut query).expect("a datagram");
            for reply in replies(&query[..length]) {
                // Who has seen enough is gone.
                let _ = socket.send_to(&reply, client);
            }
        }
    });
}

/// A server by UDP alone: its port, and what refuses TCP there.
fn udp_server(replies: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> ClosedPort {
    loop {
        let closed = ClosedPort::new();
        // Another test may have the port by UDP.
        if let Ok(socket) = UdpSocket::bind((LOCALHOST, closed.port)) {
            serve_udp(socket, replies);
            return closed;
        }
    }
}

/// A server by TCP, and by UDP if it has `replies` there. `serve` gets a query.
fn tcp_server(replies: Option<MakeAll>, serve: impl Fn(&mut TcpStream, &[u8]) + Send + 'static) -> String {
    let (listener, port) = loop {
        let listener = TcpListener::bind((LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        match (UdpSocket::bind((LOCALHOST, port)), replies) {
            (Ok(socket), Some(replies)) => serve_udp(socket, replies),
            (Ok(_), None) => {}
            (Err(_), _) => continue,
        }
        break (listener, port);
    };
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            stream.set_nodelay(true).expect("a connection");
            let mut query = vec![0; 2 + 2 + QUERY.len()];
            stream.read_exact(&mut query).expect("a query");
            assert_eq!(query[..2], [0, 28], "its length");
            serve(&mut stream, &query[2..]);
        }
    });
    format!("dns://127.0.0.1:{port}/ns.example")
}

fn target(server: &ClosedPort) -> String {
    format!("dns://127.0.0.1:{}/ns.example", server.port)
}

/// A message as TCP carries it.
fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes(), message].concat()
}

#[test]
fn no_error_is_healthy() {
    let answers: [Make; 4] = [
        well,
        // No such record; authoritative, and with bits that RFC 1035 does not know.
        |query| answer(query, [0x81, 0x80], 0, b""),
        |query| answer(query, [0x85, 0xb0], 0, b""),
        |query| {
            let mut answer = well(query);
            answer[12..23].make_ascii_uppercase();
            answer
        },
    ];
    for answer in answers {
        let server = udp_server(move |query| {
            assert_eq!(query[2..], *QUERY);
            vec![answer(query)]
        });
        lprobe(["--timeout=60s", &target(&server)]).healthy();
        lprobe(["--timeout=60s", &format!("dns://localhost:{}/ns.example.", server.port)]).healthy();
    }
}

#[test]
fn an_error_is_named() {
    for (code, words) in
        [(1, "FORMERR"), (2, "SERVFAIL"), (3, "NXDOMAIN"), (4, "NOTIMP"), (5, "REFUSED"), (9, "9"), (15, "15")]
    {
        let words = format!("/ns.example: the server answered {words}, expected NOERROR");
        let server = udp_server(move |query| vec![answer(query, [0x81, 0x80 | code], 0, b"")]);
        lprobe(["--timeout=60s", &target(&server)]).unhealthy_saying(&[&words]);
        let without_question = udp_server(move |query| vec![[&query[..2], &[0x81, 0x80 | code], &[0; 8][..]].concat()]);
        lprobe(["--timeout=60s", &target(&without_question)]).unhealthy_saying(&[&words]);
    }
}

/// What is no answer to the query, of which there may be some.
#[test]
fn other_datagrams_are_ignored() {
    let others: [Make; 9] = [
        |query| [&[!query[0]], &well(query)[1..]].concat(),
        |query| [&query[..1], &[!query[1]], &well(query)[2..]].concat(),
        <[u8]>::to_vec,
        |query| answer(query, [0xa9, 0x80], 1, A),
        |query| answer(&[&query[..14], b"x", &query[15..]].concat(), [0x81, 0x80], 1, A),
        |query| [&query[..2], &[0x81, 0x80], &[0; 8][..]].concat(),
        |query| well(query)[..11].to_vec(),
        |query| well(query)[..12 + 15].to_vec(),
        |_| Vec::new(),
    ];
    for other in others {
        let server = udp_server(move |query| vec![other(query)]);
        lprobe(["--timeout=300ms", &target(&server)]).unhealthy_saying(&[LATE]);
        let server = udp_server(move |query| [vec![other(query); 63], vec![well(query)]].concat());
        lprobe(["--timeout=60s", &target(&server)]).healthy();
        let server = udp_server(move |query| [vec![other(query); 64], vec![well(query)]].concat());
        lprobe(["--timeout=60s", &target(&server)]).unhealthy_saying(&["the reply is not an expected one"]);
    }
}

#[test]
fn silence_and_half_an_answer_are_unhealthy() {
    let silent = udp_server(|_| Vec::new());
    lprobe(["--timeout=300ms", &target(&silent)]).unhealthy_saying(&[LATE]);
    for cut in 1..=A.len() {
        let server = udp_server(move |query| vec![answer(query, [0x81, 0x80], 1, &A[..A.len() - cut])]);
        lprobe(["--timeout=60s", &target(&server)]).unhealthy_saying(&["the answer ends before its records do"]);
    }
    let slow = udp_server(|query| {
        thread::sleep(Duration::from_millis(50));
        vec![well(query)]
    });
    lprobe(["--timeout=60s", "--max-latency=20ms", &target(&slow)]).unhealthy_saying(&["healthy, but after"]);
}

#[test]
fn a_truncated_answer_is_asked_for_by_tcp() {
    const TRUNCATED: Option<MakeAll> = Some(|query| vec![truncated(query), well(query)]);
    const NONE: &str = "the answer by UDP is truncated, and no whole one came by TCP";
    let saying = |message: Make| {
        tcp_server(TRUNCATED, move |stream, query| {
            assert_eq!(query[2..], *QUERY);
            stream.write_all(&framed(&message(query))).expect("the client listens");
        })
    };
    lprobe(["--timeout=60s", &saying(well)]).healthy();
    // Longer than a datagram, and longer than what is read of any reply.
    lprobe(["--timeout=60s", &saying(|query| answer(query, [0x81, 0x80], 200, &A.repeat(200)))]).healthy();
    let long = saying(|query| answer(query, [0x81, 0x80], 255, &A.repeat(255)));
    lprobe(["--timeout=60s", &long]).unhealthy_saying(&[NONE]);
    lprobe(["--timeout=60s", &saying(|query| answer(query, [0x81, 0x83], 0, b""))]).unhealthy_saying(&["NXDOMAIN"]);
    lprobe(["--timeout=60s", &saying(truncated)]).unhealthy_saying(&[NONE]);
    lprobe(["--timeout=60s", &saying(|query| well(query)[..30].to_vec())])
        .unhealthy_saying(&["ends before its records"]);
    let others: [Make; 3] = [|query| [&[!query[0]], &well(query)[1..]].concat(), <[u8]>::to_vec, |_| Vec::new()];
    for other in others {
        lprobe(["--timeout=60s", &saying(other)]).unhealthy_saying(&["the reply is not an expected one"]);
    }

    let in_bytes = tcp_server(TRUNCATED, |stream, query| {
        framed(&well(query)).iter().for_each(|&byte| stream.write_all(&[byte]).expect("the client listens"));
        let _ = until_closed(stream.try_clone().expect("a handle"));
    });
    lprobe(["--timeout=60s", &in_bytes]).healthy();
    for length in [0, 1, 2, 20, 45] {
        let early = tcp_server(TRUNCATED, move |stream, query| {
            stream.write_all(&framed(&well(query))[..length]).expect("the client listens");
        });
        lprobe(["--timeout=60s", &early]).unhealthy_saying(&[NONE]);
    }
    let stalled = tcp_server(TRUNCATED, |stream, query| {
        stream.write_all(&framed(&well(query))[..40]).expect("the client listens");
        let _ = until_closed(stream.try_clone().expect("a handle"));
    });
    lprobe(["--timeout=300ms", &stalled]).unhealthy_saying(&[LATE]);
    let without_tcp = udp_server(|query| vec![truncated(query)]);
    lprobe(["--timeout=60s", &target(&without_tcp)]).unhealthy_saying(&[NONE]);
}

#[test]
fn a_port_that_refuses_datagrams_is_asked_by_tcp() {
    let server = tcp_server(None, |stream, query| stream.write_all(&framed(&well(query))).expect("the client listens"));
    lprobe(["--timeout=60s", &server]).healthy();
    let closed = ClosedPort::new();
    lprobe(["--timeout=60s", &target(&closed)]).unhealthy_saying(&["ns.example: 127.0.0.1: connection refused"]);
    let localhost = format!("dns://localhost:{}/ns.example", closed.port);
    lprobe(["--timeout=60s", &localhost]).unhealthy_saying(&["127.0.0.1: connection refused, ::1: connection refused"]);
}

#[test]
fn localhost_may_be_either_address() {
    let closed = loop {
        let closed = ClosedPort::new();
        if let Ok(socket) = UdpSocket::bind((LOCALHOST6, closed.port)) {
            serve_udp(socket, |query| vec![well(query)]);
            break closed;
        }
    };
    let localhost = format!("dns://localhost:{}/ns.example", closed.port);
    lprobe(["--timeout=60s", &localhost]).healthy();
    lprobe(["--timeout=60s", "--ipv6", &localhost]).healthy();
    lprobe(["--timeout=60s", &target(&closed)]).unhealthy_saying(&["connection refused"]);
}

#[test]
fn the_longest_name_and_the_root_are_asked_for() {
    let server = udp_server(|query| vec![answer(query, [0x81, 0x80], 0, b"")]);
    let longest = format!(
        "{}.{}",
        [[b'x'; 63]; 3].map(|label| String::from_utf8_lossy(&label).into_owned()).join("."),
        "y".repeat(61)
    );
    assert_eq!(longest.len(), 253);
    for name in [&*longest, &format!("{longest}."), ".", "a.b_c.D-1", "x"] {
        lprobe(["--timeout=60s", &format!("dns://127.0.0.1:{}/{name}", server.port)]).healthy();
    }
    for name in
        ["", "/", "..", "a..b", ".a", "a b", "a/b", "a?b", "a#b", "\u{e9}", &"x".repeat(64), &format!("y{longest}")]
    {
        lprobe([format!("dns://:53/{name}")]).unhealthy_saying(&["expected a DNS name, as in dns://:53/localhost"]);
    }
    lprobe(["dns://:53"]).unhealthy_saying(&["\"dns://:53\": expected a DNS name"]);
    lprobe(["dns://example.com/x"]).unhealthy_saying(&["only reaches its own container"]);
    lprobe(["dns://127.0.0.11/x"]).unhealthy_saying(&["forwards queries"]);
    for option in ["--send=x", "--expect=x", "--unix-socket=/x"] {
        let name = option.split('=').next().expect("a name");
        lprobe([option, "dns://:53/x"]).unhealthy_saying(&[name, "there is no such target"]);
    }
}

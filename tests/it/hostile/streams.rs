//! Sockets: TCP, Unix and UDP, and the servers whose handshake is known.

use std::time::Duration;

use lprobe::door::SERVICES;

use super::Verdict::{self, Healthy, Late, Unhealthy};
use super::{Case, case, refused, run_all};
use crate::support::script::Step::{self, Await, Drip, HalfClose, Pause, Repeat, Reset, Send, Silence};

const CLOSED: Verdict = Unhealthy("closed before an expected reply");
const UNEXPECTED: Verdict = Unhealthy("the reply is not an expected one");
const LATE: Verdict = Late("no expected reply");
const RESET: Verdict = Unhealthy("Connection reset by peer");

/// A protocol: how to probe it, what the server is sent first, and a reply that is healthy.
pub struct Protocol {
    pub arguments: &'static [&'static str],
    pub sent: &'static [u8],
    pub reply: &'static [u8],
}

const PROTOCOLS: &[Protocol] = &[
    Protocol { arguments: &["tcp://:PORT", "--expect=ready\\n"], sent: b"", reply: b"220 ready\n" },
    Protocol { arguments: &["tcp://:PORT", "--send=ping\\n", "--expect=pong"], sent: b"ping\n", reply: b"pong" },
    Protocol { arguments: &["unix://SOCKET", "--send=ping\\n", "--expect=pong"], sent: b"ping\n", reply: b"pong" },
    Protocol { arguments: &["redis://:PORT"], sent: b"PING\r\n", reply: b"+PONG\r\n" },
    Protocol { arguments: &["redis://:PORT"], sent: b"PING\r\n", reply: b"-NOAUTH Authentication required.\r\n" },
    Protocol { arguments: &["postgres://:PORT"], sent: b"postgres\0\0", reply: b"R\0\0\0\x08\0\0\0\0" },
    Protocol { arguments: &["postgres://:PORT"], sent: b"postgres\0\0", reply: b"E\0\0\0\x0cC28000\0\0" },
    Protocol { arguments: &["mysql://:PORT"], sent: b"", reply: b"\x15\0\0\0\x0a10.6\0\x08\0\0\0abcdefgh\0\xff\xff" },
    Protocol {
        arguments: &["amqp://:PORT"],
        sent: b"AMQP\0\0\x09\x01",
        reply: b"\x01\0\0\0\0\0\x14\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x01P\0\0\0\x01e\xce",
    },
    Protocol { arguments: &["nats://:PORT"], sent: b"", reply: b"INFO {\"server_id\":\"N\"} \r\n" },
    Protocol { arguments: &["memcached://:PORT"], sent: b"version\r\n", reply: b"VERSION 1.6.18\r\n" },
    Protocol {
        arguments: &["mongodb://:PORT"],
        sent: b"admin\0\0",
        reply: b"\x26\0\0\0\x07\0\0\0\x01\0\0\0\xdd\x07\0\0\0\0\0\0\0\
            \x11\0\0\0\x01ok\0\0\0\0\0\0\0\xf0\x3f\0",
    },
    Protocol {
        arguments: &["kafka://:PORT"],
        sent: b"lprobe",
        reply: b"\0\0\0\x10\0\0\0\x01\0\0\0\0\0\x01\0\x12\0\0\0\x04",
    },
    Protocol {
        arguments: &["cassandra://:PORT"],
        sent: b"\x04\0\0\0\x05\0\0\0\0",
        reply: b"\x84\0\0\0\x06\0\0\0\x18\0\x01\0\x0bCQL_VERSION\0\x01\0\x053.4.5",
    },
    Protocol {
        arguments: &["cassandra://:PORT"],
        sent: b"\x04\0\0\0\x05\0\0\0\0",
        reply: b"\x85\0\0\0\0\0\0\0\x08\0\0\0\x0a\0\x02no",
    },
    Protocol { arguments: &["mqtt://:PORT"], sent: b"MQTT\x04\x02\0\x0a\0\0", reply: b"\x20\x02\0\0" },
    Protocol {
        arguments: &["ldap://:PORT"],
        sent: b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0",
        reply: b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0",
    },
    Protocol { arguments: &["smtp://:PORT"], sent: b"", reply: b"220-mail.example ESMTP\r\n220 ready\r\n" },
    Protocol { arguments: &["ssh://:PORT"], sent: b"", reply: b"hello\r\nSSH-2.0-OpenSSH_9.2\r\n" },
];

#[test]
fn every_service_is_in_the_table() {
    for service in SERVICES {
        let target = format!("{}://:PORT", service.scheme);
        assert!(PROTOCOLS.iter().any(|protocol| protocol.arguments[0] == target), "add {target} to PROTOCOLS");
    }
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn no_reply_is_taken_for_a_healthy_one() {
    let mut table = Vec::new();
    for protocol in PROTOCOLS {
        stages(&mut table, protocol, LATE);
        garbage(&mut table, protocol);
    }
    connections(&mut table);
    run_all(table);
}

/// Each place where a reply can be cut.
pub fn stages(table: &mut Vec<Case>, &Protocol { arguments, sent, reply }: &Protocol, late: Verdict) {
    let unix = arguments[0].contains("SOCKET");
    table.push(refused(arguments, if unix { "No such file" } else { "connection refused" }));
    let mut add = |name: String, verdict, script: &[Step]| table.push(case(name, arguments, verdict, script));
    add("accept and close".into(), Unhealthy(""), &[]);
    add("accept and reset".into(), Unhealthy(""), &[Reset]);
    add("accept and say nothing".into(), late, &[Silence]);
    for length in 0..=reply.len() {
        let cut = Send(reply[..length].into());
        let unless = |unhealthy| if length < reply.len() { unhealthy } else { Healthy };
        add(format!("close at {length}"), unless(CLOSED), &[Await(sent), cut.clone()]);
        add(format!("end at {length}"), unless(CLOSED), &[Await(sent), cut.clone(), HalfClose]);
        // A Unix socket knows no reset. Where no request is awaited, it may come before the connection is known to be open.
        let reset = if unix { CLOSED } else { RESET };
        if !sent.is_empty() || length < reply.len() {
            add(format!("reset at {length}"), unless(reset), &[Await(sent), cut.clone(), Reset]);
        }
        add(format!("silence at {length}"), unless(late), &[Await(sent), cut, Silence]);
    }
    let drip = |pause| [Await(sent), Drip(reply.into(), Duration::from_millis(pause)), Silence];
    add("one byte at a time".into(), Healthy, &drip(1));
    add("slowly".into(), late, &drip(60));
    let (first, rest) = reply.split_at(3);
    let pause = Pause(Duration::from_millis(50));
    add("a pause".into(), Healthy, &[Await(sent), Send(first.into()), pause, Send(rest.into()), Silence]);
}

/// What is not a reply, from the start or from its first bytes on, once and without end.
fn garbage(table: &mut Vec<Case>, &Protocol { arguments, sent, reply }: &Protocol) {
    for begin in [0, 1, 2].map(|length| &reply[..length]) {
        for other in [
            &b"x"[..],
            b"\0",
            b"\xff",
            b"\r\n",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"\x15\x03\x03\0\x02\x02\x46",
            b"\0\0\0\x04\0\0\0\0\0",
        ] {
            let name = format!("{} and then {}", begin.escape_ascii(), other.escape_ascii());
            // These are the healthy reply of MQTT, and more.
            if [begin, &other.repeat(reply.len())].concat().starts_with(reply) {
                continue;
            }
            let begins = [Await(sent), Send(begin.into())];
            let flood = [&begins[..], &[Repeat(other.into())]].concat();
            table.push(case(format!("{name} without end"), arguments, UNEXPECTED, &flood));
            let once = [&begins[..], &[Send(other.into()), HalfClose]].concat();
            table.push(case(name, arguments, Unhealthy("reply"), &once));
        }
    }
}

/// Where an open connection is enough.
fn connections(table: &mut Vec<Case>) {
    for target in ["tcp://:PORT", "unix://SOCKET"] {
        for (name, script) in [
            ("accept and close", &[][..]),
            ("accept and say nothing", &[Silence]),
            ("garbage without end", &[Repeat(b"\0\xff".into())]),
        ] {
            table.push(case(name, &[target], Healthy, script));
        }
        table.push(refused(&[target], if target.starts_with("tcp") { "connection refused" } else { "No such file" }));
    }
    // HTTP on a Unix socket, which is another kind of connection and the same code behind it.
    let socket = ["--unix-socket=SOCKET", "http://localhost/"];
    let closed = Unhealthy("closed before a complete response head");
    table.push(refused(&socket, "No such file"));
    for (name, verdict, script) in [
        ("an answer", Healthy, &[Await(b"\r\n\r\n"), Send(b"HTTP/1.1 200 OK\r\n\r\n".into())][..]),
        ("close", closed, &[Await(b"\r\n\r\n")]),
        ("close in the middle", closed, &[Await(b"\r\n\r\n"), Send(b"HTTP/1.1 200 OK\r\n".into())]),
        ("silence", Late("no complete response head"), &[Await(b"\r\n\r\n"), Silence]),
        ("endless", Unhealthy(""), &[Await(b"\r\n\r\n"), Send(b"HTTP/1.1 200 ".into()), Repeat(b"x".into())]),
    ] {
        table.push(case(name, &socket, verdict, script));
    }
}

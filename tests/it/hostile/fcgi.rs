//! FastCGI: answers that are cut, slow, or without end.

use std::time::Duration;

use super::Verdict::{self, Healthy, Late, Unhealthy};
use super::streams::{Protocol, stages};
use super::{Case, case, run_all};
use crate::support::script::Step::{self, Await, Drip, HalfClose, Repeat, Send};

/// What ends the request.
const SENT: &[u8] = b"\x01\x04\0\x01\0\0\0\0\x01\x05\0\x01\0\0\0\0";

/// For each, a text that must be there, and one that must not.
const PROTOCOLS: [Protocol; 3] = [
    Protocol {
        arguments: &["fcgi://:PORT/ping", "--lacks=sick"],
        sent: SENT,
        reply:
            b"\x01\x06\0\x01\0\x0a\x02\0A: b\n\npong..\x01\x06\0\x01\0\0\0\0\x01\x03\0\x01\0\x08\0\0\0\0\0\0\0\0\0\0",
    },
    Protocol {
        arguments: &["fcgi://:PORT/ping", "--contains=pong"],
        sent: SENT,
        reply: b"\x01\x06\0\x01\0\x08\0\0A: b\n\npo\x01\x07\0\x01\0\x01\0\0!\x01\x06\0\x01\0\x02\0\0ng",
    },
    Protocol {
        arguments: &["--unix-socket=SOCKET", "fcgi:///ping"],
        sent: SENT,
        reply: b"\x01\x06\0\x01\0\x06\0\0A: b\n\n",
    },
];

const STDOUT: u8 = 6;
const STDERR: u8 = 7;

fn record(kind: u8, content: &[u8], padding: u8) -> Vec<u8> {
    let [high, low] = (content.len() as u16).to_be_bytes();
    [&[1, kind, 0, 1, high, low, padding, 0], content, &vec![0; padding.into()]].concat()
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn no_answer_of_fastcgi_is_taken_for_a_healthy_one() {
    let mut table = Vec::new();
    for protocol in &PROTOCOLS {
        // What is awaited changes once the head has come.
        stages(&mut table, protocol, Late(""));
        garbage(&mut table, protocol);
        endless(&mut table, protocol);
    }
    run_all(table);
}

/// What is no answer, from the start or from its first bytes on, once and without end.
fn garbage(table: &mut Vec<Case>, &Protocol { arguments, sent, reply }: &Protocol) {
    // 8 bytes and an empty line are a head, as they are for nginx and Apache.
    for length in [0, 1, 2, 9, 11] {
        for other in
            [&b"x"[..], b"\0", b"\xff", b"\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x01", b"\x01\x06\0\x01"]
        {
            let name = format!("{length} bytes and then {}", other.escape_ascii());
            let begins = [Await(sent), Send(reply[..length].into())];
            let flood = [&begins[..], &[Repeat(other.into())]].concat();
            let once = [&begins[..], &[Send(other.into()), HalfClose]].concat();
            table.push(case(format!("{name} without end"), arguments, Unhealthy(""), &flood));
            table.push(case(name, arguments, Unhealthy(""), &once));
        }
    }
}

/// What goes on for as long as it is read, in records that are right.
fn endless(table: &mut Vec<Case>, &Protocol { arguments, sent, .. }: &Protocol) {
    const ENDLESS: Verdict = Unhealthy("no end of the answer within 1 MiB");
    let needs_end = arguments.contains(&"--lacks=sick");
    let needs_text = arguments.contains(&"--contains=pong");
    let body = match () {
        () if needs_text => Unhealthy("is not in the first 64 KiB of the body"),
        () if needs_end => Unhealthy("the body is longer than 64 KiB, and --lacks reads no more"),
        () => Healthy,
    };
    let head = record(STDOUT, b"A: b\r\n\r\n", 0);
    let mut add = |name: &str, verdict, script: &[Step]| table.push(case(name, arguments, verdict, script));
    for (name, kind, content, padding) in [
        ("empty records", STDOUT, &b""[..], 0),
        ("padding", STDOUT, b"", 255),
        ("messages", STDERR, b"Status: 200\r\n\r\npong", 7),
        ("empty messages", STDERR, b"", 0),
    ] {
        let records = Repeat(record(kind, content, padding));
        add(name, ENDLESS, &[Await(sent), records.clone()]);
        let after_head = if needs_end || needs_text { ENDLESS } else { Healthy };
        add(&format!("{name} after the head"), after_head, &[Await(sent), Send(head.clone()), records]);
    }
    for (name, line) in [
        ("a line", b"x".to_vec()),
        ("a value", b"a: b".to_vec()),
        ("CR", b"\r".to_vec()),
        ("headers", b"a: b\r\n".to_vec()),
        ("many headers", b"Status: 200 OK\r\n".repeat(4000)),
        ("a long header", [b"a: ".to_vec(), vec![b'x'; 60_000], b"\r\n".to_vec()].concat()),
    ] {
        add(&format!("{name} without end"), ENDLESS, &[Await(sent), Repeat(record(STDOUT, &line, 0))]);
    }
    for (name, content) in [("bytes", &b"x"[..]), ("a record of 64 KiB", &[b'x'; 0xffff])] {
        let records = Repeat(record(STDOUT, content, 0));
        add(&format!("a body of {name} without end"), body, &[Await(sent), Send(head.clone()), records]);
    }
    let drip = Drip(record(STDOUT, b"A: b\r\n", 0).repeat(1000), Duration::from_millis(3));
    add("a head without end, slowly", Late("no expected reply"), &[Await(sent), drip]);
    for line in [&b"a: b\r\n"[..], &[b'x'; 0xffff]] {
        table.push(case("a head", arguments, ENDLESS, &[Await(sent), Repeat(record(STDOUT, line, 0))]).eight());
    }
}

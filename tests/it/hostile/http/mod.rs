//! HTTP/1.1.

mod floods;

use std::io::Write;
use std::time::Duration;

use super::Verdict::{self, Healthy, Late, Unhealthy};
use super::{Case, case, refused, run_all};
use crate::support::measured;
use crate::support::script::Step::{self, Await, Drip, HalfClose, Pause, Repeat, Reset, Send, Silence};
use crate::support::server::{Server, until_closed};
use floods::floods;

/// All of an answer that is healthy, with whatever `--contains` may ask for.
const ANSWER: &str = "HTTP/1.1 200 OK\r\nServer: a\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n\
    4;x=y\r\nall \r\n7\r\nis well\r\n0\r\nX: y\r\n\r\n";
const CLOSED: Verdict = Unhealthy("closed before a complete response head");
const NO_ANSWER: Verdict = Unhealthy("no HTTP/1.1 answer");
const BROKEN: Verdict = Unhealthy("the body is broken: ");
const CUT: Verdict = Unhealthy("closed in the middle of the body");
const ENDLESS: Verdict = Unhealthy("no HTTP/1.1 answer: no end within 64 KiB");
const LACKS: Verdict = Unhealthy("--contains (number 1) is not in the first 64 KiB");

/// What a probe is told, and what it makes of that: without a word on the body, and where it must have "well".
struct Table(Vec<Case>);

const PLAIN: &[&str] = &["http://localhost:PORT/"];
const CONTAINS: &[&str] = &["http://localhost:PORT/", "--contains=well"];

impl Table {
    fn add(&mut self, name: impl Into<String>, arguments: &[&str], verdict: Verdict, script: &[Step]) {
        self.0.push(case(name, arguments, verdict, script));
    }

    /// The request is read, and `answer` given in one piece.
    fn answer(&mut self, answer: impl AsRef<[u8]>, plain: Verdict, contains: Verdict) {
        let answer = answer.as_ref();
        let name = answer.escape_ascii().to_string();
        for (arguments, verdict) in [(PLAIN, plain), (CONTAINS, contains)] {
            self.add(&name, arguments, verdict, &[REQUEST, Send(answer.into())]);
        }
    }

    /// The head decides.
    fn head(&mut self, answer: impl AsRef<[u8]>, verdict: Verdict) {
        let answer = answer.as_ref();
        self.add(answer.escape_ascii().to_string(), PLAIN, verdict, &[REQUEST, Send(answer.into())]);
    }
}

const REQUEST: Step = Await(b"\r\n\r\n");

#[ignore = "needs dist/: run `make test`"]
#[test]
fn no_answer_is_taken_for_a_healthy_one() {
    let mut table = Table(Vec::new());
    stages(&mut table);
    heads(&mut table);
    bodies(&mut table);
    floods(&mut table);
    run_all(table.0);
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn no_flood_makes_eight_targets_late() {
    let mut table = Table(Vec::new());
    floods(&mut table);
    run_all(table.0.into_iter().map(Case::eight).collect());
}

/// Each place where an answer can be cut.
fn stages(table: &mut Table) {
    let head = ANSWER.find("\r\n\r\n").expect("its end") + 4;
    let text = ANSWER.find("well").expect("a text") + 4;
    table.0.push(refused(PLAIN, "connection refused"));
    table.add("accept and close", PLAIN, Unhealthy(""), &[]);
    table.add("accept and reset", PLAIN, Unhealthy(""), &[Reset]);
    table.add("accept and say nothing", PLAIN, Late("no complete response head"), &[Silence]);
    table.add("accept and end", PLAIN, Unhealthy("closed before"), &[HalfClose]);
    for length in 0..=ANSWER.len() {
        let cut = Send(ANSWER[..length].into());
        for (arguments, enough, awaited) in
            [(PLAIN, head, "no complete response head"), (CONTAINS, text, "no text of --contains")]
        {
            let awaited = if length < head { "no complete response head" } else { awaited };
            let at = |how: &str| format!("{how} at {length}");
            let unless = |unhealthy| if length < enough { unhealthy } else { Healthy };
            let closed = if length < head { CLOSED } else { CUT };
            table.add(at("close"), arguments, unless(closed), &[REQUEST, cut.clone()]);
            table.add(at("end"), arguments, unless(closed), &[REQUEST, cut.clone(), HalfClose]);
            table.add(at("reset"), arguments, unless(Unhealthy("reset by peer")), &[REQUEST, cut.clone(), Reset]);
            if length % 4 == 0 || (head - 4..=head).contains(&length) {
                table.add(at("silence"), arguments, unless(Late(awaited)), &[REQUEST, cut.clone(), Silence]);
            }
        }
    }
    let drip = |pause| [REQUEST, Drip(ANSWER.into(), Duration::from_millis(pause)), Silence];
    table.add("one byte at a time", PLAIN, Healthy, &drip(1));
    table.add("one byte at a time", CONTAINS, Healthy, &drip(1));
    table.add("slowly", PLAIN, Late("no complete response head"), &drip(20));
    table.add("slowly", CONTAINS, Late("no complete response head"), &drip(20));
    let (head, body) = ANSWER.split_at(head);
    let paused = [REQUEST, Send(head.into()), Pause(Duration::from_millis(50)), Send(body.into())];
    table.add("a pause before the body", PLAIN, Healthy, &paused);
    table.add("a pause before the body", CONTAINS, Healthy, &paused);
}

/// What stands for a head.
fn heads(table: &mut Table) {
    for half in
        ["H", "HTTP", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 2", "HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200 OK\r"]
    {
        table.head(half, CLOSED);
    }
    for garbage in [
        &b"\r\n"[..],
        b"\0",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"\xff\xfe\xfd\xfc\r\n\r\n",
        b"200 OK\r\n\r\n",
        b"220 mail.example ESMTP\r\n",
        b"+PONG\r\n",
        b"-ERR unknown command\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x4a\0\0\0\x0a8.0.36\0",
        // HTTP/0.9: a body alone.
        b"<html>well</html>\n",
        b"well",
        b"all is well\r\n\r\n",
    ] {
        table.answer(garbage, NO_ANSWER, NO_ANSWER);
    }
    let (http2, tls) = (Unhealthy("perhaps it is HTTP/2 (try --http2"), Unhealthy("perhaps it is TLS (try https://)"));
    for (other, verdict) in [
        // SETTINGS, and GOAWAY: what servers say to what is not HTTP/2.
        (&b"\0\0\0\x04\0\0\0\0\0"[..], http2),
        (b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff", http2),
        (b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01", http2),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NO_ANSWER),
        (b"HTTP/2 200\r\n\r\n", NO_ANSWER),
        (b"HTTP/2.0 200 OK\r\n\r\n", NO_ANSWER),
        // Alerts, and a ServerHello.
        (b"\x15\x03\x01\0\x02\x02\x46", tls),
        (b"\x15\x03\x03\0\x02\x02\x0a", tls),
        (b"\x16\x03\x03\0\x2a\x02\0\0\x26\x03\x03\0\0\0\0\0\0\0\0", tls),
    ] {
        table.answer(other, verdict, verdict);
        // It may come before the request is under way, where it has other words.
        table.add(other.escape_ascii().to_string(), PLAIN, NO_ANSWER, &[Send(other.into()), REQUEST, Silence]);
    }
    for version in [
        "HTTP/0.9",
        "HTTP/1.2",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/1.10",
        "HTTP/01.1",
        "HTTP/3.0",
        "http/1.1",
        "HTTQ/1.1",
        "ICY",
        "HTTP /1.1",
        " HTTP/1.1",
    ] {
        table.head(format!("{version} 200 OK\r\n\r\n"), NO_ANSWER);
    }
    table.head("HTTP/1.0 200 OK\r\n\r\n", Healthy);
    for no_status in [
        "099", "000", "20", "2", "", "-1", "-20", "+20", "1000", "2000", "0200", "20x", "x00", "2 0", "\u{b2}00",
        "0xc8",
    ] {
        table.head(format!("HTTP/1.1 {no_status} OK\r\n\r\n"), NO_ANSWER);
        table.head(format!("HTTP/1.1 {no_status}\r\n\r\n"), NO_ANSWER);
    }
    for (status, words) in [
        ("100", "closed before a complete response head"),
        ("101", "status 101"),
        ("199", "closed before a complete response head"),
        ("300", "status 300"),
        ("600", "status 600, expected 200-299"),
        ("999", "status 999, expected 200-299"),
    ] {
        table.head(format!("HTTP/1.1 {status} OK\r\n\r\n"), Unhealthy(words));
    }
    let switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n";
    table.head(format!("{switching}{ANSWER}"), Unhealthy("status 101, expected 200-299"));
    table.head(format!("HTTP/1.1 100 Continue\r\n\r\n{ANSWER}"), Healthy);
    table.head(format!("HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n{ANSWER}"), Healthy);
    for (line, verdict) in [
        ("HTTP/1.1 200 ", Healthy),
        ("HTTP/1.1 200 \x09", Healthy),
        ("HTTP/1.1 200 \u{e9}", Healthy),
        ("HTTP/1.1 200", Healthy),
        ("HTTP/1.1  200 OK", NO_ANSWER),
        ("HTTP/1.1\t200 OK", NO_ANSWER),
        ("HTTP/1.1 200\tOK", NO_ANSWER),
        ("HTTP/1.1 200 O\0K", NO_ANSWER),
        ("HTTP/1.1 200 O\x1bK", NO_ANSWER),
        ("HTTP/1.1 200 O\rK", NO_ANSWER),
        ("HTTP/1.1 200 O\x7fK", NO_ANSWER),
        ("\r\nHTTP/1.1 200 OK", NO_ANSWER),
        ("\r\n\r\n\r\nHTTP/1.1 200 OK", NO_ANSWER),
        ("\nHTTP/1.1 200 OK", NO_ANSWER),
        ("\u{feff}HTTP/1.1 200 OK", NO_ANSWER),
    ] {
        table.head(format!("{line}\r\n\r\n"), verdict);
        table.head(format!("{line}\r\nServer: a\r\n\r\n"), verdict);
    }
    for (ends, verdict) in [
        ("HTTP/1.1 200 OK\n\n", Healthy),
        ("HTTP/1.1 200 OK\r\n\n", Healthy),
        ("HTTP/1.1 200 OK\n\r\n", Healthy),
        ("HTTP/1.1 200 OK\nServer: a\n\n", Healthy),
        ("HTTP/1.1 200 OK\r\nServer: a\n\r\n", Healthy),
        ("HTTP/1.1 200 OK\r\nServer: a\r\n\n", Healthy),
        ("HTTP/1.1 200 OK\r\nServer: a\n\n", Healthy),
        ("HTTP/1.1 200 OK\r\r\n\r\n", NO_ANSWER),
        ("HTTP/1.1 200 OK\r\nServer: a\r\r\n\r\n", NO_ANSWER),
        ("HTTP/1.1 200 OK\rServer: a\r\r", NO_ANSWER),
    ] {
        table.head(ends, verdict);
    }
    for (field, verdict) in [
        (&b"a:"[..], Healthy),
        (b"a:b", Healthy),
        (b"a: \t b \t ", Healthy),
        (b"!#$%&'*+-.^_`|~09azAZ: b", Healthy),
        (b"a: b c\"{}[]()<>@,;\\/?=", Healthy),
        (b"a: \x80\xff\xe9", Healthy),
        ("a: \u{e9}".as_bytes(), Healthy),
        (b"a: b\tc", Healthy),
        (b"a: b\0c", NO_ANSWER),
        (b"a: \0", NO_ANSWER),
        (b"a\0: b", NO_ANSWER),
        (b"\0", NO_ANSWER),
        (b"a: \x01", NO_ANSWER),
        (b"a: \x1b[2J", NO_ANSWER),
        (b"a: \x7f", NO_ANSWER),
        (b"a: b\rc", NO_ANSWER),
        (b"a", NO_ANSWER),
        (b"a b", NO_ANSWER),
        (b": b", NO_ANSWER),
        (b":", NO_ANSWER),
        (b"a : b", NO_ANSWER),
        (b"a\t: b", NO_ANSWER),
        (b"a: b\r\n c", Healthy),
        (b"a: b\r\n\tc", Healthy),
        (b"a: b\r\n ", Healthy),
        (b"a: b\r\n c\0", NO_ANSWER),
        (b"a b: c", NO_ANSWER),
        (b"a\x80: b", NO_ANSWER),
        (b"\xe9: b", NO_ANSWER),
        (b"(a): b", NO_ANSWER),
        (b"a@b: c", NO_ANSWER),
        (b"\"a\": b", NO_ANSWER),
        (b"a\x7f: b", NO_ANSWER),
    ] {
        table.head([b"HTTP/1.1 200 OK\r\n", field, b"\r\n\r\n"].concat(), verdict);
        table.head([b"HTTP/1.1 200 OK\r\nServer: a\r\n", field, b"\r\nDate: b\r\n\r\n"].concat(), verdict);
        table.head([b"HTTP/1.1 103 Early Hints\r\n", field, b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"].concat(), verdict);
    }
    for folded in [" a: b", "\ta: b"] {
        table.head(format!("HTTP/1.1 200 OK\r\n{folded}\r\n\r\n"), NO_ANSWER);
        table.head(format!("HTTP/1.1 200 OK\r\nServer: a\r\n{folded}\r\n\r\n"), Healthy);
    }
}

/// How long a body is, and what it says of that.
fn bodies(table: &mut Table) {
    let with = |fields: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{body}");
    let chunked = |body: &str| with("Transfer-Encoding: chunked", body);
    let length = |length: &str| format!("Content-Length: {length}");
    table.answer(with(&length("4"), "well"), Healthy, Healthy);
    table.answer(with(&length("4, 4"), "well"), Healthy, Healthy);
    table.answer(with("Content-Length: 4\r\nContent-Length: 4", "well"), Healthy, Healthy);
    table.answer("HTTP/1.1 200 OK\r\n\r\nwell", Healthy, Healthy);
    table.answer("HTTP/1.0 200 OK\r\n\r\nwell", Healthy, Healthy);
    table.answer(ANSWER, Healthy, Healthy);
    // In both directions it lies.
    table.answer(with(&length("100"), "wel"), Healthy, CUT);
    table.answer(with(&length("100"), "all is well"), Healthy, Healthy);
    table.answer(with(&length("3"), "well"), Healthy, LACKS);
    table.answer(with(&length("0"), "well"), Healthy, LACKS);
    table.answer(with(&length("9223372036854775807"), "wel"), Healthy, CUT);
    table.answer("HTTP/1.1 204 No Content\r\n\r\nwell", Healthy, LACKS);
    // What no length is.
    for bad in [
        "-1",
        "-0",
        "+4",
        "",
        " ",
        "four",
        "4x",
        "0x4",
        "4.0",
        "4 4",
        "1e1",
        "\u{664}",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999",
        "4;",
        "4,",
        ",4",
        "4,5",
    ] {
        table.answer(with(&length(bad), "well"), NO_ANSWER, NO_ANSWER);
    }
    let framings = Unhealthy("both Transfer-Encoding and Content-Length");
    for (two, verdict) in [
        ("Content-Length: 4\r\nContent-Length: 5", NO_ANSWER),
        ("Content-Length: 5\r\nServer: a\r\nContent-Length: 4", NO_ANSWER),
        ("Content-Length: 4\r\nContent-Length: -4", NO_ANSWER),
        ("Content-Length: 4\r\ncontent-length:", NO_ANSWER),
    ] {
        for body in ["well", "4\r\nwell\r\n0\r\n\r\n"] {
            table.answer(with(two, body), verdict, verdict);
        }
    }
    // Clients differ on where the body ends, and not on the status.
    for (two, verdict) in [
        ("Content-Length: 4\r\nTransfer-Encoding: chunked", framings),
        ("Transfer-Encoding: chunked\r\nContent-Length: 4", framings),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0", framings),
        ("Transfer-Encoding: identity\r\nContent-Length: 4", framings),
        ("Content-Length: 14\r\nServer: a\r\nTRANSFER-ENCODING: chunked", framings),
        ("Content-Length: 4\r\nTransfer-Encoding:", framings),
    ] {
        for body in ["well", "4\r\nwell\r\n0\r\n\r\n"] {
            table.answer(with(two, body), Healthy, verdict);
        }
    }
    // Chunks.
    for (body, verdict) in [
        ("4\r\nwell\r\n0\r\n\r\n", Healthy),
        ("04\r\nwell\r\n0\r\n\r\n", Healthy),
        ("B\r\nall is well\r\n0\r\n\r\n", Healthy),
        ("b;a=\"b;c\"\r\nall is well\r\n0\r\n\r\n", Healthy),
        ("1\r\nw\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n0\r\n\r\n", Healthy),
        ("0\r\n\r\n", LACKS),
        ("0\r\n\r\nwell", LACKS),
        ("0\r\nX: well\r\n\r\n", LACKS),
        ("3\r\nwel\r\n0\r\n\r\nl", LACKS),
        ("5;well\r\nhello\r\n0\r\n\r\n", LACKS),
        ("10000000000000000\r\nwell", BROKEN),
        ("fffffffffffffffff\r\nwell", BROKEN),
        ("10000000000000004\r\nwell\r\n0\r\n\r\n", BROKEN),
        ("-1\r\nwell", BROKEN),
        ("+4\r\nwell", BROKEN),
        ("0x4\r\nwell", BROKEN),
        ("\r\nwell", BROKEN),
        ("well", BROKEN),
        (";\r\nwell", BROKEN),
        ("4\nwell\n0\n\n", BROKEN),
        ("4\r\r\nwell", BROKEN),
        ("4 4\r\nwell", BROKEN),
        ("g\r\nwell", BROKEN),
        ("\0\r\nwell", BROKEN),
        (" 4\r\nwell", BROKEN),
        ("3\r\nwell\r\n0\r\n\r\n", BROKEN),
        ("1\r\nwX1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n", BROKEN),
        ("1\r\nw\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n", BROKEN),
        ("1\r\nw1\r\ne1\r\nl1\r\nl", BROKEN),
    ] {
        table.answer(chunked(body), Healthy, verdict);
    }
    for coding in [
        "gzip",
        "identity",
        "chunked, gzip",
        "chunked, chunked",
        "xchunked",
        "chunked;q=1",
        "",
        "gzip, deflate",
        "\"chunked\"",
    ] {
        let other = Unhealthy("a Transfer-Encoding that was not asked for");
        table.answer(with(&format!("Transfer-Encoding: {coding}"), "4\r\nwell\r\n0\r\n\r\n"), Healthy, other);
    }
    table.answer("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwell\r\n0\r\n\r\n", NO_ANSWER, NO_ANSWER);
}

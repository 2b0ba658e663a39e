//! HTTP/2 and gRPC, by frames written by hand: RFC 9113, with header blocks of RFC 7541.

mod between;
mod floods;

use std::time::Duration;

use super::Verdict::{self, Healthy, Late, Unhealthy};
use super::{Case, case, refused, run_all};
use crate::support::script::Step::{self, Await, Drip, HalfClose, Pause, Repeat, Reset, Send, Silence};
use between::between;
use floods::floods;

/// Types of frames.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

/// Flags.
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const WITH_PRIORITY: u8 = 0x20;

/// A head of status 200, indexed; and names and values as they are.
const OK: &[u8] = b"\x88";
const GRPC: &[u8] = b"\x0f\x10\x10application/grpc";
const GRPC_STATUS: &[u8] = b"\0\x0bgrpc-status\x010";
const RULES: Verdict = Unhealthy("breaks the rules of HTTP/2");
const NOT_HTTP2: Verdict =
    Unhealthy("no HTTP/2 answer: it does not begin with SETTINGS; perhaps it is HTTP/1.1, or TLS");
const TOO_MUCH: Verdict = Unhealthy("the server sends too many frames");

const SERVING: &[u8] = b"\0\0\0\0\x02\x08\x01";

fn frame(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let length = &(payload.len() as u32).to_be_bytes()[1..];
    [length, &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field, neither indexed nor shortened.
fn field(name: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    [&[0, name.len() as u8], name.as_bytes(), &[value.len() as u8], value].concat()
}

fn setting(number: u16, value: u32) -> Vec<u8> {
    [&number.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

/// A way to ask by HTTP/2, and what comes back where all is well.
struct Kind {
    arguments: &'static [&'static str],
    /// The header of the frame that ends the request.
    request: &'static [u8],
    /// The fields of the head, the body, and the frame that is the end.
    head: Vec<u8>,
    body: &'static [u8],
    end: Vec<u8>,
    /// How many of settings, head, body and end it takes to be healthy.
    enough: usize,
}

fn kinds() -> [Kind; 3] {
    let http = |arguments, enough| Kind {
        arguments,
        request: b"\x01\x05\0\0\0\x01",
        head: OK.into(),
        body: b"all is well",
        end: frame(DATA, END_STREAM, 1, b""),
        enough,
    };
    [
        http(&["--http2", "http://:PORT"], 2),
        http(&["--http2", "http://:PORT", "--contains=well"], 3),
        Kind {
            arguments: &["grpc://:PORT"],
            request: b"\0\x01\0\0\0\x01",
            head: [OK, GRPC].concat(),
            body: SERVING,
            end: frame(HEADERS, END_HEADERS | END_STREAM, 1, GRPC_STATUS),
            enough: 4,
        },
    ]
}

impl Kind {
    fn frames(&self) -> [Vec<u8>; 4] {
        [
            [frame(SETTINGS, 0, 0, b""), frame(SETTINGS, ACK, 0, b"")].concat(),
            frame(HEADERS, END_HEADERS, 1, &self.head),
            frame(DATA, 0, 1, self.body),
            self.end.clone(),
        ]
    }

    /// All of it, with this head.
    fn with_head(&self, head: &[u8]) -> Vec<u8> {
        let [settings, _, body, end] = self.frames();
        [settings, frame(HEADERS, END_HEADERS, 1, head), body, end].concat()
    }

    fn answered(&self, name: &str, answer: Vec<u8>, verdict: Verdict) -> Case {
        case(name, self.arguments, verdict, &[Await(self.request), Send(answer), Silence])
    }
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn no_flood_makes_eight_targets_late() {
    let mut table = Vec::new();
    kinds().iter().for_each(|kind| floods(&mut table, kind));
    run_all(table.into_iter().map(Case::eight).collect());
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn no_frames_are_taken_for_a_healthy_answer() {
    let mut table = Vec::new();
    for kind in kinds() {
        stages(&mut table, &kind);
        between(&mut table, &kind);
        heads(&mut table, &kind);
        floods(&mut table, &kind);
    }
    run_all(table);
}

/// Each place where an answer can be cut.
fn stages(table: &mut Vec<Case>, kind: &Kind) {
    let Kind { arguments, request, enough, .. } = *kind;
    table.push(refused(arguments, "connection refused"));
    let mut add = |name: String, verdict, script: &[Step]| table.push(case(name, arguments, verdict, script));
    add("accept and close".into(), Unhealthy(""), &[]);
    add("accept and reset".into(), Unhealthy(""), &[Reset]);
    add("accept and say nothing".into(), Late("no complete response head"), &[Silence]);
    let frames = kind.frames();
    let answer = frames.concat();
    let enough = frames[..enough].concat().len();
    for length in 0..=answer.len() {
        let cut = Send(answer[..length].into());
        let unless = |unhealthy| if length < enough { unhealthy } else { Healthy };
        add(format!("close at {length}"), unless(Unhealthy("")), &[Await(request), cut.clone()]);
        add(format!("reset at {length}"), unless(Unhealthy("")), &[Await(request), cut.clone(), Reset]);
        if length % 4 == 0 {
            add(format!("end at {length}"), unless(Unhealthy("")), &[Await(request), cut.clone(), HalfClose]);
            add(format!("silence at {length}"), unless(Late("")), &[Await(request), cut, Silence]);
        }
    }
    let drip = |pause| [Await(request), Drip(answer.clone(), Duration::from_millis(pause)), Silence];
    add("one byte at a time".into(), Healthy, &drip(1));
    add("slowly".into(), Late("no complete response head"), &drip(50));
    let pauses = frames.iter().flat_map(|frame| [Send(frame.clone()), Pause(Duration::from_millis(20))]);
    add("pauses".into(), Healthy, &[Await(request)].into_iter().chain(pauses).chain([Silence]).collect::<Vec<_>>());
    for (name, other) in [
        ("HTTP/1.1", &b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell"[..]),
        ("HTTP/1.1 400", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        ("HTTP/1.0", b"HTTP/1.0 505 HTTP Version Not Supported\r\n\r\n"),
        ("HTTP/0.9", b"<html>well</html>"),
        ("TLS", b"\x15\x03\x01\0\x02\x02\x46"),
        ("garbage", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("its own preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("Redis", b"-ERR unknown command\r\n"),
    ] {
        let verdict = if name == "TLS" { Unhealthy("it begins with a record of TLS (try https://") } else { NOT_HTTP2 };
        add(name.into(), verdict, &[Await(request), Send(other.into()), HalfClose]);
        add(format!("{name} at once"), verdict, &[Send(other.into()), HalfClose]);
    }
}

/// What stands for a head.
fn heads(table: &mut Vec<Case>, kind: &Kind) {
    let is_grpc = kind.enough == 4;
    let rest = &kind.head[1..];
    let status = |status: &str| [&field(":status", status), rest].concat();
    let with = |fields: &[&[u8]]| [&kind.head, fields.concat().as_slice()].concat();
    let malformed = RULES;
    let decoded = field("a", "b");
    for (name, head, verdict) in [
        ("a status as text", status("200"), Healthy),
        ("a Huffman status", [b"\x08\x82\x10\x01", rest].concat(), Healthy),
        ("no :status", rest.into(), malformed),
        ("no fields", vec![], malformed),
        ("two :status", [OK, &kind.head].concat(), malformed),
        ("two :status that differ", [b"\x8c", &kind.head[..]].concat(), malformed),
        (":status behind a field", [&decoded[..], &kind.head].concat(), malformed),
        ("another :status behind a field", with(&[&decoded, b"\x88"]), malformed),
        ("an unknown pseudo-header field", [&field(":a", "b"), &kind.head[..]].concat(), malformed),
        (":status abc", status("abc"), malformed),
        (":status 20", status("20"), malformed),
        (":status 099", status("099"), malformed),
        (":status 000", status("000"), malformed),
        (":status 1000", status("1000"), malformed),
        (":status 2000", status("2000"), malformed),
        (":status -1", status("-1"), malformed),
        (":status +20", status("+20"), malformed),
        (":status of nothing", status(""), malformed),
        (":status 200 with a space", status("200 "), malformed),
        (":status 200 OK", status("200 OK"), malformed),
        (":status 600", status("600"), Unhealthy("status 600, expected 200")),
        (":status 999", status("999"), Unhealthy("status 999, expected 200")),
        (":status 101", status("101"), malformed),
        (":status 503", status("503"), Unhealthy("status 503, expected 200")),
        ("a name in upper case", with(&[&field("Server", "a")]), malformed),
        ("a name of nothing", with(&[&field("", "a")]), malformed),
        ("a name with a space", with(&[&field("a b", "a")]), malformed),
        ("a name with a colon", with(&[&field("a:b", "a")]), malformed),
        ("a name with NUL", with(&[&field("a\0", "a")]), malformed),
        ("a name of 8 bits", with(&[&field("\u{e9}", "a")]), malformed),
        ("a value with NUL", with(&[&field("a", "b\0c")]), malformed),
        ("a value with LF", with(&[&field("a", "b\nc")]), malformed),
        ("a value with CR", with(&[&field("a", "b\rc")]), malformed),
        ("a value of 8 bits", with(&[&field("a", b"\x80\xff")]), Healthy),
        ("a value of nothing", with(&[&field("a", "")]), Healthy),
        ("connection", with(&[&field("connection", "close")]), malformed),
        ("keep-alive", with(&[&field("keep-alive", "5")]), malformed),
        ("proxy-connection", with(&[&field("proxy-connection", "close")]), malformed),
        ("transfer-encoding", with(&[&field("transfer-encoding", "chunked")]), malformed),
        ("upgrade", with(&[&field("upgrade", "h2c")]), malformed),
        ("a content-length that is no number", with(&[&field("content-length", "x")]), malformed),
        ("a negative content-length", with(&[&field("content-length", "-1")]), malformed),
        ("an empty content-length", with(&[&field("content-length", "")]), malformed),
        ("two content-lengths", with(&[&field("content-length", "7"), &field("content-length", "8")]), malformed),
        // h2 takes what follows.
        (":path", [b"\x84", &kind.head[..]].concat(), malformed),
        (":method", [b"\x82", &kind.head[..]].concat(), malformed),
        ("a value with a space before it", with(&[&field("a", " b")]), malformed),
        ("a value with a space behind it", with(&[&field("a", "b ")]), malformed),
        ("many table sizes", [&b"\x20".repeat(16_000)[..], &kind.head].concat(), Healthy),
        ("never indexed", with(&[b"\x10\x01a\x01b"]), Healthy),
        ("indexed and referred to", with(&[b"\x40\x01a\x01b\xbe\xbe"]), Healthy),
        ("new table sizes", [b"\x20\x3f\xe1\x1f", &kind.head[..]].concat(), Healthy),
    ] {
        table.push(kind.answered(name, kind.with_head(&head), verdict));
        // h2 forgets what was wrong with a block that comes in several frames.
        for place in [0, 1, head.len() / 2, head.len().saturating_sub(1), head.len()] {
            let (first, rest) = head.split_at(place.min(head.len()));
            let frames = [frame(HEADERS, 0, 1, first), frame(CONTINUATION, END_HEADERS, 1, rest)].concat();
            let [settings, _, body, end] = kind.frames();
            table.push(kind.answered(
                &format!("{name}, in two frames at {place}"),
                [settings, frames, body, end].concat(),
                verdict,
            ));
        }
    }
    let [settings, head, body, end] = kind.frames();
    table.push(kind.answered("no SETTINGS", [&head[..], &body, &end].concat(), NOT_HTTP2));
    table.push(kind.answered(
        "an ACK alone",
        [&frame(SETTINGS, ACK, 0, []), &head[..], &body, &end].concat(),
        NOT_HTTP2,
    ));
    let mut answered = |name: &str, frames: &[&[u8]], plain, contains, grpc| {
        let verdict = [plain, contains, grpc][kind.enough - 2];
        let answer = [&[&settings[..]], frames].concat().concat();
        table.push(kind.answered(name, answer, verdict));
    };
    // Interim responses.
    let interim = frame(HEADERS, END_HEADERS, 1, field(":status", "103"));
    for stream in [2, 3, 0x7fff_ffff] {
        // h2 passes over one that depends on itself.
        let priority = [&u32::to_be_bytes(stream)[..], &[255]].concat();
        let fields = [priority, field(":status", "103")].concat();
        let elsewhere = frame(HEADERS, END_HEADERS | WITH_PRIORITY, stream, fields);
        let name = format!("a head on stream {stream} first");
        answered(&name, &[&elsewhere, &head, &body, &end], malformed, malformed, malformed);
    }
    let switching = frame(HEADERS, END_HEADERS, 1, field(":status", "101"));
    answered("101 first", &[&switching, &head, &body, &end], malformed, malformed, malformed);
    answered("103 first", &[&interim, &head, &body, &end], Healthy, Healthy, Healthy);
    let ended = frame(HEADERS, END_HEADERS | END_STREAM, 1, field(":status", "103"));
    answered("103 and the end", &[&ended], malformed, malformed, malformed);
    answered("103 and the end first", &[&ended, &head, &body, &end], malformed, malformed, malformed);
    // How the rest can be wrong.
    answered("DATA first", &[&body, &head, &body, &end], malformed, malformed, malformed);
    let length = |length: &str| frame(HEADERS, END_HEADERS, 1, with(&[&field("content-length", length)]));
    let right = length(&kind.body.len().to_string());
    answered("the right content-length", &[&right, &body, &end], Healthy, Healthy, Healthy);
    answered("a long content-length", &[&length("100"), &body, &end], Healthy, Healthy, malformed);
    answered("a short content-length", &[&length("3"), &body, &end], Healthy, malformed, malformed);
    let last_body = frame(DATA, END_STREAM, 1, kind.body);
    answered("a body that ends too early", &[&length("100"), &last_body], Healthy, malformed, malformed);
    answered("the end in DATA", &[&head, &last_body], Healthy, Healthy, Unhealthy("no trailers"));
    let last_head = frame(HEADERS, END_HEADERS | END_STREAM, 1, &kind.head);
    answered("the end in the head", &[&last_head], Healthy, Unhealthy("--contains (number 1)"), Unhealthy(""));
    answered("a body behind the end", &[&last_head, &body], Healthy, Unhealthy(""), Unhealthy(""));
    let status = if is_grpc { GRPC_STATUS } else { b"" };
    let open = frame(HEADERS, END_HEADERS, 1, status);
    answered("trailers without the end", &[&head, &body, &open], Healthy, Healthy, malformed);
    let pseudo = frame(HEADERS, END_HEADERS | END_STREAM, 1, [OK, status].concat());
    answered("a status in the trailers", &[&head, &body, &pseudo], Healthy, Healthy, malformed);
    let twice = frame(HEADERS, END_HEADERS | END_STREAM, 1, [status, status].concat());
    answered("trailers that say it twice", &[&head, &body, &twice], Healthy, Healthy, Unhealthy("grpc-status is not"));
    answered("two heads", &[&head, &head, &body, &end], Healthy, malformed, malformed);
    answered("more behind the end", &[&head, &body, &end, &body, &end], Healthy, Healthy, Healthy);
    // How a head can come.
    let flags = END_HEADERS | PADDED | WITH_PRIORITY;
    let padded = frame(HEADERS, flags, 1, [b"\x04\0\0\0\0\xff", &kind.head[..], b"\0\0\0\0"].concat());
    answered("a padded head with a priority", &[&padded, &body, &end], Healthy, Healthy, Healthy);
    let pieces = |size| -> Vec<u8> {
        let pieces: Vec<u8> = kind.head.chunks(size).flat_map(|piece| frame(CONTINUATION, 0, 1, piece)).collect();
        [frame(HEADERS, 0, 1, b""), pieces, frame(CONTINUATION, END_HEADERS, 1, b"")].concat()
    };
    answered("a head in pieces", &[&pieces(10), &body, &end], Healthy, Healthy, Healthy);
    // gRPC's has 20 bytes.
    answered("a head in bytes", &[&pieces(1), &body, &end], Healthy, Healthy, TOO_MUCH);
    let padded = frame(DATA, PADDED, 1, [&[200], kind.body, &[0; 200]].concat());
    answered("a padded body", &[&head, &padded, &end], Healthy, Healthy, Healthy);
    let bytes: Vec<u8> = kind.body.iter().flat_map(|&byte| frame(DATA, 0, 1, [byte])).collect();
    answered("a body in bytes", &[&head, &bytes, &end], Healthy, Healthy, Healthy);
    let over = frame(DATA, 0, 1, [b'x'; 16_384]).repeat(5);
    answered("more than the window", &[&head, &over], Healthy, Unhealthy(""), Unhealthy(""));
}

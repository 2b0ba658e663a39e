//! Answers of HTTP/2 and gRPC servers, by the grammar of RFC 9113.

use lprobe_fuzz::http2;
use lprobe_fuzz::rfc7541::Field;

use crate::Case;
use crate::frames::{self, ACK, DATA, END_STREAM, SETTINGS, frame};
use crate::hpack::Encoder;
use crate::mutate::slips;
use crate::random::Random;

const NAMES: &[&str] =
    &["server", "date", "x", "vary", "etag", "cache-control", "set-cookie", "content-length-x", "location"];
const ODD_NAMES: &[&str] = &[
    "Server",
    "",
    "a b",
    "a\0",
    "a:b",
    "\u{e9}",
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "te",
    ":status",
    ":path",
    ":method",
    ":scheme",
    ":authority",
    ":protocol",
    ":a",
    ":",
    "a\r",
    "(a)",
];
const VALUES: &[&str] =
    &["", "a", "nginx/1.2", "no-cache", "\"a, b\"", "text/html; charset=utf-8", "\u{e9}", "200", "/"];
const ODD_VALUES: &[&str] =
    &[" a", "a ", "\ta", "a\t", " ", "a\0", "a\rb", "a\nb", "\x7f", "trailers", "chunked", "close", "0"];
const STATUSES: &[&str] = &["200", "200", "200", "200", "200", "204", "206", "299", "301", "304", "404", "500", "503"];
const ODD_STATUSES: &[&str] =
    &["101", "20", "2000", "099", "000", "600", "999", "-20", "+20", "2 0", "", "200 ", " 200", "\u{b2}00"];

/// A HealthCheckResponse that says SERVING, and others.
const SERVING: &[&[u8]] = &[b"\x08\x01", b"\x08\x02\x08\x01", b"\x08\x01\x12\x01a", b"\x08\x81\x80\0"];
const OTHERS: &[&[u8]] = &[
    b"",
    b"\x08\0",
    b"\x08\x02",
    b"\x08\x03",
    b"\x08\x01\x08\x02",
    b"\x08",
    b"\x0a\x01\x01",
    b"\x10\x01",
    b"\x08\x01\x07",
];

/// Makes an answer to a request over HTTP/2, and asks about it.
pub fn http_case(random: &mut Random) -> Case {
    case(random, &[0, 1, 2], http)
}

/// Makes an answer to a health check of gRPC, and asks about it.
pub fn grpc_case(random: &mut Random) -> Case {
    case(random, &[3, 3, 3, 4], grpc)
}

fn case(random: &mut Random, questions: &[usize], make: fn(&mut Random, &mut Answer)) -> Case {
    let odd = random.pick(&[1_000_000, 1_000_000, 60, 15]);
    let mut out = Answer { bytes: Vec::new(), encoder: Encoder::default(), odd };
    let settings = frames::settings(random, odd);
    out.bytes.extend(random.mostly(
        &[settings],
        &[frame(SETTINGS, ACK, 0, b""), b"HTTP/1.1 200 OK\r\n\r\n".to_vec()],
        odd,
    ));
    if random.one_in(2) {
        out.bytes.extend(frame(SETTINGS, ACK, 0, b""));
    }
    for _ in 0..random.pick(&[0, 0, 0, 0, 1, 2]) {
        let status = random.mostly(&["100", "103", "103", "199"], &["101", "10"], odd);
        let mut fields = vec![field(":status", status)];
        out.more_fields(random, &mut fields);
        let ends = random.one_in(odd);
        out.headers(random, fields, ends);
    }
    make(random, &mut out);
    let mut answer = out.bytes;
    if random.one_in(8) {
        answer.truncate(random.below(answer.len() + 1));
    }
    if random.one_in(8) {
        slips(random, &mut answer, b"\0\x01\x04\x05\x08\x09\x20\x88\x40\xff:");
    }
    let pieces = random.pieces(answer.len());
    let which = random.pick(questions);
    let question = http2::QUESTIONS[which].join(" ");
    Case { question, which, ask: http2::asked, answer, pieces }
}

fn field(name: &str, value: impl AsRef<[u8]>) -> Field {
    (name.into(), value.as_ref().into())
}

fn http(random: &mut Random, out: &mut Answer) {
    let text = random.pick(&["well", "all is well", "well", "wel", "", "welwell", "Well", "w\0ell"]);
    let body = text.as_bytes();
    out.head(random, body.len(), &[]);
    let with_trailers = random.one_in(3);
    out.data(random, body, !with_trailers);
    if with_trailers {
        let mut trailers = vec![];
        out.more_fields(random, &mut trailers);
        let ends = !random.one_in(out.odd);
        out.headers(random, trailers, ends);
    }
}

fn grpc(random: &mut Random, out: &mut Answer) {
    let odd = out.odd;
    let kind = random.mostly(
        &["application/grpc", "application/grpc+proto", "application/grpc; a=b"],
        &["application/grpc+json", "text/html", "", "application/grpc-web", "Application/gRPC", "application/grpc,a"],
        odd,
    );
    let mut fields = vec![field("content-type", kind)];
    let gzip = random.one_in(6);
    let encodings: &[&str] = if gzip { &["gzip"] } else { &["", "", "", "identity", "gzip"] };
    let encoding = random.mostly(encodings, &["", "deflate", "gzip, identity"], odd);
    if !encoding.is_empty() {
        fields.push(field("grpc-encoding", encoding));
    }
    let status = random.mostly(
        &["0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "5", "12"],
        &["", "00", "-0", "0x0", "0, 0", "OK", "99999999999", "0 ", " 0", "0\u{b2}"],
        odd.min(40),
    );
    // A Trailers-Only response, and a status in the head of another.
    if random.one_in(30) {
        fields.push(field("grpc-status", status));
        let ends = random.one_in(2);
        out.head_with(random, fields, ends);
        if ends {
            return;
        }
    } else {
        out.head(random, 0, &fields);
    }
    let message = if random.one_in(10) { random.pick(OTHERS) } else { random.pick(SERVING) };
    let mut body = message_of(random, message, gzip, odd);
    match random.below(30) {
        0 => body.clear(),
        1 => body.extend(body.clone()),
        _ => {}
    }
    let without_trailers = random.one_in(20);
    out.data(random, &body, without_trailers);
    if !without_trailers {
        let mut trailers = vec![field("grpc-status", status)];
        if random.one_in(4) {
            trailers.push(field("grpc-message", "it%20says"));
        }
        if random.one_in(odd.min(60)) {
            let more = random.pick(&[field("grpc-status", "0"), field("grpc-status", "5"), field(":status", "200")]);
            let place = random.between(0, trailers.len());
            trailers.insert(place, more);
        }
        if random.one_in(odd.min(60)) {
            trailers.remove(0);
        }
        out.more_fields(random, &mut trailers);
        let ends = !random.one_in(odd.min(100));
        out.headers(random, trailers, ends);
    }
}

/// A Length-Prefixed-Message.
fn message_of(random: &mut Random, message: &[u8], gzip: bool, odd: usize) -> Vec<u8> {
    let mut message = message.to_vec();
    let mut flag = random.mostly(&[0, 0, 0, 0], &[1, 2, 255], odd);
    if gzip {
        flag = 1;
        message = lprobe::door::gzip::pack(&message);
    }
    let length =
        random.mostly(&[message.len()], &[0, message.len() + 1, message.len().saturating_sub(1), 1 << 24, 70_000], odd);
    [&[flag], &(length as u32).to_be_bytes()[..], &message].concat()
}

/// An answer while it is made.
struct Answer {
    bytes: Vec<u8>,
    encoder: Encoder,
    /// Once in so many times, something is odd.
    odd: usize,
}

impl Answer {
    /// The head of a body that has so many bytes.
    fn head(&mut self, random: &mut Random, length: usize, more: &[Field]) {
        let mut fields = more.to_vec();
        if length > 0 && random.one_in(4) {
            let good = [format!("{length}"), format!("{length}"), format!("0{length}")];
            let odd = [
                "x".into(),
                "-1".into(),
                format!("+{length}"),
                format!("{length}, {length}"),
                "".into(),
                "1".into(),
                "99".into(),
            ];
            let length = random.mostly(&good, &odd, self.odd.min(30));
            fields.push(field("content-length", length));
        }
        let ends = random.one_in(self.odd.min(60));
        self.head_with(random, fields, ends);
    }

    fn head_with(&mut self, random: &mut Random, mut fields: Vec<Field>, ends: bool) {
        let status = random.mostly(STATUSES, ODD_STATUSES, self.odd.min(60));
        let status =
            if fields.iter().any(|(name, _)| name == b"content-type") && !random.one_in(8) { "200" } else { status };
        self.more_fields(random, &mut fields);
        fields.insert(0, field(":status", status));
        if random.one_in(self.odd) {
            let place = random.between(0, fields.len());
            let odd = random.pick(&[
                field(":status", "200"),
                field(":status", "503"),
                field(":path", "/"),
                field(":method", "GET"),
                field(":authority", ""),
            ]);
            fields.insert(place, odd);
        }
        if random.one_in(self.odd) {
            fields.rotate_left(1);
        }
        if random.one_in(self.odd) {
            fields.remove(0);
        }
        self.headers(random, fields, ends);
    }

    /// Adds fields that change nothing, and odd ones that do.
    fn more_fields(&mut self, random: &mut Random, fields: &mut Vec<Field>) {
        for _ in 0..random.pick(&[0, 0, 1, 2, 4]) {
            let name = random.mostly(NAMES, ODD_NAMES, self.odd);
            let mut value = random.mostly(VALUES, ODD_VALUES, self.odd).as_bytes().to_vec();
            if random.one_in(50) {
                value = vec![b'x'; random.pick(&[126, 127, 128, 1000, 5000])];
            }
            fields.push((name.into(), value));
        }
    }

    fn headers(&mut self, random: &mut Random, fields: Vec<Field>, ends: bool) {
        let block = self.encoder.block(random, &fields, self.odd);
        frames::between(random, &mut self.bytes, self.odd);
        frames::headers(random, &mut self.bytes, &block, ends, self.odd);
    }

    fn data(&mut self, random: &mut Random, body: &[u8], ends: bool) {
        let mut rest = body;
        loop {
            frames::between(random, &mut self.bytes, self.odd);
            let size = random.pick(&[rest.len(), rest.len(), 1, 3]).min(rest.len());
            let piece = rest.split_off(..size).expect("it is not longer");
            let is_last = rest.is_empty();
            let flags = if is_last && ends { END_STREAM } else { 0 };
            let flags = random.mostly(&[flags], &[END_STREAM], self.odd);
            let (flags, payload) = frames::padded(random, flags, piece, self.odd);
            let stream = random.mostly(&[1, 1, 1, 0x8000_0001], &[0, 2, 3], self.odd);
            self.bytes.extend(frame(DATA, flags, stream, &payload));
            if is_last {
                break;
            }
        }
    }
}

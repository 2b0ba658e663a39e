//! Answers of HTTP/1.1 servers, by the grammar of RFC 9112.

use lprobe_fuzz::response;

use crate::Case;
use crate::mutate::slips;
use crate::random::Random;

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz-0123456789";
const NAMES: &[&str] =
    &["Server", "Date", "x", "Vary", "ETag", "Connection", "Upgrade", "Trailer", "Location", "content-length-x"];
const ODD_NAMES: &[&str] = &["", " Server", "Server ", "a b", "a\0", "\u{e9}", "(a)", ":a", "HTTP/1.1 200 OK", "a\r"];
const VALUES: &[&str] =
    &["", "a", "nginx/1.2", "close", "keep-alive", "\"a, b\"", "text/html; charset=utf-8", "\u{e9}"];
const ODD_VALUES: &[&str] = &["a\0", "\x0b", "a\rb", "\x7f", "\n", "\r\n\r\n", "\r\n folded", "\r\n\tfolded again"];
const ENDS: &[&str] = &["\r\n"];
const ODD_ENDS: &[&str] = &["\n", "\r", "\r\r\n", " \r\n", "\n\r", "", "\0\r\n"];
const INTERIM: &[u16] = &[100, 102, 103, 199];
const STATUSES: &[&str] = &["200", "200", "200", "204", "206", "299", "301", "304", "404", "500", "503"];
const ODD_STATUSES: &[&str] =
    &["101", "20", "2000", "099", "000", "600", "999", "-20", "+20", "2 0", "", "0x1", "20\u{b2}"];

/// Makes an answer, and asks about it.
pub fn case(random: &mut Random) -> Case {
    let mut answer = Vec::new();
    let odd = random.pick(&[1_000_000, 40, 12]);
    for _ in 0..[0, 0, 0, 0, 1, 2][random.below(6)] {
        let status = random.pick(INTERIM).to_string();
        head(random, &mut answer, odd, &status, &[]);
    }
    // More interim responses than any server sends.
    if random.one_in(2000) {
        answer.extend(b"HTTP/1.1 103 \r\n\r\n".repeat(random.between(90, 110)));
    }
    final_answer(random, &mut answer, odd);
    if random.one_in(6) {
        answer.truncate(random.below(answer.len() + 1));
    }
    if random.one_in(5) {
        slips(random, &mut answer, b"\r\n :\t\0;,0129\x0b\x0c\x7f\x80");
    }
    if random.one_in(200) {
        answer = random.text(b"HTTP/1.0 2\r\n:ab\0\xff", 40);
    }
    let pieces = random.pieces(answer.len());
    let which = random.below(response::QUESTIONS.len());
    let question = response::QUESTIONS[which].join(" ");
    Case { question, which, ask: response::asked, answer, pieces }
}

fn final_answer(random: &mut Random, answer: &mut Vec<u8>, odd: usize) {
    let status = random.mostly(STATUSES, ODD_STATUSES, odd.min(60));
    let body = body(random);
    let (fields, body) = framed(random, body, odd);
    head(random, answer, odd, status, &fields);
    answer.extend(body);
    if random.one_in(12) {
        answer.extend_from_slice(b"HTTP/1.1 503 \r\n\r\n");
    }
}

/// A status line and fields, and the empty line.
fn head(random: &mut Random, out: &mut Vec<u8>, odd: usize, status: &str, more: &[String]) {
    let mut say = |parts: &[&str]| parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
    say(&[random.mostly(&[""], &["\r\n", "\n", " ", "a: b\r\n", "\u{feff}"], odd)]);
    say(&[random.mostly(
        &["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"],
        &["HTTP/2.0", "HTTP/1.2", "http/1.1", "HTTP/1", "HTTP/1.10", "ICY", "HTTP/0.9", ""],
        odd,
    )]);
    say(&[random.mostly(&[" "], &["", "  ", "\t", "\r\n"], odd), status]);
    say(&[random.mostly(
        &[" OK", " ", " All is well", " \u{fc}ber", ""],
        &[" a\0b", " \x0b", "OK", "\tOK", " \r OK"],
        odd,
    )]);
    say(&[random.mostly(ENDS, ODD_ENDS, odd)]);
    let count = random.pick(&[0, 0, 1, 2, 3, 5]);
    for place in 0..=count {
        if place == count / 2 {
            more.iter().for_each(|field| say(&[field, random.mostly(ENDS, ODD_ENDS, odd)]));
        }
        if place < count {
            say(&[random.mostly(NAMES, ODD_NAMES, odd), random.mostly(&[":"], &["", " :", "::", "\t:"], odd)]);
            say(&[random.pick(&["", " ", "\t", "  "]), random.mostly(VALUES, ODD_VALUES, odd)]);
            say(&[random.mostly(ENDS, ODD_ENDS, odd)]);
        }
    }
    // As many lines as are near the limits of lprobe and of other clients.
    if random.one_in(3000) {
        let lines = random.pick(&[90, 101, 1010, 1024, 1025, 3000]);
        say(&vec!["a: b\r\n"; lines]);
    }
    say(&[random.mostly(ENDS, ODD_ENDS, odd)]);
}

/// A body, in which the text is or is not.
fn body(random: &mut Random) -> Vec<u8> {
    if random.one_in(4) {
        return Vec::new();
    }
    let length = match random.below(500) {
        0 => random.between(65_000, 66_000),
        1 => random.between(0, 70_000),
        _ => random.between(0, 40),
    };
    let text = random.pick(&["well", "well", "well", "wel", "ell", "Well", "welwell", "we\r\nll", "w\0ell"]);
    let mut body = vec![b'.'; length];
    if length < 100 {
        body = random.text(LETTERS, length);
    }
    body.extend_from_slice(text.as_bytes());
    body.extend(random.text(LETTERS, 20));
    body
}

/// The fields that say how the body is framed, and the body as it goes out.
fn framed(random: &mut Random, body: Vec<u8>, odd: usize) -> (Vec<String>, Vec<u8>) {
    let length = body.len();
    let name = random.pick(&["Content-Length", "content-length", "CONTENT-LENGTH"]);
    let number = |random: &mut Random| {
        let odd_numbers = [
            "x".into(),
            "-1".into(),
            format!("+{length}"),
            format!("{length} {length}"),
            format!("{length}, {}", length + 1),
            format!("{length},"),
            "".into(),
            format!("0x{length:x}"),
            "18446744073709551616".into(),
            format!("{length}.0"),
        ];
        let numbers = [format!("{length}"), format!("{length}"), format!("0{length}"), format!("{length}, {length}")];
        let unequal = [format!("{}", length / 2), format!("{}", length + 9)];
        if random.one_in(10) { random.pick(&unequal) } else { random.mostly(&numbers, &odd_numbers, odd) }
    };
    let coding = random.mostly(
        &["chunked", "Chunked", "chunked"],
        &[
            "gzip",
            "gzip, chunked",
            "chunked, gzip",
            "chunked,",
            "identity",
            "chunked;a=b",
            "xchunked",
            "",
            " chunked ,",
        ],
        odd,
    );
    let coding = format!("{}: {coding}", random.pick(&["Transfer-Encoding", "transfer-encoding"]));
    let length = format!("{name}: {}", number(random));
    match random.below(10) {
        0..3 => (vec![], body),
        3..6 => (vec![length], body),
        6..9 => (vec![coding], chunked(random, &body, odd)),
        _ => match random.below(4) {
            0 => (vec![length, format!("{name}:{}", number(random))], body),
            1 => (vec![coding, length], chunked(random, &body, odd)),
            2 => (vec![length, coding], body),
            _ => (vec![coding.clone(), coding], chunked(random, &body, odd)),
        },
    }
}

fn chunked(random: &mut Random, body: &[u8], odd: usize) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), body);
    while !rest.is_empty() {
        let size = random.between(1, if rest.len() < 200 { 12 } else { 9000 }).min(rest.len());
        let chunk = rest.split_off(..size).expect("it is not longer");
        let good = [format!("{size:x}"), format!("{size:X}"), format!("000{size:x}")];
        let wrong = [
            format!("{:x}", size + 1),
            format!("{:x}", size - 1),
            format!("-{size:x}"),
            format!(" {size:x}"),
            format!("0x{size:x}"),
            "".into(),
            "ffffffffffffffff1".into(),
        ];
        out.extend_from_slice(random.mostly(&good, &wrong, odd).as_bytes());
        let extensions = ["", "", "", ";a=b", " ;a=\"b\"", ";well"];
        out.extend_from_slice(random.mostly(&extensions, &[";a\0b", " a", ";\n", "; a=\"\r\n\""], odd).as_bytes());
        out.extend_from_slice(random.mostly(ENDS, ODD_ENDS, odd).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(random.mostly(ENDS, ODD_ENDS, odd).as_bytes());
    }
    out.extend_from_slice(
        random.mostly(&["0\r\n\r\n", "0\r\nTrailer: well\r\n\r\n"], &["", "0\r\n", "00", "0;well"], odd).as_bytes(),
    );
    out
}

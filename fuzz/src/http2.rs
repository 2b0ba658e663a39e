//! The input is what an HTTP/2 server says: after a `g` to a gRPC health check, after a `z` to one that takes gzip, and
//! else to a request for a body with the text `well`.

use std::io::Read;
use std::rc::Rc;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use lprobe::door::{Probe, Progress, grpc_health, http};
use prost::Message;
use tonic_health::pb::HealthCheckResponse;
use tonic_health::pb::health_check_response::ServingStatus;

use super::peer;
use super::reading::Reading::{self, Either, Healthy, Unhealthy};
use super::rfc9113::{self, Answer};

const TEXT: &str = "well";

/// How lprobe is asked to probe.
pub const QUESTIONS: [&[&str]; 5] = [
    &["--http2", ":80"],
    &["--http2", "--method=HEAD", ":80"],
    &["--http2", "--contains", TEXT, ":80"],
    &["grpc://:80"],
    &["--gzip", "grpc://:80"],
];

const HEAD: usize = 1;
const CONTAINS: usize = 2;
const GRPC: usize = 3;
const GZIP: usize = 4;

thread_local! {
    static PROBES: [Probe; QUESTIONS.len()] = QUESTIONS.map(peer::probe);
}

/// Healthy as a second reading says, by RFC 9113 and gRPC's own specification.
pub fn accepts(input: &[u8]) -> bool {
    let Some((kind, answer)) = input.split_first() else { return false };
    let question = match kind {
        b'g' => GRPC,
        b'z' => GZIP,
        _ => CONTAINS,
    };
    // What is broken after a whole answer may be noticed before it or after it, so the pieces make a difference.
    [usize::MAX, 1].map(|piece| asked(question, answer, &[piece]))[0]
}

/// Whether `answer`, in these pieces, is healthy. Fails where the second reading says otherwise.
pub fn asked(question: usize, answer: &[u8], pieces: &[usize]) -> bool {
    let (stream, progress) =
        (peer::saying(answer, pieces), Progress::start(Instant::now(), Duration::from_secs(10), false));
    let healthy = PROBES.with(|probes| match &probes[question] {
        Probe::Grpc(probe) => peer::run(grpc_health::check(stream, probe, Rc::default(), &progress)).is_ok(),
        Probe::Http(probe) => peer::run(http::ask(stream, probe, &progress)).is_ok(),
        _ => panic!("neither HTTP nor gRPC"),
    });
    let read = rfc9113::answer(answer, question == HEAD);
    let reading = match question {
        GRPC | GZIP => grpc(&read, question == GZIP),
        _ => http(&read, question == CONTAINS),
    };
    match reading {
        // What is wrong behind an answer may be noticed before the answer is judged.
        Healthy if read.fault.is_some() || read.in_doubt => Either,
        reading => reading,
    }
    .check(healthy);
    healthy
}

/// Either way, lprobe stops reading once it has what it waits for.
fn http(read: &Answer, contains: bool) -> Reading {
    let Some(status) = read.status else { return Unhealthy(read.fault.unwrap_or("no head")) };
    let has_text = || read.data.windows(TEXT.len()).any(|part| part == TEXT.as_bytes());
    if !(200..300).contains(&status) {
        Unhealthy("another status")
    } else if contains && !has_text() {
        Unhealthy(read.fault.unwrap_or("without the text"))
    } else {
        Healthy
    }
}

/// <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>: Response-Headers, one Length-Prefixed-Message, and
/// Trailers with the status 0.
fn grpc(read: &Answer, gzip: bool) -> Reading {
    let Some(trailers) = &read.end else { return Unhealthy(read.fault.unwrap_or("no end")) };
    let values = |fields: &[(Vec<u8>, Vec<u8>)], name: &str| -> Vec<Vec<u8>> {
        fields.iter().filter(|(field, _)| field == name.as_bytes()).map(|(_, value)| value.clone()).collect()
    };
    if read.status != Some(200) {
        return Unhealthy("another status of HTTP");
    }
    let types = values(&read.fields, "content-type");
    let media_type = |value: &Vec<u8>| {
        value.split(|&byte| byte == b';').next().map(<[u8]>::trim_ascii_end).map(<[u8]>::to_ascii_lowercase)
    };
    let media_types: Vec<_> = types.iter().filter_map(media_type).collect();
    if ![[&b"application/grpc"[..]], [b"application/grpc+proto"]].iter().any(|known| media_types == known) {
        return Unhealthy("another Content-Type");
    }
    if !values(&read.fields, "grpc-status").is_empty() {
        return Unhealthy("a status in the head");
    }
    let [status] = &values(trailers, "grpc-status")[..] else { return Unhealthy("not one grpc-status") };
    if status.is_empty() || !status.iter().all(|&byte| byte == b'0') {
        return Unhealthy("another grpc-status");
    }
    let encodings = values(&read.fields, "grpc-encoding");
    if !is_serving(&read.data, gzip && encodings.iter().any(|encoding| encoding == b"gzip")) {
        return Unhealthy("no message that says SERVING");
    }
    let is_plain = types[0].is_ascii() && types[0] == media_types[0] && encodings.len() < 2 && status.len() == 1;
    if is_plain { Healthy } else { Either }
}

/// Whether this is one message of gRPC, as it is or in gzip, that says SERVING.
fn is_serving(data: &[u8], gzip: bool) -> bool {
    let [flag, a, b, c, d, message @ ..] = data else { return false };
    let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    let mut unpacked = Vec::new();
    let message = match flag {
        1 if gzip && GzDecoder::new(message).read_to_end(&mut unpacked).is_ok() => &unpacked,
        0 => message,
        _ => return false,
    };
    let answer = HealthCheckResponse::decode(message);
    length + 5 == data.len() && answer.is_ok_and(|answer| answer.status == ServingStatus::Serving as i32)
}

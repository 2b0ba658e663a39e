//! The input is what an HTTP/2 server says: after a `g` to a gRPC health check, after a `z` to one that takes gzip, and
//! else to a request for a body with the text `well`.

use std::cell::OnceCell;
use std::io::Read;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use lprobe::door::{Probe, Progress, grpc_health, http};
use prost::Message;
use tonic_health::pb::HealthCheckResponse;
use tonic_health::pb::health_check_response::ServingStatus;

use super::peer;

const TEXT: &str = "well";

thread_local! {
    static HTTP: OnceCell<Probe> = const { OnceCell::new() };
    static GRPC: OnceCell<Probe> = const { OnceCell::new() };
    static GZIP: OnceCell<Probe> = const { OnceCell::new() };
}

/// Healthy only if the stream has the text, or a message that other people's code reads as SERVING.
pub fn accepts(input: &[u8]) -> bool {
    let Some((kind, answer)) = input.split_first() else { return false };
    let (probe, arguments): (_, &[&str]) = match kind {
        b'g' => (&GRPC, &["grpc://:80"]),
        b'z' => (&GZIP, &["--gzip", "grpc://:80"]),
        _ => (&HTTP, &["--http2", "--contains", TEXT, ":80"]),
    };
    let is_grpc = b"gz".contains(kind);
    // What is broken after a whole answer may be noticed before it or after it, so the pieces make a difference.
    let healthy = [usize::MAX, 1]
        .map(|piece| probe.with(|probe| healthy(answer, piece, probe.get_or_init(|| peer::probe(arguments)))));
    let data = data(answer);
    let expected =
        if is_grpc { is_serving(&data) } else { data.windows(TEXT.len()).any(|part| part == TEXT.as_bytes()) };
    assert!(healthy == [false; 2] || expected, "healthy by no answer");
    healthy[0]
}

fn healthy(answer: &[u8], piece: usize, probe: &Probe) -> bool {
    let (stream, progress) = (peer::saying(answer, &[piece]), Progress::start(Instant::now(), Duration::from_secs(10), false));
    match probe {
        Probe::Grpc(probe) => peer::run(grpc_health::check(stream, probe, &progress)).is_ok(),
        Probe::Http(probe) => peer::run(http::ask(stream, probe, &progress)).is_ok(),
        _ => panic!("neither HTTP nor gRPC"),
    }
}

/// What the DATA frames of the first stream hold: RFC 9113, sections 4.1 and 6.1.
fn data(mut bytes: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    while let [a, b, c, kind, flags, stream @ ..] = bytes {
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let (Some(stream), Some(payload)) = (stream.get(..4), bytes.get(9..9 + length)) else { break };
        bytes = &bytes[9 + length..];
        // Section 4.1: the first bit of a stream's number is reserved, and ignored.
        if *kind == 0 && matches!(stream, [0 | 0x80, 0, 0, 1]) {
            let (padding, payload) = match payload {
                [padding, payload @ ..] if flags & 8 != 0 => (usize::from(*padding), payload),
                _ => (0, payload),
            };
            data.extend_from_slice(&payload[..payload.len().saturating_sub(padding)]);
        }
    }
    data
}

/// Whether this is one message of gRPC, as it is or in gzip, that says SERVING.
fn is_serving(data: &[u8]) -> bool {
    let [flag, a, b, c, d, message @ ..] = data else { return false };
    let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    let mut unpacked = Vec::new();
    let message = match flag {
        1 if GzDecoder::new(message).read_to_end(&mut unpacked).is_ok() => &unpacked,
        0 => message,
        _ => return false,
    };
    let answer = HealthCheckResponse::decode(message);
    length + 5 == data.len() && answer.is_ok_and(|answer| answer.status == ServingStatus::Serving as i32)
}

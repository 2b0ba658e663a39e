//! gRPC answers that are not healthy, each with words of its own.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::grpc::serving;
use super::peer::{Answer, Peer};
use crate::support::server::{Server, until_closed};
use crate::support::{Outcome, lprobe};

fn outcome(answer: Answer, arguments: &[&str]) -> Outcome {
    let peer = Peer::start(move |_| answer.clone());
    let target = format!("grpc://localhost:{}", peer.port);
    lprobe(["--timeout=30s", &target].iter().chain(arguments))
}

#[track_caller]
fn says(answer: Answer, words: &str) {
    outcome(answer, &[]).unhealthy_saying(&[words]);
}

/// `data` as one message, with its prefix.
fn message(flag: u8, data: &[u8]) -> Vec<u8> {
    [&[flag][..], &(data.len() as u32).to_be_bytes(), data].concat()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).and_then(|()| encoder.finish()).expect("a Vec takes it all")
}

fn with_data(data: Vec<u8>) -> Answer {
    Answer { data: vec![data], ..serving() }
}

fn with_status(status: &str) -> Answer {
    Answer { trailers: Some(vec![("grpc-status", status.into()), ("grpc-message", "SECRET".into())]), ..serving() }
}

fn trailers_only(status: &str) -> Answer {
    let head = vec![
        ("content-type", "application/grpc".into()),
        ("grpc-status", status.into()),
        ("grpc-message", "SECRET".into()),
    ];
    Answer { head, data: Vec::new(), trailers: None, ..serving() }
}

#[test]
fn serving_is_healthy_however_it_comes() {
    outcome(serving(), &[]).healthy();
    let head = |content_type: &str| Answer { head: vec![("content-type", content_type.into())], ..serving() };
    outcome(head("application/grpc+proto"), &[]).healthy();
    outcome(head("application/grpc; charset=utf-8"), &[]).healthy();
    let identity = vec![("content-type", "application/grpc".into()), ("grpc-encoding", "identity".into())];
    outcome(Answer { head: identity, ..serving() }, &[]).healthy();
    // Byte by byte, and with fields that are not known.
    let bytes = serving().data[0].iter().map(|&byte| vec![byte]).collect();
    outcome(Answer { data: bytes, ..serving() }, &[]).healthy();
    outcome(with_data(message(0, b"\x08\x01\x12\x03abc\x18\x96\x01\x25abcd\x29abcdefgh")), &[]).healthy();
    // The last of a field counts, as Protocol Buffers have it.
    outcome(with_data(message(0, b"\x08\x02\x08\x01")), &[]).healthy();
    says(with_data(message(0, b"\x08\x01\x08\x02")), "NOT_SERVING");
    // As long as it may be.
    let padding = [b"\x08\x01\x12".as_slice(), b"\xfa\xff\x03", &vec![0; 65_530]].concat();
    assert_eq!(padding.len(), 65_536);
    let long = message(0, &padding);
    let pieces = long.chunks(9_000).map(Vec::from).collect();
    outcome(Answer { data: pieces, ..serving() }, &[]).healthy();
    outcome(Answer { data: long.chunks(2_000).map(Vec::from).collect(), ..serving() }, &[]).healthy();
    says(Answer { data: long.chunks(1).map(Vec::from).collect(), ..serving() }, "sends too many frames");
}

#[test]
fn each_serving_status_but_one_is_unhealthy() {
    for (number, name) in [(0, "UNKNOWN"), (2, "NOT_SERVING"), (3, "SERVICE_UNKNOWN"), (4, "an unknown serving status")]
    {
        says(with_data(message(0, &[8, number])), &format!(": {name}, expected SERVING"));
    }
    says(with_data(message(0, b"")), ": UNKNOWN, expected SERVING");
    says(with_data(message(0, b"\x08\x81\x80\x80\x80\x10")), "an unknown serving status");
}

#[test]
fn each_grpc_status_but_ok_is_unhealthy() {
    for (code, name) in [
        ("1", "CANCELLED"),
        ("2", "UNKNOWN"),
        ("5", "NOT_FOUND"),
        ("12", "UNIMPLEMENTED"),
        ("14", "UNAVAILABLE"),
        ("16", "UNAUTHENTICATED"),
        ("17", "not a known status"),
        ("4294967295", "not a known status"),
    ] {
        for answer in [with_status(code), trailers_only(code), Answer { data: Vec::new(), ..with_status(code) }] {
            let line = outcome(answer, &[]).unhealthy();
            assert!(line.contains(&format!("grpc-status {code} ({name})")) && !line.contains("SECRET"), "{line}");
        }
    }
    says(trailers_only("12"), "the server has no grpc.health.v1.Health");
    says(trailers_only("5"), "the server knows no service of that name");
    for status in ["", "x", "-1", "+0", "00", "000", "00x", "4294967296"] {
        let says = |answer| outcome(answer, &[]).unhealthy();
        let lines = [says(with_status(status)), says(trailers_only(status))];
        assert!(lines.iter().all(|line| line.contains("grpc-status")), "{status:?}: {lines:?}");
    }
    let twice = vec![("grpc-status", "0".into()), ("grpc-status", "0".into())];
    says(Answer { trailers: Some(twice), ..serving() }, "grpc-status is not one number");
}

#[test]
fn half_an_answer_is_unhealthy() {
    says(trailers_only("0"), "trailers only");
    says(Answer { trailers: None, ..serving() }, "no trailers");
    says(Answer { trailers: Some(vec![("x", "y".into())]), ..serving() }, "no grpc-status in the trailers");
    says(Answer { data: Vec::new(), ..serving() }, "no message");
    says(Answer { data: Vec::new(), trailers: None, ..serving() }, "no trailers");
    says(with_data(b"\0\0\0".to_vec()), "shorter than its prefix says");
    says(with_data(b"\0\0\0\0\x02\x08".to_vec()), "shorter than its prefix says");
    says(with_data(b"\0\0\0\0\x02\x08\x01\0".to_vec()), "longer than its prefix says");
    says(with_data([message(0, b"\x08\x01"), message(0, b"\x08\x01")].concat()), "longer than its prefix says");
    says(with_data(b"\0\x00\x01\x00\x01".to_vec()), "longer than 65536 bytes");
    says(with_data(b"\0\xff\xff\xff\xff\x08\x01".to_vec()), "longer than 65536 bytes");
    for broken in [
        &b"\x08"[..],
        b"\x08\xff",
        b"\x0a\x01\x01",
        b"\x09abcdefgh",
        b"\x12\x05abc",
        b"\x0b",
        b"\x00\x01",
        b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
    ] {
        let line = outcome(with_data(message(0, broken)), &[]).unhealthy();
        assert!(line.contains("the message is broken") || line.contains("serving status"), "{broken:?}: {line}");
    }
    says(Answer { reset: true, trailers: None, ..serving() }, "the server reset the stream");
    says(Answer { reset_first: true, ..serving() }, "the server reset the stream");
}

#[test]
fn what_is_not_grpc_is_unhealthy() {
    for content_type in
        ["text/plain", "application/json", "application/grpc+json", "application/grpcx", "application/grpc-web"]
    {
        let head = vec![("content-type", content_type.into())];
        says(Answer { head, ..serving() }, "the content type is not application/grpc");
    }
    says(Answer { head: Vec::new(), ..serving() }, "the content type is not application/grpc");
    let both = ["application/grpc", "text/html"].map(|kind| ("content-type", kind.into())).to_vec();
    says(Answer { head: both, ..serving() }, "the content type is not application/grpc");
    says(Answer { status: 404, ..serving() }, "HTTP status 404, expected 200");
    says(Answer { status: 503, head: Vec::new(), data: Vec::new(), trailers: None, ..serving() }, "HTTP status 503");
    let http1 = Server::greeting(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        until_closed(stream);
    });
    lprobe([format!("grpc://localhost:{}", http1.port)])
        .unhealthy_saying(&["no HTTP/2 answer", "perhaps it is HTTP/1.1"]);
}

#[test]
fn compression_is_as_it_was_agreed() {
    let encoded = |encoding: &str, data: Vec<u8>| {
        let head = vec![("content-type", "application/grpc".into()), ("grpc-encoding", encoding.into())];
        Answer { head, data: vec![data], ..serving() }
    };
    let packed = gzip(b"\x08\x01");
    outcome(encoded("gzip", message(1, &packed)), &["--gzip"]).healthy();
    outcome(encoded("gzip", message(0, b"\x08\x01")), &["--gzip"]).healthy();
    outcome(encoded("gzip", message(0, b"\x08\x01")), &[]).healthy();
    outcome(encoded("identity", message(0, b"\x08\x01")), &["--gzip"]).healthy();
    outcome(encoded("gzip", message(1, &gzip(b"\x08\x02"))), &["--gzip"]).unhealthy_saying(&["NOT_SERVING"]);
    says(with_data(message(1, &packed)), "there is no grpc-encoding");
    outcome(with_data(message(1, &packed)), &["--gzip"]).unhealthy_saying(&["there is no grpc-encoding"]);
    says(encoded("identity", message(1, &packed)), "there is no grpc-encoding");
    says(encoded("gzip", message(1, &packed)), "a grpc-encoding that was not offered");
    outcome(encoded("zstd", message(1, &packed)), &["--gzip"]).unhealthy_saying(&["that was not offered"]);
    says(with_data(message(2, b"\x08\x01")), "compressed flag is neither 0 nor 1");

    let broken = |packed: &[u8]| outcome(encoded("gzip", message(1, packed)), &["--gzip"]).unhealthy();
    for end in 0..packed.len() {
        let line = broken(&packed[..end]);
        assert!(line.contains("broken gzip"), "{end}: {line}");
    }
    let changed = |place: usize| {
        let mut changed = packed.clone();
        changed[place] ^= 1;
        broken(&changed)
    };
    for place in [0, 1, 2, packed.len() - 1, packed.len() - 5, packed.len() - 8] {
        assert!(changed(place).contains("broken gzip"), "{place}");
    }
    assert!(broken(&[&packed[..], b"\0"].concat()).contains("broken gzip"), "something follows");
    assert!(broken(&[&packed[..], &packed].concat()).contains("broken gzip"), "two of them");
    // What RFC 1952 allows in a header.
    let mut encoder = flate2::GzBuilder::new()
        .extra(b"extra".to_vec())
        .filename("name")
        .comment("comment")
        .write(Vec::new(), Compression::fast());
    encoder.write_all(b"\x08\x01").expect("a Vec takes it all");
    let adorned = encoder.finish().expect("a Vec takes it all");
    outcome(encoded("gzip", message(1, &adorned)), &["--gzip"]).healthy();
    // A small message that would become a gigabyte.
    let bomb = gzip(&vec![0; 40 << 20]);
    assert!(bomb.len() < 65_536, "{}", bomb.len());
    let pieces = message(1, &bomb).chunks(9_000).map(Vec::from).collect();
    let answer = Answer { data: pieces, ..encoded("gzip", Vec::new()) };
    outcome(answer, &["--gzip"]).unhealthy_saying(&["longer than 65536 bytes"]);
}

//! Reads the first reply of each service by the service's own documentation, and shares nothing with the program.

use super::reading::Reading::{self, Either, Healthy, Unhealthy};

/// Returns whether a reply begins with that of a healthy server; `None` if it is not complete.
type IsHealthy = fn(&[u8]) -> Option<bool>;

/// The scheme of each service, and how its replies are read.
const GREETINGS: &[(&str, IsHealthy)] = &[
    ("redis", redis),
    ("postgres", postgres),
    ("mysql", mysql),
    ("amqp", amqp),
    ("nats", nats),
    ("memcached", memcached),
];

/// The most bytes of a reply that lprobe looks at.
const MAX: usize = 4096;

/// The length from which on lprobe may judge an INFO of NATS by its beginning, in bytes: it has the addresses of the whole
/// cluster, and may be longer than what is read.
const LONG_INFO: usize = 2048;

/// Reads the reply to the greeting of this scheme.
pub fn reading(scheme: &str, reply: &[u8]) -> Reading {
    let Some((_, is_healthy)) = GREETINGS.iter().find(|(name, _)| *name == scheme) else {
        panic!("add {scheme} to fuzz/src/greetings.rs")
    };
    if scheme == "nats" && reply.starts_with(b"INFO {") && reply.len() >= LONG_INFO {
        return Either;
    }
    match is_healthy(&reply[..reply.len().min(MAX)]) {
        Some(true) => Healthy,
        Some(false) => Unhealthy("another reply than a healthy server's"),
        None => Unhealthy("half a greeting"),
    }
}

/// Returns what precedes the first CR LF, if that has come.
fn line(reply: &[u8]) -> Option<&[u8]> {
    reply.windows(2).position(|pair| pair == b"\r\n").map(|end| &reply[..end])
}

/// <https://redis.io/docs/latest/develop/reference/protocol-spec/>: a simple string and a simple error end in CR LF. NOAUTH
/// is the error of a server that asks for a password.
fn redis(reply: &[u8]) -> Option<bool> {
    let line = line(reply)?;
    Some(line == b"+PONG" || line.starts_with(b"-NOAUTH "))
}

/// PostgreSQL's documentation, sections 55.7 and 55.8: Authentication with a code that there is, or an ErrorResponse with
/// an SQLSTATE other than cannot_connect_now. Each field of an error ends in NUL, and so does the message.
fn postgres(reply: &[u8]) -> Option<bool> {
    let (kind, mut rest) = reply.split_first()?;
    let length = take_number(&mut rest, 4)?.checked_sub(4).filter(|&length| length < 4000);
    let Some(length) = length.filter(|_| b"RE".contains(kind)) else { return Some(false) };
    let body = rest.get(..length)?;
    Some(if *kind == b'R' {
        matches!(body, [0, 0, 0, 0..=12, ..])
    } else {
        let Some(fields) = body.strip_suffix(b"\0\0") else { return Some(false) };
        let state = fields.split(|&byte| byte == 0).find_map(|field| field.strip_prefix(b"C"));
        state.is_some_and(|state| {
            let is_code = state.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
            state.len() == 5 && is_code && state != b"57P03"
        })
    })
}

/// MySQL's internals manual, "Protocol::Packet" and "Protocol::HandshakeV10": packet 0 with protocol 10, the server's version
/// up to NUL, the connection's number in four bytes, eight of a challenge, a NUL, and two of capabilities. What follows
/// depends on them.
fn mysql(reply: &[u8]) -> Option<bool> {
    let [a, b, c, number, rest @ ..] = reply else { return None };
    let length = usize::from(*a) | usize::from(*b) << 8 | usize::from(*c) << 16;
    if *number != 0 || rest.first().is_some_and(|&protocol| protocol != 10) {
        return Some(false);
    }
    let packet = rest.get(..length)?;
    let Some(end) = packet.iter().position(|&byte| byte == 0) else { return Some(false) };
    let fixed = &packet[end + 1..];
    Some(packet.first() == Some(&10) && fixed.len() >= 4 + 8 + 1 + 2 && fixed[12] == 0)
}

/// AMQP 0-9-1, sections 2.3.5 and 1.4.2.1: a method frame on channel 0 with Connection.Start, whose arguments are the
/// version, a table and two long strings, and the octet that ends a frame.
fn amqp(mut reply: &[u8]) -> Option<bool> {
    if take_number(&mut reply, 3)? != 0x01_0000 {
        return Some(false);
    }
    let length = take_number(&mut reply, 4)?;
    if length >= MAX {
        return Some(false);
    }
    let (mut payload, end) = (reply.get(..length)?, *reply.get(length)?);
    let mut is_start = || {
        let head = [2, 2, 1, 1].map(|size| take_number(&mut payload, size));
        for _ in 0..3 {
            let size = take_number(&mut payload, 4)?;
            payload.split_off(..size)?;
        }
        Some(head == [Some(10), Some(10), Some(0), Some(9)] && payload.is_empty())
    };
    Some(is_start().unwrap_or(false) && end == 0xce)
}

/// <https://docs.nats.io/reference/reference-protocols/nats-protocol>: INFO and one JSON object, up to CR LF.
fn nats(reply: &[u8]) -> Option<bool> {
    let line = line(reply)?;
    Some(line.starts_with(b"INFO {") && line.trim_ascii_end().ends_with(b"}"))
}

/// memcached's doc/protocol.txt: `VERSION <version>\r\n`.
fn memcached(reply: &[u8]) -> Option<bool> {
    let line = line(reply)?;
    Some(line.strip_prefix(b"VERSION ").is_some_and(|version| !version.is_empty()))
}

/// Takes a number of so many bytes, whose most significant byte is the first.
fn take_number(bytes: &mut &[u8], size: usize) -> Option<usize> {
    Some(bytes.split_off(..size)?.iter().fold(0, |number, &byte| number << 8 | usize::from(byte)))
}

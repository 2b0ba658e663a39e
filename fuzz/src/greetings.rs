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
    ("mongodb", mongodb),
    ("kafka", kafka),
    ("cassandra", cassandra),
    ("mqtt", mqtt),
    ("ldap", ldap),
    ("smtp", smtp),
    ("ssh", ssh),
];

/// The most bytes of a reply that lprobe looks at.
const MAX: usize = 4096;

/// Reads the reply to the greeting of this scheme.
pub fn reading(scheme: &str, reply: &[u8]) -> Reading {
    let Some((_, is_healthy)) = GREETINGS.iter().find(|(name, _)| *name == scheme) else {
        panic!("add {scheme} to fuzz/src/greetings.rs")
    };
    // An INFO has the addresses of the whole cluster, and one that is longer may be judged by its beginning.
    if scheme == "nats" && reply.starts_with(b"INFO {") && reply.len() >= MAX {
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
    let length = take_number(&mut rest, 4)?.checked_sub(4);
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

/// MongoDB's manual, "MongoDB Wire Protocol", and bsonspec.org: `OP_MSG` in reply to request 1, without flags, with a section
/// of kind 0, whose document has the number 1 as `ok`.
fn mongodb(reply: &[u8]) -> Option<bool> {
    let mut message = reply.get(..little_endian(reply.get(..4)?))?;
    let mut take = |size: usize| message.split_off(..size).map(little_endian);
    let [_, _, request, operation, flags, kind, length] =
        [take(4)?, take(4)?, take(4)?, take(4)?, take(4)?, take(1)?, take(4)?];
    let (0, mut elements) = message.split_last().map(|(end, elements)| (*end, elements))? else { return None };
    let mut ok = None;
    while let Some(element) = elements.split_off_first() {
        let name = elements.split_off(..elements.iter().position(|&byte| byte == 0)?)?;
        elements.split_off_first()?;
        let announced = || elements.get(..4).map(little_endian);
        let size = match element {
            1 | 9 | 17 | 18 => 8,
            2 => 4 + announced()?,
            3 | 4 => announced()?,
            5 => 4 + 1 + announced()?,
            7 => 12,
            8 => 1,
            10 => 0,
            16 => 4,
            19 => 16,
            _ => return None,
        };
        let value = elements.split_off(..size)?;
        if name == b"ok" {
            ok = Some((*element, value));
        }
    }
    let is_one = match ok? {
        (1, value) => f64::from_le_bytes(value.try_into().ok()?) == 1.0,
        (16 | 18, value) => value[0] == 1 && value[1..].iter().all(|&byte| byte == 0),
        _ => false,
    };
    let is_reply = (request, operation, flags, kind) == (1, 2013, 0, 0);
    Some(is_reply && is_one && length == message.len() + 4)
}

fn little_endian(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte))
}

/// <https://kafka.apache.org/protocol>: the size, the correlation id, and an ApiVersionsResponse of version 0, which has an
/// error, and an array of three INT16 an element.
fn kafka(mut reply: &[u8]) -> Option<bool> {
    let size = take_number(&mut reply, 4)?;
    let mut response = reply.get(..size)?;
    let head = [4, 2, 4].map(|size| take_number(&mut response, size));
    let keys = response.chunks(6).filter(|key| key.len() == 6).count();
    Some(head == [Some(1), Some(0), Some(keys)] && keys > 0 && response.len() == 6 * keys)
}

/// Cassandra's doc/native_protocol_v4.spec: SUPPORTED with a string multimap, or ERROR with 0x000A and a string in a frame of
/// another version, with the header that versions have from 3 on.
fn cassandra(mut frame: &[u8]) -> Option<bool> {
    let [version, flags, stream, operation, length] = [1, 1, 2, 1, 4].map(|size| take_number(&mut frame, size));
    let mut body = frame.get(..length?)?;
    let is_plain = flags == Some(0) && stream == Some(0);
    match (version?, operation?) {
        (0x84, 6) => {
            for _ in 0..take_number(&mut body, 2)? {
                take_string(&mut body)?;
                let strings = take_number(&mut body, 2)?;
                (0..strings).try_for_each(|_| take_string(&mut body))?;
            }
        }
        (0x83 | 0x85 | 0x86, 0) if take_number(&mut body, 4)? == 10 => take_string(&mut body)?,
        _ => return Some(false),
    }
    Some(is_plain && body.is_empty())
}

fn take_string(bytes: &mut &[u8]) -> Option<()> {
    let length = take_number(bytes, 2)?;
    bytes.split_off(..length)?;
    Some(())
}

/// MQTT 3.1.1, section 3.2: CONNACK, two bytes, no session, code 0.
fn mqtt(mut reply: &[u8]) -> Option<bool> {
    Some(take_number(&mut reply, 4)? == 0x2002_0000)
}

/// RFC 4511, sections 4.1.1, 4.1.9 and 4.2.2: a message with number 1 and a bind response, by a result which means success, or
/// that another bind is wanted.
fn ldap(mut reply: &[u8]) -> Option<bool> {
    let mut message = ber(&mut reply, 0x30)?;
    let number = ber(&mut message, 0x02)?;
    let mut response = ber(&mut message, 0x61)?;
    let [result, _, _] = [ber(&mut response, 0x0a)?, ber(&mut response, 0x04)?, ber(&mut response, 0x04)?];
    Some(number == [1] && matches!(result, [0 | 8 | 13 | 48 | 53]))
}

/// X.690, section 8.1: a tag, a length in the short or the long form, and the contents.
fn ber<'a>(bytes: &mut &'a [u8], tag: usize) -> Option<&'a [u8]> {
    let found = take_number(bytes, 1)?;
    let first = take_number(bytes, 1)?;
    let length = match first & 0x7f {
        _ if first < 0x80 => first,
        size @ 1..=4 => take_number(bytes, size)?,
        _ => return None,
    };
    bytes.split_off(..length).filter(|_| found == tag)
}

/// RFC 5321, sections 3.1 and 4.2.1: 220 in each line, with a hyphen in each but the last. Section 2.3.8: CR LF ends a line,
/// and LF alone has no meaning.
fn smtp(mut reply: &[u8]) -> Option<bool> {
    loop {
        let line = line(reply)?;
        reply = &reply[line.len() + 2..];
        let text = line.strip_prefix(b"220").filter(|_| !line.contains(&b'\n'));
        match text.map(|text| text.first()) {
            Some(None | Some(b' ')) => return Some(true),
            Some(Some(b'-')) => {}
            _ => return Some(false),
        }
    }
}

/// RFC 4253, sections 4.2 and 5.1: the first line that begins with SSH-, of version 2.0 or 1.99.
/// Section 4.2 allows for LF alone, which some servers send.
fn ssh(mut reply: &[u8]) -> Option<bool> {
    while !reply.starts_with(b"SSH-") {
        reply = &reply[reply.iter().position(|&byte| byte == b'\n')? + 1..];
    }
    let line = &reply[..reply.iter().position(|&byte| byte == b'\n')?];
    Some([&b"SSH-2.0-"[..], b"SSH-1.99-"].iter().any(|version| line.strip_prefix(*version).is_some()))
}

/// Takes a number of so many bytes, whose most significant byte is the first.
fn take_number(bytes: &mut &[u8], size: usize) -> Option<usize> {
    Some(bytes.split_off(..size)?.iter().fold(0, |number, &byte| number << 8 | usize::from(byte)))
}

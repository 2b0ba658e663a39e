//! Servers whose handshake is known: what to send them, and which replies are a ready server's.

use super::exchange::{self, Judgement};
use crate::endpoint::Stream;
use crate::progress::Progress;
use crate::target::Service;
use crate::unhealthy::{Awaiting, Unhealthy};

/// What is said to a server, and how its reply is judged.
struct Handshake {
    send: &'static [u8],
    judge: fn(&[u8]) -> Judgement,
}

fn handshake(service: Service) -> Handshake {
    match service {
        Service::Redis => Handshake { send: b"PING\r\n", judge: redis },
        // The startup message of protocol 3.0, for the role and database that are always there.
        Service::Postgres => {
            Handshake { send: b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0", judge: postgres }
        }
        Service::Mysql => Handshake { send: b"", judge: mysql },
        Service::Amqp => Handshake { send: b"AMQP\0\0\x09\x01", judge: amqp },
    }
}

/// Greets the server at the other end of `stream`.
pub async fn probe(service: Service, stream: Stream, progress: &Progress) -> Result<(), Unhealthy> {
    let Handshake { send, judge } = handshake(service);
    progress.awaits(Awaiting::Reply);
    exchange::judged(stream, send, &judge).await
}

/// A server that asks for a password first is alive; one that is loading its data (-LOADING) is not ready.
fn redis(reply: &[u8]) -> Judgement {
    begins(reply, &[b"+PONG\r\n", b"-NOAUTH "])
}

/// As pg_isready judges: a request to authenticate is a ready server's, and so is any error but that it can't take
/// connections now (57P03), because it is starting up or shutting down. PostgreSQL documentation, section 55.7.
fn postgres(reply: &[u8]) -> Judgement {
    let [kind @ (b'R' | b'E'), a, b, c, d, body @ ..] = reply else {
        return if matches!(reply, [] | [b'R' | b'E', ..]) { Judgement::More } else { Judgement::Unhealthy };
    };
    let Some(length @ 4..4000) =
        usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).ok().and_then(|l| l.checked_sub(4))
    else {
        return Judgement::Unhealthy;
    };
    let Some(body) = body.get(..length) else { return Judgement::More };
    let code = || body.split(|&byte| byte == 0).find_map(|field| field.strip_prefix(b"C"));
    let is_ready = match kind {
        // The requests that there are, of which 12 is the last.
        b'R' => matches!(body, [0, 0, 0, 0..=12, ..]),
        _ => code().is_some_and(|code| code.len() == 5 && code != b"57P03"),
    };
    if is_ready { Judgement::Healthy } else { Judgement::Unhealthy }
}

/// The greeting, a packet of number 0 for protocol 10; an error packet says 255 there.
fn mysql(reply: &[u8]) -> Judgement {
    match reply {
        [_, _, 0, 0, 10, ..] => Judgement::Healthy,
        [_, _, _, _, _, ..] => Judgement::Unhealthy,
        _ => Judgement::More,
    }
}

/// A method frame on channel 0 with Connection.Start: AMQP 0-9-1, sections 2.3.5 and 1.4.2.1. A server that speaks
/// another version sends its protocol header instead.
fn amqp(reply: &[u8]) -> Judgement {
    match reply {
        [1, 0, 0, _, _, _, _, 0, 10, 0, 10, ..] => Judgement::Healthy,
        [1, ..] | [] if reply.len() < 11 => Judgement::More,
        _ => Judgement::Unhealthy,
    }
}

/// Whether the reply begins with one of `accepted`, or may still come to.
fn begins(reply: &[u8], accepted: &[&[u8]]) -> Judgement {
    if accepted.iter().any(|beginning| reply.starts_with(beginning)) {
        Judgement::Healthy
    } else if accepted.iter().any(|beginning| beginning.starts_with(reply)) {
        Judgement::More
    } else {
        Judgement::Unhealthy
    }
}

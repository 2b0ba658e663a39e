//! MySQL and MariaDB: MySQL's internals manual, "Protocol::HandshakeV10". The server sends first.

use super::definition::Service;
use super::judgement::Judgement;

/// The service.
pub const SERVICE: Service =
    Service { scheme: "mysql", port: 3306, healthy: "the server's greeting", greeting: b"", judge };

/// Accepts a greeting: packet number 0, protocol 10. An error packet has 255 in place of the protocol.
fn judge(reply: &[u8]) -> Judgement {
    match reply {
        [a, b, 0, 0, 10, ..] if reply.len() < 4 + usize::from(u16::from_le_bytes([*a, *b])) => Judgement::More,
        [_, _, 0, 0, 10, ..] => Judgement::Healthy,
        [_, _, _, _, _, ..] => Judgement::Unhealthy,
        _ => Judgement::More,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn a_greeting_is_healthy_and_an_error_is_not() {
        assert_judged(judge, &[
            (b"\x05\0\0\0\x0a8.0\0", Judgement::Healthy),
            (b"\x4a\0\0\0\x0a8.0\0", Judgement::More),
            (b"\x4a\0\0\0", Judgement::More),
            (b"\x17\0\0\0\xff\x10\x04Too many connections", Judgement::Unhealthy),
            (b"\x4a\0\0\x01\x0a", Judgement::Unhealthy),
        ]);
    }
}

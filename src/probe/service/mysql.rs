//! MySQL and MariaDB: MySQL's internals manual, "Protocol::HandshakeV10". The server sends first.

use super::definition::Service;
use super::judgement::Judgement;

/// The service.
pub const SERVICE: Service =
    Service { scheme: "mysql", port: 3306, healthy: "the server's greeting", greeting: b"", farewell: b"", judge };

/// Accepts a greeting: packet number 0, protocol 10. An error packet has 255 in place of the protocol.
fn judge(reply: &[u8]) -> Judgement {
    match reply {
        [a, b, 0, 0, 10, rest @ ..] => {
            let length = usize::from(u16::from_le_bytes([*a, *b]));
            match length.checked_sub(1).map(|length| rest.get(..length)) {
                Some(Some(packet)) if is_greeting(packet) => Judgement::Healthy,
                Some(None) => Judgement::More,
                _ => Judgement::Unhealthy,
            }
        }
        [_, _, _, _, _, ..] => Judgement::Unhealthy,
        _ => Judgement::More,
    }
}

/// Checks what follows the protocol: the server's version and NUL, the connection's number (4 bytes), a challenge (8), NUL,
/// and the capabilities (2), which decide what else there is.
fn is_greeting(packet: &[u8]) -> bool {
    let fields = packet.iter().position(|&byte| byte == 0).map(|end| &packet[end + 1..]);
    fields.is_some_and(|fields| fields.len() >= 15 && fields[12] == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn a_greeting_is_healthy_and_an_error_is_not() {
        assert_judged(
            judge,
            &[
                (b"\x14\0\0\0\x0a8.0\0\x08\0\0\0abcdefgh\0\xff\xff", Judgement::Healthy),
                (b"\x14\0\0\0\x0a8.0\0\x08\0\0\0abcdefgh\0\xff", Judgement::More),
                (b"\x14\0\0\0\x0a8.0\0\x08\0\0\0abcdefghi\xff\xff", Judgement::Unhealthy),
                (b"\x05\0\0\0\x0a8.0\0", Judgement::Unhealthy),
                (b"\0\0\0\0\x0a", Judgement::Unhealthy),
                (b"\x4a\0\0\0\x0a8.0\0", Judgement::More),
                (b"\x4a\0\0\0", Judgement::More),
                (b"\x17\0\0\0\xff\x10\x04Too many connections", Judgement::Unhealthy),
                (b"\x4a\0\0\x01\x0a", Judgement::Unhealthy),
            ],
        );
    }
}

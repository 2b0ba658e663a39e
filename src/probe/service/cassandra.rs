//! Cassandra, and servers that speak its protocol: its doc/native_protocol_v4.spec, sections 2, 4.1.3, 4.2.1, 4.2.4 and 9.

use super::definition::Service;
use super::judgement::{Judgement, sized_message};
use crate::number::take_number;

/// The service. Its greeting is OPTIONS in version 4, which a server answers before a login.
pub const SERVICE: Service = Service {
    scheme: "cassandra",
    port: 9042,
    healthy: "SUPPORTED, in reply to OPTIONS",
    greeting: b"\x04\0\0\0\x05\0\0\0\0",
    farewell: b"",
    judge,
};

/// The length of a frame's header, in bytes, the last four of which say how long the body is.
const HEADER: usize = 9;

fn judge(reply: &[u8]) -> Judgement {
    sized_message(reply, 5, HEADER, is_supported)
}

/// Accepts SUPPORTED. A server that refuses version 4, such as one with `native_transport_allow_older_protocols: false`, says
/// so by a protocol error in a frame of its own version, which clients then speak.
fn is_supported(frame: &[u8]) -> Option<bool> {
    let (header, mut body) = frame.split_at_checked(HEADER)?;
    match header {
        [0x84, 0, 0, 0, 6, ..] => {
            for _ in 0..take_number(&mut body, 2)? {
                skip_string(&mut body)?;
                for _ in 0..take_number(&mut body, 2)? {
                    skip_string(&mut body)?;
                }
            }
        }
        [0x83 | 0x85 | 0x86, 0, 0, 0, 0, ..] if take_number(&mut body, 4)? == 0x0a => skip_string(&mut body)?,
        _ => return None,
    }
    Some(body.is_empty())
}

fn skip_string(bytes: &mut &[u8]) -> Option<()> {
    let length = take_number(bytes, 2)?;
    bytes.split_off(..length).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn supported_is_healthy_and_an_error_is_not() {
        assert_judged(
            judge,
            &[
                (b"\x84\0\0\0\x06\0\0\0\x0b\0\x01\0\x01V\0\x01\0\x013\0", Judgement::Unhealthy),
                (b"\x84\0\0\0\x06\0\0\0\x0a\0\x01\0\x01V\0\x01\0\x013", Judgement::Healthy),
                (b"\x84\0\0\0\x06\0\0\0\x0a\0\x01\0\x01V\0\x01\0\x01", Judgement::More),
                (b"\x84\0\0\0\x06\0\0\0", Judgement::More),
                (b"", Judgement::More),
                (b"\x84\0\0\0\x06\0\0\0\x0a\0\x01\0\x01V\0\x02\0\x013", Judgement::Unhealthy),
                (b"\x84\0\0\0\x06\0\0\0\x0a\0\x01\0\x01V\0\0\0\x013", Judgement::Unhealthy),
                (b"\x84\0\0\x01\x06\0\0\0\x0a\0\x01\0\x01V\0\x01\0\x013", Judgement::Unhealthy),
                (b"\x84\0\0\0\x06\0\0\0\0", Judgement::Unhealthy),
                (b"\x84\0\0\0\0\0\0\0\x08\0\0\x10\x01\0\x02no", Judgement::Unhealthy),
                (b"\x84\0\0\0\0\0\0\0\x08\0\0\0\x0a\0\x02no", Judgement::Unhealthy),
                (SERVICE.greeting, Judgement::Unhealthy),
                (b"HTTP/1.1 400", Judgement::Unhealthy),
            ],
        );
    }

    #[test]
    fn a_server_of_another_version_is_healthy() {
        assert_judged(
            judge,
            &[
                (b"\x85\0\0\0\0\0\0\0\x08\0\0\0\x0a\0\x02no", Judgement::Healthy),
                (b"\x83\0\0\0\0\0\0\0\x08\0\0\0\x0a\0\x02no", Judgement::Healthy),
                (b"\x85\0\0\0\0\0\0\0\x08\0\0\0\x0a\0\x03no", Judgement::Unhealthy),
                (b"\x85\0\0\0\0\0\0\0\x08\0\0\x10\x01\0\x02no", Judgement::Unhealthy),
                (b"\x85\0\0\0\x06\0\0\0\x0a\0\x01\0\x01V\0\x01\0\x013", Judgement::Unhealthy),
            ],
        );
    }
}

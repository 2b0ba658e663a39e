//! AMQP 0-9-1 brokers, such as RabbitMQ: AMQP 0-9-1, sections 2.2.4, 2.3.5 and 1.4.2.1.

use super::definition::Service;
use super::judgement::{Judgement, sized_message};
use crate::number::take_number;

/// The service.
pub const SERVICE: Service = Service {
    scheme: "amqp",
    port: 5672,
    healthy: "Connection.Start of AMQP 0-9-1",
    greeting: b"AMQP\0\0\x09\x01",
    farewell: b"",
    judge,
};

/// Accepts a method frame on channel 0 with Connection.Start. A server that speaks another version sends its protocol
/// header instead. Section 2.3.5: seven bytes precede the payload, and one ends the frame.
fn judge(reply: &[u8]) -> Judgement {
    sized_message(reply, 3, 8, is_start)
}

/// Checks the frame, the method, and its arguments: version 0-9, then a table and two long strings, each behind its length.
fn is_start(frame: &[u8]) -> Option<bool> {
    let payload = frame.strip_prefix(&[1, 0, 0])?.get(4..)?.strip_suffix(&[0xce])?;
    let mut rest = payload.strip_prefix(&[0, 10, 0, 10, 0, 9])?;
    for _ in 0..3 {
        let length = take_number(&mut rest, 4)?;
        rest = rest.get(length..)?;
    }
    Some(rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn connection_start_is_healthy_and_another_version_is_not() {
        assert_judged(
            judge,
            &[
                (b"\x01\0\0\0\0\0\x14\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x01P\0\0\0\x01e\xce", Judgement::Healthy),
                (b"\x01\0\0\0\0\0\x14\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x01P\0\0\0\x01e\0", Judgement::Unhealthy),
                (b"\x01\0\0\0\0\0\x14\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x01P\0\0\0\x02e\xce", Judgement::Unhealthy),
                (b"\x01\0\0\0\0\0\x06\0\x0a\0\x0a\0\x09\xce", Judgement::Unhealthy),
                (b"\x01\0\0\0\0\x01\xf4\0\x0a\0\x0a\0\x09", Judgement::More),
                (b"\x01\0\0\0\0\x01\xf4\0\x0a\0", Judgement::More),
                (b"AMQP\0\0\x09\x01", Judgement::Unhealthy),
                (b"\x01\0\0\0\0\0\x04\0\x0a\0\x32\xce", Judgement::Unhealthy),
                (b"\x01\0\0\0\0\0\0\xce", Judgement::Unhealthy),
            ],
        );
    }
}

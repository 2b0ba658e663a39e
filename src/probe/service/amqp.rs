//! AMQP 0-9-1 brokers, such as RabbitMQ: AMQP 0-9-1, sections 2.2.4, 2.3.5 and 1.4.2.1.

use super::definition::Service;
use super::judgement::Judgement;

/// The service.
pub const SERVICE: Service = Service {
    scheme: "amqp",
    port: 5672,
    healthy: "Connection.Start of AMQP 0-9-1",
    greeting: b"AMQP\0\0\x09\x01",
    judge,
};

/// Accepts a method frame on channel 0 with Connection.Start. A server that speaks another version sends its protocol
/// header instead.
fn judge(reply: &[u8]) -> Judgement {
    match reply {
        [1, 0, 0, a, b, c, d, 0, 10, 0, 10, ..] => {
            // Section 2.3.5: the payload, whose length precedes it, and the octet that ends a frame.
            let payload = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            match reply.get(7..).and_then(|rest| rest.get(payload)) {
                Some(0xce) if reply.get(11..7 + payload).is_some_and(is_start) => Judgement::Healthy,
                Some(_) => Judgement::Unhealthy,
                None => Judgement::More,
            }
        }
        [1, ..] | [] if reply.len() < 11 => Judgement::More,
        _ => Judgement::Unhealthy,
    }
}

/// Checks the arguments of Connection.Start: version 0-9, then a table and two long strings, each behind its length.
fn is_start(arguments: &[u8]) -> bool {
    let mut rest = arguments.strip_prefix(&[0, 9]);
    for _ in 0..3 {
        rest = rest.and_then(|rest| {
            let (length, after) = rest.split_first_chunk()?;
            after.get(u32::from_be_bytes(*length) as usize..)
        });
    }
    rest.is_some_and(<[u8]>::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn connection_start_is_healthy_and_another_version_is_not() {
        assert_judged(judge, &[
            (b"\x01\0\0\0\0\0\x14\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x01P\0\0\0\x01e\xce", Judgement::Healthy),
            (b"\x01\0\0\0\0\0\x14\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x01P\0\0\0\x01e\0", Judgement::Unhealthy),
            (b"\x01\0\0\0\0\0\x14\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x01P\0\0\0\x02e\xce", Judgement::Unhealthy),
            (b"\x01\0\0\0\0\0\x06\0\x0a\0\x0a\0\x09\xce", Judgement::Unhealthy),
            (b"\x01\0\0\0\0\x01\xf4\0\x0a\0\x0a\0\x09", Judgement::More),
            (b"\x01\0\0\0\0\x01\xf4\0\x0a\0", Judgement::More),
            (b"AMQP\0\0\x09\x01", Judgement::Unhealthy),
            (b"\x01\0\0\0\0\x01\xf4\0\x0a\0\x32", Judgement::Unhealthy),
        ]);
    }
}

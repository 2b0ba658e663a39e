//! MQTT brokers: MQTT 3.1.1, sections 3.1, 3.2 and 3.14.

use super::definition::Service;
use super::judgement::Judgement;

/// The service. Its greeting is CONNECT with a clean session, a keep-alive time of 10 seconds, and no client identifier: a
/// fixed identifier would end the session of another probe.
pub const SERVICE: Service = Service {
    scheme: "mqtt",
    port: 1883,
    healthy: "CONNACK with code 0",
    greeting: b"\x10\x0c\0\x04MQTT\x04\x02\0\x0a\0\0",
    farewell: b"\xe0\0",
    judge,
};

/// Accepts CONNACK with code 0, without a session. A broker that wants a password sends another code.
fn judge(reply: &[u8]) -> Judgement {
    match b"\x20\x02\0\0" {
        accepted if reply.starts_with(accepted) => Judgement::Healthy,
        accepted if accepted.starts_with(reply) => Judgement::More,
        _ => Judgement::Unhealthy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn code_0_is_healthy_and_another_is_not() {
        assert_judged(
            judge,
            &[
                (b"\x20\x02\0\0", Judgement::Healthy),
                (b"\x20\x02\0", Judgement::More),
                (b"", Judgement::More),
                (b"\x20\x02\0\x05", Judgement::Unhealthy),
                (b"\x20\x02\x01\0", Judgement::Unhealthy),
                (b"\x20\x03\0\0\0", Judgement::Unhealthy),
                (SERVICE.greeting, Judgement::Unhealthy),
            ],
        );
    }
}

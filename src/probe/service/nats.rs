//! NATS: <https://docs.nats.io/reference/reference-protocols/nats-protocol>, "INFO". The server greets first.

use super::definition::Service;
use super::judgement::{Judgement, MAX_REPLY, line};

/// The service.
pub const SERVICE: Service =
    Service { scheme: "nats", port: 4222, healthy: "the server's INFO", greeting: b"", farewell: b"", judge };

/// Accepts one JSON object, which is complete at the end of the line. A server sends INFO once it takes clients, and before
/// it asks for credentials or TLS. The object has the addresses of the whole cluster: a line that is longer than what is read
/// is judged by its beginning.
fn judge(reply: &[u8]) -> Judgement {
    match line(reply, &[b"INFO {"], |line| line.trim_ascii_end().ends_with(b"}")) {
        Judgement::More if reply.len() >= MAX_REPLY => Judgement::Healthy,
        judgement => judgement,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn info_is_healthy_and_an_error_is_not() {
        assert_judged(
            judge,
            &[
                (b"INFO {\"server_id\":\"N\"} \r\n", Judgement::Healthy),
                (b"INFO {\"server_id\":", Judgement::More),
                (b"INFO {\"server_id\":\r\n", Judgement::Unhealthy),
                (&[&b"INFO {"[..], &[b'"'; 4089]].concat(), Judgement::More),
                (&[&b"INFO {"[..], &[b'"'; 4090]].concat(), Judgement::Healthy),
                (b"INFO", Judgement::More),
                (b"", Judgement::More),
                (b"-ERR 'maximum connections exceeded'\r\n", Judgement::Unhealthy),
                (b"INFORMATION\r\n", Judgement::Unhealthy),
            ],
        );
    }
}

//! NATS: <https://docs.nats.io/reference/reference-protocols/nats-protocol>, "INFO". The server greets first.

use super::definition::Service;
use super::judgement::{Judgement, line_begins};

/// The service.
pub const SERVICE: Service = Service { scheme: "nats", port: 4222, healthy: "the server's INFO", greeting: b"", judge };

/// A server sends INFO once it takes clients, and before it asks for credentials or TLS.
fn judge(reply: &[u8]) -> Judgement {
    line_begins(reply, &[b"INFO {"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn info_is_healthy_and_an_error_is_not() {
        assert_judged(judge, &[
            (b"INFO {\"server_id\":\"N\"} \r\n", Judgement::Healthy),
            (b"INFO {\"server_id\":", Judgement::More),
            (b"INFO", Judgement::More),
            (b"", Judgement::More),
            (b"-ERR 'maximum connections exceeded'\r\n", Judgement::Unhealthy),
            (b"INFORMATION\r\n", Judgement::Unhealthy),
        ]);
    }
}

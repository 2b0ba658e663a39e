//! memcached: its doc/protocol.txt, "Other commands" and "Error strings".

use super::definition::Service;
use super::judgement::{Judgement, line};

/// The service.
pub const SERVICE: Service = Service {
    scheme: "memcached",
    port: 11211,
    healthy: "VERSION, in reply to version",
    greeting: b"version\r\n",
    farewell: b"",
    judge,
};

/// A server that has no room for another client sends `ERROR Too many open connections`.
fn judge(reply: &[u8]) -> Judgement {
    line(reply, &[b"VERSION "], |line| line != b"VERSION ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn a_version_is_healthy_and_an_error_is_not() {
        assert_judged(
            judge,
            &[
                (b"VERSION 1.6.18\r\n", Judgement::Healthy),
                (b"VERSION 1.6", Judgement::More),
                (b"VERS", Judgement::More),
                (b"", Judgement::More),
                (b"ERROR Too many open connections\r\n", Judgement::Unhealthy),
                (b"ERROR\r\n", Judgement::Unhealthy),
                (b"VERSION \r\n", Judgement::Unhealthy),
                (&[b'V'; 3000], Judgement::Unhealthy),
                (&[&b"VERSION "[..], &[b'1'; 3000]].concat(), Judgement::More),
            ],
        );
    }
}

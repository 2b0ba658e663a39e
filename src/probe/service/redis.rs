//! Redis, and servers that speak its protocol: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

use super::definition::Service;
use super::judgement::{Judgement, line};

/// The service.
pub const SERVICE: Service = Service {
    scheme: "redis",
    port: 6379,
    healthy: "+PONG, or a request for a password",
    greeting: b"PING\r\n",
    farewell: b"",
    judge,
};

/// Accepts a pong, and a request for a password, which only a live server sends. A server that is still loading its
/// data (-LOADING) is not ready.
fn judge(reply: &[u8]) -> Judgement {
    line(reply, &[b"+PONG\r\n", b"-NOAUTH "], |_| true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn a_server_that_is_loading_is_not_ready() {
        assert_judged(
            judge,
            &[
                (b"+PONG\r\n", Judgement::Healthy),
                (b"-NOAUTH Authentication required.\r\n", Judgement::Healthy),
                (b"-LOADING Redis is loading the dataset in memory\r\n", Judgement::Unhealthy),
                (b"-NOAUTH Authentication", Judgement::More),
                (b"+PO", Judgement::More),
                (b"", Judgement::More),
                (b"HTTP/1.1 400 Bad Request\r\n", Judgement::Unhealthy),
            ],
        );
    }
}

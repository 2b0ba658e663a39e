//! Kafka: <https://kafka.apache.org/protocol>, "The Messages: `ApiVersions`".

use super::definition::Service;
use super::judgement::{Judgement, sized_message};
use crate::number::take_number;

/// The service. Its greeting is request 18 in version 0, with the number 1, from a client named lprobe. Brokers answer it
/// before a login, in every version that there is.
pub const SERVICE: Service = Service {
    scheme: "kafka",
    port: 9092,
    healthy: "a list, in reply to ApiVersions",
    greeting: b"\0\0\0\x10\0\x12\0\0\0\0\0\x01\0\x06lprobe",
    farewell: b"",
    judge,
};

/// Accepts a response without an error, and with at least one request that the broker takes.
fn judge(reply: &[u8]) -> Judgement {
    sized_message(reply, 0, 4, has_versions)
}

/// Checks the request's number, the error, and the list: for each request its number, its first and its last version, in two
/// bytes each.
fn has_versions(message: &[u8]) -> Option<bool> {
    let mut rest = message.get(4..)?;
    let [request, error, count] = [take_number(&mut rest, 4)?, take_number(&mut rest, 2)?, take_number(&mut rest, 4)?];
    Some(request == 1 && error == 0 && count > 0 && count.checked_mul(6) == Some(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn a_list_of_versions_is_healthy_and_an_error_is_not() {
        assert_judged(
            judge,
            &[
                (b"\0\0\0\x10\0\0\0\x01\0\0\0\0\0\x01\0\x12\0\0\0\x04", Judgement::Healthy),
                (b"\0\0\0\x10\0\0\0\x01\0\0\0\0\0\x01\0\x12\0\0\0", Judgement::More),
                (b"\0\0\0", Judgement::More),
                (b"", Judgement::More),
                (b"\0\0\0\x10\0\0\0\x01\0\x23\0\0\0\x01\0\x12\0\0\0\x04", Judgement::Unhealthy),
                (b"\0\0\0\x10\0\0\0\x02\0\0\0\0\0\x01\0\x12\0\0\0\x04", Judgement::Unhealthy),
                (b"\0\0\0\x10\0\0\0\x01\0\0\0\0\0\x02\0\x12\0\0\0\x04", Judgement::Unhealthy),
                (b"\0\0\0\x0a\0\0\0\x01\0\0\0\0\0\0", Judgement::Unhealthy),
                (b"\0\0\0\x06\0\0\0\x01\0\0", Judgement::Unhealthy),
                (SERVICE.greeting, Judgement::Unhealthy),
                (b"\0\0\0\0", Judgement::Unhealthy),
                (b"HTTP/1.1 400", Judgement::Unhealthy),
            ],
        );
    }
}

//! PostgreSQL: PostgreSQL documentation, sections 55.2.1 and 55.7.

use super::definition::Service;
use super::judgement::{Judgement, sized_message};

/// The service. Its greeting is the startup message of protocol 3.0, for the role and the database that exist by
/// default.
pub const SERVICE: Service = Service {
    scheme: "postgres",
    port: 5432,
    healthy: "as pg_isready judges; also postgresql://",
    greeting: b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0",
    farewell: b"",
    judge,
};

/// Accepts an authentication request, and every error except 57P03: the server can't take connections now, because it
/// is starting up or shutting down.
fn judge(reply: &[u8]) -> Judgement {
    sized_message(reply, 1, 1, is_ready)
}

fn is_ready(message: &[u8]) -> Option<bool> {
    match message {
        // The last authentication request has number 12.
        [b'R', _, _, _, _, 0, 0, 0, number, ..] => Some(*number <= 12),
        // Each field of an error ends in NUL, and so does the list of them.
        [b'E', _, _, _, _, body @ ..] => {
            let mut fields = body.strip_suffix(b"\0\0")?.split(|&byte| byte == 0);
            let code = fields.find_map(|field| field.strip_prefix(b"C"))?;
            Some(is_sqlstate(code) && code != b"57P03")
        }
        _ => None,
    }
}

/// PostgreSQL documentation, appendix A: five digits and letters in upper case.
fn is_sqlstate(code: &[u8]) -> bool {
    code.len() == 5 && code.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'Z'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn an_error_is_healthy_unless_the_server_takes_no_connections() {
        assert_judged(
            judge,
            &[
                (b"R\0\0\0\x08\0\0\0\0", Judgement::Healthy),
                (b"R\0\0\0\x08\0\0\0\x0d", Judgement::Unhealthy),
                (b"E\0\0\0\x13SFATAL\0C28000\0\0\0", Judgement::Healthy),
                (b"E\0\0\0\x13SFATAL\0C57P03\0\0\0", Judgement::Unhealthy),
                (b"E\0\0\0\x13SFATAL\0C28000\0M\0", Judgement::Unhealthy),
                (b"E\0\0\0\x13SFATAL\0C57", Judgement::More),
                (b"R\0\0", Judgement::More),
                (b"R\xff\xff\xff\xff", Judgement::Unhealthy),
                (b"HTTP/1.1 400", Judgement::Unhealthy),
            ],
        );
    }
}

//! PostgreSQL: PostgreSQL documentation, sections 55.2.1 and 55.7.

use super::definition::Service;
use super::judgement::Judgement;

/// The service. Its greeting is the startup message of protocol 3.0, for the role and the database that exist by
/// default.
pub const SERVICE: Service = Service {
    scheme: "postgres",
    port: 5432,
    healthy: "as pg_isready judges",
    greeting: b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0",
    judge,
};

/// Accepts an authentication request, and every error except 57P03: the server can't take connections now, because it
/// is starting up or shutting down.
fn judge(reply: &[u8]) -> Judgement {
    let [kind @ (b'R' | b'E'), a, b, c, d, body @ ..] = reply else {
        return if matches!(reply, [] | [b'R' | b'E', ..]) { Judgement::More } else { Judgement::Unhealthy };
    };
    let Some(length @ 4..4000) =
        usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).ok().and_then(|l| l.checked_sub(4))
    else {
        return Judgement::Unhealthy;
    };
    let Some(body) = body.get(..length) else { return Judgement::More };
    // Each field of an error ends in NUL, and so does the list of them.
    let code = || {
        let mut fields = body.strip_suffix(b"\0\0")?.split(|&byte| byte == 0);
        fields.find_map(|field| field.strip_prefix(b"C"))
    };
    let is_ready = match kind {
        // The last authentication request has number 12.
        b'R' => matches!(body, [0, 0, 0, 0..=12, ..]),
        _ => code().is_some_and(|code| is_sqlstate(code) && code != b"57P03"),
    };
    if is_ready { Judgement::Healthy } else { Judgement::Unhealthy }
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
        assert_judged(judge, &[
            (b"R\0\0\0\x08\0\0\0\0", Judgement::Healthy),
            (b"R\0\0\0\x08\0\0\0\x0d", Judgement::Unhealthy),
            (b"E\0\0\0\x13SFATAL\0C28000\0\0\0", Judgement::Healthy),
            (b"E\0\0\0\x13SFATAL\0C57P03\0\0\0", Judgement::Unhealthy),
            (b"E\0\0\0\x13SFATAL\0C28000\0M\0", Judgement::Unhealthy),
            (b"E\0\0\0\x13SFATAL\0C57", Judgement::More),
            (b"R\0\0", Judgement::More),
            (b"R\xff\xff\xff\xff", Judgement::Unhealthy),
            (b"HTTP/1.1 400", Judgement::Unhealthy),
        ]);
    }
}

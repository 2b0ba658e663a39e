//! SMTP servers: RFC 5321, sections 3.1, 4.2 and 4.3.1. The server sends first, and turns away who doesn't wait for that.

use super::definition::Service;
use super::judgement::{Judgement, line};

/// The service.
pub const SERVICE: Service = Service {
    scheme: "smtp",
    port: 25,
    healthy: "the server's greeting, 220",
    greeting: b"",
    farewell: b"QUIT\r\n",
    judge,
};

/// Accepts 220 in each line, of which the last has no hyphen. A server that takes no mail sends 554, and one that is busy or
/// shuts down 421.
fn judge(reply: &[u8]) -> Judgement {
    for piece in reply.split_inclusive(|&byte| byte == b'\n') {
        let judgement = line(piece, &[b"220-", b"220 ", b"220\r\n"], |_| true);
        if judgement != Judgement::Healthy || !piece.starts_with(b"220-") {
            return judgement;
        }
    }
    Judgement::More
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn code_220_is_healthy_and_another_is_not() {
        assert_judged(
            judge,
            &[
                (b"220 mail.example ESMTP\r\n", Judgement::Healthy),
                (b"220\r\n", Judgement::Healthy),
                (b"220-mail.example\r\n220-hello\r\n220 ready\r\n", Judgement::Healthy),
                (b"220-mail.example\r\n220-hello\r\n", Judgement::More),
                (b"220-mail.example\r\n220 ready", Judgement::More),
                (b"220 mail.example ESMTP\r", Judgement::More),
                (b"22", Judgement::More),
                (b"", Judgement::More),
                (b"220-mail.example\r\n421 closing\r\n", Judgement::Unhealthy),
                (b"554 no mail here\r\n", Judgement::Unhealthy),
                (b"421 too many connections\r\n", Judgement::Unhealthy),
                (b"2200 mail.example\r\n", Judgement::Unhealthy),
                (b"HTTP/1.1 400 Bad Request\r\n", Judgement::Unhealthy),
            ],
        );
    }
}

//! SSH: RFC 4253, sections 4.2 and 5.1. The server sends first.

use super::definition::Service;
use super::judgement::Judgement;

/// The service. Its farewell is the line that a client owes the server: without it, sshd logs an error.
pub const SERVICE: Service = Service {
    scheme: "ssh",
    port: 22,
    healthy: "the server's SSH-2.0 line",
    greeting: b"",
    farewell: b"SSH-2.0-lprobe\r\n",
    judge,
};

/// Accepts a line with version 2.0, or 1.99, by which a server says that it has version 1 too. Other lines may precede it.
/// A server that takes no more connections sends another line, and closes.
fn judge(reply: &[u8]) -> Judgement {
    let mut lines = reply.split_inclusive(|&byte| byte == b'\n');
    match lines.find(|line| line.starts_with(b"SSH-")) {
        Some(line) if !line.ends_with(b"\n") => Judgement::More,
        Some(line) if line.starts_with(b"SSH-2.0-") || line.starts_with(b"SSH-1.99-") => Judgement::Healthy,
        Some(_) => Judgement::Unhealthy,
        None => Judgement::More,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn version_2_is_healthy_and_version_1_is_not() {
        assert_judged(
            judge,
            &[
                (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", Judgement::Healthy),
                (b"SSH-2.0-dropbear\n", Judgement::Healthy),
                (b"SSH-1.99-Cisco-1.25\r\n", Judgement::Healthy),
                (b"hello\r\nSSH-2.0-x\r\n", Judgement::Healthy),
                (b"SSH-2.0-OpenSSH_9.2p1", Judgement::More),
                (b"hello\r\n", Judgement::More),
                (b"SSH", Judgement::More),
                (b"", Judgement::More),
                (b"SSH-2.0\r\n", Judgement::Unhealthy),
                (b"SSH-1.5-x\r\n", Judgement::Unhealthy),
                (b"SSH-1.5-x\r\nSSH-2.0-x\r\n", Judgement::Unhealthy),
                (b"Exceeded MaxStartups\r\n", Judgement::More),
            ],
        );
    }
}

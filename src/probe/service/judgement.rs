//! The judgement of a reply, of which only the beginning may have arrived.

/// The judgement of the bytes that have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The reply is that of a healthy server.
    Healthy,
    /// The reply is not that of a healthy server, whatever follows.
    Unhealthy,
    /// More bytes are needed.
    More,
}

/// Judges a reply by its beginning: a healthy reply begins with one of `accepted`.
fn begins(reply: &[u8], accepted: &[&[u8]]) -> Judgement {
    if accepted.iter().any(|beginning| reply.starts_with(beginning)) {
        Judgement::Healthy
    } else if accepted.iter().any(|beginning| beginning.starts_with(reply)) {
        Judgement::More
    } else {
        Judgement::Unhealthy
    }
}

/// The longest line that must be complete, in bytes.
const LONG_LINE: usize = 2048;

/// Judges a reply of one line by how it begins: one of `accepted` is healthy once the line is complete, since a server that
/// dies may send half of it. A line that is longer than [`LONG_LINE`] is judged by its beginning.
pub fn line_begins(reply: &[u8], accepted: &[&[u8]]) -> Judgement {
    let is_complete = reply.windows(2).any(|pair| pair == b"\r\n") || reply.len() >= LONG_LINE;
    match begins(reply, accepted) {
        Judgement::Healthy if !is_complete => Judgement::More,
        judgement => judgement,
    }
}

/// Checks what a judge says of replies.
#[cfg(test)]
#[track_caller]
pub fn assert_judged(judge: fn(&[u8]) -> Judgement, cases: &[(&[u8], Judgement)]) {
    for (reply, judgement) in cases {
        assert_eq!(judge(reply), *judgement, "{}", reply.escape_ascii());
    }
}

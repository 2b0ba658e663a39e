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
pub fn begins(reply: &[u8], accepted: &[&[u8]]) -> Judgement {
    if accepted.iter().any(|beginning| reply.starts_with(beginning)) {
        Judgement::Healthy
    } else if accepted.iter().any(|beginning| beginning.starts_with(reply)) {
        Judgement::More
    } else {
        Judgement::Unhealthy
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

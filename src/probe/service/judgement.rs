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

/// Judges a reply of one line, which begins with one of `accepted`. `is_healthy` judges the line once it is complete, since
/// a server that dies may send half of it.
pub fn line(reply: &[u8], accepted: &[&[u8]], is_healthy: fn(&[u8]) -> bool) -> Judgement {
    if !accepted.iter().any(|beginning| beginning.starts_with(reply) || reply.starts_with(beginning)) {
        return Judgement::Unhealthy;
    }
    match reply.windows(2).position(|pair| pair == b"\r\n") {
        Some(end) if is_healthy(&reply[..end]) => Judgement::Healthy,
        Some(_) => Judgement::Unhealthy,
        None => Judgement::More,
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

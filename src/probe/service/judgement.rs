//! The judgement of a reply, of which only the beginning may have arrived.

use crate::number::take_number;

/// The judgement of the bytes that have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The reply is that of a healthy server.
    Healthy,
    /// The reply is not that of a healthy server, whatever follows.
    Unhealthy,
    /// More bytes are needed, and these with them.
    More,
    /// More bytes are needed, and these no more.
    Taken,
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

/// The most bytes of a reply that are read.
pub const MAX_REPLY: usize = 4096;

/// Judges a reply of one message, which says its length before it ends. `end` is where the message ends, once that is
/// known. `is_healthy` judges the message once it is complete; `None` means that its fields don't fit into it.
pub fn message(reply: &[u8], end: Option<usize>, is_healthy: fn(&[u8]) -> Option<bool>) -> Judgement {
    match end.map(|end| (end, reply.get(..end))) {
        Some((_, Some(message))) if is_healthy(message) == Some(true) => Judgement::Healthy,
        Some((..=MAX_REPLY, None)) | None => Judgement::More,
        _ => Judgement::Unhealthy,
    }
}

/// Judges a reply of one message, which has its length in the four bytes from `place` on, the most significant byte first.
/// `uncounted` is the number of bytes that this length leaves out.
pub fn sized_message(reply: &[u8], place: usize, uncounted: usize, is_healthy: fn(&[u8]) -> Option<bool>) -> Judgement {
    let mut length = reply.get(place..).unwrap_or_default();
    message(reply, take_number(&mut length, 4).map(|length| length.saturating_add(uncounted)), is_healthy)
}

/// Checks what a judge says of replies.
#[cfg(test)]
#[track_caller]
pub fn assert_judged(judge: fn(&[u8]) -> Judgement, cases: &[(&[u8], Judgement)]) {
    for (reply, judgement) in cases {
        assert_eq!(judge(reply), *judgement, "{}", reply.escape_ascii());
    }
}

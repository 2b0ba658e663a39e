//! What a reply tells about a server, as far as it has come.

/// What the beginning of a reply tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It is a healthy server's.
    Healthy,
    /// It is not a healthy server's, whatever follows.
    Unhealthy,
    /// More of it is needed.
    More,
}

/// Judges a reply by how it begins: healthy is one of `accepted`.
pub fn begins(reply: &[u8], accepted: &[&[u8]]) -> Judgement {
    if accepted.iter().any(|beginning| reply.starts_with(beginning)) {
        Judgement::Healthy
    } else if accepted.iter().any(|beginning| beginning.starts_with(reply)) {
        Judgement::More
    } else {
        Judgement::Unhealthy
    }
}

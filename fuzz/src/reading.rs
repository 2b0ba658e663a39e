//! What a second reading of an answer says of it.

/// Whether an answer is healthy, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Healthy,
    Unhealthy(&'static str),
    /// Whatever lprobe says is right: the answer reaches one of its limits, or breaks a rule that changes nothing.
    Either,
}

impl Reading {
    /// Fails if lprobe's verdict is another.
    #[track_caller]
    pub fn check(self, healthy: bool) {
        match self {
            Self::Healthy => assert!(healthy, "unhealthy by a well-formed answer"),
            Self::Unhealthy(reason) => assert!(!healthy, "healthy by a wrong answer: {reason}"),
            Self::Either => {}
        }
    }
}

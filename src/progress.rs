//! How far a probe has come: what it awaits, for the words when its time is over, and how long it has taken.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::unhealthy::awaiting::Awaiting;

/// Kept by one probe while it runs.
pub struct Progress {
    start: Instant,
    awaiting: Cell<Awaiting>,
    connected: Cell<Option<Duration>>,
    /// Whether the process ends after this attempt, which closes every connection.
    pub is_last_attempt: bool,
}

impl Progress {
    /// Starts the clock.
    pub fn start(is_last_attempt: bool) -> Self {
        Self { start: Instant::now(), awaiting: Cell::default(), connected: Cell::default(), is_last_attempt }
    }

    /// Notes that a connection is awaited, or the like.
    pub fn awaits(&self, awaiting: Awaiting) {
        self.awaiting.set(awaiting);
    }

    /// Notes that a step of the protocol is awaited, as in "no TLS handshake within 1000 ms".
    pub fn awaits_step(&self, step: &'static str) {
        self.awaiting.set(Awaiting::Step(step));
    }

    /// Notes that the connection is open.
    pub fn connected(&self) {
        self.connected.set(Some(self.start.elapsed()));
    }

    /// Returns what was awaited last.
    pub fn awaiting(&self) -> Awaiting {
        self.awaiting.take()
    }

    /// Returns how long it took until the connection was open, and until now.
    pub fn timings(&self) -> Timings {
        Timings { connected: self.connected.get(), total: self.start.elapsed() }
    }
}

/// How long a probe took.
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    /// Until its connection was open, if it came so far.
    pub connected: Option<Duration>,
    /// In all.
    pub total: Duration,
}

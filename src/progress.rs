//! How far a probe has come: what it awaits, for the words when the deadline passes, and how long it has taken.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::unhealthy::Awaiting;

/// Kept by one probe while it runs.
pub struct Progress {
    start: Instant,
    awaiting: Cell<Awaiting>,
    connected: Cell<Option<Duration>>,
}

impl Default for Progress {
    /// At the start.
    fn default() -> Self {
        Self { start: Instant::now(), awaiting: Cell::default(), connected: Cell::default() }
    }
}

impl Progress {
    /// Notes what is awaited from now on.
    pub fn awaits(&self, awaiting: Awaiting) {
        self.awaiting.set(awaiting);
    }

    /// Notes that the connection is open.
    pub fn connected(&self) {
        self.connected.set(Some(self.start.elapsed()));
    }

    /// What was awaited last.
    pub fn awaiting(&self) -> Awaiting {
        self.awaiting.take()
    }

    /// How long it took until the connection was open, and until now.
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

//! The progress of a probe: the step that it awaits, which the message at the deadline names, and the time that it has
//! taken.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::unhealthy::awaiting::Awaiting;

/// The progress of one probe while it runs.
pub struct Progress {
    start: Instant,
    /// The deadline of the attempt.
    pub deadline: Instant,
    awaiting: Cell<Awaiting>,
    connected: Cell<Option<Duration>>,
    judged: Cell<Option<Duration>>,
    /// Whether the process exits after this attempt. The exit closes every connection.
    pub is_last_attempt: bool,
}

impl Progress {
    /// Begins, with the time at which all probes of an attempt began, and the time that they have.
    pub fn start(start: Instant, timeout: Duration, is_last_attempt: bool) -> Self {
        Self {
            start,
            deadline: start + timeout,
            awaiting: Cell::default(),
            connected: Cell::default(),
            judged: Cell::default(),
            is_last_attempt,
        }
    }

    /// Returns the progress of another connection, which has the same deadline.
    pub fn of_another(&self) -> Self {
        Self { deadline: self.deadline, ..Self::start(self.start, Duration::ZERO, false) }
    }

    /// Records what the probe awaits now.
    pub fn awaits(&self, awaiting: Awaiting) {
        self.awaiting.set(awaiting);
    }

    /// Records the protocol step that the probe awaits now. It prints as in "no TLS handshake within 1000 ms".
    pub fn awaits_step(&self, step: &'static str) {
        self.awaiting.set(Awaiting::Step(step));
    }

    /// Records that the connection is open.
    pub fn connected(&self) {
        self.connected.set(Some(self.start.elapsed()));
    }

    /// Records that the verdict is known, although the connection still goes on.
    pub fn judged(&self) {
        self.judged.set(Some(self.start.elapsed()));
    }

    /// Takes over when the verdict was known, if it was known on another connection of this probe.
    pub fn judged_on(&self, other: &Self) {
        if let Some(time) = other.judged.get() {
            self.judged.set(Some(time));
        }
    }

    /// Returns what the probe awaited last, and resets it.
    pub fn awaiting(&self) -> Awaiting {
        self.awaiting.take()
    }

    /// Returns the time until the connection was open, and the time until the verdict, or until now.
    pub fn timings(&self) -> Timings {
        let total = self.judged.get().unwrap_or_else(|| self.start.elapsed());
        Timings { connected: self.connected.get(), total }
    }
}

/// The times of a probe.
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    /// The time until the connection was open, if one opened.
    pub connected: Option<Duration>,
    /// The time of the whole probe.
    pub total: Duration,
}

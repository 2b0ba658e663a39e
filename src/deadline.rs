//! The one deadline over everything that a probe does: promise 5.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::unhealthy::{Awaiting, Unhealthy};

/// A moment that no wait outlasts.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    at: Instant,
    timeout: Duration,
}

impl Deadline {
    /// The moment `timeout` from now.
    pub fn after(timeout: Duration) -> Self {
        Self { at: Instant::now() + timeout, timeout }
    }

    /// What `work` comes to, or [`Unhealthy::Late`] with what was awaited once the deadline has passed.
    pub async fn limit<T>(&self, awaiting: Awaiting, work: impl Future<Output = T>) -> Result<T, Unhealthy> {
        let late = |_| Unhealthy::Late { awaiting, timeout: self.timeout };
        timeout_at(self.at, work).await.map_err(late)
    }
}

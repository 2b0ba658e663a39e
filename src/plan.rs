//! What one run is to do, once its arguments are understood.

use std::time::Duration;

use crate::status::Statuses;
use crate::target::Target;

/// A target, what is expected of it, and the time there is.
#[derive(Debug)]
pub struct Plan {
    /// What to probe.
    pub target: Target,
    /// The HTTP statuses that are healthy.
    pub statuses: Statuses,
    /// The time that the whole run has.
    pub timeout: Duration,
}

//! Runs a [`Plan`]. One file a protocol, each of which opens an endpoint and says healthy or why not; none knows
//! another.

mod http;
mod limited;
mod tcp;

use std::io;

use tokio::runtime::{Builder, Runtime};

use crate::deadline::Deadline;
use crate::plan::Plan;
use crate::target::Target;
use crate::unhealthy::Unhealthy;

/// Probes the plan's target.
///
/// # Errors
///
/// The target is unhealthy, or there is doubt: promise 4.
pub fn run(plan: &Plan) -> Result<(), Unhealthy> {
    runtime().map_err(Unhealthy::NotStarted)?.block_on(async {
        let deadline = Deadline::after(plan.timeout);
        match &plan.target {
            Target::Http { authority, path } => http::probe(authority, path, &plan.statuses, &deadline).await,
            Target::Tcp { authority } => tcp::probe(authority, &deadline).await,
        }
    })
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_io()
        .enable_time()
        // Its default makes room for 1,024 events, 12 KB that one socket never fills.
        .max_io_events_per_tick(8)
        .build()
}

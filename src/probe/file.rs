//! A heartbeat file, for a worker that has no port: healthy when it is there, regular, and fresh.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::unhealthy::Unhealthy;

/// Looks at `path`, which may be a link.
pub fn probe(path: &Path, max_age: Option<Duration>) -> Result<(), Unhealthy> {
    let metadata = fs::metadata(path).map_err(Unhealthy::NoFile)?;
    if !metadata.is_file() {
        return Err(Unhealthy::NotAFile);
    }
    let Some(limit) = max_age else { return Ok(()) };
    let modified = metadata.modified().map_err(Unhealthy::NoFile)?;
    let age = SystemTime::now().duration_since(modified).map_err(|_| Unhealthy::Future)?;
    if age > limit { Err(Unhealthy::Stale { age, limit }) } else { Ok(()) }
}

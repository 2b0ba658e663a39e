//! A heartbeat file, for a worker that has no port. It is healthy if it exists, is a regular file, is long enough, and is
//! fresh.

use std::fs;
use std::time::SystemTime;

use crate::target::FileTarget;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::file::BadFile;

/// Checks the file. Symbolic links are followed.
#[inline(never)]
pub fn probe(file: &FileTarget) -> Result<(), Unhealthy> {
    let metadata = fs::metadata(&file.path).map_err(BadFile::Io)?;
    if !metadata.is_file() {
        return Err(BadFile::NotRegular.into());
    }
    let (size, least) = (metadata.len(), file.min_size);
    if size < least {
        return Err(BadFile::Short { size, least }.into());
    }
    let Some(limit) = file.max_age else { return Ok(()) };
    let modified = metadata.modified().map_err(BadFile::Io)?;
    let age = SystemTime::now().duration_since(modified).map_err(|_| BadFile::ModifiedInFuture)?;
    if age > limit { Err(BadFile::Stale { age, limit }.into()) } else { Ok(()) }
}

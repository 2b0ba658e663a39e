//! TCP: healthy when the connection opens.

use crate::deadline::Deadline;
use crate::endpoint;
use crate::target::Authority;
use crate::unhealthy::Unhealthy;

/// Opens a connection to `authority` and closes it.
pub async fn probe(authority: &Authority, deadline: &Deadline) -> Result<(), Unhealthy> {
    endpoint::connect(authority, deadline).await.map(drop)
}

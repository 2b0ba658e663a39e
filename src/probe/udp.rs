//! UDP: healthy when an expected reply comes. Nothing tells that a datagram was lost, so it is sent once, and the
//! deadline is the time that the reply has.

use crate::endpoint;
use crate::plan::Exchange;
use crate::progress::Progress;
use crate::target::Authority;
use crate::unhealthy::{Awaiting, ConnectError, Peer, Unhealthy};

use super::exchange;

/// Sends to each address of `authority` in turn; one that refuses, as where nobody listens, gives way to the next.
pub async fn probe(authority: &Authority, exchange: &Exchange, progress: &Progress) -> Result<(), Unhealthy> {
    progress.awaits(Awaiting::Reply);
    let mut tried = Vec::new();
    for (address, socket) in endpoint::datagrams(authority)? {
        match exchange::datagrams(&socket, exchange).await {
            Ok(true) => return Ok(()),
            Ok(false) => return Err(Unhealthy::Reply),
            Err(error) => tried.push((Peer::Ip(address), ConnectError::Io(error))),
        }
    }
    Err(Unhealthy::NotConnected(tried))
}

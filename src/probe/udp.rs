//! UDP: healthy when an expected reply comes. Nothing tells that a datagram was lost, so it is sent once, and the
//! deadline is the time that the reply has.

use crate::connect;
use crate::plan::Exchange;
use crate::progress::Progress;
use crate::target::authority::Authority;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::connection::{ConnectError, Peer};
use crate::unhealthy::exchange::BadReply;

use super::exchange;

/// Sends to each address of `authority` in turn; one that refuses, as where nobody listens, gives way to the next.
pub async fn probe(authority: &Authority, wanted: &Exchange, progress: &Progress) -> Result<(), Unhealthy> {
    progress.awaits_step(exchange::REPLY);
    let mut tried = Vec::new();
    for (address, socket) in connect::datagrams(authority)? {
        match exchange::datagrams(&socket, wanted).await {
            Ok(true) => return Ok(()),
            Ok(false) => return Err(BadReply::Unexpected.into()),
            Err(error) => tried.push((Peer::Ip(address), ConnectError::Io(error))),
        }
    }
    Err(Unhealthy::NotConnected(tried))
}

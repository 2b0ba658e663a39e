//! UDP: healthy if an expected reply arrives. A lost datagram can't be detected, so the datagram is sent once, and the
//! reply may arrive until the deadline.

use crate::connect;
use crate::progress::Progress;
use crate::target::authority::Authority;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::connection::{ConnectError, Peer};
use crate::unhealthy::exchange::BadReply;

use super::exchange::{self, Judge};

/// Sends `bytes`, and lets `judge` look at each datagram in reply. Tries each address of `authority` in order. If an address
/// refuses the datagram, as when nothing listens there, the next address is tried.
pub async fn probe(
    authority: &Authority,
    bytes: &[u8],
    judge: Judge<'_>,
    progress: &Progress,
) -> Result<(), Unhealthy> {
    progress.awaits_step(exchange::REPLY);
    let mut tried = Vec::new();
    for (address, socket) in connect::open_udp(authority)? {
        match exchange::exchange_datagrams(&socket, bytes, &mut *judge).await {
            Ok(true) => return Ok(()),
            Ok(false) => return Err(BadReply::Unexpected.into()),
            Err(error) => tried.push((Peer::Ip(address), ConnectError::Io(error))),
        }
    }
    Err(Unhealthy::NotConnected(tried))
}

//! DNS: healthy if the server answers a query for the A records of a name with NOERROR: RFC 1035. The name may have no such
//! record. The query goes by UDP first, and by TCP where the answer is truncated or the port takes no datagram, as in
//! RFC 7766, section 5.

use std::cell::Cell;

use super::service::judgement::Judgement;
use super::{exchange, udp};
use crate::progress::Progress;
use crate::target::authority::Authority;
use crate::target::endpoint::Endpoint;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::dns::BadAnswer;
use crate::wire::dns::{self, PREFIX};

/// Asks `authority` for `name`.
pub async fn probe(authority: &Authority, name: &str, progress: &Progress) -> Result<(), Unhealthy> {
    // Only this container can send to a socket that is connected to it, so that the clock is unpredictable enough.
    let id = progress.timings().total.subsec_nanos() as u16;
    let query = dns::query(id, name);
    let (answer, by_tcp) = (Cell::new(None), Cell::new(false));
    let mut judge = |reply: &[u8]| {
        let message = if by_tcp.get() { dns::message(reply) } else { Some(reply) };
        let Some(message) = message else { return Judgement::More };
        answer.set(dns::answer(&query[PREFIX..], message));
        match answer.get() {
            Some(Ok(())) => Judgement::Healthy,
            // A datagram may be of another exchange.
            None if !by_tcp.get() => Judgement::More,
            _ => Judgement::Unhealthy,
        }
    };
    let mut asked = udp::probe(authority, &query[PREFIX..], &mut judge, progress).await;
    if answer.get() == Some(Err(BadAnswer::Truncated)) || matches!(asked, Err(Unhealthy::NotConnected(_))) {
        by_tcp.set(true);
        asked = exchange::probe(&Endpoint::Authority(*authority), None, &query, Some(&mut judge), b"", progress).await;
    }
    match answer.get() {
        Some(Err(bad)) => Err(bad.into()),
        _ => asked,
    }
}

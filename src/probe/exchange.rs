//! An exchange of bytes on a stream or in datagrams: sends bytes, and judges the reply while it arrives.

use std::io;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;

use super::service::judgement::{Judgement, MAX_REPLY};
use crate::connect::{self, Stream};
use crate::plan::Exchange;
use crate::progress::Progress;
use crate::target::endpoint::Endpoint;
use crate::tls;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::exchange::BadReply;
use crate::wire::limited::is_gone;

/// The most datagrams that are judged.
const MAX_DATAGRAMS: usize = 64;

/// Judges the bytes of a reply that have arrived so far.
pub type Judge<'a> = &'a mut dyn FnMut(&[u8]) -> Judgement;

/// The step that the message at the deadline names.
pub const REPLY: &str = "expected reply";

/// Sends `bytes`, and lets `judge` look at the reply. Without a judge, an open connection is healthy. `farewell` ends the
/// exchange with a healthy server.
pub async fn probe(
    endpoint: &Endpoint,
    tls: Option<&tls::Settings>,
    bytes: &[u8],
    judge: Option<Judge<'_>>,
    farewell: &[u8],
    progress: &Progress,
) -> Result<(), Unhealthy> {
    if tls.is_none() && judge.is_none() {
        let mut stream = connect::open_to_listener(endpoint, progress).await?;
        return Ok(stream.write_all(bytes).await.map_err(BadReply::Broken)?);
    }
    let (mut stream, session) = tls::open(endpoint, tls, None, progress).await?;
    progress.awaits_step(REPLY);
    let verdict = match judge {
        Some(judge) => send_and_judge(stream, bytes, judge, farewell).await,
        // The handshake has been answered.
        None => stream.write_all(bytes).await.map_err(BadReply::Broken),
    };
    verdict.map_err(|reason| session.explain(reason.into()))
}

/// Sends `bytes`. Each time that more of the reply arrives, `judge` gets all that has arrived. Sends
/// `farewell` if that is healthy.
pub async fn send_and_judge(
    mut stream: Stream,
    bytes: &[u8],
    judge: Judge<'_>,
    farewell: &[u8],
) -> Result<(), BadReply> {
    match stream.write_all(bytes).await {
        // A server that writes before it reads may have closed the connection. Its reply can still be read.
        Err(error) if !is_gone(&error) => return Err(BadReply::Broken(error)),
        _ => {}
    }
    let mut reply = vec![0; MAX_REPLY];
    let mut length = 0;
    while length < MAX_REPLY {
        match stream.read(&mut reply[length..]).await.map_err(BadReply::Broken)? {
            0 => return Err(BadReply::Closed),
            more => length += more,
        }
        match judge(&reply[..length]) {
            Judgement::Healthy => {
                // The server is healthy, whether it gets this or not. A connection that has sent little has room for it.
                let _ = stream.write_all(farewell).await;
                return Ok(());
            }
            Judgement::Unhealthy => break,
            Judgement::More => {}
            Judgement::Taken => length = 0,
        }
    }
    Err(BadReply::Unexpected)
}

/// Sends one datagram, and lets `judge` look at each datagram in reply, on its own, until it has seen what it needs or
/// `MAX_DATAGRAMS` of them. Returns whether the last one is healthy.
pub async fn exchange_datagrams(socket: &UdpSocket, bytes: &[u8], judge: Judge<'_>) -> io::Result<bool> {
    // A socket that has sent nothing has room for a datagram.
    SockRef::from(socket).send(bytes)?;
    let mut reply = vec![0; MAX_REPLY];
    for _ in 0..MAX_DATAGRAMS {
        let length = socket.recv(&mut reply).await?;
        match judge(&reply[..length]) {
            Judgement::Healthy => return Ok(true),
            Judgement::Unhealthy => break,
            Judgement::More | Judgement::Taken => {}
        }
    }
    Ok(false)
}

/// Judges a reply by the texts of `--expect`.
pub fn expected(exchange: &Exchange, reply: &[u8]) -> Judgement {
    let has = |text: &Vec<u8>| reply.windows(text.len()).any(|window| window == text);
    if exchange.expect.iter().any(has) { Judgement::Healthy } else { Judgement::More }
}

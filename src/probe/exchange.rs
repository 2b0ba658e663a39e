//! An exchange of bytes on a stream or in datagrams: something is sent, and a reply is judged as it comes in.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;

use super::judgement::Judgement;
use super::service::Service;
use crate::connect::{self, Stream, Writes};
use crate::plan::Exchange;
use crate::progress::Progress;
use crate::target::endpoint::Endpoint;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::exchange::BadReply;
use crate::wire::limited::is_gone;

/// The most of a reply that is looked at, in bytes.
const MAX_REPLY: usize = 4096;

/// The most datagrams that are looked at.
const MAX_DATAGRAMS: usize = 64;

/// Judges a reply, as far as it has come.
pub type Judge = fn(&[u8]) -> Judgement;

/// What is awaited.
pub const REPLY: &str = "expected reply";

/// Exchanges what the caller asked for; with nothing to send and to expect, an open stream is enough.
pub async fn probe(endpoint: &Endpoint, exchange: &Exchange, progress: &Progress) -> Result<(), Unhealthy> {
    let mut stream = connect::open(endpoint, Writes::Once, progress).await?;
    progress.awaits_step(REPLY);
    if exchange.expect.is_empty() {
        return Ok(stream.write_all(&exchange.send).await.map_err(BadReply::Broken)?);
    }
    Ok(judged(stream, &exchange.send, &|reply| expected(exchange, reply)).await?)
}

/// Greets a server whose handshake is known.
pub async fn greet(service: &Service, endpoint: &Endpoint, progress: &Progress) -> Result<(), Unhealthy> {
    let stream = connect::open(endpoint, Writes::Once, progress).await?;
    progress.awaits_step(REPLY);
    Ok(judged(stream, service.greeting, &service.judge).await?)
}

/// Sends `bytes`, and lets `judge` look at all that has come, each time that more does.
pub async fn judged(mut stream: Stream, bytes: &[u8], judge: &dyn Fn(&[u8]) -> Judgement) -> Result<(), BadReply> {
    match stream.write_all(bytes).await {
        // A server that writes before it reads may be gone. What it sent can still be read.
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
            Judgement::Healthy => return Ok(()),
            Judgement::Unhealthy => break,
            Judgement::More => {}
        }
    }
    Err(BadReply::Unexpected)
}

/// Exchanges datagrams, each a reply of its own. Returns whether one of the first [`MAX_DATAGRAMS`] is expected.
pub async fn datagrams(socket: &UdpSocket, exchange: &Exchange) -> io::Result<bool> {
    socket.send(&exchange.send).await?;
    let mut reply = vec![0; MAX_REPLY];
    for _ in 0..MAX_DATAGRAMS {
        let length = socket.recv(&mut reply).await?;
        if expected(exchange, &reply[..length]) == Judgement::Healthy {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Judges a reply by the texts of `--expect`.
pub fn expected(exchange: &Exchange, reply: &[u8]) -> Judgement {
    let has = |text: &Vec<u8>| reply.windows(text.len()).any(|window| window == text);
    if exchange.expect.iter().any(has) { Judgement::Healthy } else { Judgement::More }
}

//! An exchange of bytes on a stream or in datagrams: something is sent, and a reply is judged as it comes in.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;

use super::limited::is_gone;
use crate::endpoint::Stream;
use crate::plan::Exchange;
use crate::progress::Progress;
use crate::unhealthy::{Awaiting, Unhealthy};

/// The most of a reply that is looked at, in bytes.
const MAX_REPLY: usize = 4096;

/// The most datagrams that are looked at.
const MAX_DATAGRAMS: usize = 64;

/// What the beginning of a reply tells.
#[derive(Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is a healthy server's.
    Healthy,
    /// It is not, whatever follows.
    Unhealthy,
    /// More of it is needed.
    More,
}

/// Exchanges what the caller asked for; with nothing to send and to expect, an open stream is enough.
pub async fn probe(mut stream: Stream, exchange: &Exchange, progress: &Progress) -> Result<(), Unhealthy> {
    progress.awaits(Awaiting::Reply);
    if exchange.expect.is_empty() {
        return stream.write_all(&exchange.send).await.map_err(Unhealthy::Broken);
    }
    judged(stream, &exchange.send, &|reply| expected(exchange, reply)).await
}

/// Sends `bytes`, and has `judge` look at all that has come, each time that more does.
pub async fn judged(mut stream: Stream, bytes: &[u8], judge: &dyn Fn(&[u8]) -> Judgement) -> Result<(), Unhealthy> {
    match stream.write_all(bytes).await {
        // A server that writes before it reads may be gone. What it sent can still be read.
        Err(error) if !is_gone(&error) => return Err(Unhealthy::Broken(error)),
        _ => {}
    }
    let mut reply = vec![0; MAX_REPLY];
    let mut length = 0;
    while length < MAX_REPLY {
        match stream.read(&mut reply[length..]).await.map_err(Unhealthy::Broken)? {
            0 => return Err(Unhealthy::ClosedEarly),
            more => length += more,
        }
        match judge(&reply[..length]) {
            Judgement::Healthy => return Ok(()),
            Judgement::Unhealthy => break,
            Judgement::More => {}
        }
    }
    Err(Unhealthy::Reply)
}

/// The same in datagrams, each a reply of its own; whether one of the first [`MAX_DATAGRAMS`] is expected.
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

fn expected(exchange: &Exchange, reply: &[u8]) -> Judgement {
    let has = |text: &Vec<u8>| reply.windows(text.len()).any(|window| window == text);
    if exchange.expect.iter().any(has) { Judgement::Healthy } else { Judgement::More }
}

//! A server in memory: it says what it was given, once the client has said all that it has to say.

use std::future::Future;
use std::io;
use std::mem::replace;
use std::pin::Pin;
use std::task::{Context, Poll};

use lprobe::door::{Command, Probe, Stream, parse};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::{Builder, Runtime};

struct Peer {
    answer: Vec<u8>,
    said: usize,
    /// The most that it says at a time, in bytes: one after the other, and again from the first.
    pieces: Vec<usize>,
    turn: usize,
    spoken_to: bool,
}

/// The server's end of a connection: `answer` in pieces of so many bytes, and then nothing more.
pub fn saying(answer: &[u8], pieces: &[usize]) -> Stream {
    Box::new(Peer { answer: answer.to_vec(), said: 0, pieces: pieces.to_vec(), turn: 0, spoken_to: true })
}

/// Returns the probe that `arguments`, which name one target, ask for.
pub fn probe(arguments: &[&str]) -> Probe {
    let arguments = std::iter::once("lprobe").chain(arguments.iter().copied()).map(Into::into).collect();
    match parse(arguments).1 {
        Ok(Command::Probe(mut plan)) => plan.checks.pop().expect("a target").probe,
        other => panic!("{other:?}"),
    }
}

/// Runs `future`. One event loop serves all inputs.
pub fn run<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().expect("an event loop");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

impl AsyncRead for Peer {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // An answer that came before its question would be refused for that alone.
        if replace(&mut self.spoken_to, false) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let rest = &self.answer[self.said..];
        let piece = &rest[..rest.len().min(self.pieces[self.turn]).min(buffer.remaining())];
        buffer.put_slice(piece);
        self.said += piece.len();
        self.turn = (self.turn + 1) % self.pieces.len();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Peer {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.spoken_to = true;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

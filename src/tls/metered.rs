//! The bytes below TLS. rustls takes post-handshake messages, such as session tickets, without passing anything on, so
//! that no limit above TLS sees them, and the deadline's timer does not run while there is more to read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most bytes that are read before TLS passes any on. Certificates take up to 64 KiB: rustls refuses more. What is passed on
/// has limits of its own.
const MAX_BYTES: usize = 1 << 20;

/// A stream below TLS, from which a limited number of bytes in a row can be read before the deadline.
pub struct Metered<S> {
    stream: S,
    deadline: Instant,
    /// The number of bytes that may still be read.
    left: usize,
}

impl<S> Metered<S> {
    /// Allows [`MAX_BYTES`] of `stream` to be read before `deadline`.
    pub fn new(stream: S, deadline: Instant) -> Self {
        Self { stream, deadline, left: MAX_BYTES }
    }

    /// Begins to count anew, since TLS has passed something on.
    pub fn passed_on(&mut self) {
        self.left = MAX_BYTES;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if Instant::now() >= self.deadline {
            // The deadline's timer is due, and wakes the probe.
            return Poll::Pending;
        }
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::other(format!("no end within {} KiB over TLS", MAX_BYTES / 1024))));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.left = self.left.saturating_sub(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

//! A stream that gives up only so many bytes, so that no peer can keep a probe busy with reading: without it, interim
//! responses without end took a whole CPU up to the deadline, and the last of them a tenth of a second past it.

use std::cell::Cell;
use std::io;
use std::mem::replace;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Looks over bytes on their way, and says what is wrong with them.
pub type Check = Box<dyn FnMut(&[u8]) -> Result<(), &'static str>>;

/// A tokio stream as hyper takes one, that fails once more would be read than its allowance, or what
/// should not be there.
pub struct Limited<S> {
    stream: S,
    allowance: Allowance,
    check: Check,
    /// Bytes read so far.
    read: usize,
    waited: bool,
    /// What is read at a time. A response head is seldom longer, and one that is takes a second read. Not on the stack,
    /// which is at its deepest here.
    chunk: Box<[u8]>,
}

/// How many bytes may still be read.
#[derive(Clone)]
pub struct Allowance(Rc<Cell<usize>>);

impl Allowance {
    /// Lets `more` bytes be read.
    pub fn raise(&self, more: usize) {
        self.0.set(self.0.get() + more);
    }
}

impl<S> Limited<S> {
    /// Lets `limit` bytes of `stream` be read that pass `check`, until the allowance is raised.
    pub fn new(stream: S, limit: usize, check: Check) -> (Self, Allowance) {
        let allowance = Allowance(Rc::new(Cell::new(limit)));
        (
            Self { stream, allowance: allowance.clone(), check, read: 0, waited: false, chunk: vec![0; 2048].into() },
            allowance,
        )
    }
}

impl<S: AsyncRead + Unpin> Read for Limited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let length = this.chunk.len().min(cursor.remaining()).min(this.allowance.0.get());
        // What has come may be what raises it.
        if length == 0 && !replace(&mut this.waited, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if length == 0 {
            return Poll::Ready(Err(io::Error::other(format!("no end within {} KiB", this.read / 1024))));
        }
        let mut chunk = ReadBuf::new(&mut this.chunk[..length]);
        ready!(Pin::new(&mut this.stream).poll_read(context, &mut chunk))?;
        this.read += chunk.filled().len();
        this.allowance.0.set(this.allowance.0.get() - chunk.filled().len());
        (this.check)(chunk.filled()).map_err(io::Error::other)?;
        cursor.put_slice(chunk.filled());
        this.waited = false;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Write for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// The end of the process, or of the stream, says as much without a call of its own.
    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

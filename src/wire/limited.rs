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

/// A tokio stream as hyper takes one. It fails once more would be read than its allowance, or what should not be there.
///
/// Reads wait until something has been written: hyper refuses an answer that comes before its request, and a server that
/// writes before it reads sends just that. Whoever polls the connection asks [`Gate::was_opened`] after that, and polls it
/// again: a waker would cost a system call.
pub struct Limited<S> {
    stream: S,
    gate: Gate,
    check: Check,
    /// Bytes read so far.
    read: usize,
    waited: bool,
    /// What is read at a time. A response head is seldom longer, and one that is takes a second read. Not on the stack,
    /// which is at its deepest here.
    chunk: Box<[u8]>,
}

/// What a [`Limited`] stream lets through.
#[derive(Clone)]
pub struct Gate(Rc<GateState>);

struct GateState {
    /// How many bytes may still be read.
    allowance: Cell<usize>,
    /// Whether something has been written.
    open: Cell<bool>,
    /// Whether that is news.
    opened: Cell<bool>,
}

impl Gate {
    /// Lets `more` bytes be read.
    pub fn raise(&self, more: usize) {
        self.0.allowance.set(self.0.allowance.get() + more);
    }

    /// Returns whether reads have become possible since this was last asked.
    pub fn was_opened(&self) -> bool {
        self.0.opened.take()
    }
}

impl<S> Limited<S> {
    /// Lets `limit` bytes of `stream` be read that pass `check`, until the allowance is raised.
    pub fn new(stream: S, limit: usize, check: Check) -> (Self, Gate) {
        let state = GateState { allowance: Cell::new(limit), open: Cell::default(), opened: Cell::default() };
        let gate = Gate(Rc::new(state));
        (Self { stream, gate: gate.clone(), check, read: 0, waited: false, chunk: vec![0; 2048].into() }, gate)
    }
}

impl<S: AsyncRead + Unpin> Read for Limited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let GateState { allowance, open, .. } = &*this.gate.0;
        if !open.get() {
            return Poll::Pending;
        }
        let length = this.chunk.len().min(cursor.remaining()).min(allowance.get());
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
        allowance.set(allowance.get() - chunk.filled().len());
        (this.check)(chunk.filled()).map_err(io::Error::other)?;
        cursor.put_slice(chunk.filled());
        this.waited = false;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Write for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = match ready!(Pin::new(&mut self.stream).poll_write(context, bytes)) {
            // A server that has answered already may be gone. What it sent can still be read, and says more.
            Err(error) if is_gone(&error) && self.read == 0 => Ok(bytes.len()),
            written => written,
        };
        if !self.gate.0.open.replace(true) {
            self.gate.0.opened.set(true);
        }
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// The end of the process, or of the stream, says as much without a call of its own.
    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Returns whether a write failed because nobody will read it.
pub fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

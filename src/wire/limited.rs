//! A stream from which a limited number of bytes can be read, so that no peer keeps a probe busy with reading. Without
//! the limit, endless interim responses took a whole CPU up to the deadline, and the last of them a tenth of a second
//! past it.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::mem::replace;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Checks bytes as they are read.
pub type Check = Box<dyn FnMut(&[u8]) -> Result<(), Refused>>;

/// Bytes that are not passed on.
pub struct Refused {
    /// The number of bytes before them, which are passed on. The verdict may be clear from these, and does not depend on
    /// how many bytes arrive at once.
    pub after: usize,
    /// What is wrong with them.
    pub why: &'static str,
}

/// A tokio stream with hyper's traits. A read fails once the allowance is used up, or if its bytes fail the check.
///
/// Reads wait until something has been written: hyper refuses a response that arrives before its request, and a server
/// that writes before it reads sends just that. The code that polls the connection then calls [`Gate::take_opened`], and
/// polls again if it returns true. A waker would cost a system call.
pub struct Limited<S> {
    stream: S,
    /// The body of the request, which follows the head that hyper writes.
    body: Rc<[u8]>,
    /// The number of bytes of the body that have been sent.
    sent: usize,
    gate: Gate,
    check: Check,
    /// The error of the next read.
    wrong: Option<&'static str>,
    /// The number of bytes read so far.
    read: usize,
    /// Whether the last read yielded once, so that the caller could raise the allowance.
    waited: bool,
    /// The buffer for one read. A response head is seldom longer, and a longer one takes a second read. The buffer is
    /// not on the stack, which is at its deepest here.
    chunk: Box<[u8]>,
}

/// Controls what may be read from a [`Limited`] stream.
#[derive(Clone)]
pub struct Gate(Rc<GateState>);

struct GateState {
    /// The number of bytes that may still be read.
    allowance: Cell<usize>,
    /// Whether something has been written.
    open: Cell<bool>,
    /// Whether [`Gate::take_opened`] has yet to report that.
    opened: Cell<bool>,
}

impl Gate {
    /// Allows `more` further bytes to be read.
    pub fn raise(&self, more: usize) {
        self.0.allowance.set(self.0.allowance.get() + more);
    }

    /// Allows so many further bytes to be read, and no more.
    pub fn set(&self, allowance: usize) {
        self.0.allowance.set(allowance);
    }

    /// Returns whether reads have become possible since the last call.
    pub fn take_opened(&self) -> bool {
        self.0.opened.take()
    }
}

impl<S> Limited<S> {
    /// Allows `limit` bytes of `stream` to be read, all of which must pass `check`. [`Gate::raise`] allows more. `body`
    /// is sent after all that is written before the first flush.
    pub fn new(stream: S, body: Rc<[u8]>, limit: usize, check: Check) -> (Self, Gate) {
        let state = GateState { allowance: Cell::new(limit), open: Cell::default(), opened: Cell::default() };
        let gate = Gate(Rc::new(state));
        (
            Self {
                stream,
                body,
                sent: 0,
                gate: gate.clone(),
                check,
                wrong: None,
                read: 0,
                waited: false,
                chunk: vec![0; 2048].into(),
            },
            gate,
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
        let GateState { allowance, open, .. } = &*this.gate.0;
        if !open.get() {
            return Poll::Pending;
        }
        if let Some(why) = this.wrong {
            return Poll::Ready(Err(io::Error::other(why)));
        }
        let length = this.chunk.len().min(cursor.remaining()).min(allowance.get());
        // The bytes that have just been read may complete the head, and then the caller raises the allowance.
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
        let mut passed = chunk.filled();
        if let Err(Refused { after, why }) = (this.check)(passed) {
            passed = &passed[..after];
            this.wrong = Some(why);
        }
        if passed.is_empty()
            && let Some(why) = this.wrong
        {
            return Poll::Ready(Err(io::Error::other(why)));
        }
        cursor.put_slice(passed);
        this.waited = false;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Write for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        // Sends both in one packet, if they fit.
        let parts = [IoSlice::new(bytes), IoSlice::new(&this.body[this.sent..])];
        let written = match this.sent < this.body.len() {
            true => ready!(Pin::new(&mut this.stream).poll_write_vectored(context, &parts)),
            false => ready!(Pin::new(&mut this.stream).poll_write(context, bytes)),
        };
        let written = match written {
            // A server that has answered early may have closed the connection. Its answer can still be read, and says
            // more than this error.
            Err(error) if is_gone(&error) && this.read == 0 => {
                this.sent = this.body.len();
                Ok(bytes.len())
            }
            written => written.map(|written| {
                this.sent += written.saturating_sub(bytes.len());
                written.min(bytes.len())
            }),
        };
        if !self.gate.0.open.replace(true) {
            self.gate.0.opened.set(true);
        }
        Poll::Ready(written)
    }

    /// Sends the rest of the body: hyper flushes when it has written the whole head.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.sent < this.body.len() {
            match ready!(Pin::new(&mut this.stream).poll_write(context, &this.body[this.sent..])) {
                // The server has closed the connection, as above.
                Ok(0) => this.sent = this.body.len(),
                Err(error) if is_gone(&error) => this.sent = this.body.len(),
                written => this.sent += written?,
            }
        }
        Pin::new(&mut this.stream).poll_flush(context)
    }

    /// Does nothing. The end of the process, or of the stream, closes the connection without an extra system call.
    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Returns whether a write failed because the peer has closed the connection.
pub fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

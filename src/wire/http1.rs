//! HTTP/1.1, RFC 9112, with hyper: one request and its response.
//!
//! lprobe accepts the malformed heads that hyper accepts, with one exception: [`Heads`] refuses an empty line before a
//! status line, which no other client accepts. docs/http.md has a table of such heads.

use std::cell::RefCell;
use std::mem::forget;
use std::rc::Rc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use tokio::time::timeout_at;

use super::driven::driven;
use super::limited::{Limited, Refused};
use crate::connect::Stream;
use crate::unhealthy::http::BadAnswer;

/// The most bytes of heads that are read, including the heads of interim responses.
const MAX_HEAD: usize = 64 * 1024;

/// The most header lines of one head. hyper's default is 100, and curl and Go accept more.
const MAX_LINES: usize = 1024;

/// The longest rest of a body, in bytes, that is read after the verdict.
const MAX_REST: usize = 64 * 1024;

/// The longest time that reading the rest of a body takes.
const REST_TIME: Duration = Duration::from_millis(50);

/// The end of a chunked body without trailers: RFC 9112, section 7.1.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Sends `request` and `body` on `stream`, and passes the response to `judge` while the connection goes on. After the
/// head, at most `max_body` bytes are read, including the framing of chunks. The rest of a short body is read after a final
/// verdict, which is an error or `None`, but not past the `deadline`. With `leave_open`, the connection stays open until the
/// process ends, which saves two system calls. hyper does not see `body`, since its code for bodies would take 7 KB;
/// [`Limited`] sends it after the head.
pub async fn ask<T, E: From<BadAnswer>>(
    stream: Stream,
    max_body: usize,
    leave_open: bool,
    deadline: Instant,
    request: Request<Empty<Bytes>>,
    body: Rc<[u8]>,
    judge: impl AsyncFnOnce(&mut Response<Incoming>) -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    let heads = Rc::<RefCell<Heads>>::default();
    let checked = heads.clone();
    let (stream, gate) = Limited::new(
        stream,
        body,
        MAX_HEAD,
        Box::new(move |bytes| checked.borrow_mut().check(bytes).map_err(|why| Refused { after: 0, why })),
    );
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(MAX_LINES)
        // RFC 9112, section 5.2: a user agent joins the lines of a folded field.
        .allow_obsolete_multiline_headers_in_responses(true)
        .handshake(stream)
        .await
        .map_err(BadAnswer::Head)?;
    let mut connection = Box::pin(connection);
    let verdict = driven(connection.as_mut(), &gate, BadAnswer::Closed.into(), async {
        let mut response = sender.send_request(request).await.map_err(BadAnswer::Head)?;
        gate.raise(max_body);
        let length = response.body().size_hint().exact();
        let verdict = judge(&mut response).await;
        // Without this, a longer body than the first read takes would end the connection by a reset, for which Python's
        // http.server logs a traceback each time.
        if !matches!(verdict, Ok(Some(_))) && !heads.borrow().has_body(length) {
            gate.set(MAX_REST);
            let body = response.body_mut();
            let rest = async { while let Some(Ok(_)) = body.frame().await {} };
            let _ = timeout_at(deadline.min(Instant::now() + REST_TIME).into(), rest).await;
        }
        verdict
    })
    .await;
    if leave_open {
        forget(connection);
    }
    verdict
}

/// The position of the status code in a status line: RFC 9112, section 4.
const CODE: std::ops::Range<usize> = "HTTP/1.1 ".len().."HTTP/1.1 200".len();

/// The most interim responses that are skipped. Each costs hyper 20 us, so that 64 KiB of them would outlast the
/// deadline by 60 ms.
const MAX_INTERIM: u32 = 100;

/// The position within the heads of a response: those of interim responses, and the final one.
#[derive(Default)]
struct Heads {
    /// The number of bytes of this head so far.
    place: usize,
    /// The number of bytes of this line so far, without CR.
    line: usize,
    /// The digits of the status code so far.
    status: usize,
    /// The number of interim responses so far.
    interim: u32,
    over: bool,
    /// The number of bytes of the body so far, with the framing of chunks, and whether the last of them end a chunked one.
    body: usize,
    has_last_chunk: bool,
}

impl Heads {
    /// Checks the next bytes of a response.
    ///
    /// # Errors
    ///
    /// The protocol that the server seems to speak, or what is wrong with the head.
    fn check(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        for (place, &byte) in bytes.iter().enumerate() {
            if self.over {
                self.body += bytes.len() - place;
                self.has_last_chunk = bytes.ends_with(LAST_CHUNK);
                break;
            }
            match byte {
                // An HTTP/2 SETTINGS frame is short, so that its length begins with 0. A TLS alert begins with 0x15,
                // and a TLS handshake with 0x16.
                0 if self.place == 0 => return Err("perhaps it is HTTP/2 (try --http2 or grpc://)"),
                0x15 | 0x16 if self.place == 0 => return Err("perhaps it is TLS (try https://)"),
                b'\r' | b'\n' if self.place == 0 => return Err("it begins with an empty line"),
                _ if CODE.contains(&self.place) => {
                    self.status = self.status * 10 + usize::from(byte.wrapping_sub(b'0'));
                }
                _ => {}
            }
            self.place += 1;
            match (byte, self.line) {
                // After 101, the connection speaks another protocol: RFC 9110, section 15.2.2.
                (b'\n', 0) if matches!(self.status, 100 | 102..200) && self.interim == MAX_INTERIM => {
                    return Err("it sends one interim response after the other");
                }
                (b'\n', 0) if matches!(self.status, 100 | 102..200) => {
                    *self = Self { interim: self.interim + 1, ..Self::default() };
                }
                (b'\n', 0) => self.over = true,
                (b'\n', _) => self.line = 0,
                (b'\r', _) => {}
                _ => self.line += 1,
            }
        }
        Ok(())
    }

    /// Returns whether a body of this length has arrived whole, or is too long for its rest to be read.
    fn has_body(&self, length: Option<u64>) -> bool {
        let body = self.body as u64;
        length.map_or(self.has_last_chunk, |length| length <= body || length - body > MAX_REST as u64)
    }
}

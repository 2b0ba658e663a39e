//! HTTP/1.1, RFC 9112, with hyper: one request and its response.
//!
//! lprobe accepts the malformed heads that hyper accepts, with one exception: [`Heads`] refuses an empty line before a
//! status line, which no other client accepts. docs/http.md has a table of such heads.

use std::mem::forget;
use std::rc::Rc;

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};

use super::driven::driven;
use super::limited::{Limited, Refused};
use crate::connect::Stream;
use crate::unhealthy::http::BadAnswer;

/// The most bytes of heads that are read, including the heads of interim responses.
const MAX_HEAD: usize = 64 * 1024;

/// The most header lines of one head. hyper's default is 100, and curl and Go accept more.
const MAX_LINES: usize = 1024;

/// Sends `request` and `body` on `stream`, and passes the response to `judge` while the connection goes on. After the
/// head, at most `max_body` bytes are read, including the framing of chunks. With `leave_open`, the connection stays
/// open until the process ends, which saves two system calls. hyper does not see `body`, since its code for bodies would
/// take 7 KB; [`Limited`] sends it after the head.
pub async fn ask<T, E: From<BadAnswer>>(
    stream: Stream,
    max_body: usize,
    leave_open: bool,
    request: Request<Empty<Bytes>>,
    body: Rc<[u8]>,
    judge: impl AsyncFnOnce(Response<Incoming>) -> Result<T, E>,
) -> Result<T, E> {
    let mut heads = Heads::default();
    let (stream, gate) = Limited::new(
        stream,
        body,
        MAX_HEAD,
        Box::new(move |bytes| heads.check(bytes).map_err(|why| Refused { after: 0, why })),
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
        let response = sender.send_request(request).await.map_err(BadAnswer::Head)?;
        gate.raise(max_body);
        judge(response).await
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
}

impl Heads {
    /// Checks the next bytes of a response.
    ///
    /// # Errors
    ///
    /// The protocol that the server seems to speak, or what is wrong with the head.
    fn check(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        for &byte in bytes {
            if self.over {
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
}

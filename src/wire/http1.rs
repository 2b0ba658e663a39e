//! HTTP/1.1, RFC 9112, by hyper: one request and its response.
//!
//! hyper's leniencies are lprobe's own, with one exception: [`Heads`] refuses an empty line before a status line, which no
//! other client takes. docs/http.md has a table of sloppy heads.

use std::mem::forget;

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};

use super::driven::driven;
use super::limited::Limited;
use crate::connect::Stream;
use crate::unhealthy::http::BadAnswer;

/// The most that is read of an answer's heads, those of interim responses included, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// The most header lines of one head. hyper takes 100 unless told otherwise, and curl and Go take more.
const MAX_LINES: usize = 1024;

/// Sends `request` on `stream`, and lets `judge` look at the response while the connection goes on. No more than
/// `max_body` bytes are read behind the head, what chunks take among them. With `leave_open`, the connection stays open
/// until the process ends, which spares two system calls.
pub async fn ask<E: From<BadAnswer>>(
    stream: Stream,
    max_body: usize,
    leave_open: bool,
    request: Request<Empty<Bytes>>,
    judge: impl AsyncFnOnce(Response<Incoming>) -> Result<(), E>,
) -> Result<(), E> {
    let mut heads = Heads::default();
    let (stream, gate) = Limited::new(stream, MAX_HEAD, Box::new(move |bytes| heads.check(bytes)));
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

/// The place of the status code in a status line: RFC 9112, section 4.
const CODE: std::ops::Range<usize> = "HTTP/1.1 ".len().."HTTP/1.1 200".len();

/// The most interim responses that are waited past. Each costs hyper 20 us, so that 64 KiB of them would outlast the
/// deadline by 60 ms.
const MAX_INTERIM: u32 = 100;

/// How far an answer's heads have come: those of interim responses, and the one behind them.
#[derive(Default)]
struct Heads {
    /// Bytes of this head.
    place: usize,
    /// Bytes of this line, without CR.
    line: usize,
    /// The status code, as far as it has come.
    status: usize,
    /// Interim responses so far.
    interim: u32,
    over: bool,
}

impl Heads {
    /// Looks at the next bytes of an answer.
    ///
    /// # Errors
    ///
    /// Says what the server seems to speak, or what is wrong with the head.
    fn check(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        for &byte in bytes {
            if self.over {
                break;
            }
            match byte {
                // The length of a SETTINGS frame, which is short; an alert, or a handshake.
                0 if self.place == 0 => return Err("it is HTTP/2, perhaps (try --http2 or grpc://)"),
                0x15 | 0x16 if self.place == 0 => return Err("it is TLS, perhaps (try https://)"),
                b'\r' | b'\n' if self.place == 0 => return Err("it begins with an empty line"),
                _ if CODE.contains(&self.place) => {
                    self.status = self.status * 10 + usize::from(byte.wrapping_sub(b'0'));
                }
                _ => {}
            }
            self.place += 1;
            match (byte, self.line) {
                // What follows 101 is another protocol: RFC 9110, section 15.2.2.
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

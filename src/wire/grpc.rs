//! gRPC over HTTP/2: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>. Sends a request of one message,
//! and reads the messages of the response one at a time.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE};
use hyper::{Method, Request, Response};

use super::gzip::{self, BadGzip};
use crate::unhealthy::grpc::{BadCall, GrpcStatus};
use crate::unhealthy::http2::BadHttp2;

const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// The length of the prefix of a message: the compressed flag, and the message's length in four bytes.
const PREFIX: usize = 5;

/// Makes the request of a call. `method` is `/SERVICE/METHOD`.
pub fn request(tls: bool, authority: &str, method: &str, message: &[u8], gzip: bool) -> Request<Full<Bytes>> {
    let message = if gzip { &gzip::pack(message) } else { message };
    let mut body = vec![u8::from(gzip)];
    body.extend((message.len() as u32).to_be_bytes());
    body.extend_from_slice(message);
    let mut request = Request::new(Full::from(body));
    *request.method_mut() = Method::POST;
    let scheme = if tls { "https" } else { "http" };
    *request.uri_mut() = format!("{scheme}://{authority}{method}").parse().expect("an Authority and a constant");
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    // This header makes a proxy that would drop the trailers show itself.
    headers.insert(TE, HeaderValue::from_static("trailers"));
    if gzip {
        headers.insert(ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    request
}

/// A response while it arrives.
pub struct Reply {
    body: Incoming,
    received: Vec<u8>,
    gzip: Gzip,
    max: usize,
}

/// How a compressed message is decoded.
enum Gzip {
    /// Not at all: the head names no encoding.
    Unnamed,
    /// Not at all: the head names an encoding that was not offered.
    Unasked,
    /// With gzip, which was offered.
    Asked,
}

impl Reply {
    /// Checks the head. No message may be longer than `max` bytes.
    pub fn new(response: Response<Incoming>, gzip: bool, max: usize) -> Result<Self, BadCall> {
        let headers = response.headers();
        // In a Trailers-Only response, the head also ends the call, and has its status.
        if let Some(status) = status(headers)? {
            return Err(if status.is_ok() { BadCall::TrailersOnly } else { BadCall::Failed(status) });
        }
        if response.status() != 200 {
            return Err(BadCall::HttpStatus(response.status().as_u16()));
        }
        if !only(headers, &CONTENT_TYPE).is_some_and(is_grpc) {
            return Err(BadCall::ContentType);
        }
        let gzip = match headers.get(ENCODING).map(HeaderValue::as_bytes) {
            None | Some(b"identity") => Gzip::Unnamed,
            Some(b"gzip") if gzip => Gzip::Asked,
            Some(_) => Gzip::Unasked,
        };
        Ok(Self { body: response.into_body(), received: Vec::new(), gzip, max })
    }

    /// Returns the next message, once all of it has arrived.
    pub async fn message(&mut self) -> Result<Vec<u8>, BadCall> {
        loop {
            if let Some((flag, length)) = prefix(&self.received) {
                if length > self.max {
                    return Err(BadCall::LongMessage(self.max));
                }
                if self.received.len() >= PREFIX + length {
                    let message = self.received.drain(..PREFIX + length).skip(PREFIX).collect();
                    return self.decoded(flag, message);
                }
            }
            if let Some(trailers) = self.more().await? {
                succeeded(&trailers)?;
                let half = !self.received.is_empty();
                return Err(if half { BadCall::ShorterThanPrefix } else { BadCall::NoMessage });
            }
        }
    }

    /// Reads the end of the call, and checks that the trailers report success.
    pub async fn end(mut self) -> Result<(), BadCall> {
        while self.received.is_empty() {
            if let Some(trailers) = self.more().await? {
                return succeeded(&trailers);
            }
        }
        Err(BadCall::LongerThanPrefix)
    }

    /// Receives the next frame, and returns the trailers if the frame has them.
    async fn more(&mut self) -> Result<Option<HeaderMap>, BadCall> {
        let frame = self.body.frame().await.ok_or(BadCall::NoTrailers)?.map_err(BadHttp2::Broken)?;
        match frame.into_data() {
            Ok(data) => self.received.extend_from_slice(&data),
            Err(frame) => return Ok(frame.into_trailers().ok()),
        }
        Ok(None)
    }

    fn decoded(&self, flag: u8, message: Vec<u8>) -> Result<Vec<u8>, BadCall> {
        match (flag, &self.gzip) {
            (0, _) => Ok(message),
            (1, Gzip::Asked) => gzip::unpack(&message, self.max).map_err(|error| match error {
                BadGzip::Broken => BadCall::Gzip,
                BadGzip::Long => BadCall::LongMessage(self.max),
            }),
            (1, Gzip::Unnamed) => Err(BadCall::UnnamedEncoding),
            (1, Gzip::Unasked) => Err(BadCall::UnaskedEncoding),
            _ => Err(BadCall::Flag),
        }
    }
}

fn prefix(received: &[u8]) -> Option<(u8, usize)> {
    let [flag, a, b, c, d, ..] = *received else { return None };
    Some((flag, u32::from_be_bytes([a, b, c, d]) as usize))
}

/// Returns whether a content type is `application/grpc` or `application/grpc+proto`: Protocol Buffers are the only
/// message format here.
fn is_grpc(content_type: &HeaderValue) -> bool {
    let media_type = content_type.as_bytes().split(|&byte| byte == b';').next().unwrap_or_default();
    [&b"application/grpc"[..], b"application/grpc+proto"].contains(&media_type.trim_ascii())
}

fn succeeded(trailers: &HeaderMap) -> Result<(), BadCall> {
    match status(trailers)?.ok_or(BadCall::NoStatus)? {
        status if status.is_ok() => Ok(()),
        status => Err(BadCall::Failed(status)),
    }
}

/// Returns the gRPC status in these headers, if there is one.
fn status(headers: &HeaderMap) -> Result<Option<GrpcStatus>, BadCall> {
    if !headers.contains_key(STATUS) {
        return Ok(None);
    }
    let code = only(headers, &STATUS).and_then(|value| {
        let digits = value.to_str().ok()?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        if is_number { digits.parse().ok() } else { None }
    });
    code.map(|code| Some(GrpcStatus(code))).ok_or(BadCall::Status)
}

/// Returns the value of a header that occurs exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

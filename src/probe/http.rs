//! HTTP/1.1, RFC 9112: healthy when a complete response head brings an expected status. A redirect is a 3xx status and
//! no more, an interim response (1xx) is waited past, and the body is read only for the texts that it must have. The full
//! build asks the same by HTTP/2.

#[cfg(feature = "full")]
use http_body_util::Full;
use std::mem::forget;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap};
use hyper::{Request, Response};

use super::driven;
use super::head::Head;
use super::limited::Limited;
#[cfg(feature = "full")]
use super::{
    http2,
    tls::{self, Protocol},
};
use crate::endpoint::Stream;
#[cfg(not(feature = "full"))]
use crate::endpoint::{self, Writes};
use crate::plan::{Http, Plan};
use crate::progress::Progress;
use crate::target::{Authority, Endpoint};
use crate::unhealthy::{Awaiting, Unhealthy};

/// The most that is read of an answer's heads, those of interim responses included, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// The most header lines of one head. hyper takes 100 unless told otherwise, and curl and Go take more.
const MAX_LINES: usize = 1024;

/// The most of a body that is searched, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// What a body of [`MAX_BODY`] may take on the wire: chunks of one byte are six (RFC 9112, section 7.1).
const MAX_CHUNKED: usize = 6 * MAX_BODY;

/// The same in HTTP/2: frames of one byte are ten (RFC 9113, section 4.1).
#[cfg(feature = "full")]
const MAX_FRAMED: usize = 10 * MAX_BODY;

/// What is asked.
pub struct Question<'a> {
    /// Whether over TLS.
    pub tls: bool,
    /// Where to connect, and what the Host header says.
    pub authority: &'a Authority,
    /// What to ask for.
    pub path: &'a Endpoint,
}

/// Asks, and judges the answer.
pub async fn probe(question: Question<'_>, plan: &Plan, progress: &Progress) -> Result<(), Unhealthy> {
    #[cfg(feature = "full")]
    {
        let protocol = if plan.http.http2 { Protocol::Http2 } else { Protocol::Http1 };
        let (stream, identity) = tls::open(question.tls, question.authority, protocol, plan, progress).await?;
        ask(stream, &question, plan, progress).await.map_err(|reason| identity.explain(reason))
    }
    #[cfg(not(feature = "full"))]
    {
        let stream = endpoint::open(question.authority, plan.unix_socket.as_deref(), Writes::Once, progress).await?;
        ask(stream, &question, plan, progress).await
    }
}

/// Asks on a stream that is open, and judges the answer.
pub async fn ask(stream: Stream, question: &Question<'_>, plan: &Plan, progress: &Progress) -> Result<(), Unhealthy> {
    let http = &plan.http;
    let body = |most| if http.contains.is_empty() { 0 } else { most };
    #[cfg(feature = "full")]
    if http.http2 {
        let judged = async |response| judge(response, http, Unhealthy::Http2, progress).await;
        return http2::ask(stream, body(MAX_FRAMED), http2_request(question, http), progress, judged).await;
    }
    let mut head = Head::default();
    let (stream, gate) = Limited::new(stream, MAX_HEAD, Box::new(move |bytes| head.check(bytes)));
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(MAX_LINES)
        // RFC 9112, section 5.2: a user agent joins the lines of a folded field.
        .allow_obsolete_multiline_headers_in_responses(true)
        .handshake(stream)
        .await
        .map_err(Unhealthy::Http)?;
    let mut connection = Box::pin(connection);
    let verdict = driven(connection.as_mut(), &gate, async {
        progress.awaits(Awaiting::ResponseHead);
        let response = sender.send_request(request(question, http)).await.map_err(Unhealthy::Http)?;
        gate.raise(body(MAX_CHUNKED));
        judge(response, http, Unhealthy::Body, progress).await
    })
    .await;
    if plan.wait.is_none() {
        // Exit closes it, without two system calls more.
        forget(connection);
    }
    verdict
}

#[inline(never)]
fn request(question: &Question, http: &Http) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = http.method.clone();
    *request.uri_mut() = question.path.as_str().parse().expect("an Endpoint holds nothing that a URI refuses");
    let headers = request.headers_mut();
    // First, as RFC 9110, section 7.2, would have it.
    if !http.headers.iter().any(|(name, _)| name == header::HOST) {
        let host = question.authority.host_header(question.tls);
        headers.append(header::HOST, host.parse().expect("an Authority holds nothing that a header refuses"));
    }
    for (name, value) in &http.headers {
        headers.append(name.clone(), value.clone());
    }
    request
}

/// The same, with the host as :authority: RFC 9113, section 8.3.1.
#[cfg(feature = "full")]
fn http2_request(question: &Question, http: &Http) -> Request<Full<Bytes>> {
    let host = http.headers.iter().find(|(name, _)| name == header::HOST).and_then(|(_, value)| value.to_str().ok());
    let host = host.map_or_else(|| question.authority.host_header(question.tls), str::to_owned);
    let scheme = if question.tls { "https" } else { "http" };
    let mut request = Request::new(Full::default());
    *request.method_mut() = http.method.clone();
    *request.uri_mut() =
        format!("{scheme}://{host}{}", question.path.as_str()).parse().expect("what a URI refuses is refused before");
    for (name, value) in http.headers.iter().filter(|(name, _)| name != header::HOST) {
        request.headers_mut().append(name.clone(), value.clone());
    }
    request
}

/// `broken` says what went wrong with the body.
async fn judge(
    response: Response<Incoming>,
    http: &Http,
    broken: fn(hyper::Error) -> Unhealthy,
    progress: &Progress,
) -> Result<(), Unhealthy> {
    let status = response.status().as_u16();
    if !http.statuses.contains(status) {
        return Err(Unhealthy::Status { got: status, expected: http.statuses });
    }
    if http.contains.is_empty() {
        return Ok(());
    }
    let has = |name| response.headers().contains_key(name);
    if has(header::TRANSFER_ENCODING) && has(header::CONTENT_LENGTH) {
        return Err(Unhealthy::TwoFramings);
    }
    if is_coded(response.headers()) {
        return Err(Unhealthy::Coded);
    }
    progress.awaits(Awaiting::Contains);
    search(response.into_body(), &http.contains, broken).await
}

/// Whether a body is in another coding than `chunked` alone, which hyper would read to the end of the connection, and
/// find texts in what is not the body: RFC 9112, section 6.3. None was asked for (RFC 9110, section 10.1.4).
fn is_coded(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let first = codings.next();
    first.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) || codings.next().is_some()
}

/// Reads `body` until it has had all of `texts`. Each byte is looked at once for each text, however small the pieces
/// that it comes in: else chunks of one byte would take seconds.
async fn search(mut body: Incoming, texts: &[Vec<u8>], broken: fn(hyper::Error) -> Unhealthy) -> Result<(), Unhealthy> {
    let mut missing: Vec<(usize, &Vec<u8>)> = (1..).zip(texts).collect();
    let mut seen = Vec::new();
    while let Some(&(number, _)) = missing.first() {
        let frame = if seen.len() < MAX_BODY { body.frame().await } else { None };
        let Some(frame) = frame else { return Err(Unhealthy::Lacks(number)) };
        if let Ok(data) = frame.map_err(broken)?.into_data() {
            let before = seen.len();
            seen.extend_from_slice(&data[..data.len().min(MAX_BODY - before)]);
            missing.retain(|(_, text)| {
                let end_of_before = before.saturating_sub(text.len() - 1);
                !seen[end_of_before..].windows(text.len()).any(|window| window == *text)
            });
        }
    }
    Ok(())
}

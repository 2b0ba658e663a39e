//! HTTP/1.1, RFC 9112: healthy when a complete response head brings an expected status. A redirect is a 3xx status and
//! no more, an interim response (1xx) is waited past, and the body is read only for the texts that it must have. The full
//! build asks the same by HTTP/2.

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap};
use hyper::{Request, Response};

use crate::connect::Stream;
use crate::plan::{HttpProbe, HttpRequest};
use crate::progress::Progress;
use crate::tls;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::http::BadAnswer;
use crate::wire::http1;
#[cfg(feature = "full")]
use {
    crate::target::scheme::Scheme,
    crate::unhealthy::http2::BadHttp2,
    crate::wire::{Version, http2},
    http_body_util::Full,
};

/// The most of a body that is searched, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// What a body of [`MAX_BODY`] may take on the wire: chunks of one byte are six (RFC 9112, section 7.1).
const MAX_CHUNKED: usize = 6 * MAX_BODY;

/// The same in HTTP/2: frames of one byte are ten (RFC 9113, section 4.1).
#[cfg(feature = "full")]
const MAX_FRAMED: usize = 10 * MAX_BODY;

/// The steps that are awaited.
const RESPONSE_HEAD: &str = "complete response head";
const TEXTS: &str = "text of --contains";

/// Asks, and judges the answer.
pub async fn probe(probe: &HttpProbe, progress: &Progress) -> Result<(), Unhealthy> {
    let version = probe.request.version;
    let (stream, session) = tls::open(&probe.endpoint, probe.tls.as_ref(), version, progress).await?;
    ask(stream, probe, progress).await.map_err(|reason| session.explain(reason))
}

/// Asks on a stream that is open, and judges the answer.
pub async fn ask(stream: Stream, probe: &HttpProbe, progress: &Progress) -> Result<(), Unhealthy> {
    let request = &*probe.request;
    let body = |most| if request.contains.is_empty() { 0 } else { most };
    progress.awaits_step(RESPONSE_HEAD);
    #[cfg(feature = "full")]
    if request.version == Version::Http2 {
        let judged = async |response| judge(response, request, |error| BadHttp2::Broken(error).into(), progress).await;
        return http2::ask(stream, body(MAX_FRAMED), http2_request(probe), judged).await;
    }
    let judged = async |response| judge(response, request, |error| BadAnswer::Body(error).into(), progress).await;
    let leave_open = progress.is_last_attempt;
    http1::ask(stream, body(MAX_CHUNKED), leave_open, http1_request(probe), judged).await
}

#[inline(never)]
fn http1_request(HttpProbe { target, request: wanted, .. }: &HttpProbe) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = wanted.method.clone();
    *request.uri_mut() = target.path.as_str().parse().expect("a UrlPath holds nothing that a URI refuses");
    let headers = request.headers_mut();
    // First, as RFC 9110, section 7.2, would have it.
    if !wanted.headers.iter().any(|(name, _)| name == header::HOST) {
        headers.append(header::HOST, target.host().parse().expect("an Authority holds nothing that a header refuses"));
    }
    for (name, value) in &wanted.headers {
        headers.append(name.clone(), value.clone());
    }
    request
}

/// Makes the same request with the host as :authority: RFC 9113, section 8.3.1.
#[cfg(feature = "full")]
fn http2_request(HttpProbe { target, request: wanted, .. }: &HttpProbe) -> Request<Full<Bytes>> {
    let host = wanted.headers.iter().find(|(name, _)| name == header::HOST).and_then(|(_, value)| value.to_str().ok());
    let host = host.map_or_else(|| target.host(), str::to_owned);
    let scheme = Scheme::http(target.tls).name;
    let mut request = Request::new(Full::default());
    *request.method_mut() = wanted.method.clone();
    *request.uri_mut() =
        format!("{scheme}://{host}{}", target.path.as_str()).parse().expect("what a URI refuses is refused before");
    for (name, value) in wanted.headers.iter().filter(|(name, _)| name != header::HOST) {
        request.headers_mut().append(name.clone(), value.clone());
    }
    request
}

/// Judges an answer. `broken` says what went wrong with the body.
async fn judge(
    response: Response<Incoming>,
    request: &HttpRequest,
    broken: fn(hyper::Error) -> Unhealthy,
    progress: &Progress,
) -> Result<(), Unhealthy> {
    let status = response.status().as_u16();
    if !request.statuses.contains(status) {
        return Err(BadAnswer::Status { got: status, expected: request.statuses }.into());
    }
    if request.contains.is_empty() {
        return Ok(());
    }
    let has = |name| response.headers().contains_key(name);
    if has(header::TRANSFER_ENCODING) && has(header::CONTENT_LENGTH) {
        return Err(BadAnswer::TwoFramings.into());
    }
    if has_other_coding(response.headers()) {
        return Err(BadAnswer::TransferCoding.into());
    }
    progress.awaits_step(TEXTS);
    search(response.into_body(), &request.contains, broken).await
}

/// Returns whether a body is in another coding than `chunked` alone, which hyper would read to the end of the connection, and
/// find texts in what is not the body: RFC 9112, section 6.3. None was asked for (RFC 9110, section 10.1.4).
fn has_other_coding(headers: &HeaderMap) -> bool {
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
        let Some(frame) = frame else { return Err(BadAnswer::MissingText(number).into()) };
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

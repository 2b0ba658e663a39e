//! HTTP/1.1, RFC 9112: healthy if a complete response head has an expected status. A redirect is judged by its 3xx
//! status, unless it is to be followed. Interim responses (1xx) are skipped. The body is read only for the texts that
//! it must contain. The full build can send the same request over HTTP/2.

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap};
use hyper::http::uri::PathAndQuery;
use hyper::{Request, Response};

use super::redirect::{self, Redirect};
use super::search::{MAX_BODY, Search};
use crate::connect::Stream;
use crate::plan::{Follow, HttpProbe, HttpRequest};
use crate::progress::Progress;
use crate::tls;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::http::BadAnswer;
use crate::wire::http1;
#[cfg(feature = "full")]
use {
    crate::unhealthy::http2::BadHttp2,
    crate::wire::{Version, http2},
    http_body_util::Full,
    std::rc::Rc,
};

/// The most bytes that a body of [`MAX_BODY`] takes on the wire: a chunk of one byte takes six (RFC 9112, section 7.1).
const MAX_CHUNKED: usize = 6 * MAX_BODY;

/// The same in HTTP/2: a frame of one byte takes ten (RFC 9113, section 4.1).
#[cfg(feature = "full")]
const MAX_FRAMED: usize = 10 * MAX_BODY;

/// The steps that the message at the deadline names.
pub const RESPONSE_HEAD: &str = "complete response head";
const REDIRECTED: &str = "answer after a redirect";

/// Opens a connection, sends the request, and judges the response; and so for each redirect that is followed.
pub async fn probe(probe: &HttpProbe, progress: &Progress) -> Result<(), Unhealthy> {
    // The server says where a redirect leads, so that no message names it.
    let unnamed = progress.of_another();
    let mut redirected = None;
    for _ in 0..=redirect::MOST {
        let (this, current) = redirected.as_ref().map_or((probe, progress), |this| (this, &unnamed));
        let outcome = probe_once(this, current).await;
        progress.judged_on(current);
        match outcome {
            Ok(None) => return Ok(()),
            Ok(Some(redirect)) => {
                redirected = Some(redirect.follow(this)?);
                progress.awaits_step(REDIRECTED);
            }
            Err(reason) if redirected.is_none() => return Err(reason),
            Err(reason) => return Err(redirect::explain(reason)),
        }
    }
    Err(BadAnswer::Redirect("more than 10 times").into())
}

/// Opens a connection, sends the request, and judges the response, unless it is a redirect that is to be followed.
async fn probe_once(probe: &HttpProbe, progress: &Progress) -> Result<Option<Redirect>, Unhealthy> {
    let version = probe.request.version;
    let (stream, session) =
        tls::open(&probe.endpoint, probe.tls.as_ref().filter(|_| probe.target.scheme.tls), Some(version), progress)
            .await?;
    ask(stream, probe, progress).await.map_err(|reason| session.explain(reason))
}

/// Sends the request on an open stream, and judges the response.
pub async fn ask(stream: Stream, probe: &HttpProbe, progress: &Progress) -> Result<Option<Redirect>, Unhealthy> {
    let request = &*probe.request;
    let body = |most| match () {
        // The deadline ends it.
        () if request.whole => usize::MAX / 2,
        () if request.texts.is_empty() => 0,
        () => most,
    };
    progress.awaits_step(RESPONSE_HEAD);
    #[cfg(feature = "full")]
    if request.version == Version::Http2 {
        let judged =
            async |mut response| judge(&mut response, request, |error| BadHttp2::Broken(error).into(), progress).await;
        return http2::ask(stream, body(MAX_FRAMED), Rc::default(), http2_request(probe), judged).await;
    }
    let judged = async |response: &mut _| {
        let verdict = judge(response, request, |error| BadAnswer::Body(error).into(), progress).await;
        if !matches!(verdict, Ok(Some(_))) {
            progress.judged();
        }
        verdict
    };
    // A server that has one connection at a time answers the next request once this one is closed.
    let leave_open = progress.is_last_attempt && request.follow == Follow::None;
    let (most, deadline) = (body(MAX_CHUNKED), progress.deadline);
    http1::ask(stream, most, leave_open, deadline, http1_request(probe), probe.body(), judged).await
}

#[inline(never)]
fn http1_request(probe: &HttpProbe) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = probe.method().clone();
    // The code for whole URIs would be 1.5 KB more.
    let path: PathAndQuery = probe.target.path.as_str().parse().expect("a UrlPath holds nothing that a URI refuses");
    *request.uri_mut() = path.into();
    let headers = request.headers_mut();
    // Host comes first: RFC 9110, section 7.2.
    if !probe.headers().any(|(name, _)| name == header::HOST) {
        headers.append(
            header::HOST,
            probe.target.host().parse().expect("an Authority holds nothing that a header refuses"),
        );
    }
    for (name, value) in probe.headers() {
        headers.append(name.clone(), value.clone());
    }
    request
}

/// Makes the same request for HTTP/2, with the host as :authority: RFC 9113, section 8.3.1.
#[cfg(feature = "full")]
fn http2_request(probe: &HttpProbe) -> Request<Full<Bytes>> {
    let target = &probe.target;
    let host = probe.headers().find(|(name, _)| name == header::HOST).and_then(|(_, value)| value.to_str().ok());
    let host = host.map_or_else(|| target.host(), str::to_owned);
    let scheme = target.scheme.name;
    let mut request = Request::new(Full::from(probe.body().to_vec()));
    *request.method_mut() = probe.method().clone();
    *request.uri_mut() =
        format!("{scheme}://{host}{}", target.path.as_str()).parse().expect("what a URI refuses is refused before");
    for (name, value) in probe.headers().filter(|(name, _)| name != header::HOST) {
        request.headers_mut().append(name.clone(), value.clone());
    }
    request
}

/// Judges a response, unless it is a redirect that is to be followed. `broken` makes the reason from an error in the body.
async fn judge(
    response: &mut Response<Incoming>,
    request: &HttpRequest,
    broken: fn(hyper::Error) -> Unhealthy,
    progress: &Progress,
) -> Result<Option<Redirect>, Unhealthy> {
    let status = response.status().as_u16();
    let is_expected = request.statuses.contains(status);
    let follows = match request.follow {
        Follow::None => false,
        Follow::Unexpected => !is_expected,
        Follow::All | Follow::Any => true,
    };
    if follows && let Some(redirect) = Redirect::of(response, request.follow) {
        return Ok(Some(redirect));
    }
    if !is_expected {
        return Err(BadAnswer::Status { got: status, expected: request.statuses }.into());
    }
    if request.texts.is_empty() && !request.whole {
        return Ok(None);
    }
    let has = |name| response.headers().contains_key(name);
    let is_searched = !request.texts.is_empty();
    if is_searched && has(header::TRANSFER_ENCODING) && has(header::CONTENT_LENGTH) {
        return Err(BadAnswer::TwoFramings.into());
    }
    if is_searched && has_other_coding(response.headers()) {
        return Err(BadAnswer::TransferCoding.into());
    }
    if !request.texts.none.is_empty() && has(header::CONTENT_ENCODING) {
        return Err(BadAnswer::ContentCoding.into());
    }
    let mut search = Search::new(&request.texts, progress);
    let body = response.body_mut();
    loop {
        let frame = body.frame().await.transpose().map_err(broken)?;
        let is_over = frame.is_none();
        // A frame may be of trailers.
        let data = frame.and_then(|frame| frame.into_data().ok()).unwrap_or_default();
        if search.take(&data, is_over)? && (is_over || !request.whole) {
            return Ok(None);
        }
    }
}

/// Returns whether a body has a transfer coding other than `chunked` alone. hyper would read such a body to the end of
/// the connection, and texts could be found in bytes that are not the body: RFC 9112, section 6.3. The request allows
/// no such coding (RFC 9110, section 10.1.4).
fn has_other_coding(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let first = codings.next();
    first.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) || codings.next().is_some()
}

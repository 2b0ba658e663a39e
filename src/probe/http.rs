//! HTTP/1.1, RFC 9112: healthy if a complete response head has an expected status. A redirect is judged by its 3xx
//! status, unless it is to be followed. Interim responses (1xx) are skipped. The body is read only for the texts that
//! it must contain. The full build can send the same request over HTTP/2.

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap};
use hyper::http::uri::PathAndQuery;
use hyper::{Request, Response};

use super::matcher::Matcher;
use super::redirect::{self, Redirect};
use crate::connect::Stream;
use crate::json::Document;
use crate::plan::{HttpProbe, HttpRequest, Texts};
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

/// The most bytes of a body that are searched.
const MAX_BODY: usize = 64 * 1024;

/// The most bytes that a body of [`MAX_BODY`] takes on the wire: a chunk of one byte takes six (RFC 9112, section 7.1).
const MAX_CHUNKED: usize = 6 * MAX_BODY;

/// The same in HTTP/2: a frame of one byte takes ten (RFC 9113, section 4.1).
#[cfg(feature = "full")]
const MAX_FRAMED: usize = 10 * MAX_BODY;

/// The steps that the message at the deadline names.
const RESPONSE_HEAD: &str = "complete response head";
const TEXT: &str = "text of --contains";
const ANY_TEXT: &str = "text of --contains-any";
const BODY: &str = "end of the body";
const REDIRECTED: &str = "answer behind a redirect";

/// Opens a connection, sends the request, and judges the response; and so for each redirect that is followed.
pub async fn probe(probe: &HttpProbe, progress: &Progress) -> Result<(), Unhealthy> {
    // The server says where a redirect leads, so that no message names it.
    let unnamed = progress.of_another();
    let mut redirected = None;
    for _ in 0..=redirect::MOST {
        let (this, progress) = redirected.as_ref().map_or((probe, progress), |this| (this, &unnamed));
        match probe_once(this, progress).await {
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
        tls::open(&probe.endpoint, probe.tls.as_ref().filter(|_| probe.target.tls), Some(version), progress).await?;
    ask(stream, probe, progress).await.map_err(|reason| session.explain(reason))
}

/// Sends the request on an open stream, and judges the response.
pub async fn ask(stream: Stream, probe: &HttpProbe, progress: &Progress) -> Result<Option<Redirect>, Unhealthy> {
    let request = &*probe.request;
    let body = |most| if request.texts.is_empty() { 0 } else { most };
    progress.awaits_step(RESPONSE_HEAD);
    #[cfg(feature = "full")]
    if request.version == Version::Http2 {
        let judged = async |response| judge(response, request, |error| BadHttp2::Broken(error).into(), progress).await;
        return http2::ask(stream, body(MAX_FRAMED), http2_request(probe), judged).await;
    }
    let judged = async |response| judge(response, request, |error| BadAnswer::Body(error).into(), progress).await;
    // A server that has one connection at a time answers the next request once this one is closed.
    let leave_open = progress.is_last_attempt && !request.follow;
    http1::ask(stream, body(MAX_CHUNKED), leave_open, http1_request(probe), probe.body(), judged).await
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
    let scheme = Scheme::http(target.tls).name;
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
    response: Response<Incoming>,
    request: &HttpRequest,
    broken: fn(hyper::Error) -> Unhealthy,
    progress: &Progress,
) -> Result<Option<Redirect>, Unhealthy> {
    let status = response.status().as_u16();
    if !request.statuses.contains(status) {
        if request.follow
            && let Some(redirect) = Redirect::of(&response)
        {
            return Ok(Some(redirect));
        }
        return Err(BadAnswer::Status { got: status, expected: request.statuses }.into());
    }
    if request.texts.is_empty() {
        return Ok(None);
    }
    let has = |name| response.headers().contains_key(name);
    if has(header::TRANSFER_ENCODING) && has(header::CONTENT_LENGTH) {
        return Err(BadAnswer::TwoFramings.into());
    }
    if has_other_coding(response.headers()) {
        return Err(BadAnswer::TransferCoding.into());
    }
    progress.awaits_step(match &request.texts {
        Texts { all, .. } if !all.is_empty() => TEXT,
        Texts { any, .. } if !any.is_empty() => ANY_TEXT,
        _ => BODY,
    });
    search(response.into_body(), &request.texts, broken).await.map(|()| None)
}

/// Returns whether a body has a transfer coding other than `chunked` alone. hyper would read such a body to the end of
/// the connection, and texts could be found in bytes that are not the body: RFC 9112, section 6.3. The request allows
/// no such coding (RFC 9110, section 10.1.4).
fn has_other_coding(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let first = codings.next();
    first.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) || codings.next().is_some()
}

/// Reads `body` until it is clear whether its texts are as they must be.
async fn search(mut body: Incoming, texts: &Texts, broken: fn(hyper::Error) -> Unhealthy) -> Result<(), Unhealthy> {
    let (mut all, mut any, mut none) = (matchers(&texts.all), matchers(&texts.any), matchers(&texts.none));
    let mut document = Document::new(&texts.json);
    let mut left = MAX_BODY;
    // A text that must not be there can be in the last bytes.
    while !(all.is_empty() && any.is_empty() && none.is_empty()) || document.is_wanted() {
        let frame = if left > 0 { body.frame().await } else { None };
        let Some(frame) = frame else { break };
        if let Ok(data) = frame.map_err(broken)?.into_data() {
            let data = &data[..data.len().min(left)];
            left -= data.len();
            document.feed(data);
            all.retain_mut(|(_, matcher)| !matcher.feed(data));
            if any.iter_mut().any(|(_, matcher)| matcher.feed(data)) {
                any.clear();
            }
            for (number, matcher) in &mut none {
                if matcher.feed(data) {
                    return Err(BadAnswer::Text(*number).into());
                }
            }
        }
    }
    match (all.first(), any.is_empty()) {
        (Some((number, _)), _) => Err(BadAnswer::MissingText(*number).into()),
        (None, false) => Err(BadAnswer::NoText.into()),
        (None, true) => Ok(document.judge(left == 0)?),
    }
}

/// Returns a matcher for each text, with the text's number.
fn matchers(texts: &[Vec<u8>]) -> Vec<(usize, Matcher<'_>)> {
    (1..).zip(texts.iter().map(|text| Matcher::new(text))).collect()
}

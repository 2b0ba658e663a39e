//! HTTP/1.1, RFC 9112: healthy when a complete response head brings an expected status. A redirect is a 3xx status and
//! no more, an interim response (1xx) is waited past, and the body is read only for the texts that it must have.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::http::HeaderValue;
use hyper::{Request, header};

use super::limited::Limited;
use crate::endpoint::{self, Stream};
use crate::plan::Http;
use crate::progress::Progress;
use crate::target::{Authority, Endpoint, HTTP_PORT};
use crate::unhealthy::{Awaiting, Unhealthy};

/// The most that is read of an answer's heads, those of interim responses included, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// The most of a body that is searched, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// What a body of [`MAX_BODY`] may take on the wire: chunks of one byte are six (RFC 9112, section 7.1).
const MAX_CHUNKED: usize = 6 * MAX_BODY;

/// Asks `authority` for `path`.
pub async fn probe(authority: &Authority, path: &Endpoint, http: &Http, progress: &Progress) -> Result<(), Unhealthy> {
    let stream = match &http.unix_socket {
        Some(socket) => endpoint::connect_unix(socket, progress).await?,
        None => endpoint::connect(authority, progress).await?,
    };
    ask(stream, request(authority, path, http), http, progress).await
}

fn request(authority: &Authority, path: &Endpoint, http: &Http) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = http.method.clone();
    *request.uri_mut() = path.as_str().parse().expect("an Endpoint holds nothing that a URI refuses");
    let headers = request.headers_mut();
    // First, as RFC 9110, section 7.2, would have it.
    if !http.headers.iter().any(|(name, _)| name == header::HOST) {
        headers.append(header::HOST, host(authority));
    }
    for (name, value) in &http.headers {
        headers.append(name.clone(), value.clone());
    }
    request
}

/// The Host header, RFC 9110, section 7.2: no port where it is the scheme's own.
fn host(authority: &Authority) -> HeaderValue {
    let host = match authority.port {
        HTTP_PORT => authority.host.to_string(),
        _ => authority.to_string(),
    };
    host.parse().expect("an Authority holds nothing that a header refuses")
}

async fn ask(
    stream: Stream,
    request: Request<Empty<Bytes>>,
    http: &Http,
    progress: &Progress,
) -> Result<(), Unhealthy> {
    let limit = if http.contains.is_empty() { MAX_HEAD } else { MAX_HEAD + MAX_CHUNKED };
    let (mut sender, connection) = http1::handshake(Limited::new(stream, limit)).await.map_err(Unhealthy::Http)?;
    let mut connection = pin!(connection);
    let mut ended = false;
    let mut answer = pin!(async {
        progress.awaits(Awaiting::ResponseHead);
        let response = sender.send_request(request).await.map_err(Unhealthy::Http)?;
        let status = response.status().as_u16();
        if !http.statuses.contains(status) {
            return Err(Unhealthy::Status { got: status, expected: http.statuses });
        }
        progress.awaits(Awaiting::Contains);
        search(response.into_body(), &http.contains).await
    });
    // The connection does the work, and the answer tells what came of it.
    poll_fn(|context| {
        ended = ended || connection.as_mut().poll(context).is_ready();
        match answer.as_mut().poll(context) {
            Poll::Pending if ended => Poll::Ready(Err(Unhealthy::Closed)),
            answer => answer,
        }
    })
    .await
}

/// Reads `body` until it has had all of `texts`. Each byte is looked at once for each text, however small the pieces
/// that it comes in: else chunks of one byte would take seconds.
async fn search(mut body: Incoming, texts: &[Vec<u8>]) -> Result<(), Unhealthy> {
    let mut missing: Vec<(usize, &Vec<u8>)> = (1..).zip(texts).collect();
    let mut seen = Vec::new();
    while let Some(&(number, _)) = missing.first() {
        let frame = if seen.len() < MAX_BODY { body.frame().await } else { None };
        let Some(frame) = frame else { return Err(Unhealthy::Lacks(number)) };
        if let Ok(data) = frame.map_err(Unhealthy::Http)?.into_data() {
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

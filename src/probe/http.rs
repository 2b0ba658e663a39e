//! HTTP/1.1, RFC 9112: healthy when a complete response head brings an expected status. The body is never read,
//! a redirect is a 3xx status and no more, and an interim response (1xx) is waited past.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, header};
use tokio::net::TcpStream;

use super::limited::Limited;
use crate::deadline::Deadline;
use crate::endpoint;
use crate::status::Statuses;
use crate::target::{Authority, HTTP_PORT, Path};
use crate::unhealthy::{Awaiting, Unhealthy};

/// The most that is read of an answer, interim responses included, in bytes.
const MAX_HEAD: usize = 64 * 1024;

const USER_AGENT: &str = concat!("lprobe/", env!("CARGO_PKG_VERSION"));

/// Asks `authority` for `path`.
pub async fn probe(
    authority: &Authority,
    path: &Path,
    expected: &Statuses,
    deadline: &Deadline,
) -> Result<(), Unhealthy> {
    let stream = endpoint::connect(authority, deadline).await?;
    let status = deadline.limit(Awaiting::ResponseHead, ask(stream, authority, path)).await??;
    match expected.contains(status) {
        true => Ok(()),
        false => Err(Unhealthy::Status { got: status, expected: *expected }),
    }
}

/// The status of the answer on `stream`.
async fn ask(stream: TcpStream, authority: &Authority, path: &Path) -> Result<u16, Unhealthy> {
    let request = Request::get(path.as_str())
        .header(header::HOST, host(authority))
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "*/*")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .expect("a Path and an Authority hold nothing that a request refuses");
    let stream = Limited::new(stream, MAX_HEAD);
    let (mut sender, connection) = http1::handshake(stream).await.map_err(Unhealthy::Http)?;
    let mut answer = pin!(sender.send_request(request));
    let mut connection = pin!(connection);
    // The connection does the work, and the answer tells what came of it.
    poll_fn(|context| {
        let ended = connection.as_mut().poll(context).is_ready();
        match answer.as_mut().poll(context) {
            Poll::Ready(Ok(response)) => Poll::Ready(Ok(response.status().as_u16())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(Unhealthy::Http(error))),
            Poll::Pending if ended => Poll::Ready(Err(Unhealthy::Closed)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// The Host header, RFC 9110, section 7.2: no port where it is the scheme's own.
fn host(authority: &Authority) -> String {
    match authority.port {
        HTTP_PORT => authority.host.to_string(),
        _ => authority.to_string(),
    }
}

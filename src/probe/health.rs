//! gRPC's health service, `grpc.health.v1.Health`: healthy when Check answers SERVING.
//! <https://github.com/grpc/grpc/blob/master/doc/health-checking.md>

use std::time::Duration;

use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use tokio::time::timeout;

use super::protobuf::{self, Value};
use super::tls::{self, Protocol};
use super::{grpc, http2};
use crate::endpoint::Stream;
use crate::plan::{Grpc, Plan};
use crate::progress::Progress;
use crate::target::Authority;
use crate::unhealthy::{Awaiting, ServingStatus, Unhealthy, WrongAnswer};

const CHECK: &str = "/grpc.health.v1.Health/Check";

/// The longest message that is read, in bytes.
const MAX_MESSAGE: usize = 64 * 1024;

/// The most that is read behind the head: the message in frames of one byte, which are ten, and trailers.
const MAX_READ: usize = 10 * MAX_MESSAGE + 16 * 1024;

/// What is asked.
pub struct Question<'a> {
    /// Whether over TLS.
    pub tls: bool,
    /// Where to connect, and the call's authority.
    pub authority: &'a Authority,
    /// The service; empty is the server as a whole.
    pub service: &'a str,
}

/// Asks, and judges the answer.
pub async fn probe(question: Question<'_>, plan: &Plan, progress: &Progress) -> Result<(), Unhealthy> {
    let open = tls::open(question.tls, question.authority, Protocol::Http2, plan, progress);
    let (stream, identity) = within(plan.grpc.connect_timeout.unwrap_or(plan.timeout), progress, open).await?;
    check(stream, &question, plan, progress).await.map_err(|reason| identity.explain(reason))
}

/// Asks on a stream that is open, and judges the answer.
pub async fn check(stream: Stream, question: &Question<'_>, plan: &Plan, progress: &Progress) -> Result<(), Unhealthy> {
    let Grpc { headers, gzip, rpc_timeout, .. } = &plan.grpc;
    // gRPC's naming has no host and no port for a Unix socket.
    let authority = if plan.unix_socket.is_some() { "localhost".into() } else { question.authority.to_string() };
    let message = protobuf::message_of(question.service);
    let mut request = grpc::request(question.tls, &authority, CHECK, &message, *gzip);
    request.headers_mut().extend(headers.iter().cloned());
    let time = rpc_timeout.unwrap_or(plan.timeout).min(plan.timeout);
    request.headers_mut().insert(HeaderName::from_static("grpc-timeout"), grpc_timeout(time));
    let judged = async |response| judge(response, *gzip, progress).await;
    within(time, progress, http2::ask(stream, MAX_READ, request, progress, judged)).await
}

async fn within<T>(
    time: Duration,
    progress: &Progress,
    step: impl Future<Output = Result<T, Unhealthy>>,
) -> Result<T, Unhealthy> {
    let late = |_| Err(Unhealthy::Late { awaiting: progress.awaiting(), after: time });
    timeout(time, step).await.unwrap_or_else(late)
}

/// At most eight digits, and a unit.
fn grpc_timeout(time: Duration) -> HeaderValue {
    let milliseconds = time.as_nanos().div_ceil(1_000_000);
    let text = if milliseconds < 100_000_000 {
        format!("{}m", milliseconds as u64)
    } else {
        format!("{}S", time.as_secs().min(99_999_999))
    };
    text.parse().expect("digits and a letter")
}

async fn judge(response: Response<Incoming>, gzip: bool, progress: &Progress) -> Result<(), Unhealthy> {
    progress.awaits(Awaiting::Message);
    let mut reply = grpc::Reply::new(response, gzip, MAX_MESSAGE)?;
    let message = reply.message().await?;
    reply.end().await?;
    match serving_status(&message) {
        Some(ServingStatus::SERVING) => Ok(()),
        Some(status) => Err(Unhealthy::NotServing(status)),
        None => Err(WrongAnswer::Message.into()),
    }
}

/// The status in a HealthCheckResponse: field 1, of which the last counts, and 0 where it is left out.
pub fn serving_status(message: &[u8]) -> Option<ServingStatus> {
    let mut status = 0;
    for field in protobuf::fields(message) {
        match field? {
            (1, Value::Number(number)) => status = number,
            (1, _) => return None,
            _ => {}
        }
    }
    Some(ServingStatus(status))
}

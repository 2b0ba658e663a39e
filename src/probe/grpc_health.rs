//! gRPC's health service, `grpc.health.v1.Health`: healthy if Check answers SERVING.
//! <https://github.com/grpc/grpc/blob/master/doc/health-checking.md>

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use tokio::time::timeout;

use crate::connect::Stream;
use crate::plan::GrpcProbe;
use crate::progress::Progress;
use crate::target::endpoint::Endpoint;
use crate::tls;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::awaiting::Awaiting;
use crate::unhealthy::grpc::{BadCall, ServingStatus};
use crate::wire::protobuf::{self, Value};
use crate::wire::{Version, grpc, http2};

const CHECK: &str = "/grpc.health.v1.Health/Check";

/// The longest message that is read, in bytes.
const MAX_MESSAGE: usize = 64 * 1024;

/// The most bytes that are read after the head: the trailers, and the message in frames of one byte, each of which
/// takes ten bytes.
const MAX_READ: usize = 10 * MAX_MESSAGE + 16 * 1024;

/// The steps that the message at the deadline names.
const FIRST_FRAME: &str = "first frame of HTTP/2";
const RESPONSE_HEAD: &str = "complete response head";
const MESSAGE: &str = "message with its trailers";

/// Opens a connection, calls the health service, and judges the response.
pub async fn probe(probe: &GrpcProbe, progress: &Progress) -> Result<(), Unhealthy> {
    let call = &probe.call;
    let has_settings = Rc::<Cell<bool>>::default();
    let mut asked = pin!(async {
        let (stream, session) = tls::open(&probe.endpoint, probe.tls.as_ref(), Some(Version::Http2), progress).await?;
        check(stream, probe, has_settings.clone(), progress).await.map_err(|reason| session.explain(reason))
    });
    let Some(limit) = call.connect_timeout else { return within(call.timeout, progress, asked).await };
    let connected = poll_fn(|context| match asked.as_mut().poll(context) {
        Poll::Pending if !has_settings.get() => Poll::Pending,
        asked => Poll::Ready(Ok(asked)),
    });
    match within(limit, progress, connected).await {
        Ok(Poll::Ready(verdict)) => verdict,
        Ok(Poll::Pending) => within(call.timeout, progress, asked).await,
        Err(Unhealthy::Late { awaiting: Awaiting::Step(RESPONSE_HEAD), after }) => {
            Err(Unhealthy::Late { awaiting: Awaiting::Step(FIRST_FRAME), after })
        }
        Err(reason) => Err(reason),
    }
}

/// Calls the health service on an open stream, and judges the response. Sets `has_settings` at the server's first frame.
pub async fn check(
    stream: Stream,
    probe: &GrpcProbe,
    has_settings: Rc<Cell<bool>>,
    progress: &Progress,
) -> Result<(), Unhealthy> {
    let GrpcProbe { target, endpoint, tls, call } = probe;
    let authority = match (tls.as_ref().and_then(|tls| tls.other_name(target.authority.host)), endpoint) {
        // As with grpc-go, the name that the certificate is verified for is also that of the server.
        (Some(name), _) => name,
        (None, Endpoint::Authority(authority)) => authority.to_string(),
        // gRPC's name of a Unix socket has no host and no port.
        (None, Endpoint::Unix(_)) => "localhost".into(),
    };
    let message = protobuf::message_of(&target.service);
    let mut request = grpc::request(target.tls, &authority, CHECK, &message, call.gzip);
    request.headers_mut().extend(call.headers.iter().cloned());
    request.headers_mut().insert(HeaderName::from_static("grpc-timeout"), grpc_timeout(call.timeout));
    progress.awaits_step(RESPONSE_HEAD);
    let judged = async |response| judge(response, call.gzip, progress).await;
    Ok(http2::ask(stream, MAX_READ, has_settings, request, judged).await?)
}

async fn within<T>(
    time: Duration,
    progress: &Progress,
    step: impl Future<Output = Result<T, Unhealthy>>,
) -> Result<T, Unhealthy> {
    let late = |_| Err(Unhealthy::Late { awaiting: progress.awaiting(), after: time });
    timeout(time, step).await.unwrap_or_else(late)
}

/// Returns a time as the value of `grpc-timeout`: at most eight digits, and a unit.
fn grpc_timeout(time: Duration) -> HeaderValue {
    let milliseconds = time.as_nanos().div_ceil(1_000_000);
    let text = if milliseconds < 100_000_000 {
        format!("{}m", milliseconds as u64)
    } else {
        format!("{}S", time.as_secs().min(99_999_999))
    };
    text.parse().expect("digits and a letter")
}

async fn judge(response: Response<Incoming>, gzip: bool, progress: &Progress) -> Result<(), BadCall> {
    progress.awaits_step(MESSAGE);
    let mut reply = grpc::Reply::new(response, gzip, MAX_MESSAGE)?;
    let message = reply.message().await?;
    reply.end().await?;
    match serving_status(&message) {
        Some(ServingStatus::SERVING) => Ok(()),
        Some(status) => Err(BadCall::NotServing(status)),
        None => Err(BadCall::Message),
    }
}

/// Reads the status from a HealthCheckResponse. It is field 1, of which the last occurrence counts. A missing field
/// means 0.
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

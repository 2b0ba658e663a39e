//! Runs a [`Plan`]. One file a protocol, each of which opens an endpoint and says healthy or why not.

pub mod exchange;
mod file;
#[cfg(feature = "full")]
mod grpc;
#[cfg(feature = "full")]
pub mod gzip;
mod head;
#[cfg(feature = "full")]
pub mod health;
pub mod http;
#[cfg(feature = "full")]
mod http2;
mod limited;
#[cfg(feature = "full")]
mod protobuf;
pub mod service;
#[cfg(feature = "full")]
pub mod spiffe;
#[cfg(feature = "full")]
mod tls;
mod udp;

use std::future::{Future, poll_fn};
use std::io;
use std::mem::ManuallyDrop;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep};

use self::limited::Gate;
use crate::endpoint::{self, Writes};
use crate::plan::Plan;
use crate::progress::{Progress, Timings};
use crate::sys;
use crate::target::Target;
use crate::unhealthy::Unhealthy;

/// What became of one target.
pub type Outcome = (Result<(), Unhealthy>, Timings);

/// The first pause between two attempts, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// With less time than this left, a wait is over: a healthy probe takes 0.3 ms, and a timer's tick is 1 ms.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(4);

/// Probes the plan's targets, all at once, and again while there is time to wait for them: an outcome for each, in
/// their order.
///
/// # Errors
///
/// There is no event loop to be had.
pub fn run(plan: &Plan) -> io::Result<Vec<Outcome>> {
    if plan.wait.is_some() {
        sys::end_when_told();
    }
    // The process is about to exit, which closes and frees all at once: to do it one by one takes five system calls.
    let runtime = ManuallyDrop::new(runtime()?);
    Ok(runtime.block_on(async {
        let attempt = |timeout| all(plan.targets.iter().map(|target| outcome(target, plan, timeout)).collect());
        let Some(wait) = plan.wait else { return attempt(plan.timeout).await };
        let end = Instant::now() + wait;
        let left = || end.saturating_duration_since(Instant::now());
        let (mut pause, longest) = PAUSES;
        let mut outcomes = attempt(plan.timeout.min(wait)).await;
        // Halving what is left brings several attempts into the last pause, which can be half of the wait.
        while !healthy(&outcomes) && left() > SHORTEST_ATTEMPT {
            sleep(pause.min(left() / 2)).await;
            pause = longest.min(pause * 2);
            outcomes = later(outcomes, attempt(plan.timeout.min(left())).await);
        }
        outcomes
    }))
}

fn healthy(outcomes: &[Outcome]) -> bool {
    outcomes.iter().all(|(verdict, _)| verdict.is_ok())
}

/// Returns what a later attempt found. One that the end of the wait cut short may only know that it was late: then
/// the attempt before it tells more.
fn later(before: Vec<Outcome>, after: Vec<Outcome>) -> Vec<Outcome> {
    let is_late = |outcome: &Outcome| matches!(outcome.0, Err(Unhealthy::Late { .. }));
    let tells_more = |before: Outcome, after| if is_late(&after) && before.0.is_err() { before } else { after };
    before.into_iter().zip(after).map(|(before, after)| tells_more(before, after)).collect()
}

async fn outcome(target: &Target, plan: &Plan, timeout: Duration) -> Outcome {
    let progress = Progress::default();
    let late = |_| Err(Unhealthy::Late { awaiting: progress.awaiting(), after: timeout });
    let mut verdict = tokio::time::timeout(timeout, probe(target, plan, &progress)).await.unwrap_or_else(late);
    let timings = progress.timings();
    // An answer that was there when a busy or stopped process went on is late all the same.
    let limit = plan.max_latency.map_or(timeout, |limit| limit.min(timeout));
    if verdict.is_ok() && timings.total > limit {
        verdict = Err(Unhealthy::Slow { took: timings.total, limit });
    }
    (verdict, timings)
}

async fn probe(target: &Target, plan: &Plan, progress: &Progress) -> Result<(), Unhealthy> {
    match target {
        Target::Http { tls, authority, path } => {
            http::probe(http::Question { tls: *tls, authority, path }, plan, progress).await
        }
        #[cfg(feature = "full")]
        Target::Grpc { tls, authority, service } => {
            health::probe(health::Question { tls: *tls, authority, service }, plan, progress).await
        }
        Target::Tcp { authority } => {
            exchange::probe(endpoint::connect(authority, Writes::Once, progress).await?, &plan.exchange, progress).await
        }
        Target::Unix { path } => {
            exchange::probe(endpoint::connect_unix(path, progress).await?, &plan.exchange, progress).await
        }
        Target::Udp { authority } => udp::probe(authority, &plan.exchange, progress).await,
        Target::Service { service, authority } => {
            service::probe(*service, endpoint::connect(authority, Writes::Once, progress).await?, progress).await
        }
        Target::File { path, max_age } => file::probe(path, *max_age),
    }
}

/// What `answer` comes to, while `connection` does the work.
async fn driven<T>(
    connection: impl Future,
    gate: &Gate,
    answer: impl Future<Output = Result<T, Unhealthy>>,
) -> Result<T, Unhealthy> {
    let mut connection = pin!(connection);
    let mut answer = pin!(answer);
    let mut ended = false;
    poll_fn(|context| {
        loop {
            // The request goes first: so it is sent in the same turn, and a connection that ends before it tells why.
            match answer.as_mut().poll(context) {
                Poll::Pending if ended => return Poll::Ready(Err(Unhealthy::Closed)),
                Poll::Pending if connection.as_mut().poll(context).is_ready() => ended = true,
                Poll::Pending if gate.was_opened() => {}
                answer => return answer,
            }
        }
    })
    .await
}

/// What all of `futures` come to, in their order.
async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<_> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs).filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(context) {
                *output = Some(ready);
            }
        }
        if outputs.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

#[inline(never)]
fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_io()
        .enable_time()
        // Its default makes room for 1,024 events, 12 KB that a few sockets never fill.
        .max_io_events_per_tick(8)
        .build()
}

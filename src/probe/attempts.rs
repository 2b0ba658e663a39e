//! Attempts: all checks run at once, and again while there is time to wait.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::mem::{self, ManuallyDrop};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep_until, timeout_at};

#[cfg(feature = "full")]
use super::grpc_health;
use super::{dns, exchange, fcgi, file, http, pid, udp};
use crate::plan::{Check, Plan, Probe};
use crate::progress::{Progress, Timings};
use crate::sys::crash::end_at_signals;
use crate::sys::process;
use crate::tls::alarm;
use crate::unhealthy::Unhealthy;
use crate::wire;

/// The verdict on one check, and its timings.
pub type Outcome = (Result<(), Unhealthy>, Timings);

/// The first pause between two attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The shortest remaining time that is worth another attempt: a healthy probe takes 0.3 ms, and a tick of the timer is
/// 1 ms.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(4);

/// Probes all checks of the plan at once, and again as its wait and its watch ask for. Returns one outcome for each
/// check, in the order of the plan.
///
/// # Errors
///
/// The event loop can't be created.
pub fn run(plan: &Plan) -> io::Result<Vec<Outcome>> {
    if plan.wait.is_some() || plan.watch.is_some() {
        end_at_signals();
    }
    let start = Instant::now();
    // The runtime is never dropped: the exit of the process closes and frees everything at once, and a drop would take
    // five system calls.
    let runtime = ManuallyDrop::new(runtime()?);
    Ok(runtime.block_on(attempts(plan, start)))
}

/// Makes attempts until every check is healthy or the time to wait is over, and goes on for as long as the watch takes.
async fn attempts(plan: &Plan, mut start: Instant) -> Vec<Outcome> {
    let watch = plan.watch.as_ref();
    let is_last = plan.wait.is_none() && watch.is_none();
    // The end of the wait, and then of the watch.
    let mut end = start + plan.wait.or(watch.map(|watch| watch.time)).unwrap_or_default();
    let mut waits = plan.wait.is_some();
    let mut pause = FIRST_PAUSE;
    let mut retries = watch.map_or(0, |watch| watch.retries);
    let (mut verdict, mut was_healthy) = (Vec::new(), false);
    loop {
        let is_cut = waits && !plan.has_whole_attempts;
        let timeout = if is_cut { plan.timeout.min(end - start) } else { plan.timeout };
        let mut outcomes = attempt(plan, start, timeout, is_last).await;
        let is_healthy = healthy(&outcomes);
        let next = if waits && !is_healthy {
            merge_attempts(mem::take(&mut verdict), &mut outcomes);
            let now = Instant::now();
            let left = end.saturating_duration_since(now);
            if left <= SHORTEST_ATTEMPT {
                return outcomes;
            }
            // A pause takes at most half of the remaining time. Without this limit, the last pause could take half of
            // the wait, in which several attempts have room.
            let this_pause = pause.min(left / 2);
            pause = LONGEST_PAUSE.min(pause * 2);
            now + this_pause
        } else {
            let Some(watch) = watch else { return outcomes };
            if mem::take(&mut waits) {
                end = start + watch.time;
            }
            // A container that starts becomes healthy at once, not at the end of the watch.
            let is_over = match is_healthy {
                true => !was_healthy && process::first_is_younger_than(watch.time),
                false => retries == 0,
            };
            if is_over {
                return outcomes;
            }
            retries = if is_healthy { watch.retries } else { retries - 1 };
            end.min(start + watch.every)
        };
        // A failure that is forgiven leaves a healthy verdict as it is, and makes no unhealthy one healthy.
        if is_healthy || !was_healthy {
            verdict = outcomes;
        }
        was_healthy |= is_healthy;
        sleep_until(next).await;
        start = Instant::now();
        if start >= end {
            return verdict;
        }
    }
}

/// Probes every check once. All of them have one deadline, `timeout` after `start`.
async fn attempt(plan: &Plan, start: Instant, timeout: Duration, is_last: bool) -> Vec<Outcome> {
    let _alarm = alarm::set(
        plan.checks.iter().any(|check| check.probe.is_over_tls()),
        (start + timeout).saturating_duration_since(Instant::now()),
    );
    all(plan.checks.iter().map(|check| Box::pin(outcome(check, start, timeout, is_last))).collect()).await
}

fn healthy(outcomes: &[Outcome]) -> bool {
    outcomes.iter().all(|(verdict, _)| verdict.is_ok())
}

/// Replaces the reason that time ran out by the reason of the attempt before: the end of the wait can cut an attempt short,
/// and then the former tells nothing.
fn merge_attempts(before: Vec<Outcome>, after: &mut [Outcome]) {
    for (before, after) in before.into_iter().zip(after) {
        if matches!(after.0, Err(Unhealthy::Late { .. })) && before.0.is_err() {
            *after = before;
        }
    }
}

async fn outcome(check: &Check, start: Instant, timeout: Duration, is_last: bool) -> Outcome {
    let progress = Progress::start(start.into_std(), timeout, is_last);
    let late = || Err(Unhealthy::Late { awaiting: progress.awaiting(), after: timeout });
    let deadline = start + timeout;
    let probing = pin!(probe(&check.probe, &progress));
    // A check that can't be interrupted, as that of a file, may have kept this one waiting.
    let mut verdict = match Instant::now() < deadline {
        true => timeout_at(deadline, alarm::named(&check.probe, check.probe.is_over_tls(), timeout, probing))
            .await
            .unwrap_or_else(|_| late()),
        false => late(),
    };
    let timings = progress.timings();
    // A process that was stopped or busy can read an answer after the deadline, before its timer fires. Such an answer
    // is late too.
    let limit = check.max_latency.map_or(timeout, |limit| limit.min(timeout));
    if verdict.is_ok() && timings.total > limit {
        verdict = Err(Unhealthy::Slow { took: timings.total, limit });
    }
    (verdict, timings)
}

async fn probe(probe: &Probe, progress: &Progress) -> Result<(), Unhealthy> {
    // These exchanges are awaited in one place, since each such place takes 200 bytes.
    let found = Cell::new(None);
    let (request, mut expected, mut judged, mut reader, mut taken);
    let (endpoint, tls, bytes, judge, farewell) = match probe {
        Probe::Stream(stream, exchange) => {
            expected = |reply: &[u8]| exchange::expected(exchange, reply);
            let judge = (!exchange.expect.is_empty()).then_some(&mut expected as exchange::Judge);
            (&stream.endpoint, stream.tls.as_ref(), &exchange.send[..], judge, &b""[..])
        }
        Probe::Service(service, stream) => {
            judged = service.judge;
            let judge = Some(&mut judged as exchange::Judge);
            (&stream.endpoint, stream.tls.as_ref(), service.greeting, judge, service.farewell)
        }
        Probe::Fcgi(probe) => {
            request = wire::fcgi::request(probe.target.path.as_str());
            reader = fcgi::Reader::new(&probe.request, progress, &found);
            taken = |bytes: &[u8]| reader.judge(bytes);
            (&probe.endpoint, None, &request[..], Some(&mut taken as exchange::Judge), &b""[..])
        }
        Probe::Http(probe) => return http::probe(probe, progress).await,
        #[cfg(feature = "full")]
        Probe::Grpc(probe) => return grpc_health::probe(probe, progress).await,
        Probe::Udp(authority, exchange) => {
            let mut expected = |reply: &[u8]| exchange::expected(exchange, reply);
            return udp::probe(authority, &exchange.send, &mut expected, progress).await;
        }
        Probe::Dns(authority, name) => return dns::probe(authority, name, progress).await,
        Probe::File(file) => return file::probe(file),
        Probe::Pid(path) => return pid::probe(path),
    };
    let asked = exchange::probe(endpoint, tls, bytes, judge, farewell, progress).await;
    found.take().map_or(asked, Err)
}

/// Returns the outputs of all `futures`, in their order.
async fn all<F: Future>(mut futures: Vec<Pin<Box<F>>>) -> Vec<F::Output> {
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
        // The default has room for 1,024 events. They take 12 KB, which a few sockets never fill.
        .max_io_events_per_tick(8)
        .build()
}

//! The last resort behind the deadline. What verifies a certificate can't be interrupted by the deadline's timer, and how
//! long it takes is the server's choice, within the bounds that trust.rs sets.

use std::ffi::CString;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use crate::duration::milliseconds;
use crate::plan::{Plan, Probe};
use crate::printable::printable;
use crate::sys::alarm::{Alarm, naming};

/// How long after the deadline the alarm ends the process.
const DELAY: Duration = Duration::from_millis(50);

/// Sets the alarm for an attempt that has `left` until its deadline, if a check of the plan is over TLS. The attempt ends
/// when the alarm is dropped.
pub fn set(plan: &Plan, left: Duration) -> Option<Alarm> {
    plan.checks.iter().any(|check| is_over_tls(&check.probe)).then(|| Alarm::after(left + DELAY))
}

/// Names the target for the alarm while the probe of it runs, if it is over TLS.
///
/// The probe is pinned already, because a future that is passed on by value takes its size again.
pub async fn named<T>(probe: &Probe, timeout: Duration, mut probing: Pin<&mut impl Future<Output = T>>) -> T {
    if !is_over_tls(probe) {
        return probing.await;
    }
    let milliseconds = milliseconds(timeout);
    let line =
        format_args!("{probe}: no verdict within {milliseconds} ms: what the server sent takes too long to check");
    let line = CString::new(format!("lprobe: {}\n", printable(&line))).expect("what is printable holds no NUL");
    poll_fn(|context| naming(&line, || probing.as_mut().poll(context))).await
}

fn is_over_tls(probe: &Probe) -> bool {
    match probe {
        Probe::Http(http) => http.tls.is_some(),
        Probe::Grpc(grpc) => grpc.tls.is_some(),
        _ => false,
    }
}

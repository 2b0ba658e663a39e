//! The last resort behind the deadline. What verifies a certificate can't be interrupted by the deadline's timer, and how
//! long it takes is the server's choice, within the bounds that trust.rs sets.

use std::ffi::CString;
use std::fmt::Display;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use crate::duration::milliseconds;
use crate::printable::printable;
use crate::sys::alarm::{Alarm, Line};

/// How long after the deadline the alarm ends the process: early enough that this, too, is within 50 ms of the deadline.
const DELAY: Duration = Duration::from_millis(40);

/// Sets the alarm for an attempt that has `left` until its deadline, if a probe is over TLS. The attempt ends when the
/// alarm is dropped.
pub fn set(any_is_over_tls: bool, left: Duration) -> Option<Alarm> {
    any_is_over_tls.then(|| Alarm::after(left + DELAY))
}

/// Names the target for the alarm while the probe of it runs, if it is over TLS.
///
/// The probe is pinned already, because a future that is passed on by value takes its size again.
pub async fn named<T>(
    target: &dyn Display,
    is_over_tls: bool,
    timeout: Duration,
    mut probing: Pin<&mut impl Future<Output = T>>,
) -> T {
    if !is_over_tls {
        return probing.await;
    }
    let milliseconds = milliseconds(timeout);
    let text = format!(
        "lprobe: {}: no verdict within {milliseconds} ms, since this machine is too busy, or the server's certificates take \
         too long to check\n",
        printable(target),
    );
    let line = Line(CString::new(text).expect("what is printable holds no NUL"));
    poll_fn(|context| {
        line.show();
        probing.as_mut().poll(context)
    })
    .await
}

//! The last resort behind the deadline: a timer whose signal ends the process, whatever it computes at the time.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::time::Duration;

use super::crash::{end, handle};

/// The [`Line`] that the alarm prints.
static LINE: AtomicPtr<c_char> = AtomicPtr::new(null_mut());

/// A timer that ends the process with exit code 1, unless it is dropped before.
pub struct Alarm(Option<libc::timer_t>);

impl Alarm {
    /// Starts the timer. Where the kernel has no timer to give, there is no last resort, and the deadline is kept as
    /// well as without it.
    pub fn after(time: Duration) -> Self {
        // A timer and a signal of our own: a caller's interval timer, which survives exec, raises SIGALRM.
        let signal = libc::SIGRTMIN();
        handle(&[signal], ring);
        // SAFETY: zero is a valid value of each field; the kernel reads the event, and writes the timer's number.
        unsafe {
            let mut event: libc::sigevent = std::mem::zeroed();
            event.sigev_notify = libc::SIGEV_SIGNAL;
            event.sigev_signo = signal;
            let mut timer = std::mem::zeroed();
            if libc::timer_create(libc::CLOCK_MONOTONIC, &mut event, &mut timer) != 0 {
                return Self(None);
            }
            let mut when: libc::itimerspec = std::mem::zeroed();
            when.it_value.tv_sec = time.as_secs() as _;
            when.it_value.tv_nsec = time.subsec_nanos() as _;
            libc::timer_settime(timer, 0, &when, null_mut());
            Self(Some(timer))
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(timer) = self.0 {
            // SAFETY: the timer exists until here.
            unsafe { libc::timer_delete(timer) };
        }
    }
}

/// A line that the alarm prints, which ends with a newline.
pub struct Line(pub CString);

impl Line {
    /// Makes the alarm print this line, until it is dropped, or another one is shown.
    pub fn show(&self) {
        LINE.store(self.0.as_ptr().cast_mut(), Ordering::Relaxed);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        LINE.store(null_mut(), Ordering::Relaxed);
    }
}

extern "C" fn ring(_signal: c_int) -> ! {
    let line = LINE.load(Ordering::Relaxed);
    end(match line.is_null() {
        true => b"lprobe: no verdict within the deadline\n",
        // SAFETY: the line is stored no longer than it lives, and this handler interrupts the thread that stored it.
        false => unsafe { CStr::from_ptr(line) }.to_bytes(),
    })
}

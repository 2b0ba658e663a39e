//! Other processes.

use std::io;

/// Returns whether a process lives: kill(2) finds it, whether it may signal it or not. Sends no signal.
pub fn lives(pid: libc::pid_t) -> bool {
    // SAFETY: the call takes two numbers, and signal 0 does nothing.
    let found = unsafe { libc::kill(pid, 0) } == 0;
    found || io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

//! Other processes.

use std::io;

/// Returns the user that this process runs as: its real user ID.
pub fn user() -> u32 {
    // SAFETY: the call takes nothing, and always succeeds.
    unsafe { libc::getuid() }
}

/// Asks process 1 to end, and the container with it: SIGTERM, which a process 1 without a handler ignores.
pub fn end_container() {
    // SAFETY: the call takes two numbers.
    unsafe { libc::kill(1, libc::SIGTERM) };
}

/// Returns whether a process lives: kill(2) finds it, whether it may signal it or not. Sends no signal.
pub fn lives(pid: libc::pid_t) -> bool {
    // SAFETY: the call takes two numbers, and signal 0 does nothing.
    let found = unsafe { libc::kill(pid, 0) } == 0;
    found || io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

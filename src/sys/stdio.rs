//! The standard streams, which may be closed, full, or read by nobody.

use std::ffi::c_int;
use std::ptr::null_mut;

/// Returns whether descriptor `fd` was open when the program began. What the program opens itself is closed by exec, and
/// what came through an exec is not; where a standard stream came closed, a connection may be in its place.
fn was_inherited(fd: c_int) -> bool {
    // SAFETY: F_GETFD takes no pointer.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
    flags >= 0 && flags & libc::FD_CLOEXEC == 0
}

/// Returns whether a line can be written to the standard stream `fd` without waiting for a reader. A pipe that has room at
/// all has room for a line of less than 4,096 bytes.
pub fn is_writable(fd: c_int) -> bool {
    let mut stream = libc::pollfd { fd, events: libc::POLLOUT, revents: 0 };
    // SAFETY: poll writes to the one element it is told of.
    was_inherited(fd) && unsafe { libc::poll(&mut stream, 1, 0) != 0 }
}

/// Blocks SIGPIPE and SIGXFSZ, so that a write to what nobody reads any more, or to a file beyond its limit, fails with an
/// error. TCP connections need none of it, so that a healthy probe spares the call.
pub fn block_write_signals() {
    // SAFETY: the set is zeroed and then filled in.
    unsafe {
        let mut blocked: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&mut blocked, libc::SIGPIPE);
        libc::sigaddset(&mut blocked, libc::SIGXFSZ);
        libc::sigprocmask(libc::SIG_BLOCK, &blocked, null_mut());
    }
}

//! The standard streams, which may be closed, full, or without a reader.

use std::ffi::c_int;
use std::io::{self, Write};
use std::os::fd::AsRawFd;

/// Returns whether descriptor `fd` was open when the program began. The program opens its own descriptors with
/// FD_CLOEXEC, and no descriptor with this flag survives exec. If a standard stream was closed at the start, a
/// connection may have its number.
fn was_inherited(fd: c_int) -> bool {
    // SAFETY: F_GETFD takes no pointer.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
    flags >= 0 && flags & libc::FD_CLOEXEC == 0
}

/// Returns whether a line can be written to the standard stream `fd` without waiting for a reader. A pipe that has any
/// room has room for a line of less than 4,096 bytes.
pub fn is_writable(fd: c_int) -> bool {
    let mut stream = libc::pollfd { fd, events: libc::POLLOUT, revents: 0 };
    // SAFETY: poll writes only to the one element that is passed.
    was_inherited(fd) && unsafe { libc::poll(&mut stream, 1, 0) != 0 }
}

/// Writes a text, but only if that does not block: a reader that never reads must not delay the exit past the deadline.
///
/// # Errors
///
/// The write would block, or fails.
pub fn write<S: Write + AsRawFd>(stream: &mut S, text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    match is_writable(stream.as_raw_fd()) {
        true => stream.write_all(text.as_bytes()),
        false => Err(io::ErrorKind::WouldBlock.into()),
    }
}

//! The causes behind hyper's errors.

use std::error::Error;
use std::io;

/// Returns the root cause: the last error of the chain.
pub fn root(error: &hyper::Error) -> &(dyn Error + 'static) {
    let mut root: &(dyn Error + 'static) = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root
}

/// Returns whether the connection ended, with or without a close_notify of TLS.
pub fn is_end(error: &hyper::Error) -> bool {
    let cause = root(error).downcast_ref::<io::Error>();
    cause.is_some_and(|error| {
        // h2 makes this BrokenPipe itself. The kernel's error would have an OS error number.
        error.kind() == io::ErrorKind::UnexpectedEof
            || error.kind() == io::ErrorKind::BrokenPipe && error.raw_os_error().is_none()
    })
}

//! What is behind an error of hyper's.

use std::error::Error;
use std::io;

/// Returns the first error of the chain.
pub fn root(error: &hyper::Error) -> &(dyn Error + 'static) {
    let mut root: &(dyn Error + 'static) = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root
}

/// Returns whether the connection ended, with or without TLS's own word for that.
pub fn is_end(error: &hyper::Error) -> bool {
    let cause = root(error).downcast_ref::<io::Error>();
    cause.is_some_and(|error| {
        // h2 makes the second one up; the kernel's would have its number.
        error.kind() == io::ErrorKind::UnexpectedEof
            || error.kind() == io::ErrorKind::BrokenPipe && error.raw_os_error().is_none()
    })
}

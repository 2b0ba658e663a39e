//! The trait of the faults that protocols find.

use std::fmt;

/// A fault that a protocol finds. It prints as the end of a line.
pub trait Fault: fmt::Debug + fmt::Display {
    /// Returns whether a missing client certificate may be the cause.
    fn may_lack_certificate(&self) -> bool {
        false
    }

    /// Returns whether the fault is of a connection, and an error of TLS that caused it is lost.
    fn hides_tls(&self) -> bool {
        false
    }
}

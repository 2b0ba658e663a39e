//! The trait of the faults that protocols find.

use std::fmt;

/// A fault that a protocol finds. It prints as the end of a line.
pub trait Fault: fmt::Debug + fmt::Display {
    /// Returns whether a missing client certificate may be the cause.
    fn may_lack_certificate(&self) -> bool {
        false
    }
}

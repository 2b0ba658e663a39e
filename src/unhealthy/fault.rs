//! What a protocol finds wrong.

use std::fmt;

/// What a protocol finds wrong. It prints as the end of a line.
pub trait Fault: fmt::Debug + fmt::Display {
    /// Returns whether a server that missed a client certificate might have caused it.
    fn may_lack_certificate(&self) -> bool {
        false
    }
}

//! One reading of a command line: the variables that it may use, and the first thing that is wrong with it.

use std::cell::RefCell;

use super::bad_usage::BadUsage;
use super::variables::Variables;

/// One reading of a command line. It goes on after a refusal, and [`super::parse`] returns the first one.
pub struct Reading {
    /// The variables that supply options.
    pub variables: Variables,
    /// Whether the command line is only checked, before it is sealed into a copy. The files that it names may not be there.
    pub is_sealing: bool,
    refused: RefCell<Option<BadUsage>>,
}

impl Reading {
    /// Begins, with these variables.
    pub fn new(variables: Variables, is_sealing: bool) -> Self {
        Self { variables, is_sealing, refused: RefCell::default() }
    }

    /// Records that the command line can't be used.
    pub fn refuse(&self, refused: BadUsage) {
        self.refused.borrow_mut().get_or_insert(refused);
    }

    /// Returns the first refusal.
    pub fn refused(&self) -> Option<BadUsage> {
        self.refused.take()
    }
}

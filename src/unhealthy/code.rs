//! Codes by which servers refuse a request.

use std::fmt::{self, Display};

/// Prints that the server answered `code`, by its name if it has one: `names` begins at 1.
pub fn print_refused(code: u8, names: &[&str], expected: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let name = names.get(usize::from(code).wrapping_sub(1));
    let name: &dyn Display = name.map_or(&code, |name| name);
    write!(out, "the server answered {name}, expected {expected}")
}

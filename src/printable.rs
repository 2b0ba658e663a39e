//! Text that is safe to print: printable ASCII in one line.

use std::fmt::{self, Display};

/// Escapes every byte that is not printable ASCII, so that no line sends a control sequence to a terminal.
pub fn printable(text: &dyn Display) -> String {
    let mut printable = String::new();
    for byte in text.to_string().bytes() {
        match byte {
            b' '..=b'~' => printable.push(byte.into()),
            _ => drop(fmt::Write::write_fmt(&mut printable, format_args!("\\x{byte:02x}"))),
        }
    }
    printable
}

/// Cuts a printable text to `limit` bytes, and marks the cut with an ellipsis.
pub fn shortened(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        text.replace_range(limit.., "...");
    }
    text
}

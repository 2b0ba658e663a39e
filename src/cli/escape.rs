//! The escapes of `--send` and `--expect`.

use std::fmt;

/// A backslash that begins none of the known escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadEscape;

/// `text` with `\r`, `\n`, `\t`, `\0`, `\xHH` and `\\` as the bytes that they mean.
pub fn unescape(text: &str) -> Result<Vec<u8>, BadEscape> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        let (byte, tail) = match (byte, tail) {
            (b'\\', [b'r', tail @ ..]) => (b'\r', tail),
            (b'\\', [b'n', tail @ ..]) => (b'\n', tail),
            (b'\\', [b't', tail @ ..]) => (b'\t', tail),
            (b'\\', [b'0', tail @ ..]) => (0, tail),
            (b'\\', [b'\\', tail @ ..]) => (b'\\', tail),
            (b'\\', [b'x', high, low, tail @ ..]) => (hexadecimal(*high)? << 4 | hexadecimal(*low)?, tail),
            (b'\\', _) => return Err(BadEscape),
            (byte, tail) => (*byte, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    Ok(bytes)
}

fn hexadecimal(digit: u8) -> Result<u8, BadEscape> {
    char::from(digit).to_digit(16).map(|value| value as u8).ok_or(BadEscape)
}

impl fmt::Display for BadEscape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(r"the escapes are \r \n \t \0 \xHH and \\")
    }
}

impl std::error::Error for BadEscape {}

//! The escapes of `--send` and `--expect`.

use std::fmt;

/// Why a text can't be sent or expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadEscape {
    /// A backslash that begins no known escape.
    Unknown,
    /// An empty text, which every reply contains.
    Empty,
}

/// Reads a text that is not empty. An empty one would be found at once.
pub fn nonempty(text: &str) -> Result<Vec<u8>, BadEscape> {
    if text.is_empty() { Err(BadEscape::Empty) } else { Ok(text.into()) }
}

/// Reads a text with escapes that is not empty.
pub fn unescape_nonempty(text: &str) -> Result<Vec<u8>, BadEscape> {
    if text.is_empty() { Err(BadEscape::Empty) } else { unescape(text) }
}

/// Returns `text`, with `\r`, `\n`, `\t`, `\0`, `\xHH` and `\\` replaced by the bytes that they mean.
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
            (b'\\', _) => return Err(BadEscape::Unknown),
            (byte, tail) => (*byte, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    Ok(bytes)
}

fn hexadecimal(digit: u8) -> Result<u8, BadEscape> {
    char::from(digit).to_digit(16).map(|value| value as u8).ok_or(BadEscape::Unknown)
}

impl fmt::Display for BadEscape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Unknown => r"the escapes are \r \n \t \0 \xHH and \\",
            Self::Empty => "expected a text that is not empty",
        })
    }
}

impl std::error::Error for BadEscape {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_escape_is_the_byte_that_it_means() {
        assert_eq!(unescape(r"a\r\n\t\0\x7F\\b"), Ok(b"a\r\n\t\0\x7f\\b".to_vec()));
        assert_eq!(unescape(""), Ok(Vec::new()));
        for text in ["\\", r"\a", r"\x", r"\x1", r"\xg0", r"\x0g"] {
            assert_eq!(unescape(text), Err(BadEscape::Unknown), "{text}");
        }
        assert_eq!(unescape_nonempty(""), Err(BadEscape::Empty));
    }
}

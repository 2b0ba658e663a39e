//! Percent-encoding: RFC 3986, section 2.1.

/// The visible characters that a path can't have: RFC 3986, section 3.3.
pub const NOT_IN_PATHS: &[u8] = b"\"<>\\^`|{}[]";

/// Those that a URL can't have: its host may be in brackets.
pub const NOT_IN_URLS: &[u8] = NOT_IN_PATHS.split_at(NOT_IN_PATHS.len() - 2).0;

/// Those that a URL with variables in it can't have: `${NAME}` has braces.
pub const NOT_IN_TEMPLATES: &[u8] = NOT_IN_URLS.split_at(NOT_IN_URLS.len() - 2).0;

/// Escapes what is not visible ASCII, and these characters.
pub fn escaped(text: &[u8], characters: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut escaped = String::new();
    for &byte in text {
        match byte.is_ascii_graphic() && !characters.contains(&byte) {
            true => escaped.push(byte.into()),
            false => {
                escaped.push('%');
                escaped.push(DIGITS[usize::from(byte >> 4)].into());
                escaped.push(DIGITS[usize::from(byte & 15)].into());
            }
        }
    }
    escaped
}

/// Returns a text without its escapes. A `%` without two hexadecimal digits is left as it is.
pub fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut unescaped = Vec::new();
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        let mut byte = *byte;
        if let (b'%', [high, low, tail @ ..]) = (byte, tail)
            && high.is_ascii_hexdigit()
            && low.is_ascii_hexdigit()
        {
            byte = digit(*high) << 4 | digit(*low);
            rest = tail;
        }
        unescaped.push(byte);
    }
    unescaped
}

/// Returns the value of a hexadecimal digit.
fn digit(digit: u8) -> u8 {
    (digit & 0x0f) + 9 * (digit >> 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_escaped_and_back() {
        let all: Vec<u8> = (0..=255).collect();
        // A `%` that is there is taken for an escape, as clients take it.
        let without_percent: Vec<u8> = all.iter().copied().filter(|byte| *byte != b'%').collect();
        let escaped = escaped(&without_percent, NOT_IN_URLS);
        assert!(escaped.bytes().all(|byte| byte.is_ascii_graphic()), "{escaped}");
        assert_eq!(unescaped(escaped.as_bytes()), without_percent);
        for (text, plain) in [
            ("%4a%4A%C3%a9", &b"JJ\xc3\xa9"[..]),
            ("%", b"%"),
            ("%4", b"%4"),
            ("%4z", b"%4z"),
            ("%zz%25", b"%zz%"),
            ("%%41", b"%A"),
        ] {
            assert_eq!(unescaped(text.as_bytes()), plain, "{text}");
        }
    }

    #[test]
    fn the_caller_says_which_characters_are_escaped() {
        assert_eq!(escaped(b"[{a b|c}]", NOT_IN_TEMPLATES), "[{a%20b%7Cc}]");
        assert_eq!(escaped(b"[{a}]", NOT_IN_URLS), "[%7Ba%7D]");
        assert_eq!(escaped(b"[{a}]", NOT_IN_PATHS), "%5B%7Ba%7D%5D");
    }
}

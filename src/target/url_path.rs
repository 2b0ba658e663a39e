//! The path of an HTTP target.

use std::str::FromStr;

use super::bad_target::BadTarget;

/// The longest path that is sent, with its query, in bytes: RFC 9110, section 4.1, asks every server to take 8,000.
const MAX_PATH: usize = 8_000;

/// An absolute path, with its query if there is one: the origin-form of RFC 9112, section 3.2.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlPath(String);

impl UrlPath {
    /// Returns `/`.
    pub fn root() -> Self {
        Self("/".into())
    }

    /// Returns the path as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UrlPath {
    type Err = BadTarget;

    /// Accepts what RFC 3986, sections 3.3 and 3.4, allow, and nothing that would need escaping first. An empty text,
    /// or a query alone, has the path `/`: RFC 9112, section 3.2.1.
    fn from_str(text: &str) -> Result<Self, BadTarget> {
        if text.len() > MAX_PATH {
            return Err(BadTarget::LongPath(MAX_PATH));
        }
        let mut rest = text.as_bytes();
        while let [byte, tail @ ..] = rest {
            rest = tail;
            match byte {
                b'#' => return Err(BadTarget::Fragment),
                b'%' => match tail {
                    [b'0', b'0', ..] => return Err(BadTarget::Nul),
                    [high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest = tail,
                    _ => return Err(BadTarget::Percent),
                },
                b'/' | b'?' | b':' | b'@' => {}
                b'-' | b'.' | b'_' | b'~' => {}
                b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => {}
                byte if byte.is_ascii_alphanumeric() => {}
                byte => return Err(BadTarget::PathByte(*byte)),
            }
        }
        let root = if text.starts_with('/') { "" } else { "/" };
        Ok(Self(format!("{root}{text}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_needs_no_escaping() {
        for (text, sent) in [("", "/"), ("/", "/"), ("?a=b", "/?a=b"), ("/a%20b", "/a%20b"), ("healthz", "/healthz")] {
            assert_eq!(text.parse::<UrlPath>().expect("a path").as_str(), sent);
        }
        for (text, reason) in [
            ("/#top", BadTarget::Fragment),
            ("/%", BadTarget::Percent),
            ("/%2", BadTarget::Percent),
            ("/%zz", BadTarget::Percent),
            ("/%00", BadTarget::Nul),
            ("/a b", BadTarget::PathByte(b' ')),
            ("/\u{e9}", BadTarget::PathByte(0xc3)),
        ] {
            assert_eq!(text.parse::<UrlPath>(), Err(reason), "{text}");
        }
    }
}

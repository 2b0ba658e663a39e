//! Why a command line can't be used.

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::options::{OPTIONS, Opt};
use super::similar::most_similar;
use crate::printable::shortened;

/// Why the arguments can't be used: one line that is safe to print.
#[derive(Debug)]
pub struct BadUsage(pub String);

/// Returns the error for a value. The value is quoted unless it may be a secret.
#[cold]
pub fn bad_value(label: &str, is_secret: bool, value: &OsStr, problem: &dyn Display) -> BadUsage {
    match is_secret || holds_pem(value) {
        true => BadUsage(format!("{label} (value not shown): {problem}")),
        false => BadUsage(format!("{label} {}: {problem}", Quoted(&without_secrets(value)))),
    }
}

/// Returns whether a text is PEM, which belongs in a file, and may be a private key.
pub fn holds_pem(text: &OsStr) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN";
    text.as_bytes().windows(BEGIN.len()).any(|window| window == BEGIN)
}

/// Returns a value without what may be secret in a target, however malformed it is: everything before the last `@`
/// except a scheme, and everything after the first `?` or `#`.
pub fn without_secrets(value: &OsStr) -> OsString {
    let bytes = value.as_bytes();
    let scheme = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let scheme = if bytes[scheme..].starts_with(b"://") { scheme + 3 } else { 0 };
    let user = bytes.iter().rposition(|&byte| byte == b'@').unwrap_or(scheme);
    let query = bytes.iter().position(|byte| b"?#".contains(byte)).map_or(bytes.len(), |mark| mark + 1);
    let shown = bytes.get(user..query).unwrap_or_default();
    let [hidden_before, hidden_after] =
        [user > scheme, query < bytes.len() && user < query].map(|hidden| if hidden { &b"..."[..] } else { b"" });
    OsString::from_vec([&bytes[..scheme], hidden_before, shown, hidden_after].concat())
}

/// An argument that prints in quotes, escaped, and cut after 200 printed characters, so that a line has room for the problem.
pub struct Quoted<'a>(pub &'a OsStr);

impl Display for Quoted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 200;
        write!(out, "\"{}\"", shortened(self.0.as_bytes().escape_ascii().to_string(), LONGEST))
    }
}

/// The similarity from which an option counts as misspelt: that of `--text` and `--next` is 0.83.
const MIN_SIMILARITY: f64 = 0.84;

/// Returns the error for an unknown argument. A value that is attached to a flag, as to curl's -H, may be a secret, so
/// it is not printed.
#[cold]
pub fn unknown(argument: &OsStr, flags: &[&'static [Opt]]) -> BadUsage {
    let argument = argument.to_string_lossy();
    let argument = argument.split('=').next().unwrap_or_default();
    let shown = Quoted(OsStr::new(&without_value(argument))).to_string();
    let mut known = OPTIONS.iter().chain(flags.iter().copied().flatten()).map(|option| option.name);
    BadUsage(match most_similar(argument.trim_start_matches('-'), &mut known) {
        (similar, MIN_SIMILARITY..) => format!("unknown option {shown}; did you mean --{similar}?"),
        _ => format!("unknown option {shown}; see --help"),
    })
}

/// Returns a flag without what follows its name: it may be a value, and a secret.
pub fn without_value(flag: &str) -> String {
    match flag.find(|part: char| !part.is_ascii_alphanumeric() && part != '-') {
        Some(end) => format!("{}...", &flag[..end]),
        None => flag.to_owned(),
    }
}

impl Display for BadUsage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for BadUsage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_has_at_most_200_characters() {
        for (argument, expected) in [
            ("a".repeat(200), format!("\"{}\"", "a".repeat(200))),
            ("a".repeat(201), format!("\"{}...\"", "a".repeat(200))),
            ("\x01".repeat(50), format!("\"{}\"", r"\x01".repeat(50))),
            ("\x01".repeat(51), format!("\"{}...\"", r"\x01".repeat(50))),
        ] {
            assert_eq!(Quoted(OsStr::new(&argument)).to_string(), expected);
        }
    }

    #[test]
    fn a_malformed_target_is_shown_without_its_user_and_its_query() {
        for (value, shown) in [
            ("http://localhost/x?token=a", "http://localhost/x?..."),
            ("http://user:a@localhost/", "http://...@localhost/"),
            ("user:a@localhost", "...@localhost"),
            ("http:/user:a@localhost/", "...@localhost/"),
            ("localhost#a", "localhost#..."),
            ("?a@b", "..."),
            ("plain", "plain"),
        ] {
            let kept = without_secrets(OsStr::new(value));
            assert!(
                kept == OsStr::new(shown) || !kept.as_bytes().contains(&b'a') && shown == "...",
                "{value}: {kept:?}"
            );
        }
    }
}

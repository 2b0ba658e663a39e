//! Arguments as they may be printed: without what may be secret.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

use super::arguments::{is_secret, takes_value};
use super::bad_usage::{Quoted, holds_pem, without_secrets};
use super::options::{OPTIONS, Opt, flag_name};

/// Returns the arguments, each in quotes and behind a space. Values that may be secret are an ellipsis.
pub fn shown(arguments: &[OsString]) -> String {
    let known: Vec<&'static Opt> = OPTIONS.iter().collect();
    let mut line = String::new();
    let mut is_hidden = false;
    for argument in arguments {
        let name = flag_name(argument).unwrap_or_default();
        let is_of_secret = str::from_utf8(name).is_ok_and(is_secret);
        let shown = match argument.as_bytes().iter().position(|&byte| byte == b'=') {
            _ if is_hidden || holds_pem(argument) => "...".into(),
            Some(equals) if is_of_secret => {
                let mut shown = OsStr::from_bytes(&argument.as_bytes()[..=equals]).to_owned();
                shown.push("...");
                shown
            }
            _ => without_secrets(argument),
        };
        is_hidden = !is_hidden && is_of_secret && takes_value(argument, &known);
        let _ = write!(line, " {}", Quoted(&shown));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        for (line, expected) in [
            ("http://:80/x?token=a -v", r#" "http://:80/x?..." "-v""#),
            ("--header X:a :80", r#" "--header" "..." ":80""#),
            ("-header=X:a :80", r#" "-header=..." ":80""#),
            ("--timeout 1s http://u:a@localhost/", r#" "--timeout" "1s" "http://...@localhost/""#),
            ("-c id", r#" "-c" "id""#),
        ] {
            assert_eq!(shown(&line.split(' ').map(OsString::from).collect::<Vec<_>>()), expected);
        }
    }
}

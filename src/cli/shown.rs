//! Arguments as they may be printed: without what may be secret.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

use super::arguments::{is_secret, takes_value};
use super::bad_usage::{Quoted, holds_pem, without_secrets};
use super::options::{OPTIONS, Opt, flag_name};
use super::personality::PERSONALITIES;
use super::personality::client::Part;

/// Returns the arguments, each in quotes and behind a space. Values that may be secret are an ellipsis. `names` is how many of
/// them may name a personality: the program's own name, if it is one of them, and the first argument. Arguments that are
/// `foreign` were meant for another program: what looks like a query or a user there may be a command, unless it is in a URL.
pub fn shown(arguments: &[OsString], names: usize, foreign: bool) -> String {
    let mut line = String::new();
    for (place, argument) in arguments.iter().take(names).enumerate() {
        let name = argument.as_bytes().rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        let personality = PERSONALITIES.iter().find(|personality| personality.name.as_bytes() == name);
        if let Some(client) = personality.and_then(|personality| personality.client.as_ref()) {
            let (before, rest) = arguments.split_at(place + 1);
            add_own(&mut line, before, false);
            // No value of a flag is shown.
            client.each(rest, &mut |part| match part {
                Part::Flag(name, ..) => line.extend([" --", name]),
                Part::Url(url) => add(&mut line, &without_secrets(url)),
                Part::Unusable(flag, _) => add(&mut line, OsStr::new(&flag)),
            });
            return line;
        }
    }
    add_own(&mut line, arguments, foreign);
    line
}

fn add(line: &mut String, argument: &OsStr) {
    let _ = write!(line, " {}", Quoted(argument));
}

fn add_own(line: &mut String, arguments: &[OsString], foreign: bool) {
    let known: Vec<&'static Opt> = OPTIONS.iter().collect();
    let (mut is_value, mut is_hidden) = (false, false);
    for argument in arguments {
        let bytes = argument.as_bytes();
        let name = if is_value { &[][..] } else { flag_name(argument).unwrap_or_default() };
        let is_of_secret = str::from_utf8(name).is_ok_and(is_secret);
        let shown = match bytes.iter().position(|&byte| byte == b'=') {
            _ if is_value && is_hidden || holds_pem(argument) => "...".into(),
            Some(equals) if is_of_secret => {
                let mut shown = OsStr::from_bytes(&bytes[..=equals]).to_owned();
                shown.push("...");
                shown
            }
            _ if foreign && !bytes.windows(3).any(|window| window == b"://") => argument.clone(),
            _ => without_secrets(argument),
        };
        (is_value, is_hidden) = (!is_value && takes_value(argument, &known), is_of_secret);
        add(line, &shown);
    }
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
            (":80/x?token=a", r#" ":80/x?...""#),
            ("--service --header --header X:a", r#" "--service" "--header" "--header" "...""#),
            ("-url=:1[::1]?a", r#" "-url=:1[::1]?...""#),
        ] {
            assert_eq!(shown(&line.split(' ').map(OsString::from).collect::<Vec<_>>(), 2, false), expected);
        }
        for (line, expected) in [
            (
                "curl -fsu a:b -Ha:b --dat=a http://u:a@:80/?a",
                r#" "curl" --fail --silent --user --header "--dat" "http://...@:80/?...""#,
            ),
            ("/lprobe wget -qO- --spider -- -a", r#" "/lprobe" "wget" --quiet --output-document --spider "-a""#),
        ] {
            assert_eq!(shown(&line.split(' ').map(OsString::from).collect::<Vec<_>>(), 2, false), expected);
        }
        let sealed = ["--user-agent", "curl", "--contains", "a"].map(OsString::from);
        assert_eq!(shown(&sealed, 1, false), r#" "--user-agent" "..." "--contains" "...""#);
        let command = ["-c", "true?;x@y", "http://u:a@localhost/", "--header=X:a"].map(OsString::from);
        assert_eq!(shown(&command, 2, true), r#" "-c" "true?;x@y" "http://...@localhost/" "--header=...""#);
    }
}

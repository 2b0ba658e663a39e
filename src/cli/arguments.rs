//! The command line and the `LPROBE_` variables behind it, taken apart but not yet understood.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::ArgMatches;

use super::command::{all, command};
use super::expand::expand;
use super::options::{Opt, Takes};
use super::variables::{Variables, variable, variable_behind};
use super::{BadUsage, Quoted};
#[cfg(feature = "full")]
use crate::credentials::holds_pem;

/// What was given, and where.
pub struct Arguments {
    matches: ArgMatches,
    /// The variables behind options that the command line leaves out.
    pub variables: Variables,
}

impl Arguments {
    /// Takes apart what follows the program's name.
    pub fn new(arguments: Vec<OsString>) -> Result<Self, BadUsage> {
        let arguments = double_dashes(arguments);
        // Of some fifty options, all that a probe names are declared, and the others where something is amiss: each costs
        // 5,000 instructions and 1.5 KB.
        let named = |name: &str| arguments.iter().any(|argument| names(argument, name));
        let matches = command(named).try_get_matches_from(&arguments);
        let matches = matches.or_else(|_| command(|_| true).try_get_matches_from(&arguments))?;
        Ok(Self { matches, variables: Variables::new() })
    }

    /// Whether one of the two options that are commands of their own is there.
    pub fn asks_for(&self, name: &str) -> bool {
        self.matches.try_get_one(name).is_ok_and(|asked| asked == Some(&true))
    }

    /// Whether `name` stands on the command line.
    pub fn given(&self, name: &str) -> bool {
        self.matches.try_contains_id(name).unwrap_or(false)
    }

    /// Whether `option` stands on the command line, and is not switched off there, as in `--gzip=false`.
    pub fn asked(&self, option: &Opt) -> Result<bool, BadUsage> {
        Ok(self.given(option.name) && (!matches!(option.takes, Takes::Nothing) || self.flag(option.name)?))
    }

    /// The command line's values as they stand there.
    fn raw(&self, name: &str) -> Vec<&OsStr> {
        let values = self.matches.try_get_many::<OsString>(name).ok().flatten();
        values.into_iter().flatten().map(OsString::as_os_str).collect()
    }

    /// Whether an option that takes nothing is on.
    pub fn flag(&self, name: &'static str) -> Result<bool, BadUsage> {
        Ok(self.one(name, parse_bool)?.unwrap_or(false))
    }

    /// The value of an option, as `reader` understands it.
    pub fn one<T, E: Display>(
        &self,
        name: &'static str,
        reader: fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, BadUsage> {
        let mut value = None;
        self.each(name, &mut |text| {
            value = Some(reader(text).map_err(|error| error.to_string())?);
            Ok(())
        })?;
        Ok(value)
    }

    /// The values of an option, as `reader` understands each.
    pub fn many<T, E: Display>(
        &self,
        name: &'static str,
        reader: fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, BadUsage> {
        let mut values = Vec::new();
        self.each(name, &mut |text| {
            values.push(reader(text).map_err(|error| error.to_string())?);
            Ok(())
        })?;
        Ok(values)
    }

    /// Has `reader` read each value of an option: the command line's, or else the environment's. Apart from its callers,
    /// which are compiled once for each type that is read.
    fn each(&self, name: &str, reader: &mut dyn FnMut(&str) -> Result<(), String>) -> Result<(), BadUsage> {
        let values = self.raw(name);
        for raw in &values {
            let refuse = |problem: &dyn Display| {
                let dashes = if name == "target" { "" } else { "--" };
                refusal(&format!("{dashes}{name}"), name, raw, problem)
            };
            let expanded = expand(raw, variable).map_err(|error| refuse(&error))?;
            reader(expanded.to_str().ok_or_else(|| refuse(&"not UTF-8"))?).map_err(|error| refuse(&error))?;
        }
        if !values.is_empty() {
            return Ok(());
        }
        let Some(raw) = self.variables.behind(name) else { return Ok(()) };
        let refuse =
            |value: &str, problem: &dyn Display| refusal(&variable_behind(name), name, OsStr::new(value), problem);
        let text = raw.to_str().ok_or_else(|| refusal(&variable_behind(name), name, &raw, &"not UTF-8"))?;
        let mut read = |value: &str| reader(value).map_err(|error| refuse(value, &error));
        match name {
            "target" => text.split_ascii_whitespace().try_for_each(read),
            _ => read(text),
        }
    }
}

/// A refusal that quotes the value, unless that may be a secret.
fn refusal(label: &str, name: &str, value: &OsStr, problem: &dyn Display) -> BadUsage {
    const SECRET: [&str; 7] = ["header", "rpc-header", "basic-auth", "send", "expect", "contains", "user-agent"];
    #[cfg(feature = "full")]
    let is_secret = SECRET.contains(&name) || holds_pem(value);
    #[cfg(not(feature = "full"))]
    let is_secret = SECRET.contains(&name);
    match is_secret {
        true => BadUsage(format!("{label} (value not shown): {problem}")),
        false => BadUsage(format!("{label} {}: {problem}", Quoted(&without_secrets(value)))),
    }
}

/// Returns a value without what may be secret in a target, however malformed it is: all before the last `@` but a
/// scheme, and all behind the first `?` or `#`.
fn without_secrets(value: &OsStr) -> OsString {
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

/// Whether `argument` may name the option `name`, by its first letter if that is all there is.
fn names(argument: &OsStr, name: &str) -> bool {
    match argument.as_bytes() {
        [b'-', b'-', long @ ..] => long.split(|&byte| byte == b'=').next() == Some(name.as_bytes()) || long == b"v",
        [b'-', ..] => true,
        _ => false,
    }
}

/// Long flags with a single dash, as Go's programs take them: `-port=8080` as `--port=8080`. Options of one letter stay
/// as they are, and so does what follows an option that takes a value, or `--`.
fn double_dashes(arguments: Vec<OsString>) -> Vec<OsString> {
    let mut is_value = false;
    let mut all_are = false;
    let doubled = |argument: OsString| {
        if all_are || std::mem::take(&mut is_value) {
            return argument;
        }
        all_are = argument == "--";
        let argument = double_dash(argument);
        is_value = takes_value(&argument);
        argument
    };
    arguments.into_iter().map(doubled).collect()
}

/// Whether the argument after `argument` is its value.
fn takes_value(argument: &OsStr) -> bool {
    let mut valued = all().filter(|option| !matches!(option.takes, Takes::Nothing));
    let name = argument.to_str().and_then(|argument| argument.strip_prefix("--"));
    name.is_some_and(|name| valued.any(|option| option.name == name))
}

fn double_dash(argument: OsString) -> OsString {
    match argument.as_bytes() {
        [b'-', name, _, ..] if name.is_ascii_alphabetic() => {
            let mut doubled = OsString::from("-");
            doubled.push(argument);
            doubled
        }
        _ => argument,
    }
}

/// As Go's strconv.ParseBool.
fn parse_bool(text: &str) -> Result<bool, &'static str> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("expected true or false"),
    }
}

//! The command line and the `LPROBE_` variables behind it, taken apart but not yet understood.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::ArgMatches;

use super::command::{all, command};
use super::expand::expand;
use super::options::{Opt, Takes, own};
use super::{BadUsage, Quoted};
#[cfg(feature = "full")]
use crate::credentials::holds_pem;
use crate::sys;

/// What was given, and where.
pub struct Arguments {
    matches: ArgMatches,
    /// Whether there is any variable of ours: most containers have none, and to ask for each is a tenth of a probe's
    /// instructions.
    variables: bool,
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
        Ok(Self { matches, variables: sys::has_variables("LPROBE_") })
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
        let Some(raw) = self.variable_of(name) else { return Ok(()) };
        let refuse = |problem: &dyn Display| refusal(&variable_behind(name), name, &raw, problem);
        let text = raw.to_str().ok_or_else(|| refuse(&"not UTF-8"))?;
        match name {
            "target" => text.split_ascii_whitespace().try_for_each(reader),
            _ => reader(text),
        }
        .map_err(|error| refuse(&error))
    }

    /// The variable behind one of lprobe's own options. No other tool's flags have one: Kubernetes sets LPROBE_PORT in
    /// every pod beside a service named lprobe.
    fn variable_of(&self, name: &str) -> Option<OsString> {
        let is_own = || name == "target" || own().any(|option| option.name == name);
        if self.variables && is_own() { variable(variable_behind(name).as_ref()) } else { None }
    }
}

/// What the environment says of `name`.
pub fn variable(name: &OsStr) -> Option<OsString> {
    env::var_os(name)
}

/// A refusal that quotes the value, unless that may be a secret.
fn refusal(label: &str, name: &str, value: &OsStr, problem: &dyn Display) -> BadUsage {
    match name {
        #[cfg(feature = "full")]
        _ if holds_pem(value) => BadUsage(format!("{label} (value not shown): {problem}")),
        "header" | "rpc-header" | "basic-auth" | "send" | "user-agent" => {
            BadUsage(format!("{label} (value not shown): {problem}"))
        }
        _ => BadUsage(format!("{label} {}: {problem}", Quoted(&without_user(value)))),
    }
}

/// A value without the user and password that may stand before the last @.
fn without_user(value: &OsStr) -> OsString {
    let bytes = value.as_bytes();
    let Some(at) = bytes.iter().rposition(|&byte| byte == b'@') else { return value.to_owned() };
    let scheme = bytes[..at].windows(2).position(|window| window == b"//").map_or(0, |slashes| slashes + 2);
    OsString::from_vec([&bytes[..scheme], b"...", &bytes[at..]].concat())
}

fn variable_behind(option: &str) -> String {
    format!("LPROBE_{}", option.to_ascii_uppercase().replace('-', "_"))
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

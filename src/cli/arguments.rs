//! The arguments of one group of targets, and the `LPROBE_` variables that supply missing options. They are separated
//! here, and interpreted elsewhere.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::os::unix::ffi::OsStrExt;

use clap::builder::OsStringValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::bad_usage::{BadUsage, bad_value};
use super::expand::expand;
use super::options::{Group, OPTIONS, Opt, SHARED_FLAGS, SHORT_HELP, Takes, flag_name};
use super::reading::Reading;
use super::value_file;
use super::variables::{variable, variable_name};
use crate::target::bad_target::BadTarget;

/// The arguments of one group of targets.
pub struct Arguments<'a> {
    matches: ArgMatches,
    /// Whether there may be any option. Most health checks are one target, and each lookup costs 100 instructions.
    has_options: bool,
    rules: Rules,
    reading: &'a Reading,
}

/// How an option is read that is repeated, or empty.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// Neither is accepted: one of the two, or the text that is missing, was a mistake.
    Strict,
    /// As Go's package `flag` reads it: the last one counts, and an empty text is as none.
    Go,
}

/// Splits a command line into its groups, at each `--next`: the first group is the part before it. `flags` are those of
/// other tools.
pub fn groups<'a>(
    arguments: Vec<OsString>,
    flags: &[&'static [Opt]],
    rules: Rules,
    reading: &'a Reading,
) -> Result<Vec<Arguments<'a>>, BadUsage> {
    let mut known: Vec<&'static Opt> = Vec::new();
    for table in
        [&OPTIONS[..], &SHARED_FLAGS, std::slice::from_ref(&SHORT_HELP)].into_iter().chain(flags.iter().copied())
    {
        known.extend(table);
    }
    let mut groups = Vec::new();
    for group in split(arguments, &known) {
        groups.push(Arguments::new(group, &known, rules, reading)?);
    }
    Ok(groups)
}

impl<'a> Arguments<'a> {
    fn new(
        arguments: Vec<OsString>,
        known: &[&'static Opt],
        rules: Rules,
        reading: &'a Reading,
    ) -> Result<Self, BadUsage> {
        // Declares only the options that the command line names, since each of some fifty costs 5,000 instructions and
        // 1.5 KB.
        let named = |name: &str| arguments.iter().any(|argument| names(argument, name));
        let command = command(known, &named).args_override_self(rules == Rules::Go);
        let matches =
            command.try_get_matches_from(&arguments).map_err(|_| BadUsage::in_arguments(&arguments, known))?;
        let has_options = arguments.iter().any(|argument| argument.as_bytes().starts_with(b"-"));
        let arguments = Self { matches, has_options, rules, reading };
        for option in known.iter().filter(|option| !option.is_available()) {
            if arguments.asked(option) {
                arguments.refuse(format!("--{} {}", option.name, BadTarget::NotInThisBuild));
            }
        }
        Ok(arguments)
    }

    /// Records that the arguments can't be used.
    #[cold]
    pub fn refuse(&self, problem: String) {
        self.reading.refuse(BadUsage(problem));
    }

    /// Returns whether the command line asks for a command, as `--help` is one.
    pub fn asks_for(&self, name: &str) -> bool {
        self.has_options && self.matches.try_get_one(name).is_ok_and(|asked| asked == Some(&true))
    }

    /// Returns whether the command line has `name`.
    pub fn given(&self, name: &str) -> bool {
        (self.has_options || name == "target")
            && self.matches.try_contains_id(name).unwrap_or(false)
            && (self.rules == Rules::Strict || !self.raw(name).is_empty())
    }

    /// Returns whether the command line has `option`, and does not switch it off, as in `--gzip=false`.
    pub fn asked(&self, option: &Opt) -> bool {
        self.given(option.name) && (option.takes != Takes::Nothing || self.flag(option.name))
    }

    /// Returns the values on the command line, before variables in them are expanded.
    fn raw(&self, name: &str) -> Vec<&OsStr> {
        if !self.has_options && name != "target" {
            return Vec::new();
        }
        let values = self.matches.try_get_many::<OsString>(name).ok().flatten();
        let is_none = |value: &&OsStr| self.rules == Rules::Go && value.is_empty() && may_be_empty(name);
        values.into_iter().flatten().map(OsString::as_os_str).filter(|value| !is_none(value)).collect()
    }

    /// Returns whether an option without a value is on.
    pub fn flag(&self, name: &'static str) -> bool {
        self.one(name, parse_bool).unwrap_or(false)
    }

    /// Reads the value of an option with `reader`. Returns `None` for a value that is refused, and records that.
    pub fn one<T, E: Display>(&self, name: &'static str, reader: fn(&str) -> Result<T, E>) -> Option<T> {
        let mut value = None;
        self.each(name, &mut |text| {
            value = Some(reader(text).map_err(|error| words(&error))?);
            Ok(())
        });
        value
    }

    /// Reads each value of an option with `reader`. Records the first value that is refused.
    pub fn many<T, E: Display>(&self, name: &'static str, reader: fn(&str) -> Result<T, E>) -> Vec<T> {
        let mut values = Vec::new();
        self.each(name, &mut |text| {
            values.push(reader(text).map_err(|error| words(&error))?);
            Ok(())
        });
        values
    }

    /// Calls `reader` with each value of an option, and records the first refusal. This function is not generic, since its
    /// callers are compiled once for each type that is read.
    fn each(&self, name: &str, reader: &mut dyn FnMut(&str) -> Result<(), String>) {
        if let Err(refused) = self.try_each(name, reader) {
            self.reading.refuse(refused);
        }
    }

    /// Calls `reader` with each value of an option: those of the command line, or else those of the environment.
    fn try_each(&self, name: &str, reader: &mut dyn FnMut(&str) -> Result<(), String>) -> Result<(), BadUsage> {
        let values = self.raw(name);
        for raw in &values {
            let refuse = |problem: &dyn Display| {
                let dashes = if name == "target" { "" } else { "--" };
                bad_value(&format!("{dashes}{name}"), is_secret(name), raw, problem)
            };
            let expanded = expand(raw, variable).map_err(|error| refuse(&error))?;
            let text = expanded.to_str().ok_or_else(|| refuse(&"not UTF-8"))?;
            self.read_value(name, text, reader).map_err(|error| refuse(&error))?;
        }
        if !values.is_empty() {
            return Ok(());
        }
        let Some(raw) = self.reading.variables.value_of(name) else { return Ok(()) };
        let refuse =
            |value: &OsStr, problem: &dyn Display| bad_value(&variable_name(name), is_secret(name), value, problem);
        let text = raw.to_str().ok_or_else(|| refuse(&raw, &"not UTF-8"))?;
        let mut read =
            |text: &str| self.read_value(name, text, reader).map_err(|error| refuse(OsStr::new(text), &error));
        match name {
            "target" => text.split_ascii_whitespace().try_for_each(read),
            _ => read(text),
        }
    }

    /// Returns whether the arguments are only checked, and the files that they name may not be there.
    pub fn is_sealing(&self) -> bool {
        self.reading.is_sealing
    }

    /// Reads a value, or the contents of a file in its place.
    fn read_value(
        &self,
        name: &str,
        text: &str,
        reader: &mut dyn FnMut(&str) -> Result<(), String>,
    ) -> Result<(), String> {
        if let Some(path) = text.strip_prefix('@')
            && OPTIONS.iter().any(|option| option.name == name && option.from_file)
        {
            if self.is_sealing() {
                return Ok(());
            }
            let contents = value_file::read(path).map_err(|error| words(&error))?;
            return reader(&contents);
        }
        allowed(name, text)?;
        reader(text)
    }
}

/// Returns the words of an error. As a part of each caller, they are compiled once for each type of error.
#[cold]
fn words(error: &dyn Display) -> String {
    error.to_string()
}

/// Returns whether Go's programs take an empty value of a flag. It is no number and no duration.
fn may_be_empty(name: &str) -> bool {
    !name.ends_with("timeout") && !["port", "mode", "rpc-header"].contains(&name)
}

/// Returns whether the value of an option may be a secret.
pub fn is_secret(name: &str) -> bool {
    OPTIONS.iter().any(|option| option.name == name && option.is_secret)
}

/// Checks that a value is one of those that the table allows.
fn allowed(name: &str, value: &str) -> Result<(), String> {
    match OPTIONS.iter().find(|option| option.name == name && option.value.contains('|')) {
        Some(option) if !option.value.split('|').any(|allowed| allowed == value) => {
            Err(format!("expected {}", list(&option.value.split('|').collect::<Vec<_>>(), "", "or")))
        }
        _ => Ok(()),
    }
}

/// Joins items in words: `A, B or C`. `end` follows each item, and `last` stands before the last one.
pub fn list(items: &[&str], end: &str, last: &str) -> String {
    let mut words = String::new();
    for (index, item) in items.iter().enumerate() {
        match items.len() - index {
            _ if index == 0 => {}
            1 => words.extend([" ", last, " "]),
            _ => words += ", ",
        }
        words.extend([item, end]);
    }
    words
}

/// Declares to clap the targets, and the options that are `wanted`.
fn command(known: &[&'static Opt], wanted: &dyn Fn(&str) -> bool) -> Command {
    let mut command = Command::new("lprobe").no_binary_name(true).disable_help_flag(true).disable_version_flag(true);
    command = command.arg(text("target").action(ArgAction::Append));
    for option in known.iter().filter(|option| wanted(option.name)) {
        command = command.arg(argument(option));
    }
    command
}

// Inlined into its one caller, it is 500 bytes more.
#[inline(never)]
fn argument(option: &Opt) -> Arg {
    if option.group == Group::Command {
        // A command takes no target: its exit code 0 would pass for a healthy target.
        let command = Arg::new(option.name).action(ArgAction::SetTrue).exclusive(true);
        return match (option.name, option.short) {
            // -h is an option of its own, since it shows less than --help.
            ("help", _) | (_, None) => command.long(option.name),
            ("h", Some(letter)) => command.short(letter),
            (name, Some(letter)) => command.long(name).short(letter),
        };
    }
    let is_flag = option.takes == Takes::Nothing;
    let argument = text(option.name)
        .long(option.name)
        .action(if option.takes == Takes::Many { ArgAction::Append } else { ArgAction::Set })
        // As with Go's flags, -ipv6=false is valid, and a value after a space is not.
        .num_args(usize::from(!is_flag)..=1)
        .require_equals(is_flag)
        .default_missing_value("true")
        .allow_hyphen_values(!is_flag);
    match option.short {
        // A long flag may have one dash, so that --v must equal -v.
        Some('v') => argument.short('v').alias("v"),
        Some(letter) => argument.short(letter),
        None => argument,
    }
}

/// Declares an argument without a check of its value. The code that reads the value checks it, and words the error.
fn text(name: &'static str) -> Arg {
    Arg::new(name).value_parser(OsStringValueParser::new())
}

/// Returns whether `argument` may name the option `name`. With a single dash, it may name any option.
fn names(argument: &OsStr, name: &str) -> bool {
    match argument.as_bytes() {
        [b'-', b'-', ..] => flag_name(argument).is_some_and(|long| long == name.as_bytes() || long == b"v"),
        [b'-', ..] => true,
        _ => false,
    }
}

/// Splits a command line at each `--next`. A long flag with a single dash, as Go's programs take it, gets a second one:
/// `-port=8080` becomes `--port=8080`. Options of one letter stay unchanged. So does the value after an option that
/// takes one, and everything after `--`.
fn split(arguments: Vec<OsString>, known: &[&'static Opt]) -> Vec<Vec<OsString>> {
    let mut groups = vec![Vec::with_capacity(arguments.len())];
    let (mut is_value, mut all_are_targets) = (false, false);
    for argument in arguments {
        let argument = match std::mem::take(&mut is_value) || all_are_targets {
            true => argument,
            false => {
                let argument = double_dash(argument);
                if argument == "--next" {
                    groups.push(Vec::new());
                    continue;
                }
                all_are_targets = argument == "--";
                is_value = takes_value(&argument, known);
                argument
            }
        };
        groups.last_mut().expect("there is a first one").push(argument);
    }
    groups
}

/// Returns whether the argument after `argument` is its value.
pub fn takes_value(argument: &OsStr, known: &[&'static Opt]) -> bool {
    let Some(name) = flag_name(argument).filter(|_| !argument.as_bytes().contains(&b'=')) else { return false };
    known.iter().any(|option| option.name.as_bytes() == name && option.takes != Takes::Nothing)
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

/// Reads a boolean as Go's strconv.ParseBool does.
fn parse_bool(text: &str) -> Result<bool, &'static str> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("expected true or false"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_split_at_next_and_nowhere_else() {
        let known: Vec<_> = OPTIONS.iter().collect();
        let split = |line: &str| split(line.split(' ').map(OsString::from).collect(), &known);
        assert_eq!(split("-timeout 2s :1"), [["--timeout", "2s", ":1"]]);
        assert_eq!(split(":1 --next -contains x :2"), [&[":1"][..], &["--contains", "x", ":2"]]);
        assert_eq!(split(":1 -next :2"), [[":1"], [":2"]]);
        assert_eq!(split("--contains --next :1"), [["--contains", "--next", ":1"]]);
        assert_eq!(split("-- --next"), [["--", "--next"]]);
        assert_eq!(split("-v --next"), [&["-v"][..], &[]]);
    }

    #[test]
    fn a_list_is_printed_in_words() {
        assert_eq!(list(&["a"], "", "or"), "a");
        assert_eq!(list(&["a", "b"], ":", "or"), "a: or b:");
        assert_eq!(list(&["a", "b", "c"], "", "and"), "a, b and c");
    }
}

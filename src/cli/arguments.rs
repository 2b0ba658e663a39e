//! The arguments of one group of targets, and the `LPROBE_` variables that supply missing options. They are separated
//! here, and interpreted elsewhere.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::os::unix::ffi::OsStrExt;

use clap_lex::OsStrExt as _;

use super::bad_usage::{BadUsage, bad_value, unknown};
use super::expand::expand;
use super::options::{Group, OPTIONS, Opt, SHORT_HELP, Takes, flag_name};
use super::reading::Reading;
use super::value_file;
use super::variables::{variable, variable_name};
use crate::target::bad_target::BadTarget;

/// The arguments of one group of targets.
pub struct Arguments<'a> {
    /// Each option of the command line, with its value. The value of an option that takes none is `true`.
    options: Vec<(&'static Opt, OsString)>,
    targets: Vec<OsString>,
    /// How they are read.
    pub rules: Rules,
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
/// other tools. A long flag may have one dash, as Go's programs take it.
///
/// # Errors
///
/// The first argument that can't be part of any command line.
pub fn groups<'a>(
    arguments: Vec<OsString>,
    flags: &[&'static [Opt]],
    rules: Rules,
    reading: &'a Reading,
) -> Result<Vec<Arguments<'a>>, BadUsage> {
    let group = || Arguments { options: Vec::new(), targets: Vec::new(), rules, reading };
    let mut groups = vec![group()];
    let mut rest = arguments.into_iter();
    let mut all_are_targets = false;
    while let Some(argument) = rest.next() {
        let last = groups.last_mut().expect("there is a first one");
        let Some(name) = flag_name(&argument).filter(|_| !all_are_targets && argument != "-") else {
            last.targets.push(argument);
            continue;
        };
        if argument == "--" {
            all_are_targets = true;
            continue;
        }
        let option = find(flags, name, argument.len() == 2).ok_or_else(|| unknown(&argument, flags))?;
        let attached = argument.split_once("=").map(|(_, value)| value.to_owned());
        let value = match (attached, option.takes) {
            (Some(_), _) if option.group == Group::Command => {
                return Err(BadUsage(format!("{} takes no value", option.dashed())));
            }
            (Some(value), _) => value,
            (None, Takes::Nothing) => "true".into(),
            (None, _) => rest.next().ok_or_else(|| BadUsage(format!("{} needs a value", option.dashed())))?,
        };
        if option.name == "next" {
            groups.push(group());
        } else {
            last.add(option, value)?;
        }
    }
    for group in &groups {
        group.check()?;
    }
    Ok(groups)
}

impl<'a> Arguments<'a> {
    /// Adds an option of the command line.
    fn add(&mut self, option: &'static Opt, value: OsString) -> Result<(), BadUsage> {
        if option.takes != Takes::Many {
            let before = self.options.len();
            self.options.retain(|(other, _)| other.name != option.name);
            if before > self.options.len() && self.rules == Rules::Strict {
                return Err(BadUsage(format!("{} can be given once only", option.dashed())));
            }
        }
        self.options.push((option, value));
        Ok(())
    }

    /// Checks the options, once all of them are known.
    fn check(&self) -> Result<(), BadUsage> {
        for (option, _) in &self.options {
            // A command takes no target: its exit code 0 would pass for a healthy target.
            if option.group == Group::Command && self.options.len() + self.targets.len() > 1 {
                return Err(BadUsage(format!("{} goes with no other argument", option.dashed())));
            }
            if !option.is_available() && self.asked(option) {
                self.refuse(format!("--{} {}", option.name, BadTarget::NotInThisBuild));
            }
        }
        Ok(())
    }

    /// Records that the arguments can't be used.
    #[cold]
    pub fn refuse(&self, problem: String) {
        self.reading.refuse(BadUsage(problem));
    }

    /// Returns whether the command line has `name`.
    pub fn given(&self, name: &str) -> bool {
        // Most health checks are one target, and each lookup costs 100 instructions.
        if name == "target" { !self.targets.is_empty() } else { !self.options.is_empty() && !self.raw(name).is_empty() }
    }

    /// Returns whether the command line has `option`, and does not switch it off, as in `--gzip=false`.
    pub fn asked(&self, option: &Opt) -> bool {
        self.given(option.name) && (option.takes != Takes::Nothing || self.flag(option.name))
    }

    /// Returns the values on the command line, before variables in them are expanded.
    fn raw(&self, name: &str) -> Vec<&OsStr> {
        if name == "target" {
            return self.targets.iter().map(OsString::as_os_str).collect();
        }
        if self.options.is_empty() {
            return Vec::new();
        }
        let is_none = |value: &OsStr| self.rules == Rules::Go && value.is_empty() && may_be_empty(name);
        let values = self.options.iter().filter(|(option, value)| option.name == name && !is_none(value));
        values.map(|(_, value)| value.as_os_str()).collect()
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

/// Returns whether an empty value of a flag is as good as no flag for Go's programs. It is no number and no duration; and an
/// empty body is one.
fn may_be_empty(name: &str) -> bool {
    !name.ends_with("timeout") && !["port", "mode", "rpc-header", "data"].contains(&name)
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

/// Returns the option that a flag names, if there is one.
fn find(flags: &[&'static [Opt]], name: &[u8], has_one_dash: bool) -> Option<&'static Opt> {
    // -h is an option of its own, since it shows less than --help.
    [std::slice::from_ref(&SHORT_HELP), &OPTIONS]
        .into_iter()
        .chain(flags.iter().copied())
        .flatten()
        .find(|option| option.is_named(name, has_one_dash))
}

/// Returns whether the argument after `argument` is its value.
pub fn takes_value(argument: &OsStr, known: &[&'static Opt]) -> bool {
    let Some(name) = flag_name(argument).filter(|_| !argument.as_bytes().contains(&b'=')) else { return false };
    known.iter().any(|option| option.name.as_bytes() == name && option.takes != Takes::Nothing)
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
        let reading = Reading::new(crate::cli::Variables::none(), false);
        let split = |line: &str| {
            let groups = groups(line.split(' ').map(OsString::from).collect(), &[], Rules::Strict, &reading);
            let show = |group: &Arguments| {
                let mut shown: Vec<_> =
                    group.options.iter().map(|(option, value)| format!("{}={value:?}", option.name)).collect();
                shown.extend(group.targets.iter().map(|target| format!("{target:?}")));
                shown.join(" ")
            };
            groups.expect(line).iter().map(show).collect::<Vec<_>>()
        };
        assert_eq!(split("-timeout 2s :1"), [r#"timeout="2s" ":1""#]);
        assert_eq!(split(":1 --next -contains x :2"), [r#"":1""#, r#"contains="x" ":2""#]);
        assert_eq!(split(":1 -next :2"), [r#"":1""#, r#"":2""#]);
        assert_eq!(split("--contains --next :1"), [r#"contains="--next" ":1""#]);
        assert_eq!(split("-- --next -"), [r#""--next" "-""#]);
        assert_eq!(split("-v --next"), [r#"verbose="true""#, ""]);
        assert_eq!(split("-v=false --contains="), [r#"verbose="false" contains="""#]);
    }

    #[test]
    fn a_list_is_printed_in_words() {
        assert_eq!(list(&["a"], "", "or"), "a");
        assert_eq!(list(&["a", "b"], ":", "or"), "a: or b:");
        assert_eq!(list(&["a", "b", "c"], "", "and"), "a, b and c");
    }
}

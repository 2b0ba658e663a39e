//! The one list of options. The build script compiles it too, to render the help text from it, so it leans on
//! nothing but clap and its parent's `described`.

use clap::builder::OsStringValueParser;
use clap::{Arg, ArgAction, Command};

use super::described;

/// lprobe's command line, without the program's name.
pub fn command() -> Command {
    Command::new("lprobe").no_binary_name(true).disable_help_flag(true).disable_version_flag(true).args([
        text("target").value_name("TARGET").hide(true),
        described(option("timeout", "DURATION"), "Time for everything: 500ms, 1.5s, 2m [default: 1s]"),
        described(option("http-codes", "LIST"), "Healthy HTTP statuses: 200,301-303 [default: 200-299]"),
        described(flag("ipv6"), "Take localhost for [::1] alone"),
        described(flag("help").short('h').exclusive(true), "Print this help"),
        described(flag("version").short('V').exclusive(true), "Print the version"),
        part_of_target("mode", "http"),
        part_of_target("port", "PORT"),
        part_of_target("endpoint", "PATH"),
    ])
}

fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

fn option(name: &'static str, value: &'static str) -> Arg {
    text(name).long(name).value_name(value)
}

/// FivexL's flags, which stand in place of a target.
fn part_of_target(name: &'static str, value: &'static str) -> Arg {
    option(name, value).conflicts_with("target").hide(true)
}

/// An argument taken as it comes: what it must look like, and how to say so, is for the code that reads it.
fn text(name: &'static str) -> Arg {
    Arg::new(name).value_parser(OsStringValueParser::new())
}

//! The list of options as clap takes it.

use clap::builder::OsStringValueParser;
use clap::{Arg, ArgAction, Command};

use super::options::Takes::{Many, Nothing, One};
use super::options::{EXCHANGE, FOREIGN, FOREIGN_FULL, GENERAL, GRPC, HTTP, HTTP2, Opt, REQUEST, TLS};

/// lprobe's command line, without the program's name, and with those of its options that `wanted` names.
pub fn command(wanted: impl Fn(&str) -> bool) -> Command {
    let commands = [("help", 'h'), ("version", 'V')].into_iter().filter(|(name, _)| wanted(name));
    Command::new("lprobe")
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(text("target").action(ArgAction::Append))
        .args(all().filter(|option| wanted(option.name)).map(argument))
        .args(commands.map(|(name, short)| alone(name, short)))
}

/// Every option that is known by its name, if only to be refused.
pub fn all() -> impl Iterator<Item = &'static Opt> {
    const GROUPS: [&[Opt]; 9] = [&GENERAL, &HTTP, &HTTP2, &REQUEST, &EXCHANGE, &TLS, &GRPC, &FOREIGN, &FOREIGN_FULL];
    GROUPS.into_iter().flatten()
}

fn argument(option: &Opt) -> Arg {
    let argument = text(option.name).long(option.name);
    let argument = match option.takes {
        // Go's flags know -ipv6=false, and take no value after a space.
        Nothing => argument.num_args(0..=1).require_equals(true).default_missing_value("true"),
        One(_) => argument.allow_hyphen_values(true),
        Many(_) => argument.allow_hyphen_values(true).action(ArgAction::Append),
    };
    if option.name == "verbose" { argument.short('v').alias("v") } else { argument }
}

/// An option that is a command of its own, so that with a target beside it nothing passes for healthy.
fn alone(name: &'static str, short: char) -> Arg {
    Arg::new(name).long(name).short(short).action(ArgAction::SetTrue).exclusive(true)
}

/// An argument taken as it comes: what it must look like, and how to say so, is for the code that reads it.
fn text(name: &'static str) -> Arg {
    Arg::new(name).value_parser(OsStringValueParser::new())
}

//! Arguments into a [`Plan`]. clap takes them apart by the one list in `options`; what each must look like is read
//! here, so that every refusal is one line that names the argument.

mod duration;
mod fivexl;
mod options;

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches};

use crate::plan::Plan;

/// Rendered from `options` by the build script: clap's help and usage code would be in the binary otherwise.
const HELP: &str = include_str!(concat!(env!("OUT_DIR"), "/help.txt"));

const VERSION: &str = concat!("lprobe ", env!("CARGO_PKG_VERSION"), "\n");

/// What the arguments ask for.
#[derive(Debug)]
pub enum Command {
    /// A probe.
    Probe(Plan),
    /// A text for stdout.
    Print(&'static str),
}

/// Why nothing can be done with the arguments: one line, safe to print.
#[derive(Debug)]
pub struct BadUsage(String);

/// Understands the arguments that follow the program's name.
///
/// # Errors
///
/// The first thing that is wrong with them.
pub fn parse(arguments: Vec<OsString>) -> Result<Command, BadUsage> {
    let arguments = arguments.into_iter().map(fivexl::double_dash);
    let matches = options::command().try_get_matches_from(arguments)?;
    if matches.get_flag("help") {
        return Ok(Command::Print(HELP));
    }
    if matches.get_flag("version") {
        return Ok(Command::Print(VERSION));
    }
    let statuses = option(&matches, "http-codes", "200-299", str::parse)?;
    let timeout = option(&matches, "timeout", "1s", duration::parse)?;
    let mut target = match matches.get_one::<OsString>("target") {
        Some(target) => read("target", target, str::parse)?,
        None => fivexl::target(&matches)?,
    };
    if matches.get_flag("ipv6") {
        target = target.over_ipv6().map_err(|error| BadUsage(format!("--ipv6: {error}")))?;
    }
    Ok(Command::Probe(Plan { target, statuses, timeout }))
}

/// The value of an option, or its default.
fn option<T, E: Display>(
    matches: &ArgMatches,
    name: &str,
    default: &str,
    reader: fn(&str) -> Result<T, E>,
) -> Result<T, BadUsage> {
    let value = matches.get_one::<OsString>(name).map_or(OsStr::new(default), OsString::as_os_str);
    read(&format!("--{name}"), value, reader)
}

fn read<T, E: Display>(name: &str, value: &OsStr, reader: fn(&str) -> Result<T, E>) -> Result<T, BadUsage> {
    let refuse = |problem: &dyn Display| BadUsage(format!("{name} {}: {problem}", Quoted(value)));
    let text = value.to_str().ok_or_else(|| refuse(&"not UTF-8"))?;
    reader(text).map_err(|error| refuse(&error))
}

/// An argument as it may be printed: in quotes, escaped, and cut where it is long.
struct Quoted<'a>(&'a OsStr);

impl Display for Quoted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 200;
        let bytes = self.0.as_encoded_bytes();
        match bytes.get(..LONGEST) {
            Some(beginning) if bytes.len() > LONGEST => write!(out, "\"{}...\"", beginning.escape_ascii()),
            _ => write!(out, "\"{}\"", bytes.escape_ascii()),
        }
    }
}

impl From<clap::Error> for BadUsage {
    fn from(error: clap::Error) -> Self {
        let argument = named(error.get(ContextKind::InvalidArg));
        Self(match error.kind() {
            ErrorKind::UnknownArgument => {
                format!("unexpected argument {}; see lprobe --help", Quoted(OsStr::new(&argument)))
            }
            ErrorKind::InvalidValue => format!("{argument} needs a value"),
            ErrorKind::TooManyValues => format!("{argument} takes no value"),
            ErrorKind::ArgumentConflict => match named(error.get(ContextKind::PriorArg)) {
                prior if prior == argument => format!("{argument} can be given once only"),
                prior if prior.is_empty() => format!("{argument} goes with no other argument"),
                prior => format!("{argument} can't go with {prior}"),
            },
            kind => format!("{argument}: {kind}"),
        })
    }
}

/// What clap calls an argument, `--port <PORT>` or `[TARGET]`, as one would say it.
fn named(argument: Option<&ContextValue>) -> String {
    match argument {
        Some(ContextValue::String(name)) if name == "[TARGET]" => "a target".into(),
        Some(ContextValue::String(name)) => name.split_once(" <").map_or(&**name, |(name, _)| name).into(),
        _ => String::new(),
    }
}

impl Display for BadUsage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for BadUsage {}

/// The build script's `described` adds the text for --help; the binary carries that ready-made.
fn described(argument: Arg, _text: &'static str) -> Arg {
    argument
}

//! Turns a command line into a [`Command`]. First, a personality is picked: the tool whose command line it is. clap
//! then separates the arguments by the table in `options`. The values are read here, so that every error is one line
//! that names the argument.

mod arguments;
mod bad_usage;
mod checks;
mod command;
mod escape;
pub mod expand;
#[cfg(feature = "full")]
mod grpc;
pub mod help;
mod http;
mod install;
pub mod options;
pub mod pages;
pub mod personality;
pub mod shown;
mod similar;
#[cfg(feature = "full")]
mod tls;
#[cfg(not(feature = "full"))]
#[path = "tls_absent.rs"]
mod tls;
mod value_file;
mod variables;
mod voice;

use std::ffi::OsString;

pub use bad_usage::BadUsage;
pub use command::Command;
use personality::Picked;
use shown::shown;
use variables::Variables;

use crate::seal::{Kind, Seal};

/// The program's name, as it begins its lines.
const NAME: &str = "lprobe";

/// The name that begins each line of the program's output, and the result of parsing its command line.
pub type Understood = (&'static str, Result<Command, BadUsage>);

/// Parses a command line, of which the first argument is the program's name. In a sealed copy there must be no other, but for
/// `--sealed`, which asks what the copy does.
pub fn parse(arguments: Vec<OsString>) -> Understood {
    let Some(seal) = Seal::of_this_program() else { return parse_with(arguments, Variables::new()) };
    match (seal.kind, arguments.get(1..).unwrap_or_default()) {
        (Kind::Decoy, _) => (NAME, Ok(Command::Alert("a decoy was started"))),
        (Kind::Probe(sealed), []) => parse_sealed(sealed, Variables::none()),
        (Kind::Probe(sealed), [asked]) if asked == "--sealed" => (NAME, Ok(Command::Sealed(shown(&sealed, false)))),
        (Kind::Probe(_), _) => (NAME, Ok(Command::Alert("a sealed probe was given arguments"))),
    }
}

/// Parses the arguments that a copy is sealed with.
fn parse_sealed(mut arguments: Vec<OsString>, variables: Variables) -> Understood {
    // No name of the program, so that none picks a personality.
    arguments.insert(0, OsString::new());
    parse_with(arguments, variables)
}

/// Parses a command line, with these variables.
fn parse_with(arguments: Vec<OsString>, variables: Variables) -> Understood {
    let Picked { name, personality, mut invocation } = personality::pick(arguments);
    let command = (personality.command)(&mut invocation, &variables);
    let command = variables.refused().map_or(command, Err).map_err(|BadUsage(problem)| match variables.misspelt() {
        Some(misspelt) => BadUsage(format!("{problem} ({misspelt})")),
        None => BadUsage(problem),
    });
    (name, command)
}

//! Turns a command line into a [`Command`]. First, a personality is picked: the tool whose command line it is. The arguments are
//! then split by the table in `options`. The values are read here, so that every error is one line that names the argument.

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
pub mod manual;
pub mod options;
pub mod pages;
pub mod personality;
mod reading;
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
use reading::Reading;
use variables::Variables;

use crate::seal::{Kind, Seal};

/// The name that begins each line of the program's output, and the result of parsing its command line.
pub type Understood = (&'static str, Result<Command, BadUsage>);

/// Parses a command line, of which the first argument is the program's name. In a sealed copy there must be no other, but for
/// `--sealed`, which asks what the copy does.
pub fn parse(arguments: Vec<OsString>) -> Understood {
    let Some(seal) = Seal::of_this_program() else {
        return parse_with(arguments, &Reading::new(Variables::new(), false));
    };
    let name = personality::PERSONALITIES[0].name;
    match (seal.kind, arguments.get(1..).unwrap_or_default()) {
        (Kind::Decoy, _) => (name, Ok(Command::Alert("a decoy was started"))),
        (Kind::Probe(sealed), []) => parse_sealed(sealed, false),
        (Kind::Probe(sealed), [asked]) if asked == "--sealed" => (name, Ok(Command::Sealed(sealed))),
        (Kind::Probe(_), _) => (name, Ok(Command::Alert("a sealed probe was given arguments"))),
    }
}

/// Parses the arguments that a copy is sealed with, or that it is to be sealed with.
fn parse_sealed(mut arguments: Vec<OsString>, is_sealing: bool) -> Understood {
    // No name of the program, so that none picks a personality.
    arguments.insert(0, OsString::new());
    parse_with(arguments, &Reading::new(Variables::none(), is_sealing))
}

fn parse_with(arguments: Vec<OsString>, reading: &Reading) -> Understood {
    let Picked { name, personality, mut invocation } = personality::pick(arguments);
    let command = (personality.command)(&mut invocation, reading);
    let misspelt = || reading.variables.misspelt();
    let command = reading.refused().map_or(command, Err).map_err(|BadUsage(problem)| match misspelt() {
        Some(misspelt) => BadUsage(format!("{problem} ({misspelt})")),
        None => BadUsage(problem),
    });
    (name, command)
}

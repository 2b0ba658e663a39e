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
pub mod options;
pub mod pages;
pub mod personality;
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
use variables::Variables;

/// The name that begins each line of the program's output, and the result of parsing its command line.
pub type Understood = (&'static str, Result<Command, BadUsage>);

/// Parses a command line, of which the first argument is the program's name.
pub fn parse(arguments: Vec<OsString>) -> Understood {
    let Picked { name, personality, mut invocation } = personality::pick(arguments);
    let variables = Variables::new();
    let command = (personality.command)(&mut invocation, &variables);
    let command = variables.refused().map_or(command, Err).map_err(|BadUsage(problem)| match variables.misspelt() {
        Some(misspelt) => BadUsage(format!("{problem} ({misspelt})")),
        None => BadUsage(problem),
    });
    (name, command)
}

//! The program in one page: arguments -> plan -> probe -> report -> exit code.

#![no_main]

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write};

use lprobe::cli::{self, Command};
use lprobe::probe;

lprobe::program!(run);

/// The exit code: 0 healthy, 1 everything else. Docker reserves 2.
fn run(arguments: Vec<OsString>) -> i32 {
    let plan = match cli::parse(arguments) {
        Ok(Command::Probe(plan)) => plan,
        Ok(Command::Print(text)) => return print(text),
        Err(error) => return unhealthy(format_args!("{error}")),
    };
    match probe::run(&plan) {
        Ok(()) => 0,
        Err(reason) => unhealthy(format_args!("{}: {reason}", shortened(plan.target.to_string()))),
    }
}

/// So that the reason behind a long path survives the 4,096 bytes of a health log.
fn shortened(mut target: String) -> String {
    if target.len() > 200 {
        target.replace_range(200.., "...");
    }
    target
}

fn print(text: &str) -> i32 {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => 0,
        Err(error) => unhealthy(format_args!("stdout: {error}")),
    }
}

/// Says why in one line on stderr. A stderr that is closed or full changes no verdict.
fn unhealthy(why: impl Display) -> i32 {
    let _ = io::stderr().write_all(format!("lprobe: {why}\n").as_bytes());
    1
}

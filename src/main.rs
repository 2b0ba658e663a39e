//! The program in one page: arguments -> plan -> probe -> report -> exit code.

#![no_main]

use std::ffi::OsString;
use std::path::Path;

use lprobe::cli::{self, Command};
use lprobe::{install, probe, report, sys};

lprobe::program!(run);

/// The exit code: 0 healthy, 1 everything else. Docker reserves 2.
fn run(arguments: Vec<OsString>) -> i32 {
    match cli::parse(arguments) {
        Ok(Command::Probe(plan)) => match probe::run(&plan) {
            Ok(outcomes) => report::outcomes(&plan, &outcomes),
            Err(error) => report::refusal(&format_args!("the probe could not start: {error}")),
        },
        Ok(Command::Install(path)) => copy_to(&path),
        Ok(Command::Print(text)) => report::text(text),
        Err(error) => report::refusal(&error),
    }
}

fn copy_to(path: &Path) -> i32 {
    match sys::program().and_then(|program| install::install(&program, path)) {
        Ok(()) => 0,
        Err(error) => report::refusal(&format_args!("install {}: {error}", path.display())),
    }
}

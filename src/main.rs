//! The program in one page: arguments -> plan -> probe -> report -> exit code.

#![no_main]

use std::ffi::OsString;
use std::path::Path;

use lprobe::door::{Command, FULL, help, install, parse, probe, program, report};

lprobe::program!(run);

/// Returns the exit code: 0 healthy, 1 everything else. Docker reserves 2.
fn run(arguments: Vec<OsString>) -> i32 {
    let (name, command) = parse(arguments);
    match command {
        Ok(Command::Probe(plan)) => match probe(&plan) {
            Ok(outcomes) => report::outcomes(name, &plan, &outcomes),
            Err(error) => report::refusal(name, &format_args!("the probe could not start: {error}")),
        },
        Ok(Command::Install(path)) => copy_to(name, &path),
        Ok(Command::ShortHelp) => report::text(name, &help::short(FULL)),
        Ok(Command::Help) => report::text(name, &help::long(FULL)),
        Ok(Command::Version) => report::text(name, &help::version()),
        Err(error) => report::refusal(name, &error),
    }
}

fn copy_to(name: &str, path: &Path) -> i32 {
    match program().and_then(|program| install(&program, path)) {
        Ok(()) => 0,
        Err(error) => report::refusal(name, &format_args!("install {}: {error}", path.display())),
    }
}

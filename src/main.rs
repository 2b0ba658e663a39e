//! The program in one page: arguments -> plan -> probe -> report -> exit code.

#![no_main]

use lprobe::door::{Command, FULL, Install, alert, help, parse, probe, program, report, shown};
use std::ffi::OsString;

lprobe::program!(run);

/// Returns the exit code: 0 healthy, 1 everything else. Docker reserves 2.
fn run(arguments: Vec<OsString>) -> i32 {
    let (name, command) = parse(arguments);
    match command {
        Ok(Command::Probe(plan)) => match probe(&plan) {
            Ok(outcomes) => report::outcomes(name, &plan, &outcomes),
            Err(error) => report::refusal(name, &format_args!("the probe could not start: {error}")),
        },
        Ok(Command::Install(copies)) => install(name, &copies),
        Ok(Command::Sealed(line)) => report::text(name, &format!("{name}: sealed:{}\n", shown(&line, 1, false))),
        Ok(Command::Alert(why)) => alert::raise(why, true),
        Ok(Command::ShortHelp) => report::text(name, &help::short(FULL)),
        Ok(Command::Help) => report::text(name, &help::long(FULL)),
        Ok(Command::Version) => report::text(name, &help::version()),
        Err(error) => report::refusal(name, &error),
    }
}

fn install(name: &str, copies: &Install) -> i32 {
    let program = match program() {
        Ok(program) => program,
        Err(error) => return report::refusal(name, &format_args!("install: {error}")),
    };
    match copies.run(&program) {
        Ok(()) => 0,
        Err((path, error)) => report::refusal(name, &format_args!("install {}: {error}", path.display())),
    }
}

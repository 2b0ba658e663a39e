//! The binary under valgrind's memcheck, which looks at each instruction that touches memory: of our own code, of the crates'
//! and of the C library's.
//!
//! It sees a value that nobody has set decide something or reach the kernel, and an address that is nobody's. It does not
//! see where one block of the arena ends and the next begins, nor musl's blocks: there is no malloc in a static binary that
//! it could watch. The tests in src/sys/ run under Miri for that.

use std::process::Command;

use super::{Outcome, binary, run, without_variables};

/// How memcheck exits when it has seen an error, which the binary never does.
const ERRORS: i32 = 99;

/// As [`super::lprobe`], with nothing wrong in memcheck's eyes. A probe takes some thirty times as long.
#[track_caller]
pub fn lprobe(arguments: &[&str]) -> Outcome {
    memcheck(&[], arguments)
}

/// The same, and only addresses are looked at. Two pieces of other people's code work on what memcheck takes for unset:
/// musl's malloc, which lets whatever was in a block before decide where in it the next one begins (`enframe`), once the arena
/// is full; and ring's AES-GCM, in assembly, whose tags every peer finds right.
#[track_caller]
pub fn lprobe_by_addresses(arguments: &[&str]) -> Outcome {
    memcheck(&["--undef-value-errors=no"], arguments)
}

#[track_caller]
fn memcheck(options: &[&str], arguments: &[&str]) -> Outcome {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", &format!("--error-exitcode={ERRORS}")]).args(options).arg(binary());
    let outcome = run(without_variables(&mut valgrind).args(arguments));
    assert_ne!(outcome.status.code(), Some(ERRORS), "{}", outcome.stderr);
    outcome
}

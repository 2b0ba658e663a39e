//! What one healthy HTTP probe may cost, in counts that do not depend on the machine's mood. Each number is here and
//! nowhere else; one that goes up needs a reason in its commit.

use std::fs;
use std::path::Path;
use std::process::Command;

use goblin::elf::Elf;

use crate::support::server::Server;
use crate::support::{FULL, Outcome, binary, have_tools, measured, run, tool, without_variables};

/// The budget of one build.
struct Budget {
    /// Of the file.
    bytes: u64,
    /// What the file may have more where its relocations are not packed: by Debian 12's compiler and musl.
    unpacked: u64,
    /// As `strace` counts them, execve and exit_group among them.
    system_calls: usize,
    /// As `perf stat` counts them, at the median of some runs. Where the kernel puts the stack takes up to two more or less, and
    /// how the page cache holds the file, and so how much of it is mapped around a fault, up to three.
    page_faults: u64,
    /// As callgrind counts them, of user space.
    instructions: u64,
    /// In bytes. What of the file is mapped around a fault, of which the fewer there are the more each brings, is in it.
    peak_rss: u64,
}

const BUDGET: Budget = match FULL {
    false => Budget {
        bytes: 302_000,
        unpacked: 22_000,
        system_calls: 33,
        page_faults: 22,
        instructions: 95_000,
        peak_rss: 600 << 10,
    },
    true => Budget {
        bytes: 1_240_000,
        unpacked: 30_000,
        system_calls: 33,
        page_faults: 39,
        instructions: 112_000,
        peak_rss: 1_350 << 10,
    },
};

/// The tag of packed relocations in the dynamic section, as the System V ABI has it.
const DT_RELR: u64 = 36;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[ignore = "needs dist/: run `make test`"]
#[test]
fn bytes() {
    let program = fs::read(binary()).expect("the binary");
    let dynamic = Elf::parse(&program).expect("ELF").dynamic.expect("it is position-independent");
    let packed = dynamic.dyns.iter().any(|entry| entry.d_tag == DT_RELR);
    let budget = BUDGET.bytes + if packed { 0 } else { BUDGET.unpacked };
    assert!(program.len() as u64 <= budget, "{} bytes, of {budget}", program.len());
}

/// A healthy probe by `program`, run with `arguments` before the binary's path.
fn probe(program: &str, arguments: &[&str]) -> Outcome {
    probe_with(program, arguments, &binary())
}

/// The same with this binary.
fn probe_with(program: &str, arguments: &[&str], binary: &Path) -> Outcome {
    let server = Server::answering(OK);
    // On a busy machine, an emulator may take more than the second that is the default. Such a probe is late, and says nothing of
    // what a healthy one costs; to give it more time would be an option more, which takes instructions too.
    let on_time = |_| {
        let mut command = Command::new(program);
        let outcome = run(without_variables(&mut command).args(arguments).arg(binary).arg(server.http("/")));
        (!outcome.stderr.contains(" 1000 ms")).then_some(outcome)
    };
    let outcome = (0..50).find_map(on_time).expect("the machine has a second for it");
    assert!(outcome.status.success(), "{outcome:?}");
    outcome
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn system_calls() {
    if !have_tools(&["strace"]) {
        return;
    }
    let outcome = probe("strace", &["-f"]);
    let calls = outcome.stderr.lines().filter(|line| line.contains('(')).count();
    assert!(calls <= BUDGET.system_calls, "{calls} system calls:\n{}", outcome.stderr);
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn page_faults() {
    if !have_tools(&["perf"]) {
        return;
    }
    // The page cache holds a file in larger or smaller pieces, by how it was written and how busy the machine was then: 36 or 41
    // faults, of lprobe-full. This copy is written in a moment of its own.
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("lprobe");
    assert!(tool("cp").arg(binary()).arg(&copy).status().expect("cp starts").success());
    let faults = || {
        let outcome = probe_with("perf", &["stat", "-x,", "-e", "page-faults"], &copy);
        let count = outcome.stderr.lines().find_map(|line| line.split(',').next()?.parse().ok());
        count.unwrap_or_else(|| panic!("{outcome:?}"))
    };
    let mut runs = [(); 11].map(|()| faults());
    runs.sort();
    let median: u64 = runs[runs.len() / 2];
    assert!(median <= BUDGET.page_faults, "{runs:?} page faults");
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn instructions() {
    if !have_tools(&["valgrind"]) {
        return;
    }
    let outcome = probe("valgrind", &["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    let collected = outcome.stderr.lines().find_map(|line| line.split_once("Collected : ")?.1.parse::<u64>().ok());
    let instructions = collected.unwrap_or_else(|| panic!("{outcome:?}"));
    assert!(instructions <= BUDGET.instructions, "{instructions} instructions");
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn peak_rss() {
    let server = Server::answering(OK);
    let (outcome, peak) = measured(["--timeout=60s", &server.http("/")]);
    outcome.healthy();
    assert!(peak <= BUDGET.peak_rss, "{peak} bytes");
}

//! Processors that this machine hasn't: others, and an x86-64 with nothing that its first did not have. Both by qemu, which
//! runs the core of the other tests' probes.

use std::fs;
use std::path::Path;
use std::process::Command;

use goblin::elf::header;

use crate::support::{executable, have_root, have_tools, repository, run};

/// What takes strace, a look at the process from outside, or a clock that an emulator does not slow down.
const NOT_EMULATED: [&str; 3] = [
    "writes_are_sent_at_once_and_fail_without_a_signal",
    "a_chain_without_end_does_not_outlast_the_deadline",
    "trust_is_the_systems",
];

/// The modules of the tests that are run.
const CORE: [&str; 4] = ["http::", "tcp::", "exchange::", "cli::"];

/// Runs the core tests of both builds in `folder` by `emulator`.
fn core_tests_pass(emulator: &str, folder: &Path) {
    for (name, features, tests) in
        [("lprobe", None, &CORE[..]), ("lprobe-full", Some("--features=full"), &["http::", "full::"])]
    {
        let scripts = tempfile::tempdir().expect("a folder");
        let script = scripts.path().join(name);
        let program = folder.join(name);
        executable(&script, format!("#!/bin/sh\nexec {emulator} '{}' \"$@\"\n", program.display()).as_bytes());
        let mut cargo = Command::new("cargo");
        cargo.args(["test", "--locked", "--quiet", "--test", "it"]).args(features).arg("--").args(tests);
        // These take another processor's binary no better, and their names have the modules' in them.
        let others = ["hostile::", "seccomp::", "slow::"];
        cargo.args(NOT_EMULATED.iter().chain(&others).flat_map(|test| ["--skip", test])).current_dir(repository("."));
        let outcome = run(cargo.env("LPROBE_BINARY", &script));
        assert!(outcome.status.success(), "{name} by {emulator}: {}{}", outcome.stdout, outcome.stderr);
    }
}

/// The processors of scripts/toolchain that this machine hasn't: the name, qemu's, and ELF's number.
const PROCESSORS: [(&str, &str, u16); 5] = [
    ("aarch64", "aarch64", header::EM_AARCH64),
    ("armv7l", "arm", header::EM_ARM),
    ("i686", "i386", header::EM_386),
    ("ppc64le", "ppc64le", header::EM_PPC64),
    ("s390x", "s390x", header::EM_S390),
];

/// AArch64, which is released, or the processors that LPROBE_PROCESSORS names, with spaces between: each takes some minutes.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn another_processor_is_built_for_and_passes_the_core_tests() {
    if !have_root() {
        return;
    }
    let wanted = std::env::var("LPROBE_PROCESSORS").unwrap_or_else(|_| "aarch64".into());
    for name in wanted.split_whitespace() {
        let (arch, emulator, machine) =
            *PROCESSORS.iter().find(|(arch, ..)| *arch == name).expect("a processor's name");
        let emulator = format!("qemu-{emulator}-static");
        if !have_tools(&[&emulator]) {
            continue;
        }
        let outcome = run(Command::new(repository("scripts/dist")).env("ARCH", arch));
        assert!(outcome.status.success(), "{arch}: {}", outcome.stderr);
        let folder = repository("dist").join(arch);
        for name in ["lprobe", "lprobe-full"] {
            let file = fs::read(folder.join(name)).expect("it is built");
            let file = goblin::elf::Elf::parse(&file).expect("ELF");
            assert_eq!(file.header.e_machine, machine, "{arch}");
            // Position-independent, and asking for no interpreter.
            assert_eq!(file.header.e_type, header::ET_DYN, "{arch}");
            assert!(file.interpreter.is_none() && file.libraries.is_empty(), "{arch}");
        }
        core_tests_pass(&emulator, &folder);
    }
}

/// The first x86-64 had SSE2, and neither what is behind it nor AES: an instruction of x86-64-v2 or later ends in a crash.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_oldest_x86_64_will_do() {
    if !have_tools(&["qemu-x86_64-static"]) {
        return;
    }
    let without = "-sse3,-ssse3,-sse4.1,-sse4.2,-popcnt,-cx16,-lahf_lm,-svm,-abm,-sse4a";
    core_tests_pass(&format!("qemu-x86_64-static -cpu qemu64,{without}"), &repository("dist"));
}

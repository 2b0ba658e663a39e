//! Processors that this machine hasn't: others, and an x86-64 with nothing that its first did not have. Both by qemu, which
//! runs the core of the other tests' probes.

use std::fs;
use std::path::Path;
use std::process::Command;

use goblin::elf::header;

use crate::seccomp::allowed_to;
use crate::support::server::Server;
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

/// A processor of scripts/toolchain.
pub struct Processor {
    pub arch: &'static str,
    qemu: &'static str,
    /// ELF's number.
    pub machine: u16,
    /// Docker's name for the kernel that runs it, by which it picks groups of a seccomp profile.
    kernel: &'static str,
    /// Whose names in examples/seccomp.json it has.
    profile: &'static str,
}

const PROCESSORS: [Processor; 7] = [
    Processor { arch: "x86_64", qemu: "x86_64", machine: header::EM_X86_64, kernel: "amd64", profile: "lprobe" },
    Processor { arch: "aarch64", qemu: "aarch64", machine: header::EM_AARCH64, kernel: "arm64", profile: "lprobe" },
    Processor { arch: "armv7l", qemu: "arm", machine: header::EM_ARM, kernel: "arm64", profile: "32-bit lprobe" },
    Processor { arch: "i686", qemu: "i386", machine: header::EM_386, kernel: "amd64", profile: "32-bit lprobe" },
    Processor { arch: "ppc64le", qemu: "ppc64le", machine: header::EM_PPC64, kernel: "ppc64le", profile: "lprobe" },
    Processor { arch: "s390x", qemu: "s390x", machine: header::EM_S390, kernel: "s390x", profile: "lprobe" },
    Processor { arch: "riscv64", qemu: "riscv64", machine: header::EM_RISCV, kernel: "riscv64", profile: "lprobe" },
];

/// Returns the processors that `make release` builds for: those in LPROBE_PROCESSORS, or all.
pub fn released() -> impl Iterator<Item = &'static Processor> {
    let wanted = std::env::var("LPROBE_PROCESSORS").unwrap_or_default();
    let is_wanted = move |arch| wanted.is_empty() || wanted.split(' ').any(|name| name == arch);
    PROCESSORS.iter().filter(move |processor| is_wanted(processor.arch))
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn another_processor_is_built_for_and_passes_the_core_tests() {
    if !have_root() {
        return;
    }
    for processor in released().filter(|processor| processor.arch != "x86_64") {
        let Processor { arch, qemu, machine, .. } = processor;
        let emulator = format!("qemu-{qemu}-static");
        if !have_tools(&[&emulator]) {
            continue;
        }
        let outcome = run(Command::new(repository("scripts/dist")).env("ARCH", arch));
        assert!(outcome.status.success(), "{arch}: {}", outcome.stderr);
        let folder = repository("dist").join(arch);
        for name in ["lprobe", "lprobe-full"] {
            let file = fs::read(folder.join(name)).expect("it is built");
            let file = goblin::elf::Elf::parse(&file).expect("ELF");
            assert_eq!(file.header.e_machine, *machine, "{arch}");
            // Position-independent, and asking for no interpreter.
            assert_eq!(file.header.e_type, header::ET_DYN, "{arch}");
            assert!(file.interpreter.is_none() && file.libraries.is_empty(), "{arch}");
        }
        calls_are_in_the_profile(processor, &emulator, &folder);
        core_tests_pass(&emulator, &folder);
    }
}

/// Probes of each kind that might make a system call of its own: QEMU prints them.
fn calls_are_in_the_profile(processor: &Processor, emulator: &str, folder: &Path) {
    let server = Server::answering("HTTP/1.1 200 OK\r\n\r\n");
    let [http, tcp, https] = ["http", "tcp", "https"].map(|scheme| format!("{scheme}://localhost:{}", server.port));
    let allowed = allowed_to("lprobe", processor.kernel);
    let allowed = &allowed | &allowed_to(processor.profile, processor.kernel);
    let clocks = allowed_to("Clocks", processor.kernel);
    for arguments in [
        &[&*http][..],
        &[&tcp, &http],
        &[&https],
        &["--wait=100ms", "--timeout=100ms", "http://[::1]:1"],
        &["--send=a", "--expect=b", "udp://localhost:1"],
        &["unix:///none"],
        &["file:///etc/passwd?max-age=1h"],
        &["tcp://192.0.2.1:80"],
    ] {
        let outcome = run(Command::new(emulator).arg("-strace").arg(folder.join("lprobe-full")).args(arguments));
        // `1234 socket(PF_INET,SOCK_STREAM,IPPROTO_IP) = 3`
        let calls = outcome.stderr.lines().filter_map(|line| line.split_once(' ')?.1.split_once('('));
        let names: Vec<_> = calls.map(|(name, _)| name).filter(|name| !name.contains(' ')).collect();
        assert!(names.contains(&"exit_group"), "{outcome:?}");
        for name in names {
            assert!(allowed.contains(name) || clocks.contains(name), "{} by {arguments:?}: {name}", processor.arch);
        }
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

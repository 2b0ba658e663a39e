//! Where `make dist` gets its compiler when there is none that serves: from rustup, and then only into a home of its
//! own; from Debian's packages; or not at all, and it says so.

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use support::{Outcome, repository, run};
use tempfile::TempDir;

/// A machine that has next to nothing, and `stubs` in place of the programs that install something. What a stub is
/// called with is in `calls`.
struct Machine(TempDir);

impl Machine {
    fn with(stubs: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bin = folder.path().join("bin");
        for subfolder in ["bin", "scripts"] {
            fs::create_dir(folder.path().join(subfolder)).expect("a folder");
        }
        fs::copy(repository("scripts/dist"), folder.path().join("scripts/dist")).expect("a copy");
        for tool in ["bash", "dirname", "env", "id", "ls", "mkdir", "timeout", "touch", "uname"] {
            let real = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(tool));
            symlink(real.iter().find(|real| real.exists()).expect(tool), bin.join(tool)).expect("a link");
        }
        for stub in stubs {
            let script = format!("#!/bin/sh\necho \"{stub} $* RUSTUP_HOME=$RUSTUP_HOME\" >> \"$CALLS\"\nexit 1\n");
            fs::write(bin.join(stub), script).expect("a file");
            fs::set_permissions(bin.join(stub), fs::Permissions::from_mode(0o755)).expect("a file");
        }
        Self(folder)
    }

    fn dist(&self) -> Outcome {
        let path = self.0.path();
        let script = path.join("scripts/dist");
        run(Command::new(script).env_clear().env("PATH", path.join("bin")).env("CALLS", path.join("calls")))
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.0.path().join("calls")).unwrap_or_default()
    }
}

#[track_caller]
fn assert_says_what_is_missing(outcome: &Outcome) {
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    for word in ["std's source", "rustup target add", "rustup component add rust-src", "apt-get install rustc-web"] {
        assert!(outcome.stderr.contains(word), "{word} is not in {}", outcome.stderr);
    }
}

#[test]
fn with_neither_rustup_nor_apt_it_says_what_is_missing() {
    let machine = Machine::with(&[]);
    assert_says_what_is_missing(&machine.dist());
}

#[test]
fn rustup_installs_into_a_home_of_its_own_or_not_at_all() {
    let machine = Machine::with(&["rustup"]);
    assert_says_what_is_missing(&machine.dist());
    let home = machine.0.path().join("target/toolchain/rustup");
    let calls = machine.calls();
    assert!(calls.contains("toolchain install"), "{calls}");
    for call in calls.lines() {
        assert!(call.ends_with(&format!("RUSTUP_HOME={}", home.display())), "another home is touched: {call}");
    }
    // A server that did not answer is not asked by each build.
    assert_says_what_is_missing(&machine.dist());
    assert_eq!(machine.calls(), calls);
}

#[test]
fn debian_is_asked_after_rustup_and_what_it_installs_is_said() {
    let machine = Machine::with(&["rustup", "apt-get", "sudo"]);
    let outcome = machine.dist();
    assert_says_what_is_missing(&outcome);
    let calls: Vec<_> =
        machine.calls().lines().map(|call| call.split(' ').next().expect("a name").to_owned()).collect();
    assert_eq!(calls[0], "rustup");
    assert!(calls.len() > 1 && calls[1..].iter().all(|call| call == "apt-get" || call == "sudo"), "{calls:?}");
    assert!(outcome.stderr.contains("dist: installing rustc-web cargo-web rust-web-src musl-tools gcc, by apt-get"));
}

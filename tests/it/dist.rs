//! Where `make dist` gets its compiler when there is none that serves: from rustup, and then only into a home of its
//! own; from Debian's packages; or not at all, and it says so. And what it leaves in `dist/`.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::{Outcome, binary, repository, run};
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

#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_checksums_are_of_every_file_and_right() {
    let dist = repository("dist");
    let outcome = run(Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&dist));
    assert!(outcome.status.success(), "{outcome:?}");
    let sums = fs::read_to_string(dist.join("SHA256SUMS")).expect("the checksums");
    let summed: BTreeSet<_> = sums.lines().map(|line| line.split_once("  ").expect("a name").1.to_owned()).collect();
    let mut files: BTreeSet<_> = fs::read_dir(dist)
        .expect("the folder")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.file_type().expect("a type").is_file())
        .map(|entry| entry.file_name().into_string().expect("UTF-8"))
        .collect();
    assert!(files.remove("SHA256SUMS"));
    assert_eq!(summed, files);
}

/// `make reproduce` shows the whole: two builds, on different paths, are equal. This is where they would differ first.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn no_path_of_the_build_is_in_the_binary() {
    let bytes = fs::read(binary()).expect("the binary");
    let text = String::from_utf8_lossy(&bytes);
    let home = env::var("HOME").unwrap_or_default();
    let repository = repository("");
    let of_the_machine = [repository.to_str().expect("UTF-8").trim_end_matches('/'), &home];
    let of_any_machine = ["/.cargo/", "/registry/", "/rustc/", "/rustlib/", "/library/std/", "src/"];
    for path in of_the_machine.into_iter().filter(|path| path.len() > 1).chain(of_any_machine) {
        let around = text.find(path).map(|at| text[at..].chars().take(80).collect::<String>());
        assert!(around.is_none(), "{path} is in the binary: {around:?}");
    }
}

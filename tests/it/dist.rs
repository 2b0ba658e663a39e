//! What `make dist` does where the compiler that it needs is missing: it says what it installs and where, asks an ordinary user,
//! and takes no other compiler than the one that scripts/toolchain names. And what it leaves in `dist/`.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Outcome, binary, executable, have, have_tools, repository, run, tool};
use tempfile::TempDir;

/// A machine that has next to nothing, and stubs in place of the programs that install something. What a stub is called with is
/// in `calls`.
struct Machine(TempDir);

/// The stubs of what is there, and does nothing.
const COMPILER_AND_PYTHON: [(&str, &str); 2] = [("cc", ""), ("python3", "")];

/// The commands of an apt-get that has everything but a compiler: this machine may have Debian's.
const NO_RUST: &str = "case $* in *rustc-web*) exit 1; esac";

impl Machine {
    /// A machine of `user`, root or an ordinary one, with these programs, by their names and shell commands.
    fn of(user: &str, stubs: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bin = folder.path().join("bin");
        for subfolder in ["bin", "scripts"] {
            fs::create_dir(folder.path().join(subfolder)).expect("a folder");
        }
        for script in ["dist", "sbom", "setup", "toolchain"] {
            let script = format!("scripts/{script}");
            executable(&folder.path().join(&script), &fs::read(repository(&script)).expect("the script"));
        }
        for tool in ["bash", "cat", "dirname", "env", "grep", "ln", "ls", "mkdir", "rm", "timeout", "touch", "uname"] {
            let real = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(tool));
            symlink(real.iter().find(|real| real.exists()).expect(tool), bin.join(tool)).expect("a link");
        }
        let machine = Self(folder);
        machine.stub("id", if user == "root" { "echo 0" } else { "echo 1000" });
        stubs.iter().for_each(|(name, commands)| machine.stub(name, commands));
        machine
    }

    fn stub(&self, name: &str, commands: &str) {
        let note = if name == "id" { "" } else { "echo \"$0 $* RUSTUP_HOME=$RUSTUP_HOME\" >> \"$CALLS\"" };
        executable(&self.0.path().join("bin").join(name), format!("#!/bin/sh\n{note}\n{commands}\n").as_bytes());
    }

    fn prepared(&self, mut command: Command, variables: &[(&str, &str)]) -> Command {
        let path = self.0.path();
        command.env_clear().env("PATH", path.join("bin")).env("CALLS", path.join("calls"));
        command.envs(variables.iter().copied());
        command
    }

    fn dist(&self, variables: &[(&str, &str)]) -> Outcome {
        run(&mut self.prepared(Command::new(self.0.path().join("scripts/dist")), variables))
    }

    /// The same at a terminal, where the user types `answer`. Returns all that it says.
    fn dist_at_a_terminal(&self, answer: &str) -> String {
        let mut command = self.prepared(tool("script"), &[("SHELL", "/bin/sh")]);
        command.args(["--quiet", "--return", "--command"]).arg(self.0.path().join("scripts/dist")).arg("/dev/null");
        let mut script = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        script.stdin.as_mut().expect("it is piped").write_all(format!("{answer}\n").as_bytes()).expect("it reads");
        String::from_utf8(script.wait_with_output().expect("it ends").stdout).expect("UTF-8")
    }

    /// The calls of programs, the names without their folder, and not those that only ask what is there.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.0.path().join("calls")).unwrap_or_default();
        let names = calls.lines().map(|call| call.replace(&format!("{}/bin/", self.0.path().display()), ""));
        names.filter(|call| !call.starts_with("cc ") && !call.starts_with("python3 ")).collect()
    }
}

#[track_caller]
fn assert_says_what_is_missing(outcome: &Outcome) {
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    for word in ["std's source", "rustup target add", "rustup component add rust-src", "apt-get install rustc-web"] {
        assert!(outcome.stderr.contains(word), "{word} is not in {}", outcome.stderr);
    }
}

/// Debian 12 is the only one with Rust's packages; elsewhere dist installs rustup.
fn have_debian_12() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    have("TOOLS", release.contains("\nVERSION_CODENAME=bookworm\n"), "this is not Debian 12")
}

#[test]
fn with_neither_rustup_nor_apt_it_says_what_is_missing() {
    let machine = Machine::of("root", &[]);
    assert_says_what_is_missing(&machine.dist(&[]));
}

#[test]
fn rustup_installs_into_a_home_of_its_own_or_not_at_all() {
    let machine = Machine::of("user", &[&COMPILER_AND_PYTHON[..], &[("rustup", "exit 1")]].concat());
    let outcome = machine.dist(&[]);
    assert_says_what_is_missing(&outcome);
    assert!(outcome.stderr.starts_with("dist: to install: Rust "), "{}", outcome.stderr);
    assert!(outcome.stderr.contains(" by rustup, into target/toolchain/rustup"), "{}", outcome.stderr);
    let home = machine.0.path().join("target/toolchain/rustup");
    let calls = machine.calls();
    assert!(calls.len() == 1 && calls[0].contains("toolchain install"), "{calls:?}");
    assert!(calls[0].ends_with(&format!("RUSTUP_HOME={}", home.display())), "another home is touched: {calls:?}");
    // A server that did not answer is not asked by each build.
    assert_says_what_is_missing(&machine.dist(&[]));
    assert_eq!(machine.calls(), calls);
}

/// What rustup installs is the compiler whose hash is in scripts/toolchain, or it is not used.
#[test]
fn another_compiler_than_the_pinned_one_is_refused() {
    let rustup = "version=1.96.0-host; mkdir -p $RUSTUP_HOME/toolchains/$version/bin $RUSTUP_HOME/update-hashes
        echo 0123456789abcdef0123 >$RUSTUP_HOME/update-hashes/$version";
    let machine = Machine::of("root", &[&COMPILER_AND_PYTHON[..], &[("rustup", rustup)]].concat());
    let outcome = machine.dist(&[]);
    assert_says_what_is_missing(&outcome);
    assert!(outcome.stderr.contains("is not the one that scripts/toolchain names"), "{}", outcome.stderr);
}

#[test]
fn debian_is_asked_after_rustup_and_what_it_installs_is_said_first() {
    if !have_debian_12() {
        return;
    }
    for (user, installer) in [("root", "apt-get"), ("user", "sudo")] {
        let machine =
            Machine::of(user, &[("rustup", "exit 1"), ("apt-get", NO_RUST), ("sudo", NO_RUST), ("dpkg-query", "")]);
        let outcome = machine.dist(&[]);
        assert_says_what_is_missing(&outcome);
        let first = outcome.stderr.lines().next().expect("a line");
        for words in [
            "dist: to install: gcc libc6-dev python3 by apt-get, on this machine; Rust ",
            " by rustup, into target/toolchain/rustup; or, where rustup can't serve it, rustc-web ",
        ] {
            assert!(first.contains(words), "{words} is not in {first}");
        }
        let calls = machine.calls();
        let names: Vec<_> = calls.iter().filter_map(|call| call.split(' ').next()).collect();
        let expected = [installer, installer, "rustup", installer, installer];
        assert_eq!(names.into_iter().filter(|&name| name != "dpkg-query").collect::<Vec<_>>(), expected, "{calls:?}");
        assert!(calls.last().expect("calls").contains("rustc-web cargo-web rust-web-src musl-tools"), "{calls:?}");
    }
}

#[test]
fn with_lprobe_setup_no_it_prints_the_commands_and_installs_nothing() {
    for user in ["root", "user"] {
        let machine = Machine::of(user, &["rustup", "apt-get", "sudo"].map(|name| (name, "")));
        let outcome = machine.dist(&[("LPROBE_SETUP", "no")]);
        assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
        let sudo = if user == "root" { "" } else { "sudo " };
        for words in [
            "LPROBE_SETUP=no",
            &format!("\n  {sudo}apt-get -qq update\n  {sudo}env "),
            "gcc libc6-dev python3\n",
            "rustup --quiet toolchain install",
        ] {
            assert!(outcome.stderr.contains(words), "{words} is not in {}", outcome.stderr);
        }
        assert_eq!(machine.calls(), Vec::<String>::new());
    }
}

#[test]
fn an_ordinary_user_at_a_terminal_is_asked_once() {
    if !have_tools(&["script"]) || !have_debian_12() {
        return;
    }
    for (user, answer, asked, installs) in [("user", "n", 1, false), ("user", "y", 1, true), ("root", "", 0, true)] {
        let machine = Machine::of(
            user,
            &[("rustup", "exit 1"), ("apt-get", NO_RUST), ("sudo", NO_RUST), ("dpkg-query", ""), ("dpkg", "")],
        );
        let said = machine.dist_at_a_terminal(answer);
        assert_eq!(said.matches("run apt-get by sudo? [y/N]").count(), asked, "{user}, {answer}: {said}");
        let calls = machine.calls();
        let installed = calls.iter().any(|call| call.starts_with("sudo ") || call.starts_with("apt-get "));
        assert_eq!(installed, installs, "{user}, {answer}: {calls:?} {said}");
        assert!(installs || said.contains("sudo apt-get -qq update"), "the commands are not in {said}");
    }
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

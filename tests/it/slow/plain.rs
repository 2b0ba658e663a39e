//! A plain `cargo build --release`, by the oldest compiler that Cargo.toml and the README promise.

use std::fs;
use std::process::Command;

use crate::support::server::Server;
use crate::support::{have, repository, run};

/// How many bytes the two binaries may have: 1.88 makes 844,560 and 2,106,288, for glibc and without
/// the flags of scripts/toolchain.
const BYTES: [(&str, u64); 2] = [("lprobe", 870_000), ("lprobe-full", 2_140_000)];

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_oldest_compiler_builds_it_plainly_and_within_its_budget() {
    let manifest = fs::read_to_string(repository("Cargo.toml")).expect("the manifest");
    let toolchain = fs::read_to_string(repository("scripts/toolchain")).expect("the script");
    let (_, oldest) = toolchain.split_once("\noldest=").expect("a version");
    let (oldest, _) = oldest.split_once(".0\n").expect("a version");
    assert!(manifest.contains(&format!("\nrust-version = \"{oldest}\"\n")), "Cargo.toml says otherwise than {oldest}");

    let outcome = run(&mut Command::new(repository("scripts/plain")));
    if !have("OLDEST", outcome.status.code() != Some(2), "rustup can't serve the oldest compiler") {
        return;
    }
    assert!(outcome.status.success(), "{}", outcome.stderr);
    let install = "cargo install --git https://github.com/OWNER/lprobe lprobe`";
    for page in ["README.md", "docs/install.md"] {
        assert!(fs::read_to_string(repository(page)).expect("a page").contains(install), "{page}");
    }
    for (name, budget) in BYTES {
        let program = repository("target/plain").join(name);
        let bytes = fs::metadata(&program).expect("it is built").len();
        assert!(bytes <= budget, "{name} has {bytes} bytes, and may have {budget}");
        run(Command::new(&program).arg(Server::answering("HTTP/1.1 200 OK\r\n\r\n").http("/"))).healthy();
        run(Command::new(&program).arg(Server::answering("HTTP/1.1 500 \r\n\r\n").http("/")))
            .unhealthy_saying(&["status 500"]);
    }
}

//! The library in somebody else's program.

use std::fs;
use std::process::Command;

use crate::support::{have, repository, run};

/// A library that defined malloc alone made such a program crash in musl's calloc.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn a_program_that_links_the_library_keeps_musls_allocator() {
    let toolchains = repository("target/toolchain/rustup/toolchains");
    let mut toolchains = fs::read_dir(toolchains).into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let toolchain = toolchains.next();
    if !have("MUSL_TARGET", toolchain.is_some(), "there is no musl target of rustup's (dist/ is by another toolchain)")
    {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = format!(
        "[package]\nname = \"links\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\nlprobe = {{ path = {:?} }}\n[workspace]\n",
        repository("")
    );
    let program = r#"
unsafe extern "C" {
    fn calloc(count: usize, size: usize) -> *mut u8;
    fn realloc(block: *mut u8, size: usize) -> *mut u8;
    fn free(block: *mut u8);
}

fn main() {
    let (_, command) = lprobe::door::parse(vec!["lprobe".into(), ":1".into()]);
    assert!(command.is_ok());
    unsafe {
        let block = calloc(100, 100);
        assert!((0..10_000).all(|place| *block.add(place) == 0));
        free(realloc(block, 1 << 20));
    }
}
"#;
    fs::create_dir(folder.path().join("src")).expect("a folder");
    fs::write(folder.path().join("Cargo.toml"), manifest).expect("a file");
    fs::write(folder.path().join("src/main.rs"), program).expect("a file");
    fs::copy(repository("Cargo.lock"), folder.path().join("Cargo.lock")).expect("a file");
    let path = std::env::join_paths(
        toolchain.into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").expect("a path"))),
    );
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--offline", "--target", "x86_64-unknown-linux-musl"]).current_dir(folder.path());
    let variables = ["RUSTUP_TOOLCHAIN", "RUSTC", "RUSTDOC", "CARGO", "CARGO_TARGET_DIR"];
    for name in variables {
        cargo.env_remove(name);
    }
    let outcome = run(cargo.env("PATH", path.expect("paths")));
    assert!(outcome.status.success(), "{outcome:?}");
}

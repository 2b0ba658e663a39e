//! `make release`, and what docs/releasing.md says of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use goblin::elf::Elf;

use super::architectures::{Processor, released};
use crate::support::{have_root, have_tools, repository, run};

fn release() -> BTreeMap<String, Vec<u8>> {
    let outcome = run(Command::new("make").arg("release").current_dir(repository(".")));
    assert!(outcome.status.success(), "{}", outcome.stderr);
    files_in(&repository("dist/release"))
}

fn files_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
    files.map(|path| (name(&path), fs::read(&path).expect("a file"))).collect()
}

#[track_caller]
fn assert_same(files: &BTreeMap<String, Vec<u8>>, others: &BTreeMap<String, Vec<u8>>) {
    let differing: Vec<_> = files.keys().filter(|&name| files.get(name) != others.get(name)).collect();
    assert!(differing.is_empty() && files.len() == others.len(), "{differing:?}");
}

/// A block of shell commands on the page that has `word`.
fn commands(word: &str) -> String {
    let page = fs::read_to_string(repository("docs/releasing.md")).expect("the page");
    let blocks = page.split("```sh\n").skip(1).map(|block| block.split_once("```").expect("its end").0.to_owned());
    blocks.into_iter().find(|block| block.contains(word)).expect("a block")
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_release_is_complete_the_same_twice_and_signed_as_the_page_says() {
    if !have_root() || !have_tools(&["minisign"]) {
        return;
    }
    let files = release();
    let version = env!("CARGO_PKG_VERSION");
    for Processor { arch, machine, .. } in released() {
        for full in ["", "-full"] {
            let name = format!("lprobe-{version}-linux-{arch}{full}");
            let archive = repository("dist/release").join(format!("{name}.tar.gz"));
            let listed = run(Command::new("tar").arg("--list").arg("--file").arg(&archive)).stdout;
            let program = format!("lprobe{full}");
            for file in [
                &program,
                "LICENSE-APACHE",
                "LICENSE-MIT",
                "THIRD-PARTY.txt",
                &format!("{program}.1"),
                &format!("{program}.bash"),
                &format!("_{program}"),
                &format!("{program}.fish"),
            ] {
                assert!(listed.lines().any(|line| line == format!("{name}/{file}")), "{name} lacks {file}: {listed}");
            }
            assert!(files.contains_key(&format!("{name}.cdx.json")), "{name}");
            let mut unpack = Command::new("tar");
            unpack.args(["--extract", "--to-stdout", "--file"]).arg(archive).arg(format!("{name}/{program}"));
            let unpacked = unpack.output().expect("tar starts").stdout;
            assert_eq!(Elf::parse(&unpacked).expect("ELF").header.e_machine, *machine, "{name}");
            assert_eq!(unpacked.windows(6).any(|window| window == b"(full)"), !full.is_empty(), "{name}");
        }
    }
    assert_same(&files, &release());

    let folder = tempfile::tempdir().expect("a folder");
    let shell = |script: &str| {
        let outcome = run(Command::new("bash").args(["-ec", script]).current_dir(folder.path()));
        assert!(outcome.status.success(), "{script}: {outcome:?}");
    };
    let release = repository("dist/release");
    shell("minisign -G -W -s minisign.key -p minisign.pub");
    shell(&format!("mkdir dist && cp -r {} dist/release", release.display()));
    shell(&commands("minisign -S"));
    shell(&format!("cp minisign.pub dist/release && cd dist/release && {}", commands("minisign -V")));
    // What was changed is told.
    let changed = format!("dist/release/lprobe-{version}-linux-x86_64.tar.gz");
    fs::write(folder.path().join(changed), "changed").expect("a file");
    let check = format!("cd dist/release && {}", commands("minisign -V"));
    let outcome = run(Command::new("bash").args(["-ec", &check]).current_dir(folder.path()));
    assert!(!outcome.status.success() && outcome.stdout.contains("x86_64.tar.gz: FAILED"), "{outcome:?}");
}

/// With what `make dist` made, in a folder where git knows nothing.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn an_archive_of_the_source_makes_the_same_release() {
    if !have_root() {
        return;
    }
    let files = release();
    let folder = tempfile::tempdir().expect("a folder");
    let archive = "git archive HEAD | tar --extract --touch --directory \"$0\" && cp -r dist \"$0\" && ln -s \"$PWD/target\" \"$0\" && \
        rm -r \"$0/dist/release\" && \"$0/scripts/release\"";
    let outcome = run(Command::new("bash").args(["-ec", archive]).arg(folder.path()).current_dir(repository(".")));
    assert!(outcome.status.success(), "{outcome:?}");
    assert_same(&files, &files_in(&folder.path().join("dist/release")));
}

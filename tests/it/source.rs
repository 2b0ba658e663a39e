//! `scripts/source`: the time and the commit that images, archives and lists of crates carry.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{have, repository, run};

/// Runs a line of shell in `folder`, and returns what it prints.
#[track_caller]
fn shell(folder: &Path, line: &str) -> String {
    let outcome = run(Command::new("bash").args(["-ec", line]).current_dir(folder).env_remove("SOURCE_DATE_EPOCH"));
    assert!(outcome.status.success(), "{line}: {outcome:?}");
    outcome.stdout.trim_end().to_owned()
}

/// Returns a folder with the script in a repository of its own, of one commit.
fn clone() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("scripts")).expect("a folder");
    for name in ["scripts/source", ".gitattributes", "Cargo.toml"] {
        fs::copy(repository(name), folder.path().join(name)).expect("a copy");
    }
    let commit = "git init --quiet && git add . && \
        GIT_COMMITTER_DATE='1700000000 +0000' git -c user.name=test -c user.email=test@localhost commit --quiet -m test";
    shell(folder.path(), commit);
    folder
}

fn have_git() -> bool {
    have("TOOLS", Command::new("git").arg("version").output().is_ok(), "git is not installed")
}

#[test]
fn a_clone_and_an_archive_of_it_have_the_time_and_the_commit() {
    if !have_git() {
        return;
    }
    let clone = clone();
    let commit = shell(clone.path(), "git rev-parse HEAD");
    let archive = tempfile::tempdir().expect("a folder");
    shell(
        clone.path(),
        &format!("git archive HEAD | tar --extract --touch --directory '{}'", archive.path().display()),
    );
    for folder in [&clone, &archive] {
        assert_eq!(shell(folder.path(), "scripts/source time"), "1700000000");
        assert_eq!(shell(folder.path(), "scripts/source revision"), commit);
        assert_eq!(shell(folder.path(), "SOURCE_DATE_EPOCH=5 scripts/source time"), "5");
    }
}

#[test]
fn a_changed_clone_says_so() {
    if !have_git() {
        return;
    }
    let clone = clone();
    let commit = shell(clone.path(), "echo >>Cargo.toml; git rev-parse HEAD");
    assert_eq!(shell(clone.path(), "scripts/source revision"), format!("{commit}-dirty"));
}

/// Inside somebody else's clone too, whose commit is not this source's.
#[test]
fn a_copy_without_git_takes_the_time_of_a_file() {
    if !have_git() {
        return;
    }
    let clone = clone();
    let copy = "mkdir copy && cp -r scripts Cargo.toml copy && touch --date @1600000000 copy/Cargo.toml && copy/scripts/source";
    assert_eq!(shell(clone.path(), &format!("{copy} time")), "1600000000");
    assert_eq!(shell(clone.path(), "copy/scripts/source revision"), "unknown");
}

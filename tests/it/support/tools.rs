//! What a machine may lack, for which a test is skipped: programs, root, an engine; and programs that a test makes.

use std::fs::OpenOptions;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::Uid;

/// Where programs are. An ordinary user's PATH leaves out half of it.
const FOLDERS: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

fn find(program: &str) -> Option<PathBuf> {
    FOLDERS.iter().map(|folder| Path::new(folder).join(program)).find(|path| path.exists())
}

/// Returns a command for `program`, whatever PATH says.
pub fn tool(program: &str) -> Command {
    Command::new(find(program).unwrap_or_else(|| program.into()))
}

/// Whether `there`; if not, says that the test is skipped, or fails where `LPROBE_REQUIRE_<what>` is 1.
#[track_caller]
pub fn have(what: &str, there: bool, why: &str) -> bool {
    if !there {
        let required = format!("LPROBE_REQUIRE_{what}");
        assert_ne!(std::env::var(&required).as_deref(), Ok("1"), "{required} is set, and {why}");
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("a test");
        // Past libtest, which keeps what a passing test prints to itself; and for scripts/test, which counts.
        let _ = stderr().write_all(format!("skipped {name}: {why}\n").as_bytes());
        if let Some(list) = std::env::var_os("LPROBE_SKIPPED") {
            let mut list = OpenOptions::new().append(true).open(list).expect("scripts/test has made it");
            list.write_all(format!("{name}\t{why}\n").as_bytes()).expect("a line");
        }
    }
    there
}

/// [`have`] for root.
#[track_caller]
pub fn have_root() -> bool {
    have("TOOLS", Uid::effective().is_root(), "this takes root")
}

/// [`have`] for the right to change the root folder.
#[track_caller]
pub fn have_chroot() -> bool {
    let can = tool("chroot").args(["/", "true"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    have("TOOLS", can, "there is no right to chroot")
}

/// [`have`] for programs, which `.ci/run` installs.
#[track_caller]
pub fn have_tools(programs: &[&str]) -> bool {
    programs.iter().all(|program| have("TOOLS", find(program).is_some(), &format!("{program} is not installed")))
}

/// Writes a program that is to be run, by a process of its own. If this one did, a child that another test forks in that moment
/// would have the file open for writing, and until it has gone, to run the program is "Text file busy": 4 times in 500, beside
/// four threads that start processes.
pub fn executable(path: &Path, contents: &[u8]) {
    let mut install = Command::new("install");
    let mut install =
        install.args(["--mode=755", "/dev/stdin"]).arg(path).stdin(Stdio::piped()).spawn().expect("it starts");
    install.stdin.take().expect("it is piped").write_all(contents).expect("it reads");
    assert!(install.wait().expect("it ends").success(), "{}", path.display());
}

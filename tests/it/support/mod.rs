//! What the tests share: the binary in `dist/`, run as a process, and servers to run it against.

pub mod engine;
pub mod memcheck;
pub mod netns;
pub mod nginx;
pub mod script;
pub mod server;

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, Uid};

/// A path in the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Whether it is the full build that is tested: `cargo test --features full`.
pub const FULL: bool = cfg!(feature = "full");

/// The name of the build that is tested.
pub const NAME: &str = if FULL { "lprobe-full" } else { "lprobe" };

/// The budget of peak resident memory, whatever a server sends, in bytes.
pub const PEAK_RSS: u64 = if FULL { 4 << 20 } else { 1 << 20 };

/// The binary that LPROBE_BINARY names, or else the one that cargo built beside these tests. `make test` names that in
/// dist/, and `make test-slow` another processor's, by an emulator.
pub fn binary() -> PathBuf {
    let built = || Path::new(env!("CARGO_BIN_EXE_lprobe")).to_owned();
    std::env::var_os("LPROBE_BINARY").map_or_else(built, |binary| repository("").join(binary))
}

/// How one run ended.
#[derive(Debug)]
pub struct Outcome {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("it speaks UTF-8");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Self { status: output.status, stdout, stderr, took: Duration::ZERO }
    }
}

impl Outcome {
    /// Exit 0, and nothing said.
    #[track_caller]
    pub fn healthy(self) {
        assert!(self.status.success(), "{self:?}");
        assert_eq!((&*self.stdout, &*self.stderr), ("", ""), "a healthy probe is silent");
    }

    /// Exit 1, and one line, which is returned without its `lprobe: `.
    #[track_caller]
    pub fn unhealthy(self) -> String {
        assert_eq!(self.status.code(), Some(1), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        let line = self.stderr.strip_suffix('\n').expect("a line");
        assert!(line.len() < 1_000, "too long for a health log: {} bytes", line.len());
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "not one printable line: {line:?}");
        line.strip_prefix("lprobe: ").expect("the program's name").to_owned()
    }

    /// [`Outcome::unhealthy`], with a line that has all of `words`.
    #[track_caller]
    pub fn unhealthy_saying(self, words: &[&str]) {
        let line = self.unhealthy();
        for word in words {
            assert!(line.contains(word), "{word:?} is not in {line:?}");
        }
    }
}

/// Runs the binary with `arguments`.
pub fn lprobe(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Outcome {
    run(without_variables(&mut Command::new(binary())).args(arguments))
}

/// Without the variables that may stand behind options.
pub fn without_variables(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"LPROBE_")) {
        command.env_remove(name);
    }
    command
}

/// Runs `command` to its end.
pub fn run(command: &mut Command) -> Outcome {
    let begin = Instant::now();
    let output = command.stdin(Stdio::null()).output().expect("it starts");
    Outcome { took: begin.elapsed(), ..Outcome::from(output) }
}

/// A run's outcome, and the most memory it had resident, in bytes. A traced process stops at its exit with its memory
/// still there; the kernel's own account, ru_maxrss, begins with the parent's memory. The time is that from exec to exit.
pub fn measured(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> (Outcome, u64) {
    let mut stopped = Command::new("sh");
    stopped.args(["-c", "kill -STOP $$; exec \"$0\" \"$@\""]).arg(binary());
    without_variables(stopped.args(arguments));
    let stopped = stopped.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = stopped.spawn().expect("it starts");
    let process = Pid::from_raw(child.id().cast_signed());
    waitpid(process, Some(WaitPidFlag::WUNTRACED)).expect("it stops itself");
    ptrace::seize(process, ptrace::Options::PTRACE_O_TRACEEXIT).expect("it is stopped");
    let begin = Instant::now();
    kill(process, Signal::SIGCONT).expect("it is stopped");
    loop {
        match waitpid(process, None).expect("it is traced") {
            WaitStatus::PtraceEvent(_, _, nix::libc::PTRACE_EVENT_EXIT) => break,
            WaitStatus::Stopped(_, signal) => ptrace::cont(process, signal).expect("it is stopped"),
            WaitStatus::PtraceEvent(..) => ptrace::cont(process, None).expect("it is stopped"),
            ended => panic!("{ended:?}"),
        }
    }
    let took = begin.elapsed();
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it is stopped");
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    ptrace::cont(process, None).expect("it is stopped");
    let output = child.wait_with_output().expect("it exits");
    (Outcome { took, ..Outcome::from(output) }, peak.expect("a peak") * 1024)
}

/// A process that ends with the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the child has written to its stderr once it has ended.
pub fn stderr_of(child: &mut Child) -> String {
    let mut said = String::new();
    child.stderr.take().expect("stderr is piped").read_to_string(&mut said).expect("UTF-8");
    said
}

/// Whether `there`; if not, says that the test is skipped, or fails where `LPROBE_REQUIRE_<what>` is 1.
#[track_caller]
pub fn have(what: &str, there: bool, why: &str) -> bool {
    if !there {
        let required = format!("LPROBE_REQUIRE_{what}");
        assert_ne!(std::env::var(&required).as_deref(), Ok("1"), "{required} is set, and {why}");
        // Past libtest, which keeps what a passing test prints to itself.
        let _ = writeln!(std::io::stderr(), "skipped {}: {why}", std::thread::current().name().unwrap_or("a test"));
    }
    there
}

/// [`have`] for root.
#[track_caller]
pub fn have_root() -> bool {
    have("TOOLS", Uid::effective().is_root(), "this takes root")
}

/// [`have`] for programs in PATH, which `.ci/run` installs.
#[track_caller]
pub fn have_tools(programs: &[&str]) -> bool {
    programs.iter().all(|program| {
        let found = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
            .iter()
            .any(|folder| Path::new(folder).join(program).exists());
        have("TOOLS", found, &format!("{program} is not installed"))
    })
}

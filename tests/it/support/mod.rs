//! What the tests share: the binary in `dist/`, run as a process, and servers to run it against.

pub mod engine;
pub mod examples;
mod measured;
pub mod memcheck;
pub mod netns;
pub mod nginx;
pub mod script;
pub mod server;
mod tools;

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

pub use measured::measured;
pub use tools::{executable, have, have_chroot, have_root, have_tools, tool};

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
    /// How much of that was spent in the queue for a processor, where [`measured`] has seen it.
    pub queued: Duration,
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("it speaks UTF-8");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Self { status: output.status, stdout, stderr, took: Duration::ZERO, queued: Duration::ZERO }
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
        // An alert follows the line of a target outside the container.
        let (line, alert) = line.split_once("\nlprobe: ALERT: ").unwrap_or((line, ""));
        let is_outside = line.contains("lprobe only reaches its own container");
        assert_eq!(alert.starts_with("a target is outside this container: process "), is_outside, "{self:?}");
        assert!(line.len() < 1_000, "too long for a health log: {} bytes", line.len());
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "not one printable line: {line:?}");
        line.strip_prefix("lprobe: ").expect("the program's name").to_owned()
    }

    /// The time that it took by itself, however busy the machine was.
    pub fn by_itself(&self) -> Duration {
        self.took.saturating_sub(self.queued)
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

/// Runs the binary with `arguments`. Its deadline is far away, unless they say otherwise: on a busy machine, a server may take
/// more than the second that is the default.
pub fn lprobe(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Outcome {
    run(without_variables(&mut Command::new(binary())).env("LPROBE_TIMEOUT", "30s").args(arguments))
}

/// Runs the binary with `arguments`, and no variable that it heeds.
pub fn lprobe_by_default(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Outcome {
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

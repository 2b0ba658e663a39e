//! The handshakes with the servers they were made for: each from its Debian package, if there is one, up, starting,
//! stopping, full, and not there at all. Every test has a network namespace of its own, so each server is on its default port.

mod golden;
mod mariadb;
mod memcached;
mod mosquitto;
mod nats;
mod opensmtpd;
mod php_fpm;
mod postgres;
mod rabbitmq;
mod redis;
mod slapd;
mod sshd;
mod unbound;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::netns::isolated;
use crate::support::{Outcome, have, have_tools, lprobe, run};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User};
use tempfile::TempDir;

/// Longer than any server takes, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(120);

/// What lprobe says of a port where nobody listens, and of a server that answers, but not as one that is ready.
const NOBODY: &str = "connection refused";
const NOT_READY: &str = "the reply is not an expected one";

/// A folder of the account that a package made for its server: most of them refuse to run as root.
struct Home {
    account: User,
    folder: TempDir,
}

impl Home {
    fn of(account: &str) -> Self {
        let account = User::from_name(account).expect("accounts can be read").expect("the package made its account");
        let folder = tempfile::tempdir().expect("a folder");
        chown(folder.path(), Some(account.uid.as_raw()), Some(account.gid.as_raw())).expect("root may");
        Self { account, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `program` as the account would run it, with nothing from the environment of whoever runs the tests.
    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .uid(self.account.uid.as_raw())
            .gid(self.account.gid.as_raw())
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.folder.path())
            // A MariaDB that starts clears the temporary tables of every other one from a folder that they share.
            .env("TMPDIR", self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Starts a server, which `stop` will end.
    fn serve(&self, command: &mut Command, stop: Signal) -> Server {
        let log = self.path("server.log");
        let output = File::options().create(true).append(true).open(&log).expect("a log");
        let errors = output.try_clone().expect("another handle");
        let process = command.stdout(output).stderr(errors).spawn().expect("the server starts");
        Server { process, stop, log }
    }
}

/// Runs `test` with an empty home of `account`, unless one of `programs` is missing.
#[track_caller]
fn at_home_of(account: &'static str, programs: &[&str], test: impl FnOnce(&Home) + Send + 'static) {
    if have_tools(programs) {
        isolated(move || test(&Home::of(account)));
    }
}

/// A server that ends with the test.
struct Server {
    process: Child,
    stop: Signal,
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        // A process that was waited for has given up its number.
        if self.runs() {
            self.signal(self.stop);
            let _ = self.process.wait();
        }
    }
}

impl Server {
    fn runs(&mut self) -> bool {
        self.process.try_wait().expect("it is our child").is_none()
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().cast_signed()), signal).expect("it is our child");
    }

    /// What it has said so far.
    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until `condition` holds; a server that ends before will never let it.
    #[track_caller]
    fn until(&mut self, what: &str, mut condition: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !condition() {
            let log = || fs::read_to_string(&self.log).unwrap_or_default();
            assert!(begin.elapsed() < PATIENCE, "it is still not {what}:\n{}", log());
            assert!(self.process.try_wait().is_ok_and(|ended| ended.is_none()), "it ended, not {what}:\n{}", log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    fn until_healthy(&mut self, target: &str) {
        self.until("healthy", || is_healthy(target));
    }

    /// Waits until the server has logged `words` so often.
    #[track_caller]
    fn until_logged(&mut self, words: &str, times: usize) {
        let log = self.log.clone();
        let logged = move || fs::read_to_string(&log).unwrap_or_default().matches(words).count();
        self.until("done logging", || logged() >= times);
    }

    /// Waits until lprobe says `words` of `target`.
    #[track_caller]
    fn until_unhealthy(&mut self, target: &str, words: &str) {
        self.until("unhealthy", || is_unhealthy(target, words));
    }

    /// Waits until the server has ended by itself.
    #[track_caller]
    fn until_ended(&mut self) {
        let begin = Instant::now();
        while self.runs() {
            assert!(begin.elapsed() < PATIENCE, "it is still there");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Probes `target`, without haste: a busy server may take its time to answer.
fn probe(target: &str) -> Outcome {
    lprobe(["--timeout=60s", target])
}

/// Whether `target` is healthy; if not, it has to be plainly unhealthy.
#[track_caller]
fn is_healthy(target: &str) -> bool {
    let outcome = probe(target);
    let healthy = outcome.status.success();
    if healthy {
        outcome.healthy();
    } else {
        outcome.unhealthy();
    }
    healthy
}

/// Whether `target` is unhealthy, and lprobe says `words`.
#[track_caller]
fn is_unhealthy(target: &str, words: &str) -> bool {
    let outcome = probe(target);
    !outcome.status.success() && outcome.unhealthy().contains(words)
}

/// A connection that never waits for ever.
fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("localhost", port)).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it is a socket");
    stream
}

/// Probes a server before it runs, while it does, and when it has ended. Of each probe it logs `farewell`, and of none
/// `broken`.
#[track_caller]
fn comes_and_goes(target: &str, port: u16, start: impl FnOnce() -> Server, farewell: &str, broken: &str) {
    probe(target).unhealthy_saying(&[&format!("{target}:{port}"), NOBODY]);
    let mut server = start();
    server.until_healthy(target);
    probe(&format!("{}:{port}", target.replace("localhost", "127.0.0.1"))).healthy();
    server.until_logged(farewell, 2);
    assert!(!server.log().contains(broken), "{}", server.log());
    server.signal(Signal::SIGTERM);
    server.until_ended();
    probe(target).unhealthy_saying(&[NOBODY]);
}

//! Standard streams that are full, closed, or without a reader.

use crate::support::server::{ClosedPort, Server, until_closed};
use crate::support::{Running, binary, without_variables};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{PipeReader, PipeWriter, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// A pipe that has no room, and whose reader never comes, with that reader.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("it is a pipe");
    while writer.write(&[b'x'; 4096]).is_ok() {}
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::empty())).expect("it is a pipe");
    (reader, writer)
}

/// The exit code, unless it waits for what never comes.
fn code_of(mut probe: Running) -> Option<i32> {
    let begin = Instant::now();
    loop {
        if let Some(status) = probe.0.try_wait().expect("it is a child") {
            return status.code();
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "it waits for a reader");
    }
}

/// What a signal has it say, as an end that nobody chose.
#[test]
fn a_stderr_that_takes_nothing_changes_no_exit_code_of_a_signal() {
    for (waits, signal) in [(true, Signal::SIGTERM), (true, Signal::SIGABRT), (false, Signal::SIGABRT)] {
        for is_full in [true, false] {
            let (reader, writer) = if is_full { full_pipe() } else { std::io::pipe().expect("a pipe") };
            let reader = is_full.then_some(reader);
            let server = Server::silent();
            let mut command = Command::new(binary());
            without_variables(&mut command).args(waits.then_some("--wait=60s"));
            let command = command.args(["--timeout=60s", &server.http("/")]).stderr(writer);
            let probe = Running(command.spawn().expect("it starts"));
            server.request();
            kill(Pid::from_raw(probe.0.id().cast_signed()), signal).expect("it runs");
            assert_eq!(code_of(probe), Some(1), "{signal}, --wait: {waits}, full: {is_full}");
            drop(reader);
        }
    }
}

#[test]
fn a_stderr_that_can_take_no_more_changes_no_exit_code() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let mut limited = Command::new("prlimit");
    let stderr = file.reopen().expect("the file");
    let status = limited.arg("--fsize=0").arg(binary()).arg("nonsense").stderr(stderr).status();
    assert_eq!(status.expect("it starts").code(), Some(1));
}

/// The pipe has no room, and its reader never comes.
#[test]
fn a_full_stderr_does_not_outlast_the_deadline() {
    let (_reader, writer) = full_pipe();
    for argument in ["tcp://:1", "nonsense"] {
        let stderr = writer.try_clone().expect("the pipe");
        let probe = Running(Command::new(binary()).arg(argument).stderr(stderr).spawn().expect("it starts"));
        assert_eq!(code_of(probe), Some(1), "{argument}");
    }
}

#[test]
fn a_stderr_that_nobody_reads_changes_no_exit_code() {
    let closed = ClosedPort::new();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = Command::new(binary()).arg(format!("tcp://:{}", closed.port)).stderr(writer).status();
    assert_eq!(status.expect("it starts").code(), Some(1));
}

/// A socket in its place would be sent the line that is meant for stderr. The worst case is a crash, when the
/// connection is still open.
#[test]
fn a_closed_standard_stream_is_never_mistaken_for_a_socket() {
    for closed in ["<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- 2>&-", "<&- >&- 2>&-"] {
        let (sender, rest) = channel();
        let server = Server::start(move |stream| drop(sender.send(until_closed(stream))));
        let script = format!("exec \"$0\" \"$@\" {closed}");
        let mut probe = Command::new("sh");
        probe.args(["-c", &script]).arg(binary()).args(["--timeout=60s", &server.http("/")]);
        let mut probe = Running(probe.stderr(Stdio::null()).spawn().expect("it starts"));
        server.request();
        kill(Pid::from_raw(probe.0.id().cast_signed()), Signal::SIGABRT).expect("it runs");
        assert_eq!(probe.0.wait().expect("it ends").code(), Some(1), "{closed}");
        assert_eq!(
            rest.recv_timeout(Duration::from_secs(30)).expect("the server's word"),
            b"",
            "{closed}: more than the request was sent"
        );

        let healthy = Server::answering(OK);
        let status = Command::new("sh").args(["-c", &script]).arg(binary()).arg(healthy.http("/")).status();
        assert_eq!(status.expect("it starts").code(), Some(0), "{closed}");
    }
}

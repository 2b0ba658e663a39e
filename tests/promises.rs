//! Promises 2, 3, 5 and 6: nothing is carried out, the exit code is 0 or 1, nothing outlasts the deadline or grows
//! the memory. Promise 1 is in reach.rs; promise 4, never healthy by mistake, is what http.rs and tcp.rs are about.

mod support;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use support::server::{ClosedPort, Server, until_closed};
use support::{FULL, Running, binary, exit_code_and_peak_rss, have_tools, lprobe, run, stderr_of};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// The budget of peak resident memory, in bytes.
const PEAK_RSS: u64 = if FULL { 4 << 20 } else { 1 << 20 };

// Promise 2: it carries nothing out.

#[test]
fn nothing_that_the_server_sent_is_printed() {
    for answer in [
        "HTTP/1.1 500 SECRET\r\nX-Secret: SECRET\r\nContent-Length: 6\r\n\r\nSECRET",
        "HTTP/1.1 302 Found\r\nLocation: http://SECRET/\r\n\r\n",
        "SECRET\r\n\r\n",
        "HTTP/1.1 SECRET\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: SECRET\r\n\r\n",
        "HTTP/1.1 200 OK\r\nSECRET\r\n\r\n",
        "HTTP/1.1 200 \x1b[2JSECRET",
    ] {
        let line = lprobe([Server::answering(answer).http("/")]).unhealthy();
        assert!(!line.contains("SECRET"), "{line}");
    }
}

#[test]
fn no_file_is_opened_no_program_run_and_nothing_listened_on() {
    if !have_tools(&["strace"]) {
        return;
    }
    let server = Server::answering(OK);
    for target in [server.http("/"), server.tcp(), ":1/".into()] {
        let trace = run(Command::new("strace").arg("-f").arg(binary()).arg(&target));
        let name = |line: &str| line.split_once('(').map(|(name, _)| name.to_owned());
        let mut calls: Vec<_> = trace.stderr.lines().filter_map(name).collect();
        assert_eq!(calls.remove(0), "execve");
        let calls: BTreeSet<_> = calls.into_iter().collect();
        assert!(calls.contains("socket"), "{trace:?}");
        for call in ["open", "openat", "creat", "execve", "fork", "vfork", "clone", "clone3", "listen", "accept4"] {
            assert!(!calls.contains(call), "{target}: {call}");
        }
    }
}

// Promise 3: exit 0 or 1, and nothing else.

#[test]
fn a_crash_is_exit_1_with_a_line() {
    let fault = if cfg!(target_arch = "x86_64") { Signal::SIGILL } else { Signal::SIGTRAP };
    for signal in [Signal::SIGABRT, fault, Signal::SIGSEGV, Signal::SIGSYS] {
        let server = Server::silent();
        let mut probe = Command::new(binary());
        probe.args(["--timeout=60s", &server.http("/")]).stderr(Stdio::piped());
        let mut probe = Running(probe.spawn().expect("it starts"));
        server.request();
        kill(Pid::from_raw(probe.0.id().cast_signed()), signal).expect("it runs");
        let status = probe.0.wait().expect("it ends");
        assert_eq!(status.code(), Some(1), "{signal}");
        assert_eq!(stderr_of(&mut probe.0), "lprobe: crashed, out of memory or by a fault of its own\n");
    }
}

#[test]
fn a_full_table_of_file_descriptors_is_exit_1_with_a_line() {
    let server = Server::answering(OK);
    for limit in 3..=7 {
        for target in [server.http("/"), server.tcp()] {
            let mut limited = Command::new("prlimit");
            let outcome = run(limited.arg(format!("--nofile={limit}")).arg(binary()).arg(target));
            // 0 to 2, epoll twice, the waker's eventfd, and the connection.
            match limit {
                7.. => outcome.healthy(),
                _ => outcome.unhealthy_saying(&["No file descriptors available"]),
            }
        }
    }
}

/// With a stack, or an address space, that is just too small: below that the kernel can't start any program.
#[test]
fn memory_that_is_not_to_be_had_is_exit_1_with_a_line() {
    let server = Server::answering(OK);
    for limit in ["stack", "as"] {
        let outcomes: Vec<_> = (1..=PEAK_RSS / 4096)
            .map(|pages| {
                let mut limited = Command::new("prlimit");
                run(limited.arg(format!("--{limit}={}", pages * 4096)).arg(binary()).arg(server.http("/")))
            })
            .skip_while(|outcome| outcome.status.code().is_none() || outcome.stderr.starts_with("prlimit: "))
            .collect();
        let enough = outcomes.iter().position(|outcome| outcome.status.success()).expect("the budget is enough");
        // Where the kernel can start it, its address space is all that it takes.
        assert_eq!(enough == 0, limit == "as", "{limit}: {enough} cases arose");
        for (index, outcome) in outcomes.into_iter().enumerate() {
            match index < enough {
                true => outcome.unhealthy_saying(&["crashed, out of memory"]),
                false => outcome.healthy(),
            }
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
    let (_reader, mut writer) = std::io::pipe().expect("a pipe");
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("it is a pipe");
    while writer.write(&[b'x'; 4096]).is_ok() {}
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::empty())).expect("it is a pipe");
    for argument in ["tcp://:1", "nonsense"] {
        let stderr = writer.try_clone().expect("the pipe");
        let mut probe = Running(Command::new(binary()).arg(argument).stderr(stderr).spawn().expect("it starts"));
        let begin = Instant::now();
        let code = loop {
            if let Some(status) = probe.0.try_wait().expect("it is a child") {
                break status.code();
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "{argument}: it waits for a reader");
        };
        assert_eq!(code, Some(1));
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

// Promise 5: one deadline, and memory that no server grows.

#[test]
fn an_answer_without_end_takes_neither_time_nor_memory() {
    for (begin, repeat) in [
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("", "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"),
        ("", "x"),
        ("HTTP/1.1 200 OK\r\n", "a: b\r\n"),
        ("HTTP/1.1 200 OK\r\na: ", "b"),
        ("HTTP/1.1 200 ", "x"),
        ("HTTP/1.1 200 OK\r\na: b\r\n", " b\r\n"),
    ] {
        let server = Server::start(move |mut stream| {
            let chunk = repeat.repeat(1000);
            let mut going = stream.write_all(begin.as_bytes()).is_ok();
            while going {
                going = stream.write_all(chunk.as_bytes()).is_ok();
            }
        });
        let start = Instant::now();
        let (code, peak) = exit_code_and_peak_rss(&["--timeout=60s", &server.http("/")]);
        assert_eq!(code, Some(1), "{begin:?} and {repeat:?} without end");
        assert!(start.elapsed() < Duration::from_secs(30), "{begin:?} and {repeat:?} were read to the deadline");
        assert!(peak <= PEAK_RSS, "{begin:?} and {repeat:?}: {peak} bytes");
    }
}

//! Where a container gives a probe next to nothing: descriptors, memory, processes, ports, streams, time. Each has an
//! outcome that a person would call right.

use std::fs;
use std::io::Write;
use std::iter::from_fn;
use std::net::{TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::support::netns::{ip, isolated, sysctl};
use crate::support::server::{LOCALHOST, Server, full_backlog, until_closed};
use crate::support::{
    Outcome, PEAK_RSS, Running, binary, executable, have, have_chroot, have_root, have_tools, lprobe, measured, run,
    stderr_of, tool, without_variables,
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// The binary, started by `sh` once it has done what `preparation` says.
fn after(preparation: &str) -> Command {
    let mut command = Command::new("sh");
    without_variables(&mut command).args(["-c", &format!("{preparation} exec \"$0\" \"$@\"")]).arg(binary());
    command
}

// Limits.

#[ignore = "needs dist/: run `make test`"]
#[test]
fn a_full_table_of_file_descriptors_is_exit_1_with_a_line() {
    let server = Server::answering(OK);
    for limit in 3..=9 {
        // tcp:// opens a second connection to a port that the kernel also gives to clients, as this one.
        for (target, enough) in [(server.http("/"), 7), (server.tcp(), 8)] {
            let mut limited = Command::new("prlimit");
            let outcome = run(limited.arg(format!("--nofile={limit}")).arg(binary()).arg(target));
            // 0 to 2, epoll twice, the waker's eventfd, and the connection.
            match limit >= enough {
                true => outcome.healthy(),
                false => outcome.unhealthy_saying(&["No file descriptors available"]),
            }
        }
    }
}

/// With a stack, or an address space, that is just too small: below that the kernel can't start any program.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn memory_that_is_not_to_be_had_is_exit_1_with_a_line() {
    let server = Server::answering(OK);
    for limit in ["stack", "as"] {
        let outcomes: Vec<_> = (1..=PEAK_RSS / 4096)
            .map(|pages| {
                // The kernel begins a stack up to two pages lower than it could, by chance, unless it is told not to.
                let mut limited = Command::new("setarch");
                limited.args(["--addr-no-randomize", "prlimit", &format!("--{limit}={}", pages * 4096)]);
                run(limited.arg(binary()).arg(server.http("/")))
            })
            .skip_while(|outcome| outcome.status.code().is_none() || outcome.stderr.starts_with("prlimit: "))
            .collect();
        let enough = outcomes.iter().position(|outcome| outcome.status.success()).expect("the budget is enough");
        // Where the kernel can start it, its address space is all that it takes.
        assert_eq!(enough == 0, limit == "as", "{limit}: {enough} cases arose");
        for (index, outcome) in outcomes.into_iter().enumerate() {
            match index < enough {
                true => outcome.unhealthy_saying(&["crashed: out of memory"]),
                false => outcome.healthy(),
            }
        }
    }
}

/// A control group of the test's own, removed at the end.
struct ControlGroup(PathBuf);

impl ControlGroup {
    /// Where `limit` of `controller` is `value`; none where that can't be set up. The limit has one name in version 1 and
    /// another in version 2.
    fn limited(controller: &str, limits: [&str; 2], value: &str) -> Option<Self> {
        let root = Path::new("/sys/fs/cgroup");
        let [version_1, version_2] = [root.join(controller), root.to_owned()];
        let name = format!("lprobe-test-{controller}-{}", std::process::id());
        let (folder, limit) = match version_1.exists() {
            true => (version_1.join(name), limits[0]),
            false => {
                // Where it is on already, that it can't be set does not matter.
                let _ = fs::write(root.join("cgroup.subtree_control"), format!("+{controller}"));
                (version_2.join(name), limits[1])
            }
        };
        fs::create_dir(&folder).ok()?;
        let group = Self(folder);
        fs::write(group.0.join(limit), value).ok()?;
        Some(group)
    }

    fn run(&self, target: &str) -> Outcome {
        run(after(&format!("echo $$ > '{}/cgroup.procs' &&", self.0.display())).arg(target))
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn four_megabytes_and_one_process_are_enough() {
    let server = Server::answering(OK);
    let mebibytes = (4 << 20).to_string();
    for (controller, limits, value) in
        [("memory", ["memory.limit_in_bytes", "memory.max"], &*mebibytes), ("pids", ["pids.max", "pids.max"], "1")]
    {
        let group = ControlGroup::limited(controller, limits, value);
        if !have("TOOLS", group.is_some(), &format!("there is no control group to be had for {controller}")) {
            return;
        }
        let group = group.expect("it is there");
        group.run(&server.http("/")).healthy();
        group.run(&Server::answering("HTTP/1.1 500 \r\n\r\n").http("/")).unhealthy_saying(&["status 500"]);
    }
}

#[test]
fn ten_thousand_variables_change_nothing() {
    let server = Server::answering(OK);
    let mut command = Command::new(binary());
    without_variables(&mut command).envs((0..10_000).map(|number| (format!("LPROB_{number}"), "value")));
    run(command.arg(server.http("/"))).healthy();
    run(command.env("LPROBE_HTTP_CODES", "204")).unhealthy_saying(&["status 200, expected 204"]);
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn an_image_that_holds_nothing_else_is_enough() {
    if !have_chroot() {
        return;
    }
    let image = tempfile::tempdir().expect("a folder");
    executable(&image.path().join("lprobe"), &fs::read(binary()).expect("the binary"));
    let inside = |argument: &[&str]| run(tool("chroot").arg(image.path()).arg("/lprobe").args(argument));
    // No /proc, /dev, /etc or /tmp.
    inside(&[&Server::answering(OK).http("/")]).healthy();
    inside(&["http://example.com/"]).unhealthy_saying(&["only reaches its own container"]);
    inside(&["install", "/copy"]).healthy();
    assert_eq!(fs::read(image.path().join("copy")).expect("it is there"), fs::read(binary()).expect("the binary"));
}

// Loopback and its ports. That it may be down, and IPv6 off, is in reach.rs.

#[test]
fn loopback_that_is_down_is_named() {
    isolated(|| {
        ip("link set lo down");
        ip("address flush dev lo");
        for target in ["http://127.0.0.1:80/", "http://[::1]:80/", "http://localhost:80/"] {
            lprobe(["--timeout=300ms", target]).unhealthy_saying(&["loopback up"]);
        }
        lprobe(["--send=a", "--expect=b", "udp://127.0.0.1:80"]).unhealthy_saying(&["is loopback up"]);
    });
}

#[test]
fn a_port_range_that_is_used_up_is_named() {
    isolated(|| {
        sysctl("ipv4/ip_local_port_range", "41000 41001");
        let server = Server::start_at((LOCALHOST, 80).into(), |stream| drop(until_closed(stream)));
        let _taken: Vec<_> = from_fn(|| TcpStream::connect((LOCALHOST, server.port)).ok()).take(2).collect();
        let words = ["127.0.0.1: no local port is free for the connection (ip_local_port_range)"];
        lprobe(["tcp://127.0.0.1:80"]).unhealthy_saying(&words);
        let _sockets: Vec<_> = from_fn(|| UdpSocket::bind("127.0.0.1:0").ok()).take(2).collect();
        lprobe(["--send=a", "--expect=b", "udp://127.0.0.1:80"]).unhealthy_saying(&words);
    });
}

/// Nobody accepts, and there is no room to wait: the service hangs.
#[test]
fn a_full_backlog_is_unhealthy_at_the_deadline() {
    let (_listener, address, _waiting) = full_backlog();
    let (outcome, _) = measured(["--timeout=300ms", &format!("tcp://{address}")]);
    assert!(outcome.by_itself() < Duration::from_millis(800), "{outcome:?}");
    outcome.unhealthy_saying(&["no connection to 127.0.0.1 within 300 ms"]);
}

// Signals.

/// A probe of `server` that waits for its answer.
fn waiting(timeout: &str, server: &Server) -> (Running, Pid) {
    let mut command = Command::new(binary());
    without_variables(&mut command).args([&format!("--timeout={timeout}"), &server.http("/")]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let process = Pid::from_raw(child.id().cast_signed());
    server.request();
    (Running(child), process)
}

/// The exit code, and what it said.
fn end_of(mut probe: Running) -> (Option<i32>, String) {
    let status = probe.0.wait().expect("it ends");
    (status.code(), stderr_of(&mut probe.0))
}

/// Whoever asks it to end learns that it did, and by what.
#[test]
fn it_ends_when_it_is_told_to() {
    let server = Server::silent();
    let (mut probe, process) = waiting("60s", &server);
    kill(process, Signal::SIGTERM).expect("it runs");
    assert_eq!(waitpid(process, None), Ok(WaitStatus::Signaled(process, Signal::SIGTERM, false)));
    assert_eq!(stderr_of(&mut probe.0), "");
}

/// The first process of a container gets no signal that it does not handle.
#[test]
fn a_wait_ends_when_it_is_told_to_even_as_the_first_process() {
    if !have_root() || !have_tools(&["unshare"]) {
        return;
    }
    for (signal, option) in [Signal::SIGTERM, Signal::SIGINT].into_iter().zip(["--wait=60s", "--watch=60s"]) {
        let server = Server::silent();
        let mut command = tool("unshare");
        without_variables(&mut command).args(["--pid", "--fork"]).arg(binary());
        let command = command.args([option, "--timeout=60s", &server.http("/")]).stderr(Stdio::piped());
        let first = Running(command.spawn().expect("it starts"));
        server.request();
        let children = format!("/proc/{0}/task/{0}/children", first.0.id());
        let probe = fs::read_to_string(children).expect("/proc is mounted").trim().parse().expect("one child");
        kill(Pid::from_raw(probe), signal).expect("it runs");
        assert_eq!(end_of(first), (Some(1), "lprobe: stopped by a signal before it was done\n".to_owned()));
    }
}

/// A server that answers when it is told to.
fn answering_when_told() -> (Server, impl Fn()) {
    let (tell, told) = channel::<()>();
    let (done, answered) = channel();
    let server = Server::start(move |mut stream| {
        // A test that is over tells nobody.
        if told.recv().is_ok() {
            stream.write_all(OK.as_bytes()).expect("the probe is there");
            let _ = done.send(());
            until_closed(stream);
        }
    });
    let answer = move || {
        tell.send(()).expect("the server waits");
        answered.recv_timeout(Duration::from_secs(30)).expect("the server answers");
    };
    (server, answer)
}

/// A caller's interval timers survive exec, and so does its wish to be told about a descriptor. Its limit on CPU time
/// raises a signal too.
#[test]
fn a_signal_that_its_caller_arranged_changes_nothing() {
    for signal in [Signal::SIGALRM, Signal::SIGVTALRM, Signal::SIGPROF, Signal::SIGXCPU, Signal::SIGIO] {
        let (server, answer) = answering_when_told();
        let (probe, process) = waiting("60s", &server);
        kill(process, signal).expect("it runs");
        answer();
        assert_eq!(end_of(probe), (Some(0), String::new()), "{signal}");
    }
    if !have_tools(&["python3"]) {
        return;
    }
    let (server, answer) = answering_when_told();
    let timer = "import os, signal, sys; signal.setitimer(signal.ITIMER_REAL, 1); os.execv(sys.argv[1], sys.argv[1:])";
    let mut command = Command::new("python3");
    without_variables(&mut command).args(["-Sc", timer]).arg(binary()).args(["--timeout=60s", &server.http("/")]);
    let probe = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts"));
    server.request();
    // Until the timer has gone off.
    std::thread::sleep(Duration::from_millis(1_100));
    answer();
    assert_eq!(end_of(probe), (Some(0), String::new()));
}

fn stop(process: Pid) {
    kill(process, Signal::SIGSTOP).expect("it runs");
    let stopped = waitpid(process, Some(WaitPidFlag::WUNTRACED));
    assert_eq!(stopped, Ok(WaitStatus::Stopped(process, Signal::SIGSTOP)));
}

#[test]
fn a_pause_within_the_deadline_does_not_matter() {
    let (server, answer) = answering_when_told();
    let (probe, process) = waiting("60s", &server);
    stop(process);
    answer();
    kill(process, Signal::SIGCONT).expect("it is there");
    assert_eq!(end_of(probe), (Some(0), String::new()));
}

/// Whether the answer came in time can't be told any more.
#[test]
fn a_pause_beyond_the_deadline_is_unhealthy() {
    let deadline = Duration::from_millis(500);
    for answers in [true, false] {
        let (server, answer) = answering_when_told();
        let (probe, process) = waiting("500ms", &server);
        stop(process);
        let begin = Instant::now();
        if answers {
            answer();
        }
        std::thread::sleep(deadline.saturating_sub(begin.elapsed()));
        kill(process, Signal::SIGCONT).expect("it is there");
        let (code, line) = end_of(probe);
        assert_eq!(code, Some(1));
        // Which of the two it notices first, the answer or the time, is the kernel's.
        let words = ["no complete response head within 500 ms\n", "ms, expected 500 ms at most\n"];
        let expected = if answers { &words[..] } else { &words[..1] };
        assert!(expected.iter().any(|words| line.ends_with(words)), "{line}");
    }
}

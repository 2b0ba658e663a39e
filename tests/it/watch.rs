//! `--watch`: attempts that go on once all is healthy, and what ends them.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::server::Server;
use crate::support::{
    Outcome, Running, binary, executable, have_root, have_tools, lprobe, run, stderr_of, tool, without_variables,
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const SICK: &str = "HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n";

/// Longer than anything takes, on a busy machine.
const LONG: Duration = Duration::from_secs(30);

/// A server that gives these answers, `+` healthy and `-` not, the last one again and again; and how many it gave.
fn giving(answers: &'static str) -> (Server, Arc<AtomicU32>) {
    let given = Arc::new(AtomicU32::new(0));
    let count = given.clone();
    let server = Server::start(move |mut stream| {
        let number = count.fetch_add(1, Ordering::SeqCst) as usize;
        let answer = answers.as_bytes()[number.min(answers.len() - 1)];
        drop(stream.write_all(if answer == b'+' { OK } else { SICK }.as_bytes()));
    });
    (server, given)
}

/// How long process 1 has been there, by /proc.
fn age_of_process_1() -> Duration {
    let stat = fs::read_to_string("/proc/1/stat").expect("/proc is mounted");
    let (_, fields) = stat.rsplit_once(") ").expect("a name");
    let start: f64 = fields.split(' ').nth(19).expect("field 22").parse().expect("a number");
    let uptime = fs::read_to_string("/proc/uptime").expect("/proc is mounted");
    let uptime: f64 = uptime.split(' ').next().expect("a field").parse().expect("a number");
    Duration::from_secs_f64((uptime - start / 100.0).max(0.0))
}

/// A watch that is as long as it can be where process 1 must be older: two minutes at least, for which a container that has
/// just started is waited for.
fn longest() -> String {
    let least = Duration::from_secs(121);
    sleep(least.saturating_sub(age_of_process_1()));
    format!("--watch={}s", age_of_process_1().as_secs().min(3600) - 1)
}

#[test]
fn the_first_failure_ends_a_watch() {
    let watch = longest();
    for (every, least) in [(&["--every=200ms"][..], 600), (&[], 3_000)] {
        let (server, given) = giving("+++-");
        let outcome = lprobe([&[&*watch, &server.http("/a?b")], every].concat());
        assert!(outcome.took >= Duration::from_millis(least) && outcome.took < LONG, "{:?}", outcome.took);
        outcome.unhealthy_saying(&["/a?...: status 503, expected 200-299"]);
        // Each attempt has a connection of its own.
        assert_eq!(given.load(Ordering::SeqCst), 4);
    }
    // Nothing was healthy before.
    let (server, given) = giving("-");
    lprobe([&watch, &*server.http("/")]).unhealthy_saying(&["status 503"]);
    assert_eq!(given.load(Ordering::SeqCst), 1);
}

#[test]
fn a_healthy_watch_takes_its_whole_time() {
    longest();
    let (server, given) = giving("+");
    let outcome = lprobe(["--watch=1s", "--every=250ms", &server.http("/")]);
    assert!(outcome.took >= Duration::from_secs(1) && outcome.took < LONG, "{:?}", outcome.took);
    outcome.healthy();
    // None begins at its end.
    assert!((1..=4).contains(&given.load(Ordering::SeqCst)), "{given:?}");
    let outcome = lprobe(["-v", "--watch=100ms", "--every=10s", &server.http("/")]);
    assert!(outcome.took < Duration::from_secs(10), "{:?}", outcome.took);
    assert!(outcome.status.success() && outcome.stdout.contains("/: healthy after "), "{outcome:?}");
    let mut by_variables = Command::new(binary());
    by_variables.envs([("LPROBE_WATCH", "300ms"), ("LPROBE_EVERY", "50ms"), ("LPROBE_RETRIES", "1")]);
    let outcome = run(by_variables.args(["--timeout=30s", &server.http("/")]));
    assert!(outcome.took >= Duration::from_millis(300), "{:?}", outcome.took);
    outcome.healthy();
    // Of another tool's command line too.
    let outcome = lprobe([&format!("-port={}", server.port), "-watch=300ms", "-watch=200ms"]);
    assert!(outcome.took >= Duration::from_millis(200), "{:?}", outcome.took);
    outcome.healthy();
}

/// The time between two attempts is from start to start, and an attempt that takes longer puts the next one off.
#[test]
fn attempts_begin_at_a_steady_pace() {
    let slow = |answers: &'static [(&str, u64)]| {
        let mut answers = answers.iter();
        Server::start(move |mut stream| {
            let (answer, milliseconds) = answers.next().expect("no more attempts than answers");
            sleep(Duration::from_millis(*milliseconds));
            drop(stream.write_all(answer.as_bytes()));
        })
    };
    let watch = &*longest();
    let server = slow(&[(OK, 1_000), (OK, 1_000), (SICK, 0)]);
    let outcome = lprobe([watch, "--every=1500ms", &server.http("/")]);
    assert!(outcome.took >= Duration::from_millis(3_000), "{:?}", outcome.took);
    // From the end of one to the start of the next, it would be five seconds.
    assert!(outcome.took < Duration::from_millis(4_900), "{:?}", outcome.took);
    outcome.unhealthy_saying(&["status 503"]);
    let server = slow(&[(OK, 300), (OK, 300), (SICK, 0)]);
    let outcome = lprobe([watch, "--every=100ms", &server.http("/")]);
    assert!(outcome.took >= Duration::from_millis(600) && outcome.took < LONG, "{:?}", outcome.took);
    outcome.unhealthy_saying(&["status 503"]);
    // What is under way at the end is judged.
    for (answer, code) in [(OK, 0), (SICK, 1)] {
        let mut attempts = 0;
        let server = Server::start(move |mut stream| {
            attempts += 1;
            sleep(Duration::from_secs(if attempts == 2 { 4 } else { 0 }));
            drop(stream.write_all(if attempts == 2 { answer } else { OK }.as_bytes()));
        });
        let outcome = lprobe(["--watch=4s", "--every=1s", &server.http("/")]);
        assert!(outcome.took >= Duration::from_secs(5) && outcome.took < LONG, "{:?}", outcome.took);
        assert_eq!(outcome.status.code(), Some(code), "{outcome:?}");
    }
}

#[test]
fn each_attempt_has_its_own_deadline() {
    let mut attempts = 0;
    let hangs = Server::start(move |mut stream| {
        attempts += 1;
        match attempts {
            1..4 => drop(stream.write_all(OK.as_bytes())),
            _ => sleep(LONG),
        }
    });
    let outcome = lprobe([&longest(), "--every=600ms", "--timeout=1s", &*hangs.http("/")]);
    assert!(outcome.took >= Duration::from_millis(2_800) && outcome.took < LONG, "{:?}", outcome.took);
    outcome.unhealthy_saying(&["no complete response head within 1000 ms"]);
}

#[test]
fn so_many_failures_in_a_row_are_forgiven() {
    let watch = &*longest();
    let (server, given) = giving("+--+--+---");
    lprobe([watch, "--every=20ms", "--retries=2", &server.http("/")]).unhealthy_saying(&["status 503"]);
    assert_eq!(given.load(Ordering::SeqCst), 10);
    // Before the first healthy answer too, at the same pace.
    let (server, given) = giving("-");
    let outcome = lprobe([watch, "--every=100ms", "--retries=3", &server.http("/")]);
    assert!(outcome.took >= Duration::from_millis(300) && outcome.took < LONG, "{:?}", outcome.took);
    outcome.unhealthy_saying(&["status 503"]);
    assert_eq!(given.load(Ordering::SeqCst), 4);
    // At its end, a failure is forgiven to what was healthy, and not to what never was.
    let many = ["--watch=1s", "--every=50ms", "--retries=65535"];
    let (server, _) = giving("+-");
    lprobe([&many[..], &[&server.http("/")]].concat()).healthy();
    let (server, _) = giving("-");
    let outcome = lprobe([&many[..], &[&server.http("/")]].concat());
    assert!(outcome.took >= Duration::from_secs(1), "{:?}", outcome.took);
    outcome.unhealthy_saying(&["status 503"]);
}

#[test]
fn a_watch_begins_when_a_wait_is_over() {
    let watch = &*longest();
    let (server, given) = giving("---++-");
    lprobe(["--wait=60s", watch, "--every=20ms", &server.http("/")]).unhealthy_saying(&["status 503"]);
    assert_eq!(given.load(Ordering::SeqCst), 6);
    // Retries are the watch's, and not the wait's.
    let (server, given) = giving("---+-+--");
    lprobe(["--wait=60s", watch, "--every=20ms", "--retries=1", &server.http("/")]).unhealthy_saying(&["status 503"]);
    assert_eq!(given.load(Ordering::SeqCst), 8);
    let (server, _) = giving("-");
    let outcome = lprobe(["--wait=600ms", watch, "--retries=65535", &server.http("/")]);
    assert!(outcome.took >= Duration::from_millis(590) && outcome.took < LONG, "{:?}", outcome.took);
    outcome.unhealthy_saying(&["status 503"]);
    // The wait takes nothing of the watch's time.
    let well = Arc::new(Mutex::new(None));
    let first = well.clone();
    let mut attempts = 0;
    let server = Server::start(move |mut stream| {
        attempts += 1;
        if attempts == 5 {
            *first.lock().expect("nobody panics") = Some(Instant::now());
        }
        drop(stream.write_all(if attempts < 5 { SICK } else { OK }.as_bytes()));
    });
    lprobe(["--wait=60s", "--watch=1s", &server.http("/")]).healthy();
    let watched = well.lock().expect("nobody panics").expect("it was healthy").elapsed();
    assert!(watched > Duration::from_millis(900) && watched < LONG, "{watched:?}");
}

#[test]
fn every_target_is_watched() {
    let ((well, _), (sick, _)) = (giving("+"), giving("++-"));
    let outcome = lprobe([&longest(), "--every=20ms", &*well.http("/a"), &sick.http("/b"), &well.tcp()]);
    outcome.unhealthy_saying(&["/b: status 503"]);
    let ((a, _), (b, _)) = (giving("+-"), giving("+-"));
    let outcome = lprobe([&*a.http("/a"), "--next", &longest(), "--every=20ms", &b.http("/b")]);
    assert_eq!(outcome.status.code(), Some(1));
    assert_eq!(outcome.stderr.lines().count(), 2, "{outcome:?}");
}

/// Runs the binary as process 1 of its own /proc, which `preparation` may change.
fn as_process_1(program: &Path, preparation: &str, arguments: &[&str]) -> Outcome {
    let mut command = tool("unshare");
    without_variables(&mut command).args(["--pid", "--fork", "--mount-proc", "sh", "-c"]);
    run(command.arg(format!("{preparation} exec \"$0\" \"$@\"")).arg(program).arg("--timeout=30s").args(arguments))
}

#[test]
fn a_container_that_starts_is_healthy_at_once() {
    if !have_root() || !have_tools(&["unshare", "mount"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    // A name, as the kernel shows it, that looks like what comes behind it.
    let odd = folder.path().join(") R 1 (2 3");
    executable(&odd, &fs::read(binary()).expect("the binary"));
    for program in [binary(), odd] {
        let (server, given) = giving("--+-");
        let retries = ["--retries=2", "--every=20ms"];
        for [a, b] in [["--wait=60s", "--every=20ms"], retries] {
            given.store(0, Ordering::SeqCst);
            let outcome = as_process_1(&program, "", &["--watch=1h", a, b, &server.http("/")]);
            assert!(outcome.took < LONG, "{:?}", outcome.took);
            outcome.healthy();
            assert_eq!(given.load(Ordering::SeqCst), 3);
        }
        as_process_1(&program, "", &["--watch=1h", &giving("-").0.http("/")]).unhealthy_saying(&["status 503"]);
        let (server, _) = giving("+");
        for preparation in ["sleep 2;", "mount -t tmpfs none /proc;"] {
            let outcome = as_process_1(&program, preparation, &["--watch=1900ms", &server.http("/")]);
            let least = if preparation.starts_with("sleep") { 3_900 } else { 1_900 };
            assert!(outcome.took >= Duration::from_millis(least), "{preparation} {:?}", outcome.took);
            outcome.healthy();
        }
    }
}

#[test]
fn a_watch_ends_when_it_is_told_to() {
    let (server, given) = giving("+");
    let mut command = Command::new(binary());
    without_variables(&mut command).args([&longest(), "--every=1ms", "--timeout=30s", &*server.http("/")]);
    let mut watching = Running(command.stderr(Stdio::piped()).spawn().expect("it starts"));
    while given.load(Ordering::SeqCst) < 3 {
        server.request();
    }
    kill(Pid::from_raw(watching.0.id().cast_signed()), Signal::SIGTERM).expect("it runs");
    assert_eq!(watching.0.wait().expect("it ends").code(), Some(1));
    assert_eq!(stderr_of(&mut watching.0), "lprobe: stopped by a signal before it was done\n");
}

/// What is resident, in KiB, and how many descriptors are open.
fn held(process: u32) -> (u64, usize) {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).expect("it is ours");
    let resident = rollup.lines().find_map(|line| line.strip_prefix("Rss:")?.trim().strip_suffix(" kB")?.parse().ok());
    let descriptors = fs::read_dir(format!("/proc/{process}/fd")).expect("it is ours");
    (resident.expect("a size"), descriptors.count())
}

#[test]
fn ten_thousand_attempts_take_no_more_than_a_hundred() {
    let (reached, at) = channel();
    let (go_on, told) = channel();
    let mut attempts = 0;
    let server = Server::start(move |mut stream| {
        attempts += 1;
        if attempts == 100 || attempts == 10_000 {
            reached.send(()).expect("the test waits");
            // A test that has failed tells nobody.
            let _ = told.recv();
        }
        drop(stream.write_all(if attempts <= 10_000 { OK } else { SICK }.as_bytes()));
    });
    let mut command = Command::new(binary());
    without_variables(&mut command).args([&longest(), "--every=1ms", "--timeout=30s", &*server.http("/")]);
    let mut watching = Running(command.stderr(Stdio::piped()).spawn().expect("it starts"));
    let [before, after] = [LONG, LONG * 4].map(|patience| {
        at.recv_timeout(patience).expect("it goes on");
        let held = held(watching.0.id());
        go_on.send(()).expect("the server waits");
        held
    });
    assert_eq!(before.1, after.1, "descriptors");
    assert!(after.0 <= before.0 + 16, "{before:?} and then {after:?}");
    assert_eq!(watching.0.wait().expect("it ends").code(), Some(1));
    assert!(stderr_of(&mut watching.0).contains("status 503"));
}

#[test]
fn what_a_watch_takes_is_refused_without_it() {
    for option in ["--every=1s", "--retries=1"] {
        lprobe([option, ":1"]).unhealthy_saying(&["--every and --retries need --watch"]);
        lprobe(["--wait=1s", ":1", "--next", option, ":2"]).unhealthy_saying(&["need --watch"]);
        lprobe(["--watch=1s", option, ":1", "--next", option, ":2"]).unhealthy_saying(&["can be given once only"]);
    }
    for [watch, every] in [["0", "1s"], ["25h", "1s"], ["x", "1s"], ["1s", "0"], ["1s", ""], ["1s", "-1s"]] {
        lprobe(["--watch", watch, "--every", every, ":1"]).unhealthy_saying(&["expected a duration from 1ms to 24h"]);
    }
    for bad in ["--retries=", "--retries=-1", "--retries=x", "--retries=65536", "--retries=1.5"] {
        lprobe(["--watch=1s", bad, ":1"]).unhealthy_saying(&["--retries", "expected a number from 0 to 65535"]);
    }
    // A variable may be meant for other probes.
    let (server, _) = giving("+");
    let mut others = Command::new(binary());
    let outcome = run(others.envs([("LPROBE_EVERY", "x"), ("LPROBE_RETRIES", "x")]).args(["-v", &server.http("/")]));
    assert!(outcome.status.success() && !outcome.stdout.contains("heeded"), "{outcome:?}");
}

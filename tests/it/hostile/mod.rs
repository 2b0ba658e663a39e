//! Hostile servers: whatever one does, the verdict is the expected one, the deadline is kept and memory stays within its
//! budget. One table a protocol. The tests of this file run alone, one after the other, since they measure time.

#[cfg(feature = "full")]
mod chains;
mod fcgi;
mod http;
#[cfg(feature = "full")]
mod http2;
#[cfg(feature = "full")]
mod inside_tls;
mod streams;
#[cfg(feature = "full")]
mod tls;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, iter, thread};

use crate::support::script::{Serve, Stage, Step, play};
use crate::support::{FULL, NAME, PEAK_RSS, measured, repository};

/// What is expected of a probe.
#[derive(Clone, Copy)]
enum Verdict {
    Healthy,
    /// Once the server has done its worst, and not at the deadline; with these words.
    Unhealthy(&'static str),
    /// At the deadline, when this is still awaited.
    Late(&'static str),
    /// Either of these. Inside TLS, either may come first.
    #[cfg_attr(not(feature = "full"), expect(dead_code))]
    NotHealthy,
}

/// A server, and what is expected of a probe with these arguments: PORT and SOCKET stand for where it is.
struct Case {
    name: String,
    /// Nobody listens, if nobody serves.
    serve: Option<Serve>,
    /// Whether what it does takes time, or has no end.
    goes_on: bool,
    arguments: Vec<String>,
    verdict: Verdict,
    /// How many times the target is given.
    targets: usize,
}

impl Case {
    fn new(name: impl Into<String>, arguments: &[&str], verdict: Verdict, serve: Option<Serve>) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.into()).collect();
        Self { name: name.into(), serve, goes_on: false, arguments, verdict, targets: 1 }
    }

    /// The same for eight targets at once, within a second.
    fn eight(self) -> Self {
        Self { name: format!("{}, eight times", self.name), targets: 8, ..self }
    }
}

/// The server plays a script.
fn case(name: impl Into<String>, arguments: &[&str], verdict: Verdict, script: &[Step]) -> Case {
    let script = script.to_vec();
    let goes_on = script.iter().any(|step| matches!(step, Step::Repeat(_) | Step::Drip(..) | Step::Pause(_)));
    let serve: Serve = Arc::new(move |client| _ = play(client, &script));
    Case { goes_on, ..Case::new(name, arguments, verdict, Some(serve)) }
}

/// Nobody listens.
fn refused(arguments: &[&str], words: &'static str) -> Case {
    Case::new("refuse", arguments, Verdict::Unhealthy(words), None)
}

/// Longer than anything takes that is not late.
const PATIENT: Duration = Duration::from_secs(10);

/// Short enough to wait for often, and long enough to come in the middle of what the server does.
const LATE: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);
const HASTY: Duration = Duration::from_millis(10);

/// How long after its deadline a probe may end, the start of its process included, and the queue for a processor not.
const GRACE: Duration = Duration::from_millis(50);

/// The budget of memory for eight targets, in bytes: each has buffers of its own, and the budget is for one.
const PEAK_RSS_OF_EIGHT: u64 = if FULL { 6 << 20 } else { 2 << 20 };

static ALONE: Mutex<()> = Mutex::new(());

/// The deadlines of a case. One in which something goes on is run a second time, with a deadline that comes in the middle
/// of it.
fn timeouts(&Case { goes_on, verdict, targets, .. }: &Case) -> Vec<Duration> {
    let first = match verdict {
        _ if targets > 1 => SECOND,
        Verdict::Late(_) | Verdict::NotHealthy => LATE,
        _ => PATIENT,
    };
    [Some(first), (goes_on && targets == 1).then_some(HASTY)].into_iter().flatten().collect()
}

/// How many cases run at once, since most wait for a deadline. The time that a case waits for a processor is no lateness: see
/// [`Outcome::by_itself`](crate::support::Outcome::by_itself).
const AT_ONCE: usize = 4;

/// What the runs of a table have shown so far.
#[derive(Default)]
struct Tally {
    runs: usize,
    wrong: Vec<String>,
    late: Duration,
    peak: u64,
}

/// Runs each case, and fails with all that went wrong.
fn run_all(table: Vec<Case>) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let count = table.len();
    let (cases, tally) = (Mutex::new(table.into_iter()), Mutex::new(Tally::default()));
    let next = || cases.lock().expect("no case panics here").next();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| iter::from_fn(next).for_each(|case| run(case, &tally)));
        }
    });
    let Tally { runs, wrong, late, peak } = tally.into_inner().expect("no case has panicked");
    println!("{count} cases: at worst {late:?} late, and {peak} bytes");
    record(count, runs, (late, peak));
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// Runs one case, with each of its deadlines.
fn run(case: Case, tally: &Mutex<Tally>) {
    let timeouts = timeouts(&case);
    let Case { name, serve, arguments, verdict, targets, .. } = case;
    let stage = Stage::new(serve, arguments.iter().any(|argument| argument.contains("SOCKET")));
    let times = |argument: &str| if argument.contains("://") { targets } else { 1 };
    let arguments: Vec<_> =
        arguments.iter().flat_map(|argument| vec![stage.named(argument); times(argument)]).collect();
    for timeout in timeouts {
        let (outcome, peak) = measured([format!("--timeout={}ms", timeout.as_millis())].iter().chain(&arguments));
        let late = outcome.by_itself().saturating_sub(timeout);
        let (code, said) = (outcome.status.code(), outcome.stdout + &outcome.stderr);
        let at_deadline = format!(" within {} ms\n", timeout.as_millis());
        let most = if targets > 1 { PEAK_RSS_OF_EIGHT } else { PEAK_RSS };
        let expected = match verdict {
            _ if late > GRACE || peak > most => false,
            // Either will do, but never healthy where it was not before.
            _ if timeout == HASTY => code == Some(1) || code == Some(0) && matches!(verdict, Verdict::Healthy),
            Verdict::Healthy => code == Some(0) && said.is_empty(),
            _ if targets > 1 => code == Some(1) && said.lines().count() == targets,
            Verdict::Unhealthy(words) => code == Some(1) && said.contains(words) && !said.ends_with(&at_deadline),
            Verdict::Late(words) => code == Some(1) && said.ends_with(&format!("{words}{at_deadline}")),
            Verdict::NotHealthy => code == Some(1),
        };
        let mut tally = tally.lock().expect("no case panics here");
        tally.runs += 1;
        tally.late = tally.late.max(late);
        tally.peak = tally.peak.max(peak);
        if !expected {
            let shown = format!("{name} ({arguments:?}, {timeout:?}): {code:?} {late:?} late, {peak} bytes: {said:?}");
            tally.wrong.push(shown);
        }
    }
}

/// Writes the figures of this test into target/hostile/, for docs/measurements.md: cases, runs, the worst lateness in
/// microseconds, and the most memory in bytes.
fn record(cases: usize, runs: usize, (late, peak): (Duration, u64)) {
    let test = thread::current().name().expect("a test").replace("::", "-");
    let folder = repository("target/hostile");
    fs::create_dir_all(&folder).expect("a folder");
    let figures = format!("{cases} {runs} {} {peak}\n", late.as_micros());
    fs::write(folder.join(format!("{NAME}-{test}")), figures).expect("a file");
}

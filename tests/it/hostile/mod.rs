//! Hostile servers: whatever one does, the verdict is the expected one, the deadline is kept and memory stays within its
//! budget. One table a protocol. The tests of this file run alone, one after the other, since they measure time.

#[cfg(feature = "full")]
mod chains;
mod http;
#[cfg(feature = "full")]
mod http2;
mod streams;
#[cfg(feature = "full")]
mod tls;

use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::support::script::{Serve, Stage, Step, play};
use crate::support::{PEAK_RSS, measured};
use nix::unistd::gettid;

/// What is expected of a probe.
#[derive(Clone, Copy)]
enum Verdict {
    Healthy,
    /// Once the server has done its worst, and not at the deadline; with these words.
    Unhealthy(&'static str),
    /// At the deadline, when this is still awaited.
    Late(&'static str),
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
}

impl Case {
    fn new(name: impl Into<String>, arguments: &[&str], verdict: Verdict, serve: Option<Serve>) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.into()).collect();
        Self { name: name.into(), serve, goes_on: false, arguments, verdict }
    }
}

/// The server plays a script.
fn case(name: impl Into<String>, arguments: &[&str], verdict: Verdict, script: &[Step]) -> Case {
    let script = script.to_vec();
    let goes_on = script.iter().any(|step| matches!(step, Step::Repeat(_) | Step::Drip(..) | Step::Pause(_)));
    let serve: Serve = Box::new(move |client| _ = play(client, &script));
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
const HASTY: Duration = Duration::from_millis(10);

/// How long after its deadline a probe may end, the start of its process included.
const GRACE: Duration = Duration::from_millis(50);

static ALONE: Mutex<()> = Mutex::new(());

/// Has this thread, and all that it starts, go before the machine's other work, where root may say so: what is measured
/// is lprobe, and not how busy the machine is.
fn go_first() {
    let _ = Command::new("chrt").args(["--rr", "--pid", "1", &gettid().to_string()]).output();
}

/// Runs each case, and fails with all that went wrong. One in which something goes on is run a second time, with a deadline
/// that comes in the middle of it.
fn run_all(table: Vec<Case>) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    go_first();
    let (count, mut wrong, mut worst) = (table.len(), Vec::new(), (Duration::ZERO, 0));
    for Case { name, serve, goes_on, arguments, verdict } in table {
        let stage = Stage::new(serve, arguments.iter().any(|argument| argument.contains("SOCKET")));
        let arguments: Vec<_> = arguments.iter().map(|argument| stage.named(argument)).collect();
        let patience = if let Verdict::Late(_) = verdict { LATE } else { PATIENT };
        for timeout in [Some(patience), goes_on.then_some(HASTY)].into_iter().flatten() {
            let (outcome, peak) = measured([format!("--timeout={}ms", timeout.as_millis())].iter().chain(&arguments));
            let late = outcome.took.saturating_sub(timeout);
            worst = (worst.0.max(late), worst.1.max(peak));
            let (code, said) = (outcome.status.code(), outcome.stdout + &outcome.stderr);
            let at_deadline = format!(" within {} ms\n", timeout.as_millis());
            let expected = match verdict {
                _ if late > GRACE || peak > PEAK_RSS => false,
                // Either will do, but never healthy where it was not before.
                _ if timeout == HASTY => code == Some(1) || code == Some(0) && matches!(verdict, Verdict::Healthy),
                Verdict::Healthy => code == Some(0) && said.is_empty(),
                Verdict::Unhealthy(words) => code == Some(1) && said.contains(words) && !said.ends_with(&at_deadline),
                Verdict::Late(words) => code == Some(1) && said.ends_with(&format!("{words}{at_deadline}")),
            };
            if !expected {
                wrong.push(format!(
                    "{name} ({arguments:?}, {timeout:?}): {code:?} {late:?} late, {peak} bytes: {said:?}"
                ));
            }
        }
    }
    println!("{count} cases: at worst {:?} late, and {} bytes", worst.0, worst.1);
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
}

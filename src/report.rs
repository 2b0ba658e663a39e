//! The output: one line for each unhealthy target, and nothing for a healthy target unless `--verbose` asks for it.

use std::fmt::{self, Display};
use std::io;
use std::time::Duration;

use crate::alert;
use crate::plan::{Plan, Variables};
use crate::printable::{printable, shortened};
use crate::probe::Outcome;
use crate::progress::Timings;
use crate::seal::Seal;
use crate::sys::stdio;
use crate::target::bad_target::OUTSIDE;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::connection::is_outside;

/// The most bytes of all lines together. Docker keeps 4,096 bytes of a check's output.
const MAX_OUTPUT: usize = 4000;

/// The longest text of a line, in bytes.
const MAX_TEXT: usize = 600;

/// The shortest text of a line that is still useful, in bytes.
const MIN_TEXT: usize = 48;

/// Prints a line for each unhealthy target, or for every target with `--verbose`, in the order of the plan. Returns the
/// exit code.
#[inline(never)]
pub fn outcomes(name: &str, plan: &Plan, outcomes: &[Outcome]) -> i32 {
    let (mut healthy, mut unhealthy) = (String::new(), String::new());
    let code = i32::from(outcomes.iter().any(|(verdict, _)| verdict.is_err()));
    let is_outside = outcomes.iter().any(|(verdict, _)| match verdict {
        Err(Unhealthy::NotConnected(tried)) => tried.iter().any(|(peer, error)| is_outside(peer, error)),
        _ => false,
    });
    let room = MAX_OUTPUT - if is_outside { alert::LONGEST } else { 0 };
    let wanted = |verdict: &Result<(), Unhealthy>| plan.verbose || verdict.is_err();
    let Variables { heeded, misspelt } = &plan.variables;
    if plan.verbose && !heeded.is_empty() {
        add_line(name, &mut healthy, &format_args!("variables used: {}", heeded.join(", ")), MAX_TEXT);
    }
    if plan.verbose
        && let Some(misspelt) = misspelt
    {
        add_line(name, &mut healthy, misspelt, MAX_TEXT);
    }
    // Beside its text, a line has the name, an ellipsis and the newline.
    let overhead = name.len() + ": ...\n".len();
    let mut left = outcomes.iter().filter(|(verdict, _)| wanted(verdict)).count();
    let limit = (room / left.max(1)).saturating_sub(overhead).clamp(MIN_TEXT, MAX_TEXT);
    for (check, (verdict, timings)) in plan.checks.iter().zip(outcomes) {
        if !wanted(verdict) || healthy.len() + unhealthy.len() + limit + overhead > room {
            continue;
        }
        left -= 1;
        let timings = TimingsSuffix(plan.verbose.then_some(timings));
        let target = shortened(printable(&check.probe), limit / 2);
        match verdict {
            Ok(()) => add_line(name, &mut healthy, &format_args!("{target}: healthy{timings}"), limit),
            Err(reason) => match misspelt {
                Some(misspelt) if unhealthy.is_empty() => {
                    add_line(name, &mut unhealthy, &format_args!("{target}: {reason}{timings} ({misspelt})"), limit);
                }
                _ => add_line(name, &mut unhealthy, &format_args!("{target}: {reason}{timings}"), limit),
            },
        }
    }
    if left > 0 {
        let lines = if code == 0 { &mut healthy } else { &mut unhealthy };
        add_line(name, lines, &format_args!("and {left} more"), limit);
    }
    // A failure to print does not change the verdict.
    let _ = stdio::write(&mut io::stdout(), &healthy);
    let _ = stdio::write(&mut io::stderr(), &unhealthy);
    if is_outside {
        // The address may have been this container's, and then the container is no worse than unhealthy.
        alert_of_outside(false);
    }
    code
}

/// Prints one line that says why nothing was probed, and returns the exit code.
pub fn refusal(name: &str, why: &dyn Display) -> i32 {
    let mut line = String::new();
    add_line(name, &mut line, why, MAX_TEXT);
    let _ = stdio::write(&mut io::stderr(), &line);
    // The line may have been cut.
    if why.to_string().as_bytes().windows(OUTSIDE.len()).any(|window| window == OUTSIDE.as_bytes()) {
        alert_of_outside(true);
    }
    1
}

/// Prints a text that the user asked for, such as the help, and returns the exit code.
pub fn text(name: &str, text: &str) -> i32 {
    match stdio::write(&mut io::stdout(), text) {
        Ok(()) => 0,
        Err(error) => refusal(name, &format_args!("stdout: {error}")),
    }
}

/// Raises an alert about a target outside the container: a probe has no reason to ask for one. A sealed copy raises none,
/// since nobody but its author chose the target. `may_trip` says whether it can end the container.
fn alert_of_outside(may_trip: bool) {
    if Seal::of_this_program().is_none() {
        alert::raise("a target is outside this container", may_trip);
    }
}

fn add_line(name: &str, lines: &mut String, text: &dyn Display, limit: usize) {
    lines.push_str(name);
    lines.push_str(": ");
    lines.push_str(&shortened(printable(text), limit));
    lines.push('\n');
}

/// Timings as the end of a line. `None` prints nothing.
struct TimingsSuffix<'a>(Option<&'a Timings>);

impl Display for TimingsSuffix<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Timings { connected, total }) = self.0 else { return Ok(()) };
        let milliseconds =
            |time: &Duration| (time.as_secs() * 1000 + u64::from(time.subsec_millis()), time.subsec_micros() % 1000);
        let (whole, part) = milliseconds(total);
        write!(out, " after {whole}.{part:03} ms")?;
        if let Some(connected) = connected {
            let (whole, part) = milliseconds(connected);
            write!(out, ", connected after {whole}.{part:03} ms")?;
        }
        Ok(())
    }
}

//! What is printed: nothing of a healthy target unless asked for, and one line of an unhealthy one.

use std::fmt::{self, Display, Write as _};
use std::io::{self, Write as _};

use crate::plan::Plan;
use crate::probe::Outcome;
use crate::progress::Timings;

/// What Docker keeps of a check's output is 4,096 bytes; all lines together stay below.
const ROOM: usize = 4000;

/// The longest text of a line, and the shortest that is still of use, in bytes.
const LINE: (usize, usize) = (600, 48);

/// What a line has around its text: the program's name, an ellipsis and its end.
const AROUND: usize = "lprobe: ...\n".len();

/// Prints a line for each target that wants one, in their order, and returns the exit code.
pub fn outcomes(plan: &Plan, outcomes: &[Outcome]) -> i32 {
    let mut healthy = String::new();
    let mut unhealthy = String::new();
    let count = outcomes.iter().filter(|(verdict, _)| verdict.is_err()).count();
    let limit = (ROOM / count.max(1)).saturating_sub(AROUND).clamp(LINE.1, LINE.0);
    for (target, (verdict, timings)) in plan.targets.iter().zip(outcomes) {
        let timings = Shown(plan.verbose.then_some(timings));
        let target = shortened(&target.to_string(), limit / 2);
        match verdict {
            Ok(()) if plan.verbose => add_line(&mut healthy, &format_args!("{target}: healthy{timings}"), limit),
            Ok(()) => {}
            Err(reason) => add_line(&mut unhealthy, &format_args!("{target}: {reason}{timings}"), limit),
        }
    }
    // What can't be printed changes no verdict.
    let _ = io::stdout().write_all(healthy.as_bytes());
    let _ = io::stderr().write_all(unhealthy.as_bytes());
    i32::from(count > 0)
}

/// Prints one line that says why there is nothing to probe, and returns the exit code.
pub fn refusal(why: &dyn Display) -> i32 {
    let mut line = String::new();
    add_line(&mut line, why, LINE.0);
    let _ = io::stderr().write_all(line.as_bytes());
    1
}

/// Prints a text that was asked for, and returns the exit code.
pub fn text(text: &str) -> i32 {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => 0,
        Err(error) => refusal(&format_args!("stdout: {error}")),
    }
}

/// Every line is made here, so that none brings a terminal anything but printable ASCII.
fn add_line(lines: &mut String, text: &dyn Display, limit: usize) {
    lines.push_str("lprobe: ");
    let text = text.to_string();
    let mut printable = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' => printable.push(byte.into()),
            _ => drop(write!(printable, "\\x{byte:02x}")),
        }
    }
    lines.push_str(&shortened(&printable, limit));
    lines.push('\n');
}

fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text.into(),
    }
}

struct Shown<'a>(Option<&'a Timings>);

impl Display for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Timings { connected, total }) = self.0 else { return Ok(()) };
        let milliseconds = |time: &std::time::Duration| (time.as_micros() / 1000, time.as_micros() % 1000);
        let (whole, part) = milliseconds(total);
        write!(out, " after {whole}.{part:03} ms")?;
        if let Some(connected) = connected {
            let (whole, part) = milliseconds(connected);
            write!(out, ", connected after {whole}.{part:03} ms")?;
        }
        Ok(())
    }
}

//! Durations, written as in Dockerfiles and in Go's flags.

use std::fmt;
use std::time::Duration;

/// The longest time limit of a probe.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest duration: one tick of the timer.
const SHORTEST: Duration = Duration::from_millis(1);

/// A text that is not a duration, or a duration that a probe can't use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadDuration;

/// Reads the time limit of a probe: a [`span`] from 1 ms to 24 hours.
pub fn parse(text: &str) -> Result<Duration, BadDuration> {
    span(text).ok().filter(|duration| *duration <= LONGEST).ok_or(BadDuration)
}

/// Reads a positive duration as Go's programs do, with a sign, and of any length. One that is shorter than a tick of the
/// timer is a tick.
pub fn go(text: &str) -> Result<Duration, BadDuration> {
    match nanoseconds(text.strip_prefix('+').unwrap_or(text)) {
        Ok(nanoseconds @ 1..) => Ok(Duration::from_nanos(nanoseconds).max(SHORTEST)),
        _ => Err(BadDuration),
    }
}

/// Reads a duration from 1 ms to 584 years: `500ms`, `1s`, `1.5s`, `2m`, `1m30s`. A bare number is in seconds.
pub fn span(text: &str) -> Result<Duration, BadDuration> {
    let duration = Duration::from_nanos(nanoseconds(text)?);
    if duration >= SHORTEST { Ok(duration) } else { Err(BadDuration) }
}

fn nanoseconds(text: &str) -> Result<u64, BadDuration> {
    let mut rest = text;
    let mut nanoseconds = 0;
    while !rest.is_empty() {
        let number = take_while(&mut rest, |byte| byte.is_ascii_digit() || byte == b'.');
        let unit = match take_while(&mut rest, |byte| !byte.is_ascii_digit() && byte != b'.') {
            "ns" => 1,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "" if number.len() == text.len() => 1_000_000_000,
            _ => return Err(BadDuration),
        };
        nanoseconds = scale(number, unit).and_then(|span| span.checked_add(nanoseconds)).ok_or(BadDuration)?;
    }
    Ok(nanoseconds)
}

/// Multiplies `number`, which may have a fraction, by `unit`. It uses integers only, since parsing floats would cost 12
/// KB.
fn scale(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || fraction.contains('.') {
        return None;
    }
    let digits = fraction.bytes().rev().fold(0, |below, digit| (u64::from(digit - b'0') * unit + below) / 10);
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    whole.checked_mul(unit)?.checked_add(digits)
}

/// Removes the longest prefix of `wanted` bytes from `rest`, and returns it.
fn take_while<'a>(rest: &mut &'a str, wanted: fn(u8) -> bool) -> &'a str {
    let end = rest.bytes().position(|byte| !wanted(byte)).unwrap_or(rest.len());
    let (taken, left) = rest.split_at(end);
    *rest = left;
    taken
}

/// Returns whole milliseconds. `as_millis` returns a `u128`, and the code that prints one would enlarge the binary.
pub fn milliseconds(time: Duration) -> u64 {
    time.as_secs() * 1000 + u64::from(time.subsec_millis())
}

impl fmt::Display for BadDuration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("expected a duration from 1ms to 24h, as in 500ms, 1.5s or 2m")
    }
}

impl std::error::Error for BadDuration {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_as_go_reads_it() {
        for (text, milliseconds) in [
            ("500ms", 500),
            ("1s", 1000),
            ("1.5s", 1500),
            (".5s", 500),
            ("1.s", 1000),
            ("2m", 120_000),
            ("1m30s", 90_000),
            ("1h2m3s4ms", 3_723_004),
            ("7", 7000),
            ("0.25", 250),
            ("1000us", 1),
            ("24h", 86_400_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "0", "-1s", "+1s", "1x", "1e3", "s", ".s", "1..5s", "1s5", "1 s", "999us", "24h1ms"] {
            assert_eq!(parse(text), Err(BadDuration), "{text}");
        }
        assert_eq!(go("+1s"), Ok(Duration::from_secs(1)));
        assert_eq!(go("25h"), Ok(Duration::from_secs(25 * 3600)));
        assert_eq!(go("100\u{b5}s"), Ok(SHORTEST));
        assert_eq!([go("0s"), go("-1s"), go("++1s")], [Err(BadDuration); 3]);
        assert_eq!(span("48h"), Ok(Duration::from_secs(48 * 3600)));
        assert_eq!(span("99999999999999h"), Err(BadDuration));
    }
}

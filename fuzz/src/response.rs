//! The input is what an HTTP/1.1 server answers.

use std::time::{Duration, Instant};

use lprobe::door::{Probe, Progress, http};

use super::reading::Reading::{self, Either, Healthy, Unhealthy};
use super::{peer, rfc9112};

const TEXT: &str = "well";

/// How lprobe is asked to probe.
pub const QUESTIONS: [&[&str]; 4] =
    [&[":80"], &["--method=HEAD", ":80"], &["--contains", TEXT, ":80"], &["--http-codes=100-599", ":80"]];

const HEAD: usize = 1;
const CONTAINS: usize = 2;
const ANY_STATUS: usize = 3;

/// How far into a body the text counts, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// A head that is shorter than this, and has fewer lines, reaches none of lprobe's limits.
const MODEST: usize = 32 * 1024;
const FEW: usize = 100;

thread_local! {
    static PROBES: [Probe; QUESTIONS.len()] = QUESTIONS.map(peer::probe);
}

/// Healthy as a second reading says; however the answer is cut into pieces.
pub fn accepts(answer: &[u8]) -> bool {
    let healthy: [bool; QUESTIONS.len()] = std::array::from_fn(|question| {
        let [whole, in_bytes] = [usize::MAX, 1].map(|piece| asked(question, answer, &[piece]));
        assert_eq!(whole, in_bytes, "a matter of how it is cut into pieces");
        whole
    });
    healthy[0]
}

/// Whether `answer`, in these pieces, is healthy. Fails where RFC 9112 says otherwise.
pub fn asked(question: usize, answer: &[u8], pieces: &[usize]) -> bool {
    let stream = peer::saying(answer, pieces);
    let healthy = PROBES.with(|probes| {
        let Probe::Http(probe) = &probes[question] else { panic!("not an HTTP target") };
        peer::run(http::ask(stream, probe, &Progress::start(Instant::now(), Duration::from_secs(10), false))).is_ok()
    });
    reading(question, answer).check(healthy);
    healthy
}

fn reading(question: usize, answer: &[u8]) -> Reading {
    let Some(read) = rfc9112::answer(answer, question == HEAD) else { return Unhealthy("no complete head") };
    let expected = if question == ANY_STATUS { 100..600 } else { 200..300 };
    if !expected.contains(&read.status) {
        return Unhealthy("another status");
    }
    if question == CONTAINS {
        let body = read.body.unwrap_or_default();
        let begins = &body[..body.len().min(MAX_BODY)];
        if !begins.windows(TEXT.len()).any(|window| window == TEXT.as_bytes()) {
            return Unhealthy("without the text");
        }
    }
    let lines = answer.iter().filter(|&&byte| byte == b'\n').count();
    if answer.len() < MODEST && lines < FEW { Healthy } else { Either }
}

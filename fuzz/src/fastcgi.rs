//! A second reading of a FastCGI server's answer: all of its output at once, and then what it says.

use std::cell::Cell;
use std::time::{Duration, Instant};

use lprobe::door::{Judgement, Probe, Progress, fcgi};

use super::peer;
use super::reading::Reading::{self, Either, Healthy, Unhealthy};

/// The most bytes that lprobe reads.
const MAX_READ: usize = 1 << 20;

/// The most bytes of a line of the head that lprobe keeps.
const MAX_LINE: usize = 1024;

/// The most bytes of a body that lprobe searches.
const MAX_BODY: usize = 64 << 10;

/// The text that must be there, and the one that must not.
const WANTED: &[u8] = b"ready";
const UNWANTED: &[u8] = b"sick";

/// Healthy exactly if the second reading says so; however the answer is cut into pieces.
pub fn accepts(answer: &[u8], until_end: bool) -> bool {
    let [whole, in_bytes, in_threes] = [usize::MAX, 1, 3].map(|piece| asked(answer, until_end, piece));
    assert_eq!([whole, whole], [in_bytes, in_threes], "a matter of how it is cut into pieces");
    reading(answer, until_end).check(whole);
    whole
}

/// Whether lprobe says healthy to `answer`, in pieces of this length.
fn asked(answer: &[u8], until_end: bool, piece: usize) -> bool {
    let lacks = ["--contains=ready", "--lacks=sick", "fcgi://:1/"];
    let Probe::Fcgi(probe) = peer::probe(if until_end { &lacks } else { &["--contains=ready", "fcgi://:1/"] }) else {
        panic!("a target of FastCGI");
    };
    let progress = Progress::start(Instant::now(), Duration::from_secs(60), true);
    let found = Cell::new(None);
    let mut reader = fcgi::Reader::new(&probe.request, &progress, &found);
    for piece in answer.chunks(piece.min(4096)) {
        match reader.judge(piece) {
            Judgement::Healthy => return true,
            Judgement::Unhealthy => {
                assert!(found.take().is_some(), "there is no reason");
                return false;
            }
            Judgement::Taken | Judgement::More => {}
        }
    }
    false
}

fn reading(answer: &[u8], until_end: bool) -> Reading {
    if answer.len() > MAX_READ {
        return Either;
    }
    let (output, ended_well) = output(answer);
    let Some((status, body)) = head(&output) else { return Unhealthy("without a head") };
    if !(200..300).contains(&status) {
        return Unhealthy("of another status");
    }
    let searched = &body[..body.len().min(MAX_BODY)];
    let has = |text: &[u8]| searched.windows(text.len()).any(|window| window == text);
    match () {
        () if !has(WANTED) => Unhealthy("without the text"),
        () if !until_end => Healthy,
        () if has(UNWANTED) => Unhealthy("with the unwanted text"),
        () if body.len() > MAX_BODY => Unhealthy("longer than what is searched"),
        () if ended_well => Healthy,
        () => Unhealthy("without an end"),
    }
}

/// The output in all whole records before the first wrong one, and whether the request ends well behind them.
fn output(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut output = Vec::new();
    while let [1, kind, 0, 1, high, low, padding, _, after @ ..] = rest {
        let length = usize::from(*high) << 8 | usize::from(*low);
        let Some((content, after)) = after.split_at_checked(length) else { break };
        let Some(after) = after.get(usize::from(*padding)..) else { break };
        match kind {
            3 => return (output, content.starts_with(&[0; 5])),
            6 => output.extend(content),
            7 => {}
            _ => break,
        }
        rest = after;
    }
    (output, false)
}

/// The status and the body, if the head is whole and well-formed.
fn head(output: &[u8]) -> Option<(u16, &[u8])> {
    let (mut said, mut moved, mut rest) = (None, false, output);
    loop {
        let end = rest.iter().position(|&byte| byte == b'\n')?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        if [&b""[..], b"\r"].contains(&line) {
            return Some((said.unwrap_or(if moved { 302 } else { 200 }), rest));
        }
        let line = line[..line.len().min(MAX_LINE)].to_vec();
        let colon = line.iter().position(|&byte| byte == b':')?;
        let name = str::from_utf8(&line[..colon]).ok().filter(|name| !name.is_empty())?;
        if name.bytes().any(|byte| !(b'!'..=b'~').contains(&byte)) {
            return None;
        }
        moved |= name.to_lowercase() == "location";
        if name.to_lowercase() == "status" {
            let value = String::from_utf8_lossy(&line[colon + 1..]).into_owned();
            let value = value.strip_suffix('\r').unwrap_or(&value);
            let value = value.trim_start_matches([' ', '\t', '\n', '\x0c', '\r']);
            let code = value.split(' ').next().filter(|code| code.len() == 3)?;
            let code = code.bytes().all(|byte| byte.is_ascii_digit()).then(|| code.parse().expect("three digits"))?;
            if *said.get_or_insert(code) != code {
                return None;
            }
        }
    }
}

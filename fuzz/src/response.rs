//! The input is what an HTTP/1.1 server answers.

use std::cell::OnceCell;
use std::time::{Duration, Instant};

use lprobe::door::{Probe, Progress, http};

use super::{peer, rfc9112};

const TEXT: &str = "well";

thread_local! {
    static GET: OnceCell<Probe> = const { OnceCell::new() };
    static HEAD: OnceCell<Probe> = const { OnceCell::new() };
    static CONTAINS: OnceCell<Probe> = const { OnceCell::new() };
}

/// Healthy only if a strict reading finds a status of 200-299, and with `--contains` the text in the body; however the
/// answer is cut into pieces.
pub fn accepts(answer: &[u8]) -> bool {
    let strict = |to_head| rfc9112::answer(answer, to_head).filter(|answer| (200..300).contains(&answer.status));
    let to_head = HEAD.with(|probe| healthy(answer, probe.get_or_init(|| peer::probe(&["--method=HEAD", ":80"]))));
    assert!(!to_head || strict(true).is_some(), "healthy by no answer to HEAD");
    let healthy = GET.with(|probe| healthy(answer, probe.get_or_init(|| peer::probe(&[":80"]))));
    assert!(!healthy || strict(false).is_some(), "healthy by no answer");

    let with_text = ["--contains", TEXT, ":80"];
    let has = CONTAINS.with(|probe| self::healthy(answer, probe.get_or_init(|| peer::probe(&with_text))));
    let body = strict(false).and_then(|answer| answer.body).unwrap_or_default();
    let begins = &body[..body.len().min(64 * 1024)];
    assert!(!has || begins.windows(TEXT.len()).any(|window| window == TEXT.as_bytes()), "healthy without the text");
    assert!(!has || healthy, "healthy only with the text");
    healthy
}

fn healthy(answer: &[u8], probe: &Probe) -> bool {
    let Probe::Http(probe) = probe else { panic!("not an HTTP target") };
    let [whole, in_bytes] = [usize::MAX, 1].map(|piece| {
        peer::run(http::ask(
            peer::saying(answer, piece),
            probe,
            &Progress::start(Instant::now(), Duration::from_secs(10), false),
        ))
        .is_ok()
    });
    assert_eq!(whole, in_bytes, "a matter of how it is cut into pieces");
    whole
}

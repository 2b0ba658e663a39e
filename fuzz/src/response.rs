//! The input is what an HTTP/1.1 server answers.

use std::cell::OnceCell;

use lprobe::plan::Plan;
use lprobe::probe::http::{Question, ask};
use lprobe::progress::Progress;
use lprobe::target::{Authority, Endpoint, Host};

use super::{peer, rfc9112};

const TEXT: &str = "well";

thread_local! {
    static GET: OnceCell<Plan> = const { OnceCell::new() };
    static HEAD: OnceCell<Plan> = const { OnceCell::new() };
    static CONTAINS: OnceCell<Plan> = const { OnceCell::new() };
}

/// Healthy only if a strict reading finds a status of 200-299, and with `--contains` the text in the body; however the
/// answer is cut into pieces.
pub fn accepts(answer: &[u8]) -> bool {
    let strict = |to_head| rfc9112::answer(answer, to_head).filter(|answer| (200..300).contains(&answer.status));
    let to_head = HEAD.with(|plan| healthy(answer, plan.get_or_init(|| peer::plan(&["--method=HEAD", ":80"]))));
    assert!(!to_head || strict(true).is_some(), "healthy by no answer to HEAD");
    let healthy = GET.with(|plan| healthy(answer, plan.get_or_init(|| peer::plan(&[":80"]))));
    assert!(!healthy || strict(false).is_some(), "healthy by no answer");

    let with_text = ["--contains", TEXT, ":80"];
    let has = CONTAINS.with(|plan| self::healthy(answer, plan.get_or_init(|| peer::plan(&with_text))));
    let body = strict(false).and_then(|answer| answer.body).unwrap_or_default();
    let begins = &body[..body.len().min(64 * 1024)];
    assert!(!has || begins.windows(TEXT.len()).any(|window| window == TEXT.as_bytes()), "healthy without the text");
    assert!(!has || healthy, "healthy only with the text");
    healthy
}

fn healthy(answer: &[u8], plan: &Plan) -> bool {
    let [whole, in_bytes] = [usize::MAX, 1].map(|piece| {
        let authority = Authority { host: Host::Localhost, port: 80 };
        let question = Question { tls: false, authority: &authority, path: &Endpoint::root() };
        peer::run(ask(peer::saying(answer, piece), &question, plan, &Progress::default())).is_ok()
    });
    assert_eq!(whole, in_bytes, "a matter of how it is cut into pieces");
    whole
}

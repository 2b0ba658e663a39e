//! Answers of an HTTP/1.1 server.

use super::*;

/// Valid ones, and what is a byte or two from it.
const ANSWERS: [&str; 16] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nwe\r\n2;a=b\r\nll\r\n0\r\n\r\n",
    "HTTP/1.0 200 OK\r\nServer: a b\t\r\n\r\nall is well",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 \r\n\r\nwell",
    "HTTP/1.1 200 OK\r\nContent-Length: 4, 4\r\n\r\nwell",
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nwell",
    "HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\n\nwell",
    "HTTP/1.1 200 OK\r\na: b\n\r\nwell",
    "\r\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200\r\n\r\n",
    "HTTP/1.1 200 OK\r\na : b\r\n c\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n4\r\nwell\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked,\r\n\r\n2;well\r\nwe\r\n0\r\n\r\n",
    "220 mail.example ESMTP well\r\n\r\n",
];

/// An answer as RFC 9112 has it, with one of these statuses and with `well` in its body.
fn valid_answer(status: impl Strategy<Value = u16>) -> impl Strategy<Value = String> {
    let reason = "[\\t !-~é]{0,9}";
    let fields = "([a-zA-Z0-9!#$%&'*+.^_`|~-]{1,12}:[ \\t]{0,2}([!-~é]([\\t -~é]{0,12}[!-~é])?)?[ \\t]{0,2}\r\n){0,4}";
    let fields = fields.prop_filter("framing is added below", |fields| {
        let fields = fields.to_ascii_lowercase();
        !["content-length", "transfer-encoding"].iter().any(|name| fields.contains(name))
    });
    let interim = prop::collection::vec((select(&[100u16, 102, 103, 150, 199][..]), reason, fields.clone()), 0..3)
        .prop_map(|heads| {
            heads
                .iter()
                .map(|(status, reason, fields)| format!("HTTP/1.1 {status} {reason}\r\n{fields}\r\n"))
                .collect::<String>()
        });
    let body = "[a-z\r\n]{0,20}well[a-z\r\n]{0,20}".prop_flat_map(|body| {
        let length = body.len();
        let (first, second) = body.split_at(length / 2);
        prop_oneof![
            Just(format!("\r\n{body}")),
            Just(format!("Content-Length: {length}\r\n\r\n{body}")),
            Just(format!("CONTENT-LENGTH:{length}, {length}\r\n\r\n{body}and more")),
            Just(format!(
                "transfer-encoding: Chunked\r\n\r\n{:X}\r\n{first}\r\n{:05x} ;a=\"b\"\r\n{second}\r\n0\r\nc: d\r\n\r\n",
                first.len(),
                second.len()
            )),
        ]
    });
    let version = prop_oneof![3 => Just(1), 1 => Just(0)];
    (version, status, interim, reason, fields, body).prop_map(|(minor, status, interim, reason, fields, body)| {
        // HTTP/1.0 has neither interim responses nor codings.
        let (minor, interim) = if body.starts_with('t') { (1, interim) } else { (minor, interim) };
        let interim = if minor == 0 { "" } else { &interim };
        format!("{interim}HTTP/1.{minor} {status} {reason}\r\n{fields}{body}")
    })
}

fn any_answer() -> impl Strategy<Value = Vec<u8>> {
    let known = || select(&ANSWERS[..]).prop_map(|answer| answer.as_bytes().to_vec());
    let status = || prop_oneof![4 => 200u16..300, 1 => 100u16..600];
    let valid = || valid_answer(status()).prop_map(String::into_bytes);
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..64),
        1 => known(),
        4 => mutated(known()),
        2 => valid(),
        3 => mutated(valid()),
    ]
}

/// A server that answers as it was told last.
fn told() -> (Server, Arc<Mutex<Vec<u8>>>) {
    let answer = Arc::new(Mutex::new(Vec::new()));
    let told = answer.clone();
    let server = Server::start(move |mut stream| drop(stream.write_all(&told.lock().expect("nobody panics with it"))));
    (server, answer)
}

/// Whether lprobe says healthy, where it says anything that it may.
#[track_caller]
fn is_healthy(outcome: Outcome) -> bool {
    let healthy = outcome.status.success();
    if healthy {
        outcome.healthy()
    } else {
        drop(outcome.unhealthy())
    }
    healthy
}

#[test]
fn an_answer_is_healthy_only_if_rfc_9112_says_so() {
    const CASES: u32 = 2000;
    let (server, told) = told();
    let options = select(&["--method=GET", "--method=HEAD", "--http-codes=100-599", "--contains=well"][..]);
    let healthy = Cell::new(0);
    for_all(CASES, (any_answer(), options), |(answer, option)| {
        told.lock().expect("nobody panics with it").clone_from(&answer);
        if is_healthy(lprobe(["--timeout=30s", option, &server.http("/")])) {
            healthy.set(healthy.get() + 1);
            let strict = rfc9112::answer(&answer, option == "--method=HEAD").expect("a complete head");
            let expected = if option.starts_with("--http-codes") { 100..600 } else { 200..300 };
            assert!(expected.contains(&strict.status), "{strict:?}");
            let body = strict.body.unwrap_or_default();
            let has_text = || body.windows(4).any(|part| part == b"well");
            assert!(option != "--contains=well" || has_text(), "{body:?}");
        }
    });
    // Else there would be nothing to say of them.
    let healthy = healthy.get();
    assert!((CASES / 10..CASES / 2).contains(&healthy), "{healthy} of {CASES} were healthy");
}

/// The other way round, so that nothing above is healthy for want of anything that could be.
#[test]
fn a_valid_answer_with_an_expected_status_is_healthy() {
    let (server, told) = told();
    for_all(500, (valid_answer(200u16..300), any::<bool>()), |(answer, contains)| {
        told.lock().expect("nobody panics with it").clone_from(&answer.clone().into_bytes());
        let strict = rfc9112::answer(answer.as_bytes(), false).expect("a valid answer");
        let contains = contains && strict.status != 204;
        let text = if contains { "--contains=well" } else { "--method=GET" };
        lprobe(["--timeout=30s", text, &server.http("/")]).healthy();
    });
}

/// How far into a body, in bytes, whatever it comes in.
#[test]
fn a_text_counts_up_to_the_end_of_the_first_64_kib() {
    let (server, told) = told();
    for_all(60, (prop_oneof![65_500usize..65_560, 0usize..70_000], 0..3, 1usize..9000), |(before, framing, chunk)| {
        let body = ".".repeat(before) + "well...";
        let answer = match framing {
            0 => format!("HTTP/1.1 200 OK\r\n\r\n{body}"),
            1 => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
            _ => {
                let chunks = body
                    .as_bytes()
                    .chunks(chunk)
                    .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), str::from_utf8(chunk).expect("ASCII")));
                format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunks.collect::<String>())
            }
        };
        *told.lock().expect("nobody panics with it") = answer.clone().into_bytes();
        let healthy = is_healthy(lprobe(["--timeout=30s", "--contains=well", &server.http("/")]));
        let body = rfc9112::answer(answer.as_bytes(), false).and_then(|answer| answer.body).expect("a body");
        assert_eq!(healthy, body[..body.len().min(65_536)].windows(4).any(|part| part == b"well"), "{before}");
    });
}

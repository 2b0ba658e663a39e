//! What has no end.

use super::*;

/// What has no end.
pub fn floods(table: &mut Table) {
    const INTERIM: Verdict = Unhealthy("it sends one interim response after the other");
    let mut flood = |begin: &str, repeat: &[u8], plain: Verdict, contains: Verdict| {
        for (arguments, verdict) in [(PLAIN, plain), (CONTAINS, contains)] {
            let name = format!("{begin:?} and then {} without end", repeat.escape_ascii());
            table.add(name, arguments, verdict, &[REQUEST, Send(begin.into()), Repeat(repeat.into())]);
        }
    };
    for (begin, repeat, verdict) in [
        ("", "HTTP/1.1 100 Continue\r\n\r\n", INTERIM),
        ("", "HTTP/1.1 102 Processing\r\n\r\n", INTERIM),
        ("", "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n", INTERIM),
        ("", "x", NO_ANSWER),
        ("", "\0", NO_ANSWER),
        ("", "\r\n", NO_ANSWER),
        ("", "\n", NO_ANSWER),
        ("", " ", NO_ANSWER),
        ("", "\x16\x03\x03\0\x01", NO_ANSWER),
        ("", "HTTP/1.1 ", NO_ANSWER),
        ("", "HTTP/1.1 200 OK\r\n", NO_ANSWER),
        ("", "HTTP/", NO_ANSWER),
        ("HTTP/1.1 200 ", "x", ENDLESS),
        ("HTTP/1.1 200", "0", NO_ANSWER),
        ("HTTP/1.1 200 OK\r\n", "a: b\r\n", NO_ANSWER),
        ("HTTP/1.1 200 OK\r\n", "a:\r\n", NO_ANSWER),
        ("HTTP/1.1 200 OK\r\n", "a", ENDLESS),
        ("HTTP/1.1 200 OK\r\na: ", "b", ENDLESS),
        ("HTTP/1.1 200 OK\r\na: ", " ", ENDLESS),
        ("HTTP/1.1 200 OK\r\na: b\r\n", " b\r\n", NO_ANSWER),
        ("HTTP/1.1 200 OK\r\nContent-Length: ", "0", ENDLESS),
        ("HTTP/1.1 200 OK\r\nContent-Length: ", "1, ", ENDLESS),
        ("HTTP/1.1 200 OK\r\n", "Content-Length: 1\r\n", NO_ANSWER),
        ("HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n", NO_ANSWER),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: ", "chunked, ", ENDLESS),
        ("HTTP/1.1 200 OK\r\na: ", "\u{e9}", ENDLESS),
    ] {
        flood(begin, repeat.as_bytes(), verdict, verdict);
    }
    let ok = "HTTP/1.1 200 OK\r\n";
    let chunked = &format!("{ok}Transfer-Encoding: chunked\r\n\r\n");
    for (begin, repeat, verdict) in [
        (&format!("{ok}\r\n"), "x", LACKS),
        (&format!("{ok}\r\n"), "wel", LACKS),
        (&format!("{ok}Content-Length: 1000000000000\r\n\r\n"), "x", LACKS),
        (chunked, "1\r\nx\r\n", LACKS),
        (chunked, "4000\r\nx", BROKEN),
        (chunked, "0", BROKEN),
        (chunked, "1;", BROKEN),
        (chunked, " ", BROKEN),
        (&format!("{chunked}1;a="), "b", BROKEN),
        (&format!("{chunked}0\r\n"), "a: b\r\n", BROKEN),
        (&format!("{chunked}0\r\na: "), "b", BROKEN),
        (&format!("{chunked}ffffffffffffffff\r\n"), "x", LACKS),
        (&format!("{chunked}1"), "0", BROKEN),
    ] {
        flood(begin, repeat.as_bytes(), Healthy, verdict);
    }
    for (count, verdict) in [(100, Healthy), (101, INTERIM)] {
        table.head("HTTP/1.1 100 Continue\r\n\r\n".repeat(count) + ANSWER, verdict);
    }
    let mut many = |count: usize, field: &str, verdict: Verdict| {
        let answer = format!("{ok}{}\r\n", field.repeat(count));
        table.add(format!("{count} of {field:?}"), PLAIN, verdict, &[REQUEST, Send(answer.into()), Silence]);
    };
    // So many fields are 600 KB.
    many(100_000, "a: b\r\n", Unhealthy("no end within 64 KiB"));
    for count in [1, 100, 101, 1000, 1024] {
        many(count, "a: b\r\n", Healthy);
    }
    for count in [1025, 10_000] {
        many(count, "a: b\r\n", Unhealthy("message head is too large"));
    }
}

/// A search at each place of the body took 450 ms for the last 64 KiB of this.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn a_search_does_not_outlast_the_deadline() {
    let text = format!("--contains={}b", "a".repeat(30_000));
    let server = Server::start(|mut stream| {
        let body = "a".repeat(65_000);
        drop(stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: 66000\r\n\r\n{body}").as_bytes()));
        until_closed(stream);
    });
    let (outcome, _) = measured(["--timeout=150ms", &text, &server.http("/")]);
    assert!(outcome.by_itself() < Duration::from_millis(200), "{outcome:?}");
    outcome.unhealthy_saying(&["no text of --contains within 150 ms"]);
}

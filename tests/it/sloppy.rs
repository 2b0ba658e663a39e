//! Heads that are not quite as RFC 9112 has them, judged by lprobe, by curl, and by hyper as it comes. docs/http.md shows
//! the same table.

use std::fs;
use std::process::Command;

use crate::support::server::Server;
use crate::support::{have_tools, lprobe, repository, run};
use http_body_util::Empty;
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Builder;

/// A head, and whether it is taken as a complete 200 by lprobe, by curl and by hyper.
struct Row {
    /// As docs/http.md names it.
    name: &'static str,
    answer: String,
    taken: [bool; 3],
}

const ALL: [bool; 3] = [true; 3];
const NONE: [bool; 3] = [false; 3];
const NOT_HYPER: [bool; 3] = [true, true, false];
const CURL_ALONE: [bool; 3] = [false, true, false];
const HYPER_ALONE: [bool; 3] = [false, false, true];

fn table() -> Vec<Row> {
    let row = |name, answer: &str, taken| Row { name, answer: answer.into(), taken };
    let lines = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(count));
    let with = |field: &str| format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\nok");
    vec![
        row("each line ends in CR LF", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", ALL),
        row("a line ends in LF alone", "HTTP/1.1 200 OK\nA: b\r\n\n", ALL),
        row("the status line ends after the code", "HTTP/1.1 200\r\n\r\n", ALL),
        row("the reason is not ASCII", "HTTP/1.1 200 \u{d6}K\r\n\r\n", ALL),
        row("HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nok", ALL),
        row("100 header lines", &lines(100), ALL),
        row("101 to 1,024 header lines", &lines(1024), NOT_HYPER),
        row("1,025 header lines", &lines(1025), CURL_ALONE),
        row("a field goes on in the next line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", NOT_HYPER),
        row(
            "Transfer-Encoding and Content-Length",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            ALL,
        ),
        row("the same Content-Length twice", &with("Content-Length: 2\r\nContent-Length: 2"), ALL),
        row("two different Content-Lengths", &with("Content-Length: 2\r\nContent-Length: 3"), NONE),
        row("a Content-Length that is no number", &with("Content-Length: two"), NONE),
        row("a Content-Length with a sign", &with("Content-Length: +2"), CURL_ALONE),
        row(
            "HTTP/1.0 with Transfer-Encoding",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            CURL_ALONE,
        ),
        row("an empty line before the status line", "\r\nHTTP/1.1 200 OK\r\n\r\n", HYPER_ALONE),
        row("a field before the status line", "A: b\r\nHTTP/1.1 200 OK\r\n\r\n", NONE),
        row("no status line", "ok", NONE),
        row("the first field begins with a space", &with(" A: b"), NONE),
        row("a line without a colon", &with("nonsense"), NONE),
        row("a space before the colon", &with("A : b"), CURL_ALONE),
        row("a field without a name", &with(": b"), CURL_ALONE),
        row("a NUL in a field", &with("A: b\0c"), NONE),
        row("another control character in a field", &with("A: b\x01c"), CURL_ALONE),
        row("two spaces before the code", "HTTP/1.1  200 OK\r\n\r\n", CURL_ALONE),
        row("a code of two digits", "HTTP/1.1 20 OK\r\n\r\n", NONE),
        row("HTTP/2.0 as text", "HTTP/2.0 200 OK\r\n\r\n", CURL_ALONE),
        row("CR alone ends the lines", "HTTP/1.1 200 OK\rA: b\r\r", NONE),
        row("the head breaks off", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", NONE),
    ]
}

fn curl_takes(url: &str) -> bool {
    let arguments = ["--silent", "--fail", "--noproxy", "*", "--max-time", "30", "--output", "/dev/null", url];
    run(Command::new("curl").args(arguments)).status.success()
}

/// Whether hyper, left as it comes, returns a response of status 200.
fn hyper_takes(port: u16) -> bool {
    Builder::new_current_thread().enable_io().build().expect("an event loop").block_on(async {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the server listens");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("nothing is sent yet");
        tokio::spawn(connection);
        let request = Request::get("/").header("host", "localhost").body(Empty::<Bytes>::new()).expect("a request");
        sender.send_request(request).await.is_ok_and(|response| response.status() == 200)
    })
}

#[test]
fn lprobe_takes_what_its_table_says_beside_curl_and_hyper() {
    if !have_tools(&["curl"]) {
        return;
    }
    let mut wrong = Vec::new();
    for Row { name, answer, taken } in table() {
        let server = Server::answering(answer);
        let lprobe = lprobe(["--timeout=30s", &server.http("/")]).status.success();
        let found = [lprobe, curl_takes(&server.http("/")), hyper_takes(server.port)];
        if found != taken {
            wrong.push(format!("{name}: {found:?}, and not {taken:?}"));
        }
    }
    assert!(wrong.is_empty(), "[lprobe, curl, hyper]:\n{}", wrong.join("\n"));
}

#[test]
fn the_page_has_the_table() {
    let page = fs::read_to_string(repository("docs/http.md")).expect("the page");
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    let table = table();
    assert_eq!(rows.len(), table.len(), "docs/http.md has another number of rows");
    for (row, Row { name, taken, .. }) in rows.iter().zip(table) {
        let [lprobe, curl, hyper] = taken.map(|taken| if taken { "takes it" } else { "refuses" });
        let lprobe = if lprobe == "takes it" { "healthy" } else { "unhealthy" };
        let begin = format!("| {name} | {lprobe} | {curl} | {hyper} |");
        assert!(row.starts_with(&begin), "docs/http.md says {row:?}, and not {begin:?}");
    }
}

//! `--json`: values in a body.

use crate::support::server::Server;
use crate::support::{PEAK_RSS, lprobe, measured};

fn answering(body: &str) -> Server {
    Server::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

#[test]
fn a_health_document_is_judged_by_its_values() {
    let server = answering(r#"{"status":"UP","components":{"db":{"status":"DOWN","details":{"SECRET":1}}}}"#);
    let target = server.http("/actuator/health");
    lprobe(["--json", "/status=UP", &target]).healthy();
    lprobe(["--json", "/status=UP", "--json=/components/db/status=DOWN", "--contains=DOWN", &target]).healthy();
    let line = lprobe(["--json", "/status=UP", "--json=/components/db/status=UP", &target]).unhealthy();
    assert!(line.ends_with(": the value at the pointer of --json (number 2) is not the expected one"), "{line}");
    lprobe(["--json=/none=UP", &target]).unhealthy_saying(&["has no value at the pointer of --json (number 1)"]);
    lprobe(["--json=/status=UP", "--lacks=DOWN", &target]).unhealthy_saying(&["--lacks (number 1)"]);
    lprobe(["--json=/status=UP", "--contains=none", &target]).unhealthy_saying(&["--contains (number 1)"]);
    lprobe(["--json=/status=UP", &answering("<html>").http("/")]).unhealthy_saying(&["is not JSON"]);
    lprobe(["--json=/status=UP", "--method=HEAD", ":1"]).unhealthy_saying(&["--method HEAD"]);
    for (secret, words) in [("SECRET", "expected /POINTER=VALUE"), ("/SECRET~2=1", "~0 stands for ~")] {
        let line = lprobe(["--json", secret, ":1"]).unhealthy();
        assert!(line.contains(words) && !line.contains("SECRET"), "{line}");
    }
}

/// What begins well proves nothing.
#[test]
fn half_a_document_is_unhealthy() {
    let half = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"status\":\"UP\"}");
    lprobe(["--json=/status=UP", &half.http("/")]).unhealthy_saying(&["closed in the middle of the body"]);
    let padded = |size: usize| answering(&format!("{{\"status\":\"UP\"{}}}", " ".repeat(size - 15)));
    lprobe(["--json=/status=UP", &padded(64 * 1024).http("/")]).healthy();
    lprobe(["--json=/status=UP", &padded(64 * 1024 + 1).http("/")]).unhealthy_saying(&["longer than 64 KiB"]);
    let more = format!("{{\"status\":\"UP\"}}{}<html>", " ".repeat(64 * 1024 - 15));
    lprobe(["--json=/status=UP", &answering(&more).http("/")]).unhealthy_saying(&["longer than 64 KiB"]);
    lprobe(["--json=/0=1", &answering(&"[".repeat(60_000)).http("/")]).unhealthy_saying(&["is not JSON"]);
    let chunked = Server::answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"status\"\r\n6\r\n:\"UP\"}\r\n0\r\n\r\n",
    );
    lprobe(["--json=/status=UP", &chunked.http("/")]).healthy();
}

/// A tree of this document would take 7 MB.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn a_wide_document_takes_little_memory() {
    let wide = answering(&format!("[1{}]", ",{\"\":0}".repeat(9_000)));
    for (condition, code) in [("--json=/0=1", 0), ("--json=/9000/=0", 0), ("--json=/1=1", 1), ("--json==1", 1)] {
        let (outcome, peak) = measured(["--timeout=30s", condition, &wide.http("/")]);
        assert_eq!(outcome.status.code(), Some(code), "{condition}: {outcome:?}");
        assert!(peak <= PEAK_RSS, "{condition}: {peak} bytes");
    }
}

//! The options for HTTP.

use crate::support::lprobe;
use crate::support::server::{Server, until_closed};
use std::fs::{self};
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::thread;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// The request that `arguments` make.
pub fn request(arguments: &[&str]) -> String {
    let server = Server::answering(OK);
    lprobe(arguments.iter().copied().chain([&*server.http("/")])).healthy();
    server.request().replace(&format!("localhost:{}", server.port), "HOST")
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

const REST: &str = "accept: */*\r\nconnection: close\r\n";

#[test]
fn the_method_is_the_callers() {
    for method in ["GET", "HEAD", "OPTIONS", "POST", "PUT"] {
        let request = request(&["--method", method]);
        assert!(request.starts_with(&format!("{method} / HTTP/1.1\r\n")), "{request}");
        assert_eq!(request.contains("content-length: 0\r\n"), ["POST", "PUT"].contains(&method), "{request}");
    }
    for bad in ["get", "PATCH", "DELETE", "", "GET / HTTP/1.1\r\nX: y"] {
        lprobe(["--method", bad, ":1"]).unhealthy_saying(&["--method", "GET, HEAD, OPTIONS, POST or PUT"]);
    }
}

#[test]
fn headers_are_the_callers() {
    let agent = format!("user-agent: lprobe/{VERSION}\r\n");
    let custom = request(&["--header", "X-A: 1", "--header=x-a:2", "-header", "X-B:\t with spaces "]);
    assert_eq!(
        custom,
        format!("GET / HTTP/1.1\r\nhost: HOST\r\nx-a: 1\r\nx-a: 2\r\nx-b: with spaces\r\n{agent}{REST}\r\n")
    );
    assert!(request(&["--header", "Host: service.example"]).contains("\r\nhost: service.example\r\n"));
    assert!(!request(&["--header", "Host: service.example"]).contains("HOST"));
    for header in ["Accept: text/plain", "Connection: keep-alive", "User-Agent: x"] {
        let header = header.to_ascii_lowercase();
        let (name, _) = header.split_once(' ').expect("a name");
        let request = request(&["--header", &header]);
        assert!(request.contains(&format!("\r\n{header}\r\n")) && request.matches(name).count() == 1, "{request}");
    }
    assert!(request(&["--user-agent", "kube-probe/1.30"]).contains("\r\nuser-agent: kube-probe/1.30\r\n"));
    assert!(request(&["--basic-auth", "user:pass:word"]).contains("\r\nauthorization: Basic dXNlcjpwYXNzOndvcmQ=\r\n"));
    assert!(request(&["--basic-auth", "a:"]).contains("\r\nauthorization: Basic YTo=\r\n"));
    assert!(request(&["--basic-auth", ":b1"]).contains("\r\nauthorization: Basic OmIx\r\n"));
}

#[test]
fn a_bad_header_is_refused_and_its_value_is_not_shown() {
    for bad in
        ["SECRET", "SECRET: a\r\nX: y", "A: SECRET\n", "A: SECRET\tb", "A B: SECRET", ": SECRET", "A: SECR\u{c9}T"]
    {
        let line = lprobe(["--header", bad, ":1"]).unhealthy();
        assert!(line.contains("--header") && !line.contains("SECR"), "{line}");
    }
    for framing in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        lprobe(["--header", framing, ":1"]).unhealthy_saying(&["lprobe sets this header itself"]);
    }
    for bad in ["SECRET", ""] {
        let line = lprobe(["--basic-auth", bad, ":1"]).unhealthy();
        assert!(line.contains("USER:PASSWORD") && !line.contains("SECRET"), "{line}");
    }
    lprobe(["--user-agent", "a\r\nX: y", ":1"]).unhealthy_saying(&["--user-agent"]);
}

#[test]
fn all_texts_must_be_in_the_body() {
    let length = |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let json = Server::answering(length(r#"{"status":"ok","db":"up"}"#));
    lprobe([r#"--contains="status":"ok""#, r#"--contains="db":"up""#, &json.http("/")]).healthy();
    lprobe(["--contains=ok", "--contains=down\n", &json.http("/")])
        .unhealthy_saying(&["the text of --contains (number 2) is not in the first 64 KiB of the body"]);

    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nre\r\n3\r\nady\r\n0\r\n\r\n";
    lprobe(["--contains=ready", &Server::answering(chunked).http("/")]).healthy();
    let to_the_end = "HTTP/1.0 200 OK\r\n\r\nready";
    lprobe(["--contains=ready", &Server::answering(to_the_end).http("/")]).healthy();
    // What comes before the text is complete; what breaks off before it is no answer.
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nready, but";
    lprobe(["--contains=ready", &Server::answering(half).http("/")]).healthy();
    lprobe(["--contains=steady", &Server::answering(half).http("/")]).unhealthy();
    // Nobody asked for another coding, and what is in it is not the text.
    for coding in ["gzip", "gzip, chunked", "chunked,", "chunked\r\nTransfer-Encoding: chunked"] {
        let coded = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n5;ready\r\nready\r\n0\r\n\r\n");
        lprobe([Server::answering(&*coded).http("/")]).healthy();
        lprobe(["--contains=ready", &Server::answering(coded).http("/")])
            .unhealthy_saying(&["a Transfer-Encoding that"]);
    }
    lprobe(["--contains=ready", &Server::answering("HTTP/1.1 500 \r\n\r\nready").http("/")])
        .unhealthy_saying(&["status 500"]);

    let at = |place: usize| Server::answering(length(&format!("{}ready{}", "x".repeat(place), "x".repeat(99_999))));
    lprobe(["--contains=ready", &at(65_531).http("/")]).healthy();
    lprobe(["--contains=ready", &at(65_532).http("/")]).unhealthy_saying(&["is not in the first 64 KiB"]);
    let crumbs = "1\r\nx\r\n".repeat(65_531) + "5\r\nready\r\n0\r\n\r\n";
    let server = Server::answering(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{crumbs}"));
    lprobe(["--contains=ready", "--timeout=10s", &server.http("/")]).healthy();

    let stalled = Server::start(|mut stream| {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nre"));
        until_closed(stream);
    });
    lprobe(["--contains=ready", "--timeout=200ms", &stalled.http("/")])
        .unhealthy_saying(&["no text of --contains within 200 ms"]);

    lprobe(["--contains=", ":1"]).unhealthy_saying(&["--contains"]);
    lprobe(["--contains=x", "--method=HEAD", ":1"]).unhealthy_saying(&["HEAD"]);
}

#[test]
fn http_goes_over_a_unix_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("docker.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let expected = format!("GET /_ping HTTP/1.1\r\nhost: localhost\r\nuser-agent: lprobe/{VERSION}\r\n{REST}\r\n");
        let mut request = vec![0; expected.len()];
        stream.read_exact(&mut request).expect("a request");
        stream.write_all(OK.as_bytes()).expect("the client reads");
        assert_eq!(String::from_utf8(request).expect("ASCII"), expected);
    });
    lprobe(["--unix-socket", path.to_str().expect("UTF-8"), "http://localhost/_ping"]).healthy();
    server.join().expect("the request is what is expected");
    lprobe(["--unix-socket=/nowhere.sock", "http://localhost/"]).unhealthy_saying(&["/nowhere.sock: No such file"]);
}

/// RFC 9110, section 15.2: another response follows an interim one.
#[test]
fn a_status_that_can_never_be_is_refused() {
    for never in ["100", "102", "200,199", "102-199", "100-100,204"] {
        lprobe(["--http-codes", never, ":1"]).unhealthy_saying(&["--http-codes", "interim"]);
    }
    for may_be in ["101", "100-199", "100-599", "200"] {
        lprobe(["--http-codes", may_be, ":1"]).unhealthy_saying(&["connection refused"]);
    }
}

/// Texts that must be there, and others that must not.
#[test]
fn a_body_is_searched_for_several_texts() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nall is well\n");
    let probe = |arguments: &[&str]| lprobe([&server.http("/")[..]].iter().chain(arguments));
    probe(&["--contains-any=SECRET", "--contains-any=well"]).healthy();
    probe(&["--contains=all", "--contains-any=is", "--lacks=SECRET"]).healthy();
    probe(&["--contains-any=SECRET", "--contains-any=SECRET2"]).unhealthy_saying(&["no text of --contains-any"]);
    probe(&["--lacks=SECRET", "--lacks=well"]).unhealthy_saying(&["the text of --lacks (number 2) is in the body"]);
    probe(&["--lacks=well\n"]).unhealthy_saying(&["--lacks (number 1)"]);
    let cut = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nall is well\n");
    lprobe([&cut.http("/"), "--lacks=sick"]).unhealthy_saying(&["closed in the middle of the body"]);
    // Whether it lacks a text shows only in the whole of it.
    let body = |length: usize| {
        Server::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(length)))
    };
    lprobe(["--lacks=sick", &body(64 * 1024).http("/")]).healthy();
    lprobe(["--lacks=sick", &body(64 * 1024 + 1).http("/")])
        .unhealthy_saying(&["the body is longer than 64 KiB, and --lacks reads no more"]);
    lprobe(["--contains=xx", &body(64 * 1024 + 1).http("/")]).healthy();
    // In what is compressed, a text does not show.
    let coded = Server::answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nwell");
    lprobe(["--lacks=sick", &coded.http("/")]).unhealthy_saying(&["Content-Encoding, and --lacks can't search it"]);
    lprobe(["--contains=well", &coded.http("/")]).healthy();
    lprobe(["--lacks=", ":1"]).unhealthy_saying(&["--lacks", "empty"]);
    lprobe(["--lacks=x", "--method=HEAD", ":1"]).unhealthy_saying(&["can't go with --method HEAD"]);
}

/// Docker's and Kubernetes' secrets are files.
#[test]
fn a_secret_is_read_from_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, contents: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, contents).expect("a file");
        format!("@{}", path.display())
    };
    let header = file("header", b"X-Token: SECRET\n");
    assert!(request(&["--header", &header]).contains("\r\nx-token: SECRET\r\n"));
    let basic = file("basic", b"user:SECRET");
    assert!(request(&["--basic-auth", &basic]).contains("\r\nauthorization: Basic dXNlcjpTRUNSRVQ=\r\n"));
    // A file of Windows has the newline of Windows.
    let basic = file("windows", b"user:SECRET\r\n");
    assert!(request(&["--basic-auth", &basic]).contains("\r\nauthorization: Basic dXNlcjpTRUNSRVQ=\r\n"));
    let unusable = [
        ("@/no/such".into(), "No such file"),
        (format!("@{}", folder.path().display()), "not a regular file"),
        (file("long", &[b'x'; 65_537]), "longer than 64 KiB"),
        (file("longer", &[&[b'x'; 65_536][..], b"\nx"].concat()), "longer than 64 KiB"),
        (file("binary", b"SECRET\xff"), "not UTF-8"),
        (file("no-header", b"SECRET"), "expected NAME: VALUE"),
    ];
    for (value, words) in &unusable {
        let line = lprobe(["--header", value, ":1"]).unhealthy();
        assert!(line.contains(words) && !line.contains("SECRET"), "{line}");
    }
    // A text that is no secret is what it is.
    assert!(request(&["--user-agent=@x"]).contains("\r\nuser-agent: @x\r\n"));
}

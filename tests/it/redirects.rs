//! `--follow`: redirects inside the container.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use crate::support::server::{ClosedPort, Server, full_backlog, until_closed};
use crate::support::{FULL, lprobe};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell";

fn to(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} \r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

/// A server that answers each request with the next of these.
fn answering(answers: Vec<String>) -> Server {
    let mut answers = answers.into_iter();
    Server::start(move |mut stream| {
        stream.write_all(answers.next().expect("no more requests").as_bytes()).expect("it is read");
        until_closed(stream);
    })
}

fn path(server: &Server) -> String {
    server.request().split(' ').nth(1).expect("a path").to_owned()
}

#[test]
fn a_redirect_is_followed_to_its_end() {
    let place = Server::answering(OK);
    for status in [301, 302, 303, 307, 308] {
        let server = Server::answering(to(status, &place.http("/login?next=a#top")));
        lprobe(["--follow", "--contains=well", &server.http("/")]).healthy();
        assert_eq!(path(&place), "/login?next=a", "{status}");
        // Without it, the status counts.
        lprobe([server.http("/")]).unhealthy_saying(&[&format!("{status}")]);
    }
    for (location, expected) in [
        ("/b", "/b"),
        ("b", "/x/b"),
        ("../b", "/b"),
        ("?b", "/x/y?b"),
        ("a b", "/x/a%20b"),
        ("/b?c[d]=1", "/b?c%5Bd%5D=1"),
    ] {
        let server = answering(vec![to(302, location), OK.into()]);
        lprobe(["--follow", &server.http("/x/y")]).healthy();
        assert_eq!([path(&server), path(&server)], ["/x/y", expected]);
    }
    // The end is judged as any answer is, and the line says where it was found.
    let server = answering(vec![to(302, "/b"), "HTTP/1.1 500 \r\n\r\n".into()]);
    lprobe(["--follow", &server.http("/")]).unhealthy_saying(&["/: after a redirect: status 500, expected 200-299"]);
    // A status that is healthy is an answer, and so is one that says no place.
    let server = Server::answering(to(302, "http://example.com/"));
    lprobe(["--follow", "--http-codes=302", &server.http("/")]).healthy();
    let server = Server::answering("HTTP/1.1 302 \r\n\r\n");
    lprobe(["--follow", "--http-codes=302", &server.http("/")]).healthy();
    let server = Server::answering("HTTP/1.1 304 \r\nLocation: /x\r\n\r\n");
    lprobe(["--follow", &server.http("/")]).unhealthy_saying(&["status 304"]);
}

#[test]
fn a_redirect_to_elsewhere_is_unhealthy() {
    for location in [
        "http://example.com/",
        "//192.0.2.1/",
        "http://[2001:db8::1]/",
        "http://127.0.0.11/",
        "http://user:pass@localhost/",
        "ftp://localhost/",
        "tcp://localhost:1",
        "unix:///run/docker.sock",
        "mailto:root@localhost",
    ] {
        let server = Server::answering(to(302, location));
        let line = lprobe(["--follow", &server.http("/")]).unhealthy();
        assert!(line.contains("redirected outside this container") && !line.contains(location), "{line}");
    }
    // An address is the server's word too.
    let closed = ClosedPort::new();
    let server = Server::answering(to(302, &format!("http://127.9.8.7:{}/", closed.port)));
    let line = lprobe(["--follow", &server.http("/")]).unhealthy();
    assert!(line.ends_with(": redirected to a port that accepts no connection") && !line.contains("127.9"), "{line}");
    let server = Server::answering(to(302, "/%zz"));
    lprobe(["--follow", &server.http("/")]).unhealthy_saying(&["redirected to a malformed URL"]);
    let server = Server::answering(to(302, "https://localhost/"));
    let why =
        if FULL { "to https://, and no option for TLS says whom to trust" } else { "to HTTPS, which only lprobe-full" };
    lprobe(["--follow", &server.http("/")]).unhealthy_saying(&["redirected ", why]);
}

#[test]
fn ten_redirects_are_followed_and_no_more() {
    let chain = |length: usize| {
        let mut answers = vec![to(302, "/"); length];
        answers.push(OK.into());
        answering(answers)
    };
    lprobe(["--follow", &chain(10).http("/")]).healthy();
    lprobe(["--follow", &chain(11).http("/")]).unhealthy_saying(&["redirected more than 10 times"]);
    // All of them within the deadline.
    let slow = Server::start(|mut stream| {
        std::thread::sleep(std::time::Duration::from_millis(90));
        // The last of them comes too late.
        let _ = stream.write_all(to(302, "/").as_bytes());
        until_closed(stream);
    });
    lprobe(["--follow", "--timeout=300ms", &slow.http("/")]).unhealthy_saying(&["within 300 ms"]);
    let (_listener, address, _waiting) = full_backlog();
    let server = Server::answering(to(302, &format!("http://{address}/")));
    let late = lprobe(["--follow", "--timeout=300ms", &server.http("/")]);
    late.unhealthy_saying(&["no answer after a redirect within 300 ms"]);
}

#[test]
fn credentials_stay_with_the_same_host_and_port() {
    let place = Server::answering(OK);
    let secrets = ["--basic-auth=a:b", "--header=X-Token: c", "--header=Cookie: d", "--user-agent=e", "--follow"];
    let server = answering(vec![to(302, "/b"), to(302, &place.http("/c")), OK.into()]);
    lprobe(secrets.iter().copied().chain([&*server.http("/")])).healthy();
    let [first, second, third] = [server.request(), server.request(), place.request()];
    for request in [first, second] {
        for header in ["authorization: Basic ", "x-token: c", "cookie: d", "user-agent: e"] {
            assert!(request.contains(header), "{request}");
        }
    }
    let rest = format!(
        "GET /c HTTP/1.1\r\nhost: localhost:{}\r\nuser-agent: e\r\naccept: */*\r\nconnection: close\r\n\r\n",
        place.port
    );
    assert_eq!(third, rest);
    // Nor do they come back with another redirect: what asked for it may be anybody.
    let port = Arc::new(OnceLock::new());
    let mut hosts = ["127.0.0.1", "localhost", "localhost"].into_iter();
    let server = Server::start({
        let port = port.clone();
        move |mut stream| {
            let answer = hosts.next().map(|host| to(302, &format!("http://{host}:{}/", port.wait())));
            stream.write_all(answer.unwrap_or(OK.into()).as_bytes()).expect("it is read");
            until_closed(stream);
        }
    });
    port.set(server.port).expect("it was not set");
    lprobe(secrets.iter().copied().chain([&*server.http("/")])).healthy();
    assert_eq!([(); 4].map(|()| server.request().contains("x-token: c")), [true, false, false, false]);
}

#[test]
fn a_post_becomes_a_get_where_curl_makes_it_one() {
    for (status, method, follows) in [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (307, "POST", "POST"),
        (308, "PUT", "PUT"),
        (302, "HEAD", "HEAD"),
    ] {
        let server = answering(vec![to(status, "/b"), OK.into()]);
        let method = format!("--method={method}");
        lprobe(["--follow", &method, "--header=Content-Type: text/plain", &server.http("/")]).healthy();
        server.request();
        let second = server.request();
        assert!(second.starts_with(&format!("{follows} /b HTTP/1.1\r\n")), "{status} {method}: {second}");
        let has_body = ["POST", "PUT"].contains(&follows);
        assert_eq!(second.contains("content-length"), has_body, "{second}");
        assert_eq!(second.contains("content-type"), has_body || follows == "HEAD", "{second}");
    }
}

/// As theirs does, but for redirects to other hosts.
#[test]
fn with_fivexls_flags_redirects_are_followed() {
    let port = |server: &Server| format!("-port={}", server.port);
    let server = answering(vec![to(302, "/b"), OK.into()]);
    lprobe([&*port(&server), "-endpoint=/a"]).healthy();
    assert_eq!([path(&server), path(&server)], ["/a", "/b"]);
    let server = Server::answering(to(302, "http://example.com/"));
    lprobe([port(&server)]).unhealthy_saying(&["redirected outside this container"]);
}

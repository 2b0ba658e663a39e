//! Sealed copies: probes that take no argument, and decoys that raise an alert.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::server::Server;
use crate::support::{Outcome, binary, have_tools, lprobe, run, without_variables};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nUP";

/// Seals a copy with `arguments`.
fn sealed(folder: &Path, arguments: &[&str]) -> PathBuf {
    let path = folder.join("healthcheck");
    let path_text = path.to_str().expect("UTF-8");
    lprobe([&["install", "--seal", path_text, "--"], arguments].concat()).healthy();
    path
}

fn start(program: &Path, arguments: &[&str]) -> Outcome {
    run(without_variables(&mut Command::new(program)).args(arguments))
}

/// Checks for an alert, and nothing else, that says `words`.
#[track_caller]
fn assert_alert(outcome: &Outcome, words: &[&str]) {
    assert_eq!((outcome.status.code(), &*outcome.stdout), (Some(1), ""), "{outcome:?}");
    let line = outcome.stderr.strip_suffix('\n').expect("a line");
    assert!(line.starts_with("lprobe: ALERT: ") && line.len() < 1_000, "{outcome:?}");
    assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "not one printable line: {line:?}");
    for word in words {
        assert!(line.contains(word), "{word:?} is not in {line:?}");
    }
}

#[test]
fn a_sealed_copy_makes_its_probe_and_takes_no_argument() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::answering(OK);
    let target = format!("http://localhost:{}/x?token=geheim", server.port);
    let copy = sealed(folder.path(), &[&target, "--contains", "UP", "--header=X-Key: geheim", "--timeout=30s"]);

    start(&copy, &[]).healthy();
    assert!(server.request().contains("x-key: geheim\r\n"));
    // No name of a personality, and no variable, changes what it does.
    let renamed = folder.path().join("grpc_health_probe");
    fs::hard_link(&copy, &renamed).expect("a link");
    start(&renamed, &[]).healthy();
    let variables = [("LPROBE_CONTAINS", "DOWN"), ("LPROBE_TARGET", "tcp://:1"), ("LPROBE_VERBOSE", "1")];
    run(Command::new(&copy).envs(variables)).healthy();

    for arguments in [&["tcp://:1"][..], &["-v"], &[""], &["install", "/tmp/x"], &["--sealed", "x"], &["--help"]] {
        let words = arguments.iter().map(|argument| format!(" \"{argument}\"")).collect::<String>();
        assert_alert(
            &start(&copy, arguments),
            &["a sealed probe was given arguments: process ", " started by process ", &words],
        );
    }
    let forged = start(&copy, &["x\nlprobe: ALERT: forged\x1b[31m", "--header", "geheim", "http://a:geheim@b/?geheim"]);
    assert_alert(&forged, &[r#""x\nlprobe: ALERT: forged\x1b[31m" "--header" "..." "http://...@b/?...""#]);
    assert_alert(&start(&copy, &["x"; 10_000]), &["..."]);

    let shown = start(&copy, &["--sealed"]);
    let expected = format!(
        "lprobe: sealed: \"http://localhost:{}/x?...\" \"--contains\" \"...\" \"--header=...\" \"--timeout=30s\"\n",
        server.port
    );
    assert_eq!((shown.status.code(), shown.stdout, shown.stderr), (Some(0), expected, String::new()));
}

#[test]
fn a_line_of_curl_is_sealed_and_shown_without_its_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::answering(OK);
    let url = format!("http://admin:geheim@localhost:{}/x?token=geheim", server.port);
    let copy = sealed(folder.path(), &["curl", "-fsSH", "X-Key: geheim", "-m", "30", &url]);
    start(&copy, &[]).healthy();
    let request = server.request();
    assert!(request.contains("authorization: Basic YWRtaW46Z2VoZWlt\r\n") && request.contains("x-key: geheim\r\n"));
    let shown = start(&copy, &["--sealed"]).stdout;
    let place = url.replace("admin:geheim", "...").replace("token=geheim", "...");
    assert_eq!(
        shown,
        format!("lprobe: sealed: \"curl\" --fail --silent --show-error --header --max-time \"{place}\"\n")
    );
    // Only the first argument names a personality.
    let other = tempfile::tempdir().expect("a folder");
    let copy = sealed(other.path(), &["--user-agent", "curl", "--contains", "geheim", ":1"]);
    assert_eq!(
        start(&copy, &["--sealed"]).stdout,
        "lprobe: sealed: \"--user-agent\" \"...\" \"--contains\" \"...\" \":1\"\n"
    );
    // So is an alert, under whatever name.
    let curl = folder.path().join("curl");
    fs::hard_link(binary(), &curl).or_else(|_| std::os::unix::fs::symlink(binary(), &curl)).expect("a link");
    let outcome = start(&curl, &["-fu", "admin:geheim", "-d", "geheim", "http://example.com/?geheim"]);
    assert_eq!(outcome.status.code(), Some(1));
    let end = "curl\" --fail --user --data \"http://example.com/?...\"\n";
    assert!(outcome.stderr.ends_with(end) && outcome.stderr.contains("\nlprobe: ALERT: "), "{outcome:?}");
    assert!(!outcome.stderr.contains("geheim"), "{outcome:?}");
}

#[test]
fn a_sealed_copy_is_unhealthy_as_the_open_program_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = sealed(folder.path(), &["http://localhost:1/"]);
    start(&copy, &[]).unhealthy_saying(&["http://localhost:1/: 127.0.0.1: connection refused"]);
    let fivexl = sealed(folder.path(), &["-port=1", "-endpoint=/x"]);
    start(&fivexl, &[]).unhealthy_saying(&["http://127.0.0.1:1/x: 127.0.0.1: connection refused"]);
}

#[test]
fn the_same_arguments_make_the_same_bytes() {
    let [one, other] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let bytes = |folder: &Path, arguments: &[&str]| fs::read(sealed(folder, arguments)).expect("a copy");
    let first = bytes(one.path(), &["tcp://:1", "--timeout=2s"]);
    assert_eq!(first, bytes(other.path(), &["tcp://:1", "--timeout=2s"]));
    assert_ne!(first, bytes(other.path(), &["tcp://:2", "--timeout=2s"]));
    // Nothing but the section differs from the open program.
    let open = fs::read(binary()).expect("the binary");
    let differing =
        || open.iter().zip(&first).enumerate().filter(|(_, (open, sealed))| open != sealed).map(|(at, _)| at);
    assert_eq!(open.len(), first.len());
    assert!(differing().max().expect("some") - differing().min().expect("some") < 2048);
}

/// Docker's and Kubernetes' secrets are files, and not there yet when an image is built.
#[test]
fn a_value_comes_from_a_file_when_the_probe_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::answering(OK);
    let secret = folder.path().join("secret");
    let header = format!("@{}", secret.display());
    let copy = sealed(folder.path(), &[&server.http("/"), "--header", &header, "--timeout=30s"]);
    start(&copy, &[]).unhealthy_saying(&["--header", "the file after @: No such file"]);
    fs::write(&secret, "X-Key: geheim\n").expect("a file");
    start(&copy, &[]).healthy();
    assert!(server.request().contains("x-key: geheim\r\n"));
}

#[test]
fn what_can_not_be_sealed_is_refused_when_it_is_sealed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("healthcheck");
    let seal = |arguments: &[&str]| {
        let path = path.to_str().expect("UTF-8");
        lprobe([&["install", "--seal", path, "--"], arguments].concat())
    };
    for (arguments, words) in [
        (&[][..], &["no target"][..]),
        (&["http://example.com/"], &["lprobe only reaches its own container"]),
        (&[":80", "--timeot=1s"], &["did you mean --timeout?"]),
        (&[":80", "--timeout=x"], &["--timeout \"x\"", "expected a duration"]),
        (&[":${PORT:-80}"], &["reads no variable", "@FILE"]),
        (&["--help"], &["a sealed copy probes, and does nothing else"]),
        (&["install", "/x"], &["a sealed copy probes, and does nothing else"]),
        (&[":80", "--contains", &"x".repeat(2048)], &["has room for 2028"]),
    ] {
        seal(arguments).unhealthy_saying(words);
        assert!(!path.exists(), "{arguments:?}");
    }
    let longest = "x".repeat(2028 - ":80\0--contains\0\0".len());
    seal(&[":80", "--contains", &longest]).healthy();
    start(&path, &[]).unhealthy();
    for usage in [
        &["install", "--seal"][..],
        &["install", "--seal", "/x"],
        &["install", "--seal", "/x", ":80"],
        &["install", "--as", "sh"],
        &["install", "--as", "sh", "/x", "/y"],
        &["install", "--tripwire=term", "/x"],
        &["install", "--tripwire=kill", "--seal", "/x", "--", ":80"],
        &["install", "--seal", "-x", "--", ":80"],
    ] {
        lprobe(usage).unhealthy_saying(&["expected lprobe install PATH", "--seal", "--as"]);
    }
    lprobe(["install", "--tripwire=term", "--as", "curl", "/nowhere"]).unhealthy_saying(&["--tripwire is for decoys"]);
    for names in ["", "sh,", "../sh", "sh,/bin/ls"] {
        lprobe(["install", "--as", names, "/nowhere"]).unhealthy_saying(&["--as takes names separated by commas"]);
    }
}

#[test]
fn decoys_are_one_file_and_raise_an_alert_whatever_they_are_called_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let folder_text = folder.path().to_str().expect("UTF-8");
    for _ in 0..2 {
        lprobe(["install", "--as", "sh,bash,curl,nc,wget", folder_text]).healthy();
        let inode = |name: &str| fs::metadata(at(name)).expect("a file").ino();
        assert!(inode("sh") == inode("bash") && inode("sh") == inode("nc") && inode("curl") == inode("wget"));
        assert_eq!(fs::metadata(at("sh")).expect("a file").nlink(), 3);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 5, "nothing else is left");
    }
    let name = at("sh").display().to_string();
    for arguments in [&[][..], &["-c", "id"], &["--help"], &["http://localhost:1/"], &["--sealed"]] {
        assert_alert(&start(&at("sh"), arguments), &["a decoy was started: process ", " of user ", &name]);
    }
    // Whoever needs curl for a health check has it: an open copy.
    assert_eq!(fs::read(at("curl")).expect("a copy"), fs::read(binary()).expect("the binary"));
    lprobe(["install", "--as", "--decoy", "curl,sh", folder_text]).healthy();
    assert_alert(&start(&at("curl"), &["http://localhost/"]), &["a decoy was started"]);
    // What follows a flag that lprobe does not know may be a secret too.
    for flag in ["--oauth2-bearer", "--oauth2-bearer=geheim", "-Z"] {
        let outcome = start(&at("curl"), &[flag, "geheim", "http://localhost/"]);
        assert_alert(&outcome, &["a decoy was started", "http://localhost/"]);
        let value = flag.split('=').nth(1).map_or("geheim", |_| "=geheim");
        assert!(!outcome.stderr.contains(value), "{outcome:?}");
    }
}

#[test]
fn a_seal_costs_no_system_call() {
    if !have_tools(&["strace"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::answering(OK);
    let arguments = [&*server.http("/"), "--timeout=30s"];
    let copy = sealed(folder.path(), &arguments);
    let calls = |program: &Path, arguments: &[&str]| {
        let traced = run(without_variables(Command::new("strace").arg("-f").arg(program)).args(arguments));
        assert!(traced.status.success(), "{traced:?}");
        traced.stderr.lines().filter(|line| line.contains('(')).count()
    };
    assert_eq!(calls(&copy, &[]), calls(&binary(), &arguments));
}

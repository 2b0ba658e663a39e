//! The lines of docs/health-checks-in-the-wild.md, beside the tools that they were written for: on a healthy server, on a sick
//! one, and where there is none.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::netns::isolated;
use crate::support::{FULL, binary, have_tools, lprobe, repository, tool, without_variables};

/// A line of a table.
struct Row {
    /// What people write.
    line: String,
    /// What to write for lprobe.
    here: String,
    /// Whether the first is for a shell.
    is_of_shell: bool,
    note: String,
}

/// Reads the rows of the page.
fn rows() -> Vec<Row> {
    let page = fs::read_to_string(repository("docs/health-checks-in-the-wild.md")).expect("the page");
    let code = |cell: &str| Some(cell.trim().strip_prefix('`')?.strip_suffix('`')?.to_owned());
    let mut rows = Vec::new();
    for line in page.lines().take_while(|line| *line != "## Every flag") {
        let line = line.replace("\\|", "\u{0}");
        let Some((first, second)) = line.strip_prefix("| ").and_then(|row| row.strip_suffix('|')?.split_once(" | "))
        else {
            continue;
        };
        let Some(first) = code(first) else { continue };
        let here = code(second);
        let plain = |text: &str| text.replace('\u{0}', "|");
        rows.push(Row {
            is_of_shell: here.is_some(),
            here: plain(here.as_ref().unwrap_or(&first)),
            line: plain(&first),
            note: if here.is_some() { String::new() } else { second.trim().into() },
        });
    }
    rows
}

/// nginx on the ports of the page. It is sick while a file is there.
struct Site {
    nginx: Child,
    folder: tempfile::TempDir,
}

impl Site {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path().display();
        if FULL {
            let made = tool("openssl")
                .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
                .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
                .args(["-addext", "basicConstraints=critical,CA:FALSE"])
                .args(["-keyout", &format!("{at}/key.pem"), "-out", &format!("{at}/ca.pem")])
                .stderr(Stdio::null())
                .status();
            assert!(made.expect("openssl starts").success());
        }
        let ports = [80, 3000, 5601, 8000, 8080, 9090, 9200]
            .map(|port| format!("listen 127.0.0.1:{port}; listen [::1]:{port};"));
        let tls =
            "listen 127.0.0.1:8443 ssl; listen [::1]:8443 ssl; ssl_certificate ca.pem; ssl_certificate_key key.pem;";
        let configuration = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr crit;
             events {{}}
             http {{
                 access_log off;
                 client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                 uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                 server {{
                     {ports} listen unix:{at}/app.sock; {tls}
                     if (-f {at}/sick) {{ return 503; }}
                     location / {{ return 200 '{{\"status\":\"UP\"}}'; }}
                     location = /moved {{ return 302 /health; }}
                     location = /auth {{
                         add_header WWW-Authenticate 'Basic realm=\"app\"' always;
                         if ($http_authorization != 'Basic YWRtaW46c2VjcmV0') {{ return 401; }}
                         return 200;
                     }}
                 }}
             }}",
            ports = ports.concat(),
            tls = if FULL { tls } else { "" },
        );
        fs::write(folder.path().join("nginx.conf"), configuration).expect("a file");
        let nginx = tool("nginx").arg("-p").arg(folder.path()).args(["-c", "nginx.conf", "-e", "stderr"]).spawn();
        let nginx = nginx.expect("nginx starts");
        let begin = Instant::now();
        while TcpStream::connect("127.0.0.1:8080").is_err() {
            assert!(begin.elapsed() < Duration::from_secs(30), "nginx does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        Self { nginx, folder }
    }

    fn stop(&mut self) {
        let _ = kill(Pid::from_raw(self.nginx.id().cast_signed()), Signal::SIGTERM);
        let _ = self.nginx.wait();
    }
}

/// Where the page names a file, the test has its own.
fn with_own_files(text: &str, folder: &Path) -> String {
    text.replace("/run/", &format!("{}/", folder.display()))
}

/// Returns whether a command line exits with 0. Nothing reads what it prints.
fn succeeds(command: &mut Command) -> bool {
    // wget writes a file, and BusyBox's replaces none.
    let folder = tempfile::tempdir().expect("a folder");
    let command = without_variables(command).current_dir(folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it starts").success()
}

/// Each real tool's name and verdict.
type ByOthers = Vec<(&'static str, bool)>;

fn by_others(row: &Row, folder: &Path) -> ByOthers {
    let line = with_own_files(&row.line, folder);
    if row.is_of_shell {
        return vec![("the shell", succeeds(tool("sh").args(["-c", &line])))];
    }
    let words: Vec<_> = line.split(' ').collect();
    match words[0] {
        "curl" => vec![("curl", succeeds(tool("curl").args(&words[1..])))],
        _ => {
            vec![("GNU", succeeds(tool("wget").args(&words[1..]))), ("BusyBox", succeeds(tool("busybox").args(&words)))]
        }
    }
}

fn by_lprobe(row: &Row, folder: &Path) -> bool {
    let line = with_own_files(&row.here, folder);
    let words: Vec<_> = line.split(' ').collect();
    succeeds(Command::new(binary()).args(&words))
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn each_line_has_the_verdict_of_its_tool() {
    if !have_tools(&["curl", "wget", "busybox", "nginx", "openssl"]) {
        return;
    }
    isolated(|| {
        let rows: Vec<_> = rows().into_iter().filter(|row| FULL || !row.here.contains("https://")).collect();
        let mut site = Site::start();
        let folder = site.folder.path().to_owned();
        let mut verdicts: Vec<Vec<(bool, ByOthers)>> = rows.iter().map(|_| Vec::new()).collect();
        for state in ["healthy", "sick", "stopped"] {
            match state {
                "sick" => fs::write(folder.join("sick"), "").expect("a file"),
                "stopped" => site.stop(),
                _ => {}
            }
            // Some of them retry for seconds.
            let next = Mutex::new(rows.iter().zip(&mut verdicts));
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        loop {
                            let Some((row, verdicts)) = next.lock().expect("a lock").next() else { break };
                            verdicts.push((by_lprobe(row, &folder), by_others(row, &folder)));
                        }
                    });
                }
            });
        }
        let mut wrong = Vec::new();
        for (row, verdicts) in rows.iter().zip(&verdicts) {
            let (ours, theirs): (Vec<_>, Vec<_>) = verdicts.iter().cloned().unzip();
            for (place, (name, _)) in theirs[0].iter().enumerate() {
                let theirs: Vec<_> = theirs.iter().map(|theirs| theirs[place].1).collect();
                if (theirs != ours) != row.note.starts_with(&format!("{name} differs: ")) {
                    wrong.push(format!("{}: {name} {theirs:?}, lprobe {ours:?}: {}", row.line, row.note));
                }
            }
        }
        assert!(wrong.is_empty(), "of healthy, sick and stopped:\n{}", wrong.join("\n"));
    });
}

#[test]
fn the_page_has_a_hundred_lines_and_none_twice() {
    let mut lines: Vec<_> = rows().into_iter().map(|row| row.line).collect();
    lines.sort();
    let all = lines.len();
    lines.dedup();
    assert!(lines.len() == all && all >= 100, "{all} lines, {} of them distinct", lines.len());
}

/// What no line can show: lprobe refuses it, and says what it is.
#[test]
fn what_is_not_known_of_a_client_is_refused_by_its_name() {
    for (arguments, words) in [
        (
            &["curl", "-x", "http://proxy.example:3128", "http://localhost:1/"][..],
            "\"-x\" is no flag that lprobe takes here",
        ),
        (&["curl", "-fT/etc/passwd", "http://localhost:1/"], "\"-T\" is no flag that lprobe takes here"),
        (&["curl", "-f-", "http://localhost:1/"], "\"--\" is no flag that lprobe takes here"),
        (&["curl", "--resolve", "a:1:127.0.0.1", "http://localhost:1/"], "\"--resolve\" is no flag"),
        (&["curl", "--retr", "1", "http://localhost:1/"], "\"--retr\" is no flag"),
        (&["curl", "--fail=secret", "http://localhost:1/"], "\"--fail\" takes no value"),
        (&["curl", "http://localhost:1/", "-H"], "\"-H\" needs a value"),
        (&["wget", "http://localhost:1/", "--header"], "\"--header\" needs a value"),
        (&["curl", "ftp://localhost/"], "URL \"ftp://localhost/\": expected http://"),
        (&["curl", "tcp://u:secret@localhost:1"], "URL \"tcp://...@localhost:1\": expected http://"),
        (&["curl", "http://example.com/"], "lprobe only reaches its own container"),
        (&["curl", "-f"], "no target"),
        (&["curl", "-X", "DELETE", "http://localhost:1/"], "--method"),
        (&["wget", "-i", "list", "http://localhost:1/"], "\"-i\" is no flag that lprobe takes here"),
        (&["wget", "-qO-", "-T", "x", "http://localhost:1/"], "--timeout"),
    ] {
        let outcome = lprobe(arguments);
        assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
        let line = outcome.stderr;
        assert!(line.starts_with(&format!("{}: ", arguments[0])) && line.contains(words), "{arguments:?}: {line}");
        assert!(!line.contains("secret") && !line.contains("passwd"), "{line}");
    }
}

//! What a person copies from the pages: lprobe takes each line, and its engine gives it enough time.

use std::fs;
use std::io::Write;
use std::net::{Shutdown, TcpListener};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::support::netns::isolated;
use crate::support::server::{LOCALHOST, until_closed};
use crate::support::{FULL, binary, lprobe, repository, run, without_variables};

/// The README and all pages of docs/, by name.
fn pages() -> Vec<(String, String)> {
    let folder = fs::read_dir(repository("docs")).expect("a folder").map(|entry| entry.expect("an entry").path());
    let pages = folder.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.chain([repository("README.md")]).map(|path| (name(&path), fs::read_to_string(&path).expect("text"))).collect()
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// Where the files of the repository are on its host.
const HOSTS: [&str; 2] =
    ["https://github.com/OWNER/lprobe/blob/main/", "https://raw.githubusercontent.com/OWNER/lprobe/main/"];

/// Between the pages of docs/, the README and the files that they name.
#[test]
fn every_link_of_the_pages_leads_to_a_file() {
    let root = repository(".");
    let mut links = 0;
    for (name, page) in pages() {
        let folder = repository(if name == "README.md" { "." } else { "docs" });
        for link in page.split("](").skip(1).map(|link| link.split([')', '#']).next().expect("a part")) {
            // The README is also the front page of the package, from where no other link leads to the repository.
            let hosted = HOSTS.iter().find_map(|host| link.strip_prefix(host));
            let (folder, path) = hosted.map_or((&folder, link), |path| (&root, path));
            if !path.is_empty() && !path.contains("://") {
                assert!(folder.join(path).exists(), "{name}: {link}");
                assert!(hosted.is_some() || name != "README.md", "{name}: {link} is relative");
                links += 1;
            }
        }
    }
    assert!(links > 40, "{links} links");
}

/// What is longer stands one link away.
#[test]
fn the_readme_has_at_most_200_lines() {
    let lines = fs::read_to_string(repository("README.md")).expect("text").lines().count();
    assert!(lines <= 200, "README.md has {lines} lines");
}

/// A command in exec form: the arguments of lprobe, and the text before and after.
struct Line<'a> {
    arguments: Vec<String>,
    before: &'a str,
    after: &'a str,
}

/// Every command of a page in exec form that starts `/lprobe`, and installs nothing.
fn lines(page: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for (begin, _) in page.match_indices('[') {
        let mut words = serde_json::Deserializer::from_str(&page[begin..]).into_iter::<Vec<String>>();
        let Some(Ok(command)) = words.next() else { continue };
        let command = command.strip_prefix(&["CMD".to_owned()]).unwrap_or(&command);
        if let [program, arguments @ ..] = command
            && program == "/lprobe"
            && arguments.first().is_none_or(|first| first != "install")
        {
            let end = begin + words.byte_offset();
            lines.push(Line { arguments: arguments.to_vec(), before: &page[..begin], after: &page[end..] });
        }
    }
    lines
}

/// What any of the servers below says: an answer to HTTP, with the texts that the lines look for, and to the word `ruok`.
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{\"status\":\"UP\"} ok imok\n";

/// The lines for HTTP and TCP, against servers on the ports that they name.
#[test]
fn the_lines_for_those_who_migrate_find_their_servers() {
    isolated(|| {
        let page = fs::read_to_string(repository("docs/migrating.md")).expect("the page");
        let is_asked = |line: &Line| {
            let texts = line.arguments.join(" ");
            let is_elsewhere = ["@/", "/run/", "--json", "${"].iter().any(|part| texts.contains(part));
            let mut targets = line.arguments.iter().filter(|argument| argument.contains("://")).peekable();
            let is_by_flag = texts.contains("-port=") && targets.peek().is_none();
            let is_plain = |target: &String| target.starts_with("http://") || target.starts_with("tcp://");
            !is_elsewhere && (is_by_flag || targets.peek().is_some() && targets.all(is_plain))
        };
        let lines: Vec<_> = lines(&page).into_iter().filter(is_asked).collect();
        for port in [80, 8080, 5672, 2181] {
            let listener = TcpListener::bind((LOCALHOST, port)).expect("a namespace of the test's own");
            thread::spawn(move || {
                for stream in listener.incoming() {
                    let mut stream = stream.expect("a connection");
                    // A probe of tcp:// may have gone.
                    let _ = stream.write_all(ANSWER.as_bytes()).and_then(|()| stream.shutdown(Shutdown::Write));
                    until_closed(stream);
                }
            });
        }
        assert!(lines.len() > 10, "{} lines", lines.len());
        for line in lines {
            lprobe(&line.arguments).healthy();
        }
    });
}

/// Sealing checks a command line and asks no server. Nothing expands in a sealed copy.
#[test]
fn lprobe_takes_every_line_of_the_pages() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy");
    let help = run(Command::new(binary()).arg("--help")).stdout;
    let (mut taken, mut waiting) = (0, 0);
    for (name, page) in pages() {
        for line in lines(&page) {
            let arguments: Vec<_> = line.arguments.iter().map(|argument| expanded(argument)).collect();
            let mut seal = Command::new(binary());
            without_variables(&mut seal).args(["install", "--seal"]).arg(&copy).arg("--").args(&arguments);
            let outcome = run(&mut seal);
            let schemes = arguments.iter().filter_map(|argument| argument.split_once("://")).map(|(scheme, _)| scheme);
            let has_all = schemes.into_iter().all(|scheme| help.contains(&format!("\n  {scheme}://")));
            match outcome.status.success() {
                true => taken += 1,
                false if !FULL && outcome.stderr.contains("needs lprobe-full") => {}
                // The page is ahead of the program.
                false if !has_all => waiting += 1,
                false => panic!("{name}: {arguments:?}: {outcome:?}"),
            }
        }
    }
    assert!(taken > 40 && waiting == 0, "{taken} lines taken, and {waiting} of unknown schemes");
}

/// The argument with `${NAME:-default}` as its default, and `${NAME}` as a port.
fn expanded(argument: &str) -> String {
    let Some((before, rest)) = argument.split_once("${") else { return argument.to_owned() };
    let (name, after) = rest.split_once('}').expect("an end");
    let value = name.split_once(":-").map_or("8080", |(_, default)| default);
    format!("{before}{value}{}", expanded(after))
}

/// If the engine's time is over first, lprobe says nothing.
#[test]
fn every_engine_gives_lprobe_enough_time() {
    let mut engines = 0;
    for (name, page) in pages() {
        for line in lines(&page) {
            let Some(engine) = time_of_engine(&line) else { continue };
            let own = |option: &str| {
                let place = line.arguments.iter().position(|argument| argument == option);
                place.map(|place| seconds(&line.arguments[place + 1]))
            };
            let timeout = own("--timeout").unwrap_or(Duration::from_secs(1));
            let takes = match (own("--wait"), own("--watch")) {
                (wait, Some(watch)) => wait.unwrap_or_default() + watch + timeout,
                (Some(wait), None) => wait,
                (None, None) => timeout,
            };
            assert!(takes < engine, "{name}: {:?} takes {takes:?}, the engine has {engine:?}", line.arguments);
            engines += 1;
        }
    }
    assert!(engines > 10, "{engines}");
}

/// The time that an engine gives a command: in the HEALTHCHECK before it, or in the YAML after it.
fn time_of_engine(line: &Line) -> Option<Duration> {
    let (_, since) = line.before.rsplit_once("HEALTHCHECK ").unwrap_or_default();
    if since.ends_with("CMD ") {
        let time = since.split_once("--timeout=").map_or("30s", |(_, time)| time);
        return Some(seconds(time.split_whitespace().next().expect("a time")));
    }
    let is_in_block = line.before.matches("```").count() % 2 == 1;
    let block = line.after.split_once("```").filter(|_| is_in_block).map_or("", |(block, _)| block);
    let block = block.split_once("exec:").map_or(block, |(block, _)| block);
    let field = |name: &str| block.split_once(name).and_then(|(_, time)| time.split_whitespace().next());
    let is_yaml = ["test: ", "command: "].iter().any(|key| line.before.ends_with(key));
    if !is_yaml || !is_in_block {
        return None;
    }
    // Kubernetes waits for a second unless it is told otherwise.
    Some(seconds(field(" timeout: ").or(field("timeoutSeconds: ")).unwrap_or("1")))
}

/// A time in seconds, with its unit or without.
fn seconds(time: &str) -> Duration {
    Duration::from_secs(time.trim_end_matches('s').parse().expect("seconds"))
}

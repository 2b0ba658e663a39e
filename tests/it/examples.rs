//! The examples and the pages: their health checks do what they seem to. slow/ runs them.

use std::fs;
use std::time::Duration;

use crate::support::examples::{opened, with_watch};
use crate::support::repository;

fn read(file: &str) -> String {
    fs::read_to_string(repository(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The paths of all files in a folder.
fn files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(repository(folder)).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let mut paths: Vec<_> = names.map(|name| format!("{folder}/{name}")).collect();
    paths.sort();
    paths
}

/// The examples that have a health check.
fn checked() -> Vec<String> {
    let has_none = |path: &String| ["seccomp.json", ".rs", ".md", "policy.yaml"].iter().any(|end| path.ends_with(end));
    let mut paths = files("examples");
    paths.retain(|path| !has_none(path));
    paths.push("Dockerfile.example".into());
    paths
}

/// How a health check begins in one of the files, be it in a comment.
const BEGINNINGS: [&str; 9] = [
    "HEALTHCHECK ",
    "healthcheck:",
    "HealthCmd=",
    "\"healthCheck\":",
    "check {",
    "startupProbe:",
    "readinessProbe:",
    "livenessProbe:",
    "--env LPROBE_WATCH=",
];

/// A line without its indent, and without the mark of a comment.
fn uncommented(line: &str) -> &str {
    let line = line.trim_start();
    line.strip_prefix("# ").map_or(line, str::trim_start)
}

/// The health checks of a file, each from its beginning to that of the next.
fn health_checks(text: &str) -> Vec<String> {
    let mut checks: Vec<String> = Vec::new();
    for line in text.lines().map(uncommented) {
        if BEGINNINGS.iter().any(|beginning| line.starts_with(beginning)) {
            checks.push(String::new());
        }
        if let Some(check) = checks.last_mut() {
            *check += line;
            check.push('\n');
        }
    }
    checks
}

/// A setting's value in one of its spellings: `--start-period=5s`, `start_period: 5s`, `"startPeriod": 5`, `HealthStartPeriod=5s`.
fn setting(check: &str, names: &[&str]) -> Option<Duration> {
    let words: Vec<_> = check.split(|c: char| c.is_whitespace() || "=:,\"[]".contains(c)).collect();
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let name = |word: &str| {
        let letters: String = word.chars().filter(char::is_ascii_alphabetic).collect();
        let letters = letters.to_lowercase();
        ["health", "lprobe"].iter().find_map(|prefix| letters.strip_prefix(prefix)).unwrap_or(&letters).to_owned()
    };
    words.windows(2).filter(|pair| names.contains(&&*name(pair[0]))).find_map(|pair| {
        let seconds = pair[1].strip_suffix('s').unwrap_or(pair[1]);
        seconds.parse().ok().map(Duration::from_secs)
    })
}

#[test]
fn settings_are_found_in_each_spelling() {
    for check in ["--start-period=5s \\", "start_period: 5s", "\"startPeriod\": 5,", "HealthStartPeriod=5s"] {
        assert_eq!(setting(check, &["startperiod"]), Some(Duration::from_secs(5)), "{check}");
    }
    assert_eq!(setting("CMD [\"/lprobe\", \"--watch\", \"25s\"]", &["watch"]), Some(Duration::from_secs(25)));
    assert_eq!(setting("--start-interval=1s", &["interval"]), None);
}

/// The engine's first check comes after one interval. And it should wait for the line that says why: lprobe's own deadline is a
/// second, after what it waits and watches.
#[test]
fn no_start_period_and_no_timeout_is_too_short() {
    let pages = files("docs").into_iter().filter(|path| path.ends_with(".md"));
    let paths = checked().into_iter().chain(pages).chain(["README.md".into(), "examples/README.md".into()]);
    for path in paths {
        let checks = health_checks(&read(&path));
        assert!(!checks.is_empty() || path.ends_with(".md"), "{path} has no health check that this test finds");
        for check in checks {
            let interval = setting(&check, &["interval", "periodseconds"]);
            if let (Some(interval), Some(start_period)) = (interval, setting(&check, &["startperiod"])) {
                assert!(start_period >= interval, "{path}: the start period does nothing: {check}");
            }
            if let Some(timeout) = setting(&check, &["timeout", "timeoutseconds"]) {
                let takes = ["wait", "watch"].iter().filter_map(|name| setting(&check, &[name])).sum::<Duration>();
                assert!(timeout > takes + Duration::from_secs(1), "{path}: it ends before lprobe does: {check}");
            }
        }
    }
}

/// A process that hangs has its connections accepted by the kernel.
#[test]
fn liveness_asks_for_an_answer() {
    for path in checked() {
        for check in health_checks(&read(&path)).iter().filter(|check| check.starts_with("livenessProbe:")) {
            assert!(check.contains("http://") && !check.contains("tcp://"), "{path}: {check}");
        }
    }
}

#[test]
fn each_example_shows_a_watch() {
    for path in checked().iter().filter(|path| !path.ends_with(".json")) {
        let text = read(path);
        if path.ends_with(".sidecar") {
            assert!(text.contains("# --env LPROBE_WATCH=25s --health-interval 1s "), "{path}");
            continue;
        }
        if path.ends_with(".sealed") {
            assert!(text.contains("put \"--watch\", \"25s\" before the URL"), "{path}");
            continue;
        }
        let text = if path == "Dockerfile.example" { opened(&text) } else { text };
        let watched = with_watch(&text);
        let checks = health_checks(&watched);
        let watches: Vec<_> = checks.iter().filter_map(|check| setting(check, &["watch"])).collect();
        assert_eq!(watches, [Duration::from_secs(25)], "{path}: {watched}");
        assert_eq!(checks.len() + 1, health_checks(&text).len(), "{path}: it takes the place of another");
    }
}

/// Those that docs/node.md shows are those that are run.
#[test]
fn the_page_of_nodes_shows_the_watches_of_the_examples() {
    let page = read("docs/node.md");
    let words = |text: &str| text.replace(['\n', '\\'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    for (kind, example) in [("dockerfile", "Dockerfile.example"), ("yaml", "examples/kubernetes.yaml")] {
        let (_, block) = page.split_once(&format!("```{kind}\n")).expect("a block");
        let block = words(block.split_once("```").expect("its end").0);
        assert!(words(&with_watch(&read(example))).contains(&block), "{example} has no {block}");
    }
}

#[test]
fn the_list_of_examples_has_each() {
    let page = read("examples/README.md");
    for path in files("examples").iter().filter(|path| !path.ends_with("/README.md")) {
        let name = path.trim_start_matches("examples/");
        assert!(page.contains(&format!("\n| [{name}]({name}) | ")), "examples/README.md does not list {name}");
    }
}

//! The image of examples/Dockerfile.sealed: what it takes to raise an alert, and what a checker of containers finds.

use std::fs;

use crate::engine::sealed_image;
use crate::support::engine::{Container, docker, have_engine};
use crate::support::repository;

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_thousand_healthy_checks_raise_no_alert() {
    if !have_engine() {
        return;
    }
    let image = sealed_image("thousand");
    let container =
        Container::run(&image, &["--read-only", "--cap-drop=ALL", "--network=none", "--health-interval=1s"], &[]);
    container.goes_to("healthy");
    for _ in 0..1_000 {
        container.exec(&["/healthcheck"]).healthy();
    }
    let log = docker(&["logs", &container.0]);
    assert!(!log.stdout.contains("ALERT") && !log.stderr.contains("ALERT"), "{log:?}");
    assert_eq!(container.health(), "healthy");
    assert_eq!(container.exec(&["/bin/sh"]).status.code(), Some(1));
    assert!(docker(&["logs", &container.0]).stderr.contains("lprobe: ALERT: a decoy was started"));
}

/// The rows of docs/hardening.md about docker-bench-security: a check, what it reads, and its value.
fn bench_rows(page: &str) -> Vec<Vec<&str>> {
    let (_, table) = page.split_once("## What docker-bench-security checks\n").expect("a section");
    let rows = table.lines().take_while(|line| !line.starts_with("## ")).filter(|line| line.contains("`{{"));
    rows.map(|row| row.trim_matches(['|', ' ']).split(" | ").map(|cell| cell.trim_matches('`')).collect()).collect()
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_sealed_example_passes_what_docker_bench_security_checks() {
    if !have_engine() {
        return;
    }
    let example = fs::read_to_string(repository("examples/Dockerfile.sealed")).expect("the example");
    let (_, line) = example.split_once("#   docker run ").expect("a line that runs it");
    let line = line.split_once(" sealed\n").expect("its image").0.replace("\\\n#", "");
    let options: Vec<_> = line.split_whitespace().chain(["--network=none", "--health-interval=1s"]).collect();
    let container = Container::run(&sealed_image("bench"), &options, &[]);
    container.goes_to("healthy");
    let page = fs::read_to_string(repository("docs/hardening.md")).expect("the page");
    let rows = bench_rows(&page);
    assert!(rows.len() > 12, "{rows:?}");
    for row in rows {
        let [check, format, value] = row[..] else { panic!("{row:?}") };
        assert_eq!(container.inspect(format), value, "{check}");
    }
}

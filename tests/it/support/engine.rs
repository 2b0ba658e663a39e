//! A Docker engine, where there is one: images and containers of the tests' own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::examples::opened;
use super::{Outcome, have, repository, run};

/// How long the engine may take to notice: its checks are a second apart.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn docker(arguments: &[&str]) -> Outcome {
    run(Command::new("docker").args(arguments))
}

#[track_caller]
pub fn docker_ok(arguments: &[&str]) -> String {
    let outcome = docker(arguments);
    assert!(outcome.status.success(), "docker {arguments:?}: {outcome:?}");
    outcome.stdout.trim_end().to_owned()
}

#[track_caller]
pub fn have_engine() -> bool {
    let found = Command::new("docker").arg("info").output().is_ok_and(|output| output.status.success());
    have("ENGINE", found, "there is no Docker engine")
}

/// What [`final_stage`] copies.
pub const EXAMPLE_FILES: [&str; 2] = ["dist/lprobe", "target/demo-server"];

/// The stages of a Dockerfile like Dockerfile.example that follow its build stage, over what that would have made.
pub fn final_stage(dockerfile: &str) -> String {
    let probe = dockerfile.find("\nFROM scratch AS probe\n").expect("a stage that seals");
    let build = "FROM scratch AS build\nCOPY lprobe /src/dist/lprobe\nCOPY demo-server /src/target/demo-server\n";
    format!("{build}{}", &dockerfile[probe..])
}

/// An image and what its stages left, removed at the end. The tag is a label of the stages too.
pub struct Image(pub String);

impl Image {
    /// What `dockerfile`, which begins with a FROM, makes of `files`, which it finds by their last names.
    pub fn build(name: &str, dockerfile: &str, files: &[PathBuf]) -> Self {
        let tag = format!("lprobe-test-{name}:{}", std::process::id());
        let context = tempfile::tempdir().expect("a folder");
        for file in files {
            let name = file.file_name().expect("a name");
            fs::copy(file, context.path().join(name)).expect("a copy: run by `make test`");
        }
        // In each stage, so that no two tests share a layer: the end of one would remove it while the other builds on it.
        let label = |line: &str| {
            if line.starts_with("FROM ") { format!("{line}LABEL lprobe-test={tag}\n") } else { line.into() }
        };
        let labelled: String = dockerfile.split_inclusive('\n').map(label).collect();
        fs::write(context.path().join("Dockerfile"), labelled).expect("a file");
        docker_ok(&["build", "--quiet", "--tag", &tag, context.path().to_str().expect("a path in UTF-8")]);
        Self(tag)
    }
    /// The final stage of Dockerfile.example as it stands, over what its build stage would have made.
    pub fn of_example(name: &str) -> Self {
        Self::of_dockerfile(name, &fs::read_to_string(repository("Dockerfile.example")).expect("the example"))
    }

    /// The same with an open probe.
    pub fn of_open_example(name: &str) -> Self {
        Self::of_dockerfile(name, &opened(&fs::read_to_string(repository("Dockerfile.example")).expect("the example")))
    }

    /// The final stage of a Dockerfile like Dockerfile.example.
    pub fn of_dockerfile(name: &str, dockerfile: &str) -> Self {
        Self::build(name, &final_stage(dockerfile), &EXAMPLE_FILES.map(repository))
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        docker(&["rmi", "--force", &self.0]);
        docker(&["image", "prune", "--force", "--filter", &format!("label=lprobe-test={}", self.0)]);
    }
}

/// A container, removed at the end.
pub struct Container(pub String);

impl Container {
    pub fn run(image: &Image, options: &[&str], arguments: &[&str]) -> Self {
        Self(docker_ok(&[&["run", "--detach"], options, &[&image.0], arguments].concat()))
    }

    pub fn exec(&self, arguments: &[&str]) -> Outcome {
        docker(&[&["exec", &self.0], arguments].concat())
    }

    /// Stops it, and says its exit code: 137 if it had to be killed.
    pub fn stop(&self) -> String {
        docker_ok(&["stop", &self.0]);
        self.inspect("{{.State.ExitCode}}")
    }

    pub fn inspect(&self, format: &str) -> String {
        docker_ok(&["inspect", "--format", format, &self.0])
    }

    pub fn health(&self) -> String {
        self.inspect("{{.State.Health.Status}}")
    }

    /// Exit code and output of the last check.
    pub fn last_check(&self) -> String {
        let log = self.inspect("{{range .State.Health.Log}}{{.ExitCode}} {{.Output}}{{println}}{{end}}");
        log.trim_end().lines().last().unwrap_or_default().trim_end().to_owned()
    }

    #[track_caller]
    pub fn wait_until(&self, what: &str, holds: impl Fn() -> bool) {
        let begin = Instant::now();
        while !holds() {
            assert!(begin.elapsed() < PATIENCE, "not {what} after {PATIENCE:?}: {}", self.inspect("{{json .State}}"));
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits for the engine to go from the state it sees to `health`, with nothing between.
    #[track_caller]
    pub fn goes_to(&self, health: &str) {
        let before = self.health();
        self.wait_until(health, || {
            let now = self.health();
            assert!(now == before || now == health, "{before} -> {now}, not {health}");
            now == health
        });
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "--force", "--volumes", &self.0]);
    }
}

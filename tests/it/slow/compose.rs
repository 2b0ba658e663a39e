//! The Compose files of examples/, brought up for real.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::examples::is_watched;
use super::image::Release;
use crate::support::engine::{Container, Image, docker_ok, have_engine};
use crate::support::examples::with_watch;
use crate::support::{Outcome, have_tools, repository, run};

/// A project of one Compose file, taken down at the end.
struct Project {
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
    name: String,
}

impl Project {
    /// That of a Compose file, beside the profile that one of them names.
    fn new(name: &str, text: &str, environment: Vec<(&'static str, String)>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("compose.yaml"), text).expect("a file");
        let profile = "demo-seccomp.json";
        fs::copy(repository("examples").join(profile), folder.path().join(profile)).expect("a copy");
        Self { folder, environment, name: format!("lprobe-test-{name}-{}", std::process::id()) }
    }

    fn compose(&self, arguments: &[&str]) -> Outcome {
        let plugin = is_a_plugin();
        let mut command = Command::new(if plugin { "docker" } else { "docker-compose" });
        command.args(plugin.then_some("compose")).args(["--project-name", &self.name]);
        command.args(arguments).current_dir(self.folder.path());
        run(command.envs(self.environment.iter().map(|(name, value)| (name, value))))
    }

    #[track_caller]
    fn compose_ok(&self, arguments: &[&str]) -> String {
        let outcome = self.compose(arguments);
        assert!(outcome.status.success(), "{arguments:?}: {outcome:?}");
        outcome.stdout.trim_end().to_owned()
    }

    /// The container of one service: still there, or gone by.
    fn container(&self, service: &str) -> Container {
        Container(self.compose_ok(&["ps", "--quiet", service]))
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.compose(&["down", "--volumes", "--timeout", "0"]);
    }
}

fn example(name: &str) -> String {
    fs::read_to_string(repository("examples").join(name)).expect("the example")
}

fn have_compose() -> bool {
    have_engine() && (is_a_plugin() || have_tools(&["docker-compose"]))
}

/// `docker compose`; before, it was a program of its own.
fn is_a_plugin() -> bool {
    Command::new("docker").args(["compose", "version"]).output().is_ok_and(|output| output.status.success())
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_service_becomes_healthy_before_its_dependent_and_unhealthy_when_it_is_sick() {
    if !have_compose() {
        return;
    }
    let image = Image::of_open_example("compose");
    let environment = || vec![("IMAGE", image.0.clone())];
    let project = Project::new("service", &example("compose.yaml"), environment());
    project.compose_ok(&["up", "--detach"]);
    let (service, dependent) = (project.container("service"), project.container("dependent"));
    // `up` waited for the one before it started the other.
    assert_eq!(service.health(), "healthy");
    let healthy = "{{range .State.Health.Log}}{{if not .ExitCode}}{{.End.UTC.Format \"2006-01-02T15:04:05.000000000Z\"}} {{end}}{{end}}";
    let healthy = service.inspect(healthy);
    let first = healthy.split(' ').next().expect("a check");
    assert!(dependent.inspect("{{.State.StartedAt}}").as_str() > first, "a check found it healthy at {first}");
    for container in [&service, &dependent] {
        for (setting, value) in [
            ("{{.HostConfig.ReadonlyRootfs}}", "true"),
            ("{{.HostConfig.CapDrop}}", "[ALL]"),
            ("{{.HostConfig.Memory}}", "33554432"),
            ("{{.HostConfig.PidsLimit}}", "16"),
            ("{{.HostConfig.NanoCpus}}", "500000000"),
            ("{{.Config.User}}", "65532:65532"),
        ] {
            assert_eq!(container.inspect(setting), value, "{setting}");
        }
        let security = container.inspect("{{.HostConfig.SecurityOpt}}");
        assert!(security.contains("no-new-privileges") && security.contains("epoll_pwait"), "{security}");
    }
    docker_ok(&["exec", &service.0, "/demo-server", "8080", "sick"]);
    service.goes_to("unhealthy");
    assert_eq!(service.last_check(), "1 lprobe: http://localhost:8080/healthz: status 503, expected 200-299");
    assert_eq!([service.stop(), dependent.stop()], ["0", "0"]);

    let project = Project::new("watch", &with_watch(&example("compose.yaml")), environment());
    project.compose_ok(&["up", "--detach"]);
    let service = project.container("service");
    is_watched(&service, || assert!(service.exec(&["/demo-server", "8080", "sick"]).status.success()));
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_service_without_a_probe_of_its_own_takes_it_from_a_volume() {
    if !have_compose() || !have_tools(&["redis-server", "ldd"]) {
        return;
    }
    let release = Release::new("sidecar");
    let redis = redis();
    let environment = || vec![("IMAGE", redis.0.clone()), ("LPROBE_IMAGE", release.name.clone())];
    let text = example("compose-sidecar-volume.yaml");
    let project = Project::new("volume", &text, environment());
    project.compose_ok(&["up", "--detach"]);
    let service = project.container("service");
    service.goes_to("healthy");
    // It hangs.
    docker_ok(&["kill", "--signal=STOP", &service.0]);
    let begin = Instant::now();
    service.goes_to("unhealthy");
    assert!(begin.elapsed() < Duration::from_secs(40), "three checks, 5 s apart, of a second");
    assert_eq!(service.last_check(), "1 lprobe: redis://localhost:6379: no expected reply within 1000 ms");
    docker_ok(&["kill", "--signal=CONT", &service.0]);
    service.goes_to("healthy");

    let project = Project::new("volume-watch", &with_watch(&text), environment());
    project.compose_ok(&["up", "--detach"]);
    let service = project.container("service");
    is_watched(&service, || drop(docker_ok(&["kill", "--signal=STOP", &service.0])));
}

/// Redis and what it is linked to, and nothing else, as in an image of someone else's.
pub fn redis() -> Image {
    let program = "/usr/bin/redis-server";
    let linked = linked_to(program);
    let files: Vec<_> = linked.iter().map(Into::into).chain([program.into()]).collect();
    let copies: String = linked
        .iter()
        .map(|path| format!("COPY {} {path}\n", Path::new(path).file_name().expect("a name").display()))
        .collect();
    Image::build(
        "redis",
        &format!("FROM scratch\n{copies}COPY redis-server /redis-server\nCMD [\"/redis-server\", \"--save\", \"\"]\n"),
        &files,
    )
}

/// The files that `program` is linked to.
fn linked_to(program: &str) -> Vec<String> {
    let linked = run(Command::new("ldd").arg(program)).stdout;
    let paths = linked.split_whitespace().filter(|word| word.starts_with('/'));
    paths.map(str::to_owned).collect()
}

//! podman, with images and containers of the tests' own: what it builds of Dockerfile.example, and what the Quadlet unit of
//! examples/ has it run.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::engine::{EXAMPLE_FILES, Image, final_stage, have_engine};
use crate::support::examples::with_watch;
use crate::support::{Outcome, have_root, have_tools, repository, run};

/// A podman with images and containers of the test's own.
pub struct Podman(tempfile::TempDir);

impl Podman {
    /// One that has `images`, under other names.
    pub fn with(images: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Its defaults take rights that a container, where tests may run, has not.
        fs::write(folder.path().join("conf"), "[containers]\ndefault_ulimits = []\n").expect("a file");
        let podman = Self(folder);
        for (image, name) in images {
            let mut saved =
                Command::new("docker").args(["save", image]).stdout(Stdio::piped()).spawn().expect("docker");
            let mut load = podman.command(&["load"]);
            let load = load.stdin(saved.stdout.take().expect("it is piped")).output().expect("podman starts");
            assert!(saved.wait().expect("it ends").success() && load.status.success(), "{load:?}");
            podman.ok(&["tag", &format!("localhost/{image}"), &format!("localhost/{name}")]);
        }
        podman
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("podman");
        command.env("CONTAINERS_CONF", self.0.path().join("conf"));
        for folder in ["root", "runroot"] {
            command.arg(format!("--{folder}")).arg(self.0.path().join(folder));
        }
        command.args(["--runtime=runc", "--cgroup-manager=cgroupfs"]).args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.command(arguments))
    }

    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert!(outcome.status.success(), "{arguments:?}: {outcome:?}");
        outcome.stdout
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        self.run(&["pod", "rm", "--all", "--force", "--time=0"]);
        self.run(&["rm", "--all", "--force", "--time=0"]);
        self.run(&["rmi", "--all", "--force"]);
    }
}

pub fn have_podman() -> bool {
    have_engine() && have_root() && have_tools(&["podman", "runc"])
}

fn read(file: &str) -> String {
    fs::read_to_string(repository(file)).expect("it is in the repository")
}

/// The keys of a Quadlet unit that are an option of `podman run` each, by podman-systemd.unit(5).
const KEYS: [(&str, &str); 8] = [
    ("DropCapability", "--cap-drop"),
    ("HealthCmd", "--health-cmd"),
    ("HealthInterval", "--health-interval"),
    ("HealthOnFailure", "--health-on-failure"),
    ("HealthRetries", "--health-retries"),
    ("HealthStartPeriod", "--health-start-period"),
    ("HealthTimeout", "--health-timeout"),
    ("User", "--user"),
];

/// The command line by which Quadlet's generator would start a unit's container.
fn started_by(unit: &str) -> Vec<String> {
    let (_, section) = unit.split_once("[Container]\n").expect("a section");
    let section = section.split_once("\n[").map_or(section, |(section, _)| section);
    let lines = section.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs: Vec<_> = lines.map(|line| line.split_once('=').expect("a key and its value")).collect();
    let value = |wanted: &str| pairs.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value);
    let mut options = vec!["run".to_owned(), "--detach".into(), "--network=none".into()];
    let mut last = vec![value("Image").expect("an image").trim_start_matches("localhost/").to_owned()];
    for (key, value) in pairs.iter().copied() {
        match key {
            "Image" | "Group" => {}
            "Exec" => last.extend(value.split(' ').map(str::to_owned)),
            "PodmanArgs" => options.extend(value.split(' ').map(str::to_owned)),
            "ReadOnly" => options.push(format!("--read-only={value}")),
            "NoNewPrivileges" => options.push(format!("--security-opt=no-new-privileges:{value}")),
            _ => {
                let known = KEYS.iter().find(|(known, _)| *known == key);
                options.push(format!("{}={value}", known.unwrap_or_else(|| panic!("Quadlet has no {key}")).1));
            }
        }
    }
    let group = value("Group").expect("a group");
    let user = options.iter_mut().find(|option| option.starts_with("--user=")).expect("a user");
    *user = format!("{user}:{group}");
    options.append(&mut last);
    options
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_container_of_the_quadlet_unit_is_checked() {
    if !have_podman() {
        return;
    }
    let image = Image::of_open_example("quadlet");
    let podman = Podman::with(&[(&image.0, "demo:0.1.0")]);
    let unit = read("examples/demo.container");
    for unit in [&unit, &with_watch(&unit)] {
        let command = started_by(unit);
        let container = podman.ok(&command.iter().map(String::as_str).collect::<Vec<_>>());
        let container = container.trim_end();
        podman.ok(&["exec", container, "/lprobe", "--wait=10s", "http://localhost:8080/healthz"]);
        let check = || podman.run(&["healthcheck", "run", container]).status.code();
        assert_eq!(check(), Some(0), "{unit}");
        podman.ok(&["exec", container, "/demo-server", "8080", "sick"]);
        assert_eq!(check(), Some(1), "{unit}");
        let line = podman.ok(&["inspect", "--format={{range .State.Healthcheck.Log}}{{.Output}}{{end}}", container]);
        assert!(line.contains("lprobe: http://localhost:8080/healthz: status 503"), "{line}");
        let inspected = podman.ok(&["inspect", "--format={{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}", container]);
        assert_eq!(inspected.trim_end(), "33554432 16");
    }
}

/// Builds a Dockerfile by podman, and returns what it says and the health check of the image.
fn built_by(podman: &Podman, options: &[&str], dockerfile: &str) -> (Outcome, String) {
    let context = tempfile::tempdir().expect("a folder");
    for file in EXAMPLE_FILES {
        let file = repository(file);
        fs::copy(&file, context.path().join(file.file_name().expect("a name"))).expect("a copy");
    }
    fs::write(context.path().join("Dockerfile"), dockerfile).expect("a file");
    let context = context.path().to_str().expect("UTF-8");
    let outcome = podman.run(&[&["build", "--tag=built"], options, &[context]].concat());
    let check = podman.run(&["image", "inspect", "--format={{json .HealthCheck}}", "built"]);
    (outcome, check.stdout.trim_end().to_owned())
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_health_check_is_kept_in_the_format_of_docker_alone() {
    if !have_podman() {
        return;
    }
    let podman = Podman::with(&[]);
    let stage = final_stage(&read("Dockerfile.example"));
    let (outcome, check) = built_by(&podman, &["--format=docker"], &stage);
    assert!(outcome.status.success(), "{outcome:?}");
    let expected = r#"{"Test":["CMD","/healthcheck"],"StartPeriod":30000000000,"Interval":"#;
    assert!(check.starts_with(expected), "{check}");
    let (outcome, check) = built_by(&podman, &[], &stage);
    assert!(outcome.status.success() && outcome.stderr.contains("HEALTHCHECK is not supported"), "{outcome:?}");
    assert_eq!(check, "null");

    // As Dockerfile.example says.
    let version = podman.ok(&["version", "--format={{.Client.Version}}"]);
    if version.starts_with("4.3.") {
        let (outcome, _) =
            built_by(&podman, &[], &stage.replace("--start-period", "--start-interval=1s --start-period"));
        assert!(!outcome.status.success() && outcome.stderr.contains("not defined: -start-interval"), "{outcome:?}");
    }
}

//! The Kubernetes manifests of examples/, played by podman: it runs a liveness probe as a health check, and what the other
//! probes run is run by the test.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use goblin::elf::Elf;
use serde_json::Value;

use super::examples::yaml;
use super::image::Release;
use crate::support::engine::{Image, have_engine};
use crate::support::{Outcome, have, have_root, have_tools, repository, run};

/// A podman with images and containers of the test's own.
struct Podman(tempfile::TempDir);

impl Podman {
    /// One that has `images`, under other names.
    fn with(images: &[(&str, &str)]) -> Self {
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

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("podman");
        command.env("CONTAINERS_CONF", self.0.path().join("conf"));
        for folder in ["root", "runroot"] {
            command.arg(format!("--{folder}")).arg(self.0.path().join(folder));
        }
        command.args(["--runtime=runc", "--cgroup-manager=cgroupfs"]).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.command(arguments))
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert!(outcome.status.success(), "{arguments:?}: {outcome:?}");
        outcome.stdout
    }

    /// Plays one of the examples, and says what its service's container is called.
    fn plays(&self, manifest: &str) -> String {
        let path = repository("examples").join(manifest);
        // Otherwise podman removes an init container that has ended, and fails where it is still about to.
        let keep = "--annotation=io.podman.annotations.init.container.type=always";
        self.ok(&["kube", "play", "--network=none", keep, path.to_str().expect("UTF-8")]);
        let names = self.ok(&["ps", "--format={{.Names}}"]);
        names.lines().find(|name| name.ends_with("-service")).expect("it runs").to_owned()
    }

    /// Runs a probe's command in a container, with these more options to `podman exec`.
    fn probe(&self, container: &str, command: &[String], options: &[&str]) -> Option<i32> {
        let command: Vec<_> = command.iter().map(|word| &**word).collect();
        self.run(&[&["exec"], options, &[container], &command].concat()).status.code()
    }

    /// Waits until a probe finds the service healthy, as it is soon after its start.
    #[track_caller]
    fn becomes_healthy(&self, container: &str, command: &[String]) {
        assert_eq!(self.probe(container, command, &["--env=LPROBE_WAIT=10s"]), Some(0));
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        self.run(&["pod", "rm", "--all", "--force", "--time=0"]);
        self.run(&["rm", "--all", "--force", "--time=0"]);
        self.run(&["rmi", "--all", "--force"]);
    }
}

fn have_podman() -> bool {
    have_engine() && have_root() && have_tools(&["podman", "runc", "busybox"]) && have_static_busybox()
}

/// [`have`] for a busybox that starts in an image without a C library. Debian's package `busybox` has another.
fn have_static_busybox() -> bool {
    let program = fs::read("/bin/busybox").unwrap_or_default();
    let is_static = Elf::parse(&program).is_ok_and(|elf| elf.interpreter.is_none());
    have("TOOLS", is_static, "busybox-static is not installed")
}

/// The service, in an image with a shell: podman runs the probe's command by one. With lprobe or without.
fn service(name: &str, lprobe: bool) -> Image {
    let files = ["target/demo-server", "dist/lprobe"].map(repository);
    let mut files = files[..1 + usize::from(lprobe)].to_vec();
    files.push(Path::new("/bin/busybox").into());
    let dockerfile = "FROM scratch\nCOPY . /\nCOPY busybox /bin/sh\nENTRYPOINT [\"/demo-server\"]\n";
    Image::build(name, dockerfile, &files)
}

/// The command of a probe of a manifest's service.
fn probe(manifest: &str, name: &str) -> Vec<String> {
    let manifest = yaml(manifest);
    let pod = manifest.pointer("/spec/template/spec").unwrap_or(&manifest["spec"]);
    let command = pod["containers"][0][name]["exec"]["command"].as_array().expect("a command");
    command.iter().map(|word| word.as_str().expect("a word").to_owned()).collect()
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_deployment_is_probed() {
    if !have_podman() {
        return;
    }
    let image = service("deployment", true);
    let podman = Podman::with(&[(&image.0, "demo:0.1.0")]);
    let container = podman.plays("kubernetes.yaml");
    let [startup, readiness, liveness] =
        ["startupProbe", "readinessProbe", "livenessProbe"].map(|name| probe("kubernetes.yaml", name));
    podman.becomes_healthy(&container, &startup);
    let codes = || [&startup, &readiness, &liveness].map(|command| podman.probe(&container, command, &[]));
    assert_eq!(codes(), [Some(0); 3]);
    assert_eq!(podman.run(&["healthcheck", "run", &container]).status.code(), Some(0));
    podman.ok(&["exec", &container, "/demo-server", "8080", "sick"]);
    // It is not ready, and alive.
    assert_eq!(codes(), [Some(1), Some(1), Some(0)]);
    assert_eq!(podman.run(&["healthcheck", "run", &container]).status.code(), Some(0));
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn an_init_container_seeds_a_volume() {
    if !have_podman() {
        return;
    }
    let release = Release::new("init");
    let image = service("init-service", false);
    let podman = Podman::with(&[(&image.0, "service:1"), (&release.small.0, "lprobe:0.1.0")]);
    let container = podman.plays("kubernetes-init-container.yaml");
    let readiness = probe("kubernetes-init-container.yaml", "readinessProbe");
    podman.becomes_healthy(&container, &readiness);
    assert_eq!(podman.run(&["healthcheck", "run", &container]).status.code(), Some(0));
    podman.ok(&["exec", &container, "/demo-server", "8080", "sick"]);
    assert_eq!(podman.probe(&container, &readiness, &[]), Some(1));
}

/// Podman plays these from 5.3 on: before, it mounts them by its command line alone.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn an_image_volume_has_the_probe() {
    if !have_podman() {
        return;
    }
    let release = Release::new("volume");
    let image = service("volume-service", false);
    let podman = Podman::with(&[(&image.0, "service:1"), (&release.small.0, "lprobe:0.1.0")]);
    let pod = yaml("kubernetes-image-volume.yaml");
    let word = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).expect("a word").to_owned();
    let source = word("/spec/volumes/0/image/reference");
    let destination = word("/spec/containers/0/volumeMounts/0/mountPath");
    let mount = format!("--mount=type=image,source={source},destination={destination}");
    let rights = ["--user=65532:65532", "--read-only", "--cap-drop=all", "--security-opt=no-new-privileges"];
    let start = ["run", "--detach", "--network=none", "--name=service", &mount];
    podman.ok(&[&start[..], &rights, &["service:1", "8080"]].concat());
    let [readiness, liveness] =
        ["readinessProbe", "livenessProbe"].map(|name| probe("kubernetes-image-volume.yaml", name));
    podman.becomes_healthy("service", &readiness);
    podman.ok(&["exec", "service", "/demo-server", "8080", "sick"]);
    assert_eq!([readiness, liveness].map(|command| podman.probe("service", &command, &[])), [Some(1), Some(0)]);
}

//! The Kubernetes manifests of examples/, played by podman with images FROM scratch. podman 4.3 hands the command of a liveness
//! probe to a shell, which such an image lacks, and does nothing with the other probes: so the test runs the commands of all
//! probes in the pod's container, as the kubelet has its runtime do.

use std::fs;

use serde_json::Value;

use super::examples::{pod, read_yaml, yaml};
use super::image::Release;
use super::podman::{Podman, have_podman};
use crate::support::engine::Image;
use crate::support::examples::with_watch;
use crate::support::repository;

/// Plays one of the examples, and returns the name of its service's container.
fn plays(podman: &Podman, manifest: &str) -> String {
    let path = repository("examples").join(manifest);
    // Otherwise podman removes an init container that has ended, and fails where it is still about to.
    let keep = "--annotation=io.podman.annotations.init.container.type=always";
    podman.ok(&["kube", "play", "--network=none", keep, path.to_str().expect("UTF-8")]);
    let names = podman.ok(&["ps", "--format={{.Names}}"]);
    names.lines().find(|name| name.ends_with("-service")).expect("it runs").to_owned()
}

/// The service in an image that has nothing else.
fn service(name: &str) -> Image {
    let dockerfile = "FROM scratch\nCOPY demo-server /demo-server\nENTRYPOINT [\"/demo-server\"]\n";
    Image::build(name, dockerfile, &[repository("target/demo-server")])
}

/// The commands of the startup, readiness and liveness probes of a manifest's service, and that of its liveness probe with
/// `--watch`.
fn probes(manifest: &str) -> [Vec<String>; 4] {
    let command = |manifest: &Value, probe: &str| {
        let pod = pod(manifest);
        let command = pod["containers"][0][probe]["exec"]["command"].as_array().expect("a command");
        command.iter().map(|word| word.as_str().expect("a word").to_owned()).collect()
    };
    let text = fs::read_to_string(repository("examples").join(manifest)).expect("the example");
    let (plain, watching) = (yaml(manifest), read_yaml(&with_watch(&text)));
    [(&plain, "startupProbe"), (&plain, "readinessProbe"), (&plain, "livenessProbe"), (&watching, "livenessProbe")]
        .map(|(manifest, probe)| command(manifest, probe))
}

/// Probes a service that starts, is well, is sick, and hangs.
#[track_caller]
fn is_probed(podman: &Podman, container: &str, probes: &[Vec<String>; 4]) {
    let code = |command: &[String]| {
        let command: Vec<_> = command.iter().map(|word| &**word).collect();
        podman.run(&[&["exec", container], &command[..]].concat()).status.code()
    };
    // The first one waits for the service.
    let codes = || probes.each_ref().map(|command| code(command));
    assert_eq!(codes(), [Some(0); 4]);
    podman.ok(&["exec", container, "/demo-server", "8080", "sick"]);
    // It is not ready, and alive: it answers.
    assert_eq!([1, 2, 3].map(|probe| code(&probes[probe])), [Some(1), Some(0), Some(0)]);
    podman.ok(&["exec", container, "/demo-server", "8080", "well"]);
    podman.ok(&["kill", "--signal=STOP", container]);
    // The kernel accepts its connections.
    let tcp = [&probes[1][0], "tcp://localhost:8080"].map(str::to_owned);
    assert_eq!(code(&tcp), Some(0));
    assert_eq!([1, 2, 3].map(|probe| code(&probes[probe])), [Some(1); 3]);
    podman.ok(&["kill", "--signal=CONT", container]);
    assert_eq!(codes(), [Some(0); 4]);
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_deployment_is_probed() {
    if !have_podman() {
        return;
    }
    let image = Image::of_open_example("deployment");
    let podman = Podman::with(&[(&image.0, "demo:0.1.0")]);
    let container = plays(&podman, "kubernetes.yaml");
    is_probed(&podman, &container, &probes("kubernetes.yaml"));
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn an_init_container_seeds_a_volume() {
    if !have_podman() {
        return;
    }
    let release = Release::new("init");
    let image = service("init-service");
    let podman = Podman::with(&[(&image.0, "service:1"), (&release.small.0, "lprobe:0.1.0")]);
    let container = plays(&podman, "kubernetes-init-container.yaml");
    is_probed(&podman, &container, &probes("kubernetes-init-container.yaml"));
}

/// podman plays these from 5.3 on: before, it mounts them by its command line alone.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn an_image_volume_has_the_probe() {
    if !have_podman() {
        return;
    }
    let release = Release::new("volume");
    let image = service("volume-service");
    let podman = Podman::with(&[(&image.0, "service:1"), (&release.small.0, "lprobe:0.1.0")]);
    let pod = yaml("kubernetes-image-volume.yaml");
    let word = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).expect("a word").to_owned();
    let source = word("/spec/volumes/0/image/reference");
    let destination = word("/spec/containers/0/volumeMounts/0/mountPath");
    let mount = format!("--mount=type=image,source={source},destination={destination}");
    let rights = ["--user=65532:65532", "--read-only", "--cap-drop=all", "--security-opt=no-new-privileges"];
    let start = ["run", "--detach", "--network=none", "--name=service", &mount];
    podman.ok(&[&start[..], &rights, &["service:1", "8080"]].concat());
    is_probed(&podman, "service", &probes("kubernetes-image-volume.yaml"));
}

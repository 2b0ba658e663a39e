//! The container of Dockerfile.sidecar beside one that has no probe: it shares its network, and shows its health.

use std::fs;

use super::compose::redis;
use super::image::Release;
use crate::support::engine::{Container, Image, docker_ok, have_engine};
use crate::support::{have_tools, repository};

/// The options of the comment's `docker run`, and those for `--watch`.
fn options(dockerfile: &str) -> [Vec<&str>; 2] {
    let (_, line) = dockerfile.split_once("#   docker run ").expect("a command");
    let plain = line.split_once(" sidecar\n").expect("its image").0;
    let (_, line) = dockerfile.split_once("# --env LPROBE_WATCH=25s").expect("options");
    let watch = line.split_once(".\n").expect("their end").0;
    let words = |text| str::split_whitespace(text).filter(|word| !["\\", "#"].contains(word)).collect::<Vec<_>>();
    [words(plain), [vec!["--env", "LPROBE_WATCH=25s"], words(watch)].concat()]
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_sidecar_is_as_healthy_as_its_neighbour() {
    if !have_engine() || !have_tools(&["redis-server", "ldd"]) {
        return;
    }
    let release = Release::new("network");
    let dockerfile = fs::read_to_string(repository("examples/Dockerfile.sidecar")).expect("the example");
    let image = Image(format!("lprobe-test-sidecar:{}", std::process::id()));
    let [file, folder] = ["examples/Dockerfile.sidecar", "examples"].map(|path| repository(path).display().to_string());
    let from = format!("LPROBE_IMAGE={}", release.small.0);
    docker_ok(&["build", "--quiet", "--tag", &image.0, "--build-arg", &from, "--file", &file, &folder]);

    let redis = redis();
    let neighbour = Container::run(&redis, &["--network=none"], &[]);
    let network = format!("container:{}", neighbour.0);
    let [plain, watch] = options(&dockerfile);
    let plain: Vec<_> = plain.into_iter().map(|word| if word == "container:NAME" { &*network } else { word }).collect();
    assert!(plain.contains(&&*network) && plain.contains(&"--read-only"), "{plain:?}");
    let sidecar = Container::run(&image, &plain, &[]);
    sidecar.goes_to("healthy");
    // Its neighbour hangs.
    docker_ok(&["kill", "--signal=STOP", &neighbour.0]);
    sidecar.goes_to("unhealthy");
    assert_eq!(sidecar.last_check(), "1 lprobe: redis://localhost:6379: no expected reply within 1000 ms");
    docker_ok(&["kill", "--signal=CONT", &neighbour.0]);
    assert_eq!(sidecar.stop(), "1", "it ends when it is told to");

    let sidecar = Container::run(&image, &[plain, watch].concat(), &[]);
    sidecar.goes_to("healthy");
    docker_ok(&["restart", "--time=1", &neighbour.0]);
    sidecar.goes_to("unhealthy");
    assert!(sidecar.last_check().ends_with("connection refused"), "{}", sidecar.last_check());
    docker_ok(&["restart", "--time=1", &sidecar.0]);
    sidecar.wait_until("healthy", || sidecar.health() == "healthy");
}

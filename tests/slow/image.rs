//! `make image`, and HEALTHCHECK on each kind of base by what it copies from there.

use std::fs;
use std::process::Command;

use crate::support::engine::{Container, Image, docker_ok, have_engine};
use crate::support::{have, repository, run};

/// What `make image` makes, under a name of the test's own.
pub struct Release {
    pub name: String,
    pub small: Image,
    _full: Image,
    _latest: Image,
}

impl Release {
    pub fn new(test: &str) -> Self {
        let name = format!("lprobe-test-{test}-{}", std::process::id());
        let mut script = Command::new(repository("scripts/image"));
        let outcome = run(script.env("LPROBE_IMAGE", &name).env("DOCKER_BUILDKIT", "0"));
        assert!(outcome.status.success(), "{outcome:?}");
        let tagged = |tag: &str| Image(format!("{name}:{tag}"));
        let version = env!("CARGO_PKG_VERSION");
        let [small, full, latest] = [version, &format!("{version}-full"), "latest"].map(tagged);
        Self { name, small, _full: full, _latest: latest }
    }
}

#[test]
fn an_image_is_the_binary_with_labels() {
    if !have_engine() {
        return;
    }
    let release = Release::new("labels");
    let Release { small, _full: full, .. } = &release;
    for (image, version) in [(small, "lprobe 0.1.0"), (full, "lprobe 0.1.0 (full)")] {
        let container = Container(docker_ok(&["create", &image.0]));
        let run = docker_ok(&["run", "--rm", &image.0, "--version"]);
        assert_eq!(run.replace(env!("CARGO_PKG_VERSION"), "0.1.0"), version);
        let label = |name: &str| {
            container.inspect(&format!("{{{{index .Config.Labels \"org.opencontainers.image.{name}\"}}}}"))
        };
        assert_eq!(label("version"), env!("CARGO_PKG_VERSION"));
        assert_eq!(label("licenses"), env!("CARGO_PKG_LICENSE"));
        assert_eq!(label("description"), env!("CARGO_PKG_DESCRIPTION"));
        for name in ["title", "revision", "created"] {
            assert_ne!(label(name), "", "{name}");
        }
        assert_eq!(container.inspect("{{.Config.User}}"), "65532:65532");
    }
}

/// The README's lines, over `base`.
fn goes_healthy_and_unhealthy(name: &str, base: &str) {
    let release = Release::new(name);
    let readme = fs::read_to_string(repository("README.md")).expect("the README");
    let lines = readme.split("```dockerfile\n").nth(1).and_then(|block| block.split_once("```")).expect("a block").0;
    assert!(lines.starts_with("COPY --from=lprobe /lprobe /lprobe\n"), "{lines}");
    let lines = lines.replace("--from=lprobe ", &format!("--from={} ", release.name));
    let dockerfile = format!(
        "{base}\nCOPY demo-server /demo-server\n{lines}ENTRYPOINT [\"/demo-server\"]\nCMD [\"8080\"]\nUSER 65532\n"
    );
    let image = Image::build(name, &dockerfile, &[repository("target/demo-server")]);
    let container = Container::run(&image, &["--health-interval=1s", "--health-retries=1"], &[]);
    container.goes_to("healthy");
    assert!(container.exec(&["/demo-server", "8080", "sick"]).status.success());
    container.goes_to("unhealthy");
    assert_eq!(container.last_check(), "1 lprobe: http://localhost:8080/healthz: status 503, expected 200-299");
    let shell = container.exec(&["/bin/sh", "-c", "true"]).status.success();
    assert_eq!(shell, name == "debian", "a shell");
}

#[test]
fn an_image_from_scratch_has_a_health_check() {
    if have_engine() {
        goes_healthy_and_unhealthy("scratch", "FROM scratch");
    }
}

/// A C library, a user and certificates, and no shell.
#[test]
fn a_distroless_image_has_a_health_check() {
    if let Some(debian) = stand_in("debian") {
        let files = ["/etc/passwd", "/etc/group", "/etc/ssl", "/lib/x86_64-linux-gnu/libc.so.6", "/lib64"];
        let copies: String = files.iter().map(|file| format!("COPY --from=debian {file} {file}\n")).collect();
        goes_healthy_and_unhealthy("distroless", &format!("FROM {debian} AS debian\nFROM scratch\n{copies}"));
    }
}

#[test]
fn a_debian_image_has_a_health_check() {
    if let Some(debian) = stand_in("debian") {
        goes_healthy_and_unhealthy("debian", &format!("FROM {debian}"));
    }
}

/// The name of an image that `scripts/stand-in` makes, in place of one that no registry is there for.
pub fn stand_in(name: &str) -> Option<String> {
    if !have_engine() || !crate::support::have_root() || !crate::support::have_tools(&["debootstrap"]) {
        return None;
    }
    let outcome = run(Command::new(repository("scripts/stand-in")).arg(name));
    let why = format!("there is no mirror of Debian's to make {name} from: {outcome:?}");
    have("MIRROR", outcome.status.success(), &why).then(|| outcome.stdout.trim_end().to_owned())
}

/// Dockerfile.example as it stands, but for its builder.
#[test]
fn the_example_builds_and_is_healthy() {
    let Some(builder) = stand_in("builder") else { return };
    let example = repository("Dockerfile.example").display().to_string();
    let build = |stage: Option<&str>| {
        let tag = format!("lprobe-test-{}:{}", stage.unwrap_or("example"), std::process::id());
        let mut arguments = vec!["build".into(), "--quiet".into(), "--network=host".into(), format!("--tag={tag}")];
        arguments.extend([format!("--build-arg=BUILDER={builder}"), format!("--file={example}")]);
        arguments.extend(stage.map(|stage| format!("--target={stage}")));
        arguments.push(repository(".").display().to_string());
        docker_ok(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        Image(tag)
    };
    // By a name of its own, the stage is removed at the end; the whole takes it from the cache.
    let (_stage, image) = (build(Some("build")), build(None));
    let container = Container::run(&image, &["--health-interval=1s", "--health-retries=1"], &[]);
    container.goes_to("healthy");
    assert!(container.exec(&["/demo-server", "8080", "sick"]).status.success());
    container.goes_to("unhealthy");
}

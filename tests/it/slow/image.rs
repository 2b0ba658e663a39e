//! `make image`, and HEALTHCHECK on each kind of base by what it copies from there.

use std::fs;
use std::process::Command;

use goblin::elf::Elf;
use goblin::elf::header::{EM_AARCH64, EM_ARM, EM_X86_64};

use crate::support::engine::{Container, Image, docker_ok, have_engine};
use crate::support::{Outcome, executable, have, repository, run};

/// What `make image` makes, under a name of the test's own.
pub struct Release {
    pub name: String,
    pub small: Image,
    full: Image,
    _others: Vec<Image>,
}

impl Release {
    pub fn new(test: &str) -> Self {
        let name = format!("lprobe-test-{test}-{}", std::process::id());
        let mut script = Command::new(repository("scripts/image"));
        let outcome = run(script.env("LPROBE_IMAGE", &name));
        assert!(outcome.status.success(), "{outcome:?}");
        let tagged = |tag: &str| Image(format!("{name}:{tag}"));
        let version = env!("CARGO_PKG_VERSION");
        let (minor, _) = version.rsplit_once('.').expect("a patch version");
        let others = [minor, &format!("{minor}-full"), "latest", "latest-full"].map(tagged).into();
        Self { small: tagged(version), full: tagged(&format!("{version}-full")), _others: others, name }
    }
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn an_image_is_the_binary_with_labels() {
    if !have_engine() {
        return;
    }
    let release = Release::new("labels");
    let Release { small, full, .. } = &release;
    let version = concat!("lprobe ", env!("CARGO_PKG_VERSION"));
    for (image, version) in [(small, version), (full, &format!("{version} (full)"))] {
        let container = Container(docker_ok(&["create", &image.0]));
        assert_eq!(docker_ok(&["run", "--rm", &image.0, "--version"]), version);
        let label = |name: &str| {
            container.inspect(&format!("{{{{index .Config.Labels \"org.opencontainers.image.{name}\"}}}}"))
        };
        assert_eq!(label("version"), env!("CARGO_PKG_VERSION"));
        assert_eq!(label("licenses"), env!("CARGO_PKG_LICENSE"));
        assert_eq!(label("description"), env!("CARGO_PKG_DESCRIPTION"));
        let url = env!("CARGO_PKG_REPOSITORY");
        assert_eq!([label("source"), label("url")], [url, url]);
        assert_eq!(label("documentation"), format!("{url}/blob/v{}/README.md", env!("CARGO_PKG_VERSION")));
        assert_eq!(label("vendor"), url.rsplit('/').nth(1).expect("an owner"));
        for name in ["title", "revision", "created"] {
            assert_ne!(label(name), "", "{name}");
        }
        assert_eq!(container.inspect("{{.Config.User}}"), "65532:65532");
        let texts = docker_ok(&["cp", &format!("{}:/licenses/THIRD-PARTY.txt", container.0), "-"]);
        assert!(texts.contains("musl 1.2.") && texts.contains("hyper 1."), "{texts}");
    }
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn an_image_is_a_list_of_all_processors_where_the_engine_can_hold_one() {
    if !have_engine() {
        return;
    }
    let buildx =
        Command::new("docker").args(["buildx", "version"]).output().is_ok_and(|output| output.status.success());
    let holds_lists = docker_ok(&["info", "--format", "{{.DriverStatus}}"]).contains("containerd");
    let why = "this takes docker's buildx, and an engine that keeps its images in containerd";
    if !have("BUILDX", buildx && holds_lists, why) {
        return;
    }
    let release = Release::new("list");
    let folder = tempfile::tempdir().expect("a folder");
    for image in [&release.small, &release.full] {
        for (platform, machine) in [("linux/amd64", EM_X86_64), ("linux/arm64", EM_AARCH64), ("linux/arm/v7", EM_ARM)] {
            let container = Container(docker_ok(&["create", "--platform", platform, &image.0]));
            let file = folder.path().join("lprobe");
            docker_ok(&["cp", &format!("{}:/lprobe", container.0), file.to_str().expect("UTF-8")]);
            let file = fs::read(file).expect("a copy");
            assert_eq!(Elf::parse(&file).expect("ELF").header.e_machine, machine, "{} for {platform}", image.0);
        }
    }
}

/// What `scripts/image` has docker build where its image store is of this kind, and what it says: with programs in place of
/// docker, the binaries and `scripts/dist`.
fn builds_with(store: &str, required: &str) -> (String, Outcome) {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    for name in [
        "scripts/image",
        "scripts/source",
        "scripts/toolchain",
        "Cargo.toml",
        "Dockerfile",
        "LICENSE-APACHE",
        "LICENSE-MIT",
    ] {
        fs::create_dir_all(place(name).parent().expect("a folder")).expect("a folder");
        fs::copy(repository(name), place(name)).expect("a copy");
    }
    let program = |name: &str, script: &str| {
        fs::create_dir_all(place(name).parent().expect("a folder")).expect("a folder");
        executable(&place(name), format!("#!/bin/bash\n{script}\n").as_bytes());
    };
    program("bin/uname", "echo x86_64");
    let context = "for context; do :; done; (cd $context; grep -o 'for .*' */lprobe)";
    let build = format!("build) {{ echo $*; {context}; }} >>'{}';;", place("builds").display());
    program("bin/docker", &format!("case $1 in info) echo '{store}';; {build} esac"));
    program("dist/lprobe", "echo lprobe 1.2.3 # for x86_64");
    program("dist/lprobe-full", "");
    program(
        "scripts/licenses",
        "for dist; do mkdir -p target/licenses/$dist; touch target/licenses/$dist/lprobe{,-full}.txt; done",
    );
    program(
        "scripts/dist",
        "[ $ARCH = x86_64 ] || { mkdir dist/$ARCH; echo for $ARCH >dist/$ARCH/lprobe; touch dist/$ARCH/lprobe-full; }",
    );
    let path = format!("{}:{}", place("bin").display(), std::env::var("PATH").expect("a path"));
    let mut script = Command::new(place("scripts/image"));
    let outcome = run(script.env("PATH", path).env("LPROBE_REQUIRE_BUILDX", required).env_remove("LPROBE_PROCESSORS"));
    (fs::read_to_string(place("builds")).unwrap_or_default(), outcome)
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn every_processor_is_built_for_on_an_engine_that_keeps_lists() {
    let (builds, outcome) = builds_with("[[driver-type io.containerd.snapshotter.v1]]", "1");
    assert!(outcome.status.success(), "{outcome:?}");
    assert!(outcome.stderr.contains("image: for linux/amd64, linux/arm64, linux/arm/v7, linux/386, "), "{outcome:?}");
    assert!(builds.contains("--tag lprobe:1.2.3 --tag lprobe:1.2 --tag lprobe:latest "), "{builds}");
    assert!(builds.contains("--tag lprobe:1.2.3-full --tag lprobe:1.2-full --tag lprobe:latest-full "), "{builds}");
    let platforms =
        "--platform linux/amd64,linux/arm64,linux/arm/v7,linux/386,linux/ppc64le,linux/s390x,linux/riscv64 ";
    assert_eq!(builds.matches(platforms).count(), 2, "{builds}");
    // Its value is BuildKit's: a default in the Dockerfile would win over that too.
    assert!(!builds.contains("TARGETARCH="), "{builds}");
    let dockerfile = fs::read_to_string(repository("Dockerfile")).expect("the Dockerfile");
    assert!(dockerfile.contains("\nARG TARGETARCH\nARG TARGETVARIANT\n"), "{dockerfile}");
    for file in
        ["amd64/lprobe:for x86_64", "arm64/lprobe:for aarch64", "armv7/lprobe:for armv7l", "386/lprobe:for i686"]
    {
        assert!(builds.lines().any(|line| line == file), "{builds}");
    }

    let (builds, outcome) = builds_with("[[Backing Filesystem extfs]]", "0");
    assert!(outcome.status.success() && outcome.stderr.contains("image: for amd64 alone: the engine"), "{outcome:?}");
    assert_eq!(builds.matches("TARGETARCH=amd64").count(), 2, "{builds}");
    assert!(!builds.contains("--platform") && !builds.contains("aarch64"), "{builds}");

    let (builds, outcome) = builds_with("[[Backing Filesystem extfs]]", "1");
    assert!(
        builds.is_empty() && outcome.stderr.contains("LPROBE_REQUIRE_BUILDX is set, and the engine"),
        "{outcome:?}"
    );
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
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

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn an_image_from_scratch_has_a_health_check() {
    if have_engine() {
        goes_healthy_and_unhealthy("scratch", "FROM scratch");
    }
}

/// A C library, a user and certificates, and no shell.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_distroless_image_has_a_health_check() {
    if let Some(debian) = stand_in("debian") {
        let files = ["/etc/passwd", "/etc/group", "/etc/ssl", "/lib/x86_64-linux-gnu/libc.so.6", "/lib64"];
        let copies: String = files.iter().map(|file| format!("COPY --from=debian {file} {file}\n")).collect();
        goes_healthy_and_unhealthy("distroless", &format!("FROM {debian} AS debian\nFROM scratch\n{copies}"));
    }
}

#[ignore = "takes minutes: run `make test-slow`"]
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
#[ignore = "takes minutes: run `make test-slow`"]
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

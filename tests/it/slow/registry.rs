//! What docs/hardening.md has done to a base before something is built on it, with a registry on loopback, which engines trust.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::engine::{Container, Image, docker, docker_ok, have_engine};
use crate::support::{Outcome, Running, have, have_root, have_tools, repository, run, tool};

/// A registry, and a folder of the test's own.
struct Registry {
    address: String,
    folder: tempfile::TempDir,
    _running: Running,
}

impl Registry {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (config, images) = (folder.path().join("config.yml"), folder.path().join("images"));
        let storage = format!("storage: {{filesystem: {{rootdirectory: '{}'}}}}", images.display());
        fs::write(&config, format!("version: 0.1\n{storage}\nhttp: {{addr: '127.0.0.1:0'}}\n")).expect("a file");
        let mut command = tool("docker-registry");
        let mut child =
            command.arg("serve").arg(config).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
        let listens = lines.find_map(|line| line.split_once("listening on ").map(|(_, address)| address.to_owned()));
        // What it says from here on is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let address = listens.expect("it listens").split('"').next().expect("an address").to_owned();
        Self { address, folder, _running: Running(child) }
    }

    /// Has a base with `content` in its one file, from now on, and says its name.
    fn has_base(&self, content: &str) -> String {
        let file = self.folder.path().join("file");
        fs::write(&file, content).expect("a file");
        let built = Image::build("base", "FROM scratch\nCOPY file /\nCMD [\"/file\"]\n", &[file]);
        let base = format!("{}/base:1", self.address);
        docker_ok(&["tag", &built.0, &base]);
        docker_ok(&["push", &base]);
        base
    }

    /// Runs a line of the page that begins so, with `name` in place of the image that it names.
    fn runs(&self, begin: &str, name: &str, image: &str) -> Outcome {
        let page = fs::read_to_string(repository("docs/hardening.md")).expect("the page");
        let line = page.lines().find(|line| line.starts_with(begin)).expect("a line");
        assert!(line.contains(name), "{line}");
        run(Command::new("bash").args(["-c", &line.replace(name, image)]).current_dir(self.folder.path()))
    }
}

impl Drop for Registry {
    /// Removes what the engine has of it: by digest too.
    fn drop(&mut self) {
        let images = docker(&["images", "--quiet", "--filter", &format!("reference={}/*", self.address)]).stdout;
        let images: Vec<_> = images.lines().collect();
        docker(&[&["rmi", "--force"], &images[..]].concat());
    }
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_base_pinned_by_its_digest_stays_what_was_checked() {
    if !have_engine() || !have_tools(&["docker-registry"]) {
        return;
    }
    let registry = Registry::start();
    let base = registry.has_base("checked");
    assert!(registry.runs("docker pull ", "NAME:TAG", &base).status.success());
    let digest = registry.runs("docker inspect ", "NAME:TAG", &base).stdout;
    let (_, digest) = digest.trim_end().split_once('@').expect("NAME@sha256:DIGEST");
    docker_ok(&["rmi", &base]);

    let moved = registry.has_base("moved");
    for (from, content) in [(format!("{}@{digest}", moved), "checked"), (moved.clone(), "moved")] {
        let image = Image::build("pinned", &format!("FROM {from}\nUSER 65532\n"), &[]);
        let container = Container(docker_ok(&["create", &image.0]));
        let file = registry.folder.path().join("copied");
        docker_ok(&["cp", &format!("{}:/file", container.0), file.to_str().expect("UTF-8")]);
        assert_eq!(fs::read_to_string(file).expect("a copy"), content, "{from}");
    }
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_base_is_checked_by_its_signature() {
    if !have_engine() || !have_tools(&["docker-registry"]) {
        return;
    }
    let found = Command::new("cosign").arg("version").output().is_ok_and(|output| output.status.success());
    if !have("COSIGN", found, "cosign is not installed") {
        return;
    }
    let registry = Registry::start();
    let cosign = |arguments: &[&str]| {
        let mut cosign = Command::new("cosign");
        let outcome = run(cosign.args(arguments).env("COSIGN_PASSWORD", "").current_dir(registry.folder.path()));
        assert!(outcome.status.success(), "{arguments:?}: {outcome:?}");
    };
    cosign(&["generate-key-pair"]);
    let by_digest = |name: &str| docker_ok(&["inspect", "--format", "{{index .RepoDigests 0}}", name]);
    // Signatures are in no public log here.
    let checked = |name: &str| {
        let name = format!("{name} --insecure-ignore-tlog");
        registry.runs("cosign verify --key ", "NAME@sha256:DIGEST", &name).status.success()
    };
    let base = by_digest(&registry.has_base("signed"));
    assert!(!checked(&base), "there is no signature yet");
    cosign(&["sign", "--yes", "--key", "cosign.key", "--tlog-upload=false", &base]);
    assert!(checked(&base));
    assert!(!checked(&by_digest(&registry.has_base("moved"))));
}

/// By podman, with the policy of the page. With a policy that accepts anything, the same image comes in.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn an_image_that_nobody_signed_is_refused() {
    if !have_engine() || !have_root() || !have_tools(&["docker-registry", "podman"]) {
        return;
    }
    let registry = Registry::start();
    let base = registry.has_base("unsigned");
    let page = fs::read_to_string(repository("docs/hardening.md")).expect("the page");
    let (_, policy) = page.split_once("```json\n").expect("a policy");
    let policy = policy.split_once("```").expect("its end").0;
    let name = base.rsplit_once('/').expect("a host").0;
    let pulls = |policy: &str| {
        let at = |name: &str| registry.folder.path().join(name);
        fs::write(at("policy.json"), policy).expect("a file");
        let mut podman = tool("podman");
        podman.arg("--root").arg(at("root")).arg("--runroot").arg(at("run")).arg("--storage-driver=vfs");
        run(podman.args(["pull", "--tls-verify=false", "--signature-policy"]).arg(at("policy.json")).arg(&base))
    };
    let outcome = pulls(&policy.replace("registry.example/ours", name));
    assert!(!outcome.status.success() && outcome.stderr.contains("signature was required"), "{outcome:?}");
    // Of any other registry, nothing comes in.
    let outcome = pulls(policy);
    assert!(!outcome.status.success() && outcome.stderr.contains("is rejected by policy"), "{outcome:?}");
    let outcome = pulls(r#"{"default": [{"type": "insecureAcceptAnything"}]}"#);
    assert!(outcome.status.success(), "{outcome:?}");
}

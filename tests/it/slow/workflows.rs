//! The workflows of the repository's host: checked by others' tools, and their lines of shell run with programs in place of
//! those that publish.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::examples::{finds_nothing, yaml};
use crate::support::{Outcome, have, repository, run};

const WORKFLOWS: [&str; 3] = ["ci", "release", "advisories"];

fn path(workflow: &str) -> String {
    format!(".github/workflows/{workflow}.yml")
}

/// Returns a workflow, or none where there is nothing to read it with.
fn workflow(name: &str) -> Option<Value> {
    let python = repository("target/test-tools/python/bin/python").exists();
    have("TOOLS", python, "scripts/test-tools has not run").then(|| yaml(&format!("../{}", path(name))))
}

fn steps(job: &Value) -> impl Iterator<Item = &Value> {
    job["steps"].as_array().expect("steps").iter()
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_workflows_are_as_their_host_has_them_and_zizmor_finds_nothing() {
    let paths = WORKFLOWS.map(path);
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    finds_nothing("check-jsonschema", &[&["--builtin-schema", "vendor.github-workflows"], &paths[..]].concat());
    finds_nothing(
        "zizmor",
        &[&["--offline", "--no-config", "--persona=pedantic", "--no-ignores"], &paths[..]].concat(),
    );
}

/// A hash alone says nothing to who reviews its update.
#[test]
fn every_action_is_pinned_by_a_hash_with_its_version() {
    for name in WORKFLOWS {
        let text = fs::read_to_string(repository(&path(name))).expect("a workflow");
        for line in text.lines().filter(|line| line.contains("uses: ")) {
            let (_, pin) = line.split_once('@').expect("a pin");
            let (hash, version) = pin.split_once(" # v").unwrap_or_else(|| panic!("{line} has no version"));
            assert!(hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
            assert_eq!(version.split('.').count(), 3, "{line}");
        }
    }
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_workflow_runs_what_is_run_here() {
    let (Some(ci), Some(advisories)) = (workflow("ci"), workflow("advisories")) else { return };
    let last = |workflow: &Value, job: &str| steps(&workflow["jobs"][job]).last().expect("a step")["run"].clone();
    assert_eq!(last(&ci, "everything"), ".ci/run");
    assert_eq!(last(&advisories, "advisories"), "scripts/advisories");
    assert!(fs::read_to_string(repository(".ci/run")).expect("a script").contains("\nscripts/advisories\n"));
}

/// A folder with programs that do nothing but write down what they are called with.
struct StandIns(TempDir);

impl StandIns {
    fn new() -> Self {
        let stand_ins = Self(tempfile::tempdir().expect("a folder"));
        for folder in ["bin", "dist", "scripts", "target/test-tools/bin"] {
            fs::create_dir_all(stand_ins.path(folder)).expect("a folder");
        }
        stand_ins
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn program(&self, name: &str, script: &str) {
        let calls = self.path("calls");
        let short = Path::new(name).file_name().and_then(|name| name.to_str()).expect("a name");
        let script = format!("#!/bin/bash\necho \"{short} $*\" >>'{}'\n{script}\n", calls.display());
        fs::write(self.path(name), script).expect("a file");
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).expect("a file");
    }

    /// Runs a script as the host does, with these variables.
    fn bash(&self, script: &str, variables: &[(String, String)]) -> Outcome {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").expect("a path"));
        let mut bash = Command::new("bash");
        bash.args(["-e", "-c", script]).current_dir(self.0.path()).env("PATH", path);
        run(bash.envs(variables.iter().map(|(name, value)| (name, value))))
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.path("calls")).unwrap_or_default()
    }
}

/// Runs all lines of shell of a job, and returns what they have put out.
#[track_caller]
fn run_steps(stand_ins: &StandIns, job: &Value, tag: &str) -> Result<String, Outcome> {
    for step in steps(job).filter(|step| step["run"].is_string()) {
        let mut variables = vec![
            ("GITHUB_REF_NAME".to_owned(), tag.to_owned()),
            ("GITHUB_REPOSITORY".to_owned(), "Somebody/lprobe".to_owned()),
            ("GITHUB_ACTOR".to_owned(), "somebody".to_owned()),
            ("GITHUB_OUTPUT".to_owned(), stand_ins.path("output").display().to_string()),
        ];
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            let value = value.as_str().expect("a text").replace("${{ github.repository }}", "Somebody/lprobe");
            let value = value.replace("${{ github.ref_name }}", tag).replace("${{ github.token }}", "secret-token");
            assert!(!value.contains("${{"), "{value}");
            variables.push((name.clone(), value));
        }
        let outcome = stand_ins.bash(step["run"].as_str().expect("a text"), &variables);
        if !outcome.status.success() {
            return Err(outcome);
        }
    }
    Ok(fs::read_to_string(stand_ins.path("output")).unwrap_or_default())
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_release_is_built_without_rights_and_published_with_signatures() {
    let Some(release) = workflow("release") else { return };
    let jobs = &release["jobs"];
    for job in ["archives", "images"] {
        assert_eq!(jobs[job]["permissions"], serde_json::json!({"contents": "read"}));
    }
    let stand_ins = StandIns::new();
    fs::copy(repository("Cargo.toml"), stand_ins.path("Cargo.toml")).expect("a copy");
    stand_ins.program("bin/sudo", "cat >/dev/null");
    stand_ins.program("bin/git", "");
    stand_ins.program("bin/make", "mkdir --parents target/licenses && echo built >dist/lprobe");
    stand_ins.program("scripts/image", "echo \"$(cat dist/lprobe) $LPROBE_BUILT $LPROBE_IMAGE\" >>calls");
    stand_ins.program(
        "bin/docker",
        "case $1 in images) echo $4:1 $4:2;; buildx) echo sha256:${6##*:};; login) [ $(cat) = secret-token ];; esac",
    );
    stand_ins.program("bin/cosign", "");
    stand_ins.program("bin/gh", "[ $GH_TOKEN = secret-token ]");

    let tag = concat!("v", env!("CARGO_PKG_VERSION"));
    run_steps(&stand_ins, &jobs["archives"], tag).expect("it builds");
    // What the next job has is in the one file.
    fs::remove_dir_all(stand_ins.path("dist")).expect("a folder");
    run_steps(&stand_ins, &jobs["images"], tag).expect("it builds");
    let image = "ghcr.io/somebody/lprobe";
    let built = stand_ins.calls();
    for call in [
        "make release",
        &format!("built yes {image}"),
        &format!("docker save --output dist/images.tar {image}:1 {image}:2"),
    ] {
        assert!(built.lines().any(|line| line == call), "{call} is not in:\n{built}");
    }
    run_steps(&StandIns::new(), &jobs["archives"], "v9.9.9").expect_err("another version is refused");

    fs::create_dir(stand_ins.path("release")).expect("a folder");
    fs::write(stand_ins.path("release/SHA256SUMS"), "").expect("a file");
    let output = run_steps(&stand_ins, &jobs["publish"], tag).expect("it publishes");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(output, format!("digest=sha256:{version}\ndigest-full=sha256:{version}-full\nimage={image}\n"));
    let calls = stand_ins.calls();
    for call in [
        "docker load --input images.tar",
        &format!("docker push --all-tags {image}"),
        &format!("cosign sign --yes {image}@sha256:{version}"),
        &format!("cosign sign --yes {image}@sha256:{version}-full"),
        "cosign sign-blob --yes --bundle release/SHA256SUMS.sigstore.json release/SHA256SUMS",
        &format!(
            "gh release create {tag} --repo Somebody/lprobe --verify-tag --title lprobe {version} release/SHA256SUMS"
        ),
    ] {
        assert!(calls.lines().any(|line| line == call), "{call} is not in:\n{calls}");
    }
    assert!(!calls.contains("secret-token"), "{calls}");
}

#[test]
fn advisories_are_asked_for_where_there_is_a_database_and_skipped_visibly_where_not() {
    let stand_ins = StandIns::new();
    for script in ["scripts/advisories", "scripts/test-tools"] {
        fs::copy(repository(script), stand_ins.path(script)).expect("a copy");
    }
    let required = [("LPROBE_REQUIRE_ADVISORIES".to_owned(), "1".to_owned())];
    stand_ins.program("bin/git", "exit 128");
    let outcome = stand_ins.bash("scripts/advisories", &[]);
    assert!(outcome.status.success() && outcome.stderr.contains("advisories: skipped: "), "{outcome:?}");
    let outcome = stand_ins.bash("scripts/advisories", &required);
    assert!(!outcome.status.success() && outcome.stderr.contains("can't be reached"), "{outcome:?}");

    stand_ins.program("bin/git", "");
    let tools = fs::read_to_string(repository("scripts/test-tools")).expect("a script");
    let deny = tools.lines().find_map(|line| line.strip_prefix("deny=")).expect("a version");
    let tool = |name: &str, version: &str| {
        let script = format!("[ \"$1\" != --version ] || echo \"{name} {version}\"");
        stand_ins.program(&format!("target/test-tools/bin/{name}"), &script);
    };
    tool("cargo-deny", deny);
    tool("cargo-audit", "0.22.2");
    let outcome = stand_ins.bash("scripts/advisories", &required);
    assert!(outcome.status.success(), "{outcome:?}");
    let calls = stand_ins.calls();
    assert!(
        calls.contains("\ncargo-deny check advisories\ncargo-audit audit bin dist/lprobe dist/lprobe-full\n"),
        "{calls}"
    );
    // What it finds fails.
    stand_ins.program("target/test-tools/bin/cargo-audit", "[ $1 = --version ] && echo cargo-audit 0.22.2");
    assert!(!stand_ins.bash("scripts/advisories", &required).status.success());
}

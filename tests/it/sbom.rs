//! What the binary says it is made of: the list inside it, as scanners read that, and the CycloneDX file beside it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{FULL, NAME, binary, have, repository, run};
use auditable_info::audit_info_from_file;
use auditable_serde::{DependencyKind, Package, Source, VersionInfo};
use serde_json::Value;

/// By cargo-auditable's own reader, which refuses a list with two roots or a cycle.
fn inside() -> VersionInfo {
    audit_info_from_file(&binary(), Default::default()).expect("a list in the binary")
}

fn beside() -> Value {
    let file = fs::read(repository(&format!("dist/{NAME}.cdx.json"))).expect("a file");
    serde_json::from_slice(&file).expect("JSON")
}

fn named(package: &Package) -> String {
    format!("{} v{}", package.name, package.version)
}

/// The crates in the binary, by way of other crates than std's: those bring their own.
fn in_binary(info: &VersionInfo) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest: Vec<_> = info.packages.iter().filter(|package| package.root).collect();
    assert_eq!(rest.len(), 1, "one root");
    while let Some(package) = rest.pop() {
        let shipped = package.kind == DependencyKind::Runtime && (package.root || package.source != Source::Local);
        if shipped && found.insert(named(package)) {
            rest.extend(package.dependencies.iter().map(|&index| &info.packages[index]));
        }
    }
    found
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_list_in_the_binary_is_what_cargo_builds_it_from() {
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let features = if FULL { "full" } else { "" };
    let mut tree = Command::new("cargo");
    tree.args(["tree", "--locked", "--edges=normal", "--prefix=none", "--format={p}", "--target", &target]);
    let tree = run(tree.args(["--features", features]).current_dir(repository(".")));
    assert!(tree.status.success(), "{tree:?}");
    let expected: BTreeSet<_> =
        tree.stdout.lines().map(|line| line.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(in_binary(&inside()), expected);
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_list_has_std_and_tells_what_only_built_the_binary() {
    let info = inside();
    let package = |name: &str| info.packages.iter().find(|package| package.name == name);
    let root = package("lprobe").expect("lprobe");
    assert!(root.root && root.version.to_string() == env!("CARGO_PKG_VERSION"), "{root:?}");
    assert!(package("std").is_some_and(|std| std.source == Source::Local && std.kind == DependencyKind::Runtime));
    assert_eq!(package("cc").is_some_and(|compiler| compiler.kind == DependencyKind::Build), FULL, "what builds ring");
    assert!(package("clap_complete").is_none(), "what only renders the completions");
    assert!(package("hyper").is_some_and(|client| client.kind == DependencyKind::Runtime));
    for name in ["h2", "ring", "rustls"] {
        assert_eq!(package(name).is_some(), FULL, "{name}");
    }
    for name in ["goblin", "proptest", "tonic"] {
        assert!(package(name).is_none(), "only tests need {name}");
    }
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_file_beside_it_lists_the_same_and_the_c_library() {
    let info = inside();
    let file = beside();
    let text = |component: &Value, key: &str| component[key].as_str().map(str::to_owned);
    let mut expected: BTreeSet<_> = info.packages.iter().filter(|package| !package.root).map(named).collect();
    let components = file["components"].as_array().expect("components");
    let mut listed = BTreeSet::new();
    for component in components {
        let [name, version] = ["name", "version"].map(|key| text(component, key).expect("both"));

        let package =
            info.packages.iter().find(|package| package.name == name && package.version.to_string() == version);
        if let Some(package) = package {
            let scope = if package.kind == DependencyKind::Runtime { "required" } else { "excluded" };
            assert_eq!(text(component, "scope").as_deref(), Some(scope), "{name}");
            let purl = text(component, "purl").expect("a purl");
            let from_crates_io = purl == format!("pkg:cargo/{name}@{version}");
            assert_eq!(package.source == Source::CratesIo, from_crates_io, "{name}: {purl}");
            for key in ["hashes", "licenses"] {
                assert!(component[key].is_array() || package.source == Source::Local, "{name} has no {key}");
            }
        }
        listed.insert(format!("{name} v{version}"));
    }
    assert_eq!(components.len(), listed.len(), "something is listed twice");
    let libc: Vec<_> = listed.difference(&expected).filter(|name| name.starts_with("musl v1.2.")).cloned().collect();
    assert_eq!(libc.len(), 1, "{libc:?}");
    expected.extend(libc);
    assert_eq!(listed, expected);
}

/// By package URL and CPE, which are the two names that databases of advisories know.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn std_and_the_c_library_have_the_names_that_scanners_match() {
    let file = beside();
    let component = |name: &str| {
        let found = file["components"].as_array().expect("components").iter().find(|found| found["name"] == name);
        let found = found.unwrap_or_else(|| panic!("no {name}"));
        ["version", "purl", "cpe"].map(|key| found[key].as_str().expect(key).to_owned())
    };
    for name in ["core", "alloc", "std"] {
        let [version, purl, cpe] = component(name);
        assert_eq!(purl, format!("pkg:github/rust-lang/rust@{version}#library/{name}"));
        assert_eq!(cpe, format!("cpe:2.3:a:rust-lang:rust:{version}:*:*:*:*:*:*:*"));
    }
    // It has a version of its own, and the compiler's advisories.
    assert_eq!(component("std_detect")[2], component("std")[2]);
    let [version, purl, cpe] = component("musl");
    assert_eq!(purl, format!("pkg:generic/musl@{version}"));
    assert_eq!(cpe, format!("cpe:2.3:a:musl-libc:musl:{version}:*:*:*:*:*:*:*"));
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_file_beside_it_says_when_it_was_made_and_by_whom() {
    let file = beside();
    let time = run(Command::new("date").args(["--utc", "+%s", "--date"]).arg(text_at(&file, "/metadata/timestamp")));
    let committed = run(Command::new(repository("scripts/source")).arg("time")).stdout;
    let seconds = |text: &str| text.trim_end().parse::<u64>().expect("seconds");
    // There may be a commit since the build, but none from before the one that was built.
    assert!(seconds(&time.stdout) <= seconds(&committed), "the time is that of the commit, not of the build");
    assert_eq!(text_at(&file, "/metadata/authors/0/name"), "The lprobe contributors");
    assert_eq!(text_at(&file, "/metadata/component/externalReferences/0/url"), env!("CARGO_PKG_REPOSITORY"));
    // Version 5 is that of a name: the binary's checksum, so that it is the same when the binary is.
    assert_eq!(text_at(&file, "/serialNumber").split('-').nth(2).map(|part| &part[..1]), Some("5"));
}

fn text_at<'a>(file: &'a Value, path: &str) -> &'a str {
    file.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("no {path}"))
}

/// Checksums are those of the lock file, and of the binary as it ships.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_file_beside_it_has_the_checksums() {
    let file = beside();
    let checksum = |component: &Value| component["hashes"][0]["content"].as_str().expect("a checksum").to_owned();
    let sums = fs::read_to_string(repository("dist/SHA256SUMS")).expect("the checksums");
    let of_binary = checksum(&file["metadata"]["component"]);
    assert!(sums.contains(&format!("{of_binary}  {NAME}\n")), "{of_binary} is not in:\n{sums}");
    let lock = fs::read_to_string(repository("Cargo.lock")).expect("the lock file");
    let hyper = file["components"].as_array().expect("components").iter().find(|found| found["name"] == "hyper");
    let of_hyper = checksum(hyper.expect("hyper"));
    let (_, entry) = lock.split_once("name = \"hyper\"\n").expect("hyper");
    assert!(entry.split_once("[[package]]").expect("more").0.contains(&format!("checksum = \"{of_hyper}\"")));
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_file_beside_it_is_valid_cyclonedx() {
    let python = repository("target/test-tools/python/bin/python");
    if !have("TOOLS", Path::new(&python).exists(), "scripts/test-tools has not installed cyclonedx-python-lib") {
        return;
    }
    const VALIDATE: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read())
sys.exit(error and error.data.message)
";
    let file = repository(&format!("dist/{NAME}.cdx.json"));
    let outcome = run(Command::new(python).args(["-c", VALIDATE]).arg(file));
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:?}");
}

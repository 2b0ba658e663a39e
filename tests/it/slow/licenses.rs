//! `scripts/licenses`: whether there is a text for all that is in the binaries.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Outcome, repository, run};

/// Returns the lines of a file of texts that name what each text is for.
fn named(texts: &str) -> Vec<&str> {
    let rule = "=".repeat(72);
    texts.split(&rule).skip(1).step_by(2).flat_map(|names| names.trim().split(", ")).collect()
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn all_that_is_in_a_binary_has_a_text() {
    let outcome = run(&mut Command::new(repository("scripts/licenses")));
    assert!(outcome.status.success(), "{outcome:?}");
    for name in ["lprobe", "lprobe-full"] {
        let list = fs::read(repository(&format!("dist/{name}.cdx.json"))).expect("a list");
        let list: Value = serde_json::from_slice(&list).expect("JSON");
        let texts = fs::read_to_string(repository(&format!("target/licenses/dist/{name}.txt"))).expect("texts");
        let named = named(&texts);
        for component in list["components"].as_array().expect("components") {
            let [crate_name, version] = ["name", "version"].map(|key| component[key].as_str().expect("a text"));
            let is_named = named.contains(&&*format!("{crate_name} {version}"));
            assert_eq!(is_named, component["scope"] != "excluded", "{name}: {crate_name} {version}");
        }
        for holder in
            ["Rich Felker", "The Rust Project Contributors", "Unicode, Inc.", "LLVM Exceptions", "Sean McArthur"]
        {
            assert!(texts.contains(holder), "{name} has nothing of {holder}");
        }
        assert!(!texts.contains("<year>"), "a text names nobody");
        assert_eq!(texts.contains("Henry de Valence"), name == "lprobe-full", "subtle's");
    }
}

/// Runs the script with a cargo-about that knows one crate, and a binary of these components.
fn with(components: &Value) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, content).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a file");
    };
    let script = fs::read_to_string(repository("scripts/licenses")).expect("the script");
    let version = script.split_once("ABOUT = \"").and_then(|(_, rest)| rest.split_once('"')).expect("a version").0;
    let user = |name: &str| json!([{"crate": {"name": name, "version": "1.0.0"}}]);
    let found = json!({"licenses": [
        {"source_path": "/known/LICENSE", "text": "A text.", "used_by": user("known")},
        {"source_path": null, "text": "Copyright <year>", "used_by": user("nameless")},
    ]});
    place("scripts/licenses", &script);
    place("bin/cargo", "#!/bin/sh\n");
    place("target/sysroot", "/none\n");
    let about = format!("#!/bin/sh\n[ $1 = generate ] || exec echo cargo-about {version}\necho '{found}'\n");
    place("target/test-tools/bin/cargo-about", &about);
    place("licenses/rust.txt", "");
    place("dist/lprobe.cdx.json", &json!({"components": components}).to_string());
    let path = format!("{}:{}", folder.path().join("bin").display(), std::env::var("PATH").expect("a path"));
    run(Command::new(folder.path().join("scripts/licenses")).env("PATH", path))
}

#[test]
fn a_crate_without_a_text_fails() {
    let component = |name: &str, scope: &str| json!({"name": name, "version": "1.0.0", "scope": scope});
    let known = component("known", "required");
    let outcome = with(&json!([known, component("build-only", "excluded")]));
    assert!(outcome.status.success(), "{outcome:?}");
    for name in ["unknown", "nameless"] {
        let outcome = with(&json!([known, component(name, "required")]));
        assert_eq!(outcome.stderr, format!("licenses: there is no text for {name} 1.0.0\n"));
        assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    }
}

/// Licences and bans are looked at for the processors of scripts/toolchain.
#[test]
fn every_processor_is_looked_at() {
    let named = |file: &str, separator: char| {
        let text = fs::read_to_string(repository(file)).expect("a file");
        let words = text.split(separator).filter(|word| word.contains("-unknown-linux-musl"));
        words.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let processors = named("scripts/toolchain", ' ');
    assert!(processors.len() > 1, "{processors:?}");
    for file in ["about.toml", "deny.toml"] {
        assert_eq!(named(file, '"'), processors, "{file}");
    }
}

//! The Nomad job of the examples, as HCL. There is no Nomad to run it.

use serde_json::Value;

use super::examples::{by_python, tool};
use crate::support::engine::{Container, Image, have_engine};
use crate::support::examples::with_watch;
use crate::support::repository;

fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).expect("the example")
}

/// The parameters of Nomad's blocks, by its documentation: those that the example may use.
const NOMAD: [(&str, &[&str]); 10] = [
    ("job", &["group"]),
    ("group", &["service", "task"]),
    ("service", &["name", "provider", "task", "check"]),
    ("check", &["type", "command", "args", "interval", "timeout", "check_restart"]),
    ("check_restart", &["limit", "grace"]),
    ("task", &["driver", "user", "config", "resources"]),
    ("config", &["image", "args", "readonly_rootfs", "cap_drop", "security_opt", "pids_limit", "healthchecks"]),
    ("healthchecks", &["disable"]),
    ("resources", &["cpu", "memory"]),
    ("", &["job"]),
];

/// Whether each block has parameters of its own alone. Jobs, groups and tasks have names.
fn has_its_own_parameters(block: &str, body: &Value) {
    let (_, parameters) = NOMAD.iter().find(|(name, _)| *name == block).unwrap_or_else(|| panic!("a block {block}"));
    for (name, value) in body.as_object().expect("a block") {
        assert!(parameters.contains(&&**name), "{block} has no parameter {name}");
        for block in value.as_array().into_iter().flatten().filter(|item| item.is_object()) {
            match &**name {
                "job" | "group" | "task" => {
                    block.as_object().expect("names").values().for_each(|body| has_its_own_parameters(name, body));
                }
                _ => has_its_own_parameters(name, block),
            }
        }
    }
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_checks_of_the_nomad_job_run_in_its_image() {
    if !have_engine() || tool("python").is_none() {
        return;
    }
    let read_hcl = |text: &str| {
        let plain = "plain = lambda value: {plain(name): plain(of) for name, of in value.items() if name[:2] != '__'} \
                     if isinstance(value, dict) else [plain(item) for item in value] if isinstance(value, list) else \
                     value.strip('\"') if isinstance(value, str) else value";
        by_python(&format!("import hcl2; {plain}; print(json.dumps(plain(hcl2.load(sys.stdin))))"), text)
    };
    let image = Image::of_open_example("nomad");
    let text = read("examples/demo.nomad.hcl");
    for job in [&text, &with_watch(&text)].map(|text| read_hcl(text)) {
        has_its_own_parameters("", &job);
        let check = &job["job"][0]["demo"]["group"][0]["demo"]["service"][0]["check"][0];
        assert_eq!(check["type"], "script");
        let args = check["args"].as_array().expect("a list").iter().map(|word| word.as_str().expect("a word"));
        let command: Vec<_> = check["command"].as_str().into_iter().chain(args).collect();
        let config = &job["job"][0]["demo"]["group"][0]["demo"]["task"][0]["service"]["config"][0];
        let limit = format!("--pids-limit={}", config["pids_limit"]);
        let options = ["--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", &limit, "--no-healthcheck"];
        let container = Container::run(&image, &options, &["8080"]);
        container.exec(&["/lprobe", "--wait=10s", "http://localhost:8080/healthz"]).healthy();
        container.exec(&command).healthy();
        assert!(container.exec(&["/demo-server", "8080", "sick"]).status.success());
        container.exec(&command).unhealthy_saying(&["status 503"]);
    }
}

//! The examples and Dockerfiles, as the checkers of those who read them see them.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{have, repository, run};

const PYTHON: &str = "target/test-tools/python/bin";

/// One of the tools that `scripts/test-tools` installs from PyPI.
fn tool(name: &str) -> Option<Command> {
    let path = repository(PYTHON).join(name);
    have("TOOLS", path.exists(), &format!("scripts/test-tools has not installed {name}")).then(|| Command::new(path))
}

/// An example in YAML.
pub fn yaml(name: &str) -> Value {
    let mut python = tool("python").expect("it reads YAML");
    let read = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let outcome = run(python.args(["-c", read]).arg(repository("examples").join(name)));
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{name}: {error}: {outcome:?}"))
}

const MANIFESTS: [&str; 3] = ["kubernetes.yaml", "kubernetes-image-volume.yaml", "kubernetes-init-container.yaml"];

#[track_caller]
pub fn finds_nothing(name: &str, arguments: &[&str]) {
    if let Some(mut tool) = tool(name) {
        let outcome = run(tool.args(arguments).current_dir(repository(".")));
        assert!(outcome.status.success(), "{name} {arguments:?}: {outcome:?}");
    }
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_dockerfiles_are_clean_at_the_strictest() {
    finds_nothing(
        "hadolint",
        &["--failure-threshold=style", "--disable-ignore-pragma", "Dockerfile", "Dockerfile.example"],
    );
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_compose_files_are_as_their_specification_has_them() {
    let files = ["examples/compose.yaml", "examples/compose-sidecar-volume.yaml"];
    finds_nothing("check-jsonschema", &[&["--builtin-schema", "vendor.compose-spec"], &files[..]].concat());
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_manifests_are_as_kubernetes_has_them() {
    for manifest in MANIFESTS {
        finds_nothing("kubernetes-validate", &["--strict", &format!("examples/{manifest}")]);
    }
}

/// By the model that the SDK of ECS checks a request with: nothing is missing, unknown, of another type, or another word than
/// those that it lists.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_task_is_as_ecs_has_it() {
    let check = "import json, sys, botocore.session as session, botocore.validate as validate
shape = session.get_session().get_service_model('ecs').operation_model('RegisterTaskDefinition').input_shape
task = json.load(open(sys.argv[1]))
def no_words(value, shape):
    if shape.type_name == 'structure':
        return [word for name in value for word in no_words(value[name], shape.members[name])]
    if shape.type_name == 'list':
        return [word for item in value for word in no_words(item, shape.member)]
    return [value] if getattr(shape, 'enum', []) and value not in shape.enum else []
sys.exit(validate.ParamValidator().validate(task, shape).generate_report() or no_words(task, shape) or 0)";
    finds_nothing("python", &["-c", check, "examples/ecs-task.json"]);
}

/// So that the test of that image, on an engine, is one of this task too.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_task_checks_health_as_the_dockerfile_does() {
    let read = |path: &str| fs::read_to_string(repository(path)).expect("the example");
    let task: Value = serde_json::from_str(&read("examples/ecs-task.json")).expect("JSON");
    let check = &task["containerDefinitions"][0]["healthCheck"];
    let command: Vec<_> = check["command"].as_array().expect("a list").iter().map(Value::to_string).collect();
    let [kind, words @ ..] = &command[..] else { panic!("{check}") };
    assert_eq!(kind, "\"CMD\"", "there is no shell");
    let (interval, timeout) = (&check["interval"], &check["timeout"]);
    let (start_period, retries) = (&check["startPeriod"], &check["retries"]);
    let line = format!(
        "HEALTHCHECK --interval={interval}s --timeout={timeout}s --start-period={start_period}s --retries={retries} \\\n    \
         CMD [{}]\n",
        words.join(", ")
    );
    assert!(read("Dockerfile.example").contains(&line), "{line}");
}

/// Each of the rules that a container can break: https://kubernetes.io/docs/concepts/security/pod-security-standards/.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_manifests_are_as_the_restricted_pod_security_standard_has_them() {
    if tool("python").is_none() {
        return;
    }
    for name in MANIFESTS {
        let manifest = yaml(name);
        let pod = manifest.pointer("/spec/template/spec").unwrap_or(&manifest["spec"]);
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            assert!(pod[field].is_null(), "{name}: {field}");
        }
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{name}");
        assert_ne!(pod["securityContext"]["runAsUser"], 0, "{name}");
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{name}");
        for volume in pod["volumes"].as_array().into_iter().flatten() {
            assert!(volume["emptyDir"].is_object() || volume["image"].is_object(), "{name}: {volume}");
        }
        let containers = ["containers", "initContainers"].iter().filter_map(|kind| pod[*kind].as_array()).flatten();
        for container in containers {
            let context = &container["securityContext"];
            assert_eq!(context["allowPrivilegeEscalation"], false, "{name}: {container}");
            assert_eq!(context["capabilities"], serde_json::json!({"drop": ["ALL"]}), "{name}: {container}");
            assert_eq!(context["readOnlyRootFilesystem"], true, "{name}: {container}");
            for field in ["privileged", "runAsUser", "runAsNonRoot", "seccompProfile", "procMount"] {
                assert!(context[field].is_null(), "{name}: {field}");
            }
            for port in container["ports"].as_array().into_iter().flatten() {
                assert!(port["hostPort"].is_null(), "{name}: {port}");
            }
        }
    }
}

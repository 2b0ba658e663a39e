//! The examples and Dockerfiles, as the checkers of those who read them see them; and what Dockerfile.example and the Nomad job
//! say, on an engine.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::engine::{Container, EXAMPLE_FILES, Image, docker, docker_ok, final_stage, have_engine};
use crate::support::examples::{opened, with_watch};
use crate::support::{Outcome, have, repository, run};

const PYTHON: &str = "target/test-tools/python/bin";

/// One of the tools that `scripts/test-tools` installs from PyPI.
pub fn tool(name: &str) -> Option<Command> {
    let path = repository(PYTHON).join(name);
    have("TOOLS", path.exists(), &format!("scripts/test-tools has not installed {name}")).then(|| Command::new(path))
}

fn read(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What a Python program prints as JSON, given `text`.
pub fn by_python(program: &str, text: &str) -> Value {
    let mut python = tool("python").expect("scripts/test-tools installs it");
    let python = python.args(["-c", &format!("import json, sys; {program}")]);
    let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("it reads");
    let outcome = Outcome::from(child.wait_with_output().expect("it ends"));
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}: {text}"))
}

pub fn read_yaml(text: &str) -> Value {
    by_python("import yaml; print(json.dumps(yaml.safe_load(sys.stdin)))", text)
}

/// An example in YAML.
pub fn yaml(name: &str) -> Value {
    read_yaml(&read(&format!("examples/{name}")))
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
        &[
            "--failure-threshold=style",
            "--disable-ignore-pragma",
            "Dockerfile",
            "Dockerfile.example",
            "examples/Dockerfile.sealed",
            "examples/Dockerfile.sidecar",
        ],
    );
}

/// checkov's checks of a user and of a health check. It can't know what an ARG of a base will be.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_linter_fails_without_a_user_and_without_a_health_check() {
    let checkov = repository("target/test-tools/checkov/bin/checkov");
    if !have("TOOLS", checkov.exists(), "scripts/test-tools has not installed checkov") {
        return;
    }
    let lints = |dockerfile: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("Dockerfile"), dockerfile).expect("a file");
        let mut command = Command::new(&checkov);
        let options =
            ["--framework=dockerfile", "--skip-check=CKV_DOCKER_7", "--skip-download", "--compact", "--quiet"];
        run(command.arg("--directory").arg(folder.path()).args(options).env("LOG_LEVEL", "CRITICAL"))
    };
    for path in ["Dockerfile.example", "examples/Dockerfile.sealed"] {
        let example = read(path);
        let outcome = lints(&example);
        assert!(outcome.status.success(), "{path}: {outcome:?}");
        for (begin, check) in [("USER ", "CKV_DOCKER_3"), ("HEALTHCHECK ", "CKV_DOCKER_2")] {
            let mut kept = String::new();
            let mut is_out = false;
            for line in example.lines() {
                is_out = line.starts_with(begin) || is_out && line.starts_with(' ');
                if !is_out {
                    kept += line;
                    kept.push('\n');
                }
            }
            let outcome = lints(&kept);
            assert!(!outcome.status.success() && outcome.stdout.contains(check), "{path} without {begin}: {outcome:?}");
        }
    }
}

/// [`finds_nothing`] in a file of this text.
fn finds_nothing_in(name: &str, arguments: &[&str], text: &str) {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("a file");
    fs::write(file.path(), text).expect("a file");
    finds_nothing(name, &[arguments, &[file.path().to_str().expect("UTF-8")]].concat());
}

/// As they stand, with `--watch`, and with the `start_interval` that a comment speaks of.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_compose_files_are_as_their_specification_has_them() {
    for file in ["compose.yaml", "compose-sidecar-volume.yaml", "swarm-stack.yaml"] {
        let text = read(&format!("examples/{file}"));
        let quicker =
            text.replacen("      start_period: 30s\n", "      start_period: 30s\n      start_interval: 1s\n", 1);
        assert_ne!(text, quicker);
        for text in [&text, &with_watch(&text), &quicker] {
            finds_nothing_in("check-jsonschema", &["--builtin-schema", "vendor.compose-spec"], text);
        }
    }
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_manifests_are_as_kubernetes_has_them() {
    for manifest in MANIFESTS {
        let text = read(&format!("examples/{manifest}"));
        for text in [&text, &with_watch(&text)] {
            finds_nothing_in("kubernetes-validate", &["--strict"], text);
        }
    }
}

/// The specification of the pod that a manifest describes, or of the pods that it makes.
pub fn pod(manifest: &Value) -> &Value {
    manifest.pointer("/spec/template/spec").unwrap_or(&manifest["spec"])
}

/// A service that is busy gets no more requests, and has time to recover before it gets a restart.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_manifests_have_all_probes_and_liveness_fails_last() {
    if tool("python").is_none() {
        return;
    }
    for name in MANIFESTS {
        let manifest = yaml(name);
        let pod = pod(&manifest);
        let service = &pod["containers"][0];
        let fails_after = |probe: &str| {
            let number =
                |field: &str| service[probe][field].as_u64().unwrap_or_else(|| panic!("{name}: {probe}: {field}"));
            (number("failureThreshold"), number("failureThreshold") * number("periodSeconds"))
        };
        let (readiness, liveness) = (fails_after("readinessProbe"), fails_after("livenessProbe"));
        assert!(liveness.0 > readiness.0 && liveness.1 > readiness.1, "{name}: {liveness:?} {readiness:?}");
        let startup = &service["startupProbe"]["exec"]["command"];
        assert!(startup.as_array().is_some_and(|words| words.contains(&"--wait".into())), "{name}: {startup}");
    }
}

/// The task, and the same with the health check that docs/node.md has for ECS.
fn tasks() -> [Value; 2] {
    let task: Value = serde_json::from_str(&read("examples/ecs-task.json")).expect("JSON");
    let page = read("docs/node.md");
    let (_, block) = page.split_once("```json\n").expect("a block");
    let check = format!("{{{}}}", block.split_once("```").expect("its end").0);
    let check: Value = serde_json::from_str(&check).expect("JSON");
    let mut watching = task.clone();
    watching["containerDefinitions"][0]["healthCheck"] = check["healthCheck"].clone();
    [task, watching]
}

/// By the model that the SDK of ECS checks a request with: nothing is missing, unknown, of another type, or another word than
/// those that it lists. The model has no bounds of numbers: these are those of its documentation.
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
    for task in tasks() {
        finds_nothing_in("python", &["-c", check], &task.to_string());
        let check = &task["containerDefinitions"][0]["healthCheck"];
        for (field, bounds) in
            [("interval", 5..=300), ("timeout", 2..=60), ("retries", 1..=10), ("startPeriod", 0..=300)]
        {
            assert!(bounds.contains(&check[field].as_u64().expect("a number")), "{field}: {check}");
        }
    }
}

/// So that the tests of that image, on an engine, are ones of this task too. It watches as the image does, but ECS has no
/// interval of a second.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_task_checks_health_as_the_dockerfile_does() {
    let example = opened(&read("Dockerfile.example"));
    for (task, dockerfile) in tasks().into_iter().zip([&example, &with_watch(&example)]) {
        let check = &task["containerDefinitions"][0]["healthCheck"];
        let command: Vec<_> = check["command"].as_array().expect("a list").iter().map(Value::to_string).collect();
        let [kind, words @ ..] = &command[..] else { panic!("{check}") };
        assert_eq!(kind, "\"CMD\"", "there is no shell");
        let interval = if words.contains(&"\"--watch\"".into()) { &json!(1) } else { &check["interval"] };
        let (timeout, start_period, retries) = (&check["timeout"], &check["startPeriod"], &check["retries"]);
        let line = format!(
            "HEALTHCHECK --interval={interval}s --timeout={timeout}s --start-period={start_period}s --retries={retries} \\\n    \
             CMD [{}]\n",
            words.join(", ")
        );
        assert!(dockerfile.contains(&line), "{line}");
    }
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
        let pod = pod(&manifest);
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

/// By another evaluator of its expressions than Kubernetes has.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_admission_policy_refuses_images_that_are_not_pinned() {
    if tool("python").is_none() {
        return;
    }
    finds_nothing("kubernetes-validate", &["--strict", "examples/admission-policy.yaml"]);
    let allows = |pod: &Value| {
        let program = "import celpy, yaml
pod, policy = json.load(sys.stdin)
spec = next(yaml.safe_load_all(policy))['spec']
environment = celpy.Environment()
def evaluate(expression, variables):
    values = {'object': celpy.json_to_cel(pod), 'variables': celpy.celtypes.MapType(variables)}
    return environment.program(environment.compile(expression)).evaluate(values)
variables = {celpy.celtypes.StringType(each['name']): evaluate(each['expression'], {}) for each in spec['variables']}
print(json.dumps([bool(evaluate(each['expression'], variables)) for each in spec['validations']]))";
        by_python(program, &json!([pod, read("examples/admission-policy.yaml")]).to_string())
    };
    let checked = format!("registry.example/ours/demo@sha256:{}", "0a".repeat(32));
    let own = json!([{ "name": "demo", "image": checked }]);
    assert_eq!(allows(&json!({"spec": {"containers": own}})), json!([true]));
    let all = json!({"containers": own, "initContainers": own, "ephemeralContainers": own,
        "volumes": [{"emptyDir": {}}, {"image": {"reference": checked}}]});
    assert_eq!(allows(&json!({"spec": all})), json!([true]));
    for other in [
        "registry.example/ours/demo:1".to_owned(),
        checked.replace("/ours/", "/theirs/"),
        format!("evil.example/{checked}"),
        checked.replace("sha256:0", "sha256:"),
        checked.replace('.', "-"),
    ] {
        for place in [
            "/containers/0/image",
            "/initContainers/0/image",
            "/ephemeralContainers/0/image",
            "/volumes/1/image/reference",
        ] {
            let mut pod = all.clone();
            *pod.pointer_mut(place).expect("an image") = other.clone().into();
            assert_eq!(allows(&json!({"spec": pod})), json!([false]), "{other} in {place}");
        }
    }
}

/// The options of the line in Dockerfile.example by which the image is run.
fn run_options(example: &str) -> Vec<&str> {
    let line = example.lines().find_map(|line| line.strip_prefix("#   docker run ")).expect("a line");
    line.strip_suffix(" demo").expect("its image").split(' ').collect()
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn the_example_is_checked_by_the_line_that_runs_it() {
    if !have_engine() {
        return;
    }
    let example = read("Dockerfile.example");
    let image = Image::of_example("line");
    let options = run_options(&example);
    let container = Container::run(&image, &options, &[]);
    for (setting, value) in [
        ("{{.HostConfig.ReadonlyRootfs}}", "true"),
        ("{{.HostConfig.CapDrop}}", "[ALL]"),
        ("{{.HostConfig.SecurityOpt}}", "[no-new-privileges]"),
        ("{{.HostConfig.Memory}}", "33554432"),
        ("{{.HostConfig.PidsLimit}}", "16"),
        ("{{.HostConfig.NanoCpus}}", "500000000"),
    ] {
        assert_eq!(container.inspect(setting), value, "{setting}");
    }
    container.goes_to("healthy");

    let image = Image::of_dockerfile("watch", &with_watch(&opened(&example)));
    let container = Container::run(&image, &options, &[]);
    is_watched(&container, || assert!(container.exec(&["/demo-server", "8080", "sick"]).status.success()));
    assert_eq!(container.last_check(), "1 lprobe: http://localhost:8080/healthz: status 503, expected 200-299");
}

/// Waits until a container is healthy and one exec is watching it, and has that end as soon as it is sick.
#[track_caller]
pub fn is_watched(container: &Container, sicken: impl FnOnce()) {
    container.goes_to("healthy");
    // Once process 1 is older than the watch. Columns: the process, its age in seconds, its command line.
    container.wait_until("watched", || {
        let processes = docker_ok(&["top", &container.0, "-eo", "pid,etimes,args"]);
        let watch = processes.lines().find(|process| process.contains("/lprobe --watch 25s "));
        watch.is_some_and(|watch| {
            watch.split_whitespace().nth(1).is_some_and(|age| age.parse().is_ok_and(|age: u32| age >= 3))
        })
    });
    sicken();
    container.goes_to("unhealthy");
    let log = container.inspect("{{range .State.Health.Log}}{{.Start.UnixNano}} {{.End.UnixNano}}{{println}}{{end}}");
    let last: Vec<u64> =
        log.lines().last().expect("a check").split(' ').map(|time| time.parse().expect("ns")).collect();
    let took = Duration::from_nanos(last[1] - last[0]);
    assert!(took >= Duration::from_secs(3) && took < Duration::from_secs(25), "the watch took {took:?}");
}

/// Engines before 25.0 refuse to build with it.
#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_start_interval_is_known_to_engines_from_25_on() {
    if !have_engine() {
        return;
    }
    let version = docker_ok(&["version", "--format", "{{.Server.Version}}"]);
    let major: u32 = version.split('.').next().expect("a number").parse().expect("a number");
    let stage =
        final_stage(&read("Dockerfile.example")).replace("--start-period", "--start-interval=1s --start-period");
    if major >= 25 {
        let image = Image::build("start", &stage, &EXAMPLE_FILES.map(repository));
        let container = Container::run(&image, &[], &[]);
        container.goes_to("healthy");
        let format = "{{.State.StartedAt}} {{range .State.Health.Log}}{{.End.Format \"2006-01-02T15:04:05.999999999Z07:00\"}} {{end}}";
        let times = by_python(
            "import datetime; print(json.dumps([datetime.datetime.fromisoformat(word[:26].rstrip('Z')).timestamp() \
             for word in sys.stdin.read().split()]))",
            &container.inspect(format),
        );
        let time = |number: usize| times[number].as_f64().expect("a time");
        assert!(time(1) - time(0) < 9.0, "the interval is 10 s: {times}");
        return;
    }
    let context = tempfile::tempdir().expect("a folder");
    fs::write(context.path().join("Dockerfile"), stage).expect("a file");
    let outcome = docker(&["build", context.path().to_str().expect("UTF-8")]);
    assert!(!outcome.status.success() && outcome.stderr.contains("Unknown flag: start-interval"), "{outcome:?}");
}

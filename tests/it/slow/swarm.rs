//! The stack of examples/ on a swarm of the test's own: an engine in a network namespace, so that it changes nothing outside.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::support::engine::{Image, have_engine};
use crate::support::examples::with_watch;
use crate::support::{Outcome, Running, have, have_root, have_tools, repository, run};

/// How long the engine, or its swarm, may take for anything.
const PATIENCE: Duration = Duration::from_secs(90);

/// An engine that is the only member of its swarm.
struct Swarm {
    engine: Running,
    folder: TempDir,
}

impl Swarm {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path("daemon.json"), "{}").expect("a file");
        let options = ["config-file=daemon.json", "data-root=data", "exec-root=exec", "pidfile=pid"].map(|option| {
            let (name, file) = option.split_once('=').expect("a name");
            format!("--{name}={}", path(file))
        });
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", "ip link set lo up && exec dockerd \"$@\"", "sh"]).args(options);
        command.args([&format!("--host=unix://{}", path("socket")), "--storage-driver=vfs"]);
        command.args(["--bridge=none", "--iptables=false", "--ip6tables=false"]);
        let log = fs::File::create(path("log")).expect("a file");
        let engine = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("unshare starts");
        let swarm = Self { engine: Running(engine), folder };
        swarm.wait_until("up", || swarm.docker(&["info"]).status.success());
        swarm.ok(&["swarm", "init", "--advertise-addr=127.0.0.1", "--listen-addr=127.0.0.1"]);
        swarm
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.arg(format!("--host=unix://{}", self.folder.path().join("socket").display())).args(arguments);
        command
    }

    fn docker(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.command(arguments))
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let outcome = self.docker(arguments);
        assert!(outcome.status.success(), "{arguments:?}: {outcome:?}");
        outcome.stdout.trim_end().to_owned()
    }

    #[track_caller]
    fn wait_until(&self, what: &str, holds: impl Fn() -> bool) {
        let begin = Instant::now();
        while !holds() {
            let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(begin.elapsed() < PATIENCE, "not {what}: {:?} {}", self.tasks(), log());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Takes an image from the engine outside.
    fn load(&self, image: &str, name: &str) {
        let mut saved = Command::new("docker").args(["save", image]).stdout(Stdio::piped()).spawn().expect("docker");
        let loaded = self.command(&["load"]).stdin(saved.stdout.take().expect("it is piped")).output().expect("docker");
        assert!(saved.wait().expect("it ends").success() && loaded.status.success(), "{loaded:?}");
        self.ok(&["tag", image, name]);
    }

    /// Deploys a stack, and returns the container of its service once the one task of it runs.
    #[track_caller]
    fn deploys(&self, text: &str) -> String {
        let before = self.running();
        let file = self.folder.path().join("stack.yaml");
        fs::write(&file, text).expect("a file");
        let file = file.to_str().expect("UTF-8");
        self.ok(&["stack", "deploy", "--resolve-image=never", "--compose-file", file, "demo"]);
        self.another_runs(&before)
    }

    /// The tasks that run, as `[task, container]`. A task runs once its container is healthy.
    fn running(&self) -> Vec<String> {
        let tasks = self.tasks();
        let running = tasks.lines().filter(|task| task.contains(" Running "));
        running.filter_map(|task| task.split(' ').next().map(str::to_owned)).collect()
    }

    fn tasks(&self) -> String {
        self.docker(&["stack", "ps", "demo", "--no-trunc", "--format={{.ID}} {{.CurrentState}} {{.Error}}"]).stdout
    }

    /// Waits until one task runs that did not before, and returns its container.
    #[track_caller]
    fn another_runs(&self, before: &[String]) -> String {
        self.wait_until("replaced", || matches!(&self.running()[..], [task] if !before.contains(task)));
        let task = self.running().remove(0);
        self.ok(&["inspect", "--format={{.Status.ContainerStatus.ContainerID}}", &task])
    }

    fn health(&self, container: &str) -> String {
        self.ok(&[
            "inspect",
            "--format={{.State.Health.Status}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Memory}}",
            container,
        ])
    }
}

impl Drop for Swarm {
    /// Has the engine end its containers, and itself.
    fn drop(&mut self) {
        self.docker(&["stack", "rm", "demo"]);
        self.docker(&["swarm", "leave", "--force"]);
        let _ = kill(Pid::from_raw(self.engine.0.id().try_into().expect("a process")), Signal::SIGTERM);
        let _ = self.engine.0.wait();
    }
}

#[ignore = "takes minutes: run `make test-slow`"]
#[test]
fn a_swarm_replaces_what_is_sick() {
    if !have_engine() || !have_root() || !have_tools(&["dockerd", "unshare", "ip"]) {
        return;
    }
    let has_stacks =
        Command::new("docker").args(["stack", "--help"]).output().is_ok_and(|output| output.status.success());
    if !have("TOOLS", has_stacks, "docker has no stacks") {
        return;
    }
    let image = Image::of_open_example("swarm");
    let swarm = Swarm::start();
    swarm.load(&image.0, "demo:0.1.0");
    let text = fs::read_to_string(repository("examples/swarm-stack.yaml")).expect("the example");
    let container = swarm.deploys(&text);
    assert_eq!(swarm.health(&container), "healthy true 33554432");
    // An update: a new task takes the place of the old one once it is healthy.
    let container = swarm.deploys(&with_watch(&text));
    assert_eq!(swarm.health(&container), "healthy true 33554432");
    let before = swarm.running();
    swarm.ok(&["exec", &container, "/demo-server", "8080", "sick"]);
    let container = swarm.another_runs(&before);
    assert_eq!(swarm.health(&container), "healthy true 33554432");
}

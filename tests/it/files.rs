//! Heartbeat files and pid files.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::support::{Running, binary, executable, lprobe, run};
use nix::unistd::geteuid;

#[test]
fn a_heartbeat_file_is_fresh_or_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alive");
    let target = |query: &str| format!("file://{}{query}", path.display());
    lprobe([target("")]).unhealthy_saying(&["No such file"]);
    let file = File::create(&path).expect("a file");
    lprobe([target("")]).healthy();
    lprobe([target("?max-age=30s")]).healthy();
    let shift = |time: SystemTime| file.set_modified(time).expect("it is ours");
    shift(SystemTime::now() - Duration::from_secs(31));
    lprobe([target("?max-age=30s")]).unhealthy_saying(&["modified 31", "expected 30000 ms at most"]);
    lprobe([target("?max-age=1m")]).healthy();
    shift(SystemTime::now() + Duration::from_secs(60));
    lprobe([target("?max-age=30s")]).unhealthy_saying(&["in the future"]);
    lprobe([format!("file://{}", folder.path().display())]).unhealthy_saying(&["not a regular file"]);
    lprobe(["file:///dev/null"]).unhealthy_saying(&["not a regular file"]);
    let link = folder.path().join("link");
    symlink(&path, &link).expect("a link");
    lprobe([format!("file://{}", link.display())]).healthy();
    for bad in ["?age=1s", "?", "?max-age=1s&", "?max-age=1s&x", "?max-age=1s&max-age=1s", "?min-size=1&min-size=1"] {
        lprobe([target(bad)]).unhealthy_saying(&["max-age=DURATION", "min-size=BYTES"]);
    }
    for bad in ["?max-age=", "?max-age=x", "?max-age=0", "?max-age=99999999h"] {
        lprobe([target(bad)]).unhealthy_saying(&["max-age must be a duration"]);
    }
    // A nightly job leaves a file that is more than a day old.
    shift(SystemTime::now() - Duration::from_secs(25 * 3600));
    lprobe([target("?max-age=24h")]).unhealthy_saying(&["modified 9000"]);
    lprobe([target("?max-age=48h")]).healthy();
    for bad in ["file://", "file://alive", "file://localhost/alive", "file:///a\nb"] {
        lprobe([bad]).unhealthy_saying(&["absolute path"]);
    }
}

#[test]
fn a_file_has_a_size() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("backup");
    let target = |query: &str| format!("file://{}{query}", path.display());
    fs::write(&path, "12345").expect("a file");
    for query in ["?min-size=5", "?min-size=1", "?max-age=1h&min-size=5", "?min-size=5&max-age=1h"] {
        lprobe([target(query)]).healthy();
    }
    lprobe([target("?min-size=6")]).unhealthy_saying(&["5 bytes, expected 6 at least"]);
    lprobe([target("?min-size=6&max-age=1h")]).unhealthy_saying(&["5 bytes, expected 6 at least"]);
    for bad in ["?min-size=", "?min-size=0", "?min-size=-1", "?min-size=+1", "?min-size=1k"] {
        lprobe([target(bad)]).unhealthy_saying(&["min-size must be a number of bytes"]);
    }
    lprobe([format!("!{}", target(""))]).unhealthy_saying(&["does not check that something is absent"]);
}

#[test]
fn a_pid_file_names_a_process_that_lives() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pid");
    let target = format!("pid://{}", path.display());
    lprobe([&target]).unhealthy_saying(&["No such file"]);
    let mut process = Running(Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn().expect("it starts"));
    let pid = process.0.id();
    for contents in [format!("{pid}"), format!("{pid}\n"), format!(" {pid}\n/var/lib/postgresql/15/main\n5432\n")] {
        fs::write(&path, &contents).expect("a file");
        lprobe([&target]).healthy();
    }
    process.0.kill().expect("it runs");
    process.0.wait().expect("it has ended");
    lprobe([&target]).unhealthy_saying(&["no process with this ID is running"]);
    for contents in ["", "x", "0", "-1", "1 2", "99999999999"] {
        fs::write(&path, contents).expect("a file");
        lprobe([&target]).unhealthy_saying(&["expected a process ID in the first line"]);
    }
    // Opening it would wait for a writer.
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts").success());
    lprobe([format!("pid://{}", pipe.display())]).unhealthy_saying(&["not a regular file"]);
    lprobe(["pid://localhost/x"]).unhealthy_saying(&["absolute path"]);
    lprobe([format!("pid://{}", folder.path().display())]).unhealthy_saying(&["not a regular file"]);
}

/// EPERM is alive. Root may signal everybody's, so that root asks as somebody else.
#[test]
fn a_process_of_somebody_else_lives() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("it is ours");
    let [path, program] = ["pid", "lprobe"].map(|name| folder.path().join(name));
    fs::write(&path, "1").expect("a file");
    executable(&program, &fs::read(binary()).expect("the binary"));
    let mut command = Command::new(program);
    if geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    run(command.arg(format!("pid://{}", path.display()))).healthy();
}

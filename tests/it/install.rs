//! `lprobe install PATH`.

use crate::support::{binary, executable, have_chroot, lprobe, run, tool};
use std::fs::{self};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::thread;

#[test]
fn install_copies_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lprobe");
    let install = |path: &std::path::Path| lprobe(["install".as_ref(), path.as_os_str()]);
    install(&path).healthy();
    assert_eq!(fs::read(&path).expect("a copy"), fs::read(binary()).expect("the binary"));
    assert_eq!(fs::metadata(&path).expect("a copy").permissions().mode() & 0o7777, 0o755);
    run(Command::new(&path).arg("--version")).status.success().then_some(()).expect("it runs");
    // Over an older one, by a rename: who runs the old one keeps it.
    fs::write(&path, "old").expect("a file");
    let old = fs::metadata(&path).expect("a file").ino();
    install(&path).healthy();
    assert_ne!(fs::metadata(&path).expect("a copy").ino(), old);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");

    let link = folder.path().join("link");
    symlink(&path, &link).expect("a link");
    let pipe = folder.path().join("socket");
    let _listener = UnixListener::bind(&pipe).expect("a socket");
    for there in [folder.path(), &link, &pipe] {
        install(there).unhealthy_saying(&["install ", "not a regular file"]);
    }
    assert!(link.is_symlink() && fs::metadata(&pipe).expect("a socket").file_type().is_socket());
    install(&folder.path().join("none/lprobe")).unhealthy_saying(&["No such file"]);
    lprobe(["install"]).unhealthy_saying(&["lprobe install PATH"]);
    lprobe(["install", ""]).unhealthy_saying(&["lprobe install PATH"]);
    run(Command::new(binary()).env("DIR", folder.path()).args(["install", "${DIR}/expanded"])).healthy();
    assert!(folder.path().join("expanded").exists());
    lprobe(["install", "${NONE}/x"]).unhealthy_saying(&["NONE is not set"]);
    lprobe(["install", "--help"]).unhealthy_saying(&["lprobe install PATH"]);
    lprobe(["install", "/a", "/b"]).unhealthy_saying(&["lprobe install PATH"]);
}

/// Containers that start together seed one volume: whoever looks sees no copy, or a whole one.
#[test]
fn several_installs_at_once_leave_a_whole_copy() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, program) = (folder.path().join("lprobe"), fs::read(binary()).expect("the binary"));
    thread::scope(|scope| {
        let installs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..10).for_each(|_| lprobe(["install".as_ref(), path.as_os_str()]).healthy())))
            .collect();
        while installs.iter().any(|install| !install.is_finished()) {
            assert!(fs::read(&path).map_or(true, |copy| copy == program), "half a copy");
        }
    });
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
}

/// As a volume is seeded from an image FROM scratch, with no /proc to find oneself by.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn install_needs_no_proc() {
    if !have_chroot() {
        return;
    }
    let (root, program) = (tempfile::tempdir().expect("a folder"), fs::read(binary()).expect("the binary"));
    executable(&root.path().join("lprobe"), &program);
    run(tool("chroot").arg(root.path()).args(["/lprobe", "install", "/copy"])).healthy();
    assert_eq!(fs::read(root.path().join("copy")).expect("a copy"), program);
}

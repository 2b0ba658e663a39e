//! `lprobe install PATH`: copies the program to PATH, so that an image FROM scratch can seed a volume.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Copies `program` to `path`, with mode 0755. A complete copy is renamed to `path`: a reader sees the old file or the
/// whole new one.
///
/// # Errors
///
/// The file at `path` is not a regular file, or a file can't be read or written.
pub fn install(program: &Path, path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => return Err(io::Error::other("exists, and is not a regular file")),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    // Two containers may install on one volume, and in both the process ID is 1.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let temporary = path.with_file_name(format!(".{}.{}", name.to_string_lossy(), now.subsec_nanos()));
    let copied = copy(program, &temporary).and_then(|()| fs::rename(&temporary, path));
    if copied.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    copied
}

fn copy(program: &Path, temporary: &Path) -> io::Result<()> {
    let contents = fs::read(program)?;
    // The path that the kernel knows can lead elsewhere by now, as after fexecve.
    if !contents.starts_with(b"\x7fELF") {
        return Err(io::Error::other("this program's own file can't be found"));
    }
    let mut copy = File::create_new(temporary)?;
    copy.write_all(&contents)?;
    copy.set_permissions(Permissions::from_mode(0o755))?;
    copy.sync_all()
}

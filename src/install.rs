//! `lprobe install PATH`: copies the program to PATH, so that an image FROM scratch can seed a volume.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process;

use crate::sys::stdio::block_write_signals;

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
    // In a container the process ID is often 1, so a killed copy may have left a file of the same name.
    let temporary = path.with_file_name(format!(".{}.{}", name.to_string_lossy(), process::id()));
    let _ = fs::remove_file(&temporary);
    let copied = copy(program, &temporary).and_then(|()| fs::rename(&temporary, path));
    if copied.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    copied
}

fn copy(program: &Path, temporary: &Path) -> io::Result<()> {
    block_write_signals();
    let mut copy = File::create_new(temporary)?;
    copy.write_all(&fs::read(program)?)?;
    copy.set_permissions(Permissions::from_mode(0o755))?;
    copy.sync_all()
}

//! `lprobe install`: copies the program, so that an image FROM scratch can seed a volume. A copy may be sealed.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::seal::Seal;
use crate::sys::file;

/// What to install.
#[derive(Debug)]
pub struct Install {
    /// The paths of one copy: the first is the copy, and the others are links to it.
    pub names: Vec<PathBuf>,
    /// What that copy is sealed as.
    pub seal: Option<Seal>,
    /// The paths of an open copy, as which this program stands in for curl and wget.
    pub clients: Vec<PathBuf>,
}

impl Install {
    /// Copies `program`.
    ///
    /// # Errors
    ///
    /// The path that can't be written, and the reason: what is there is not a regular file, or a file can't be read or
    /// written.
    pub fn run(&self, program: &Path) -> Result<(), (&Path, io::Error)> {
        for (names, seal) in [(&self.names, &self.seal), (&self.clients, &None)] {
            for name in names {
                let first = &names[0];
                replace(name, &|temporary| match name == first {
                    true => copy(program, seal.as_ref(), temporary),
                    false => fs::hard_link(first, temporary),
                })
                .map_err(|error| (&**name, error))?;
            }
        }
        Ok(())
    }
}

/// Makes a file by `make`, and renames it to `path`: a reader sees the old file or the whole new one.
fn replace(path: &Path, make: &dyn Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => return Err(io::Error::other("exists, and is not a regular file")),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Two containers may install on one volume, and in both the process ID is 1.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".");
    temporary.push(now.subsec_nanos().to_string());
    let temporary = Path::new(&temporary);
    let made = make(temporary).and_then(|()| fs::rename(temporary, path));
    // A rename to another link to the same file does nothing, and leaves both: rename(2).
    let _ = fs::remove_file(temporary);
    made
}

/// Copies `program`, with mode 0755, and seals the copy.
fn copy(program: &Path, seal: Option<&Seal>, temporary: &Path) -> io::Result<()> {
    let mut contents = file::read(program, None)?;
    // The path that the kernel knows can lead elsewhere by now, as after fexecve.
    if !contents.starts_with(b"\x7fELF") || seal.is_some_and(|seal| seal.write(&mut contents).is_none()) {
        return Err(io::Error::other("this program's own file can't be found"));
    }
    let mut copy = File::create_new(temporary)?;
    copy.write_all(&contents)?;
    copy.set_permissions(Permissions::from_mode(0o755))?;
    copy.sync_all()
}

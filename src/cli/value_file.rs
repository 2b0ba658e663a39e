//! Values in files: `@PATH` in place of a value reads it from there, as with curl. Docker's and Kubernetes' secrets are
//! files.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};

/// The longest value, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Why a file gives no value. No reason shows what is in the file.
#[derive(Debug)]
pub enum BadFile {
    /// The kernel's error.
    Io(io::Error),
    /// A folder, a device or a pipe.
    NotAFile,
    /// More than [`LONGEST`] bytes.
    Long,
    /// Bytes that are not UTF-8.
    NotUtf8,
}

/// Reads a value from the file at `path`, without the newline at its end.
pub fn read(path: &str) -> Result<String, BadFile> {
    // The kind of file is checked before it is opened: opening a named pipe would wait for its writer.
    if !fs::metadata(path).map_err(BadFile::Io)?.is_file() {
        return Err(BadFile::NotAFile);
    }
    let mut contents = Vec::new();
    let file = File::open(path).map_err(BadFile::Io)?;
    file.take(LONGEST + 2).read_to_end(&mut contents).map_err(BadFile::Io)?;
    contents.pop_if(|last| *last == b'\n');
    if contents.len() as u64 > LONGEST {
        return Err(BadFile::Long);
    }
    String::from_utf8(contents).map_err(|_| BadFile::NotUtf8)
}

impl fmt::Display for BadFile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(out, "the file after @: {error}"),
            Self::NotAFile => out.write_str("the file after @ is not a regular file"),
            Self::Long => out.write_str("the file after @ is longer than 64 KiB"),
            Self::NotUtf8 => out.write_str("the file after @ is not UTF-8"),
        }
    }
}

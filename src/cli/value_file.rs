//! Values in files: `@PATH` in place of a value reads it from there, as with curl. Docker's and Kubernetes' secrets are
//! files.

use std::fmt;
use std::path::Path;
use std::{fs, io};

use crate::sys::file;

/// The longest value, in bytes.
const LONGEST: usize = 64 * 1024;

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

/// Reads a value from the file at `path`, without the newline at its end, which may be CR LF.
pub fn read(path: &str) -> Result<String, BadFile> {
    // The kind of file is checked before it is opened: opening a named pipe would wait for its writer.
    if !fs::metadata(path).map_err(BadFile::Io)?.is_file() {
        return Err(BadFile::NotAFile);
    }
    // With a newline, and one byte that is too many.
    let mut contents = file::read(Path::new(path), Some(LONGEST + 3)).map_err(BadFile::Io)?;
    if contents.pop_if(|last| *last == b'\n').is_some() {
        contents.pop_if(|last| *last == b'\r');
    }
    if contents.len() > LONGEST {
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

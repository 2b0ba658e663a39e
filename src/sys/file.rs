//! Small files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Reads the file at `path`, or as much of its beginning as `room` takes, with one read.
///
/// # Errors
///
/// The file can't be opened or read.
#[inline(never)]
pub fn read_beginning<'a>(path: &Path, room: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let length = File::open(path)?.read(room)?;
    Ok(&room[..length])
}

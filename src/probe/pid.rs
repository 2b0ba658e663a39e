//! A pid file, for a daemon that has no port. It is healthy if its first line is the ID of a process that is running.

use std::fs;
use std::path::Path;

use crate::sys::file::read_beginning;
use crate::sys::process;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::file::BadFile;

/// The most bytes that are read: PostgreSQL's pid file has more lines than that of its number.
const LONGEST: usize = 64;

/// Checks the process.
#[inline(never)]
pub fn probe(path: &Path) -> Result<(), Unhealthy> {
    // The kind of file is checked before it is opened: opening a named pipe would wait for its writer.
    if !fs::metadata(path).map_err(BadFile::Io)?.is_file() {
        return Err(BadFile::NotRegular.into());
    }
    let mut contents = [0; LONGEST];
    match pid(read_beginning(path, &mut contents).map_err(BadFile::Io)?) {
        Some(pid) if process::lives(pid) => Ok(()),
        Some(_) => Err(BadFile::NoProcess.into()),
        None => Err(BadFile::NoPid.into()),
    }
}

/// Reads the number in the first line, with white space around it. 0 and negative numbers are groups of processes to
/// kill(2).
fn pid(contents: &[u8]) -> Option<i32> {
    let line = contents.split(|&byte| byte == b'\n').next()?;
    let pid: u64 = str::from_utf8(line.trim_ascii()).ok()?.parse().ok()?;
    pid.try_into().ok().filter(|&pid| pid > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_is_the_number_in_the_first_line() {
        for (contents, expected) in [
            ("17", Some(17)),
            (" 17 \r\n", Some(17)),
            ("17\n/var/lib/postgresql\n", Some(17)),
            ("", None),
            ("\n17", None),
            ("0", None),
            ("-17", None),
            ("17 18", None),
            ("2147483648", None),
        ] {
            assert_eq!(pid(contents.as_bytes()), expected, "{contents:?}");
        }
    }
}

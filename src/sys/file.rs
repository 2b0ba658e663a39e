//! Files.

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

/// Reads the file at `path`: as many bytes as it says that it has, or `most` bytes. std's own code reads a file that does not
/// know its length too, and takes 700 bytes more.
///
/// # Errors
///
/// The file can't be opened or read.
#[inline(never)]
pub fn read(path: &Path, most: Option<usize>) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let room = match most {
        Some(most) => most,
        None => file.metadata()?.len() as usize,
    };
    let (mut contents, mut length) = (vec![0; room], 0);
    loop {
        match file.read(&mut contents[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    contents.truncate(length);
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel gives this file in pieces, and says that it has no bytes.
    #[cfg_attr(miri, ignore = "Miri opens no file")]
    #[test]
    fn a_file_in_pieces_is_read_whole() {
        let path = Path::new("/proc/self/smaps");
        assert_eq!(read(path, Some(12_000)).expect("it can be read").len(), 12_000);
        assert_eq!(read(path, None).expect("it can be read"), b"");
    }
}

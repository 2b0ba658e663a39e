//! gzip, RFC 1952, with the DEFLATE decoder of miniz_oxide. The crate flate2 would add a compressor, and tables for a
//! faster checksum: 39 KB more, for messages of a few bytes.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

/// Why bytes can't be unpacked.
#[derive(Debug, PartialEq, Eq)]
pub enum BadGzip {
    /// They are not a complete gzip file, or other bytes follow it.
    Broken,
    /// They are longer than the limit once unpacked.
    Long,
}

/// The header of a file: RFC 1952, section 2.3.1, with no flags, no time, and an unknown operating system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Packs `data` into stored blocks, which are not compressed: RFC 1951, section 3.2.4.
pub fn pack(data: &[u8]) -> Vec<u8> {
    let mut packed = HEADER.to_vec();
    let mut rest = data;
    loop {
        let (block, after) = rest.split_at(rest.len().min(0xffff));
        let length = block.len() as u16;
        packed.push(u8::from(after.is_empty()));
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend_from_slice(block);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    packed.extend(trailer(data));
    packed
}

/// Unpacks a file whose contents have at most `max` bytes.
pub fn unpack(packed: &[u8], max: usize) -> Result<Vec<u8>, BadGzip> {
    let packed = after_header(packed).ok_or(BadGzip::Broken)?;
    let mut data = vec![0; max];
    let mut decompressor = Box::<DecompressorOxide>::default();
    let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    match decompress(&mut decompressor, packed, &mut data, 0, flags) {
        (TINFLStatus::Done, read, length) => {
            data.truncate(length);
            if packed[read..] == trailer(&data) { Ok(data) } else { Err(BadGzip::Broken) }
        }
        (TINFLStatus::HasMoreOutput, ..) => Err(BadGzip::Long),
        _ => Err(BadGzip::Broken),
    }
}

/// Returns the bytes after the header and after the fields that its flags announce.
fn after_header(packed: &[u8]) -> Option<&[u8]> {
    const CHECKSUM: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let (header, mut rest) = packed.split_at_checked(HEADER.len())?;
    let flags = header[3];
    if header[..3] != HEADER[..3] || flags > 31 {
        return None;
    }
    if flags & EXTRA != 0 {
        let (length, after) = rest.split_first_chunk()?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let end = rest.iter().position(|&byte| byte == 0)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & CHECKSUM != 0 {
        let before = &packed[..packed.len() - rest.len()];
        rest = rest.strip_prefix(&crc32(before).to_le_bytes()[..2])?;
    }
    Some(rest)
}

/// Returns the checksum and the length of `data`, which end a file.
fn trailer(data: &[u8]) -> [u8; 8] {
    let [a, b, c, d] = crc32(data).to_le_bytes();
    let [e, f, g, h] = (data.len() as u32).to_le_bytes();
    [a, b, c, d, e, f, g, h]
}

/// Returns the checksum of RFC 1952, section 8.
fn crc32(data: &[u8]) -> u32 {
    let mut crc = !0;
    for &byte in data {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 != 0 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

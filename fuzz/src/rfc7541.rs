//! Decodes header blocks by RFC 7541, HPACK. It shares nothing with the program.

use std::collections::VecDeque;
use std::sync::LazyLock;

/// A name and its value.
pub type Field = (Vec<u8>, Vec<u8>);

/// The size of the dynamic table that holds until the client's SETTINGS say another: RFC 9113, section 6.5.2. lprobe's say
/// none.
const TABLE_SIZE: usize = 4096;

/// The most bytes of a number. Section 5.1 leaves the limit to the decoder; no number of 32 bits needs more.
const MAX_NUMBER: usize = 6;

/// The decoder of one connection.
pub struct Decoder {
    /// The dynamic table: section 2.3.2. The newest entry comes first.
    table: VecDeque<Field>,
    limit: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { table: VecDeque::new(), limit: TABLE_SIZE }
    }
}

impl Decoder {
    /// Returns the fields of a block: section 6. `None` is a decoding error.
    pub fn block(&mut self, mut bytes: &[u8]) -> Option<Vec<Field>> {
        let mut fields = Vec::new();
        while let Some(&first) = bytes.first() {
            let (prefix, inserts) = match first {
                0x80.. => {
                    fields.push(self.entry(number(&mut bytes, 7)?)?);
                    continue;
                }
                0x40.. => (6, true),
                0x20.. => {
                    // Section 4.2: at the beginning of a block, and within the limit of SETTINGS.
                    self.limit = number(&mut bytes, 5).filter(|&size| size <= TABLE_SIZE && fields.is_empty())?;
                    self.evict();
                    continue;
                }
                _ => (4, false),
            };
            let name = match number(&mut bytes, prefix)? {
                0 => string(&mut bytes)?,
                index => self.entry(index)?.0,
            };
            let field = (name, string(&mut bytes)?);
            if inserts {
                self.table.push_front(field.clone());
                self.evict();
            }
            fields.push(field);
        }
        Some(fields)
    }

    /// Section 2.3.3.
    fn entry(&self, index: usize) -> Option<Field> {
        let index = index.checked_sub(1)?;
        match STATIC.get(index) {
            Some((name, value)) => Some((name.as_bytes().to_vec(), value.as_bytes().to_vec())),
            None => self.table.get(index - STATIC.len()).cloned(),
        }
    }

    /// Section 4.4. An entry that is larger than the table empties it.
    fn evict(&mut self) {
        while self.table.iter().map(|(name, value)| name.len() + value.len() + 32).sum::<usize>() > self.limit {
            self.table.pop_back();
        }
    }
}

/// Section 5.1.
fn number(bytes: &mut &[u8], prefix: u32) -> Option<usize> {
    let most = (1 << prefix) - 1;
    let mut number = usize::from(*bytes.split_off_first()?) & most;
    if number < most {
        return Some(number);
    }
    for place in 0..MAX_NUMBER - 1 {
        let byte = usize::from(*bytes.split_off_first()?);
        number += (byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Section 5.2.
fn string(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let is_huffman = bytes.first()? & 0x80 != 0;
    let length = number(bytes, 7)?;
    let text = bytes.split_off(..length)?;
    if is_huffman { huffman(text) } else { Some(text.to_vec()) }
}

/// The symbols of each length of code, and the first code of that length. The code is canonical: codes of one length follow
/// each other in the order of their symbols, and the next longer ones go on behind them.
static CODES: LazyLock<[(u32, Vec<u16>); 31]> = LazyLock::new(|| {
    let mut next = 0;
    std::array::from_fn(|length| {
        let symbols: Vec<u16> =
            (0..257).filter(|&symbol| usize::from(LENGTHS[usize::from(symbol)]) == length).collect();
        next <<= 1;
        let first = next;
        next += symbols.len() as u32;
        (first, symbols)
    })
});

/// Section 5.2: less than eight bits of padding, all of them ones, and no symbol for the end.
fn huffman(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let (mut code, mut length) = (0u32, 0);
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1)) {
        (code, length) = (code << 1 | u32::from(bit), length + 1);
        let (first, symbols) = CODES.get(length)?;
        let symbol = code.checked_sub(*first).and_then(|place| symbols.get(place as usize));
        if let Some(&symbol) = symbol {
            text.push(u8::try_from(symbol).ok()?);
            (code, length) = (0, 0);
        }
    }
    (length < 8 && code == (1 << length) - 1).then_some(text)
}

/// Returns the code of a byte, and how many bits it has.
pub fn code(byte: u8) -> (u32, u32) {
    let length = u32::from(LENGTHS[usize::from(byte)]);
    let (first, symbols) = &CODES[length as usize];
    (first + symbols.binary_search(&byte.into()).expect("its length's symbols have it") as u32, length)
}

/// Appendix A.
#[rustfmt::skip]
pub const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// Appendix B: the lengths of the codes, of which the last is the end's.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6,
    6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6,
    6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22,
    20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23,
    22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22,
    23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22,
    25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix C.6: responses with Huffman codes, in a table that evicts.
    #[test]
    fn the_rfcs_own_examples_decode() {
        let mut decoder = Decoder { limit: 256, ..Decoder::default() };
        for (block, fields) in [
            (
                &b"\x48\x82\x64\x02\x58\x85\xae\xc3\x77\x1a\x4b\x61\x96\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\
                \xe0\x82\xa6\x2d\x1b\xff\x6e\x91\x9d\x29\xad\x17\x18\x63\xc7\x8f\x0b\x97\xc8\xe9\xae\x82\xae\x43\xd3"[..],
                ["302", "private", "Mon, 21 Oct 2013 20:13:21 GMT", "https://www.example.com"],
            ),
            (
                b"\x48\x83\x64\x0e\xff\xc1\xc0\xbf",
                ["307", "private", "Mon, 21 Oct 2013 20:13:21 GMT", "https://www.example.com"],
            ),
        ] {
            let values = decoder.block(block).map(|mut fields| {
                fields.sort_by_key(|(name, _)| [&b":status"[..], b"cache-control", b"date", b"location"].iter().position(|of| of == name));
                fields.into_iter().map(|(_, value)| String::from_utf8(value).expect("ASCII")).collect::<Vec<_>>()
            });
            assert_eq!(values.as_deref(), Some(&fields.map(String::from)[..]));
        }
        assert_eq!(decoder.block(b"\x80"), None);
        assert_eq!(decoder.block(b"\x88\x20"), None);
    }
    #[test]
    fn each_code_decodes_to_its_byte() {
        for byte in 0..=u8::MAX {
            let (code, length) = code(byte);
            let padded = u64::from(code) << (64 - length) | u64::MAX >> length;
            let bytes = &padded.to_be_bytes()[..length.div_ceil(8) as usize];
            assert_eq!(huffman(bytes), Some(vec![byte]));
        }
    }
}

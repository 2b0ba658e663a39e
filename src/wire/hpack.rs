//! HPACK, RFC 7541: reads the fields of a block, as [`super::frames`] needs them.

use std::borrow::Cow;
use std::collections::VecDeque;

/// A block that can't be decoded, or whose fields are too long together.
#[derive(Debug)]
pub struct BadBlock;

/// The most bytes of the dynamic table. It is the initial value, and lprobe's SETTINGS do not change it: section 4.2.
const MAX_TABLE: usize = 4096;

/// What each field counts, in bytes, beside its name and value: section 4.1.
const OVERHEAD: usize = 32;

/// The names of the static table, from index 1: appendix A.
const STATIC_NAMES: &str = ":authority\n:method\n:method\n:path\n:path\n:scheme\n:scheme\n:status\n:status\n:status\n\
    :status\n:status\n:status\n:status\naccept-charset\naccept-encoding\naccept-language\naccept-ranges\naccept\n\
    access-control-allow-origin\nage\nallow\nauthorization\ncache-control\ncontent-disposition\ncontent-encoding\n\
    content-language\ncontent-length\ncontent-location\ncontent-range\ncontent-type\ncookie\ndate\netag\nexpect\nexpires\n\
    from\nhost\nif-match\nif-modified-since\nif-none-match\nif-range\nif-unmodified-since\nlast-modified\nlink\nlocation\n\
    max-forwards\nproxy-authenticate\nproxy-authorization\nrange\nreferer\nrefresh\nretry-after\nserver\nset-cookie\n\
    strict-transport-security\ntransfer-encoding\nuser-agent\nvary\nvia\nwww-authenticate";

/// The number of names of the static table.
const STATIC: usize = 61;

/// The values of `:status` in the static table, from index 8. The other values are for requests, or empty.
const STATIC_STATUSES: [&[u8]; 7] = [b"200", b"204", b"206", b"304", b"400", b"404", b"500"];

type Field = (Vec<u8>, Vec<u8>);

/// Decodes the blocks of one connection, in their order.
#[derive(Default)]
pub struct Decoder {
    /// The dynamic table, from its newest entry.
    table: VecDeque<Field>,
    /// The size of the dynamic table, and how far an update has lowered its limit.
    size: usize,
    lowered: usize,
}

impl Decoder {
    /// Decodes a block, whose fields may count `most` bytes. Passes each field to `each`, whose error ends the block.
    pub fn decode<E: From<BadBlock>>(
        &mut self,
        mut block: &[u8],
        mut most: usize,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut has_field = false;
        while let [first, ..] = *block {
            let (index, is_new, literal) = match first {
                0x80.. => (integer(&mut block, 7)?, false, false),
                0x40.. => (integer(&mut block, 6)?, true, true),
                // Section 4.2: it comes before the first field.
                0x20.. if has_field => return Err(BadBlock.into()),
                0x20.. => {
                    self.limit(integer(&mut block, 5)?)?;
                    continue;
                }
                _ => (integer(&mut block, 4)?, false, true),
            };
            has_field = true;
            let (name, value) = match (literal, index) {
                (true, 0) => (string(&mut block)?, string(&mut block)?),
                (true, _) => (self.entry(index)?.0.into(), string(&mut block)?),
                (false, _) => {
                    let (name, value) = self.entry(index)?;
                    (name.into(), value.into())
                }
            };
            most = most.checked_sub(name.len() + value.len() + OVERHEAD).ok_or(BadBlock)?;
            each(&name, &value)?;
            if is_new {
                let field = (name.into_owned(), value.into_owned());
                self.add(field);
            }
        }
        Ok(())
    }

    /// Returns the field at an index of both tables: section 2.3.3.
    fn entry(&self, index: usize) -> Result<(&[u8], &[u8]), BadBlock> {
        if (1..=STATIC).contains(&index) {
            let name = STATIC_NAMES.split('\n').nth(index - 1).unwrap_or_default();
            let value = index.checked_sub(8).and_then(|place| STATIC_STATUSES.get(place)).copied().unwrap_or_default();
            return Ok((name.as_bytes(), value));
        }
        let (name, value) = index.checked_sub(STATIC + 1).and_then(|place| self.table.get(place)).ok_or(BadBlock)?;
        Ok((name, value))
    }

    /// Adds a field to the dynamic table: section 4.4.
    fn add(&mut self, (name, value): Field) {
        let size = name.len() + value.len() + OVERHEAD;
        self.evict(size);
        if self.size + size <= MAX_TABLE - self.lowered {
            self.size += size;
            self.table.push_front((name, value));
        }
    }

    /// Changes the limit of the dynamic table: section 4.3.
    fn limit(&mut self, limit: usize) -> Result<(), BadBlock> {
        self.lowered = MAX_TABLE.checked_sub(limit).ok_or(BadBlock)?;
        self.evict(0);
        Ok(())
    }

    /// Removes the oldest entries, until there is room for `more` bytes, or none is left.
    fn evict(&mut self, more: usize) {
        while self.size + more > MAX_TABLE - self.lowered {
            let Some((name, value)) = self.table.pop_back() else { break };
            self.size -= name.len() + value.len() + OVERHEAD;
        }
    }
}

/// Reads an integer with a prefix of so many bits: section 5.1.
fn integer(block: &mut &[u8], bits: u32) -> Result<usize, BadBlock> {
    let most = (1 << bits) - 1;
    let first = usize::from(*block.split_off_first().ok_or(BadBlock)?) & most;
    if first < most {
        return Ok(first);
    }
    let mut value = most;
    // No length or index here needs more than four bytes.
    for shift in [0, 7, 14, 21] {
        let byte = usize::from(*block.split_off_first().ok_or(BadBlock)?);
        value += (byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(BadBlock)
}

/// Reads a string: section 5.2.
fn string<'a>(block: &mut &'a [u8]) -> Result<Cow<'a, [u8]>, BadBlock> {
    let is_huffman = block.first().ok_or(BadBlock)? & 0x80 != 0;
    let length = integer(block, 7)?;
    let bytes = block.split_off(..length).ok_or(BadBlock)?;
    if is_huffman { Ok(huffman(bytes)?.into()) } else { Ok(bytes.into()) }
}

/// The length of each symbol's code in bits: appendix B. The code is canonical: codes of one length are consecutive, in
/// the order of their symbols, and the lengths tell them all.
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
    28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12,
    10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6,
    5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22,
    22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20,
    22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28,
    27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28,
    27, 27, 27, 27, 27, 26,
];

/// The length of the longest code in bits.
const LONGEST: usize = 30;

/// The number of codes of each length, and the symbols in the order of their codes. The end of a string has the last code,
/// which no string contains: section 5.2.
const CODES: ([u16; LONGEST + 1], [u8; 256]) = {
    let (mut counts, mut symbols) = ([0; LONGEST + 1], [0; 256]);
    let (mut length, mut place) = (0, 0);
    while length <= LONGEST {
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == length {
                symbols[place] = symbol as u8;
                place += 1;
                counts[length] += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    (counts, symbols)
};

/// Decodes a string in Huffman's code.
fn huffman(bytes: &[u8]) -> Result<Vec<u8>, BadBlock> {
    let (counts, symbols) = &CODES;
    let mut text = Vec::new();
    // The code so far, its length, the first code of that length, and the number of shorter codes.
    let (mut code, mut length, mut first, mut shorter) = (0_u32, 0, 0_u32, 0_usize);
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1)) {
        (code, first, length) = (code << 1 | u32::from(bit), first << 1, length + 1);
        let count = u32::from(*counts.get(length).ok_or(BadBlock)?);
        if code - first < count {
            text.push(symbols[shorter + (code - first) as usize]);
            (code, length, first, shorter) = (0, 0, 0, 0);
        } else {
            (first, shorter) = (first + count, shorter + count as usize);
        }
    }
    // What is left is the beginning of the end's code, which is all ones.
    if length < 8 && code == (1 << length) - 1 { Ok(text) } else { Err(BadBlock) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<_> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
    }

    fn fields(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<String>, BadBlock> {
        let mut fields = Vec::new();
        decoder.decode(block, 16 << 10, |name, value| {
            fields.push(format!("{}: {}", name.escape_ascii(), value.escape_ascii()));
            Ok::<_, BadBlock>(())
        })?;
        Ok(fields)
    }

    /// Appendix C.5 and C.6 have the same responses, without Huffman's code and with it, and a table of 256 bytes.
    #[test]
    fn the_examples_of_the_specification() {
        let plain = [
            "3fe101 4803 333032 5807 7072 6976 6174 65 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 \
             3120 474d 54 6e17 6874 7470 733a 2f2f 7777 772e 6578 616d 706c 652e 636f 6d",
            "4803 333037 c1c0 bf",
            "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 \
             666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 \
             3630 303b 2076 6572 7369 6f6e 3d31",
        ];
        let coded = [
            "3fe101 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad \
             1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
            "4883 640e ffc1 c0bf",
            "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 \
             b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
        ];
        for blocks in [plain, coded] {
            let mut decoder = Decoder::default();
            let [first, second, third] = blocks.map(|block| fields(&mut decoder, &hex(block)).expect("a block"));
            let date = |second| format!("date: Mon, 21 Oct 2013 20:13:{second} GMT");
            let location = "location: https://www.example.com";
            assert_eq!(first, [":status: 302", "cache-control: private", &date(21), location]);
            assert_eq!(second, [":status: 307", "cache-control: private", &date(21), location]);
            let cookie = "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
            let encoding = "content-encoding: gzip";
            assert_eq!(third, [":status: 200", "cache-control: private", &date(22), location, encoding, cookie]);
            assert_eq!((decoder.table.len(), decoder.size), (3, 215));
        }
    }

    #[test]
    fn what_is_not_a_block_is_refused() {
        for block in [
            // Index 0, one beyond the tables, and integers that end early or never.
            &b"\x80"[..],
            b"\xbe",
            b"\xff",
            b"\xff\x80\x80\x80\x80\x80\x01",
            // Strings that end early, and Huffman's code with a zero at its end, with eight ones, and with its end.
            b"\x00\x05abc",
            b"\x00\x01a",
            b"\x00\x01a\x81\x1e",
            b"\x00\x01a\x82\x1f\xff\xff",
            b"\x00\x01a\x84\xff\xff\xff\xff",
            // A table of 4,097 bytes, and a new size behind a field.
            b"\x3f\xe2\x1f",
            b"\x88\x20",
        ] {
            assert!(fields(&mut Decoder::default(), block).is_err(), "{}", block.escape_ascii());
        }
        let long = [&b"\x40\x01a\x7f\xe0\x1e"[..], &[b'x'; 4063]].concat();
        let mut decoder = Decoder::default();
        assert!(fields(&mut decoder, &[&long[..], b"\xbe\xbe\xbe"].concat()).is_ok());
        assert!(fields(&mut decoder, b"\xbe\xbe\xbe\xbe\xbe").is_err(), "more than 16 KiB");
    }
}

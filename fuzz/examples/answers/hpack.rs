//! Encodes header blocks by RFC 7541, in each way that a field can be written.

use lprobe_fuzz::rfc7541::{Field, STATIC, code};

use crate::random::Random;

/// The encoder of one connection.
pub struct Encoder {
    /// The dynamic table, the newest entry first.
    table: Vec<Field>,
    limit: usize,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { table: Vec::new(), limit: 4096 }
    }
}

impl Encoder {
    pub fn block(&mut self, random: &mut Random, fields: &[Field], odd: usize) -> Vec<u8> {
        let mut out = Vec::new();
        if random.one_in(30) {
            self.limit = random.pick(&[0, 40, 100, 4096]);
            self.evict();
            number(&mut out, 0x20, 5, self.limit);
        }
        if random.one_in(odd) {
            let size = random.pick(&[4097, 65_536, 1 << 31]);
            number(&mut out, 0x20, 5, size);
        }
        for (name, value) in fields {
            self.field(random, &mut out, name, value, odd);
            if random.one_in(4 * odd) {
                // An index that there is not, a size in the middle, and a number without end.
                let odd =
                    [&b"\x80"[..], b"\xff\x60", b"\x20", b"\x3f\xe1\x1f", b"\xff\xff\xff\xff\xff\xff\xff\x0f", b"\x7f"];
                out.extend_from_slice(random.pick(&odd));
            }
        }
        out
    }

    fn field(&mut self, random: &mut Random, out: &mut Vec<u8>, name: &[u8], value: &[u8], odd: usize) {
        let fixed = STATIC.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let entries = fixed.chain(self.table.iter().map(|(name, value)| (&name[..], &value[..])));
        let known: Vec<_> = (1..).zip(entries).filter(|(_, entry)| entry.0 == name).collect();
        let whole: Vec<usize> = known.iter().filter(|(_, entry)| entry.1 == value).map(|&(index, _)| index).collect();
        let names: Vec<usize> = known.iter().map(|&(index, _)| index).collect();
        if !whole.is_empty() && !random.one_in(3) {
            return number(out, 0x80, 7, random.pick(&whole));
        }
        let (first, prefix) = random.pick(&[(0x40, 6), (0x40, 6), (0, 4), (0x10, 4)]);
        if !names.is_empty() && !random.one_in(3) {
            number(out, first, prefix, random.pick(&names));
        } else {
            number(out, first, prefix, 0);
            string(random, out, name, odd);
        }
        string(random, out, value, odd);
        if first == 0x40 {
            self.table.insert(0, (name.to_vec(), value.to_vec()));
            self.evict();
        }
    }

    fn evict(&mut self) {
        while self.table.iter().map(|(name, value)| name.len() + value.len() + 32).sum::<usize>() > self.limit {
            self.table.pop();
        }
    }
}

/// Section 5.1.
fn number(out: &mut Vec<u8>, first: u8, prefix: u32, number: usize) {
    let most = (1 << prefix) - 1;
    if number < most {
        return out.push(first | number as u8);
    }
    out.push(first | most as u8);
    let mut rest = number - most;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Section 5.2.
fn string(random: &mut Random, out: &mut Vec<u8>, text: &[u8], odd: usize) {
    let mut text = text.to_vec();
    let is_huffman = random.one_in(2);
    if is_huffman {
        text = huffman(&text);
        if random.one_in(4 * odd) {
            // The code of the end, padding of eight bits, and padding of zeros.
            text.extend_from_slice(random.pick(&[&b"\xff\xff\xff\xff"[..], b"\xff", b"\0"]));
        }
    }
    let length = if random.one_in(8 * odd) { random.between(0, 200) } else { text.len() };
    number(out, if is_huffman { 0x80 } else { 0 }, 7, length);
    out.extend(text);
}

fn huffman(text: &[u8]) -> Vec<u8> {
    let (mut out, mut bits, mut count) = (Vec::new(), 0u64, 0);
    for &byte in text {
        let (code, length) = code(byte);
        (bits, count) = (bits << length | u64::from(code), count + length);
        while count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    if count > 0 {
        out.push((bits << (8 - count)) as u8 | 0xff >> count);
    }
    out
}

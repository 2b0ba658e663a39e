//! Frames of HTTP/2: RFC 9113, sections 4 and 6.

use crate::random::Random;

pub const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

pub const ACK: u8 = 1;
pub const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const WITH_PRIORITY: u8 = 0x20;

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = &(payload.len() as u32).to_be_bytes()[1..];
    [length, &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The server's SETTINGS.
pub fn settings(random: &mut Random, odd: usize) -> Vec<u8> {
    let good = [(1, 4096), (1, 0), (3, 100), (4, 65_535), (4, 0), (5, 16_384), (6, 8192), (2, 0), (8, 1), (99, 7)];
    let wrong = [(2, 1), (2, 2), (4, 1 << 31), (5, 0), (5, 1 << 24), (8, 2), (3, 0), (6, 0)];
    let mut payload = Vec::new();
    for _ in 0..random.pick(&[0, 0, 1, 3]) {
        let (number, value): (u16, u32) = random.mostly(&good, &wrong, odd);
        payload.extend(number.to_be_bytes());
        payload.extend(value.to_be_bytes());
    }
    if random.one_in(4 * odd) {
        payload.push(0);
    }
    let stream = random.mostly(&[0], &[1], 4 * odd);
    frame(SETTINGS, random.pick(&[0, 0, 0, 0x80]), stream, &payload)
}

/// Adds what may come between the frames of an answer, and now and then what may not.
pub fn between(random: &mut Random, out: &mut Vec<u8>, odd: usize) {
    if random.one_in(6) {
        let good = [
            frame(SETTINGS, 0, 0, b"\0\x03\0\0\0\x64"),
            frame(PING, 0, 0, b"12345678"),
            frame(WINDOW_UPDATE, 0, 0, b"\0\0\x10\0"),
            frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\x01"),
            frame(PRIORITY, 0, 1, b"\0\0\0\0\x10"),
            frame(PRIORITY, 0, 7, b"\0\0\0\x03\x10"),
            frame(0xfa, 0xff, 1, b"grease"),
            frame(0x0c, 0, 0, b""),
        ];
        out.extend(random.pick(&good));
    }
    if random.one_in(odd) {
        let odd = [
            frame(RST_STREAM, 0, 1, b"\0\0\0\0"),
            frame(RST_STREAM, 0, 1, b"\0\0\0\x08"),
            frame(RST_STREAM, 0, 3, b"\0\0\0\0"),
            frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\0"),
            frame(GOAWAY, 0, 0, b"\0\0\0\x01\0\0\0\0"),
            frame(GOAWAY, 0, 0, b"\x7f\xff\xff\xff\0\0\0\0"),
            frame(GOAWAY, 0, 0, b"\0\0\0\x01\0\0\0\x02bye"),
            frame(GOAWAY, 0, 0, b"\0\0"),
            frame(GOAWAY, 0, 1, b"\0\0\0\x01\0\0\0\0"),
            frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\x02\x82\x84\x87\x01\x01a"),
            frame(CONTINUATION, END_HEADERS, 1, b"\x88"),
            frame(HEADERS, END_HEADERS, 3, b"\x88"),
            frame(DATA, 0, 1, b"well"),
            frame(PING, 0, 0, b"1234567"),
            frame(PING, 0, 1, b"12345678"),
            frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0"),
            frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\0"),
            frame(WINDOW_UPDATE, 0, 1, b"\x7f\xff\xff\xff"),
            frame(WINDOW_UPDATE, 0, 1, b"\0"),
            frame(PRIORITY, 0, 0, b"\0\0\0\0\x10"),
            frame(PRIORITY, 0, 1, b"\0"),
            frame(SETTINGS, ACK, 0, b"\0\x03\0\0\0\x64"),
            frame(SETTINGS, 0, 0, b"\0\x05\0\0\0\x01"),
            frame(SETTINGS, 0, 1, b""),
            frame(0xfa, 0, 1, &[0; 16_385]),
        ];
        out.extend(random.pick(&odd));
    }
}

/// Adds HEADERS, and the rest of the block in CONTINUATION, cut wherever it can be.
pub fn headers(random: &mut Random, out: &mut Vec<u8>, block: &[u8], ends: bool, odd: usize) {
    let mut rest = block;
    let pieces = random.pick(&[0, 0, 0, 1, 1, 2, 3, 7]);
    let mut take = |random: &mut Random, is_last: bool| {
        let size = if is_last { rest.len() } else { random.between(0, rest.len()) };
        rest.split_off(..size).expect("it is not longer")
    };
    let end = |is_last: bool, random: &mut Random| {
        let flag = if is_last { END_HEADERS } else { 0 };
        random.mostly(&[flag], &[END_HEADERS - flag], odd)
    };
    let mut payload = take(random, pieces == 0).to_vec();
    let mut flags = end(pieces == 0, random) | if ends { END_STREAM } else { 0 };
    if random.one_in(8) {
        flags |= WITH_PRIORITY;
        let priority = random.mostly(&[&b"\0\0\0\0\x10"[..], b"\x80\0\0\x03\xff"], &[b"\0\0\0\x01\0", b"\0"], odd);
        payload.splice(0..0, priority.iter().copied());
    }
    let (flags, payload) = padded(random, flags, &payload, odd);
    let stream = random.mostly(&[1, 1, 1, 0x8000_0001], &[0, 2, 3], odd);
    out.extend(frame(HEADERS, flags, stream, &payload));
    for piece in 1..=pieces {
        if random.one_in(odd) {
            let odd = [frame(PING, 0, 0, b"12345678"), frame(0xfa, 0, 0, b""), frame(DATA, 0, 1, b"well")];
            out.extend(random.pick(&odd));
        }
        let is_last = piece == pieces;
        let stream = random.mostly(&[1], &[0, 3], odd);
        let payload = take(random, is_last);
        let flags = end(is_last, random) | random.pick(&[0, 0, END_STREAM, PADDED]);
        out.extend(frame(CONTINUATION, flags, stream, payload));
    }
}

/// Section 6.1: returns the flags and the payload, with padding or without.
pub fn padded(random: &mut Random, flags: u8, payload: &[u8], odd: usize) -> (u8, Vec<u8>) {
    if !random.one_in(6) {
        return (flags, payload.to_vec());
    }
    let length = random.pick(&[0, 1, 7, 255]);
    let said = random.mostly(&[length as u8], &[255, payload.len() as u8 + length as u8 + 1], odd);
    (flags | PADDED, [&[said][..], payload, &vec![random.pick(&[0, 0, 1]); length]].concat())
}

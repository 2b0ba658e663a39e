//! What may come at any time.

use super::*;

/// What may come at any time, with what it does to the rest.
pub fn between(table: &mut Vec<Case>, kind: &Kind) {
    let mut fatal = vec![];
    let mut harmless = vec![];
    for code in (0..=0xd).chain([0xe, 0xff, u32::MAX]) {
        let go_away = |last: u32| frame(GOAWAY, 0, 0, [last.to_be_bytes(), code.to_be_bytes(), *b"well"].concat());
        fatal.push((format!("GOAWAY {code:#x} for no stream"), go_away(0)));
        for last in [1, 0x7fff_ffff] {
            // It says that this request is answered before the connection ends: RFC 9113, section 6.8.
            harmless.push((format!("GOAWAY {code:#x} for {last}"), go_away(last)));
        }
        fatal.push((format!("RST_STREAM {code:#x}"), frame(RST_STREAM, 0, 1, code.to_be_bytes())));
    }
    for (name, bytes) in [
        ("GOAWAY on a stream", frame(GOAWAY, 0, 1, [0; 8])),
        ("a short GOAWAY", frame(GOAWAY, 0, 0, [0; 7])),
        ("RST_STREAM on no stream", frame(RST_STREAM, 0, 0, [0; 4])),
        ("RST_STREAM on an idle stream", frame(RST_STREAM, 0, 3, [0; 4])),
        ("a short RST_STREAM", frame(RST_STREAM, 0, 1, [0; 3])),
        ("a long RST_STREAM", frame(RST_STREAM, 0, 1, [0; 5])),
        ("WINDOW_UPDATE of 0", frame(WINDOW_UPDATE, 0, 0, [0; 4])),
        ("WINDOW_UPDATE of 0 on the stream", frame(WINDOW_UPDATE, 0, 1, [0; 4])),
        ("WINDOW_UPDATE beyond 2^31-1", frame(WINDOW_UPDATE, 0, 0, [0x7f, 0xff, 0xff, 0xff])),
        ("WINDOW_UPDATE on an idle stream", frame(WINDOW_UPDATE, 0, 3, [0, 0, 0, 1])),
        ("a short WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 0, [0; 3])),
        ("an initial window beyond 2^31-1", frame(SETTINGS, 0, 0, setting(4, 0x8000_0000))),
        ("a frame size of 16,383", frame(SETTINGS, 0, 0, setting(5, 16_383))),
        ("a frame size of 2^24", frame(SETTINGS, 0, 0, setting(5, 1 << 24))),
        ("ENABLE_PUSH of 2", frame(SETTINGS, 0, 0, setting(2, 2))),
        ("half a setting", frame(SETTINGS, 0, 0, [0; 5])),
        ("SETTINGS on a stream", frame(SETTINGS, 0, 1, [])),
        ("an ACK with settings", frame(SETTINGS, ACK, 0, setting(4, 1))),
        ("PING on a stream", frame(PING, 0, 1, [0; 8])),
        ("a short PING", frame(PING, 0, 0, [0; 7])),
        ("PUSH_PROMISE", frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\x02\x82\x84\x87\x01\x01a")),
        ("PUSH_PROMISE on no stream", frame(PUSH_PROMISE, END_HEADERS, 0, b"\0\0\0\x02\x82\x84\x87\x01\x01a")),
        ("HEADERS on no stream", frame(HEADERS, END_HEADERS, 0, OK)),
        ("HEADERS on a stream of the server's", frame(HEADERS, END_HEADERS, 2, OK)),
        ("HEADERS on an idle stream", frame(HEADERS, END_HEADERS, 3, OK)),
        ("DATA on no stream", frame(DATA, 0, 0, b"well")),
        ("DATA on a stream of the server's", frame(DATA, 0, 2, b"well")),
        ("DATA on an idle stream", frame(DATA, 0, 3, b"well")),
        ("DATA of more padding than there is", frame(DATA, PADDED, 1, b"\x05well")),
        ("padded DATA without a length", frame(DATA, PADDED, 1, b"")),
        ("HEADERS of more padding than there is", frame(HEADERS, END_HEADERS | PADDED, 1, b"\x05\x88")),
        ("HEADERS with half a priority", frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, b"\0\0\0")),
        ("CONTINUATION of nothing", frame(CONTINUATION, END_HEADERS, 1, OK)),
        ("CONTINUATION on no stream", frame(CONTINUATION, END_HEADERS, 0, OK)),
        ("HEADERS and no CONTINUATION", [frame(HEADERS, 0, 1, OK), frame(PING, 0, 0, [0; 8])].concat()),
        (
            "HEADERS and an unknown frame before CONTINUATION",
            [frame(HEADERS, 0, 1, OK), frame(0xff, 0, 1, b""), frame(CONTINUATION, END_HEADERS, 1, b"")].concat(),
        ),
        (
            "HEADERS and CONTINUATION of another stream",
            [frame(HEADERS, 0, 1, OK), frame(CONTINUATION, END_HEADERS, 3, b"")].concat(),
        ),
        ("DATA longer than 16,384", frame(DATA, 0, 1, [0; 16_385])),
        ("HEADERS longer than 16,384", frame(HEADERS, END_HEADERS, 1, [0x88; 16_385])),
        ("an unknown frame longer than 16,384", frame(0xff, 0, 0, [0; 16_385])),
        ("a frame of 2^24-1", b"\xff\xff\xff\xff\0\0\0\0\0".into()),
        ("DATA of 2^24-1", b"\xff\xff\xff\0\0\0\0\0\x01".into()),
        ("SETTINGS of 2^24-1", b"\xff\xff\xff\x04\0\0\0\0\0".into()),
        ("a short PRIORITY", frame(PRIORITY, 0, 1, [0; 4])),
        ("PRIORITY on no stream", frame(PRIORITY, 0, 0, [0; 5])),
        ("a reference to entry 0", frame(HEADERS, END_HEADERS, 1, b"\x88\x80")),
        ("a reference beyond the table", frame(HEADERS, END_HEADERS, 1, b"\x88\xbe")),
        ("a reference far beyond the table", frame(HEADERS, END_HEADERS, 1, b"\x88\xff\xff\xff\xff\x0f")),
        ("a number without end", frame(HEADERS, END_HEADERS, 1, [&b"\x88\xff"[..], &[0xff; 100]].concat().as_slice())),
        ("a table of more than 4,096", frame(HEADERS, END_HEADERS, 1, b"\x3f\xe2\x1f\x88")),
        ("a table of 2^32", frame(HEADERS, END_HEADERS, 1, b"\x3f\xe1\xff\xff\xff\x0f\x88")),
        ("a new table size behind a field", frame(HEADERS, END_HEADERS, 1, b"\x88\x20")),
        ("Huffman garbage", frame(HEADERS, END_HEADERS, 1, b"\x88\0\x84\xff\xff\xff\xff\x01a")),
        ("Huffman padding of eight bits", frame(HEADERS, END_HEADERS, 1, b"\x88\0\x82\x1f\xff\x01a")),
        ("a field cut short", frame(HEADERS, END_HEADERS, 1, b"\x88\0\x05ab")),
        ("a value longer than the block", frame(HEADERS, END_HEADERS, 1, b"\x88\0\x01a\x7f\xff\xff\x03")),
    ] {
        fatal.push((name.into(), bytes));
    }
    for (name, bytes) in [
        // The request has ended, and needs no window.
        ("WINDOW_UPDATE beyond 2^31-1 on the stream", frame(WINDOW_UPDATE, 0, 1, [0x7f, 0xff, 0xff, 0xff])),
        // RFC 9113 would have it an error (section 6.5.2); h2 does not look, and nothing comes of it.
        ("ENABLE_PUSH of 1", frame(SETTINGS, 0, 0, setting(2, 1))),
        ("a frame of unknown type", frame(0xff, 0xff, 0, b"well")),
        ("a frame of unknown type on the stream", frame(0x0a, 0xff, 1, b"well")),
        ("a frame of unknown type on an idle stream", frame(0x0a, 0, 0x7fff_ffff, b"")),
        ("PRIORITY", frame(PRIORITY, 0, 1, b"\0\0\0\x03\xff")),
        ("PRIORITY on an idle stream", frame(PRIORITY, 0, 3, b"\0\0\0\0\xff")),
        ("PING", frame(PING, 0, 0, b"01234567")),
        ("PING with ACK", frame(PING, ACK, 0, b"01234567")),
        ("WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 0, b"\0\x01\0\0")),
        ("WINDOW_UPDATE on the stream", frame(WINDOW_UPDATE, 0, 1, b"\0\x01\0\0")),
        ("SETTINGS", frame(SETTINGS, 0, 0, [])),
        ("a setting that is not known", frame(SETTINGS, 0, 0, setting(0xffff, u32::MAX))),
        ("an initial window of 0", frame(SETTINGS, 0, 0, setting(4, 0))),
        ("an initial window of 2^31-1", frame(SETTINGS, 0, 0, setting(4, 0x7fff_ffff))),
        ("a frame size of 2^24-1", frame(SETTINGS, 0, 0, setting(5, 0xff_ffff))),
        ("a table size of 2^32-1", frame(SETTINGS, 0, 0, setting(1, u32::MAX))),
        ("a table size of 0", frame(SETTINGS, 0, 0, setting(1, 0))),
        ("no concurrent streams", frame(SETTINGS, 0, 0, setting(3, 0))),
        ("no header list", frame(SETTINGS, 0, 0, setting(6, 0))),
        ("the reserved bit", frame(PING, 0, 0x8000_0000, b"01234567")),
    ] {
        harmless.push((name.into(), bytes));
    }
    for place in 0..=kind.enough {
        let frames = kind.frames();
        let (before, after) = frames.split_at(place);
        let with = |bytes: &[u8]| [before.concat(), bytes.into(), after.concat()].concat();
        for (name, bytes) in &fatal {
            let verdict = if place < kind.enough { Unhealthy("") } else { Healthy };
            table.push(kind.answered(&format!("{name}, behind {place}"), with(bytes), verdict));
        }
        for (name, bytes) in &harmless {
            // The first is one of SETTINGS, and not an acknowledgement: RFC 9113, section 3.4.
            let first = place == 0 && (bytes[3] != SETTINGS || bytes[4] & ACK != 0);
            let verdict = if first { NOT_HTTP2 } else { Healthy };
            table.push(kind.answered(&format!("{name}, behind {place}"), with(bytes), verdict));
        }
    }
}

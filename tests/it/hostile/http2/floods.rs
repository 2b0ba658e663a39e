//! What has no end.

use super::*;

/// What has no end, before the head and behind it.
pub fn floods(table: &mut Vec<Case>, kind: &Kind) {
    let [settings, head, body, _] = kind.frames();
    let mut flood = |name: &str, begin: &[&[u8]], repeat: Vec<u8>, verdict| {
        let script = [Await(kind.request), Send(begin.concat()), Repeat(repeat)];
        table.push(case(format!("{name} without end"), kind.arguments, verdict, &script));
    };
    let headers = |flags, fields: &[u8]| frame(HEADERS, flags, 1, fields);
    for (name, bytes) in [
        ("SETTINGS", frame(SETTINGS, 0, 0, b"")),
        ("many settings", frame(SETTINGS, 0, 0, setting(4, 1).repeat(1000))),
        ("ACKs", frame(SETTINGS, ACK, 0, b"")),
        ("PING", frame(PING, 0, 0, [0; 8])),
        ("PING with ACK", frame(PING, ACK, 0, [0; 8])),
        ("WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 0, [0, 0, 0, 1])),
        ("WINDOW_UPDATE on the stream", frame(WINDOW_UPDATE, 0, 1, [0, 0, 0, 1])),
        ("PRIORITY", frame(PRIORITY, 0, 3, [0; 5])),
        ("GOAWAY", frame(GOAWAY, 0, 0, b"\x7f\xff\xff\xff\0\0\0\0")),
        ("frames of unknown type", frame(0xff, 0, 0, b"")),
        ("long frames of unknown type", frame(0xff, 0, 0, [0; 16_384])),
        ("RST_STREAM", frame(RST_STREAM, 0, 1, [0; 4])),
        ("PUSH_PROMISE", frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\x02\x82\x84\x87\x01\x01a")),
        ("zeros", vec![0; 1000]),
        ("0xff", vec![0xff; 1000]),
    ] {
        flood(name, &[&settings], bytes.clone(), Unhealthy(""));
        flood(&format!("{name} instead of SETTINGS"), &[], bytes.clone(), Unhealthy(""));
        let enough = if kind.enough == 2 { Healthy } else { Unhealthy("") };
        flood(&format!("{name} behind the head"), &[&settings, &head], bytes.clone(), enough);
        let enough = if kind.enough < 4 { Healthy } else { Unhealthy("") };
        flood(&format!("{name} behind the body"), &[&settings, &head, &body], bytes, enough);
    }
    // Header blocks: what one frame begins, and others go on with.
    let entry = [&b"\x40\x01a\x7f\xe1\x1e"[..], &[b'x'; 4064]].concat();
    for (name, begin, repeat) in [
        ("empty CONTINUATION", headers(0, b""), frame(CONTINUATION, 0, 1, b"")),
        ("CONTINUATION", headers(0, OK), frame(CONTINUATION, 0, 1, field("a", "b"))),
        (
            "CONTINUATION of one field",
            headers(0, b"\x88\0\x01a\x7f\xff\xff\xff\x07"),
            frame(CONTINUATION, 0, 1, [b'x'; 100]),
        ),
        ("CONTINUATION of table sizes", headers(0, b""), frame(CONTINUATION, 0, 1, b"\x20".repeat(1000))),
        ("CONTINUATION of references", headers(0, &entry), frame(CONTINUATION, 0, 1, b"\xbe".repeat(1000))),
        ("CONTINUATION of entries", headers(0, b""), frame(CONTINUATION, 0, 1, &entry)),
        ("empty trailers", vec![], headers(END_HEADERS, b"")),
        ("heads", vec![], headers(END_HEADERS, &kind.head)),
        ("103", vec![], headers(END_HEADERS, &field(":status", "103"))),
        ("103 of references", headers(END_HEADERS, b"\x48\x03103\x40\x01x\x01y"), headers(END_HEADERS, b"\xbf\xbe")),
        (
            "103 of long references",
            headers(END_HEADERS, &[b"\x48\x03103", &entry[..4000]].concat()),
            headers(END_HEADERS, b"\xbf\xbe"),
        ),
    ] {
        let verdict = if name == "heads" && kind.enough == 2 { Healthy } else { Unhealthy("") };
        flood(name, &[&settings, &begin], repeat.clone(), verdict);
        let verdict = if kind.enough == 2 { Healthy } else { Unhealthy("") };
        flood(&format!("{name} behind the head"), &[&settings, &head, &begin], repeat, verdict);
    }
    // The body.
    let empty = frame(DATA, 0, 1, b"");
    let padding = frame(DATA, PADDED, 1, [&[255][..], &[0; 255]].concat());
    let zeros = frame(DATA, 0, 1, [0; 1000]);
    let bytes = frame(DATA, 0, 1, b"x");
    for (name, repeat) in
        [("empty DATA", empty), ("padding", padding), ("DATA of zeros", zeros), ("DATA of one byte", bytes)]
    {
        let verdict = if kind.enough == 2 { Healthy } else { Unhealthy("") };
        flood(name, &[&settings, &head], repeat.clone(), verdict);
        let verdict = if kind.enough < 4 { Healthy } else { Unhealthy("") };
        flood(&format!("{name} behind the body"), &[&settings, &head, &body], repeat, verdict);
    }
    // A block that is 16 KB, and megabytes once its references are followed.
    let bomb = [&kind.head, &entry[..], &b"\xbe".repeat(16_384 - kind.head.len() - entry.len())].concat();
    let bombs = [
        ("a bomb", headers(END_HEADERS, &bomb)),
        (
            "a bomb of small fields",
            headers(END_HEADERS, &[&kind.head, &b"\x40\x01a\x01b"[..], &b"\xbe".repeat(16_000)].concat()),
        ),
        ("a bomb of empty fields", headers(END_HEADERS, &[&kind.head, &b"\x90".repeat(16_000)[..]].concat())),
    ];
    for (name, bomb) in bombs {
        table.push(kind.answered(name, [&settings, &bomb[..]].concat(), Unhealthy("")));
        let verdict = if kind.enough == 2 { Healthy } else { Unhealthy("") };
        table.push(kind.answered(&format!("{name} behind the head"), [&settings, &head, &bomb[..]].concat(), verdict));
    }
}

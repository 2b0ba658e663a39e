//! DNS: RFC 1035, section 4. One question is asked, and its answer is read as far as its verdict needs it.

use crate::number::take_number;
use crate::unhealthy::dns::BadAnswer;

/// The length of a message's header, in bytes: section 4.1.1.
const HEADER: usize = 12;

/// How many bytes of a message are its length, which only TCP takes: section 4.2.2.
pub const PREFIX: usize = 2;

/// Returns the query for the A records of `name`, with recursion desired, after its length. `id` is the number that the answer
/// repeats.
pub fn query(id: u16, name: &str) -> Vec<u8> {
    let mut query = b"\0\0\0\0\x01\0\0\x01\0\0\0\0\0\0".to_vec();
    // The root has no label.
    for label in name.as_bytes().split(|&byte| byte == b'.').filter(|label| !label.is_empty()) {
        query.push(label.len() as u8);
        query.extend(label);
    }
    query.extend(b"\0\0\x01\0\x01");
    let length = query.len() - PREFIX;
    query[0] = (length >> 8) as u8;
    query[1] = length as u8;
    query[2] = (id >> 8) as u8;
    query[3] = id as u8;
    query
}

/// Returns the first message of what came by TCP, once it is complete.
pub fn message(mut bytes: &[u8]) -> Option<&[u8]> {
    let length = take_number(&mut bytes, 2)?;
    bytes.get(..length)
}

/// Reads a message as the answer to `query`, which has one question. Returns `None` for what is no answer to it. A server may
/// leave the question out of an error, as unbound does where it refuses a client, and may change the case of its letters.
pub fn answer(query: &[u8], message: &[u8]) -> Option<Result<(), BadAnswer>> {
    let (header, rest) = message.split_at_checked(HEADER)?;
    let question = &query[HEADER..];
    let code = header[3] & 0x0f;
    let repeats = match header[4..6] {
        [0, 0] => code != 0,
        // The lengths of labels, the type and the class are no letters.
        [0, 1] => rest.get(..question.len()).is_some_and(|theirs| theirs.eq_ignore_ascii_case(question)),
        _ => false,
    };
    // QR, and the opcode of a standard query.
    if header[..2] != query[..2] || header[2] & 0xf8 != 0x80 || !repeats {
        return None;
    }
    Some(match code {
        // TC.
        _ if header[2] & 0x02 != 0 => Err(BadAnswer::Truncated),
        0 => skip_records(&header[6..], &rest[question.len()..]).ok_or(BadAnswer::Cut),
        code => Err(BadAnswer::Code(code)),
    })
}

/// Skips the records of all sections, of which `counts` has the numbers: section 4.1.3.
fn skip_records(mut counts: &[u8], mut rest: &[u8]) -> Option<()> {
    while !counts.is_empty() {
        for _ in 0..take_number(&mut counts, 2)? {
            skip_name(&mut rest)?;
            // The type, the class and the time to live.
            rest.split_off(..8)?;
            let length = take_number(&mut rest, 2)?;
            rest.split_off(..length)?;
        }
    }
    Some(())
}

/// Skips a name, which ends with an empty label or with a pointer: section 4.1.4.
fn skip_name(rest: &mut &[u8]) -> Option<()> {
    loop {
        match *rest.split_off_first()? {
            0 => return Some(()),
            length @ 1..=63 => rest.split_off(..usize::from(length))?,
            192.. => return rest.split_off_first().map(drop),
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x02ns\x07example\0\0\x01\0\x01";

    /// The answer to [`QUERY`] with these flags, and what follows the first of the four counts.
    fn message(flags: &[u8; 2], counts: &[u8; 6], rest: &[u8]) -> Vec<u8> {
        [b"\x12\x34", &flags[..], b"\0\x01", counts, &QUERY[HEADER..], rest].concat()
    }

    #[test]
    fn a_query_is_one_question_for_an_address() {
        assert_eq!(query(0x1234, "ns.example"), [b"\0\x1c", QUERY].concat());
        assert_eq!(query(0x1234, "ns.example."), query(0x1234, "ns.example"));
        assert_eq!(query(1, "."), b"\0\x11\0\x01\x01\0\0\x01\0\0\0\0\0\0\0\0\x01\0\x01");
        let longest = ["x".repeat(63), "y".repeat(63), "z".repeat(63), "w".repeat(61)].join(".");
        let sent = query(0, &longest);
        assert_eq!(sent.len(), PREFIX + HEADER + 255 + 4);
        assert_eq!(super::message(&sent), Some(&sent[PREFIX..]));
        (0..sent.len()).for_each(|length| assert_eq!(super::message(&sent[..length]), None));
    }

    #[test]
    fn an_answer_is_whole() {
        const NONE: &[u8; 6] = b"\0\0\0\0\0\0";
        const A: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01";
        const SOA: &[u8] =
            b"\x07example\0\0\x06\0\x01\0\0\0\x3c\0\x16\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01";
        let both = [A, SOA].concat();
        for (message, expected) in [
            (message(b"\x81\x80", b"\0\x01\0\0\0\0", A), Ok(())),
            (message(b"\x85\0", NONE, b""), Ok(())),
            (message(b"\x80\0", NONE, b"more"), Ok(())),
            (message(b"\x81\x80", b"\0\x01\0\x01\0\0", &both), Ok(())),
            (message(b"\x81\x80", b"\0\0\0\x01\0\x01", &[SOA, A].concat()), Ok(())),
            (message(b"\x81\x80", b"\0\x01\0\x01\0\0", &both[..both.len() - 1]), Err(BadAnswer::Cut)),
            (message(b"\x81\x80", b"\0\x01\0\x01\0\0", A), Err(BadAnswer::Cut)),
            (message(b"\x81\x80", b"\0\x01\0\0\0\0", b""), Err(BadAnswer::Cut)),
            (message(b"\x81\x80", b"\0\x01\0\0\0\0", &A[..1]), Err(BadAnswer::Cut)),
            (message(b"\x81\x80", b"\0\x01\0\0\0\0", &A[..11]), Err(BadAnswer::Cut)),
            (message(b"\x81\x80", b"\xff\xff\xff\xff\xff\xff", A), Err(BadAnswer::Cut)),
            (message(b"\x81\x80", b"\0\x01\0\0\0\0", &[b"\x40", A].concat()), Err(BadAnswer::Cut)),
            (message(b"\x81\x83", b"\0\0\0\x01\0\0", SOA), Err(BadAnswer::Code(3))),
            (message(b"\x81\x82", NONE, b""), Err(BadAnswer::Code(2))),
            (message(b"\x81\x8f", NONE, b""), Err(BadAnswer::Code(15))),
            (message(b"\x83\x80", b"\0\x01\0\0\0\0", &A[..5]), Err(BadAnswer::Truncated)),
            // Bits that no code reads: section 4.1.1, and AD and CD.
            (message(b"\x87\xf0", NONE, b""), Err(BadAnswer::Truncated)),
            (message(b"\x85\xf0", NONE, b""), Ok(())),
        ] {
            assert_eq!(answer(QUERY, &message), Some(expected), "{}", message.escape_ascii());
        }
    }

    #[test]
    fn another_message_is_no_answer() {
        let well = message(b"\x81\x80", b"\0\0\0\0\0\0", b"");
        let with = |place: usize, byte| {
            let mut message = well.clone();
            message[place] = byte;
            message
        };
        let ignored = |message: &[u8]| assert_eq!(answer(QUERY, message), None, "{}", message.escape_ascii());
        assert_eq!(answer(QUERY, &well), Some(Ok(())));
        assert_eq!(answer(QUERY, &well.to_ascii_uppercase()), Some(Ok(())));
        for (place, byte) in [(0, 0), (1, 0), (2, 0x01), (2, 0x89), (2, 0xa9), (4, 1), (5, 2), (12, 3), (13, b'm')] {
            ignored(&with(place, byte));
        }
        ignored(&with(well.len() - 3, 28));
        ignored(&with(well.len() - 1, 3));
        // No question, and no error.
        ignored(&with(5, 0));
        ignored(QUERY);
        (0..well.len()).for_each(|length| ignored(&well[..length]));
        let refused = b"\x12\x34\x81\x05\0\0\0\0\0\0\0\0";
        assert_eq!(answer(QUERY, refused), Some(Err(BadAnswer::Code(5))));
        ignored(&refused[..11]);
    }
}

//! Reads what a client is answered by RFC 9112, sections 2 to 7. It shares nothing with the program, so that the two can be
//! held against each other. What the RFC lets a recipient repair or ignore is no answer here, with three exceptions that
//! curl, Go and hyper all make: a line may end in LF alone (section 2.2), a status line may end behind its code (section
//! 4), and Content-Length beside Transfer-Encoding leaves the head as it is, with no body to be sure of (section 6.3).

/// What came behind the interim responses.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, as far as it has come; `None` where it is in a coding that no request asked for, or has a length besides.
    pub body: Option<Vec<u8>>,
}

/// How a body is told from what follows it: section 6.3.
#[derive(Clone, Copy)]
enum Framing {
    Length(usize),
    Chunked,
    Coded,
    UntilClosed,
}

/// The final response in `bytes`, to a HEAD request if `to_head`; if all of its head is there and is as it must be.
pub fn answer(mut bytes: &[u8], to_head: bool) -> Option<Answer> {
    loop {
        let (status, framing, rest) = head(bytes)?;
        match status {
            100 | 102..200 => bytes = rest,
            // It has no body, whatever its fields say: section 6.3, item 1. So a Content-Length that is wrong, or no number,
            // does no harm here: nobody reads by it, and the status decides.
            _ if to_head || [101, 204, 304].contains(&status) => {
                return Some(Answer { status, body: Some(Vec::new()) });
            }
            _ => return Some(Answer { status, body: body(framing?, rest) }),
        }
    }
}

/// One head: its status, how a body is framed if that is told without doubt, and what follows.
fn head(bytes: &[u8]) -> Option<(u16, Option<Framing>, &[u8])> {
    let (status_line, mut rest) = line(bytes)?;
    let (minor, status) = status_line_of(status_line)?;
    let (mut lengths, mut codings) = (Vec::new(), Vec::new());
    loop {
        let (field, after) = line(rest)?;
        rest = after;
        if field.is_empty() {
            break;
        }
        let mut field = field.to_vec();
        // Section 5.2: a line that begins with white space continues the field before it.
        while let [b' ' | b'\t', ..] = rest {
            let (more, after) = line(rest)?;
            field.extend_from_slice(more);
            rest = after;
        }
        let (name, value) = field_of(&field)?;
        match &*name.to_ascii_lowercase() {
            b"content-length" => {
                lengths.extend(value.split(|&byte| byte == b',').map(|one| without_spaces(one).to_vec()))
            }
            b"transfer-encoding" => codings.push(value.to_vec()),
            _ => {}
        }
    }
    // Section 6.1: HTTP/1.0 has no codings.
    let faulty = !codings.is_empty() && minor == 0;
    Some((status, framing(&lengths, &codings).filter(|_| !faulty), rest))
}

/// Section 8.6 of RFC 9110: digits alone.
fn number(text: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

fn framing(lengths: &[Vec<u8>], codings: &[Vec<u8>]) -> Option<Framing> {
    match (lengths, codings) {
        ([], []) => Some(Framing::UntilClosed),
        ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") => Some(Framing::Chunked),
        ([], _) => Some(Framing::Coded),
        (_, [_, ..]) => Some(Framing::Coded),
        // RFC 9110, section 8.6: values that are the same number are one.
        ([length, others @ ..], _) => {
            let length = number(length)?;
            others.iter().all(|other| number(other) == Some(length)).then_some(Framing::Length(length))
        }
    }
}

/// Section 4: `HTTP-version SP status-code [ SP [ reason-phrase ] ]`. The minor version, and the status.
fn status_line_of(line: &[u8]) -> Option<(u8, u16)> {
    let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor, b' ', a, b, c, reason @ ..] = line else { return None };
    let reason = if reason.is_empty() { reason } else { reason.strip_prefix(b" ")? };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
    let status = [a, b, c].into_iter().try_fold(0, |status, &byte| Some(10 * status + u16::from(digit(byte)?)))?;
    // RFC 9110, section 15: other numbers are invalid.
    let valid = (100..600).contains(&status) && reason.iter().all(|&byte| is_text(byte));
    // Section 2.3 has a recipient take a higher minor version for 1.1, but curl and hyper refuse it.
    let minor = digit(*minor).filter(|&minor| minor <= 1)?;
    Some((minor, status)).filter(|_| valid)
}

/// Section 5: `field-name ":" OWS field-value OWS`.
fn field_of(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let valid = !name.is_empty() && name.iter().all(is_token) && value.iter().all(|&byte| is_text(byte));
    valid.then(|| (name, without_spaces(value)))
}

/// Section 7.1, up to the first thing that is wrong. Extensions are passed over, as they must be.
fn chunks(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some((size, rest)) = strict_line(bytes) {
        let digits = size.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let extension = without_spaces(&size[digits..]);
        let size = std::str::from_utf8(&size[..digits]).map(|digits| usize::from_str_radix(digits, 16));
        let (Ok(Ok(size @ 1..)), [] | [b';', ..]) = (size, extension) else { break };
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        let Some(after) = rest.get(size..).and_then(|rest| rest.strip_prefix(b"\r\n")) else { break };
        bytes = after;
    }
    body
}

fn body(framing: Framing, bytes: &[u8]) -> Option<Vec<u8>> {
    match framing {
        Framing::Length(length) => Some(bytes[..length.min(bytes.len())].to_vec()),
        Framing::Chunked => Some(chunks(bytes)),
        Framing::Coded => None,
        Framing::UntilClosed => Some(bytes.to_vec()),
    }
}

/// What stands before the first CR LF or LF, in which there is no other CR, and what follows it: section 2.2.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| b"\r\n".contains(byte))?;
    let rest = bytes[end..].strip_prefix(b"\r").unwrap_or(&bytes[end..]);
    Some((&bytes[..end], rest.strip_prefix(b"\n")?))
}

/// The same for a line that must end in CR LF, as the lines of chunks must.
fn strict_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    line(bytes).filter(|(line, _)| bytes[line.len()] == b'\r')
}

/// HTAB, SP, VCHAR and obs-text: RFC 9110, section 5.5.
fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~' | 0x80..)
}

/// Without the optional white space around it: RFC 9110, section 5.6.3.
fn without_spaces(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

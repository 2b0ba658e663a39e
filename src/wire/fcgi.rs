//! FastCGI 1.0, section 3 of its specification, and the head of a CGI response, RFC 3875, section 6. One request is sent as to a
//! Responder, and its answer is read record by record.
//! <https://fastcgi-archives.github.io/FastCGI_Specification.html>

use crate::number::take_number;
use crate::percent::unescaped;
use crate::unhealthy::fcgi::BadAnswer;

/// The type of the record that ends a request.
const END_REQUEST: u8 = 3;

/// The type of a record of the application's output.
const STDOUT: u8 = 6;

/// The type of a record of the application's messages.
const STDERR: u8 = 7;

/// How many bytes of a line of a head are kept.
const MAX_LINE: usize = 1024;

/// How many bytes of [`BEGIN`] are before the length of its second record.
const LENGTH: usize = 20;

/// Begins request 1, of a Responder, after which the server closes the connection. Then come the parameters that are the same in
/// each request, with the lengths of their names and values: what RFC 3875, section 4.1, asks for, and servers complain about
/// where it is missing.
const BEGIN: &[u8] = b"\x01\x01\0\x01\0\x08\0\0\0\x01\0\0\0\0\0\0\
    \x01\x04\0\x01\0\0\0\0\
    \x0e\x03REQUEST_METHODGET\
    \x0f\x08SERVER_PROTOCOLHTTP/1.1\
    \x11\x07GATEWAY_INTERFACECGI/1.1\
    \x0f\x06SERVER_SOFTWARElprobe\
    \x0b\x09SERVER_NAMElocalhost\
    \x0b\x02SERVER_PORT80\
    \x0b\x09REMOTE_ADDR127.0.0.1";

/// Ends the parameters, and the empty body.
const END: &[u8] = b"\x01\x04\0\x01\0\0\0\0\x01\x05\0\x01\0\0\0\0";

/// Returns the request for `path`, which may have a query.
pub fn request(path: &str) -> Vec<u8> {
    let (script, query) = path.split_once('?').unwrap_or((path, ""));
    // As web servers pass it on.
    let script = unescaped(script.as_bytes());
    let mut request = BEGIN.to_vec();
    for (name, value) in [
        ("SCRIPT_NAME", &*script),
        ("SCRIPT_FILENAME", &script),
        ("QUERY_STRING", query.as_bytes()),
        ("REQUEST_URI", path.as_bytes()),
    ] {
        request.push(name.len() as u8);
        // A length of four bytes has its first bit set: section 3.4.
        request.extend((1 << 31 | value.len() as u32).to_be_bytes());
        request.extend(name.as_bytes());
        request.extend(value);
    }
    // A path has 8,000 bytes at most, so that one record holds all parameters.
    let length = request.len() - LENGTH - 4;
    request[LENGTH] = (length >> 8) as u8;
    request[LENGTH + 1] = length as u8;
    request.extend(END);
    request
}

/// Takes the first record of `bytes`. Returns the application's output in it, and whether it ends the request. Returns `None`
/// while it is not complete.
///
/// # Errors
///
/// It is no record of the answer to [`request`], or it ends the request with an error.
pub fn record<'a>(bytes: &mut &'a [u8]) -> Result<Option<(&'a [u8], bool)>, BadAnswer> {
    match bytes.first() {
        None | Some(1) => {}
        Some(b'H') => return Err(BadAnswer::Http),
        Some(_) => return Err(BadAnswer::NoFastCgi),
    }
    let Some((&[_, kind, high, low, length_high, length_low, padding, _], rest)) = bytes.split_first_chunk() else {
        return Ok(None);
    };
    match (kind, [high, low]) {
        (END_REQUEST | STDOUT | STDERR, [0, 1]) => {}
        (_, [0, 0]) => return Err(BadAnswer::Management),
        _ => return Err(BadAnswer::OtherRecord),
    }
    let length = usize::from(u16::from_be_bytes([length_high, length_low]));
    let Some(after) = rest.get(length + usize::from(padding)..) else { return Ok(None) };
    *bytes = after;
    let content = &rest[..length];
    Ok(Some(match kind {
        STDOUT => (content, false),
        STDERR => (b"", false),
        _ => (ended(content)?, true),
    }))
}

/// Checks the content of the record that ends the request, section 5.5, which has no output.
fn ended(mut content: &[u8]) -> Result<&'static [u8], BadAnswer> {
    match (take_number(&mut content, 4), content.first()) {
        (Some(0), Some(0)) => Ok(b""),
        (Some(_), Some(0)) => Err(BadAnswer::Application),
        (_, Some(status)) => Err(BadAnswer::Protocol(*status)),
        (_, None) => Err(BadAnswer::NoFastCgi),
    }
}

/// The head of a CGI response, as far as it has come.
#[derive(Default)]
pub struct Head {
    /// The line that has begun.
    line: Vec<u8>,
    /// The status that the head says.
    status: Option<u16>,
    /// Whether it says where a redirect leads.
    is_redirect: bool,
}

impl Head {
    /// Takes the head's bytes from `output`. Returns its status once it is complete.
    ///
    /// # Errors
    ///
    /// It is malformed.
    pub fn take(&mut self, output: &mut &[u8]) -> Result<Option<u16>, BadAnswer> {
        while let Some(&byte) = output.split_off_first() {
            if byte != b'\n' {
                if self.line.len() < MAX_LINE {
                    self.line.push(byte);
                }
                continue;
            }
            self.line.pop_if(|last| *last == b'\r');
            if self.line.is_empty() {
                // As RFC 3875, section 6.2, has it.
                return Ok(Some(self.status.unwrap_or(if self.is_redirect { 302 } else { 200 })));
            }
            self.read_line().ok_or(BadAnswer::Head)?;
            self.line.clear();
        }
        Ok(None)
    }

    fn read_line(&mut self) -> Option<()> {
        let end = self.line.iter().position(|&byte| byte == b':' || !byte.is_ascii_graphic())?;
        let (name, value) = self.line.split_at(end);
        if end == 0 || value[0] != b':' {
            return None;
        }
        if name.eq_ignore_ascii_case(b"status") {
            let (digits, reason) = value[1..].trim_ascii_start().split_at_checked(3)?;
            if !digits.iter().all(u8::is_ascii_digit) || !matches!(reason, [] | [b' ', ..]) {
                return None;
            }
            let status = digits.iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
            // Of two, web servers take the first or the last.
            if self.status.replace(status).is_some_and(|other| other != status) {
                return None;
            }
        }
        self.is_redirect |= name.eq_ignore_ascii_case(b"location");
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of request 1.
    fn made(kind: u8, content: &[u8], padding: u8) -> Vec<u8> {
        let [high, low] = (content.len() as u16).to_be_bytes();
        [&[1, kind, 0, 1, high, low, padding, 0], content, &vec![0xff; padding.into()]].concat()
    }

    /// The parameters of a request, which may have no other records than these.
    fn parameters(path: &str) -> Vec<(String, String)> {
        let request = request(path);
        let rest = request.strip_prefix(b"\x01\x01\0\x01\0\x08\0\0\0\x01\0\0\0\0\0\0").expect("it begins");
        let (header, rest) = rest.split_first_chunk::<8>().expect("a header");
        let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
        assert_eq!(*header, [1, 4, 0, 1, header[4], header[5], 0, 0]);
        let (mut rest, end) = rest.split_at(length);
        assert_eq!(end, b"\x01\x04\0\x01\0\0\0\0\x01\x05\0\x01\0\0\0\0");
        let mut found = Vec::new();
        while !rest.is_empty() {
            let [name, value] = [(); 2].map(|()| match take_number(&mut rest, 1).expect("a length") {
                short @ 0..=127 => short,
                high => (high & 127) << 24 | take_number(&mut rest, 3).expect("the rest of the length"),
            });
            let mut text = |length| String::from_utf8(rest.split_off(..length).expect("a text").into()).expect("UTF-8");
            found.push((text(name), text(value)));
        }
        found
    }

    #[test]
    fn a_request_has_the_parameters_of_cgi() {
        let expected = [
            ("REQUEST_METHOD", "GET"),
            ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("GATEWAY_INTERFACE", "CGI/1.1"),
            ("SERVER_SOFTWARE", "lprobe"),
            ("SERVER_NAME", "localhost"),
            ("SERVER_PORT", "80"),
            ("REMOTE_ADDR", "127.0.0.1"),
            ("SCRIPT_NAME", "/ping a/Jj\u{e9}"),
            ("SCRIPT_FILENAME", "/ping a/Jj\u{e9}"),
            ("QUERY_STRING", "full&a=%20?"),
            ("REQUEST_URI", "/ping%20a/%4a%6A%c3%A9?full&a=%20?"),
        ];
        assert_eq!(
            parameters("/ping%20a/%4a%6A%c3%A9?full&a=%20?"),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        let long = format!("/{}", "x".repeat(8_000));
        let parameters = parameters(&long);
        assert_eq!([&parameters[7].1, &parameters[8].1, &parameters[10].1], [&long; 3]);
        assert_eq!(parameters[9].1, "");
    }

    #[test]
    fn a_record_is_taken_once_it_is_complete() {
        for (bytes, taken) in [
            (made(6, b"output", 0), (&b"output"[..], false)),
            (made(6, b"output", 255), (b"output", false)),
            (made(6, b"", 0), (b"", false)),
            (made(7, b"message", 1), (b"", false)),
            (made(3, &[0; 8], 0), (b"", true)),
            (made(3, b"\0\0\0\0\0xyz and more", 3), (b"", true)),
            (made(6, &[b'x'; 0xffff], 255), (&[b'x'; 0xffff], false)),
        ] {
            let more = [&bytes[..], b"more"].concat();
            let mut rest = &more[..];
            assert_eq!(record(&mut rest), Ok(Some(taken)));
            assert_eq!(rest, b"more");
            for length in (0..bytes.len()).rev().take(300).chain(0..9.min(bytes.len())) {
                let mut rest = &bytes[..length];
                assert_eq!(record(&mut rest), Ok(None), "{length} of {}", bytes.len());
                assert_eq!(rest.len(), length);
            }
        }
    }

    #[test]
    fn what_is_no_record_of_the_answer_is_refused() {
        let with = |place: usize, byte| {
            let mut bytes = made(6, b"output", 0);
            bytes[place] = byte;
            bytes
        };
        for (bytes, reason) in [
            (with(0, 0), BadAnswer::NoFastCgi),
            (with(0, 2), BadAnswer::NoFastCgi),
            (b"\0".to_vec(), BadAnswer::NoFastCgi),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), BadAnswer::Http),
            (b"H".to_vec(), BadAnswer::Http),
            (with(2, 1), BadAnswer::OtherRecord),
            (with(3, 2), BadAnswer::OtherRecord),
            (with(3, 0), BadAnswer::Management),
            (b"\x01\x0a\0\0\0\0\0\0".to_vec(), BadAnswer::Management),
            (with(1, 1), BadAnswer::OtherRecord),
            (with(1, 5), BadAnswer::OtherRecord),
            (with(1, 8), BadAnswer::OtherRecord),
            (made(3, b"\0\0\0\0\x01\0\0\0", 0), BadAnswer::Protocol(1)),
            (made(3, b"\0\0\0\x01\x03\0\0\0", 0), BadAnswer::Protocol(3)),
            (made(3, b"\0\0\0\0\xff\0\0\0", 0), BadAnswer::Protocol(255)),
            (made(3, b"\0\0\0\x01\0\0\0\0", 0), BadAnswer::Application),
            (made(3, b"\x80\0\0\0\0\0\0\0", 0), BadAnswer::Application),
            (made(3, b"\0\0\0\0", 0), BadAnswer::NoFastCgi),
            (made(3, b"", 0), BadAnswer::NoFastCgi),
        ] {
            assert_eq!(record(&mut &bytes[..]), Err(reason), "{}", bytes.escape_ascii());
        }
    }

    /// The status that a head has, and what is left after it; in one piece, and byte by byte.
    fn read(output: &str) -> Result<Option<(u16, String)>, BadAnswer> {
        let whole = || {
            let mut rest = output.as_bytes();
            let status = Head::default().take(&mut rest)?;
            Ok(status.map(|status| (status, String::from_utf8_lossy(rest).into_owned())))
        };
        let in_bytes = || {
            let mut head = Head::default();
            for (place, byte) in output.bytes().enumerate() {
                if let Some(status) = head.take(&mut &[byte][..])? {
                    return Ok(Some((status, output[place + 1..].to_owned())));
                }
            }
            Ok(None)
        };
        let read = whole();
        assert_eq!(read, in_bytes(), "{output}");
        read
    }

    #[test]
    fn a_head_has_a_status() {
        for (output, status) in [
            ("Content-type: text/plain;charset=UTF-8\r\n\r\npong", 200),
            ("Status: 200 OK\r\n\r\npong", 200),
            ("Status: 404 Not Found\r\nA: b\r\n\r\npong", 404),
            ("A: b\r\nsTATUS:503\r\n\r\npong", 503),
            ("Status: \t 204 \r\n\r\npong", 204),
            ("A: b\nC:\n\npong", 200),
            ("A: b\n\r\npong", 200),
            ("\npong", 200),
            ("Location: http://localhost/\r\n\r\npong", 302),
            ("location: /x\r\nStatus: 200\r\n\r\npong", 200),
            ("Status: 201\r\nStatus: 201 Created\r\n\r\npong", 201),
            ("X-Status: 500\r\nStatus-X: 500\r\n\r\npong", 200),
            ("A: Status: 500\r\n\r\npong", 200),
        ] {
            assert_eq!(read(output), Ok(Some((status, "pong".into()))), "{output}");
        }
        let long = format!("A: {}\r\nStatus: 500\r\n\r\npong", "x".repeat(100_000));
        assert_eq!(read(&long), Ok(Some((500, "pong".into()))));
        for half in ["", "A: b", "A: b\r\n", "A: b\r\n\r", "Status: 200 OK\r\n\r"] {
            assert_eq!(read(half), Ok(None), "{half}");
        }
    }

    #[test]
    fn a_malformed_line_of_a_head_is_refused() {
        for line in [
            "pong",
            "<html>",
            "HTTP/1.1 200 OK",
            "PHP Warning: x",
            "A : b",
            "A\0: b",
            "A\u{e9}: b",
            ": b",
            " folded: b",
            "A: b\r\n\tfolded: c",
            "Status:",
            "Status: ",
            "Status: 20",
            "Status: 2000",
            "Status: 0200",
            "Status: 200OK",
            "Status: +20",
            "Status: OK 200",
            "Status: 200\r\nStatus: 201",
        ] {
            assert_eq!(read(&format!("{line}\r\n\r\n")), Err(BadAnswer::Head), "{line}");
        }
        assert_eq!(read(&format!("{}: b\r\n\r\n", "x".repeat(MAX_LINE))), Err(BadAnswer::Head));
        assert_eq!(read(&format!("{}: b\r\n\r\n", "x".repeat(MAX_LINE - 1))), Ok(Some((200, String::new()))));
    }
}

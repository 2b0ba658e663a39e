//! The frames of a response, RFC 9113. Refuses the malformed responses that h2 takes: of a block in several frames, h2 0.4
//! forgets what was wrong with it, and it minds neither a request's pseudo-fields, nor those of trailers, nor white space
//! around a value, nor status 101.

use std::cell::Cell;
use std::rc::Rc;

use super::hpack::{BadBlock, Decoder};
use super::limited::Refused;

/// The most bytes that the fields of a block count: what the SETTINGS of lprobe allow.
pub const MAX_FIELDS: usize = 16 * 1024;

/// The longest frame, since lprobe's SETTINGS do not allow longer ones: section 4.2.
const MAX_FRAME: usize = 16 * 1024;

/// The length of the header of a frame: section 4.1.
const HEADER: usize = 9;

// Types of frames, section 6, and their flags.
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;

const NO_SETTINGS: &str = "it does not begin with SETTINGS; perhaps it is HTTP/1.1, or TLS (try https:// or grpcs://)";
const TLS: &str = "it begins with a record of TLS (try https:// or grpcs://)";
const PUSHED: &str = "it breaks the rules of HTTP/2: PUSH_PROMISE, which lprobe does not allow";
const STREAM: &str = "it breaks the rules of HTTP/2: a head on a stream that lprobe did not open";
const NO_BLOCK: &str = "it breaks the rules of HTTP/2: fields that can't be decoded, or are longer than 16 KiB";
const PSEUDO: &str =
    "it breaks the rules of HTTP/2: a pseudo-field other than one :status at the beginning of the head";
const NO_STATUS: &str = "it breaks the rules of HTTP/2: a head without :status";
const INTERIM: &str = "it breaks the rules of HTTP/2: an interim response that has status 101, or ends the stream";
const CONNECTION: &str = "it breaks the rules of HTTP/2: a field that only HTTP/1.1 has, such as connection";
const FIELD: &str = "it breaks the rules of HTTP/2: a malformed field";

impl From<BadBlock> for &'static str {
    fn from(_: BadBlock) -> Self {
        NO_BLOCK
    }
}

/// The position in the frames of a connection.
#[derive(Default)]
pub struct Frames {
    /// The header of the current frame, and its payload if that has fields, as far as they have arrived.
    frame: Vec<u8>,
    /// The number of bytes of other payload that are still to come.
    skipped: usize,
    /// The block of fields so far, whether HEADERS has begun it, and whether it ends the stream.
    block: Vec<u8>,
    has_begun: bool,
    ends: bool,
    decoder: Decoder,
    has_settings: Rc<Cell<bool>>,
    /// Whether the head of the final response has come. What follows are trailers.
    has_head: bool,
    /// Whether h2 refuses these frames by itself.
    is_refused: bool,
}

impl Frames {
    /// Begins. Sets `has_settings` at the first frame, which is SETTINGS.
    pub fn new(has_settings: Rc<Cell<bool>>) -> Self {
        Self { has_settings, ..Self::default() }
    }

    /// Checks the next bytes of the connection.
    ///
    /// # Errors
    ///
    /// What is wrong with them. What comes before the frame with the fault may be passed on.
    pub fn check(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_refused {
            let after = bytes.len() - rest.len();
            if self.skipped > 0 {
                let skipped = self.skipped.min(rest.len());
                (self.skipped, rest) = (self.skipped - skipped, &rest[skipped..]);
                continue;
            }
            let length = if self.frame.len() < HEADER { HEADER } else { HEADER + self.payload() };
            let (part, others) = rest.split_at((length - self.frame.len()).min(rest.len()));
            self.frame.extend_from_slice(part);
            rest = others;
            self.begins_with_settings().and_then(|()| self.take_frame()).map_err(|why| Refused { after, why })?;
        }
        Ok(())
    }

    /// Returns the length of the payload of the current frame.
    fn payload(&self) -> usize {
        u32::from_be_bytes([0, self.frame[0], self.frame[1], self.frame[2]]) as usize
    }

    /// Checks that the first frame is SETTINGS and not an acknowledgement: section 3.4. h2 does not check this.
    fn begins_with_settings(&mut self) -> Result<(), &'static str> {
        if self.has_settings.get() {
            return Ok(());
        }
        // A record of TLS begins with its type, handshake or alert, and the version: RFC 8446, section 5.1.
        if let [0x15 | 0x16, 3, _, ..] = *self.frame {
            return Err(TLS);
        }
        match self.frame.get(3..) {
            None | Some([] | [SETTINGS]) => Ok(()),
            Some([SETTINGS, flags, ..]) if flags & ACK == 0 => {
                self.has_settings.set(true);
                Ok(())
            }
            _ => Err(NO_SETTINGS),
        }
    }

    /// Takes the current frame, once its header is there, and all of its payload if it has fields.
    fn take_frame(&mut self) -> Result<(), &'static str> {
        if self.frame.len() < HEADER {
            return Ok(());
        }
        let (kind, flags, length) = (self.frame[3], self.frame[4], self.payload());
        if kind == PUSH_PROMISE {
            return Err(PUSHED);
        }
        if !matches!(kind, HEADERS | CONTINUATION) {
            // No frame may come between HEADERS and its CONTINUATION: section 6.10. h2 refuses it.
            self.is_refused = self.has_begun;
            self.skipped = length;
            self.frame.clear();
            return Ok(());
        }
        // Section 5.1.1: lprobe opens one stream. h2 passes over a malformed head on another.
        if self.frame[5] & 0x7f != 0 || self.frame[6..HEADER] != [0, 0, 1] {
            return Err(STREAM);
        }
        if length > MAX_FRAME || (kind == CONTINUATION) != self.has_begun {
            self.is_refused = true;
            return Ok(());
        }
        if self.frame.len() < HEADER + length {
            return Ok(());
        }
        let mut payload = &self.frame[HEADER..];
        let padding = if kind == HEADERS && flags & PADDED != 0 { take(&mut payload, 1)?[0].into() } else { 0 };
        if kind == HEADERS && flags & PRIORITY != 0 {
            take(&mut payload, 5)?;
        }
        let fields = payload.len().checked_sub(padding).and_then(|length| payload.get(..length)).ok_or(NO_BLOCK)?;
        self.block.extend_from_slice(fields);
        if kind == HEADERS {
            self.ends = flags & END_STREAM != 0;
        }
        self.frame.clear();
        self.has_begun = flags & END_HEADERS == 0;
        if self.has_begun { Ok(()) } else { self.take_block() }
    }

    /// Takes the fields of a head or of trailers: section 8.
    fn take_block(&mut self) -> Result<(), &'static str> {
        let (mut status, mut has_other, is_head) = (None, false, !self.has_head);
        let (mut body_length, mut is_length_wrong) = (None, false);
        self.decoder.decode(&self.block, MAX_FIELDS, |name, value| {
            if name.first() == Some(&b':') {
                // Section 8.3: pseudo-fields come before the others, and trailers have none.
                if name != b":status" || !is_head || has_other || status.is_some() {
                    return Err(PSEUDO);
                }
                let digits = <[u8; 3]>::try_from(value).map_err(|_| FIELD)?;
                status = Some(digits);
                return if matches!(digits, [b'1'..=b'9', ..]) && is_number(value) { Ok(()) } else { Err(FIELD) };
            }
            has_other = true;
            if name == b"content-length" {
                is_length_wrong |= !is_number(value) || *body_length.get_or_insert(value.to_vec()) != value;
            }
            check_field(name, value)
        })?;
        self.block.clear();
        if !is_head {
            return Ok(());
        }
        match status {
            None => Err(NO_STATUS),
            // Section 8.6: 101 is for HTTP/1.1. Section 8.1: an interim response does not end the stream.
            Some([b'1', b'0', b'1']) => Err(INTERIM),
            Some([b'1', _, _]) if self.ends => Err(INTERIM),
            Some([b'1', _, _]) => Ok(()),
            // RFC 9110, section 8.6: the length of a body is one number.
            Some(_) if is_length_wrong => Err(FIELD),
            Some(_) => {
                self.has_head = true;
                Ok(())
            }
        }
    }
}

/// Checks a field: sections 8.2.1 and 8.2.2.
fn check_field(name: &[u8], value: &[u8]) -> Result<(), &'static str> {
    let for_connection: [&[u8]; 5] =
        [b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"];
    if for_connection.contains(&name) || name == b"te" && value != b"trailers" {
        return Err(CONNECTION);
    }
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    // A token in lower case, as Go and nghttp2 have it: RFC 9110, section 5.1. h2 takes a quotation mark too.
    let is_lower = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9') || b"!#$%&'*+-.^_`|~".contains(byte);
    let bad_name = name.is_empty() || !name.iter().all(is_lower);
    let bad_value =
        is_space(value.first()) || is_space(value.last()) || value.iter().any(|byte| b"\0\r\n".contains(byte));
    if bad_name || bad_value { Err(FIELD) } else { Ok(()) }
}

fn is_number(value: &[u8]) -> bool {
    (1..20).contains(&value.len()) && value.iter().all(u8::is_ascii_digit)
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], &'static str> {
    bytes.split_off(..length).ok_or(NO_BLOCK)
}

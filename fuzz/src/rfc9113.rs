//! Reads what a client is answered on its first stream by RFC 9113, and stops at the first fault. It shares nothing with the
//! program.

use super::rfc7541::{Decoder, Field};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const WITH_PRIORITY: u8 = 0x20;

/// SETTINGS_MAX_FRAME_SIZE, and the flow-control window, as long as the client says no other: section 6.5.2.
const MAX_FRAME: usize = 16_384;
const WINDOW: usize = 65_535;

/// What has come before the first fault.
#[derive(Debug, Default)]
pub struct Answer {
    /// The status of the final response, whose head is complete.
    pub status: Option<u16>,
    /// The fields of that head.
    pub fields: Vec<Field>,
    pub data: Vec<u8>,
    /// The fields of the trailers; none where a frame without them ends the stream.
    pub end: Option<Vec<Field>>,
    /// What is wrong with what follows.
    pub fault: Option<&'static str>,
    /// Whether something is strange, and no fault; or near a limit that an implementation may have.
    pub in_doubt: bool,
}

/// Reads the frames of a server that answers one request, to a HEAD request if `to_head`.
pub fn answer(bytes: &[u8], to_head: bool) -> Answer {
    let mut reader = Reader { to_head, ..Reader::default() };
    reader.answer.fault = reader.frames(bytes).err();
    reader.answer.in_doubt |= reader.frames > 40 || reader.interim > 5 || bytes.len() > 8 * 1024;
    reader.answer
}

#[derive(Default)]
struct Reader {
    answer: Answer,
    decoder: Decoder,
    to_head: bool,
    /// The Content-Length of the head.
    length: Option<usize>,
    frames: usize,
    acks: usize,
    interim: usize,
    /// The block that HEADERS has begun, and whether it ends the stream.
    block: Option<(Vec<u8>, bool)>,
    continuations: usize,
    received: usize,
}

type Checked = Result<(), &'static str>;

fn must(holds: bool, fault: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(fault) }
}

impl Reader {
    fn frames(&mut self, mut bytes: &[u8]) -> Checked {
        while self.answer.end.is_none() {
            // Section 4.1. The first bit of a stream's number is reserved, and ignored.
            let [a, b, c, kind, flags, d, e, f, g, rest @ ..] = bytes else {
                return Err("the connection ends before the stream");
            };
            let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            let stream = u32::from_be_bytes([d & 0x7f, *e, *f, *g]);
            must(length <= MAX_FRAME, "a frame of more than 16,384 bytes")?;
            let payload = rest.get(..length).ok_or("the connection ends in a frame")?;
            bytes = &rest[length..];
            let is_first = self.frames == 0;
            self.frames += 1;
            must(!is_first || *kind == SETTINGS && flags & ACK == 0, "the first frame is not SETTINGS")?;
            // Section 6.10: nothing comes between the frames of a block.
            must(self.block.is_none() || *kind == CONTINUATION && stream == 1, "a frame within a header block")?;
            self.frame(*kind, *flags, stream, payload)?;
        }
        Ok(())
    }

    fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Checked {
        match kind {
            DATA => {
                must(stream == 1, "DATA on another stream")?;
                let data = without_padding(flags, payload)?;
                must(self.answer.status.is_some(), "DATA before the head")?;
                self.received += payload.len();
                self.answer.in_doubt |= self.received > WINDOW / 2 || self.to_head;
                let length = self.answer.data.len() + data.len();
                must(self.length.is_none_or(|most| length <= most), "more DATA than Content-Length")?;
                self.answer.data.extend_from_slice(data);
                if flags & END_STREAM != 0 { self.end(Vec::new()) } else { Ok(()) }
            }
            HEADERS => {
                must(stream == 1, "HEADERS on another stream")?;
                let mut block = without_padding(flags, payload)?;
                if flags & WITH_PRIORITY != 0 {
                    let [a, b, c, d, _, rest @ ..] = block else { return Err("HEADERS without its priority") };
                    // RFC 7540, section 5.3.1, which RFC 9113 has given up.
                    self.answer.in_doubt |= [a & 0x7f, *b, *c, *d] == [0, 0, 0, 1];
                    block = rest;
                }
                self.block = Some((block.to_vec(), flags & END_STREAM != 0));
                if flags & END_HEADERS != 0 { self.block_ends() } else { Ok(()) }
            }
            CONTINUATION => {
                let Some((block, _)) = &mut self.block else { return Err("CONTINUATION of nothing") };
                block.extend_from_slice(payload);
                // RFC 9113, section 10.5.1, lets an endpoint limit them.
                self.continuations += 1;
                self.answer.in_doubt |= self.continuations > 4;
                if flags & END_HEADERS != 0 { self.block_ends() } else { Ok(()) }
            }
            PRIORITY => {
                must(stream != 0, "PRIORITY on the connection")?;
                // RFC 7540, section 5.3, which RFC 9113 has given up: a stream that depends on itself is a fault of the
                // stream.
                self.answer.in_doubt |= stream != 1 || payload.get(..4) == Some(&[0, 0, 0, 1]);
                must(stream != 1 || payload.len() == 5, "PRIORITY of another length")
            }
            RST_STREAM => {
                must(stream == 1, "RST_STREAM on another stream")?;
                must(payload.len() == 4, "RST_STREAM of another length")?;
                Err("RST_STREAM")
            }
            SETTINGS => self.settings(flags, stream, payload),
            // The client's own settings say that it wants none.
            PUSH_PROMISE => Err("PUSH_PROMISE"),
            PING => {
                must(stream == 0, "PING on a stream")?;
                must(payload.len() == 8, "PING of another length")
            }
            GOAWAY => {
                must(stream == 0, "GOAWAY on a stream")?;
                let [a, b, c, d, error @ ..] = payload else { return Err("GOAWAY of another length") };
                must(error.len() >= 4, "GOAWAY of another length")?;
                must([a & 0x7f, *b, *c, *d] != [0; 4], "GOAWAY without the request")?;
                self.answer.in_doubt = true;
                Ok(())
            }
            WINDOW_UPDATE => {
                must(stream <= 1, "WINDOW_UPDATE on another stream")?;
                let Ok(increment) = payload.try_into().map(u32::from_be_bytes) else {
                    return Err("WINDOW_UPDATE of another length");
                };
                must(increment & 0x7fff_ffff != 0, "WINDOW_UPDATE of 0")?;
                // Several may take the window over its limit.
                self.answer.in_doubt |= increment & 0x7fff_ffff > 0xffff;
                Ok(())
            }
            // Section 4.1: unknown types are passed over.
            _ => Ok(()),
        }
    }

    /// Section 6.5.
    fn settings(&mut self, flags: u8, stream: u32, payload: &[u8]) -> Checked {
        must(stream == 0, "SETTINGS on a stream")?;
        if flags & ACK != 0 {
            // The client has sent its settings once.
            self.acks += 1;
            self.answer.in_doubt |= self.acks > 1;
            return must(payload.is_empty(), "an ACK with settings");
        }
        must(payload.len().is_multiple_of(6), "half a setting")?;
        for setting in payload.chunks(6) {
            let value = u32::from_be_bytes([setting[2], setting[3], setting[4], setting[5]]);
            match u16::from_be_bytes([setting[0], setting[1]]) {
                // A client that has not asked for it sees a fault in 1 too, and h2 does not: no push is ever accepted.
                2 => {
                    self.answer.in_doubt |= value == 1;
                    must(value <= 1, "SETTINGS_ENABLE_PUSH of another value")?;
                }
                // The request waits for room.
                3 => self.answer.in_doubt |= value == 0,
                4 => {
                    self.answer.in_doubt |= value == 0;
                    must(value <= 0x7fff_ffff, "SETTINGS_INITIAL_WINDOW_SIZE of another value")?;
                }
                5 => must((16_384..=16_777_215).contains(&value), "SETTINGS_MAX_FRAME_SIZE of another value")?,
                6 => self.answer.in_doubt |= value < 1000,
                // RFC 8441, section 3.
                8 => must(value <= 1, "SETTINGS_ENABLE_CONNECT_PROTOCOL of another value")?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A header block is complete: an interim response, a head, or the trailers.
    fn block_ends(&mut self) -> Checked {
        let (block, ends) = self.block.take().expect("a block has begun");
        self.continuations = 0;
        let fields = self.decoder.block(&block).ok_or("a block that RFC 7541 does not decode")?;
        self.answer.in_doubt |= block.len() > 8 * 1024;
        for (name, value) in &fields {
            self.field(name, value)?;
        }
        let pseudo = fields.iter().take_while(|(name, _)| name.starts_with(b":")).count();
        must(fields[pseudo..].iter().all(|(name, _)| !name.starts_with(b":")), "a pseudo-field behind a field")?;
        if self.answer.status.is_some() {
            must(pseudo == 0, "a pseudo-field in the trailers")?;
            must(ends, "trailers without the end of the stream")?;
            return self.end(fields);
        }
        must(pseudo > 0, "no :status")?;
        must(fields[..pseudo].iter().all(|(name, _)| name == b":status"), "another pseudo-field than :status")?;
        must(pseudo == 1, "two :status")?;
        let status = std::str::from_utf8(&fields[0].1).ok().filter(|status| status.len() == 3);
        let status = status.filter(|status| status.bytes().all(|byte| byte.is_ascii_digit()));
        let status: u16 =
            status.and_then(|status| status.parse().ok()).ok_or(":status is no number of three digits")?;
        must(status >= 100, ":status is less than 100")?;
        // Section 8.6.
        must(status != 101, "101")?;
        if status < 200 {
            self.interim += 1;
            // RFC 9110, section 8.6: it has none, and h2 counts DATA by one that it has.
            self.answer.in_doubt |= fields.iter().any(|(name, _)| name == b"content-length");
            return must(!ends, "an interim response that ends the stream");
        }
        self.length = self.content_length(&fields, status)?;
        (self.answer.status, self.answer.fields) = (Some(status), fields);
        if ends {
            must(self.length.is_none_or(|length| length == 0), "no DATA, and a Content-Length")?;
            self.answer.end = Some(Vec::new());
        }
        Ok(())
    }

    /// Section 8.2. The values of pseudo-fields are fields' values too.
    fn field(&mut self, name: &[u8], value: &[u8]) -> Checked {
        let regular = name.strip_prefix(b":").unwrap_or(name);
        // RFC 9110, section 5.1.
        let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        must(!regular.is_empty() && regular.iter().all(is_token), "a name that is no token")?;
        must(!name.iter().any(u8::is_ascii_uppercase), "a name in upper case")?;
        must(!value.iter().any(|byte| b"\0\r\n".contains(byte)), "a value with NUL, CR or LF")?;
        let is_space = |byte: Option<&u8>| byte.is_some_and(|byte| b" \t".contains(byte));
        must(!is_space(value.first()) && !is_space(value.last()), "white space around a value")?;
        // RFC 9110, section 5.5, calls these invalid, and RFC 9113 does not.
        self.answer.in_doubt |= value.iter().any(|&byte| matches!(byte, 1..=8 | 11..=31 | 127));
        let connection = [&b"connection"[..], b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"];
        must(!connection.contains(&name), "a connection-specific field")?;
        // For requests, and with no other value.
        self.answer.in_doubt |= name == b"te";
        must(name != b"te" || value == b"trailers", "te")
    }

    /// RFC 9110, section 8.6. A response to HEAD, 204 and 304 has no body, so that no length is the wrong one.
    fn content_length(&mut self, fields: &[Field], status: u16) -> Result<Option<usize>, &'static str> {
        let values = || fields.iter().filter(|(name, _)| name == b"content-length").map(|(_, value)| &value[..]);
        let Some(first) = values().next() else { return Ok(None) };
        if self.to_head || [204, 304].contains(&status) {
            self.answer.in_doubt = true;
            return Ok(None);
        }
        // A list of one number again and again is that number.
        let number = |value: &[u8]| {
            let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            digits.and_then(|digits| digits.parse::<usize>().ok())
        };
        let list = || values().flat_map(|value| value.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii);
        self.answer.in_doubt |= list().count() > 1 || first.len() > 18;
        let length = number(first.split(|&byte| byte == b',').next().unwrap_or_default().trim_ascii());
        must(length.is_some() && list().all(|value| number(value) == length), "a Content-Length that is no number")?;
        Ok(length)
    }

    fn end(&mut self, trailers: Vec<Field>) -> Checked {
        must(self.length.is_none_or(|length| length == self.answer.data.len()), "less DATA than Content-Length")?;
        self.answer.end = Some(trailers);
        Ok(())
    }
}

/// Section 6.1.
fn without_padding(flags: u8, payload: &[u8]) -> Result<&[u8], &'static str> {
    if flags & PADDED == 0 {
        return Ok(payload);
    }
    let (padding, rest) = payload.split_first().ok_or("padding without its length")?;
    let length = rest.len().checked_sub(usize::from(*padding)).ok_or("padding that is longer than its frame")?;
    Ok(&rest[..length])
}

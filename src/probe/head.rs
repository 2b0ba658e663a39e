//! Looks over the bytes of an answer's heads before hyper does, for what hyper would take and no other client: an empty
//! line before a status line. It also names what is not HTTP/1.1 at all.
//!
//! Every other leniency is hyper's own. tests/http.rs holds a table of sloppy heads against it and against curl.

/// The place of the status code in a status line: RFC 9112, section 4.
const CODE: std::ops::Range<usize> = "HTTP/1.1 ".len().."HTTP/1.1 200".len();

/// The most interim responses that are waited past. Each costs hyper 20 us, so that 64 KiB of them would outlast the
/// deadline by 60 ms.
const MAX_INTERIM: u32 = 100;

/// How far an answer's heads have come: those of interim responses, and the one behind them.
#[derive(Default)]
pub struct Head {
    /// Bytes of this head.
    place: usize,
    /// Bytes of this line, without CR.
    line: usize,
    /// The status code, as far as it has come.
    status: usize,
    /// Interim responses so far.
    interim: u32,
    over: bool,
}

impl Head {
    /// Looks at the next bytes of an answer.
    ///
    /// # Errors
    ///
    /// Says what the server seems to speak, or what is wrong with the head.
    pub fn check(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        for &byte in bytes {
            if self.over {
                break;
            }
            match byte {
                // The length of a SETTINGS frame, which is short; an alert, or a handshake.
                0 if self.place == 0 => return Err("it is HTTP/2, perhaps (try --http2 or grpc://)"),
                0x15 | 0x16 if self.place == 0 => return Err("it is TLS, perhaps (try https://)"),
                b'\r' | b'\n' if self.place == 0 => return Err("it begins with an empty line"),
                _ if CODE.contains(&self.place) => {
                    self.status = self.status * 10 + usize::from(byte.wrapping_sub(b'0'));
                }
                _ => {}
            }
            self.place += 1;
            match (byte, self.line) {
                // What follows 101 is another protocol: RFC 9110, section 15.2.2.
                (b'\n', 0) if matches!(self.status, 100 | 102..200) && self.interim == MAX_INTERIM => {
                    return Err("it sends one interim response after the other");
                }
                (b'\n', 0) if matches!(self.status, 100 | 102..200) => {
                    *self = Self { interim: self.interim + 1, ..Self::default() };
                }
                (b'\n', 0) => self.over = true,
                (b'\n', _) => self.line = 0,
                (b'\r', _) => {}
                _ => self.line += 1,
            }
        }
        Ok(())
    }
}

//! Where the parser is kinder than RFC 9112 to a response head: it takes lines that end in LF alone, empty lines before
//! the status line, and a status line that ends at its code. A probe that says healthy should not have had to guess, so
//! this looks over the same bytes first.

/// The place of the status code in a status line: section 4.
const CODE: std::ops::Range<usize> = "HTTP/1.1 ".len().."HTTP/1.1 200".len();

/// How far an answer's heads have come: those of interim responses, and the one behind them.
#[derive(Default)]
pub struct Head {
    /// Bytes of this head.
    place: usize,
    /// The status code, as far as it has come.
    status: usize,
    /// The last bytes.
    end: [u8; 4],
    over: bool,
}

impl Head {
    /// Looks at the next bytes of an answer.
    ///
    /// # Errors
    ///
    /// What is not as the RFC has it.
    pub fn check(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        for &byte in bytes {
            if self.over {
                break;
            }
            match byte {
                // The length of a frame of SETTINGS, which is short; an alert, or a handshake.
                0 if self.place == 0 => return Err("it is HTTP/2, perhaps (try --http2 or grpc://)"),
                0x15 | 0x16 if self.place == 0 => return Err("it is TLS, perhaps (try https://)"),
                b'\r' | b'\n' if self.place == 0 => return Err("it begins with an empty line"),
                b'\n' if self.end[3] != b'\r' => return Err("a line ends in LF alone, expected CR LF"),
                b'\r' if self.place == CODE.end => return Err("no space behind the status code"),
                _ => {}
            }
            if CODE.contains(&self.place) {
                self.status = self.status * 10 + usize::from(byte.wrapping_sub(b'0'));
            }
            self.place += 1;
            self.end = [self.end[1], self.end[2], self.end[3], byte];
            if self.end == *b"\r\n\r\n" {
                // What follows 101 is another protocol: RFC 9110, section 15.2.2.
                match self.status {
                    100 | 102..200 => *self = Self::default(),
                    _ => self.over = true,
                }
            }
        }
        Ok(())
    }
}

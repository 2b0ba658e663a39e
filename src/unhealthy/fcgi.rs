//! Why an answer of a FastCGI server is unhealthy. What its status and its body lack is among the reasons of HTTP.

use std::fmt;

use super::code::print_refused;
use super::fault::Fault;

/// Why an answer is unhealthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadAnswer {
    /// The bytes are no record of FastCGI 1.0.
    NoFastCgi,
    /// The same, and they begin as an HTTP response does.
    Http,
    /// A management record, whose request is 0: section 4. lprobe asks for none.
    Management,
    /// A record of another request, or of a type that only clients send.
    OtherRecord,
    /// The server ended the request before the head was complete.
    NoHead,
    /// A line of the head is no header, or Status is no status: RFC 3875, section 6.3.
    Head,
    /// More bytes came than are read of an answer.
    Endless,
    /// The request has ended with this protocol status, which is not `FCGI_REQUEST_COMPLETE`: section 5.5.
    Protocol(u8),
    /// The application has ended with a status that is not 0: section 5.5.
    Application,
}

/// The names of the protocol statuses from 1 on.
const NAMES: [&str; 3] = ["FCGI_CANT_MPX_CONN", "FCGI_OVERLOADED", "FCGI_UNKNOWN_ROLE"];

impl Fault for BadAnswer {}

impl fmt::Display for BadAnswer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoFastCgi => "no FastCGI answer",
            Self::Http => "no FastCGI answer: perhaps it is HTTP (try http://)",
            Self::Management => "the server sent a management record, expected an answer",
            Self::OtherRecord => "the server sent a record that does not belong to the answer",
            Self::NoHead => "the answer ended before its head was complete",
            Self::Head => "the head of the answer has a malformed line",
            Self::Endless => "no end of the answer within 1 MiB",
            Self::Protocol(status) => return print_refused(*status, &NAMES, "FCGI_REQUEST_COMPLETE", out),
            Self::Application => "the application ended with an error, expected appStatus 0",
        })
    }
}

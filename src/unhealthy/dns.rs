//! Why an answer of a DNS server is unhealthy.

use std::fmt::{self, Display};

use super::code::print_refused;
use super::fault::Fault;

/// Why an answer is unhealthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadAnswer {
    /// By UDP it is truncated, and no whole one came by TCP.
    Truncated,
    /// It ends before its records do.
    Cut,
    /// Its RCODE is not NOERROR: RFC 1035, section 4.1.1.
    Code(u8),
}

/// The names of the RCODEs from 1 on.
const NAMES: [&str; 5] = ["FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

impl Fault for BadAnswer {}

impl Display for BadAnswer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => out.write_str("the answer by UDP is truncated, and no whole one came by TCP"),
            Self::Cut => out.write_str("the answer ends before its records do"),
            Self::Code(code) => print_refused(*code, &NAMES, "NOERROR", out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rcode_has_its_name_or_its_number() {
        for (code, words) in [(1, "FORMERR"), (2, "SERVFAIL"), (5, "REFUSED"), (6, "6"), (15, "15")] {
            assert_eq!(BadAnswer::Code(code).to_string(), format!("the server answered {words}, expected NOERROR"));
        }
    }
}

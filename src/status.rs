//! The set of HTTP statuses that count as healthy.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The statuses that exist: RFC 9110, section 15.
const VALID: RangeInclusive<u16> = 100..=599;

/// A set of HTTP statuses, written as a list of statuses and ranges: `200-299,301`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statuses {
    /// One bit for each status from 0 to 639.
    bits: [u64; 10],
}

/// Why a list of statuses can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadStatuses {
    /// It is malformed, or names a status that does not exist.
    Malformed,
    /// An item contains only interim statuses, and no response ends with one.
    Interim,
}

impl Statuses {
    /// 200-299: RFC 9110, section 15.3.
    pub const SUCCESSFUL: Self = Self { bits: [0, 0, 0, u64::MAX << 8, (1 << 44) - 1, 0, 0, 0, 0, 0] };

    /// Returns whether `status` is in the set.
    pub fn contains(&self, status: u16) -> bool {
        VALID.contains(&status) && self.bits[usize::from(status / 64)] >> (status % 64) & 1 == 1
    }

    /// Reads a list as FivexL's lprobe does: what is not a number is 0, so that `-399` is 0-399, and of `200, 204` the second
    /// item is no status.
    ///
    /// # Errors
    ///
    /// There is no status in the list.
    pub fn lenient(list: &str) -> Result<Self, BadStatuses> {
        Self::read(list, false)
    }

    fn read(list: &str, is_strict: bool) -> Result<Self, BadStatuses> {
        let mut bits = [0; 10];
        for item in list.split(',') {
            let (first, last) = item.split_once('-').unwrap_or((item, item));
            // A number that is larger than every status is an upper end all the same.
            let [from, to] = [first, last].map(|text| text.parse().unwrap_or(0_u32).min(1000) as u16);
            if is_strict {
                // Parsing alone would accept a sign or a leading zero.
                let is_status = |text: &str, status| text.len() == 3 && VALID.contains(&status);
                if !is_status(first, from) || !is_status(last, to) || from > to {
                    return Err(BadStatuses::Malformed);
                }
                // Another response follows an interim one: RFC 9110, section 15.2. After 101, the connection speaks another
                // protocol.
                if to < 200 && !(from..to + 1).contains(&101) {
                    return Err(BadStatuses::Interim);
                }
            }
            for status in from.max(*VALID.start())..to.min(*VALID.end()) + 1 {
                bits[usize::from(status / 64)] |= 1 << (status % 64);
            }
        }
        if bits == [0; 10] { Err(BadStatuses::Malformed) } else { Ok(Self { bits }) }
    }
}

impl FromStr for Statuses {
    type Err = BadStatuses;

    fn from_str(list: &str) -> Result<Self, BadStatuses> {
        Self::read(list, true)
    }
}

/// Prints the shortest list of the same statuses, so that a long list can't fill a health log.
impl fmt::Display for Statuses {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut statuses = VALID;
        while let Some(first) = statuses.find(|&status| self.contains(status)) {
            let last = statuses.find(|&status| !self.contains(status)).unwrap_or(VALID.end() + 1) - 1;
            write!(out, "{separator}{first}")?;
            if last > first {
                write!(out, "-{last}")?;
            }
            separator = ",";
        }
        Ok(())
    }
}

impl fmt::Display for BadStatuses {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Malformed => "expected statuses from 101 to 599 and ranges of them, as in 200-299,301",
            Self::Interim => "an interim status (100, 102 to 199) never ends an answer; expected 101 or 200 to 599",
        })
    }
}

impl std::error::Error for BadStatuses {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_prints_in_its_shortest_form() {
        for (list, printed) in [
            ("200", "200"),
            ("200-299", "200-299"),
            ("204,200,201,200-202", "200-202,204"),
            ("100-599", "100-599"),
            ("101", "101"),
        ] {
            assert_eq!(list.parse::<Statuses>().expect(list).to_string(), printed);
        }
        assert_eq!("200-299".parse(), Ok(Statuses::SUCCESSFUL));
    }

    #[test]
    fn an_invalid_status_is_refused() {
        for list in ["", "200,", "2xx", "20", "0200", "+20", "600", "299-200", "200-299-300", "200 "] {
            assert_eq!(list.parse::<Statuses>(), Err(BadStatuses::Malformed), "{list}");
        }
        for list in ["100", "200,103", "102-199"] {
            assert_eq!(list.parse::<Statuses>(), Err(BadStatuses::Interim), "{list}");
        }
    }

    #[test]
    fn a_lenient_list_has_0_for_what_is_no_number() {
        for (list, printed) in [
            ("200,", "200"),
            ("-299", "100-299"),
            ("+204,x,0301", "204,301"),
            ("200, 204", "200"),
            ("590-99999", "590-599"),
            ("204,299-200", "204"),
        ] {
            assert_eq!(Statuses::lenient(list).expect(list).to_string(), printed);
        }
        for list in ["", "x", "200-", " 200", "600", "99", "299-200", "99999"] {
            assert_eq!(Statuses::lenient(list), Err(BadStatuses::Malformed), "{list}");
        }
    }
}

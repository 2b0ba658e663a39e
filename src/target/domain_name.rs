//! The name that a DNS server is asked for.

use super::bad_target::BadTarget;

/// The longest label, in characters: RFC 1035, section 2.3.4.
const MAX_LABEL: usize = 63;

/// The longest name, in characters, without a dot at its end: the 255 octets of RFC 1035, section 2.3.4, less the length of the
/// first label and that of the root.
const MAX_NAME: usize = 253;

/// Reads a name of the characters of host names, and of underscores, which names of containers have. It may end with a dot;
/// the dot alone is the root.
pub fn domain_name(text: &str) -> Result<String, BadTarget> {
    let mut label = 0;
    for byte in text.bytes() {
        label = match byte {
            b'.' if label > 0 || text == "." => 0,
            b'-' | b'_' if label < MAX_LABEL => label + 1,
            _ if byte.is_ascii_alphanumeric() && label < MAX_LABEL => label + 1,
            _ => return Err(BadTarget::DomainName),
        };
    }
    let dot = usize::from(label == 0);
    if (1..=MAX_NAME + dot).contains(&text.len()) { Ok(text.into()) } else { Err(BadTarget::DomainName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_labels_of_1_to_63_and_253_characters_at_most() {
        let label = "x".repeat(63);
        let longest = [&*label, &label, &label, &label[2..]].join(".");
        for text in ["localhost", "_my_service.Example-1.", ".", &label, &longest, &format!("{longest}.")] {
            assert_eq!(domain_name(text).as_deref(), Ok(text));
        }
        let (long_label, long) = (format!("{label}x"), format!("{longest}x"));
        for text in
            ["", "..", ".a", "a..b", "a..", "a b", "a/b", "a?b", "\u{e9}", &long_label, &long, &format!("{long}.")]
        {
            assert_eq!(domain_name(text), Err(BadTarget::DomainName), "{text}");
        }
    }
}

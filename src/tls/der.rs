//! DER, as far as certificates need it: X.690, section 8.1.

pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const OBJECT_IDENTIFIER: u8 = 0x06;
pub const UTC_TIME: u8 = 0x17;
pub const GENERALIZED_TIME: u8 = 0x18;
pub const SEQUENCE: u8 = 0x30;

/// Takes the first element off `input`: returns its tag and its contents.
pub fn element<'a>(input: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&[tag, first], mut rest) = input.split_first_chunk()?;
    let length = match first {
        ..=0x7f => first.into(),
        // A length of three bytes is more than any certificate has.
        0x81..=0x83 => number(rest.split_off(..usize::from(first - 0x80))?),
        _ => return None,
    };
    let contents = rest.split_off(..length)?;
    *input = rest;
    Some((tag, contents))
}

/// Takes the first element off `input` if it has this tag, and returns its contents.
pub fn tagged<'a>(input: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let mut rest = *input;
    let (_, contents) = element(&mut rest).filter(|(found, _)| *found == tag)?;
    *input = rest;
    Some(contents)
}

/// Returns the number that some bytes are, the highest first; the highest number there is in place of a higher one.
pub fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number: usize, &byte| number.saturating_mul(256).saturating_add(byte.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_taken_one_by_one() {
        let long = [&[0x30, 0x81, 0x80][..], &[7; 0x80]].concat();
        let longer = [&[0x30, 0x82, 1, 0][..], &[7; 0x100]].concat();
        for (bytes, expected) in
            [(&[4, 0][..], &[][..]), (&[4, 1, 9], &[9]), (&long, &[7; 0x80]), (&longer, &[7; 0x100])]
        {
            let with_more = [bytes, &[1, 2, 3]].concat();
            let mut input = &with_more[..];
            assert_eq!(element(&mut input), Some((bytes[0], expected)));
            assert_eq!(input, [1, 2, 3]);
            for length in 0..bytes.len() {
                let mut cut = &bytes[..length];
                assert_eq!(element(&mut cut), None, "{length} of {bytes:x?}");
                assert_eq!(cut, &bytes[..length]);
            }
        }
        for endless in [&[0x30, 0x80, 0, 0][..], &[0x30, 0x84, 0, 0, 0, 0], &[0x30, 0xff, 0]] {
            assert_eq!(element(&mut &endless[..]), None);
        }
    }

    #[test]
    fn another_tag_is_left_alone() {
        let mut input = &[2, 1, 5, 4, 0][..];
        assert_eq!(tagged(&mut input, OCTET_STRING), None);
        assert_eq!(tagged(&mut input, INTEGER), Some(&[5][..]));
        assert_eq!(tagged(&mut input, OCTET_STRING), Some(&[][..]));
        assert_eq!(tagged(&mut input, OCTET_STRING), None);
    }

    #[test]
    fn numbers_do_not_overflow() {
        assert_eq!([number(&[]), number(&[1, 2]), number(&[0xff; 99])], [0, 0x102, usize::MAX]);
    }
}

//! The input is a target.

use lprobe::door::Target;

/// What parses prints, and parses back to itself.
pub fn accepts(input: &[u8]) -> bool {
    let Some(target) = str::from_utf8(input).ok().and_then(|text| text.parse::<Target>().ok()) else { return false };
    let printed = target.to_string();
    assert_eq!(printed.parse().as_ref(), Ok(&target), "{printed}");
    // `localhost` prints as itself, whichever addresses it means.
    for is_ipv6 in [false, true] {
        let mut of_one_family = target.clone();
        if of_one_family.use_family(is_ipv6).is_ok() {
            assert_eq!(of_one_family.to_string(), printed);
        }
    }
    true
}

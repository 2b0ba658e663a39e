//! What holds for inputs that nobody thought of. Thousands a second, so these call the library; every other test runs
//! the binary.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use lprobe::cli::{self, Command};
use lprobe::status::Statuses;
use lprobe::target::Target;
use proptest::prelude::*;

/// Strings that come close to being targets.
fn almost_a_target() -> impl Strategy<Value = String> {
    "(http|tcp|HTTP|https|unix|file|redis|udp)?(:|://|:/)(localhost|127\\.0\\.0\\.[0-9]{1,3}|\\[::[0-9a-f%]{0,4}\\]|[a-z.@\\\\]{0,9})?(:[0-9+-]{0,6})?[/?#%a-z0-9= -]{0,16}"
}

proptest! {
    #[test]
    fn a_target_that_parses_prints_and_parses_back(text in prop_oneof![almost_a_target(), any::<String>()]) {
        if let Ok(target) = text.parse::<Target>() {
            prop_assert_eq!(target.to_string().parse(), Ok(target));
        }
    }

    #[test]
    fn any_arguments_are_a_plan_or_one_printable_line(
        arguments in prop::collection::vec(
            prop_oneof![
                almost_a_target().prop_map(OsString::from),
                "-{0,2}(timeout|http-codes|ipv6|send|header|tls|mode|port|endpoint|help|[a-z]{1,3})=?[0-9a-z,./:${}\\\\-]{0,8}".prop_map(OsString::from),
                prop::collection::vec(any::<u8>(), 0..40).prop_map(OsString::from_vec),
            ],
            0..6,
        )
    ) {
        match cli::parse(arguments) {
            Ok(Command::Probe(plan)) => prop_assert!(plan.timeout.as_millis() > 0),
            Ok(Command::Print(text)) => prop_assert!(text.ends_with('\n')),
            Ok(Command::Install(path)) => prop_assert!(!path.as_os_str().is_empty()),
            Err(refusal) => {
                let line = refusal.to_string();
                prop_assert!(line.len() < 1_000 && line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line:?}");
            }
        }
    }

    #[test]
    fn a_list_of_statuses_is_the_set_it_spells(ranges in prop::collection::vec((100u16..600, 0u16..60), 1..6)) {
        let ranges: Vec<_> = ranges.into_iter().map(|(first, more)| first..=(first + more).min(599)).collect();
        let spelled: Vec<_> = ranges.iter().map(|range| format!("{}-{}", range.start(), range.end())).collect();
        let statuses: Statuses = spelled.join(",").parse().expect("a list");
        let set: BTreeSet<u16> = ranges.into_iter().flatten().collect();
        for status in 0..=u16::MAX {
            prop_assert_eq!(statuses.contains(status), set.contains(&status));
        }
        prop_assert_eq!(statuses.to_string().parse(), Ok(statuses));
    }

    #[test]
    fn a_duration_is_the_span_it_spells(hours in 0u64..23, minutes in 0u64..60, milliseconds in 1u64..60_000) {
        for text in [
            format!("{hours}h{minutes}m{}.{:03}s", milliseconds / 1000, milliseconds % 1000),
            format!("{milliseconds}ms{hours}h{minutes}m"),
            format!("{}.{:03}", hours * 3600 + minutes * 60 + milliseconds / 1000, milliseconds % 1000),
        ] {
            let Ok(Command::Probe(plan)) = cli::parse(vec![":1".into(), format!("--timeout={text}").into()]) else {
                panic!("{text} is refused");
            };
            prop_assert_eq!(plan.timeout.as_millis(), u128::from((hours * 60 + minutes) * 60_000 + milliseconds));
        }
    }
}

//! Whatever is wrong with a command line, no line about it shows what may be a secret: in a health log it would outlive the
//! container.

use std::process::Command;

use crate::support::{Outcome, binary, run, without_variables};
use lprobe::door::options::OPTIONS;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

/// What no line may show.
const SECRET: &str = "s3cr3t";

/// Bytes that make a value malformed in one way or another.
const NOISE: &str = "[ -~\\t\u{e9}\u{20ac}]{0,6}";

/// The options of this build whose values may be secret.
fn secret_options() -> Vec<&'static str> {
    OPTIONS.iter().filter(|option| option.is_secret && option.is_available()).map(|option| option.name).collect()
}

/// A command line, and variables. One of them has the secret, and nothing may be healthy.
#[derive(Debug, Clone)]
struct Case {
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

/// Keeps the secret behind these characters from being a variable's name, which may be shown.
fn no_variable(before: &str) -> String {
    before.replace('$', "")
}

/// The value of a secret option, by argument or variable, most of them malformed.
fn in_option() -> impl Strategy<Value = Case> {
    let target =
        select(&["tcp://localhost:1", ":1/", "nonsense", "udp://:1", "--method=HEAD", "file:///x?max-age=1"][..]);
    (select(secret_options()), NOISE, NOISE, 0..3, target).prop_map(|(option, before, after, how, target)| {
        let value = format!("{}{SECRET}{after}", no_variable(&before));
        let mut case = Case { arguments: vec![target.into()], variables: Vec::new() };
        match how {
            0 => case.arguments.push(format!("--{option}={value}")),
            1 => case.arguments.extend([format!("-{option}"), value]),
            _ => case.variables.push((format!("LPROBE_{}", option.to_uppercase().replace('-', "_")), value)),
        }
        case
    })
}

/// The query, the fragment, or the user and password of a target that is malformed somewhere.
fn in_target() -> impl Strategy<Value = Case> {
    let scheme =
        select(&["", ":1", "http://", "htp://", "http:/", "//", "tcp://:1", "file:///x", "grpc://:1/", "redis://"][..]);
    let host = "(localhost|example\\.com|127\\.0\\.0\\.1|\\[::1\\]|[a-z%:]{0,4})(:[0-9x]{0,5})?(/[a-z%]{0,4})?";
    let place = select(&["?", "#", "/?a=", "?token=", "@"][..]);
    // Paths may have these characters too.
    let places = (scheme, place).prop_filter("a path", |(scheme, place)| match *place {
        "@" => ["", "http://", "htp://", "//"].contains(scheme),
        place => *scheme != "file:///x" || place.contains('?'),
    });
    (places, host, "[!-~\u{e9}]{0,6}", "[!-~\u{e9}]{0,6}", 0..4).prop_map(
        |((scheme, place), host, before, after, how)| {
            let before = no_variable(&before);
            let target = match place {
                "@" => format!("{scheme}{}:{SECRET}{after}@{host}", before.replace('/', "")),
                _ => format!("{scheme}{host}{place}{before}{SECRET}{after}"),
            };
            let mut case = Case { arguments: Vec::new(), variables: Vec::new() };
            match how {
                0 => case.arguments.push(target),
                1 => case.variables.push(("LPROBE_TARGET".into(), format!("http://:1 {target}"))),
                2 => case.arguments.push(format!("-url={target}")),
                _ if place == "@" => case.arguments.push(format!("--addr={target}")),
                _ => case.arguments.push(format!("--endpoint=/{target}")),
            }
            case
        },
    )
}

/// The value of a flag of curl's or wget's, or their URL.
fn in_client() -> impl Strategy<Value = Case> {
    let flag = select(
        &["-u", "-H", "-A", "-b", "-fsSu", "--user", "--header", "--data", "--jso", "--user-agent", "--no-such"][..],
    );
    let url = select(&["http://localhost:1/", "localhost:1", "example.com", "https://:1", "ftp://x", "[", ""][..]);
    (select(&["curl", "wget"][..]), flag, url, NOISE, NOISE, 0..5).prop_map(
        |(client, flag, url, before, after, how)| {
            let value = format!("{}{SECRET}{after}", no_variable(&before));
            let arguments = match how {
                0 => vec![flag.into(), value, url.into()],
                1 => vec![format!("{flag}{}{value}", if flag.starts_with("--") { "=" } else { "" }), url.into()],
                2 => vec![format!("{url}/?{value}")],
                3 => vec![format!("http://a:{value}@localhost:1/")],
                _ => vec![url.into(), "--unknown".into(), flag.into(), value],
            };
            Case { arguments: [vec![client.into()], arguments].concat(), variables: Vec::new() }
        },
    )
}

#[test]
fn no_line_about_a_command_line_shows_a_secret() {
    let mut runner = TestRunner::new(Config { cases: 3_000, failure_persistence: None, ..Config::default() });
    let tried = runner.run(&prop_oneof![in_option(), in_target(), in_client()], |Case { arguments, variables }| {
        // An argument can't hold a NUL, and `$` expands.
        let mut command = Command::new(binary());
        let is_of_client = ["curl", "wget"].contains(&arguments.first().map_or("", String::as_str));
        without_variables(&mut command)
            .args((!is_of_client).then_some("--timeout=300ms"))
            .args(&arguments)
            .envs(variables);
        let Outcome { status, stdout, stderr, .. } = run(&mut command);
        prop_assert_eq!(status.code(), Some(1));
        prop_assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET), "{}{}", stdout, stderr);
        Ok(())
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
}

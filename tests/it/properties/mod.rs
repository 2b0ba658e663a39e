//! What holds for inputs that nobody thought of. What an exit code says is asked of the binary, and what a parser says of
//! the library, which takes thousands of times as many a second; `make fuzz` has more.

mod answers;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::corpus::fuzz::rfc9112;
use crate::support::netns::{packets_out, with_a_way_out};
use crate::support::server::Server;
use crate::support::{FULL, Outcome, binary, lprobe, run};
use lprobe::door::{Command as Asked, SCHEMES, Statuses, Target, options, parse, personality};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

/// Has `holds` look at so many values of `strategy`, the simplest of which is in the message if it fails.
#[track_caller]
fn for_all<S: Strategy>(cases: u32, strategy: S, holds: impl Fn(S::Value)) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let tried = runner.run(&strategy, |value| {
        holds(value);
        Ok(())
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
}

/// `bytes` after a few slips of the pen.
fn mutated(bytes: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![select(&b"\r\n :\t\0;,0129\x0b\x0c\x7f\x80"[..]), any::<u8>()];
    let slip = (0..7, any::<(Index, Index, Index)>(), byte);
    (bytes, prop::collection::vec(slip, 1..4)).prop_map(|(mut bytes, slips)| {
        for (kind, (a, b, c), byte) in slips {
            let place = |index: Index| index.index(bytes.len() + 1);
            let mut places = [place(a), place(b), place(c)];
            places.sort_unstable();
            let [from, middle, to] = places;
            let inside = from < bytes.len();
            match kind {
                0 => bytes.insert(from, byte),
                1 if inside => drop(bytes.remove(from)),
                2 if inside => bytes[from] = byte,
                3 => drop(bytes.splice(from..from, bytes[from..middle].to_vec())),
                4 => bytes.truncate(to),
                5 => bytes[from..to].rotate_left(middle - from),
                _ => drop(bytes.drain(from..middle)),
            }
        }
        bytes
    })
}

// Targets.

/// Strings that are targets, unless what stands in them is no address of a container: one in four or fewer.
fn a_target() -> BoxedStrategy<String> {
    let host = || {
        prop_oneof![
            Just(String::new()),
            "[lL]ocal[hH]ost",
            (0u8..=255, any::<u16>()).prop_map(|(a, b)| Ipv4Addr::new(127, a, (b >> 8) as u8, b as u8).to_string()),
            any::<u32>().prop_map(|bits| Ipv4Addr::from(bits).to_string()),
            any::<u128>().prop_map(|bits| format!("[{}]", Ipv6Addr::from(bits))),
            "\\[::(ffff:)?[0-9a-f]{1,4}\\]",
            "\\[::ffff:1[0-9]\\.0\\.[0-9]\\.1\\]",
            "10\\.77\\.0\\.(1|2|9|255)|\\[(fd77|2001:db8)::[0-3]\\]|192\\.0\\.2\\.1",
        ]
    };
    let port = || (1u16..).prop_map(|port| format!(":{port}"));
    let maybe_port = || prop_oneof![Just(String::new()), port()];
    let file = || "(/[^\\x00-\\x1f\\x7f-\u{9f}?]{0,12}){1,3}";
    let age = "([0-9]{1,2}h)?([0-9]{1,3}m)?[0-9]{1,4}(\\.[0-9]{1,9})?s|[1-9][0-9]{0,6}(ms|)|1s[0-9]{1,3}(ns|us)";
    let services = SCHEMES.iter().filter(|scheme| scheme.form == "[HOST][:PORT]");
    let services: Vec<_> = services.map(|scheme| scheme.name).collect();
    prop_oneof![
        (
            "(http|HTTP|fcgi)://",
            host(),
            port(),
            "(/[a-z0-9._~!$&'()*+,;=:@-]{0,5}){0,3}(%[2-9a-fA-F][0-9a-fA-F]|\\?[a-z=/?]{0,9})?"
        )
            .prop_map(|(scheme, host, port, path)| scheme + &host + &port + &path),
        (host().prop_filter("nothing at all", |host| !host.is_empty()), "[/?]?")
            .prop_map(|(host, path)| format!("http://{host}{path}")),
        (port(), "(/[a-z]{0,3})?").prop_map(|(port, path)| port + &path),
        (select(&["tcp://", "udp://", "tls://"][..]), host(), port())
            .prop_map(|(scheme, host, port)| scheme.to_owned() + &host + &port),
        (host(), maybe_port(), "([a-zA-Z0-9_-]{1,9}\\.){0,3}[a-z0-9-]{1,63}\\.?|\\.")
            .prop_map(|(host, port, name)| format!("dns://{host}{port}/{name}")),
        (select(services), host(), maybe_port()).prop_map(|(scheme, host, port)| format!("{scheme}://{host}{port}")),
        file().prop_map(|path| format!("unix://{path}")),
        file().prop_map(|path| format!("file://{path}")),
        file().prop_map(|path| format!("pid://{path}")),
        (file(), age).prop_map(|(path, age)| format!("file://{path}?max-age={age}")),
        // Which the small build refuses.
        ("(https|grpc|grpcs)://", host(), port(), "(/[a-zA-Z0-9.]{0,9})?")
            .prop_map(|(scheme, host, port, path)| scheme + &host + &port + &path),
    ]
    .boxed()
}

/// Strings that come close to being targets.
fn almost_a_target() -> BoxedStrategy<String> {
    prop_oneof![
        "(http|tcp|HTTP|https|unix|file|redis|udp|dns|fcgi)?(:|://|:/)(localhost|127\\.0\\.0\\.[0-9]{1,3}|\\[::[0-9a-f%]{0,4}\\]|[a-z.@\\\\]{0,9})?(:[0-9+-]{0,6})?[/?#%a-z0-9= -]{0,16}",
        mutated(a_target().prop_map(String::into_bytes)).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        any::<String>(),
    ]
    .boxed()
}

#[test]
fn a_target_that_parses_prints_and_parses_back_to_itself() {
    const CASES: u32 = 5_000;
    let reached = Cell::new(BTreeMap::<String, u32>::new());
    for_all(CASES, prop_oneof![a_target(), almost_a_target()], |text| {
        if let Ok(target) = text.parse::<Target>() {
            let printed = target.to_string();
            assert_eq!(printed.parse(), Ok(target), "{text} is {printed}");
            let (scheme, rest) = printed.split_once("://").expect("a scheme");
            let kind = if rest.contains("?max-age=") { "file with an age" } else { scheme };
            let mut counts = reached.take();
            *counts.entry(kind.into()).or_default() += 1;
            reached.set(counts);
        }
    });
    let reached = reached.take();
    let schemes = SCHEMES.iter().filter(|scheme| FULL || !scheme.full).map(|scheme| scheme.name);
    let kinds = schemes.chain(["file with an age"]);
    for kind in kinds {
        // By chance some 20 are: with a bound of 10, one run in 15 failed.
        assert!(reached.contains_key(kind), "{kind}: none of {reached:?}");
    }
    let parsed: u32 = reached.values().sum();
    assert!(parsed > CASES / 3, "{parsed} of {CASES} were targets");
}

// Command lines.

/// Every option and flag that there is, be it only to be refused.
fn every_flag() -> impl Iterator<Item = &'static options::Opt> {
    let foreign = personality::PERSONALITIES.iter().flat_map(|personality| personality.flags);
    options::OPTIONS.iter().chain(foreign)
}

/// Whether an option says how long a probe takes.
fn is_long(option: &str) -> bool {
    ["wait", "watch"].contains(&option)
}

/// What goes with an option, right or wrong. Nothing waits for long: nobody is there to come up.
fn value(option: &str) -> BoxedStrategy<OsString> {
    let pool: &[&str] = match option {
        "wait" | "watch" => &["1ms", "60ms", "0", "-1s", "x", ""],
        "every" => &["1ms", "20ms", "0", ""],
        "retries" => &["0", "2", "-1", "65536", "x", ""],
        "timeout" | "connect-timeout" | "rpc-timeout" | "max-latency" => {
            &["1ms", "80ms", "200ms", "0", "1e3", "", "99999999999h"]
        }
        "http-codes" => &["200", "200-299,503", "599-100", "2e2", ""],
        "method" => &["GET", "HEAD", "POST", "get", "GET / HTTP/1.1"],
        "header" | "rpc-header" => &["A: b", "Host: a.example", "a", ": b", "A: b\r\nC: d", "Content-Length: 5"],
        "basic-auth" => &["a:b", "ab", "\u{e9}:\u{e9}"],
        "send" | "expect" => &["ready", "\\r\\n", "\\x72", "\\", "\\xg"],
        "unix-socket" => &["/nobody/there", "relative", "/"],
        "mode" => &["http", "grpc", "tcp"],
        "port" => &["1", "0", "65536", "\u{660}"],
        "endpoint" => &["/", "/a b", "a?b#c"],
        "url" | "addr" => &["http://localhost:1/", ":1", "https://example.com/", "unix:/nobody", "localhost:1"],
        "service" | "tls-server-name" | "user-agent" | "contains" => &["well", "a.example", "", "a\tb", "a\nb"],
        _ => &["", "true", "false", "/nobody/there", "/", "/dev/null", "maybe"],
    };
    let any_bytes = prop::collection::vec(1u8.., 0..12).prop_map(OsString::from_vec);
    let any_bytes = if is_long(option) { Just("1us".into()).boxed() } else { any_bytes.boxed() };
    prop_oneof![
        6 => select(pool).prop_map(OsString::from),
        1 => select(&["${SET}", "a${NONE:-b}$$", "${NONE}", "$", "${"][..]).prop_map(OsString::from),
        1 => any_bytes,
    ]
    .boxed()
}

/// An option and what goes with it, as one argument or as two.
fn option() -> impl Strategy<Value = Vec<OsString>> {
    let names: Vec<&str> = every_flag().map(|option| option.name).collect();
    let name = prop_oneof![8 => select(names).prop_map(str::to_owned), 1 => "[a-z]{1,3}", 1 => Just("help".to_owned())];
    (name, 0..6).prop_flat_map(|(name, form)| {
        value(&name).prop_map(move |value| {
            let joined = |dashes: &str| {
                let mut joined = OsString::from(format!("{dashes}{name}="));
                joined.push(&value);
                vec![joined]
            };
            match form {
                0 | 1 => joined("--"),
                2 => joined("-"),
                3 => vec![format!("--{name}").into(), value],
                4 => vec![format!("-{name}").into(), value],
                // What follows would be how long it waits.
                _ if is_long(&name) => vec!["-v".into()],
                _ => vec![format!("--{name}").into()],
            }
        })
    })
}

/// A command line that hits something now and then: an HTTP server, one that says `ready` at once, and a file.
fn command_line(ports: [u16; 2]) -> impl Strategy<Value = Vec<OsString>> {
    let [http, ready] = ports;
    let there = vec![
        format!(":{http}/"),
        format!("tcp://:{ready}"),
        format!("http://localhost:{http}/?a=${{SET}}"),
        "file:///proc/self/stat".into(),
    ];
    let target = prop_oneof![6 => select(there), 1 => a_target(), 1 => almost_a_target()];
    let target = target
        .prop_filter_map("no argument holds a NUL", |target| (!target.contains('\0')).then(|| vec![target.into()]));
    let garbage = prop::collection::vec(1u8.., 0..40).prop_map(|bytes| vec![OsString::from_vec(bytes)]);
    let short =
        select(&["-v", "-h", "-V", "--", "-", "", "--help", "--version", "-vv"][..]).prop_map(|flag| vec![flag.into()]);
    let part = prop_oneof![10 => target, 6 => option(), 1 => garbage, 1 => short];
    // It writes where it is told to: here, into the folder that it is run in.
    let install = ("[a-z.]{0,3}(/[a-z.]{0,3})?"
        .prop_filter("outside", |path| !path.starts_with('/') && !path.contains("..")))
    .prop_map(|path| vec!["install".into(), path.into()]);
    let parts = prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat());
    let elsewhere =
        parts.prop_filter("it is tried below", |arguments| arguments.first().is_none_or(|first| first != "install"));
    prop_oneof![20 => elsewhere, 1 => install]
}

/// Variables that stand behind options, and others that are read.
fn environment() -> impl Strategy<Value = Vec<(OsString, OsString)>> {
    let names: Vec<&str> = every_flag().map(|option| option.name).collect();
    let variable = select(names).prop_flat_map(|name| {
        value(name)
            .prop_map(move |value| (format!("LPROBE_{}", name.to_ascii_uppercase().replace('-', "_")).into(), value))
    });
    let other = (
        select(
            &["LPROBE_TARGET", "LPROBE_", "SPIFFE_ENDPOINT_SOCKET", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY"][..],
        ),
        almost_a_target(),
    )
        .prop_filter_map("no variable holds a NUL", |(name, value)| {
            (!value.contains('\0')).then(|| (name.into(), value.into()))
        });
    prop_oneof![
        4 => Just(Vec::new()),
        1 => prop::collection::vec(prop_oneof![5 => variable, 1 => other], 1..4),
    ]
}

/// One line of printable ASCII for each target at most, and all of them within Docker's health log.
#[track_caller]
fn says_why(outcome: &Outcome, targets: usize) {
    let said = &outcome.stderr;
    assert!(said.ends_with('\n') && said.len() < 4096, "{outcome:?}");
    let alerts = usize::from(said.contains("\nlprobe: ALERT: a target is outside this container: "));
    assert!((1 + alerts..=targets.max(1) + alerts).contains(&said.lines().count()), "{outcome:?}");
    for line in said.lines() {
        assert!(line.starts_with("lprobe: ") && line.len() < 1000, "{outcome:?}");
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{outcome:?}");
    }
}

#[test]
fn any_command_line_ends_with_0_or_1_and_lets_no_packet_out() {
    with_a_way_out(|| {
        const CASES: u32 = 1500;
        let http = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell");
        let ready = Server::greeting(|mut stream| drop(stream.write_all(b"ready\r\n")));
        let folder = tempfile::tempdir().expect("a folder");
        let exits = Cell::new([0, 0]);
        let before = packets_out();
        for_all(CASES, (command_line([http.port, ready.port]), environment()), |(arguments, variables)| {
            let targets = arguments.len() + variables.iter().map(|(_, value)| words(value)).sum::<usize>();
            let outcome = run_within(folder.path(), &arguments, &variables);
            let code = outcome.status.code().expect("an exit code");
            assert_eq!(packets_out(), before, "a packet left: {outcome:?}");
            let mut counts = exits.take();
            match code {
                0 => assert_eq!(outcome.stderr, ""),
                1 => says_why(&outcome, targets),
                _ => panic!("exit {code}: {outcome:?}"),
            }
            let printable = |byte: u8| byte == b'\n' || (b' '..=b'~').contains(&byte);
            assert!(outcome.stdout.bytes().all(printable), "{outcome:?}");
            counts[code as usize] += 1;
            exits.set(counts);
        });
        let [healthy, unhealthy] = exits.take();
        assert!(healthy > CASES / 20 && unhealthy > CASES / 3, "{healthy} were healthy, {unhealthy} were not");
    });
}

fn words(value: &OsStr) -> usize {
    value.as_bytes().split(u8::is_ascii_whitespace).count()
}

/// Runs the binary in `folder` with these variables alone. timeout(1) makes one that hangs exit with 124.
fn run_within(folder: &Path, arguments: &[OsString], variables: &[(OsString, OsString)]) -> Outcome {
    let mut command = Command::new("timeout");
    command.arg("30").arg(binary()).args(arguments).current_dir(folder);
    // The servers say nothing to what they don't understand.
    let fixed = [("SET", "set"), ("LPROBE_TIMEOUT", "200ms")];
    run(command.env_clear().envs(fixed).envs(variables.iter().map(|(name, value)| (name, value))))
}

proptest! {
    #[test]
    fn a_list_of_statuses_is_the_set_it_spells(ranges in prop::collection::vec((200u16..600, 0u16..60), 1..6)) {
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
            let arguments = ["lprobe".into(), ":1".into(), format!("--timeout={text}").into()];
            let Ok(Asked::Probe(plan)) = parse(arguments.to_vec()).1 else {
                panic!("{text} is refused");
            };
            prop_assert_eq!(plan.timeout.as_millis(), u128::from((hours * 60 + minutes) * 60_000 + milliseconds));
        }
    }
}

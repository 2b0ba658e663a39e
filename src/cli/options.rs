//! The one list of options. The build script compiles it too, to render the help text, the man page and the shell
//! completions from it, so it leans on nothing but its parent's `HELP_TEXTS`.

use super::HELP_TEXTS;

/// How often an option may be given, and what it is given.
pub enum Takes {
    /// `--ipv6`, or `--ipv6=false` as Go's flags have it.
    Nothing,
    /// One value of this name.
    One(&'static str),
    /// Any number of values of this name.
    Many(&'static str),
}

use Takes::{Many, Nothing, One};

/// An option: its long name, what it takes, and what help says of it.
pub struct Opt {
    /// Without its dashes.
    pub name: &'static str,
    /// What follows it.
    pub takes: Takes,
    /// Empty where the binary carries the rendered text.
    pub help: &'static str,
}

const fn opt(name: &'static str, takes: Takes, help: &'static str) -> Opt {
    Opt { name, takes, help: if HELP_TEXTS { help } else { "" } }
}

/// For every probe. These and the two groups below are lprobe's own, each also read from `LPROBE_NAME`.
pub const GENERAL: [Opt; 5] = [
    opt("timeout", One("DURATION"), "for everything: 500ms, 1.5s, 2m [default: 1s]"),
    opt("wait", One("DURATION"), "retry until healthy, for so long at most"),
    opt("max-latency", One("DURATION"), "slower is unhealthy"),
    opt("ipv6", Nothing, "take localhost for [::1] alone"),
    opt("verbose", Nothing, "or -v: say how long each probe took"),
];

/// For `http://`.
pub const HTTP: [Opt; 7] = [
    opt("http-codes", One("LIST"), "healthy: 200,301-303 [default: 200-299]"),
    opt("method", One("METHOD"), "GET, HEAD, OPTIONS, POST, with no body"),
    opt("header", Many("NAME: VALUE"), "send a header, Host if you like"),
    opt("user-agent", One("TEXT"), "instead of lprobe/VERSION"),
    opt("basic-auth", One("USER:PASSWORD"), "send basic authentication"),
    opt("contains", Many("TEXT"), "the body's first 64 KiB have it"),
    opt("unix-socket", One("PATH"), "connect there"),
];

/// For `tcp://`, `unix://` and `udp://`.
pub const EXCHANGE: [Opt; 2] = [
    opt("send", One("TEXT"), "with \\r \\n \\t \\0 \\xHH \\\\ for bytes"),
    opt("expect", Many("TEXT"), "in the reply's first 4 KiB; one is enough"),
];

/// All of lprobe's own.
pub fn own() -> impl Iterator<Item = &'static Opt> {
    const GROUPS: [&[Opt]; 3] = [&GENERAL, &HTTP, &EXCHANGE];
    GROUPS.into_iter().flatten()
}

/// The flags of FivexL's lprobe and of grpc_health_probe that stand in place of a target, or have another name here.
pub const FOREIGN: [Opt; 5] = [
    opt("mode", One("MODE"), "FivexL's: http"),
    opt("port", One("PORT"), "FivexL's: a port of localhost [default: 8080]"),
    opt("endpoint", One("PATH"), "FivexL's: a path [default: /]"),
    opt("url", One("URL"), "FivexL's: a target"),
    opt("connect-timeout", One("DURATION"), "FivexL's: --timeout"),
];

/// Theirs too, for what lprobe-full alone can do.
pub const FULL: [Opt; 13] = [
    opt("addr", One("HOST:PORT"), "grpc_health_probe's: a gRPC target"),
    opt("service", One("NAME"), "The gRPC service to check"),
    opt("rpc-header", Many("NAME: VALUE"), "Send a gRPC header"),
    opt("rpc-timeout", One("DURATION"), "Time for the gRPC call"),
    opt("gzip", Nothing, "Compress gRPC messages"),
    opt("spiffe", Nothing, "TLS by SPIFFE's Workload API"),
    opt("alts", Nothing, "Google's ALTS"),
    opt("tls", Nothing, "Use TLS"),
    opt("tls-no-verify", Nothing, "Trust any certificate"),
    opt("tls-ca-cert", One("FILE"), "Trust these certificates"),
    opt("tls-client-cert", One("FILE"), "Show this certificate"),
    opt("tls-client-key", One("FILE"), "The key of --tls-client-cert"),
    opt("tls-server-name", One("NAME"), "Verify the certificate for this name"),
];

//! The one list of options. The build script compiles it too, to render the help text, the man page and the shell
//! completions from it, so it leans on nothing but its parent's `HELP_TEXTS`.

use super::HELP_TEXTS;

/// How often an option may be given, and what it is given.
pub enum Takes {
    /// `--ipv6`, or `--ipv6=false` as Go's flags have it.
    Nothing,
    /// One value; its name is empty where the binary carries the rendered text.
    One(&'static str),
    /// Any number of values, in the same way.
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
    match takes {
        takes if HELP_TEXTS => Opt { name, takes, help },
        Nothing => Opt { name, takes, help: "" },
        One(_) => Opt { name, takes: One(""), help: "" },
        Many(_) => Opt { name, takes: Many(""), help: "" },
    }
}

/// For every probe. These and the groups below, down to [`FOREIGN`], are lprobe's own, each also read from `LPROBE_NAME`.
pub const GENERAL: [Opt; 5] = [
    opt("timeout", One("DURATION"), "for everything: 500ms, 1.5s, 2m [default: 1s]"),
    opt("wait", One("DURATION"), "retry until healthy, for so long at most"),
    opt("max-latency", One("DURATION"), "slower is unhealthy"),
    opt("ipv6", Nothing, "take localhost for [::1] alone"),
    opt("verbose", Nothing, "or -v: say how long each probe took"),
];

/// For `http://` and `https://`.
pub const HTTP: [Opt; 5] = [
    opt("http-codes", One("LIST"), "healthy: 200,301-303 [default: 200-299]"),
    opt("method", One("METHOD"), "GET, HEAD, OPTIONS, POST, with no body"),
    opt("header", Many("NAME: VALUE"), "send a header, Host if you like"),
    opt("basic-auth", One("USER:PASSWORD"), "send basic authentication"),
    opt("contains", Many("TEXT"), "the body's first 64 KiB have it"),
];

/// For them and for gRPC.
pub const REQUEST: [Opt; 2] =
    [opt("user-agent", One("TEXT"), "instead of lprobe/VERSION"), opt("unix-socket", One("PATH"), "connect there")];

/// For `tcp://`, `unix://` and `udp://`.
pub const EXCHANGE: [Opt; 2] = [
    opt("send", One("TEXT"), "with \\r \\n \\t \\0 \\xHH \\\\ for bytes"),
    opt("expect", Many("TEXT"), "in the reply's first 4 KiB; one is enough"),
];

/// For `http://` and `https://`, in the full build.
pub const HTTP2: [Opt; 1] = [opt("http2", Nothing, "speak HTTP/2, as h2c or by ALPN")];

/// For `https://` and `grpcs://`, in the full build.
pub const TLS: [Opt; 6] = [
    opt("tls-ca-cert", One("FILE"), "trust these certificates, not the system's"),
    opt("tls-client-cert", One("FILE"), "show this certificate, with its chain"),
    opt("tls-client-key", One("FILE"), "its key: PKCS#8, PKCS#1 or SEC1"),
    opt("tls-server-name", One("NAME"), "verify the certificate for NAME"),
    opt("tls-no-verify", Nothing, "trust any certificate"),
    opt("spiffe", Nothing, "certificates by SPIFFE_ENDPOINT_SOCKET"),
];

/// For `grpc://` and `grpcs://`, in the full build.
pub const GRPC: [Opt; 4] = [
    opt("service", One("NAME"), "to check [default: the server as a whole]"),
    opt("rpc-header", Many("NAME: VALUE"), "send metadata; base64 is made for -bin"),
    opt("rpc-timeout", One("DURATION"), "for the call; the server is told"),
    opt("gzip", Nothing, "compress messages, both ways"),
];

/// The flags of FivexL's lprobe and of grpc_health_probe that stand in place of a target, or have another name here.
pub const FOREIGN: [Opt; 5] = [
    opt("mode", One("MODE"), "FivexL's: http"),
    opt("port", One("PORT"), "FivexL's: a port of localhost [default: 8080]"),
    opt("endpoint", One("PATH"), "FivexL's: a path [default: /]"),
    opt("url", One("URL"), "FivexL's: a target"),
    opt("connect-timeout", One("DURATION"), "FivexL's: --timeout"),
];

/// More of them, in the full build.
pub const FOREIGN_FULL: [Opt; 3] = [
    opt("addr", One("HOST:PORT"), "grpc_health_probe's: a gRPC target, or unix:PATH"),
    opt("tls", Nothing, "Both: TLS"),
    opt("alts", Nothing, "Both: Google's ALTS; refused"),
];

/// All of lprobe's own that this build serves.
pub fn own() -> impl Iterator<Item = &'static Opt> {
    const GROUPS: &[&[Opt]] = match cfg!(feature = "full") {
        true => &[&GENERAL, &HTTP, &HTTP2, &REQUEST, &EXCHANGE, &TLS, &GRPC],
        false => &[&GENERAL, &HTTP, &REQUEST, &EXCHANGE],
    };
    GROUPS.iter().copied().flatten()
}

/// The other tools' that this build serves.
pub fn foreign() -> impl Iterator<Item = &'static Opt> {
    const GROUPS: &[&[Opt]] = if cfg!(feature = "full") { &[&FOREIGN, &FOREIGN_FULL] } else { &[&FOREIGN] };
    GROUPS.iter().copied().flatten()
}

/// All that only the full build serves: another refuses them by name.
pub fn full() -> impl Iterator<Item = &'static Opt> {
    const GROUPS: [&[Opt]; 4] = [&HTTP2, &TLS, &GRPC, &FOREIGN_FULL];
    GROUPS.into_iter().flatten()
}

//! The table of options. The help, the man page, the completions, the variables, the error messages and docs/flags.md
//! are derived from it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::FULL;
use crate::target::scheme::{Kind, Scheme};

/// An option.
#[derive(Debug)]
pub struct Opt {
    /// The long name, without its dashes.
    pub name: &'static str,
    /// The letter of its short form.
    pub short: Option<char>,
    /// What it applies to.
    pub group: Group,
    /// How often it may be given.
    pub takes: Takes,
    /// The name of its value, or the allowed values, separated by `|`; empty if it takes none.
    pub value: &'static str,
    /// Whether its value may be a secret, which no message shows.
    pub is_secret: bool,
    /// Whether its value may be `@FILE`, which reads it from a file.
    pub from_file: bool,
    /// Whether most people need it, so that `-h` shows it.
    pub is_common: bool,
    /// Whether only the full build has it.
    pub full: bool,
    /// Its description in the help.
    pub help: &'static str,
}

/// How often an option may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Once, without a value: `--ipv6`, or `--ipv6=false` as with Go's flags.
    Nothing,
    /// Once, with a value.
    One,
    /// Any number of times, each with a value.
    Many,
}

/// What an option applies to. The help shows the groups in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The whole run, whatever its targets are.
    Run,
    /// Any target.
    Target,
    /// Targets with a host.
    Host,
    /// HTTP and FastCGI targets.
    Answer,
    /// HTTP targets.
    Http,
    /// HTTP and gRPC targets.
    Request,
    /// Targets with a host that a stream leads to.
    Stream,
    /// Targets that exchange bytes.
    Exchange,
    /// Targets over TLS.
    Tls,
    /// gRPC targets.
    Grpc,
    /// An option that is a command, or that splits the command line. It has no variable.
    Command,
    /// A flag of other tools, which has no variable.
    OtherTool,
}

use Takes::{Many, Nothing, One};

const fn opt(group: Group, name: &'static str, takes: Takes, value: &'static str, help: &'static str) -> Opt {
    let (short, is_secret, from_file, is_common, full) = (None, false, false, false, false);
    Opt { name, short, group, takes, value, is_secret, from_file, is_common, full, help }
}

const fn common(opt: Opt) -> Opt {
    Opt { is_common: true, ..opt }
}

const fn secret(opt: Opt) -> Opt {
    Opt { is_secret: true, ..opt }
}

/// A secret that may stand in a file.
const fn from_file(opt: Opt) -> Opt {
    Opt { from_file: true, ..secret(opt) }
}

const fn full(opt: Opt) -> Opt {
    Opt { full: true, ..opt }
}

/// lprobe's own options, and the flags that several other tools have.
pub static OPTIONS: [Opt; 40] = [
    common(opt(Group::Run, "timeout", One, "DURATION", "time for each attempt: 500ms, 1.5s [default: 1s]")),
    common(opt(Group::Run, "wait", One, "DURATION", "retry until healthy, for this long at most")),
    opt(Group::Run, "watch", One, "DURATION", "once healthy, go on checking for this long"),
    opt(Group::Run, "every", One, "DURATION", "with --watch, how often to check [default: 1s]"),
    opt(Group::Run, "retries", One, "N", "with --watch, how many failures in a row to forgive"),
    common(Opt { short: Some('v'), ..opt(Group::Run, "verbose", Nothing, "", "say how long each probe took") }),
    opt(Group::Target, "max-latency", One, "DURATION", "a healthy answer that takes longer is unhealthy"),
    opt(Group::Host, "ipv4", Nothing, "", "localhost means 127.0.0.1 only"),
    opt(Group::Host, "ipv6", Nothing, "", "localhost means [::1] only"),
    common(opt(Group::Answer, "http-codes", One, "LIST", "healthy statuses: 200,301-303 [default: 200-299]")),
    common(secret(opt(Group::Answer, "contains", Many, "TEXT", "the body's first 64 KiB have the text"))),
    secret(opt(Group::Answer, "contains-any", Many, "TEXT", "the body has one of these texts")),
    secret(opt(Group::Answer, "lacks", Many, "TEXT", "the body does not have the text")),
    full(secret(opt(Group::Answer, "json", Many, "POINTER=VALUE", "the body is JSON with a value: /status=UP"))),
    common(from_file(opt(Group::Http, "header", Many, "NAME: VALUE", "send a header; @FILE reads it from a file"))),
    from_file(opt(Group::Http, "basic-auth", One, "USER:PASSWORD", "send basic authentication; or @FILE")),
    opt(Group::Http, "method", One, "GET|HEAD|OPTIONS|POST|PUT", "the method [default: GET, or POST with --data]"),
    from_file(opt(Group::Http, "data", One, "TEXT", "send this body, by POST or PUT; or @FILE")),
    opt(Group::Http, "follow", Nothing, "", "follow up to 10 redirects inside the container"),
    full(opt(Group::Http, "http2", Nothing, "", "speak HTTP/2: h2c, or by ALPN over TLS")),
    secret(opt(Group::Request, "user-agent", One, "TEXT", "send this user agent instead of lprobe/VERSION")),
    common(opt(Group::Stream, "unix-socket", One, "PATH", "connect to this Unix socket, not to the host")),
    common(secret(opt(Group::Exchange, "send", One, "TEXT", "send this first; \\r \\n \\t \\0 \\xHH \\\\ are bytes"))),
    common(secret(opt(Group::Exchange, "expect", Many, "TEXT", "the reply's first 4 KiB have one of these texts"))),
    common(full(opt(Group::Tls, "tls-ca-cert", One, "FILE", "trust these authorities, not the system's"))),
    common(full(opt(Group::Tls, "tls-no-verify", Nothing, "", "trust any certificate"))),
    full(opt(Group::Tls, "tls-client-cert", One, "FILE", "show this certificate, with its chain")),
    full(opt(Group::Tls, "tls-client-key", One, "FILE", "its private key: PKCS#8, PKCS#1 or SEC1")),
    full(opt(Group::Tls, "tls-server-name", One, "NAME", "verify the certificate for NAME, and send it as SNI")),
    full(opt(Group::Tls, "spiffe", Nothing, "", "get certificates by SPIFFE_ENDPOINT_SOCKET")),
    full(opt(Group::Grpc, "service", One, "NAME", "the service to check [default: the whole server]")),
    full(from_file(opt(
        Group::Grpc,
        "rpc-header",
        Many,
        "NAME: VALUE",
        "send metadata; the value of NAME-bin in base64",
    ))),
    full(opt(Group::Grpc, "rpc-timeout", One, "DURATION", "time limit of the call, also sent to the server")),
    full(opt(Group::Grpc, "gzip", Nothing, "", "compress messages, both ways")),
    opt(Group::Command, "next", Nothing, "", "begin a group of targets with options of its own"),
    common(Opt { short: Some('h'), ..opt(Group::Command, "help", Nothing, "", "all options; -h: the common ones") }),
    Opt { short: Some('V'), ..opt(Group::Command, "version", Nothing, "", "print the version") },
    opt(Group::OtherTool, "connect-timeout", One, "DURATION", "as --timeout; for gRPC, to connect [1s]"),
    full(opt(Group::OtherTool, "tls", Nothing, "", "speak TLS")),
    full(opt(Group::OtherTool, "alts", Nothing, "", "not supported: Google's ALTS")),
];

/// The option `-h`, which shows less than `--help`.
pub static SHORT_HELP: Opt = Opt { short: Some('h'), ..opt(Group::Command, "h", Nothing, "", "") };

/// Returns the name of a flag, with one dash or two, and with a value or without.
pub fn flag_name(argument: &OsStr) -> Option<&[u8]> {
    let flag = argument.as_bytes().strip_prefix(b"-")?;
    flag.strip_prefix(b"-").unwrap_or(flag).split(|&byte| byte == b'=').next()
}

impl Opt {
    /// Makes another tool's flag, which takes a value.
    pub const fn other_tool(name: &'static str, value: &'static str, help: &'static str) -> Self {
        opt(Group::OtherTool, name, One, value, help)
    }

    /// Makes another tool's flag that only the full build has.
    pub const fn other_tool_full(name: &'static str, value: &'static str, help: &'static str) -> Self {
        full(Self::other_tool(name, value, help))
    }

    /// Returns whether a flag of this name, without its dashes, is the option. A long flag may have one dash, so that
    /// `--v` must equal `-v`.
    pub fn is_named(&self, name: &[u8], has_one_dash: bool) -> bool {
        match name {
            [letter] => self.short == Some(char::from(*letter)) && (has_one_dash || *letter == b'v'),
            long => long == self.name.as_bytes(),
        }
    }

    /// Returns the name with its dashes.
    pub fn dashed(&self) -> String {
        [if self.name.len() == 1 { "-" } else { "--" }, self.name].concat()
    }

    /// Returns whether the full build has the option, or else the small build.
    pub fn is_in(&self, full: bool) -> bool {
        full || !self.full
    }

    /// Returns whether this build has the option.
    pub fn is_available(&self) -> bool {
        self.is_in(FULL)
    }

    /// Returns whether the option has a variable, in a build that has the option.
    pub fn has_variable(&self) -> bool {
        !matches!(self.group, Group::Command | Group::OtherTool)
    }
}

impl Group {
    /// The groups in the order of the help, with their titles there.
    pub const TITLES: [(Self, &'static str); 12] = [
        (Self::Run, "For the whole run"),
        (Self::Target, "For any target"),
        (Self::Host, "For targets with a host"),
        (Self::Answer, "For HTTP and FastCGI"),
        (Self::Http, "For HTTP"),
        (Self::Request, "For HTTP and gRPC"),
        (Self::Stream, "For HTTP, gRPC, FastCGI, tcp:// and services"),
        (Self::Exchange, "For tcp://, unix:// and udp://"),
        (Self::Tls, "For TLS"),
        (Self::Grpc, "For gRPC"),
        (Self::Command, "Other"),
        (Self::OtherTool, "With other tools' flags"),
    ];

    /// Returns whether its options apply to targets of this scheme.
    pub fn applies_to(self, scheme: &Scheme) -> bool {
        match self {
            Self::Host => scheme.has_host(),
            Self::Answer => matches!(scheme.kind, Kind::Http | Kind::Fcgi),
            Self::Http => matches!(scheme.kind, Kind::Http),
            Self::Request => matches!(scheme.kind, Kind::Http | Kind::Grpc),
            Self::Stream => {
                matches!(scheme.kind, Kind::Http | Kind::Fcgi | Kind::Grpc | Kind::Tcp | Kind::Service(_))
            }
            Self::Exchange => matches!(scheme.kind, Kind::Tcp | Kind::Unix | Kind::Udp),
            Self::Tls => scheme.tls,
            Self::Grpc => matches!(scheme.kind, Kind::Grpc),
            Self::Run | Self::Target | Self::Command | Self::OtherTool => true,
        }
    }
}

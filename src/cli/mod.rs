//! Arguments into a [`Plan`]. clap takes them apart by the one list in `options`; what each must look like is read
//! here, so that every refusal is one line that names the argument.

mod arguments;
mod command;
mod escape;
pub mod expand;
mod foreign;
#[cfg(feature = "full")]
mod grpc;
mod http;
pub mod options;
#[cfg(feature = "full")]
mod tls;
mod variables;

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display};
use std::path::PathBuf;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::duration;
use crate::plan::{Exchange, Plan};
use crate::target::{Target, socket_path};
use arguments::Arguments;
use options::Opt;
use variables::{Variables, variable};

/// Rendered from `options` by the build script: clap's help and usage code would be in the binary otherwise.
const HELP: &str = include_str!(concat!(env!("OUT_DIR"), "/help.txt"));

/// So the list of options leaves its texts out of the binary.
const HELP_TEXTS: bool = false;

#[cfg(not(feature = "full"))]
const VERSION: &str = concat!("lprobe ", env!("CARGO_PKG_VERSION"), "\n");
#[cfg(feature = "full")]
const VERSION: &str = concat!("lprobe ", env!("CARGO_PKG_VERSION"), " (full)\n");

const TIMEOUT: Duration = Duration::from_secs(1);

/// What the arguments ask for.
#[derive(Debug)]
pub enum Command {
    /// A probe.
    Probe(Box<Plan>),
    /// A copy of the program at this path.
    Install(PathBuf),
    /// A text for stdout.
    Print(&'static str),
}

/// Why nothing can be done with the arguments: one line, safe to print.
#[derive(Debug)]
pub struct BadUsage(String);

/// Understands the arguments that follow the program's name.
///
/// # Errors
///
/// The first thing that is wrong with them.
pub fn parse(arguments: Vec<OsString>) -> Result<Command, BadUsage> {
    command(arguments).map_err(|BadUsage(problem)| match Variables::new().misspelt() {
        Some(misspelt) => BadUsage(format!("{problem} ({misspelt})")),
        None => BadUsage(problem),
    })
}

fn command(arguments: Vec<OsString>) -> Result<Command, BadUsage> {
    if let Some(path) = install(&arguments)? {
        return Ok(Command::Install(path));
    }
    let arguments = Arguments::new(arguments)?;
    if arguments.asks_for("help") {
        return Ok(Command::Print(HELP));
    }
    if arguments.asks_for("version") {
        return Ok(Command::Print(VERSION));
    }
    plan(&arguments).map(|plan| Command::Probe(Box::new(plan)))
}

/// The path of `lprobe install PATH`.
fn install(arguments: &[OsString]) -> Result<Option<PathBuf>, BadUsage> {
    match arguments {
        [install, path] if install == "install" && !path.is_empty() && !path.as_encoded_bytes().starts_with(b"-") => {
            let refuse = |error| BadUsage(format!("install {}: {error}", Quoted(path)));
            Ok(Some(expand::expand(path, variable).map_err(refuse)?.into()))
        }
        [install, ..] if install == "install" => Err(BadUsage("expected lprobe install PATH".into())),
        _ => Ok(None),
    }
}

fn plan(arguments: &Arguments) -> Result<Plan, BadUsage> {
    let connect_timeout = foreign::timeout(arguments)?;
    let timeout = arguments.one("timeout", duration::parse)?;
    let wait = arguments.one("wait", duration::parse)?;
    let max_latency = arguments.one("max-latency", duration::parse)?;
    let verbose = arguments.flag("verbose")?;
    let unix_socket = unix_socket(arguments)?;
    let http = http::http(arguments)?;
    let exchange = Exchange {
        send: arguments.one("send", escape::unescape)?.unwrap_or_default(),
        expect: arguments.many("expect", escape::unescape_some)?,
    };
    #[cfg(feature = "full")]
    let grpc = grpc::grpc(arguments)?;
    let targets = targets(arguments)?;
    #[cfg(feature = "full")]
    let connect_timeout = Some(connect_timeout.unwrap_or(TIMEOUT) + grpc::time_for_calls(&grpc, &targets));
    let plan = Plan {
        timeout: timeout.or(connect_timeout).unwrap_or(TIMEOUT),
        wait,
        max_latency,
        unix_socket,
        verbose,
        http,
        exchange,
        #[cfg(feature = "full")]
        grpc,
        #[cfg(feature = "full")]
        tls: tls::tls(arguments, &targets)?,
        targets,
        variables: arguments.variables.names(),
    };
    refuse_useless(arguments, &plan)?;
    Ok(plan)
}

fn targets(arguments: &Arguments) -> Result<Vec<Target>, BadUsage> {
    let mut targets = match foreign::target(arguments)? {
        Some(target) => vec![target],
        None => arguments.many("target", str::parse)?,
    };
    if targets.is_empty() {
        return Err(BadUsage("no target; try lprobe http://localhost:8080/ or lprobe --help".into()));
    }
    if arguments.flag("ipv6")? {
        let over_ipv6 = |target: Target| target.over_ipv6().map_err(|error| BadUsage(format!("--ipv6: {error}")));
        targets = targets.into_iter().map(over_ipv6).collect::<Result<_, _>>()?;
    }
    #[cfg(feature = "full")]
    grpc::name_services(arguments, &mut targets)?;
    Ok(targets)
}

fn unix_socket(arguments: &Arguments) -> Result<Option<PathBuf>, BadUsage> {
    #[cfg(feature = "full")]
    if let Some(path) = foreign::unix_socket(arguments)? {
        return Ok(Some(path));
    }
    arguments.one("unix-socket", socket_path)
}

/// An option that no target heeds would be a check that is not made. (A variable may be meant for other probes.)
fn refuse_useless(arguments: &Arguments, plan: &Plan) -> Result<(), BadUsage> {
    const REQUESTS: &str = if cfg!(feature = "full") { "http:// and grpc://" } else { "http://" };
    let needs = |group: &[Opt], heeded: fn(&Target) -> bool, kinds: &str| {
        for option in group {
            if arguments.asked(option)? && !plan.targets.iter().any(heeded) {
                return Err(BadUsage(format!("--{} is for {kinds}, and there is no such target", option.name)));
            }
        }
        Ok(())
    };
    needs(&options::HTTP, Target::is_http, "http://")?;
    needs(&options::REQUEST, Target::makes_requests, REQUESTS)?;
    #[cfg(feature = "full")]
    {
        needs(&options::HTTP2, Target::is_http, "http:// and https://")?;
        needs(&options::TLS, Target::over_tls, "https:// and grpcs://")?;
        needs(&options::GRPC, Target::is_grpc, "grpc:// and grpcs://")?;
    }
    needs(&options::EXCHANGE, Target::exchanges, "tcp://, unix:// and udp://")?;
    if arguments.given("ipv6") && arguments.flag("ipv6")? && !plan.targets.iter().any(Target::has_host) {
        return Err(BadUsage("--ipv6 is for targets with a host, and there is no such target".into()));
    }
    if plan.max_latency.is_some_and(|limit| limit >= plan.timeout) {
        return Err(BadUsage("--max-latency is not below --timeout, so it would never tell".into()));
    }
    let udp = plan.targets.iter().any(|target| matches!(target, Target::Udp { .. }));
    if udp && (plan.exchange.send.is_empty() || plan.exchange.expect.is_empty()) {
        return Err(BadUsage("udp:// needs --send and --expect: without a reply there is nothing to tell".into()));
    }
    Ok(())
}

/// An argument as it may be printed: in quotes, escaped, and cut where it is long.
struct Quoted<'a>(&'a OsStr);

impl Display for Quoted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 200;
        let bytes = self.0.as_encoded_bytes();
        match bytes.get(..LONGEST) {
            Some(beginning) if bytes.len() > LONGEST => write!(out, "\"{}...\"", beginning.escape_ascii()),
            _ => write!(out, "\"{}\"", bytes.escape_ascii()),
        }
    }
}

impl From<clap::Error> for BadUsage {
    fn from(error: clap::Error) -> Self {
        let argument = named(error.get(ContextKind::InvalidArg));
        Self(match error.kind() {
            ErrorKind::UnknownArgument => {
                // What is glued to a flag, as to curl's -H, may be a secret.
                let flag = argument.find(|part: char| !part.is_ascii_alphanumeric() && part != '-');
                let shown = format!(
                    "{}{}",
                    &argument[..flag.unwrap_or(argument.len())],
                    if flag.is_some() { "..." } else { "" }
                );
                let shown = Quoted(OsStr::new(&shown)).to_string();
                match named(error.get(ContextKind::SuggestedArg)) {
                    similar if similar.is_empty() => format!("unexpected argument {shown}; see lprobe --help"),
                    similar => format!("unexpected argument {shown}; is {similar} meant?"),
                }
            }
            ErrorKind::InvalidValue => format!("{argument} needs a value"),
            ErrorKind::TooManyValues => format!("{argument} takes no value"),
            ErrorKind::ArgumentConflict => match named(error.get(ContextKind::PriorArg)) {
                prior if prior == argument => format!("{argument} can be given once only"),
                _ => format!("{argument} goes with no other argument"),
            },
            kind => format!("{argument}: {kind}"),
        })
    }
}

/// What clap calls an argument, `--port <PORT>`, without what it takes.
fn named(argument: Option<&ContextValue>) -> String {
    match argument {
        Some(ContextValue::String(name)) => name.split_once(" <").map_or(&**name, |(name, _)| name).into(),
        _ => String::new(),
    }
}

impl Display for BadUsage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for BadUsage {}

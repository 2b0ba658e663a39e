//! Renders what is made from the list of options: --help, so that the binary carries a text and not the code that lays
//! it out, and the man page and shell completions, which `make dist` takes from OUT_DIR.

use std::path::Path;
use std::{env, fs, io};

use clap::{Arg, ArgAction, Command, ValueHint};
use clap_complete::{Shell, generate_to};
use clap_mangen::Man;
use options::{EXCHANGE, GENERAL, GRPC, HTTP, HTTP2, Opt, REQUEST, TLS, Takes, foreign, full, own};

#[path = "src/cli/options.rs"]
mod options;

/// Unlike the binary, this wants them.
const HELP_TEXTS: bool = true;

const EXAMPLES: &str = "  lprobe http://localhost:8080/healthz    or, for short, lprobe :8080/healthz
  lprobe tcp://localhost:5432
  lprobe -port=8080 -endpoint=/healthz    as with FivexL's lprobe
";

/// The man page's sections behind the options.
const MORE: &str = ".SH EXIT STATUS
0 when every target is healthy, 1 for everything else. One line on stderr for each unhealthy target says why.
.SH ENVIRONMENT
Each option is also read from a variable: LPROBE_HTTP_CODES for \\-\\-http\\-codes, and LPROBE_TARGET for targets,
with spaces between. The command line wins.
";

/// The program's name: each build has a man page and completions of its own.
const NAME: &str = if cfg!(feature = "full") { "lprobe-full" } else { "lprobe" };

#[cfg(feature = "full")]
const TARGETS: &str = "\
Probes its own container, all targets at once: exit 0 all healthy, 1 not.
  http(s)://[HOST][:PORT][/PATH]  grpc(s)://[HOST]:PORT[/SERVICE]  unix:///PATH
  tcp://[HOST]:PORT  udp://[HOST]:PORT  file:///PATH?max-age=30s
  redis:// postgres:// mysql:// amqp://[HOST][:PORT]
HOST is localhost or an address of this container. ${NAME:-default} expands;
each option is also a variable, as LPROBE_TIMEOUT is --timeout.
";

#[cfg(not(feature = "full"))]
const TARGETS: &str = "\
Probes its own container, all targets at once: exit 0 all healthy, 1 not.
  http://[HOST][:PORT][/PATH]  tcp://[HOST]:PORT  udp://[HOST]:PORT unix:///PATH
  redis:// postgres:// mysql:// amqp://[HOST][:PORT]  file:///PATH?max-age=30s
HOST is localhost or an address of this container. ${NAME:-default} expands;
each option is also a variable, as LPROBE_TIMEOUT is --timeout.
";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=src/cli/options.rs");
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let out = Path::new(&out);
    fs::write(out.join("help.txt"), help())?;

    let mut command = shown();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut command, NAME, out)?;
    }
    let man = Man::new(command);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    let verbatim = |text: &str| format!(".nf\n{}.fi\n", text.replace('\\', "\\e").replace('-', "\\-"));
    page.extend(format!(".SH DESCRIPTION\n{}", verbatim(TARGETS)).bytes());
    man.render_options_section(&mut page)?;
    page.extend(format!("{MORE}{}.SH EXAMPLES\n{}", other_tools(), verbatim(EXAMPLES)).bytes());
    fs::write(out.join(format!("{NAME}.1")), page)
}

/// The man page's section on the flags that are not lprobe's own.
fn other_tools() -> String {
    let mut section = ".SH OTHER TOOLS\nFlags of FivexL's lprobe, with one dash or two:\n".to_owned();
    for Opt { name, help, .. } in foreign() {
        section += &format!(".TP\n{}\n{help}\n", format!("--{name}").replace('-', "\\-"));
    }
    if cfg!(feature = "full") {
        return section;
    }
    let full: Vec<_> = full().map(|option| format!("--{}", option.name).replace('-', "\\-")).collect();
    section + &format!(".PP\nThose for TLS and gRPC take lprobe\\-full: {}.\n", full.join(", "))
}

/// The command line as a shell or a reader should see it: without what this build refuses and what has a better name,
/// and with what each option takes.
fn shown() -> Command {
    let mut command = Command::new(NAME)
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .about("probe the service in this container, and exit 0 or 1")
        .arg(Arg::new("target").value_name("TARGET").num_args(0..).value_hint(ValueHint::Other));
    for Opt { name, takes, help } in own() {
        let argument = Arg::new(*name).long(*name).help(*help);
        let hint = match takes {
            Takes::One("PATH" | "FILE") => ValueHint::FilePath,
            _ => ValueHint::Other,
        };
        // A colon in a value's name would end it in zsh.
        let valued = |value: &str| argument.clone().value_name(value.replace(':', "")).value_hint(hint);
        let argument = match takes {
            Takes::Nothing => argument.action(ArgAction::SetTrue),
            Takes::One(value) => valued(value),
            Takes::Many(value) => valued(value).action(ArgAction::Append),
        };
        command = command.arg(match *name {
            "method" => argument.value_parser(["GET", "HEAD", "OPTIONS", "POST"]).hide_possible_values(true),
            "verbose" => argument.short('v'),
            _ => argument,
        });
    }
    command
        .arg(Arg::new("help").long("help").short('h').action(ArgAction::SetTrue).help("print a screen of help"))
        .arg(Arg::new("version").long("version").short('V').action(ArgAction::SetTrue).help("print the version"))
}

/// One screen of 80 columns and 24 lines, or 36 in the full build.
fn help() -> String {
    let groups: &[(&str, &[&[Opt]])] = match cfg!(feature = "full") {
        true => &[
            ("ALL", &[&GENERAL]),
            ("HTTP", &[&HTTP, &HTTP2, &REQUEST]),
            ("GRPC", &[&GRPC]),
            ("TLS", &[&TLS]),
            ("SOCKET", &[&EXCHANGE]),
        ],
        false => &[("ALL", &[&GENERAL]), ("HTTP", &[&HTTP, &REQUEST]), ("SOCKET", &[&EXCHANGE])],
    };
    let mut help = EXAMPLES.to_owned() + TARGETS;
    for (label, group) in groups {
        for (index, Opt { name, takes, help: text }) in group.iter().copied().flatten().enumerate() {
            let label = if index == 0 { label } else { "" };
            let value = match takes {
                Takes::Nothing => String::new(),
                Takes::One(value) | Takes::Many(value) => format!(" {value}"),
            };
            help += &format!("{label:7}{:28}{text}\n", format!("--{name}{value}"));
        }
    }
    help + "       -h, --help                  this; -V, --version: the version\n"
        + "       install PATH                copy this program to PATH\n"
}

//! Renders what is made from the list of options: --help, so that the binary carries a text and not the code that lays
//! it out, and the man page and shell completions, which `make dist` takes from OUT_DIR.

use std::path::Path;
use std::{env, fs, io};

use clap_complete::{Shell, generate_to};
use options::{EXCHANGE, GENERAL, HTTP, Opt, Takes};

#[path = "src/cli/options.rs"]
mod options;

/// Unlike the binary, this wants them.
const HELP_TEXTS: bool = true;

const EXAMPLES: &str = "  lprobe http://localhost:8080/healthz    or, for short, lprobe :8080/healthz
  lprobe tcp://localhost:5432
  lprobe -port=8080 -endpoint=/healthz    as with FivexL's lprobe
";

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

    let mut command = options::command().about("Probes its own container, and exits 0 or 1").after_help(TARGETS);
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut command, "lprobe", out)?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    fs::write(out.join("lprobe.1"), page)
}

/// One screen of 80 columns and 24 lines.
fn help() -> String {
    let mut help = EXAMPLES.to_owned() + TARGETS;
    for (label, group) in [("ALL", &GENERAL[..]), ("HTTP", &HTTP), ("SOCKET", &EXCHANGE)] {
        for (index, Opt { name, takes, help: text }) in group.iter().enumerate() {
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

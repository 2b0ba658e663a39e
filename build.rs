//! Renders --help from the list of options, so that the binary carries a text and not the code that lays it out.

use std::path::Path;
use std::{env, fs};

use clap::Arg;

#[path = "src/cli/options.rs"]
mod options;

const BEFORE: &str = "\
Asks the service in its own container whether it is well: exit 0 healthy, 1 not.

  lprobe http://localhost:8080/healthz
  lprobe tcp://localhost:5432
  lprobe :8080/healthz                  short for the first

Targets:
  http://[HOST][:PORT][/PATH][?QUERY]   an HTTP answer with a healthy status
  tcp://[HOST]:PORT                     the connection opens
HOST is localhost (127.0.0.1, then [::1]) or an address of this container.";

const AFTER: &str = "\
FivexL's spelling works too: lprobe -port=8080 -endpoint=/healthz";

fn main() {
    println!("cargo::rerun-if-changed=src/cli/options.rs");
    let help = options::command()
        .about(BEFORE)
        .override_usage("lprobe [OPTIONS] TARGET")
        .after_help(AFTER)
        .render_help()
        .to_string();
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("help.txt"), help.trim_end().to_owned() + "\n").expect("OUT_DIR can be written");
}

fn described(argument: Arg, text: &'static str) -> Arg {
    argument.help(text)
}

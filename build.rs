//! Renders --help from the list of options, so that the binary carries a text and not the code that lays it out.

use std::path::Path;
use std::{env, fs};

use clap::Arg;

#[path = "src/cli/options.rs"]
mod options;

fn main() {
    println!("cargo::rerun-if-changed=src/cli/options.rs");
    let help = options::command().override_usage("lprobe [OPTIONS] TARGET").render_help().to_string();
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("help.txt"), help).expect("OUT_DIR can be written");
}

fn described(argument: Arg, text: &'static str) -> Arg {
    argument.help(text)
}

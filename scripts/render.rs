//! Renders what is derived from the lists of schemes, options and personalities: `render files DIR` the man page and the
//! shell completions of both builds, `render docs` the blocks of the pages that say "make docs", `render dictionary` the
//! words that fuzzing should know.

use std::path::Path;
use std::{env, fs, io};

use clap::{Arg, ArgAction, Command, ValueHint};
use clap_complete::{Shell, generate_to};
use clap_mangen::Man;
use lprobe::door::{SCHEMES, help, options, pages, personality::PERSONALITIES};
use options::{Group, OPTIONS, Opt, SHARED_FLAGS, Takes};

/// The man page's sections behind the options.
const MORE: &str = ".SH EXIT STATUS
0 when every target is healthy, 1 for everything else. One line on stderr for each unhealthy target says why.
.SH EXAMPLES
.nf
lprobe http://localhost:8080/healthz
lprobe :8080/healthz
lprobe \\-\\-http\\-codes 204 :8080/a \\-\\-next \\-\\-contains UP :9090/b
lprobe \\-port=8080 \\-endpoint=/healthz
.fi
";

fn main() -> io::Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["files", folder] => [("lprobe", false), ("lprobe-full", true)]
            .into_iter()
            .try_for_each(|(name, full)| files(Path::new(folder), name, full)),
        ["docs"] => docs(),
        ["dictionary"] => {
            dictionary();
            Ok(())
        }
        _ => Err(io::Error::other("expected render files DIR, render docs or render dictionary")),
    }
}

/// Writes the man page and the completions of a build.
fn files(folder: &Path, name: &'static str, full: bool) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut command = command(name, full);
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut command, name, folder)?;
    }
    let man = Man::new(command);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    let help = help::long(full).replace('\\', "\\e").replace('-', "\\-").replace("\n.", "\n\\&.");
    page.extend(format!(".SH DESCRIPTION\n.nf\n{help}.fi\n{MORE}").bytes());
    fs::write(folder.join(format!("{name}.1")), page)
}

/// Returns the command line as a shell should see it: without what a build refuses and what has a better name, and with
/// what each option takes.
fn command(name: &'static str, full: bool) -> Command {
    let own = OPTIONS.iter().filter(|option| option.is_in(full) && option.group != Group::OtherTool);
    Command::new(name)
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .about("probe the service in this container, and exit 0 or 1")
        .arg(Arg::new("target").value_name("TARGET").num_args(0..).value_hint(ValueHint::Other))
        .args(own.map(argument))
}

fn argument(option: &'static Opt) -> Arg {
    let argument = Arg::new(option.name).long(option.name).help(option.help);
    let hint = match option.value {
        "PATH" | "FILE" => ValueHint::FilePath,
        _ => ValueHint::Other,
    };
    // A colon in a value's name would end it in zsh.
    let valued = |value: &str| argument.clone().value_name(value.replace(':', "")).value_hint(hint);
    let argument = match option.takes {
        Takes::Nothing => argument.action(ArgAction::SetTrue),
        Takes::One => valued(option.value),
        Takes::Many => valued(option.value).action(ArgAction::Append),
    };
    let argument = match option.value.contains('|') {
        true => {
            let values: Vec<_> = option.value.split('|').collect();
            argument.value_name("").value_parser(values).hide_possible_values(true)
        }
        false => argument,
    };
    match option.short {
        Some(letter) => argument.short(letter),
        None => argument,
    }
}

/// Brings the blocks of the pages up to date.
fn docs() -> io::Result<()> {
    for (path, render) in pages::PAGES {
        let page = fs::read_to_string(path)?;
        fs::write(
            path,
            pages::with_block(&page, &render()).ok_or_else(|| io::Error::other(format!("{path} has no block")))?,
        )?;
    }
    Ok(())
}

/// Prints every option and scheme, as libFuzzer's dictionaries have words.
fn dictionary() {
    let flags = PERSONALITIES.iter().flat_map(|personality| personality.flags);
    for option in OPTIONS.iter().chain(&SHARED_FLAGS).chain(flags) {
        println!("\"--{}=\"", option.name);
    }
    for scheme in &SCHEMES {
        println!("\"{}://\"", scheme.name);
    }
    for personality in PERSONALITIES {
        println!("\"{}\"", personality.name);
    }
}

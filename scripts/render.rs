//! Renders what is derived from the lists of schemes, options and personalities: `render files DIR DATE` the man page and the
//! shell completions of both builds, `render docs` the blocks of the pages that say "make docs", `render dictionary` the
//! words that fuzzing should know.

use std::path::Path;
use std::{env, fs, io};

use clap::{Arg, ArgAction, Command, ValueHint};
use clap_complete::{Shell, generate_to};
use lprobe::door::{SCHEMES, manual, options, pages, personality::PERSONALITIES};
use options::{Group, OPTIONS, Opt, Takes};

fn main() -> io::Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["files", folder, date] => [("lprobe", false), ("lprobe-full", true)]
            .into_iter()
            .try_for_each(|(name, full)| files(Path::new(folder), name, full, date)),
        ["docs"] => docs(),
        ["dictionary"] => {
            dictionary();
            Ok(())
        }
        _ => Err(io::Error::other("expected render files DIR DATE, render docs or render dictionary")),
    }
}

/// Writes the man page and the completions of a build.
fn files(folder: &Path, name: &'static str, full: bool, date: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut command = command(name, full);
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let path = generate_to(shell, &mut command, name, folder)?;
        let completions = fs::read_to_string(&path)?;
        fs::write(path, with_install(shell, name, &completions))?;
    }
    fs::write(folder.join(format!("{name}.1")), manual::page(name, full, date))
}

/// Returns the command line as a shell should see it: without what a build refuses and what has a better name, and with
/// what each option takes.
fn command(name: &'static str, full: bool) -> Command {
    let own = OPTIONS.iter().filter(|option| option.is_in(full) && option.group != Group::OtherTool);
    Command::new(name)
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(Arg::new("target").value_name("TARGET").num_args(0..).value_hint(ValueHint::Other))
        .args(own.map(argument))
}

/// The flags of `install`, which src/cli/install.rs reads, and what each does.
const INSTALL: [(&str, &str); 4] = [
    ("--tripwire=term", "an alert also ends the container"),
    ("--seal", "a copy that makes one probe: PATH -- ARGUMENTS"),
    ("--as", "decoys, as in --as sh,ls FOLDER"),
    ("--decoy", "with --as, make decoys of curl and wget too"),
];

const ABOUT_INSTALL: &str = "copy this program, seal a copy, or write decoys";

/// Adds `install` to a shell's completions. As a subcommand of clap's, it would take the completion of options after a target
/// from zsh, and that of values after a space from fish.
fn with_install(shell: Shell, name: &str, completions: &str) -> String {
    let flags = |form: &dyn Fn(&str, &str) -> String| -> String {
        INSTALL.iter().map(|(flag, help)| form(flag, help)).collect()
    };
    match shell {
        Shell::Bash => {
            let flags = flags(&|flag, _| format!(" {flag}"));
            let function = format!("_{}", name.replace('-', "__"));
            format!(
                r#"{completions}
{function}_or_install() {{
    if [[ ${{COMP_CWORD}} -gt 1 && ${{COMP_WORDS[1]}} == install ]]; then
        COMPREPLY=( $(compgen -W "{flags}" -- "$2") )
        return
    fi
    {function} "$@"
    [[ ${{COMP_CWORD}} -gt 1 ]] || COMPREPLY+=( $(compgen -W install -- "$2") )
}}
complete -F {function}_or_install -o bashdefault -o default {name}
"#
            )
        }
        Shell::Fish => {
            let seen = format!("complete -c {name} -n '__fish_seen_subcommand_from install'");
            let flags = flags(&|flag, help| match flag.split_once('=') {
                Some((flag, value)) => {
                    format!("{seen} -l {} -d '{help}' -x -a {value}\n", flag.trim_start_matches('-'))
                }
                None => format!("{seen} -l {} -d '{help}'\n", flag.trim_start_matches('-')),
            });
            // `install` takes none of the options.
            let begin = format!("complete -c {name} ");
            assert!(completions.contains(&begin), "clap_complete writes otherwise");
            let completions =
                completions.replace(&begin, &format!("{begin}-n 'not __fish_seen_subcommand_from install' "));
            format!("{completions}complete -c {name} -n __fish_use_subcommand -a install -d '{ABOUT_INSTALL}'\n{flags}")
        }
        _ => {
            let flags = flags(&|flag, help| {
                let help = help.replace(':', "\\:");
                match flag.split_once('=') {
                    Some((flag, value)) => format!(" '{flag}=[{help}]:value:({value})'"),
                    None => format!(" '{flag}[{help}]'"),
                }
            });
            let begin = format!("_{name}() {{\n");
            let targets = "'*::target:'";
            assert!(completions.contains(&begin) && completions.contains(targets), "clap_complete writes otherwise");
            let install = format!(
                "    if (( CURRENT > 2 )) && [[ $words[2] == install ]]; then\n        _arguments{flags} '1:command:' '*:path:_files'\n\
                 \x20       return\n    fi\n"
            );
            completions.replacen(&begin, &format!("{begin}{install}"), 1).replacen(
                targets,
                &format!("'1::target:((install\\:\"{ABOUT_INSTALL}\"))' \\\n'*:target:'"),
                1,
            )
        }
    }
}

fn argument(option: &'static Opt) -> Arg {
    let argument = Arg::new(option.name).long(option.name).help(option.help);
    let hint = match option.value {
        "PATH" | "FILE" => ValueHint::FilePath,
        _ => ValueHint::Other,
    };
    // A colon would end the name in zsh.
    let valued = |value: &str| argument.clone().value_name(value.replace(':', "\\:")).value_hint(hint);
    let argument = match option.takes {
        Takes::Nothing => argument.action(ArgAction::SetTrue),
        Takes::One => valued(option.value),
        Takes::Many => valued(option.value).action(ArgAction::Append),
    };
    let argument = match option.value.contains('|') {
        true => {
            let values: Vec<_> = option.value.split('|').collect();
            argument.value_name("VALUE").value_parser(values).hide_possible_values(true)
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
    for option in OPTIONS.iter().chain(flags) {
        println!("\"--{}=\"", option.name);
    }
    for scheme in &SCHEMES {
        println!("\"{}://\"", scheme.name);
    }
    for personality in PERSONALITIES {
        println!("\"{}\"", personality.name);
    }
}

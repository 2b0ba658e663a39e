//! The texts of `-h` and `--help`, and of the man page, the completions and docs/flags.md. All of them are derived from
//! the lists of schemes, options and personalities.

use super::options::{Group, OPTIONS, Opt};
use super::personality::PERSONALITIES;
use super::personality::client::{Client, Flag};
use super::variables::variable_name;
use crate::FULL;
use crate::target::scheme::{SCHEMES, Scheme};

/// The width of a screen, in columns.
const COLUMNS: usize = 80;

/// The column in which an option's help begins.
const HELP_COLUMN: usize = 29;

const USAGE: &str = "lprobe [OPTIONS] TARGET... [--next [OPTIONS] TARGET...]...\n";

const ABOUT: &str = "Probes its own container, all targets at once: exit 0 all healthy, 1 not.\n";

const NOTES: &str = "HOST is localhost, or this container's hostname or address. ${NAME:-x} expands.\n";

/// Returns the line that `--version` prints.
pub fn version() -> String {
    format!("lprobe {}{}\n", env!("CARGO_PKG_VERSION"), if FULL { " (full)" } else { "" })
}

/// Returns the short help: what most people need, on one screen of 80 columns and 24 lines.
pub fn short(full: bool) -> String {
    let mut help = [USAGE, ABOUT].concat();
    add_forms(&mut help, full);
    help += "  :PORT[/PATH], short for http://localhost:PORT/PATH\n";
    help += NOTES;
    add_options(&mut help, full, &|option| option.is_common);
    help += "Each option is also a variable: LPROBE_TIMEOUT is --timeout. --help has more.\n";
    help
}

/// Returns the complete help, in groups.
pub fn long(full: bool) -> String {
    let mut help = [ABOUT, "\nUsage: ", USAGE].concat();
    help += "       lprobe install PATH: copy this program to PATH\n";
    help += "       lprobe install --seal PATH -- ARGUMENTS: a copy that makes this one probe\n";
    help += "       lprobe install --as sh,ls FOLDER: decoys, which raise an alert\n";
    help += "\nTargets:\n";
    for scheme in schemes(full) {
        add_columns(&mut help, &["  ", scheme.name, "://", scheme.form], scheme.healthy);
    }
    add_columns(&mut help, &["  :PORT[/PATH][?QUERY]"], "short for http://localhost:PORT/PATH");
    help += NOTES;
    for (group, title) in Group::TITLES {
        if OPTIONS.iter().any(|option| option.group == group && option.is_in(full)) {
            help += "\n";
            help += title;
            help += ":\n";
            add_options(&mut help, full, &|option| option.group == group);
        }
    }
    help += "\nEach option is also read from a variable: LPROBE_TIMEOUT for --timeout, and\n";
    help += "LPROBE_TARGET for targets, separated by spaces. The command line wins.\n";
    for personality in &PERSONALITIES[1..] {
        if let Some(client) = &personality.client {
            for part in ["\nFlags of ", client.name, ", under that name, or as lprobe ", client.name, ":\n "] {
                help += part;
            }
            add_client(&mut help, client);
            continue;
        }
        if !personality.flags.iter().any(|flag| flag.is_in(full)) {
            continue;
        }
        for part in ["\nFlags of ", personality.about, " (by them, or as lprobe ", personality.name, "):\n"] {
            help += part;
        }
        for flag in personality.flags.iter().filter(|flag| flag.is_in(full)) {
            add_option(&mut help, flag);
        }
    }
    help
}

/// Adds the flags of an HTTP client, as many on a line as it has room for.
fn add_client(help: &mut String, client: &Client) {
    let mut column = 1;
    for flag in client.flags() {
        let names = names(&flag);
        if column + 1 + names.len() > COLUMNS {
            *help += "\n ";
            column = 1;
        }
        column += 1 + names.len();
        *help += " ";
        *help += &names;
    }
    *help += "\n";
}

/// Returns the names of an HTTP client's flag, as in `-f/--fail`.
pub fn names(Flag { letter, name, .. }: &Flag) -> String {
    let mut names = String::new();
    if *letter != '-' {
        names.push('-');
        names.push(*letter);
    }
    // wget's -nv and its like have a letter alone.
    if name.len() > 1 {
        names += if names.is_empty() { "--" } else { "/--" };
        names += name;
    }
    names
}

/// Returns the table of docs/health-checks-in-the-wild.md: every flag of the HTTP clients.
pub fn clients() -> String {
    let mut table = "| client | flag | lprobe's option |\n| --- | --- | --- |\n".to_owned();
    for client in PERSONALITIES.iter().filter_map(|personality| personality.client.as_ref()) {
        for Flag { letter, takes_value, name, means } in client.flags() {
            let short = if letter == '-' { String::new() } else { format!("`-{letter}`") };
            let long = if name.len() > 1 { format!("`--{name}`") } else { String::new() };
            let comma = if short.is_empty() || long.is_empty() { "" } else { ", " };
            let value = if takes_value { " VALUE" } else { "" };
            let first = means.split(':').next().unwrap_or_default();
            let means = match means.strip_prefix("--") {
                Some(option) => format!("`--{}`", option.trim_end_matches(['=', '\0'])),
                None if OPTIONS.iter().any(|option| option.name == first) => format!("`--{first}`"),
                None if means == "no-body" => "does not read the body".into(),
                None => means.to_owned(),
            };
            table += &format!("| {} | {short}{comma}{long}{value} | {means} |\n", client.name);
        }
    }
    table
}

/// Returns the schemes that a build has.
fn schemes(full: bool) -> impl Iterator<Item = &'static Scheme> {
    SCHEMES.iter().filter(move |scheme| full || !scheme.full)
}

/// Returns the table of docs/targets.md: every scheme of either build.
pub fn targets() -> String {
    let mut table = "| target | port | build | healthy when |\n| --- | --- | --- | --- |\n".to_owned();
    for Scheme { name, form, healthy, port, full, .. } in &SCHEMES {
        let port = port.map(|port| port.to_string()).unwrap_or_default();
        let build = if *full { "full" } else { "" };
        table += &format!("| `{name}://{form}` | {port} | {build} | {healthy} |\n");
    }
    table
}

/// Returns the table of docs/flags.md: every option and flag of either build.
pub fn flags() -> String {
    let mut table = "| option | variable | build | |\n| --- | --- | --- | --- |\n".to_owned();
    let flags = PERSONALITIES.iter().flat_map(|personality| personality.flags);
    for option in OPTIONS.iter().chain(flags) {
        let short = option.short.map(|letter| format!("`-{letter}`, ")).unwrap_or_default();
        let space = if option.value.is_empty() { "" } else { " " };
        let variable = if option.has_variable() { format!("`{}`", variable_name(option.name)) } else { String::new() };
        let build = if option.full { "full" } else { "" };
        let name = format!("{short}`--{}{space}{}`", option.name, option.value.replace('|', "\\|"));
        table += &format!("| {name} | {variable} | {build} | {} |\n", option.help);
    }
    table
}

/// Adds lprobe's own options that are `wanted`.
fn add_options(help: &mut String, full: bool, wanted: &dyn Fn(&Opt) -> bool) {
    for option in OPTIONS.iter().filter(|option| option.is_in(full) && wanted(option)) {
        add_option(help, option);
    }
}

/// Adds one option: its names, its value and its description.
#[inline(never)]
fn add_option(help: &mut String, option: &Opt) {
    let mut buffer = [0; 4];
    let short = option.short.map_or("", |letter| letter.encode_utf8(&mut buffer));
    let (dash, comma) = if short.is_empty() { ("  ", "--") } else { ("  -", ", --") };
    let value = option.value;
    let space = if value.is_empty() { "" } else { " " };
    add_columns(help, &[dash, short, comma, option.name, space, value], option.help);
}

/// Adds a name, given in parts, and its meaning, in two columns. The meaning of a long name is on the next line.
fn add_columns(help: &mut String, name: &[&str], meaning: &str) {
    let begin = help.len();
    name.iter().for_each(|part| *help += part);
    let mut column = help.len() - begin;
    if column >= HELP_COLUMN {
        *help += "\n";
        column = 0;
    }
    while column < HELP_COLUMN {
        help.push(' ');
        column += 1;
    }
    *help += meaning;
    *help += "\n";
}

/// Adds the forms of targets, packed into lines. Schemes with the same form share it: `tcp:// udp://[HOST]:PORT`.
fn add_forms(help: &mut String, full: bool) {
    let mut column = 0;
    for (place, scheme) in schemes(full).enumerate() {
        if schemes(full).take(place).any(|earlier| earlier.form == scheme.form) {
            continue;
        }
        let same = || schemes(full).filter(|other| other.form == scheme.form);
        let width = scheme.form.len() + 1 + same().map(|other| other.name.len() + "://".len() + 1).sum::<usize>();
        for (index, other) in same().enumerate() {
            let is_first = index == 0;
            // A form stays on one line where it fits on one.
            let needed =
                if is_first { width.min(COLUMNS) } else { other.name.len() + " ://".len() + scheme.form.len() };
            if column + needed > COLUMNS {
                *help += "\n";
                column = 0;
            }
            let space = if is_first || column == 0 { "  " } else { " " };
            for part in [space, other.name, "://"] {
                *help += part;
                column += part.len();
            }
        }
        *help += scheme.form;
        column += scheme.form.len();
    }
    *help += "\n";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_help_is_one_screen() {
        for full in [false, true] {
            let help = short(full);
            assert!(help.lines().count() <= 24, "{} lines:\n{help}", help.lines().count());
            assert!(help.lines().all(|line| line.len() <= COLUMNS), "{help}");
        }
    }

    #[test]
    fn long_help_has_everything_that_a_build_has() {
        for full in [false, true] {
            let help = long(full);
            assert!(help.lines().all(|line| line.len() <= COLUMNS), "{help}");
            // curl has flags of the same names.
            let (help, _) = help.split_once("\nFlags of curl").expect("the flags of clients");
            let flags = PERSONALITIES.iter().flat_map(|personality| personality.flags);
            for option in OPTIONS.iter().chain(flags).filter(|option| option.name != "connect-timeout") {
                let there = [' ', '\n'].iter().any(|end| help.contains(&format!("--{}{end}", option.name)));
                assert_eq!(there, option.is_in(full), "--{}", option.name);
            }
            for scheme in &SCHEMES {
                assert_eq!(help.contains(&format!("  {}://", scheme.name)), full || !scheme.full, "{}", scheme.name);
            }
        }
    }
}

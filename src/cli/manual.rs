//! The man page, in the macros of man(7). Its lists are derived from those of schemes, options and personalities.

use super::help::names;
use super::options::{Group, OPTIONS, Opt};
use super::personality::PERSONALITIES;
use crate::target::scheme::{SCHEMES, Scheme};

/// The longest line of text, in bytes, as `mandoc -T lint` has it.
const LINE: usize = 80;

/// The forms of `install`, and what each does.
const INSTALL: [(&str, &str); 3] = [
    ("install PATH", "Copies this program to PATH, with mode 0755. It replaces nothing but a regular file."),
    (
        "install [--tripwire=term] --seal PATH -- ARGUMENTS",
        "Writes a copy that makes this one probe and takes no argument. An argument raises an alert.",
    ),
    (
        "install [--tripwire=term] --as [--decoy] NAMES FOLDER",
        "Writes decoys, as in --as sh,ls /bin. A decoy raises an alert when it is started. The names curl and wget are open \
         copies, unless --decoy stands before the list. With --tripwire=term, an alert also ends the container.",
    ),
];

/// The variables that are no option's: the name, whether only the full build heeds it, and what it is for.
const VARIABLES: [(&str, bool, &str); 5] = [
    ("LPROBE_TARGET", false, "The targets, separated by spaces."),
    (
        "LPROBE_TRIPWIRE",
        false,
        "With the value term, an alert also sends SIGTERM to process 1. The container ends if that process handles it.",
    ),
    ("SSL_CERT_FILE", true, "A file of authorities to trust, unless --tls-ca-cert is given."),
    ("SSL_CERT_DIR", true, "Folders of such files, separated by colons."),
    ("SPIFFE_ENDPOINT_SOCKET", true, "The Workload API of --spiffe: unix:///PATH or tcp://ADDRESS:PORT."),
];

/// Command lines, and whether only the full build takes them.
const EXAMPLES: [(&str, bool); 10] = [
    ("lprobe http://localhost:8080/healthz", false),
    ("lprobe :8080/healthz", false),
    ("lprobe --header 'Host: www.example.com' http://localhost/", false),
    ("lprobe --http-codes 204 :8080/a --next --contains UP :9090/b", false),
    ("lprobe --wait 20s postgres://localhost redis://localhost", false),
    ("lprobe --watch 25s 'http://localhost:${PORT:-8080}/healthz'", false),
    ("lprobe 'file:///run/alive?max-age=30s'", false),
    ("lprobe -port=8080 -endpoint=/healthz", false),
    ("lprobe --tls-ca-cert /ca.pem https://localhost:8443/", true),
    ("lprobe grpc://localhost:50051", true),
];

/// Returns the man page of a build. `name` is the program's, and `date` has the form 2026-12-31.
pub fn page(name: &str, full: bool, date: &str) -> String {
    let title = name.to_uppercase();
    let version = env!("CARGO_PKG_VERSION");
    let mut page = format!(".TH {} 1 {date} \"lprobe {version}\" \"User Commands\"\n", escaped(&title));
    page += &format!(".SH NAME\n{} \\- check whether the service in this container is healthy\n", escaped(name));
    synopsis(&mut page, name);
    section(&mut page, "DESCRIPTION");
    text(
        &mut page,
        "Probes its own container, and no other host. All targets are probed at once. The exit status is 0 if all are healthy, \
         and 1 if one is not. A healthy probe prints nothing. For each target that is not healthy, one line on standard error \
         says why.",
    );
    section(&mut page, "TARGETS");
    for Scheme { name, form, healthy, .. } in SCHEMES.iter().filter(|scheme| full || !scheme.full) {
        tagged(&mut page, &format!("{name}://"), form, healthy);
    }
    tagged(&mut page, ":", "PORT[/PATH][?QUERY]", "short for http://localhost:PORT/PATH");
    page += ".PP\n";
    text(
        &mut page,
        "HOST is localhost, or this container's hostname or address. ${NAME} and ${NAME:-default} expand in any argument, and $$ \
         is a dollar sign. An option that accepts @FILE reads its value from that file.",
    );
    section(&mut page, "OPTIONS");
    for (group, title) in Group::TITLES {
        options(&mut page, title, OPTIONS.iter().filter(|option| option.group == group && option.is_in(full)));
    }
    section(&mut page, "INSTALLING COPIES");
    for (form, meaning) in INSTALL {
        tagged(&mut page, form, "", meaning);
    }
    section(&mut page, "FLAGS OF OTHER TOOLS");
    text(
        &mut page,
        "lprobe recognises another tool's command line by the name under which it is started, or by the first flag that only \
         this tool has.",
    );
    for personality in &PERSONALITIES[1..] {
        if let Some(client) = &personality.client {
            page += &format!(".SS {}\n", client.name);
            let flags: Vec<_> = client.flags().map(|flag| names(&flag)).collect();
            text(&mut page, &format!("Under the name {0}, or as lprobe {0}: {1}.", client.name, flags.join(", ")));
            continue;
        }
        options(&mut page, personality.about, personality.flags.iter().filter(|flag| flag.is_in(full)));
    }
    section(&mut page, "ENVIRONMENT");
    text(
        &mut page,
        "Each option of lprobe is also read from a variable: LPROBE_TIMEOUT for --timeout. The command line wins.",
    );
    for (name, _, meaning) in VARIABLES.iter().filter(|(_, is_full, _)| full || !is_full) {
        tagged(&mut page, name, "", meaning);
    }
    section(&mut page, "EXIT STATUS");
    tagged(
        &mut page,
        "0",
        "",
        "All targets are healthy, a copy was installed, or you asked for the help, the version or what a copy is sealed with.",
    );
    tagged(
        &mut page,
        "1",
        "",
        "Everything else: a target is unhealthy, an answer is incomplete, the arguments are wrong, or lprobe crashed.",
    );
    section(&mut page, "EXAMPLES");
    page += ".EX\n";
    for (line, _) in EXAMPLES.iter().filter(|(_, is_full)| full || !is_full) {
        page += &format!("{}\n", escaped(&line.replacen("lprobe", name, 1)));
    }
    page += ".EE\n";
    section(&mut page, "SEE ALSO");
    page += ".BR curl (1),\n.BR docker (1),\n.BR podman\\-healthcheck\\-run (1)\n.PP\n";
    page += &format!("{}\n", env!("CARGO_PKG_REPOSITORY"));
    page
}

/// Adds the ways to start the program. The names of values are in italics.
fn synopsis(page: &mut String, name: &str) {
    section(page, "SYNOPSIS");
    let name = escaped(name);
    *page += &format!(".B {name}\n.RI [ OPTIONS ]\n.IR TARGET ...\n");
    *page += ".RB [ \\-\\-next\n.RI [ OPTIONS ]\n.IR TARGET ...]...\n";
    for (form, _) in INSTALL {
        *page += &format!(".br\n.B {name}\n{}\n", escaped(form));
    }
}

/// Adds a group of options, unless it is empty.
fn options<'a>(page: &mut String, title: &str, options: impl Iterator<Item = &'a Opt>) {
    let mut options = options.peekable();
    if options.peek().is_none() {
        return;
    }
    *page += &format!(".SS {}\n", escaped(title));
    for option in options {
        let short = option.short.map(|letter| format!("-{letter}, ")).unwrap_or_default();
        let space = if option.value.is_empty() { "" } else { " " };
        tagged(page, &format!("{short}--{}{space}", option.name), option.value, option.help);
    }
}

/// Adds what is set in bold, a value in italics, and its meaning, indented.
fn tagged(page: &mut String, bold: &str, value: &str, meaning: &str) {
    let value = if value.is_empty() { String::new() } else { format!("\\fI{}\\fR", escaped(value)) };
    *page += &format!(".TP\n\\fB{}\\fR{value}\n", escaped(bold));
    text(page, meaning);
}

fn section(page: &mut String, title: &str) {
    *page += &format!(".SH {title}\n");
}

/// Adds running text, in lines that are not too long.
fn text(page: &mut String, text: &str) {
    let mut column = 0;
    for word in text.split_whitespace().map(escaped) {
        if column > 0 {
            let fits = column + 1 + word.len() <= LINE;
            *page += if fits { " " } else { "\n" };
            column = if fits { column + 1 } else { 0 };
        }
        column += word.len();
        *page += &word;
    }
    *page += "\n";
}

/// Returns a text with no character that roff would take for its own: no backslash, and no hyphen in place of a minus sign. A
/// line can't begin with a dot or an apostrophe, which `\&` precedes.
fn escaped(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-");
    if escaped.starts_with(['.', '\'']) { format!("\\&{escaped}") } else { escaped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_what_its_build_has() {
        for full in [false, true] {
            let page = page("lprobe", full, "2026-01-02");
            assert!(page.starts_with(".TH LPROBE 1 2026-01-02 "), "{page}");
            for (name, is_full, _) in VARIABLES {
                assert_eq!(page.contains(&format!("\\fB{name}\\fR\n")), full || !is_full, "{name}");
            }
            for scheme in &SCHEMES {
                let tag = format!("\n\\fB{}://\\fR\\fI", scheme.name);
                assert_eq!(page.contains(&tag), full || !scheme.full, "{}", scheme.name);
            }
            assert!(page.contains("\\fB\\-\\-header \\fR\\fINAME: VALUE\\fR\n"), "{page}");
        }
    }

    #[test]
    fn text_is_broken_into_lines_and_begins_no_macro() {
        let mut page = String::new();
        text(&mut page, &"word ".repeat(40));
        assert!(page.lines().count() > 2 && page.lines().all(|line| line.len() <= LINE), "{page}");
        assert_eq!(escaped("a-b\\n"), "a\\-b\\en");
        assert_eq!(escaped(".TH"), "\\&.TH");
    }
}

//! The command lines of HTTP clients, curl and wget, as health checks write them. Each is translated into lprobe's own, by a
//! table of flags.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::time::Duration;

use clap_lex::RawArgs;

use crate::FULL;
use crate::cli::bad_usage::{BadUsage, Quoted, bad_value, without_value};
use crate::cli::expand::expand;
use crate::cli::variables::variable;
use crate::cli::voice::Voice;
use crate::percent::{NOT_IN_TEMPLATES, escaped, unescaped};
use crate::target::authority::to_this_host;
use crate::target::bad_target::BadTarget;
use crate::target::location::without_dots;
use crate::target::scheme_end;

/// The default time limit. The clients have none or a long one, and Docker ends a check after 30 s without a word.
const TIMEOUT: Duration = Duration::from_secs(29);

/// An HTTP client.
pub struct Client {
    /// The name.
    pub name: &'static str,
    /// The table of its flags. Each line is a flag: its letter or `-`, with a `=` if it takes a value; its name; and what it
    /// means. That is an option of lprobe, to which the value is added; or a word that the client's own file knows, and that begins
    /// with the name of the option that it leads to, if there is one. A flag without a meaning says nothing about health.
    pub flags: &'static str,
}

/// A part of a client's command line.
pub enum Part<'a> {
    /// A flag: its name, what it means, and its value, which is empty if it takes none.
    Flag(&'static str, &'static str, &'a OsStr),
    /// A URL.
    Url(&'a OsStr),
    /// A flag that can't be used, without its value, and why.
    Unusable(String, &'static str),
}

const UNKNOWN: &str = "is no flag that lprobe takes here; --help lists them";

/// A line of a table.
#[derive(Clone, Copy)]
pub struct Flag {
    /// The letter, or `-`.
    pub letter: char,
    /// Whether it takes a value.
    pub takes_value: bool,
    /// The name, without its dashes.
    pub name: &'static str,
    /// What it means.
    pub means: &'static str,
}

impl Client {
    /// Returns the voice of this client, which introduces itself as `user_agent`.
    pub const fn voice(user_agent: &'static str) -> Voice {
        Voice { timeout: TIMEOUT, is_client: true, reads_bodies: true, ..Voice::new(user_agent) }
    }

    /// Returns the flags of the table.
    pub fn flags(&self) -> impl Iterator<Item = Flag> + use<> {
        self.flags.split('\n').map(|line| {
            let mut fields = line.splitn(3, ' ');
            let mut field = || fields.next().unwrap_or_default();
            let (key, name, means) = (field(), field(), field());
            Flag { letter: key.chars().next().unwrap_or('-'), takes_value: key.len() > 1, name, means }
        })
    }

    /// Returns the flag of this name. As with GNU's programs, a name may be cut where it is still that of one flag alone.
    fn long(&self, name: &str) -> Option<Flag> {
        if let Some(flag) = self.flags().find(|flag| flag.name == name) {
            return Some(flag);
        }
        let mut flags = self.flags().filter(|flag| flag.name.starts_with(name));
        flags.next().filter(|_| flags.next().is_none())
    }

    /// Calls `found` with each part of a command line.
    pub fn each(&self, arguments: &[OsString], found: &mut dyn FnMut(Part<'_>)) {
        let arguments = RawArgs::new(arguments);
        let mut cursor = arguments.cursor();
        while let Some(argument) = arguments.next(&mut cursor) {
            if argument.is_escape() {
                arguments.remaining(&mut cursor).for_each(|url| found(Part::Url(url)));
            } else if let Some((name, attached)) = argument.to_long() {
                let name = name.unwrap_or_default();
                let flag = self.long(name);
                let value = match flag {
                    Some(Flag { takes_value: false, .. }) => attached,
                    // What follows a flag that is not known may be its value, and a secret.
                    _ => attached.or_else(|| arguments.next_os(&mut cursor)),
                };
                let name = flag.map_or_else(|| without_value(name), |flag| flag.name.to_owned());
                found(part(flag, value, ["--", &name]));
            } else if let Some(mut letters) = argument.to_short() {
                while let Some(letter) = letters.next_flag() {
                    let letter = letter.unwrap_or_default();
                    let flag = self.flags().find(|flag| flag.letter == letter && letter != '-');
                    let value = match flag {
                        Some(Flag { takes_value: false, .. }) => None,
                        _ => letters.next_value_os().or_else(|| arguments.next_os(&mut cursor)),
                    };
                    found(part(flag, value, ["-", letter.encode_utf8(&mut [0; 4])]));
                }
            } else {
                found(Part::Url(argument.to_value_os()));
            }
        }
    }

    /// Translates a command line, and adds its options and targets to `options`. `own` gets each word that is the client's own,
    /// with the value, and may add options too.
    ///
    /// # Errors
    ///
    /// A flag that is not in the table, or a URL that is not of HTTP.
    pub fn translate(
        &self,
        arguments: &[OsString],
        mut options: Vec<OsString>,
        own: &mut dyn FnMut(&str, &OsStr, &mut Vec<OsString>),
    ) -> Result<Vec<OsString>, BadUsage> {
        let mut refused = None;
        let (mut urls, mut has_user) = (0, false);
        self.each(arguments, &mut |part| match part {
            Part::Flag(_, "target", url) | Part::Url(url) => {
                urls += 1;
                match add_url(&mut options, url.as_bytes()) {
                    Ok(user) => has_user |= user,
                    Err(problem) => refused = refused.take().or(Some(problem)),
                }
            }
            Part::Flag(_, "", _) => {}
            Part::Flag(_, means, value) if means.starts_with('-') => options.push(option(means, value)),
            Part::Flag(_, word, value) => own(word, value, &mut options),
            Part::Unusable(flag, why) => {
                let problem = format!("{} {why}", Quoted(OsStr::new(&flag)));
                refused = refused.take().or(Some(BadUsage(problem)));
            }
        });
        match refused {
            Some(problem) => Err(problem),
            // The options are for all targets, and a user is for one alone.
            None if has_user && urls > 1 => Err(BadUsage("a URL with a user must be the only URL".into())),
            None => Ok(options),
        }
    }
}

/// Returns the part of a command line that a flag is, with its value. `name` is what stands there.
fn part<'a>(flag: Option<Flag>, value: Option<&'a OsStr>, name: [&str; 2]) -> Part<'a> {
    let why = match (flag, value) {
        (Some(Flag { takes_value: true, name, means, .. }), Some(value)) => return Part::Flag(name, means, value),
        (Some(Flag { takes_value: false, name, means, .. }), None) => return Part::Flag(name, means, OsStr::new("")),
        (Some(_), None) => "needs a value",
        (Some(_), Some(_)) => "takes no value",
        (None, _) => UNKNOWN,
    };
    Part::Unusable(name.concat(), why)
}

/// Removes what means nothing to the clients: what is said of TLS where there is none, nor may be after a redirect; and
/// everything beside a command, such as `--version`.
pub fn without_useless(mut options: Vec<OsString>) -> Vec<OsString> {
    if let Some(command) = options.iter().position(|option| option == "--help" || option == "--version") {
        return vec![options.swap_remove(command)];
    }
    let may_be_over_tls = |option: &OsString| {
        let bytes = option.as_bytes();
        bytes == b"--follow" || bytes.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https://"))
    };
    if !FULL || !options.iter().any(may_be_over_tls) {
        options.retain(|option| !option.as_bytes().starts_with(b"--tls"));
    }
    // Whom to trust, where any certificate will do.
    if FULL && options.iter().any(|option| option == "--tls-no-verify") {
        options.retain(|option| !option.as_bytes().starts_with(b"--tls-ca-cert"));
    }
    options
}

/// Returns an option of lprobe's with its value. In the value, `$` is a dollar sign, except in `${NAME}`.
pub fn option(option: &str, value: &OsStr) -> OsString {
    let mut argument = option.as_bytes().to_vec();
    let value = value.as_bytes();
    for (place, &byte) in value.iter().enumerate() {
        argument.push(byte);
        if byte == b'$' && value.get(place + 1) != Some(&b'{') {
            argument.push(byte);
        }
    }
    OsString::from_vec(argument)
}

/// Adds a URL as the clients read it: without a scheme it is HTTP, an address to listen on is this host, and the fragment is for
/// a browser. A user in it becomes an option. Returns whether there is one.
fn add_url(options: &mut Vec<OsString>, url: &[u8]) -> Result<bool, BadUsage> {
    // A variable may hold a whole URL, or only the host.
    let expanded = || expand(OsStr::from_bytes(url), variable);
    if url.starts_with(b"${") && expanded().is_ok_and(|url| scheme_end(url.as_bytes()).is_some()) {
        options.push(option("", OsStr::new(&escaped(url, NOT_IN_TEMPLATES))));
        return Ok(false);
    }
    let fragment = url.iter().position(|&byte| byte == b'#').unwrap_or(url.len());
    // What stands before `@` may be a password, and is hidden for as long as the `@` is there.
    let url = if url[fragment..].contains(&b'@') { url } else { &url[..fragment] };
    let begins_path = |byte: &u8| b"/?".contains(byte);
    let scheme = scheme_end(url).filter(|&end| !url[..end].iter().any(begins_path));
    let (scheme, rest) = url.split_at(scheme.map_or(0, |end| end + 3));
    let (authority, path) = rest.split_at(rest.iter().position(begins_path).unwrap_or(rest.len()));
    let user = authority.iter().rposition(|&byte| byte == b'@');
    if let Some(at) = user {
        let mut user = unescaped(&authority[..at]);
        if !user.contains(&b':') {
            user.push(b':');
        }
        options.push(option("--basic-auth=", OsStr::from_bytes(&user)));
    }
    let scheme = if scheme.is_empty() { b"http://" } else { scheme };
    let is_http = |name: &[u8]| scheme.eq_ignore_ascii_case(name);
    // Another scheme may be one of lprobe's, of which the clients know nothing.
    if !is_http(b"http://") && !is_http(b"https://") {
        return Err(bad_value("URL", false, OsStr::from_bytes(url), &BadTarget::NotHttp));
    }
    let host = to_this_host(&authority[user.map_or(0, |at| at + 1)..]);
    let target = escaped(&[scheme, &host].concat(), NOT_IN_TEMPLATES);
    let path = without_dots(&escaped(&escaped(path, NOT_IN_TEMPLATES).into_bytes(), b"[]"));
    options.push(option("", OsStr::new(&(target + &path))));
    Ok(user.is_some())
}

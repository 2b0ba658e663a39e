//! lprobe's own command line.

use super::definition::Personality;
use super::invocation::{self, Invocation, refuse_alts};
use crate::cli::arguments::{Arguments, Rules};
use crate::cli::bad_usage::BadUsage;
use crate::cli::checks::{self, RunSettings, TargetGroup};
use crate::cli::command::Command;
use crate::cli::install;
use crate::cli::reading::Reading;
use crate::cli::voice::Voice;
use crate::target::endpoint::socket_path;

pub const PERSONALITY: Personality =
    Personality { name: "lprobe", about: "this program", flags: &[], client: None, command };

const VOICE: Voice = Voice::new(concat!("lprobe/", env!("CARGO_PKG_VERSION")));

fn command(invocation: &mut Invocation, reading: &Reading) -> Result<Command, BadUsage> {
    if let [first, rest @ ..] = &invocation.arguments[..]
        && first == "install"
    {
        return install::read(rest).map(Command::Install);
    }
    probe(invocation, Rules::Strict, &VOICE, reading)
}

/// Reads the options and targets of a probe.
pub fn probe(invocation: &mut Invocation, rules: Rules, voice: &Voice, reading: &Reading) -> Result<Command, BadUsage> {
    let groups = invocation.groups(rules, reading)?;
    if let [arguments] = &groups[..]
        && let Some(command) = invocation::text(arguments)
    {
        return Ok(command);
    }
    let run = RunSettings::read(&groups);
    let is_one = groups.len() == 1;
    let mut target_groups = Vec::new();
    for arguments in groups {
        invocation.refuse_others(&arguments, PERSONALITY.flags);
        target_groups.push(group(arguments, is_one));
    }
    Ok(checks::plan(&run, target_groups, voice, reading))
}

/// Reads the targets of a group. LPROBE_TARGET supplies them if there is only one group.
fn group(arguments: Arguments<'_>, is_one: bool) -> TargetGroup<'_> {
    refuse_alts(&arguments);
    if arguments.flag("tls") {
        arguments.refuse("--tls goes with --mode, --port or --addr; a target says https:// or grpcs://".into());
    }
    if !is_one && !arguments.given("target") {
        arguments.refuse("--next stands between targets, as in lprobe :8080 --next --contains UP :9090".into());
    }
    let targets = arguments.many("target", str::parse);
    if targets.is_empty() {
        arguments.refuse("no target; try http://localhost:8080/ or --help".into());
    }
    let unix_socket = arguments.one("unix-socket", socket_path);
    TargetGroup { arguments, targets, unix_socket }
}

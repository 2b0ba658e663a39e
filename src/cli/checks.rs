//! Makes the plan from groups of targets and their options.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::arguments::{Arguments, list};
use super::command::Command;
use super::escape::{unescape, unescape_nonempty};
#[cfg(feature = "full")]
use super::grpc;
use super::http;
use super::options::{Group, OPTIONS, Opt};
use super::reading::Reading;
use super::tls::Tls;
use super::voice::Voice;
use crate::FULL;
use crate::duration;
#[cfg(feature = "full")]
use crate::plan::GrpcProbe;
use crate::plan::{Changes, Check, Exchange, Follow, HttpProbe, Plan, Probe, StreamProbe, Watch};
use crate::target::Target;
use crate::target::authority::Authority;
#[cfg(not(feature = "full"))]
use crate::target::bad_target::BadTarget;
use crate::target::endpoint::Endpoint;
use crate::target::scheme::{Kind, SCHEMES, Scheme};

/// Targets, and the options that apply to them.
pub struct TargetGroup<'a> {
    /// The options.
    pub arguments: Arguments<'a>,
    /// The targets, at least one.
    pub targets: Vec<Target>,
    /// The Unix socket to connect to, instead of the targets' hosts.
    pub unix_socket: Option<PathBuf>,
}

/// The settings of the whole run. Any group may have them, each at most once.
pub struct RunSettings {
    timeout: Option<Duration>,
    wait: Option<Duration>,
    watch: Option<Watch>,
    verbose: bool,
}

/// The time from one attempt of a watch to the next, unless `--every` sets another one.
const EVERY: Duration = Duration::from_secs(1);

impl RunSettings {
    /// Reads the settings from these groups, of which there is at least one.
    pub fn read(groups: &[Arguments]) -> Self {
        if ["connect-timeout", "timeout"].iter().all(|name| is_given(groups, name)) {
            groups[0].refuse("--connect-timeout can't go with --timeout".into());
        }
        Self {
            timeout: time(groups, "timeout"),
            wait: time(groups, "wait"),
            watch: watch(groups),
            verbose: group_with(groups, "verbose").flag("verbose"),
        }
    }
}

/// Reads `--watch` and what goes with it.
fn watch(groups: &[Arguments]) -> Option<Watch> {
    let Some(length) = time(groups, "watch") else {
        // A variable is not refused, since it may be meant for other probes.
        if ["every", "retries"].iter().any(|name| is_given(groups, name)) {
            groups[0].refuse("--every and --retries need --watch".into());
        }
        return None;
    };
    let every = time(groups, "every").unwrap_or(EVERY);
    let retries = group_with(groups, "retries").one("retries", retries).unwrap_or(0);
    Some(Watch { time: length, every, retries })
}

/// Reads a duration of the whole run.
// Inlined three times, it is 200 bytes more.
#[inline(never)]
fn time(groups: &[Arguments], name: &'static str) -> Option<Duration> {
    group_with(groups, name).one(name, duration::parse)
}

/// Reads a number of failures.
fn retries(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "expected a number from 0 to 65535")
}

/// Returns whether the command line has this option, in whichever group.
fn is_given(groups: &[Arguments], name: &str) -> bool {
    groups.iter().any(|group| group.given(name))
}

/// Returns the group that has an option of the whole run, or the first group if none has it.
fn group_with<'a, 'b>(groups: &'a [Arguments<'b>], name: &str) -> &'a Arguments<'b> {
    let mut given = groups.iter().filter(|group| group.given(name));
    let group = given.next().unwrap_or(&groups[0]);
    if given.next().is_some() {
        group.refuse(format!("--{name} can be given once only"));
    }
    group
}

/// Makes the plan, and the command to probe it.
#[inline(never)]
pub fn plan(run: &RunSettings, mut groups: Vec<TargetGroup>, voice: &Voice, reading: &Reading) -> Command {
    let mut longest = Duration::ZERO;
    for group in &mut groups {
        group.apply_to_targets();
        group.refuse_useless_options();
        longest = longest.max(group.default_timeout(voice));
    }
    let RunSettings { timeout, wait, watch, verbose } = *run;
    let timeout = timeout.unwrap_or(longest);
    let mut checks = Vec::new();
    for group in groups {
        group.add_checks(&mut checks, voice, timeout);
    }
    let variables = reading.variables.names();
    let plan = Plan { checks, timeout, wait, has_whole_attempts: false, watch, verbose, variables };
    Command::Probe(Box::new(plan))
}

impl TargetGroup<'_> {
    /// Applies the options that change the targets.
    fn apply_to_targets(&mut self) {
        if self.arguments.flag("ipv4") && self.arguments.flag("ipv6") {
            self.arguments.refuse("--ipv4 can't go with --ipv6".into());
        }
        for (name, is_ipv6) in [("ipv4", false), ("ipv6", true)] {
            if !self.arguments.flag(name) {
                continue;
            }
            for target in &mut self.targets {
                if let Err(error) = target.use_family(is_ipv6) {
                    self.arguments.refuse(format!("--{name}: {error}"));
                }
            }
        }
        #[cfg(feature = "full")]
        grpc::name_services(&self.arguments, &mut self.targets);
    }

    /// Refuses an option that applies to no target: it asks for a check that would not be made. A variable is not
    /// refused, since it may be meant for other probes.
    fn refuse_useless_options(&self) {
        for option in OPTIONS.iter().filter(|option| self.arguments.given(option.name)) {
            let is_heeded = self.targets.iter().any(|target| option.group.applies_to(target.scheme()))
                || FULL && option.group == Group::Tls && self.arguments.flag("follow");
            if !is_heeded && self.arguments.asked(option) {
                let targets = applicable_targets(option);
                self.arguments.refuse(format!("--{} is for {targets}, and there is no such target", option.name));
            }
        }
    }

    /// Returns the time limits of a connection and of a gRPC call, if the options set them.
    fn times(&self, voice: &Voice) -> [Option<Duration>; 2] {
        let reader = if voice.rpc_timeout.is_some() { duration::go } else { duration::parse };
        ["connect-timeout", "rpc-timeout"].map(|name| self.arguments.one(name, reader))
    }

    /// Returns the time limit of a run that sets none: the sum of those of a connection and of a call.
    fn default_timeout(&self, voice: &Voice) -> Duration {
        let [connection, call] = self.times(voice);
        let is_called = self.targets.iter().any(|target| matches!(target.scheme().kind, Kind::Grpc));
        let call = call.or(voice.rpc_timeout).filter(|_| is_called).unwrap_or_default();
        connection.unwrap_or(voice.timeout) + call
    }

    /// Returns whether the command line has this option, and it is for TLS.
    fn gives_tls(&self, option: &Opt) -> bool {
        option.group == Group::Tls && self.arguments.given(option.name)
    }

    /// Adds a check for each target.
    fn add_checks(self, checks: &mut Vec<Check>, voice: &Voice, timeout: Duration) {
        let arguments = &self.arguments;
        let max_latency = arguments.one("max-latency", duration::parse);
        if max_latency.is_some_and(|limit| limit >= timeout) {
            arguments.refuse("--max-latency must be less than --timeout".into());
        }
        let request = Rc::new(http::request(arguments, voice));
        let follows_to_tls =
            FULL && request.follow != Follow::None && OPTIONS.iter().any(|option| self.gives_tls(option));
        let send = arguments.many("send", unescape).pop().unwrap_or_default();
        let exchange = Rc::new(Exchange { send, expect: arguments.many("expect", unescape_nonempty) });
        #[cfg(feature = "full")]
        let call = {
            let [connection, call] = self.times(voice);
            let connection = voice.calls_after_connection.then(|| connection.unwrap_or(voice.timeout));
            let time = call.or(voice.rpc_timeout).unwrap_or(timeout).min(timeout);
            Rc::new(grpc::call(arguments, voice, connection, time))
        };
        let mut tls = Tls::new();
        let endpoint = |authority: Authority| match &self.unix_socket {
            Some(path) => Endpoint::Unix(path.clone()),
            None => Endpoint::Authority(authority),
        };
        for target in self.targets {
            let scheme = target.scheme();
            let probe = match target {
                Target::Http(target) | Target::Fcgi(target) => {
                    let probe = HttpProbe {
                        endpoint: endpoint(target.authority),
                        tls: tls.settings(arguments, scheme.tls || follows_to_tls, target.authority.host),
                        request: request.clone(),
                        changes: Changes::default(),
                        target,
                    };
                    if let Kind::Fcgi = scheme.kind { Probe::Fcgi(probe) } else { Probe::Http(probe) }
                }
                #[cfg(feature = "full")]
                Target::Grpc(target) => Probe::Grpc(GrpcProbe {
                    endpoint: endpoint(target.authority),
                    tls: tls.settings(arguments, target.tls, target.authority.host),
                    call: call.clone(),
                    target,
                }),
                #[cfg(not(feature = "full"))]
                Target::Grpc(_) => {
                    arguments.refuse(BadTarget::NotInThisBuild.to_string());
                    continue;
                }
                Target::Stream(_, Endpoint::Authority(authority)) => {
                    let tls = tls.settings(arguments, scheme.tls, authority.host);
                    Probe::Stream(StreamProbe { scheme, endpoint: endpoint(authority), tls }, exchange.clone())
                }
                Target::Stream(_, socket) => {
                    Probe::Stream(StreamProbe { scheme, endpoint: socket, tls: None }, exchange.clone())
                }
                Target::Udp(authority) => {
                    if exchange.send.is_empty() || exchange.expect.is_empty() {
                        arguments.refuse(
                            "udp:// needs --send and --expect: only a reply shows that a service is healthy".into(),
                        );
                    }
                    Probe::Udp(authority, exchange.clone())
                }
                Target::Service(_, service, authority) => {
                    let tls = tls.settings(arguments, scheme.tls, authority.host);
                    Probe::Service(service, StreamProbe { scheme, endpoint: endpoint(authority), tls })
                }
                Target::Dns(authority, name) => Probe::Dns(authority, name),
                Target::File(file) => Probe::File(file),
                Target::Pid(path) => Probe::Pid(path),
            };
            checks.push(Check { probe, max_latency });
        }
    }
}

/// Returns the targets that an option applies to, in words.
fn applicable_targets(option: &Opt) -> String {
    if option.group == Group::Host {
        return "targets with a host".into();
    }
    let applies_to = |scheme: &&Scheme| scheme.is_available() && option.group.applies_to(scheme);
    let names: Vec<&str> = SCHEMES.iter().filter(applies_to).map(|scheme| scheme.name).collect();
    list(&names, "://", "and")
}

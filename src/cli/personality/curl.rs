//! The command line of curl, as health checks write it: <https://curl.se/docs/manpage.html>.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use super::client::{self, Client};
use super::definition::Personality;
use super::invocation::Invocation;
use super::lprobe;
use crate::FULL;
use crate::cli::arguments::Rules;
use crate::cli::bad_usage::BadUsage;
use crate::cli::command::Command;
use crate::cli::reading::Reading;
use crate::duration;

pub const PERSONALITY: Personality =
    Personality { name: CLIENT.name, about: CLIENT.name, flags: &[], client: Some(CLIENT), command };

/// curl's flags: those that say what is healthy, and then those that say nothing about it.
const CLIENT: Client = Client {
    name: "curl",
    flags: "\
f fail --http-codes=200-399
- fail-with-body --http-codes=200-399
L location --follow
- location-trusted --follow
I head --method=HEAD
X= request --method=
H= header header
A= user-agent --user-agent=
e= referer --header=Referer:
b= cookie --header=Cookie:
u= user --basic-auth=
d= data data
-= data-ascii data
-= data-binary data
-= data-raw data
-= json data:json
m= max-time timeout
-= connect-timeout
-= url target
-= retry wait:count
-= retry-delay wait:pause
-= retry-max-time wait:most
- retry-connrefused
- retry-all-errors
k insecure --tls-no-verify
-= cacert --tls-ca-cert=
E= cert tls-client-cert
-= key tls-client-key
-= unix-socket --unix-socket=
-= abstract-unix-socket --unix-socket=\0
4 ipv4 --ipv4
6 ipv6 --ipv6
h help --help
V version --version
s silent
S show-error
v verbose
i include
N no-buffer
g globoff
q disable
# progress-bar
0 http1.0
- http1.1
- http2
- http2-prior-knowledge --http2
- compressed
- no-progress-meter
- no-keepalive
- tlsv1.2
- tlsv1.3
- basic
- raw
- fail-early
o= output
O remote-name
D= dump-header
w= write-out
-= stderr
-= noproxy
-= max-redirs
-= keepalive-time
y= speed-time
Y= speed-limit",
};

fn command(invocation: &mut Invocation, reading: &Reading) -> Result<Command, BadUsage> {
    let mut body: Option<OsString> = None;
    let (mut cert, mut key) = (None, None);
    let mut voice = Client::voice(CLIENT.name);
    let mut retry = Retry::default();
    // Without -f, any answer is healthy. The last one of an option counts.
    let first = vec!["--http-codes=200-599".into()];
    let own = &mut |word: &str, value: &OsStr, options: &mut Vec<OsString>| match word {
        "data" | "data:json" => {
            voice.is_json |= word == "data:json";
            match &mut body {
                Some(body) => body.extend([OsStr::new(if word == "data" { "&" } else { "" }), value]),
                None => body = Some(value.into()),
            }
        }
        // A name alone takes out a header that curl would send itself.
        "header" if value.as_bytes().ends_with(b":") => {}
        "header" => options.push(client::option("--header=", value)),
        // 0 is no limit.
        "timeout" if value == "0" => {}
        "timeout" => options.push(client::option("--timeout=", value)),
        // They mean nothing without TLS.
        "tls-client-cert" | "tls-client-key" if !FULL => {}
        // A password for the private key may follow, and is not needed for one that lprobe can use.
        "tls-client-cert" => {
            cert = value.as_bytes().split(|&byte| byte == b':').next().map(|name| OsStr::from_bytes(name).to_owned());
        }
        "tls-client-key" => key = Some(value.to_owned()),
        "wait:count" => retry.count = value.to_str().and_then(|count| count.parse().ok()).unwrap_or(0),
        "wait:pause" => retry.delay = seconds(value),
        _ => retry.most = seconds(value),
    };
    let mut options = CLIENT.translate(&invocation.arguments, first, own)?;
    // One file may hold both.
    let key = key.or_else(|| cert.clone());
    for (name, value) in [("--data=", body), ("--tls-client-cert=", cert), ("--tls-client-key=", key)] {
        options.extend(value.map(|value| client::option(name, &value)));
    }
    invocation.arguments = client::without_useless(options);
    let mut command = lprobe::probe(invocation, Rules::Go, &voice, reading)?;
    if let Command::Probe(plan) = &mut command
        && retry.count > 0
    {
        plan.wait = Some(retry.pauses());
        plan.has_whole_attempts = true;
    }
    Ok(command)
}

/// What `--retry` and its like say.
#[derive(Default)]
struct Retry {
    count: u32,
    delay: Option<Duration>,
    most: Option<Duration>,
}

impl Retry {
    /// Returns the length of all of curl's pauses. Without a delay, each is twice the one before, from 1 s on.
    fn pauses(&self) -> Duration {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        let doubled = || Duration::from_secs((1 << self.count.min(12)) - 1);
        let pauses = self.delay.map_or_else(doubled, |delay| delay.saturating_mul(self.count));
        pauses.min(self.most.unwrap_or(HOUR))
    }
}

/// Reads a time in seconds. Returns `None` for 0.
fn seconds(text: &OsStr) -> Option<Duration> {
    duration::parse(text.to_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_one_second_unless_there_is_a_delay() {
        let seconds = |count, delay: Option<u64>, most: Option<u64>| {
            let [delay, most] = [delay, most].map(|time| time.map(Duration::from_secs));
            Retry { count, delay, most }.pauses().as_secs()
        };
        assert_eq!([1, 2, 3, 5].map(|count| seconds(count, None, None)), [1, 3, 7, 31]);
        assert_eq!([seconds(3, Some(2), None), seconds(3, None, Some(5)), seconds(9, Some(9), Some(2))], [6, 5, 2]);
        assert_eq!(seconds(30, Some(1), None), 30);
        assert_eq!(seconds(99, None, None), 60 * 60);
    }
}

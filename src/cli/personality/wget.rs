//! The command lines of GNU Wget and of BusyBox's wget, as health checks write them:
//! <https://www.gnu.org/software/wget/manual/>.

use std::ffi::{OsStr, OsString};

use super::client::{self, Client};
use super::definition::Personality;
use super::invocation::Invocation;
use super::lprobe;
use crate::cli::arguments::Rules;
use crate::cli::bad_usage::BadUsage;
use crate::cli::command::Command;
use crate::cli::reading::Reading;
use crate::cli::voice::Voice;

pub const PERSONALITY: Personality =
    Personality { name: CLIENT.name, about: CLIENT.name, flags: &[], client: Some(CLIENT), command };

/// wget's flags: those that say what is healthy, and then those that say nothing about it.
const CLIENT: Client = Client {
    name: "wget",
    flags: "\
- spider no-body
T= timeout timeout
-= read-timeout timeout
U= user-agent --user-agent=
-= header --header=
-= referer --header=Referer:
-= method --method=
-= post-data --data=
-= body-data --data=
-= post-file --data=@
-= body-file --data=@
-= user basic-auth:user
-= http-user basic-auth:user
-= password basic-auth:password
-= http-password basic-auth:password
- no-check-certificate --tls-no-verify
-= ca-certificate --tls-ca-cert=
-= certificate --tls-client-cert=
-= private-key --tls-client-key=
-= max-redirect follow:most
4 inet4-only --ipv4
6 inet6-only --ipv6
h help --help
V version --version
q quiet
v verbose
d debug
- no-verbose
n= n
S server-response
c continue
N timestamping
O= output-document
o= output-file
a= append-output
P= directory-prefix
t= tries
-= connect-timeout
-= dns-timeout
w= wait
-= waitretry
Q= quota
Y= proxy
e= execute
-= progress
-= prefer-family
-= secure-protocol
-= retry-on-http-error
- retry-connrefused
- auth-no-challenge
- content-on-error
- delete-after
- no-cache
- no-cookies
- no-dns-cache
- no-hsts
- no-http-keep-alive
- no-proxy
- save-headers
- show-progress",
};

fn command(invocation: &mut Invocation, reading: &Reading) -> Result<Command, BadUsage> {
    let (mut user, mut password) = (None, OsString::new());
    let mut voice = Voice { replaces_headers: true, ..Client::voice("Wget") };
    let mut follows = true;
    // Both take 300 for a success.
    let first = vec!["--http-codes=200-300".into()];
    let own = &mut |word: &str, value: &OsStr, options: &mut Vec<OsString>| match word {
        // GNU's asks by HEAD, which many frameworks refuse, and BusyBox's by GET. Neither reads a body.
        "no-body" => voice.reads_bodies = false,
        // 0 is no limit.
        "timeout" if value == "0" => {}
        "timeout" => options.push(client::option("--timeout=", value)),
        "basic-auth:user" => user = Some(value.to_owned()),
        "basic-auth:password" => password = value.to_owned(),
        _ => follows = value != "0",
    };
    let mut options = CLIENT.translate(&invocation.arguments, first, own)?;
    if let Some(mut user) = user {
        user.push(":");
        user.push(password);
        options.push(client::option("--basic-auth=", &user));
    }
    if follows {
        options.push("--follow".into());
    }
    invocation.arguments = client::without_useless(options);
    lprobe::probe(invocation, Rules::Go, &voice, reading)
}

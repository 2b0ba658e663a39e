//! Alerts: someone started a decoy, gave arguments to a sealed probe, or asked for a target outside the container. Each is one
//! line on the container's log, which the engine keeps.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::parent_id;
use std::process;

use crate::cli::shown::shown;
use crate::printable::{printable, shortened};
use crate::seal::{Kind, Seal};
use crate::sys::entry::arguments;
use crate::sys::process::{end_container, user};
use crate::sys::stdio;

/// The standard error of process 1, which the engine logs.
const LOG: &str = "/proc/1/fd/2";

/// The beginning of each alert.
const BEGIN: &str = "lprobe: ALERT: ";

/// The longest alert, in bytes: a pipe takes it in one piece.
pub const LONGEST: usize = 1000;

/// Raises an alert, and returns the exit code. If it `may_trip`, and the tripwire is set, the container ends.
#[cold]
pub fn raise(why: &str, may_trip: bool) -> i32 {
    let [process, user, parent] = [process::id(), user(), parent_id()];
    let seal = Seal::of_this_program();
    let is_decoy = seal.as_ref().is_some_and(|seal| seal.kind == Kind::Decoy);
    let arguments = shown(&arguments(), 2, is_decoy);
    let what = format!("{why}: process {process} of user {user}, started by process {parent}:{arguments}");
    let line = [BEGIN, &shortened(printable(&what), LONGEST - BEGIN.len() - "...\n".len()), "\n"].concat();
    let is_said = stdio::write(&mut io::stderr(), &line).is_ok();
    if process == 1 {
        return 1;
    }
    // The log may be this program's own standard error.
    let file = |path: &str| fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    let is_logged = is_said && file(LOG).is_some() && file(LOG) == file("/proc/self/fd/2");
    // Nothing waits for a reader of the log, nor fails where there is none.
    if !is_logged
        && let Ok(mut log) = OpenOptions::new().append(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(LOG)
    {
        let _ = log.write_all(line.as_bytes());
    }
    let is_set =
        || seal.is_some_and(|seal| seal.trips) || env::var_os("LPROBE_TRIPWIRE").is_some_and(|action| action == "term");
    if may_trip && is_set() {
        end_container();
    }
    1
}

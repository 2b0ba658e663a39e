//! Other processes.

use std::io;
#[cfg(target_os = "linux")]
use {
    super::file::read_beginning,
    crate::duration::milliseconds,
    std::{path::Path, time::Duration},
};

/// The milliseconds of a tick, in which /proc counts: USER_HZ is 100 on each processor that this program is built for.
#[cfg(target_os = "linux")]
const TICK: u64 = 10;

/// Returns the user that this process runs as: its real user ID.
pub fn user() -> u32 {
    // SAFETY: the call takes nothing, and always succeeds.
    unsafe { libc::getuid() }
}

/// Asks process 1 to end, and the container with it: SIGTERM, which a process 1 without a handler ignores.
pub fn end_container() {
    // SAFETY: the call takes two numbers.
    unsafe { libc::kill(1, libc::SIGTERM) };
}

/// Returns whether a process lives: kill(2) finds it, whether it may signal it or not. Sends no signal.
pub fn lives(pid: libc::pid_t) -> bool {
    // SAFETY: the call takes two numbers, and signal 0 does nothing.
    let found = unsafe { libc::kill(pid, 0) } == 0;
    found || io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

/// Returns whether process 1, with which a container starts, is younger than `time`. A process whose start can't be read
/// is old.
#[cfg(target_os = "linux")]
pub fn first_is_younger_than(time: Duration) -> bool {
    let mut stat = [0; 1024];
    let start = read_beginning(Path::new("/proc/1/stat"), &mut stat).ok().and_then(start);
    // SAFETY: zero is a valid value of each field, of which some processors have more than two; the kernel writes the time.
    let (is_known, now) = unsafe {
        let mut now: libc::timespec = std::mem::zeroed();
        (libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut now) == 0, now)
    };
    let since_boot = now.tv_sec as u64 * 1000 + now.tv_nsec as u64 / 1_000_000;
    let age = start.and_then(|start| since_boot.checked_sub(start));
    is_known && age.is_some_and(|age| age < milliseconds(time))
}

/// Takes process 1 for old on other systems, which are for development only.
#[cfg(not(target_os = "linux"))]
pub fn first_is_younger_than(_time: std::time::Duration) -> bool {
    false
}

/// Reads when a process started, in milliseconds after the start of the machine, from its /proc/PID/stat: field 22 of
/// proc(5). Field 2 is a name in parentheses, which can have spaces and parentheses of its own.
#[cfg(target_os = "linux")]
fn start(stat: &[u8]) -> Option<u64> {
    let end_of_name = stat.iter().rposition(|&byte| byte == b')')?;
    let ticks: u64 = str::from_utf8(&stat[end_of_name + 1..]).ok()?.split_ascii_whitespace().nth(19)?.parse().ok()?;
    ticks.checked_mul(TICK)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_read_behind_the_name() {
        let fields = "S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 1234 22806528 3000";
        for name in ["init", "a b", ") S 1 2 3 4 (x", "))) ((", ""] {
            assert_eq!(start(format!("1 ({name}) {fields}\n").as_bytes()), Some(12_340), "{name}");
        }
        for bad in
            ["", "1 (init) S 0 1", "1234", &fields.replace("1234", "x"), &fields.replace("1234", &"9".repeat(20))]
        {
            assert_eq!(start(format!("1 (init) {bad}").as_bytes()), None, "{bad}");
        }
        assert_eq!(start(b""), None);
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri opens no file")]
    fn the_first_process_has_an_age() {
        assert!(!first_is_younger_than(Duration::ZERO));
        assert!(first_is_younger_than(Duration::from_secs(u64::from(u32::MAX))));
    }
}

//! The binary under a tracer, which sees its time and its memory.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::{Outcome, binary, without_variables};

/// Runs the binary, and returns the outcome and the most memory that it had resident, in bytes. A traced process stops at its
/// exit with its memory still there; the kernel's own account, ru_maxrss, begins with the parent's memory.
///
/// The time is that from exec to exit. The process, or the tracer that notices its end, may have been in the queue for a
/// processor: for up to 159 ms, where fifteen others wanted the two that there were.
pub fn measured(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> (Outcome, u64) {
    let mut stopped = Command::new("sh");
    stopped.args(["-c", "kill -STOP $$; exec \"$0\" \"$@\""]).arg(binary());
    without_variables(stopped.args(arguments));
    let stopped = stopped.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = stopped.spawn().expect("it starts");
    let process = Pid::from_raw(child.id().cast_signed());
    waitpid(process, Some(WaitPidFlag::WUNTRACED)).expect("it stops itself");
    ptrace::seize(process, ptrace::Options::PTRACE_O_TRACEEXIT).expect("it is stopped");
    let of_process = format!("/proc/{process}");
    let queued = || time_queued(&of_process) + time_queued("/proc/thread-self");
    let (begin, queued_before) = (Instant::now(), queued());
    kill(process, Signal::SIGCONT).expect("it is stopped");
    loop {
        match waitpid(process, None) {
            Ok(WaitStatus::PtraceEvent(_, _, nix::libc::PTRACE_EVENT_EXIT)) => break,
            Ok(WaitStatus::Stopped(_, signal)) => ptrace::cont(process, signal).expect("it is stopped"),
            // A real-time signal, for which nix has no name: that of the alarm behind the deadline, where the process had
            // long been in the queue. It is held back, so that what it would have ended is measured.
            Ok(WaitStatus::PtraceEvent(..)) | Err(Errno::EINVAL) => {
                ptrace::cont(process, None).expect("it is stopped");
            }
            ended => panic!("{ended:?}"),
        }
    }
    let (took, queued) = (begin.elapsed(), queued() - queued_before);
    let status = fs::read_to_string(format!("{of_process}/status")).expect("it is stopped");
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    ptrace::cont(process, None).expect("it is stopped");
    let output = child.wait_with_output().expect("it exits");
    (Outcome { took, queued, ..Outcome::from(output) }, peak.expect("a peak") * 1024)
}

/// How long the thread whose folder in /proc this is has been ready to run without a processor to run on, which is the second
/// number of its schedstat. A kernel without CONFIG_SCHED_INFO says nothing of it.
fn time_queued(folder: &str) -> Duration {
    let schedstat = fs::read_to_string(format!("{folder}/schedstat")).unwrap_or_default();
    let nanoseconds = schedstat.split(' ').nth(1).and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

//! Signals: crashes, and requests to stop. Each ends the process with one line and exit code 1 (promise 3).

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_ulong};
use std::ptr::null_mut;

use super::stdio;

/// The signals of a panic (SIGABRT; SIGILL, or SIGTRAP on other processors), of a stack that can't grow (SIGSEGV), of a
/// page of the program that can't be read (SIGBUS), of a system call that a seccomp filter traps (SIGSYS), and of a wrong
/// calculation (SIGFPE).
const CRASHES: [c_int; 6] = [
    libc::SIGABRT,
    if cfg!(any(target_arch = "x86", target_arch = "x86_64")) { libc::SIGILL } else { libc::SIGTRAP },
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGSYS,
    libc::SIGFPE,
];

/// The size of the handlers' stack in bytes: room for AVX-512's registers and for the handler.
const CRASH_STACK: usize = 8192;

struct CrashStack(UnsafeCell<[u8; CRASH_STACK]>);

// SAFETY: only the kernel touches the stack, and only for handlers that never return.
unsafe impl Sync for CrashStack {}

/// The signals that stay blocked: those of an interval timer that the caller started, which survives exec, of its limit
/// on CPU time, of a descriptor that it asked to be told about, and of a write without a reader or beyond the size limit
/// of a file, which then fails with an error. Each would end the process by its signal.
const BLOCKED: [c_int; 7] =
    [libc::SIGALRM, libc::SIGVTALRM, libc::SIGPROF, libc::SIGXCPU, libc::SIGIO, libc::SIGPIPE, libc::SIGXFSZ];

/// Installs a handler for every crash, on a separate stack, and replaces the caller's signal mask: a crash whose signal
/// is blocked would end the process by the signal.
pub fn handle_signals() {
    static STACK: CrashStack = CrashStack(UnsafeCell::new([0; CRASH_STACK]));
    let stack = libc::stack_t { ss_sp: STACK.0.get().cast(), ss_flags: 0, ss_size: CRASH_STACK };
    // SAFETY: the stack is static, and belongs to the handlers alone, none of which returns.
    unsafe { libc::sigaltstack(&stack, null_mut()) };
    handle(&CRASHES, crashed);
    // SAFETY: the set is zeroed and then filled in.
    unsafe {
        let mut blocked: libc::sigset_t = std::mem::zeroed();
        for signal in BLOCKED {
            libc::sigaddset(&mut blocked, signal);
        }
        libc::sigprocmask(libc::SIG_SETMASK, &blocked, null_mut());
    }
}

/// Makes SIGTERM and SIGINT end the process. The first process of a container ignores them otherwise, and a wait or a
/// watch can be long.
pub fn end_at_signals() {
    handle(&[libc::SIGTERM, libc::SIGINT], stopped);
}

/// Installs `handler`, which ends the process, for each of `signals`.
pub(super) fn handle(signals: &[c_int], handler: extern "C" fn(c_int) -> !) {
    /// The kernel's `struct sigaction`. The C library's function makes two more system calls.
    #[repr(C)]
    struct Action {
        handler: extern "C" fn(c_int) -> !,
        flags: c_ulong,
        /// The code to which a handler returns. There is none, since no handler returns.
        restorer: Option<extern "C" fn()>,
        /// Eight bytes, aligned as the kernel's own: 32-bit ARM would align a `u64` to eight.
        mask: [u32; 2],
    }
    const SA_RESTORER: c_ulong = 0x0400_0000;
    let action = Action { handler, flags: libc::SA_ONSTACK as c_ulong | SA_RESTORER, restorer: None, mask: [0; 2] };
    for &signal in signals {
        // SAFETY: the handler never returns, and calls only async-signal-safe functions; the action has the kernel's
        // layout, with a mask of the size that is passed.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                &raw const action,
                null_mut::<Action>(),
                size_of::<[u32; 2]>(),
            )
        };
    }
}

extern "C" fn crashed(_signal: c_int) -> ! {
    end(b"lprobe: crashed: out of memory, or a bug in lprobe\n")
}

extern "C" fn stopped(_signal: c_int) -> ! {
    end(b"lprobe: stopped by a signal before it was done\n")
}

/// Prints `line` if stderr can take it, and exits with code 1.
pub(super) fn end(line: &[u8]) -> ! {
    if stdio::is_writable(libc::STDERR_FILENO) {
        // SAFETY: write is async-signal-safe, as poll is.
        unsafe { libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len()) };
    }
    exit(1)
}

/// Ends the process at once.
pub fn exit(code: i32) -> ! {
    // SAFETY: it never returns.
    unsafe { libc::_exit(code) }
}
